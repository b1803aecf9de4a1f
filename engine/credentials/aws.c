/* AWS's credentials: the Bedrock API key, and the default chain in AWS's order. What its sources
 * share is here as well. */
#include "credentials/aws.h"

#include "credentials/links.h"

/* ---- The environment */

static enum flow_move begin_bearer(struct flow *flow)
{
    struct redial_str token = flow_env_secret(flow, "AWS_BEARER_TOKEN_BEDROCK");
    if (token.len == 0) return flow_pass(flow, "it is not set");
    return flow_found(flow, &(struct credential){.form = CREDENTIAL_BEARER,
                                                 .secret = token,
                                                 .expires_at = CREDENTIAL_NEVER});
}

enum flow_move aws_environment_begin(struct flow *flow)
{
    struct redial_str id = flow_env(flow, "AWS_ACCESS_KEY_ID");
    struct redial_str secret = flow_env_secret(flow, "AWS_SECRET_ACCESS_KEY");
    if (id.len == 0 && secret.len == 0)
        return flow_pass(flow, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
    if (id.len == 0 || secret.len == 0)
        return flow_pass(flow, "%s is set, but %s is not",
                         id.len ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                         id.len ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
    if (flow_env(flow, "AWS_PROFILE").len > 0 && !flow->frames)
        flow_warn(flow, "AWS_PROFILE is set, but the keys in AWS_ACCESS_KEY_ID and "
                        "AWS_SECRET_ACCESS_KEY come before it");
    return flow_found(
        flow, &(struct credential){.form = CREDENTIAL_AWS,
                                   .access_key_id = id,
                                   .secret = secret,
                                   .session_token = flow_env_secret(flow, "AWS_SESSION_TOKEN"),
                                   .expires_at = CREDENTIAL_NEVER});
}

/* ---- What sources give */

struct redial_str aws_kind_of(struct flow *flow, struct redial_str body)
{
    struct redial_str text = str_trim(body);
    if (text.len == 0) return REDIAL_STR("nothing");
    if (text.ptr[0] == '<') return REDIAL_STR("HTML or XML");
    return flow_printf(flow, "%zu bytes that are not JSON", body.len);
}

enum flow_move aws_found_keys(struct flow *flow, struct credential *keys, const char *whose)
{
    flow_secret(flow, keys->secret);
    flow_secret(flow, keys->session_token);
    keys->form = CREDENTIAL_AWS;
    if (keys->expires_at <= flow->now) {
        struct text when = TEXT_INIT;
        rfc3339_format(keys->expires_at, &when);
        struct redial_str text = flow_settle(flow, &when);
        return flow_fail(flow, "%s expired at %.*s: is this machine's clock right?", whose,
                         REDIAL_STR_ARG(text));
    }
    return flow_found(flow, keys);
}

/* False: there is one, and it cannot be read. */
static bool read_expiration(const struct json *value, bool in_milliseconds, int64_t *expires_at)
{
    int64_t milliseconds = json_int(value, -1);
    if (!in_milliseconds) return rfc3339_parse(json_text(value), expires_at);
    if (milliseconds < 0 || milliseconds > INT64_MAX / NS_PER_MS) return false;
    *expires_at = milliseconds * NS_PER_MS;
    return true;
}

enum flow_move aws_found_json(struct flow *flow, const struct json *json,
                              const struct aws_members *members, struct redial_str region,
                              const char *whose)
{
    const struct {
        const char *name;
        bool needed;
    } rows[] = {
        {members->id, true},
        {members->secret, true},
        {members->token, members->needs_all},
    };
    const struct json *expiration = json_at(json, members->expiration);
    struct credential keys = {.access_key_id = json_text(json_at(json, members->id)),
                              .secret = json_text(json_at(json, members->secret)),
                              .session_token = json_text(json_at(json, members->token)),
                              .region = region,
                              .expires_at = CREDENTIAL_NEVER,
                              .refreshable = true};
    if (!json_is_object(json)) return flow_fail(flow, "%s is no JSON object", whose);
    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++)
        if (rows[i].needed && json_text(json_at(json, rows[i].name)).len == 0)
            return flow_fail(flow, "%s lacks %s", whose, rows[i].name);
    if (!expiration && members->needs_all)
        return flow_fail(flow, "%s lacks %s", whose, members->expiration);
    if (expiration && !read_expiration(expiration, members->in_milliseconds, &keys.expires_at))
        return flow_fail(flow, "%s has %s, but it is no date", whose, members->expiration);
    return aws_found_keys(flow, &keys, whose);
}

/* ---- Where services are */

bool aws_is_region(struct redial_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!good && c != '-') return false;
    }
    return text.len > 0;
}

struct redial_str aws_region(struct flow *flow, struct redial_str region)
{
    const struct redial_str candidates[] = {region, flow->options->region,
                                            flow_env(flow, "AWS_REGION"),
                                            flow_env(flow, "AWS_DEFAULT_REGION")};
    for (size_t i = 0; i < REDIAL_COUNT_OF(candidates); i++)
        if (aws_is_region(candidates[i])) return candidates[i];
    return REDIAL_STR("us-east-1");
}

struct redial_str aws_endpoint(struct flow *flow, const char *variable, const char *host_prefix,
                               struct redial_str region)
{
    struct redial_str given = flow_env(flow, variable);
    bool china = str_starts_with(region, REDIAL_STR("cn-"));
    if (given.len == 0) given = flow_env(flow, "AWS_ENDPOINT_URL");
    if (flow_env_true(flow, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")) given = (struct redial_str){0};
    while (str_ends_with(given, REDIAL_STR("/"))) given.len--;
    if (given.len > 0) return given;
    return flow_printf(flow, "https://%s.%.*s.amazonaws.com%s", host_prefix, REDIAL_STR_ARG(region),
                       china ? ".cn" : "");
}

/* ---- The links */

static const struct source bearer_sources[] = {{"AWS_BEARER_TOKEN_BEDROCK", begin_bearer}};
static const struct source chain_sources[] = {
    {"environment keys", aws_environment_begin},    {"AWS profile", aws_profile_begin},
    {"web identity token", aws_web_identity_begin}, {"container credentials", aws_container_begin},
    {"EC2 instance metadata", aws_imds_begin},
};

const struct link aws_bearer_link = {bearer_sources, REDIAL_COUNT_OF(bearer_sources), 0, 0};
/* AWS's clients renew below 300 s. */
const struct link aws_chain_link = {chain_sources, REDIAL_COUNT_OF(chain_sources),
                                    5 * NS_PER_MINUTE, NS_PER_MINUTE};
