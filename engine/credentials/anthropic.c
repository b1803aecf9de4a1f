/* Anthropic's own credentials: a key; tokens that something else obtained, or that are bought here
 * with a refresh token, by a profile, or with the token of another identity provider. The order is
 * the SDKs', with the variables of Claude Code between ANTHROPIC_AUTH_TOKEN and the profiles.
 *
 * CLAUDE_CODE_OAUTH_REFRESH_TOKEN is exchanged at the token endpoint of the base URL, which is
 * where the public documents say that refresh tokens go; the client id that belongs to it is not
 * public, so it is sent when REDIAL_OAUTH_CLIENT_ID says it. */
#include "credentials/anthropic.h"
#include "credentials/jwt.h"

/* ---- From the environment alone */

static enum flow_move begin_api_key(struct flow *flow)
{
    struct redial_str key = flow_env_secret(flow, "ANTHROPIC_API_KEY");
    if (key.len == 0) return flow_pass(flow, "it is not set");
    return flow_found(flow, &(struct credential){.form = CREDENTIAL_KEY,
                                                 .secret = key,
                                                 .expires_at = CREDENTIAL_NEVER});
}

static enum flow_move begin_auth_token(struct flow *flow)
{
    struct redial_str token = flow_env_secret(flow, "ANTHROPIC_AUTH_TOKEN");
    if (token.len == 0) return flow_pass(flow, "it is not set");
    return flow_found(flow, &(struct credential){.form = CREDENTIAL_BEARER,
                                                 .secret = token,
                                                 .expires_at = CREDENTIAL_NEVER});
}

/* ---- CLAUDE_CODE_OAUTH_TOKEN, renewed by CLAUDE_CODE_OAUTH_REFRESH_TOKEN */

#define KEPT_REFRESH_TOKEN "CLAUDE_CODE_OAUTH_REFRESH_TOKEN, exchanged"

static enum flow_move take_refreshed(struct flow *flow, void *state,
                                     const struct errand_answer *answer)
{
    struct token_reply reply;
    enum flow_move move;
    (void)state;
    if (!token_taken(flow, answer, &anthropic_login_endpoint, &reply, &move)) return move;
    if (reply.refresh_token.len > 0) flow_keep(flow, KEPT_REFRESH_TOKEN, reply.refresh_token);
    return anthropic_found(flow, reply.token, reply.expires_at, true);
}

/* The token of the environment is good until the platform refuses it, or its own word. */
static bool token_is_good(struct flow *flow, struct redial_str token, int64_t *expires_at)
{
    if (!jwt_expires_at(token, expires_at)) *expires_at = CREDENTIAL_NEVER;
    return token.len > 0 && !flow->anew && *expires_at - flow->now >= ANTHROPIC_SPENT &&
           flow_kept(flow, KEPT_REFRESH_TOKEN).len == 0;
}

static enum flow_move begin_oauth_token(struct flow *flow)
{
    struct redial_str token = flow_env_secret(flow, "CLAUDE_CODE_OAUTH_TOKEN");
    struct redial_str refresh = flow_env_secret(flow, "CLAUDE_CODE_OAUTH_REFRESH_TOKEN");
    struct redial_str kept = flow_kept(flow, KEPT_REFRESH_TOKEN);
    int64_t expires_at;
    if (token.len == 0 && refresh.len == 0) return flow_pass(flow, "it is not set");
    if (refresh.len == 0 || token_is_good(flow, token, &expires_at)) {
        if (!jwt_expires_at(token, &expires_at)) expires_at = CREDENTIAL_NEVER;
        if (expires_at <= flow->now)
            return flow_fail(flow,
                             "the token has expired, and CLAUDE_CODE_OAUTH_REFRESH_TOKEN is not "
                             "set: log in again");
        return anthropic_found(flow, token, expires_at, refresh.len > 0);
    }
    return anthropic_refresh(flow, anthropic_base(flow, REDIAL_STR("")), kept.len ? kept : refresh,
                             flow_env(flow, "REDIAL_OAUTH_CLIENT_ID"), take_refreshed, NULL);
}

/* ---- Workload identity federation */

static enum flow_move take_federated(struct flow *flow, void *state,
                                     const struct errand_answer *answer)
{
    struct token_reply reply;
    enum flow_move move;
    (void)state;
    if (!token_taken(flow, answer, &anthropic_endpoint, &reply, &move)) return move;
    return anthropic_found(flow, reply.token, reply.expires_at, true);
}

static enum flow_move begin_federation(struct flow *flow)
{
    struct redial_str path = flow_env(flow, "ANTHROPIC_IDENTITY_TOKEN_FILE");
    struct redial_str token = flow_env_secret(flow, "ANTHROPIC_IDENTITY_TOKEN");
    struct anthropic_federation how = {
        .base = anthropic_base(flow, REDIAL_STR("")),
        .rule = flow_env(flow, "ANTHROPIC_FEDERATION_RULE_ID"),
        .organization = flow_env(flow, "ANTHROPIC_ORGANIZATION_ID"),
        .service_account = flow_env(flow, "ANTHROPIC_SERVICE_ACCOUNT_ID"),
        .workspace = flow_env(flow, "ANTHROPIC_WORKSPACE_ID"),
        .next = take_federated,
    };
    if (how.rule.len == 0) return flow_pass(flow, "ANTHROPIC_FEDERATION_RULE_ID is not set");
    if (how.organization.len == 0)
        return flow_pass(flow,
                         "ANTHROPIC_FEDERATION_RULE_ID is set, but ANTHROPIC_ORGANIZATION_ID is "
                         "not");
    if (path.len == 0 && token.len == 0)
        return flow_pass(flow,
                         "neither ANTHROPIC_IDENTITY_TOKEN_FILE nor ANTHROPIC_IDENTITY_TOKEN is "
                         "set");
    flow_source(flow, "federation rule %.*s", REDIAL_STR_ARG(how.rule));
    if (path.len > 0) return anthropic_federate_from_file(flow, path, &how);
    return anthropic_federate(flow, str_trim(token), &how);
}

/* ---- The links */

static const struct source api_key_sources[] = {{"ANTHROPIC_API_KEY", begin_api_key}};
static const struct source oauth_sources[] = {
    {"ANTHROPIC_AUTH_TOKEN", begin_auth_token},
    {"CLAUDE_CODE_OAUTH_TOKEN", begin_oauth_token},
    {"ANTHROPIC_PROFILE", anthropic_begin_named_profile},
    {"workload identity federation", begin_federation},
    {"active profile", anthropic_begin_active_profile},
};

const struct link anthropic_api_key_link = {api_key_sources, REDIAL_COUNT_OF(api_key_sources), 0,
                                            0};
const struct link anthropic_oauth_link = {oauth_sources, REDIAL_COUNT_OF(oauth_sources),
                                          ANTHROPIC_STALE, ANTHROPIC_SPENT};
