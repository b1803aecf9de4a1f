/* Anthropic's token endpoint: refresh tokens and identity tokens in, access tokens out. */
#include "credentials/anthropic.h"

#include "credentials/jwt.h"
#include "credentials/secret_file.h"

#define PUBLIC_API       "https://api.anthropic.com"
#define BETA_FEDERATION  "oidc-federation-2026-04-01" /* refused beside a refresh token */
#define ASSERTION_MAX    (16u << 10)                  /* what the endpoint takes */
#define GRANT_JWT_BEARER "urn:ietf:params:oauth:grant-type:jwt-bearer"

const struct token_server anthropic_endpoint = {REDIAL_STR_INIT("the token endpoint"), NULL};
const struct token_server anthropic_login_endpoint = {REDIAL_STR_INIT("the token endpoint"),
                                                      "log in again"};

struct redial_str anthropic_base(struct flow *flow, struct redial_str own)
{
    struct redial_str base = own;
    if (base.len == 0) base = flow->options->base_url;
    if (base.len == 0) base = flow_env(flow, "ANTHROPIC_BASE_URL");
    if (base.len == 0) base = REDIAL_STR(PUBLIC_API);
    while (base.len > 0 && base.ptr[base.len - 1] == '/') base.len--;
    return base;
}

static void member(struct text *body, const char *name, struct redial_str value)
{
    if (value.len == 0) return;
    text_printf(body, "%s\"%s\":", body->len == 0 ? "{" : ",", name);
    text_append_json(body, value);
}

static enum flow_move post(struct flow *flow, struct redial_str base, struct text *body,
                           struct redial_str betas, flow_next_fn *next, void *state)
{
    struct redial_str url = flow_printf(flow, "%.*s/v1/oauth/token", REDIAL_STR_ARG(base));
    text_append_char(body, '}');
    struct http_request request = flow_request(flow, "POST", url, flow_settle(flow, body));
    flow_header(flow, &request, "content-type", REDIAL_STR("application/json"));
    flow_header(flow, &request, "accept", REDIAL_STR("application/json"));
    flow_header(flow, &request, "anthropic-beta", betas);
    return flow_ask_http(flow, &request, FLOW_HTTP_TIMEOUT, next, state);
}

enum flow_move anthropic_refresh(struct flow *flow, struct redial_str base,
                                 struct redial_str refresh_token, struct redial_str client_id,
                                 flow_next_fn *next, void *state)
{
    struct text body = TEXT_INIT;
    member(&body, "grant_type", REDIAL_STR("refresh_token"));
    member(&body, "refresh_token", refresh_token);
    member(&body, "client_id", client_id);
    return post(flow, base, &body, REDIAL_STR(ANTHROPIC_BETA_OAUTH), next, state);
}

/* ---- Federation */

enum flow_move anthropic_federate(struct flow *flow, struct redial_str assertion,
                                  const struct anthropic_federation *how)
{
    struct text body = TEXT_INIT;
    int64_t expires_at = INT64_MAX;
    flow_secret(flow, assertion);
    if (assertion.len > ASSERTION_MAX)
        return flow_fail(flow,
                         "the identity token has %zu bytes, and the endpoint takes 16 KiB: is it a "
                         "token?",
                         assertion.len);
    if (jwt_expires_at(assertion, &expires_at) && expires_at <= flow->now)
        return flow_fail(flow,
                         "the identity token has expired: whoever issues it must renew it (or is "
                         "the clock of this machine right?)");
    member(&body, "grant_type", REDIAL_STR(GRANT_JWT_BEARER));
    member(&body, "assertion", assertion);
    member(&body, "federation_rule_id", how->rule);
    member(&body, "organization_id", how->organization);
    member(&body, "service_account_id", how->service_account);
    member(&body, "workspace_id", how->workspace);
    return post(flow, how->base, &body, REDIAL_STR(ANTHROPIC_BETA_OAUTH "," BETA_FEDERATION),
                how->next, how->state);
}

struct identity_file {
    struct redial_str path;
    struct anthropic_federation how;
};

static enum flow_move read_identity(struct flow *flow, void *state,
                                    const struct errand_answer *answer)
{
    struct identity_file *file = state;
    struct redial_str token;
    enum flow_move move;
    if (!token_file_taken(flow, answer, file->path, "identity token file", &token, &move))
        return move;
    return anthropic_federate(flow, token, &file->how);
}

enum flow_move anthropic_federate_from_file(struct flow *flow, struct redial_str path,
                                            const struct anthropic_federation *how)
{
    struct identity_file *file = ARENA_NEW(flow->arena, struct identity_file);
    if (!file) return flow_fail_memory(flow);
    *file = (struct identity_file){path, *how};
    return flow_ask_file(flow, path, read_identity, file);
}

enum flow_move anthropic_found(struct flow *flow, struct redial_str token, int64_t expires_at,
                               bool refreshable)
{
    return flow_found(flow, &(struct credential){.form = CREDENTIAL_BEARER,
                                                 .secret = token,
                                                 .beta = REDIAL_STR(ANTHROPIC_BETA_OAUTH),
                                                 .expires_at = expires_at,
                                                 .refreshable = refreshable,
                                                 .is_oauth = true});
}
