/* Every way to a credential, whole: the real chain finds it with the authority's servers, the
 * authority accepts a request that carries it, refuses it once it has expired, and accepts the one
 * that the chain finds anew. No sockets: an errand over HTTP is answered by the authority itself,
 * each of its servers under a port of its own. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "base/duration.h"
#include "base/url.h"
#include "credentials/chain.h"
#include "credentials/sigv4.h"
#include "redial/redial.h"
#include "simulator/authority/authority.h"

#define NOW           (INT64_C(1767225600) * NS_PER_SECOND) /* 2026-01-01 */
#define PORT          9000 /* of the first issuer; the others follow */
#define VARIABLES_MAX 48
#define FILES_MAX     8
#define ERRANDS_MAX   24 /* more than any way takes */

struct world {
    struct arena *arena;
    struct authority *authority;
    int64_t now;
    struct redial_env environment[VARIABLES_MAX + 1];
    size_t variable_count;
    struct {
        struct redial_str path, contents;
    } files[FILES_MAX];
    size_t file_count, written;
};

/* ---- What the client is given */

static const char *printed(struct world *world, const char *format, ...) REDIAL_PRINTF(2, 3);
static const char *printed(struct world *world, const char *format, ...)
{
    struct redial_str text;
    va_list arguments;
    va_start(arguments, format);
    cr_assert(arena_vprintf(world->arena, &text, format, arguments));
    va_end(arguments);
    return text.ptr;
}

static void set(struct world *world, const char *name, const char *value)
{
    cr_assert_lt(world->variable_count, VARIABLES_MAX);
    world->environment[world->variable_count++] = (struct redial_env){name, value};
}

static void add_file(struct world *world, const char *path, struct redial_str contents)
{
    cr_assert_lt(world->file_count, FILES_MAX);
    world->files[world->file_count].path = str_of(path);
    world->files[world->file_count++].contents = contents;
}

static const char *base_of(struct world *world, enum issuer issuer)
{
    return printed(world, "http://127.0.0.1:%d", PORT + (int)issuer);
}

/* A variable, or a file and the variable that names it or the first folder of its path. */
static void give(struct world *world, const struct authority_secret *secret)
{
    struct redial_str rest = secret->file, first, contents = secret->value;
    if (secret->file.len == 0) {
        set(world, printed(world, "%.*s", REDIAL_STR_ARG(secret->name)),
            printed(world, "%.*s", REDIAL_STR_ARG(secret->value)));
        return;
    }
    if (secret->made)
        cr_assert(authority_file(world->authority, secret->made,
                                 str_of(base_of(world, ISSUER_GOOGLE_TOKEN)), NOW, world->arena,
                                 &contents));
    cr_assert(str_split(&rest, '/', &first));
    set(world, printed(world, "%.*s", REDIAL_STR_ARG(secret->name)),
        printed(world, "/given/%.*s", REDIAL_STR_ARG(first)));
    add_file(world, printed(world, "/given/%.*s", REDIAL_STR_ARG(secret->file)), contents);
}

static void give_way(struct world *world, enum platform_kind platform, const char *way)
{
    const struct authority_secret *list;
    size_t count = authority_environment(world->authority, platform, &list);
    for (size_t i = 0; i < count; i++)
        if (list[i].way.len == 0 || str_is(list[i].way, way)) give(world, &list[i]);
}

/* ---- Where its servers are */

static const struct pointer {
    const char *way; /* NULL: every one */
    const char *variable;
    enum issuer issuer;
    bool bare; /* host and port alone */
} pointers[] = {
    {NULL, "ANTHROPIC_BASE_URL", ISSUER_ANTHROPIC, false},
    {NULL, "AWS_ENDPOINT_URL_STS", ISSUER_AWS_STS, false},
    {NULL, "AWS_ENDPOINT_URL_SSO", ISSUER_AWS_SSO, false},
    {NULL, "AWS_EC2_METADATA_SERVICE_ENDPOINT", ISSUER_AWS_IMDS, false},
    {"container", "AWS_CONTAINER_CREDENTIALS_FULL_URI", ISSUER_AWS_CONTAINER, false},
    {NULL, "GCE_METADATA_HOST", ISSUER_GOOGLE_METADATA, true},
    {NULL, "AZURE_AUTHORITY_HOST", ISSUER_AZURE_AUTHORITY, false},
    {NULL, "AZURE_POD_IDENTITY_AUTHORITY_HOST", ISSUER_AZURE_IMDS, false},
    {"app service", "IDENTITY_ENDPOINT", ISSUER_AZURE_APP_SERVICE, false},
};

static void point(struct world *world, const char *way)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(pointers); i++) {
        const struct pointer *pointer = &pointers[i];
        if (pointer->way && !str_is(str_of(way), pointer->way)) continue;
        const char *base = base_of(world, pointer->issuer);
        struct redial_str path = authority_path(pointer->issuer);
        if (!pointer->way) path = REDIAL_STR("");
        set(world, pointer->variable,
            printed(world, "%s%.*s", pointer->bare ? base + 7 : base, REDIAL_STR_ARG(path)));
    }
}

/* ---- Errands */

static struct errand_answer read_file(const struct world *world, struct redial_str path)
{
    for (size_t i = 0; i < world->file_count; i++)
        if (str_eq(world->files[i].path, path))
            return (struct errand_answer){.body = world->files[i].contents, .mode = 0600};
    return (struct errand_answer){.missing = true, .failed = REDIAL_STR("no such file")};
}

static struct errand_answer write_file(struct world *world, const struct errand *errand)
{
    struct redial_str contents;
    cr_assert(arena_copy(world->arena, errand->contents, &contents));
    world->written++;
    for (size_t i = 0; i < world->file_count; i++)
        if (str_eq(world->files[i].path, errand->path)) {
            world->files[i].contents = contents;
            return (struct errand_answer){0};
        }
    add_file(world, printed(world, "%.*s", REDIAL_STR_ARG(errand->path)), contents);
    return (struct errand_answer){0};
}

static struct redial_str body_of(struct world *world, const struct http_request *request)
{
    struct text body = TEXT_INIT;
    struct redial_str whole;
    for (size_t i = 0; i < request->piece_count; i++) text_append(&body, request->pieces[i]);
    cr_assert(arena_copy(world->arena, text_str(&body), &whole));
    text_clean_up(&body);
    return whole;
}

/* With the Host that a client would send. */
static struct authority_request arrived(struct world *world, const struct http_request *request,
                                        const struct url *url)
{
    struct redial_header *headers =
        ARENA_ARRAY(world->arena, struct redial_header, request->header_count + 1);
    cr_assert_not_null(headers);
    for (size_t i = 0; i < request->header_count; i++) headers[i] = request->headers[i];
    headers[request->header_count] = (struct redial_header){REDIAL_STR("host"), url->authority};
    struct redial_str target = {url->path.ptr,
                                (size_t)(request->url.ptr + request->url.len - url->path.ptr)};
    return (struct authority_request){.method = request->method,
                                      .target = target,
                                      .headers = headers,
                                      .header_count = request->header_count + 1,
                                      .body = body_of(world, request)};
}

static struct errand_answer send(struct world *world, const struct http_request *request)
{
    struct url url;
    int64_t port = 0;
    struct authority_reply reply = {0};
    cr_assert(url_split(request->url, &url), "%.*s", REDIAL_STR_ARG(request->url));
    if (!str_is(url.host, "127.0.0.1"))
        return (struct errand_answer){.failed = REDIAL_STR("no route to host")};
    cr_assert(str_to_int64(url.port, &port) && port >= PORT && port < PORT + ISSUER_COUNT);
    enum issuer issuer = (enum issuer)(port - PORT);
    struct authority_request arrival = arrived(world, request, &url);
    cr_assert(authority_serves(issuer, arrival.target), "%.*s", REDIAL_STR_ARG(request->url));
    cr_assert(authority_answer(world->authority, issuer, &arrival, str_of(base_of(world, issuer)),
                               world->now, world->arena, &reply));
    return (struct errand_answer){.status = reply.status,
                                  .headers = reply.headers,
                                  .header_count = reply.header_count,
                                  .body = reply.body};
}

static struct errand_answer run(struct world *world, const struct errand *errand)
{
    switch (errand->kind) {
    case ERRAND_HTTP: return send(world, &errand->request);
    case ERRAND_FILE: return read_file(world, errand->path);
    case ERRAND_WRITE: return write_file(world, errand);
    case ERRAND_COMMAND:
        return (struct errand_answer){.missing = true, .failed = REDIAL_STR("no such command")};
    case ERRAND_PAUSE: world->now += errand->timeout; break;
    }
    return (struct errand_answer){0};
}

static void find(struct world *world, struct chain *chain, enum chain_use use)
{
    enum chain_state state = chain_begin(chain, world->now, use);
    for (size_t i = 0; state == CHAIN_ASKS; i++) {
        cr_assert_lt(i, ERRANDS_MAX, "it never ends");
        struct errand_answer answer = run(world, chain_errand(chain));
        state = chain_answer(chain, &answer, world->now);
    }
    cr_assert_eq(state, CHAIN_READY, "%.*s", REDIAL_STR_ARG(chain_why(chain)));
}

/* ---- The platforms */

static const struct target {
    const char *links, *url;
} targets[PLATFORM_KIND_COUNT] = {
    [PLATFORM_ANTHROPIC] = {"anthropic_api_key anthropic_oauth",
                            "https://api.anthropic.com/v1/messages"},
    [PLATFORM_BEDROCK] = {"aws_bearer aws_chain",
                          "https://bedrock-runtime.us-east-1.amazonaws.com/model/"
                          "us.anthropic.claude-haiku-4-5-20251001-v1:0/invoke"},
    [PLATFORM_VERTEX] = {"google_adc",
                         "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/"
                         "us-east5/publishers/anthropic/models/claude-opus-5:rawPredict"},
    [PLATFORM_FOUNDRY] = {"foundry_api_key azure_chain",
                          "https://r.services.ai.azure.com/anthropic/v1/messages"},
};

static void sign(struct world *world, const struct credential *credential,
                 struct http_request *request)
{
    struct redial_str why = {0};
    const struct sigv4 keys = {.access_key_id = credential->access_key_id,
                               .secret_access_key = credential->secret,
                               .session_token = credential->session_token,
                               .region = REDIAL_STR("us-east-1"),
                               .service = REDIAL_STR("bedrock"),
                               .now = world->now,
                               .content_sha256 = true};
    cr_assert(sigv4_sign(world->arena, &keys, request, NULL, &why), "%.*s", REDIAL_STR_ARG(why));
}

/* The generation of the credential that the platform accepted, or -1. */
static int64_t accepted(struct world *world, enum platform_kind platform,
                        const struct credential *credential)
{
    struct redial_str body = REDIAL_STR("{}"), why = {0};
    struct redial_header headers[] = {{REDIAL_STR("anthropic-version"), REDIAL_STR("2023-06-01")},
                                      {REDIAL_STR("x-api-key"), credential->secret}};
    struct http_request request = {"POST", str_of(targets[platform].url), headers, 2, &body, 1};
    struct authority_identity identity = {0};
    struct authority_reply refusal = {0};
    struct url url;
    if (credential->form == CREDENTIAL_BEARER)
        headers[1] = (struct redial_header){
            REDIAL_STR("authorization"),
            str_of(printed(world, "Bearer %.*s", REDIAL_STR_ARG(credential->secret)))};
    if (credential->form == CREDENTIAL_AWS) {
        request.header_count = 1;
        sign(world, credential, &request);
    }
    cr_assert(url_split(request.url, &url));
    struct authority_request arrival = arrived(world, &request, &url);
    bool good = authority_check(world->authority, platform, &arrival, world->now, world->arena,
                                &identity, &refusal, &why);
    return good ? (int64_t)identity.generation : -1;
}

/* ---- Every way */

struct way {
    enum platform_kind platform;
    char way[24];
    bool renews; /* the chain can find another one */
};

ParameterizedTestParameters(credentials, meet_authority)
{
    static struct way ways[] = {
        {PLATFORM_ANTHROPIC, "key", false},
        {PLATFORM_ANTHROPIC, "bearer", false},
        {PLATFORM_ANTHROPIC, "oauth", true},
        {PLATFORM_ANTHROPIC, "federation", true},
        {PLATFORM_BEDROCK, "keys", false},
        {PLATFORM_BEDROCK, "bearer", false},
        {PLATFORM_BEDROCK, "container", true},
        {PLATFORM_BEDROCK, "web identity", true},
        {PLATFORM_BEDROCK, "sso", true},
        {PLATFORM_BEDROCK, "assume role", true},
        {PLATFORM_BEDROCK, "imds", true},
        {PLATFORM_VERTEX, "metadata", true},
        {PLATFORM_VERTEX, "service account", true},
        {PLATFORM_VERTEX, "authorized user", true},
        {PLATFORM_VERTEX, "impersonation", true},
        {PLATFORM_VERTEX, "external account", true},
        {PLATFORM_VERTEX, "aws identity", true},
        {PLATFORM_FOUNDRY, "key", false},
        {PLATFORM_FOUNDRY, "bearer", false},
        {PLATFORM_FOUNDRY, "secret", true},
        {PLATFORM_FOUNDRY, "workload identity", true},
        {PLATFORM_FOUNDRY, "imds", true},
        {PLATFORM_FOUNDRY, "app service", true},
        {PLATFORM_FOUNDRY, "certificate", true},
    };
    return cr_make_param_array(struct way, ways, REDIAL_COUNT_OF(ways));
}

static void world_begin(struct world *world, const struct way *way)
{
    *world = (struct world){.arena = arena_new(), .now = NOW};
    world->authority =
        authority_new(&(struct authority_options){.seed = 7, .token_life = NS_PER_HOUR});
    cr_assert(world->arena && world->authority);
    point(world, way->way);
    give_way(world, way->platform, way->way);
    if (str_is(str_of(way->way), "aws identity")) give_way(world, PLATFORM_BEDROCK, "keys");
}

static struct chain *chain_of(struct world *world, const struct way *way)
{
    struct redial_str names[4], rest = str_of(targets[way->platform].links), why = {0};
    size_t count = 0;
    while (count < REDIAL_COUNT_OF(names) && str_split(&rest, ' ', &names[count])) count++;
    struct redial_str home = REDIAL_STR("/nowhere");
    for (size_t i = 0; i < world->variable_count; i++)
        if (str_is(str_of(world->environment[i].name), "HOME"))
            home = str_of(world->environment[i].value);
    struct chain *chain = chain_new(&(struct chain_options){.links = names,
                                                            .link_count = count,
                                                            .environment = world->environment,
                                                            .home = home,
                                                            .region = REDIAL_STR("us-east-1"),
                                                            .seed = 7},
                                    &why);
    cr_assert_not_null(chain, "%.*s", REDIAL_STR_ARG(why));
    return chain;
}

static void expect_secrets_kept(const struct world *world, const struct chain *chain)
{
    const struct redial_str texts[] = {chain_why(chain), chain_source(chain),
                                       chain_warnings(chain)};
    for (size_t i = 0; i < authority_secret_count(world->authority); i++)
        for (size_t k = 0; k < REDIAL_COUNT_OF(texts); k++)
            cr_expect_eq(str_find(texts[k], authority_secret_at(world->authority, i)), SIZE_MAX);
}

ParameterizedTest(struct way *way, credentials, meet_authority)
{
    struct world world;
    world_begin(&world, way);
    struct chain *chain = chain_of(&world, way);
    find(&world, chain, CHAIN_FROM_CACHE);
    cr_expect_eq(chain_credential(chain)->refreshable, way->renews, "%s", way->way);
    int64_t first = accepted(&world, way->platform, chain_credential(chain));
    cr_assert_geq(first, 0, "%s is not accepted", way->way);
    if (way->renews) {
        world.now += NS_PER_HOUR;
        cr_expect_eq(accepted(&world, way->platform, chain_credential(chain)), -1);
        find(&world, chain, CHAIN_ANEW);
        cr_expect_gt(accepted(&world, way->platform, chain_credential(chain)), first, "%s",
                     way->way);
    }
    expect_secrets_kept(&world, chain);
    chain_destroy(chain);
    authority_destroy(world.authority);
    arena_destroy(world.arena);
}

/* ---- An identity of AWS's that is not what it says */

struct caller_case {
    char what[24];
    char from[48], to[48]; /* in the token, once: the first by the second */
    bool old;              /* it is an hour old */
    char says[40];         /* NULL: it is exchanged */
};

ParameterizedTestParameters(credentials, callers_of_aws)
{
    static struct caller_case cases[] = {
        {"as it is", "", "", false, ""},
        {"another host", "sts.us-east-1", "sts.us-west-2", false, "Unable to parse"},
        {"another action", "GetCallerIdentity", "GetSessionToken", false, "Unable to parse"},
        {"another version", "2011-06-15", "2011-06-16", false, "SignatureDoesNotMatch"},
        {"another region", "%2Fus-east-1%2Fsts", "%2Fus-west-2%2Fsts", false,
         "SignatureDoesNotMatch"},
        {"another service", "%2Fsts%2Faws4", "%2Fiam%2Faws4", false, "SignatureDoesNotMatch"},
        {"another audience", "providers%2Fredial", "providers%2Fothers", false,
         "does not match the audience"},
        {"another key", "AKIACANARY", "AKIASOMEBODY", false, "InvalidClientTokenId"},
        {"no signature", "Signature%3D", "Sig%3D", false, "IncompleteSignature"},
        {"an old one", "", "", true, "SignatureDoesNotMatch"},
        {"no JSON", "%7B%22url", "%22url", false, "Unable to parse"},
    };
    return cr_make_param_array(struct caller_case, cases, REDIAL_COUNT_OF(cases));
}

/* What the chain would send, before it is sent. */
static struct redial_str exchange_body(struct world *world, struct chain *chain)
{
    enum chain_state state = chain_begin(chain, world->now, CHAIN_FROM_CACHE);
    while (state == CHAIN_ASKS && chain_errand(chain)->kind != ERRAND_HTTP) {
        struct errand_answer answer = run(world, chain_errand(chain));
        state = chain_answer(chain, &answer, world->now);
    }
    cr_assert_eq(state, CHAIN_ASKS, "%.*s", REDIAL_STR_ARG(chain_why(chain)));
    return body_of(world, &chain_errand(chain)->request);
}

/* The token is percent-encoded twice in a form: `%` of the table is `%25` there. */
static struct redial_str changed(struct world *world, struct redial_str body, const char *from,
                                 const char *to)
{
    struct text pattern = TEXT_INIT, instead = TEXT_INIT;
    struct redial_str out, start = REDIAL_STR("subject_token=");
    url_encode(&pattern, str_of(from));
    url_encode(&instead, str_of(to));
    size_t token = str_find(body, start);
    cr_assert_neq(token, SIZE_MAX);
    size_t at = str_find(str_skip(body, token), text_str(&pattern));
    cr_assert_neq(at, SIZE_MAX, "no '%s' in %.*s", from, REDIAL_STR_ARG(body));
    cr_assert(arena_printf(world->arena, &out, "%.*s%s%.*s",
                           REDIAL_STR_ARG(str_take(body, token + at)), instead.ptr,
                           REDIAL_STR_ARG(str_skip(body, token + at + pattern.len))));
    text_clean_up(&pattern);
    text_clean_up(&instead);
    return out;
}

ParameterizedTest(struct caller_case *c, credentials, callers_of_aws)
{
    const struct way way = {PLATFORM_VERTEX, "aws identity", true};
    struct world world;
    world_begin(&world, &way);
    struct chain *chain = chain_of(&world, &way);
    struct redial_str body = exchange_body(&world, chain);
    if (c->from[0]) body = changed(&world, body, c->from, c->to);
    if (c->old) world.now += NS_PER_HOUR;
    const struct authority_request request = {"POST", REDIAL_STR("/v1/token"), NULL, 0, body};
    struct authority_reply reply = {0};
    cr_assert(authority_answer(world.authority, ISSUER_GOOGLE_TOKEN, &request,
                               str_of(base_of(&world, ISSUER_GOOGLE_TOKEN)), world.now, world.arena,
                               &reply));
    cr_expect_eq(reply.status, c->says[0] ? 400 : 200, "%s: %.*s", c->what,
                 REDIAL_STR_ARG(reply.body));
    cr_expect_neq(str_find(reply.body, str_of(c->says)), SIZE_MAX, "%s: %.*s", c->what,
                  REDIAL_STR_ARG(reply.body));
    chain_destroy(chain);
    authority_destroy(world.authority);
    arena_destroy(world.arena);
}
