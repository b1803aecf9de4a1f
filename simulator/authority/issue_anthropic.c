/* POST /v1/oauth/token: refresh tokens that rotate, and workload federation (RFC 7523). */
#include "document/json.h"
#include "simulator/authority/identity.h"
#include "simulator/authority/parts.h"

#define TOKEN_STEM   "sk-ant-oat01-canary-"
#define REFRESH_STEM "sk-ant-ort01-canary-"
#define SCOPE        "user:inference user:profile"

static bool refuse(struct answer *answer, const char *error, const char *description)
{
    return answer_oauth_error(answer, 400, error, description);
}

/* ---- refresh_token */

/* What a refresh token buys: a token, and the refresh token that takes its place. */
static bool sell(struct answer *answer, struct grant *refresh)
{
    struct authority *authority = answer->authority;
    const struct grant successor = {.kind = GRANT_REFRESH,
                                    .platform = PLATFORM_ANTHROPIC,
                                    .expires_at = INT64_MAX,
                                    .requests_left = -1};
    const struct grant *token, *next;

    refresh->spent = true; /* first: it may be forgotten for what follows */
    token = grant_token(authority, PLATFORM_ANTHROPIC, TOKEN_STEM, answer->now);
    if (!token) return false;
    next = grant_secret(authority, &successor, REFRESH_STEM, 60, answer->now);
    if (!next) return false;
    return answer_json(answer, 200,
                       "{\"token_type\":\"Bearer\",\"access_token\":\"%.*s\",\"expires_in\":%lld,"
                       "\"refresh_token\":\"%.*s\",\"scope\":\"" SCOPE "\"}",
                       REDIAL_STR_ARG(token->text), (long long)grant_seconds(authority),
                       REDIAL_STR_ARG(next->text));
}

static bool refresh(struct answer *answer, const struct json *body)
{
    struct redial_str text = json_text(json_at(body, "refresh_token"));
    struct grant *grant = grant_find(answer->authority, text);

    if (text.len == 0) return refuse(answer, "invalid_request", "refresh_token is required");
    if (!str_is(json_text(json_at(body, "client_id")), ANTHROPIC_CLIENT_ID))
        return answer_oauth_error(answer, 401, "invalid_client", "Client is not known");
    if (!grant || grant->kind != GRANT_REFRESH)
        return refuse(answer, "invalid_grant", "Refresh token not found or invalid");
    if (grant->spent) return refuse(answer, "invalid_grant", "Refresh token has been used already");
    return sell(answer, grant);
}

/* ---- jwt-bearer */

static bool federate(struct answer *answer, const struct json *body)
{
    static const char *const faults[] = {
        [IDENTITY_GOOD] = NULL,
        [IDENTITY_MALFORMED] = "The assertion is not a valid JWT",
        [IDENTITY_FOREIGN] = "The assertion's issuer matches no federation rule",
        [IDENTITY_FORGED] = "The assertion's signature could not be verified",
        [IDENTITY_EXPIRED] = "The assertion has expired",
        [IDENTITY_FOR_OTHERS] = "The assertion's audience matches no federation rule",
    };
    struct redial_str assertion = json_text(json_at(body, "assertion"));
    const struct grant *token;
    const char *fault;

    if (!str_is(json_text(json_at(body, "federation_rule_id")), ANTHROPIC_RULE) ||
        !str_is(json_text(json_at(body, "organization_id")), ANTHROPIC_ORGANIZATION))
        return refuse(answer, "invalid_grant", "No such federation rule in this organization");
    if (assertion.len > 16384)
        return refuse(answer, "invalid_request", "The assertion is longer than 16 KiB");
    fault = faults[identity_check(answer, assertion, "https://api.anthropic.com")];
    if (fault) return refuse(answer, "invalid_grant", fault);
    token = grant_token(answer->authority, PLATFORM_ANTHROPIC, TOKEN_STEM, answer->now);
    return token &&
           answer_json(answer, 200,
                       "{\"access_token\":\"%.*s\",\"token_type\":\"Bearer\",\"expires_in\":%lld,"
                       "\"scope\":\"workspace:inference\"}",
                       REDIAL_STR_ARG(token->text), (long long)grant_seconds(answer->authority));
}

/* ---- The endpoint */

static const struct grant_type {
    const char *name, *beta; /* what anthropic-beta must say */
    bool (*answer)(struct answer *answer, const struct json *body);
} grant_types[] = {
    {"refresh_token", "oauth-2025-04-20", refresh},
    {"urn:ietf:params:oauth:grant-type:jwt-bearer", "oidc-federation-2026-04-01", federate},
};

static bool answer_type(struct answer *answer, const struct json *body)
{
    struct redial_str type = json_text(json_at(body, "grant_type"));
    struct redial_str beta = request_header(answer->request, "anthropic-beta");

    for (size_t i = 0; i < REDIAL_COUNT_OF(grant_types); i++) {
        if (!str_is(type, grant_types[i].name)) continue;
        if (str_find(beta, str_of(grant_types[i].beta)) == SIZE_MAX)
            return refuse(answer, "invalid_request", "anthropic-beta does not name this endpoint");
        return grant_types[i].answer(answer, body);
    }
    return refuse(answer, "unsupported_grant_type", "Unknown grant_type");
}

bool issue_anthropic(struct answer *answer)
{
    struct json *body;
    bool done;

    if (!answer_uuid_header(answer, "request-id")) return false;
    if (!request_is(answer->request, "POST"))
        return answer_oauth_error(answer, 405, "invalid_request", "Method Not Allowed");
    body = json_parse(answer->request->body);
    done = json_is_object(body) ? answer_type(answer, body)
                                : refuse(answer, "invalid_request", "The body is not JSON");
    json_free(body);
    return done;
}
