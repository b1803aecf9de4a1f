/* What points the usual clients at the fakes: base URLs, credentials and the files they name, and
 * what keeps a client from the settings of the machine it runs on. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "simulator/endpoints/unconst.h"
#include "simulator/serve/serve_parts.h"

/* ---- The folder */

bool folder_make(struct fakes *fakes, struct redial_str *why)
{
    const char *parent = getenv("TMPDIR");

    *why = REDIAL_STR("memory is out");
    if (!arena_printf(fakes->arena, &fakes->folder, "%s/redial-fake-XXXXXX",
                      parent && *parent ? parent : "/tmp"))
        return false;
    if (mkdtemp(unconst(fakes->folder.ptr))) return true;
    fakes->folder.len = 0;
    *why = REDIAL_STR("no folder could be made for credentials; is TMPDIR a folder that can be "
                      "written to?");
    return false;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status, (void)kind, (void)where;
    (void)remove(path);
    return 0;
}

void folder_remove(struct fakes *fakes)
{
    if (fakes->folder.len > 0) (void)nftw(fakes->folder.ptr, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Makes the folders that lead to `path`. */
static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
}

static bool write_file(const char *path, struct redial_str contents)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool written;

    if (file < 0) return false;
    while (contents.len > 0) {
        ssize_t count = write(file, contents.ptr, contents.len);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        contents = str_skip(contents, (size_t)count);
    }
    written = contents.len == 0;
    return close(file) == 0 && written;
}

/* ---- The list */

struct making {
    struct fakes *fakes;
    struct arena *arena;
    bool failed;
};

static void add(struct making *making, struct redial_str name, struct redial_str value)
{
    struct fakes *fakes = making->fakes;
    size_t at = 0;

    while (at < fakes->variable_count && !str_eq(fakes->variables[at].name, name)) at++;
    if (at == fakes->variable_room) {
        size_t room = at ? 2 * at : 64;
        struct fakes_variable *variables = realloc(fakes->variables, room * sizeof *variables);
        if (!variables) {
            making->failed = true;
            return;
        }
        fakes->variables = variables;
        fakes->variable_room = room;
    }
    fakes->variables[at] = (struct fakes_variable){name, value};
    if (at == fakes->variable_count) fakes->variable_count++;
}

static void add_printf(struct making *making, const char *name, const char *format, ...)
    REDIAL_PRINTF(3, 4);
static void add_printf(struct making *making, const char *name, const char *format, ...)
{
    struct redial_str value;
    va_list arguments;

    va_start(arguments, format);
    if (arena_vprintf(making->arena, &value, format, arguments))
        add(making, str_of(name), value);
    else
        making->failed = true;
    va_end(arguments);
}

/* ---- Isolation */

/* Set on a person's machine, they lead a client somewhere else. */
static const char *const unset[] = {
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ENDPOINT_URL",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_PROFILE",
    "ANTHROPIC_CUSTOM_HEADERS",
    "ANTHROPIC_FOUNDRY_RESOURCE",
    "ANTHROPIC_FOUNDRY_API_KEY",
    "ANTHROPIC_FOUNDRY_AUTH_TOKEN",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_PROJECT",
    "GCLOUD_PROJECT",
    "GCE_METADATA_IP",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "MSI_ENDPOINT",
};

static void add_isolation(struct making *making)
{
    struct redial_str folder = making->fakes->folder;

    for (size_t i = 0; i < REDIAL_COUNT_OF(unset); i++)
        add(making, str_of(unset[i]), (struct redial_str){0});
    add_printf(making, "AWS_CONFIG_FILE", "%.*s/aws-config", REDIAL_STR_ARG(folder));
    add_printf(making, "AWS_SHARED_CREDENTIALS_FILE", "%.*s/aws-credentials",
               REDIAL_STR_ARG(folder));
    add_printf(making, "CLOUDSDK_CONFIG", "%.*s/gcloud", REDIAL_STR_ARG(folder));
    add_printf(making, "AZURE_CONFIG_DIR", "%.*s/azure", REDIAL_STR_ARG(folder));
    add_printf(making, "ANTHROPIC_CONFIG_DIR", "%.*s/no-anthropic", REDIAL_STR_ARG(folder));
    add_printf(making, "METADATA_SERVER_DETECTION", "none");
    add_printf(making, "NO_PROXY", "127.0.0.1,localhost");
}

/* ---- Base URLs */

/* "{}" is the provider's URL. */
static const struct {
    enum platform_kind platform;
    const char *name, *before, *after;
} urls[] = {
    {PLATFORM_ANTHROPIC, "ANTHROPIC_BASE_URL", "", ""},
    {PLATFORM_BEDROCK, "ANTHROPIC_BEDROCK_BASE_URL", "", ""},
    {PLATFORM_BEDROCK, "ANTHROPIC_BEDROCK_MANTLE_BASE_URL", "", "/anthropic"},
    {PLATFORM_BEDROCK, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "", ""},
    {PLATFORM_VERTEX, "ANTHROPIC_VERTEX_BASE_URL", "", "/v1"},
    {PLATFORM_FOUNDRY, "ANTHROPIC_FOUNDRY_BASE_URL", "", "/anthropic"},
};

static void add_urls(struct making *making, const struct provider *provider,
                     enum platform_kind platform, struct redial_str url)
{
    bool shared = making->fakes->options.one_port;

    for (size_t i = 0; i < REDIAL_COUNT_OF(urls); i++) {
        if (urls[i].platform != platform) continue;
        add_printf(making, urls[i].name, "%.*s%s%.*s%s", REDIAL_STR_ARG(url), shared ? "/" : "",
                   (int)(shared ? provider->name.len : 0), provider->name.ptr, urls[i].after);
    }
}

/* The first provider of a platform is the one that clients are pointed at. */
static void add_providers(struct making *making)
{
    const struct fakes *fakes = making->fakes;
    const struct redial_policy *policy = fakes->script->policy;
    unsigned seen = 0;

    for (size_t i = 0; i < policy->provider_count; i++) {
        enum platform_kind platform = policy->platforms[policy->providers[i].platform].kind;
        const struct place *place =
            fakes->options.one_port ? fakes_common_place(fakes) : &fakes->places[i];
        if (seen & 1u << platform) continue;
        seen |= 1u << platform;
        add_urls(making, &policy->providers[i], platform, place->url);
    }
}

/* ---- Credentials */

static bool is_asked_for(const char *ways, struct redial_str way)
{
    struct redial_str rest = str_of(ways), one;

    while (str_split(&rest, ',', &one))
        if (str_eq(str_trim(one), way)) return true;
    return false;
}

/* The ways that were asked for, or else the platform's usual one. */
static struct redial_str choose_way(const struct fakes *fakes, const struct authority_secret *list,
                                    size_t count)
{
    struct redial_str usual = {"", 0};

    for (size_t i = 0; i < count; i++)
        if (list[i].way.len > 0 && is_asked_for(fakes->options.ways, list[i].way))
            return list[i].way;
    for (size_t i = 0; i < count && usual.len == 0; i++) usual = list[i].way;
    return usual;
}

static bool add_file(struct making *making, const struct authority_secret *secret)
{
    struct fakes *fakes = making->fakes;
    struct redial_str path, file = secret->file, contents = secret->value;
    size_t slash = str_find(file, REDIAL_STR("/"));

    if (secret->made &&
        !authority_file(fakes->authority, secret->made, fakes_common_place(fakes)->url, fakes->now,
                        making->arena, &contents))
        return false;
    if (!arena_printf(making->arena, &path, "%.*s/%.*s", REDIAL_STR_ARG(fakes->folder),
                      REDIAL_STR_ARG(file)))
        return false;
    make_folders(unconst(path.ptr));
    if (!write_file(path.ptr, contents)) return false;
    if (slash != SIZE_MAX) path.len -= file.len - slash;
    add(making, secret->name, path);
    return true;
}

static bool add_secrets(struct making *making, enum platform_kind platform)
{
    const struct authority_secret *list;
    size_t count = authority_environment(making->fakes->authority, platform, &list);
    struct redial_str way = choose_way(making->fakes, list, count);

    for (size_t i = 0; i < count; i++) {
        if (list[i].way.len > 0 && !str_eq(list[i].way, way)) continue;
        if (list[i].file.len == 0)
            add(making, list[i].name, list[i].value);
        else if (!add_file(making, &list[i]))
            return false;
    }
    return true;
}

static struct redial_str without_scheme(struct redial_str url)
{
    size_t at = str_find(url, REDIAL_STR("://"));

    return str_skip(url, at == SIZE_MAX ? 0 : at + 3);
}

/* Where credentials are asked for. */
static void add_issuers(struct making *making)
{
    const struct fakes *fakes = making->fakes;
    struct redial_str url = fakes_common_place(fakes)->url;
    struct redial_str last = fakes->places[fakes->place_count - 1].url;
    const char *ways = fakes->options.ways;

    add_printf(making, "AWS_ENDPOINT_URL_STS", "%.*s", REDIAL_STR_ARG(url));
    add_printf(making, "AWS_ENDPOINT_URL_SSO", "%.*s", REDIAL_STR_ARG(url));
    add_printf(making, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "%.*s", REDIAL_STR_ARG(url));
    add_printf(making, "AWS_EC2_METADATA_DISABLED", "false");
    add_printf(making, "GCE_METADATA_HOST", "%.*s", REDIAL_STR_ARG(without_scheme(url)));
    add_printf(making, "AZURE_POD_IDENTITY_AUTHORITY_HOST", "%.*s", REDIAL_STR_ARG(url));
    if (str_starts_with(last, REDIAL_STR("https:")))
        add_printf(making, "AZURE_AUTHORITY_HOST", "%.*s", REDIAL_STR_ARG(last));
    if (is_asked_for(ways, REDIAL_STR("container")))
        add_printf(making, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "%.*s%.*s", REDIAL_STR_ARG(url),
                   REDIAL_STR_ARG(authority_path(ISSUER_AWS_CONTAINER)));
    if (is_asked_for(ways, REDIAL_STR("app service")))
        add_printf(making, "IDENTITY_ENDPOINT", "%.*s%.*s", REDIAL_STR_ARG(url),
                   REDIAL_STR_ARG(authority_path(ISSUER_AZURE_APP_SERVICE)));
    if (is_asked_for(ways, REDIAL_STR("metadata")))
        add_printf(making, "METADATA_SERVER_DETECTION", "assume-present");
}

/* ---- The certificate */

static bool add_certificate(struct making *making)
{
    static const char *const everywhere[] = {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
                                             "CURL_CA_BUNDLE", "AWS_CA_BUNDLE"};
    const struct fakes *fakes = making->fakes;
    struct redial_str path;

    if (!fakes->certificate.authority) return true;
    if (!arena_printf(making->arena, &path, "%.*s/ca.pem", REDIAL_STR_ARG(fakes->folder)) ||
        !write_file(path.ptr, str_of(fakes->certificate.authority)))
        return false;
    add(making, REDIAL_STR("NODE_EXTRA_CA_CERTS"), path);
    for (size_t i = 0; fakes->options.tls && i < REDIAL_COUNT_OF(everywhere); i++)
        add(making, str_of(everywhere[i]), path);
    return true;
}

/* Only what was asked of it is left of a platform that is not served. */
static bool add_credentials(struct making *making)
{
    const struct redial_policy *policy = making->fakes->script->policy;
    unsigned platforms = 0;

    for (size_t i = 0; i < policy->provider_count; i++)
        platforms |= 1u << policy->platforms[policy->providers[i].platform].kind;
    for (int i = 0; i < PLATFORM_KIND_COUNT; i++)
        if (platforms & 1u << i && !add_secrets(making, (enum platform_kind)i)) return false;
    return true;
}

bool environment_make(struct fakes *fakes, struct redial_str *why)
{
    struct making making = {fakes, fakes->arena, false};

    *why = REDIAL_STR("memory is out, or the folder for credentials cannot be written to");
    add_isolation(&making);
    add_printf(&making, "REDIAL_FAKE_URL", "%.*s", REDIAL_STR_ARG(fakes_common_place(fakes)->url));
    add_providers(&making);
    add_issuers(&making);
    return add_credentials(&making) && add_certificate(&making) && !making.failed;
}
