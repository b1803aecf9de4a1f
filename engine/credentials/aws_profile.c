/* Keys from a profile of the shared files. A profile has keys itself, or says how to get them: by a
 * role that another profile or the machine's own identity may assume, by a web identity token, by
 * SSO, by a command. The credentials file comes before the config file, value by value.
 *
 *     profile ── role_arn ─┬─ source_profile ──► another profile … ──► AssumeRole
 *                          ├─ credential_source ► environment, container, IMDS ──► AssumeRole
 *                          └─ web_identity_token_file ──► AssumeRoleWithWebIdentity
 *             ── aws_access_key_id · credential_process · sso_session or sso_start_url */
#include "base/names.h" /* str_closest */
#include "credentials/aws.h"
#include "credentials/ini.h"

#define PROFILES_MAX 16u  /* in one chain of source_profile: a longer one has lost its way */
#define NAMES_MAX    128u /* profiles that a suggestion is chosen from */

struct shared_file {
    struct redial_str path; /* as people know it */
    struct ini ini;
    bool missing;
};

/* The way from profile to profile. */
struct walk {
    struct shared_file credentials, config;
    struct redial_str visited[PROFILES_MAX];
    size_t count;
    bool named; /* by AWS_PROFILE */
};

struct profile {
    struct redial_str name;
    const struct ini_section *credentials, *config; /* NULL: not in that file */
};

/* ---- Sections */

static struct redial_str unquoted(struct redial_str name)
{
    bool quoted = name.len >= 2 && (name.ptr[0] == '"' || name.ptr[0] == '\'') &&
                  name.ptr[name.len - 1] == name.ptr[0];
    return quoted ? str_skip(str_take(name, name.len - 1), 1) : name;
}

/* What follows `kind` in a title such as "profile dev"; empty when it is of another kind. */
static struct redial_str name_in_title(struct redial_str title, const char *kind)
{
    struct redial_str begins = str_of(kind);
    if (!str_starts_with(title, begins)) return (struct redial_str){0};
    struct redial_str rest = str_skip(title, begins.len);
    if (rest.len == 0 || (rest.ptr[0] != ' ' && rest.ptr[0] != '\t')) return (struct redial_str){0};
    return unquoted(str_trim(rest));
}

/* In the config file a profile is "[profile NAME]", the default one "[default]" too. */
static struct redial_str config_name(struct redial_str title)
{
    return str_is(title, "default") ? title : name_in_title(title, "profile");
}

static struct redial_str own_name(struct redial_str title)
{
    return title;
}

static struct redial_str session_name(struct redial_str title)
{
    return name_in_title(title, "sso-session");
}

static const struct ini_section *find_section(const struct ini *ini,
                                              struct redial_str (*name_of)(struct redial_str title),
                                              struct redial_str name)
{
    for (const struct ini_section *section = ini->sections; section; section = section->next)
        if (str_eq(name_of(section->title), name)) return section;
    return NULL;
}

static struct profile find_profile(const struct walk *walk, struct redial_str name)
{
    return (struct profile){name, find_section(&walk->credentials.ini, own_name, name),
                            find_section(&walk->config.ini, config_name, name)};
}

static struct redial_str get(const struct profile *profile, const char *name)
{
    struct redial_str value = ini_get(profile->credentials, name);
    return value.len > 0 ? value : ini_get(profile->config, name);
}

/* ---- A profile that is not there */

static size_t add_names(const struct ini *ini,
                        struct redial_str (*name_of)(struct redial_str title),
                        struct redial_str *names, size_t count)
{
    for (const struct ini_section *section = ini->sections; section && count < NAMES_MAX;
         section = section->next) {
        struct redial_str name = name_of(section->title);
        if (name.len > 0) names[count++] = name;
    }
    return count;
}

static struct redial_str suggestion(struct flow *flow, const struct walk *walk,
                                    struct redial_str name)
{
    struct redial_str names[NAMES_MAX];
    size_t count = add_names(&walk->credentials.ini, own_name, names, 0);
    count = add_names(&walk->config.ini, config_name, names, count);
    size_t near = str_closest(names, count, name);
    if (near != SIZE_MAX)
        return flow_printf(flow, "; did you mean '%.*s'?", REDIAL_STR_ARG(names[near]));
    return (struct redial_str){0};
}

static struct redial_str state_of(const struct shared_file *file)
{
    return file->missing ? REDIAL_STR(" (does not exist)") : (struct redial_str){0};
}

static struct redial_str where(struct flow *flow, const struct walk *walk)
{
    struct redial_str credentials = state_of(&walk->credentials), config = state_of(&walk->config);
    return flow_printf(flow, "%.*s%.*s or %.*s%.*s", REDIAL_STR_ARG(walk->credentials.path),
                       REDIAL_STR_ARG(credentials), REDIAL_STR_ARG(walk->config.path),
                       REDIAL_STR_ARG(config));
}

/* The default profile may be missing; one that somebody named may not. */
static enum flow_move miss_profile(struct flow *flow, const struct walk *walk,
                                   struct redial_str name)
{
    struct redial_str places = where(flow, walk), near = suggestion(flow, walk, name);
    if (!walk->named && walk->count == 0)
        return flow_pass(flow, "there is no profile 'default' in %.*s", REDIAL_STR_ARG(places));
    return flow_fail(flow, "there is no profile '%.*s' in %.*s%.*s", REDIAL_STR_ARG(name),
                     REDIAL_STR_ARG(places), REDIAL_STR_ARG(near));
}

/* ---- The ways */

static enum flow_move resolve(struct flow *flow, struct walk *walk, struct redial_str name);

static enum flow_move found_static(struct flow *flow, const struct profile *profile)
{
    struct redial_str secret = get(profile, "aws_secret_access_key");
    struct redial_str token = get(profile, "aws_session_token");
    if (secret.len == 0)
        return flow_fail(flow, "it has an aws_access_key_id but no aws_secret_access_key");
    return flow_found(flow, &(struct credential){.form = CREDENTIAL_AWS,
                                                 .access_key_id = get(profile, "aws_access_key_id"),
                                                 .secret = secret,
                                                 .session_token = token,
                                                 .region = get(profile, "region"),
                                                 .expires_at = CREDENTIAL_NEVER});
}

/* A role waits here for the keys that may assume it. */
struct waiting {
    struct aws_role role;
    struct redial_str source; /* of the profile that names the role */
};

static enum flow_move assume(struct flow *flow, void *state, const struct credential *found)
{
    const struct waiting *waiting = state;
    flow->source = waiting->source;
    return aws_assume_role(flow, &waiting->role, found);
}

#define DURATION_SECONDS_MIN 900
#define DURATION_SECONDS_MAX 43200

static bool read_duration(const struct profile *profile, int64_t *seconds)
{
    struct redial_str text = get(profile, "duration_seconds");
    *seconds = 0;
    if (text.len == 0) return true;
    return str_to_int64(text, seconds) && *seconds >= DURATION_SECONDS_MIN &&
           *seconds <= DURATION_SECONDS_MAX;
}

static struct aws_role role_of(const struct profile *profile)
{
    return (struct aws_role){.arn = get(profile, "role_arn"),
                             .session_name = get(profile, "role_session_name"),
                             .external_id = get(profile, "external_id"),
                             .token_file = get(profile, "web_identity_token_file"),
                             .region = get(profile, "region"),
                             .profile_region = get(profile, "region")};
}

static struct redial_str circle(struct flow *flow, const struct walk *walk, struct redial_str name)
{
    struct text text = TEXT_INIT;
    size_t from = 0;
    while (from + 1 < walk->count && !str_eq(walk->visited[from], name)) from++;
    for (; from < walk->count; from++)
        text_printf(&text, "%.*s -> ", REDIAL_STR_ARG(walk->visited[from]));
    text_append(&text, name);
    return flow_settle(flow, &text);
}

static bool is_visited(const struct walk *walk, struct redial_str name)
{
    for (size_t i = 0; i < walk->count; i++)
        if (str_eq(walk->visited[i], name)) return true;
    return false;
}

/* A role may be assumed by the keys of the very profile that names it. */
static enum flow_move begin_source_profile(struct flow *flow, struct walk *walk,
                                           const struct profile *profile, struct redial_str source)
{
    if (str_eq(source, profile->name) && get(profile, "aws_access_key_id").len > 0)
        return found_static(flow, profile);
    if (is_visited(walk, source)) {
        struct redial_str way = circle(flow, walk, source);
        return flow_fail(flow,
                         "source_profile goes in a circle: %.*s; one of them needs keys of "
                         "its own",
                         REDIAL_STR_ARG(way));
    }
    return resolve(flow, walk, source);
}

static const struct {
    const char *word;
    flow_begin_fn *begin;
} credential_sources[] = {
    {"Environment", aws_environment_begin},
    {"Ec2InstanceMetadata", aws_imds_begin},
    {"EcsContainer", aws_container_begin},
};

static enum flow_move begin_credential_source(struct flow *flow, struct redial_str source)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(credential_sources); i++)
        if (str_eq_nocase(source, str_of(credential_sources[i].word)))
            return credential_sources[i].begin(flow);
    return flow_fail(flow,
                     "credential_source '%.*s' is unknown: expected Environment, "
                     "Ec2InstanceMetadata or EcsContainer",
                     REDIAL_STR_ARG(source));
}

static enum flow_move begin_role(struct flow *flow, struct walk *walk,
                                 const struct profile *profile)
{
    struct redial_str source = get(profile, "source_profile");
    struct redial_str machine = get(profile, "credential_source");
    struct waiting *waiting = ARENA_NEW(flow->arena, struct waiting);
    if (!waiting) return flow_fail_memory(flow);
    *waiting = (struct waiting){role_of(profile), flow->source};
    if (!read_duration(profile, &waiting->role.duration))
        return flow_fail(flow, "duration_seconds is no number from 900 to 43200");
    if (waiting->role.token_file.len > 0)
        return aws_assume_role_with_web_identity(flow, &waiting->role);
    if (get(profile, "mfa_serial").len > 0)
        return flow_fail(flow, "it has an mfa_serial: assuming its role needs a code from that "
                               "device, which nobody can type here; use a profile whose keys come "
                               "from `aws sso login` or credential_process");
    if ((source.len > 0) == (machine.len > 0))
        return flow_fail(flow,
                         "it has a role_arn and %s source_profile %s credential_source; one "
                         "of them must say whose keys assume the role",
                         source.len > 0 ? "both" : "neither", source.len > 0 ? "and" : "nor");
    flow_hand_to(flow, assume, waiting);
    if (machine.len > 0) return begin_credential_source(flow, machine);
    return begin_source_profile(flow, walk, profile, source);
}

/* With a session the start URL and the region stand in the session's section, else in the profile.
 */
static enum flow_move begin_sso(struct flow *flow, const struct walk *walk,
                                const struct profile *profile)
{
    struct redial_str session = get(profile, "sso_session");
    const struct ini_section *section = find_section(&walk->config.ini, session_name, session);
    bool has_session = session.len > 0;
    const struct aws_sso sso = {
        .profile = profile->name,
        .cache_name = has_session ? session : get(profile, "sso_start_url"),
        .account_id = get(profile, "sso_account_id"),
        .role_name = get(profile, "sso_role_name"),
        .region = has_session ? ini_get(section, "sso_region") : get(profile, "sso_region"),
        .profile_region = get(profile, "region"),
    };
    if (has_session && !section)
        return flow_fail(flow, "its sso_session '%.*s' has no section [sso-session %.*s] in %.*s",
                         REDIAL_STR_ARG(session), REDIAL_STR_ARG(session),
                         REDIAL_STR_ARG(walk->config.path));
    const char *lacking = !aws_is_region(sso.region) ? "sso_region"
                          : sso.account_id.len == 0  ? "sso_account_id"
                          : sso.role_name.len == 0   ? "sso_role_name"
                                                     : NULL;
    if (lacking) return flow_fail(flow, "it uses SSO but has no usable %s", lacking);
    return aws_sso_begin(flow, &sso);
}

static enum flow_move begin_way(struct flow *flow, struct walk *walk, const struct profile *profile)
{
    struct redial_str command = get(profile, "credential_process");
    bool has_keys = get(profile, "aws_access_key_id").len > 0;
    /* to a profile that leads here, keys are keys, whatever role they are for otherwise */
    if (has_keys && walk->count > 1) return found_static(flow, profile);
    if (get(profile, "role_arn").len > 0) return begin_role(flow, walk, profile);
    if (has_keys) return found_static(flow, profile);
    if (get(profile, "web_identity_token_file").len > 0)
        return flow_fail(flow, "it has a web_identity_token_file but no role_arn");
    if (get(profile, "sso_session").len > 0 || get(profile, "sso_start_url").len > 0)
        return begin_sso(flow, walk, profile);
    if (command.len > 0) return aws_process_begin(flow, command, get(profile, "region"));
    return flow_pass(flow, "it has no keys, role, SSO or credential_process");
}

static enum flow_move resolve(struct flow *flow, struct walk *walk, struct redial_str name)
{
    struct profile profile = find_profile(walk, name);
    if (!profile.credentials && !profile.config) return miss_profile(flow, walk, name);
    if (walk->count == PROFILES_MAX)
        return flow_fail(flow, "more than 16 profiles lead from one to the next");
    walk->visited[walk->count++] = name;
    flow_source(flow, "AWS profile '%.*s'", REDIAL_STR_ARG(name));
    flow_secret(flow, get(&profile, "aws_secret_access_key"));
    flow_secret(flow, get(&profile, "aws_session_token"));
    return begin_way(flow, walk, &profile);
}

/* ---- The files */

static struct redial_str shared_path(struct flow *flow, const char *variable, const char *usual)
{
    struct redial_str path = flow_env(flow, variable);
    return path.len > 0 ? path : str_of(usual);
}

/* True when the file could be read or is not there; otherwise `*move` is how it failed. */
static bool take_file(struct flow *flow, struct shared_file *file,
                      const struct errand_answer *answer, enum flow_move *move)
{
    struct redial_str trouble = flow_trouble(flow, answer);
    struct ini_error error = {0};
    file->missing = answer->missing;
    if (file->missing) return true;
    if (trouble.len > 0) {
        *move = flow_fail(flow, "%.*s: %.*s", REDIAL_STR_ARG(file->path), REDIAL_STR_ARG(trouble));
        return false;
    }
    if (ini_read(flow->arena, flow_copy(flow, answer->body), &file->ini, &error)) return true;
    *move = error.line == 0 ? flow_fail_memory(flow)
                            : flow_fail(flow, "%.*s:%u: %s", REDIAL_STR_ARG(file->path), error.line,
                                        error.what);
    return false;
}

static enum flow_move read_config(struct flow *flow, void *state,
                                  const struct errand_answer *answer)
{
    struct walk *walk = state;
    enum flow_move move = FLOW_FAILED;
    struct redial_str name = flow_env(flow, "AWS_PROFILE");
    if (!take_file(flow, &walk->config, answer, &move)) return move;
    walk->named = name.len > 0;
    return resolve(flow, walk, name.len > 0 ? name : REDIAL_STR("default"));
}

static enum flow_move read_credentials(struct flow *flow, void *state,
                                       const struct errand_answer *answer)
{
    struct walk *walk = state;
    enum flow_move move = FLOW_FAILED;
    if (!take_file(flow, &walk->credentials, answer, &move)) return move;
    return flow_ask_file(flow, walk->config.path, read_config, walk);
}

enum flow_move aws_profile_begin(struct flow *flow)
{
    struct walk *walk = ARENA_NEW(flow->arena, struct walk);
    if (!walk) return flow_fail_memory(flow);
    walk->credentials.path = shared_path(flow, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
    walk->config.path = shared_path(flow, "AWS_CONFIG_FILE", "~/.aws/config");
    return flow_ask_file(flow, walk->credentials.path, read_credentials, walk);
}
