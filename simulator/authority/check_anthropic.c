/* Anthropic's API, direct: a key in x-api-key or as a bearer token (both API generations take
 * both), an OAuth token as a bearer token, and a version that is known. */
#include "simulator/authority/parts.h"

static const char *const versions[] = {"2023-01-01", "2023-06-01", "2026-10-21"};

static enum checked refuse(struct answer *answer, uint16_t status, const char *type,
                           const char *message)
{
    char id[UUID_SIZE];
    struct redial_str request_id;
    struct text body = TEXT_INIT;

    uuid_make(answer->authority, id);
    if (!arena_printf(answer->arena, &request_id, "req_01%.8s%.4s%.12s", id, id + 9, id + 24) ||
        !answer_header(answer, "request-id", request_id))
        return CHECKED_NO_MEMORY;
    text_printf(&body, "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":", type);
    text_append_json(&body, str_of(message));
    text_printf(&body, "},\"request_id\":\"%.*s\"}", REDIAL_STR_ARG(request_id));
    return answer_body(answer, status, "application/json", &body) ? CHECKED_REFUSED
                                                                  : CHECKED_NO_MEMORY;
}

static enum checked refuse_with(struct answer *answer, uint16_t status, const char *type,
                                const char *message, const char *why)
{
    return answer_why(answer, "%s", why) ? refuse(answer, status, type, message)
                                         : CHECKED_NO_MEMORY;
}

static enum checked check_version(struct answer *answer)
{
    struct redial_str version = request_header(answer->request, "anthropic-version");

    if (version.len == 0)
        return refuse_with(answer, 400, "invalid_request_error",
                           "anthropic-version: header is required",
                           "the header anthropic-version is missing");
    for (size_t i = 0; i < REDIAL_COUNT_OF(versions); i++)
        if (str_is(version, versions[i])) return CHECKED_GOOD;
    return refuse_with(answer, 400, "invalid_request_error",
                       "anthropic-version: \"anthropic-version\" is not a valid version",
                       "anthropic-version is none of 2023-01-01, 2023-06-01, 2026-10-21");
}

#define EXPIRED "OAuth token has expired. Please obtain a new token or refresh your existing token."
#define REVOKED "OAuth token has been revoked. Please obtain a new token."

/* A key that is withdrawn is as wrong as one that never was. */
static enum checked check_state(struct answer *answer, struct grant *grant)
{
    enum grant_state state = grant_state(answer->authority, grant, answer->now);

    if (state == GRANT_GOOD) return CHECKED_GOOD;
    if (grant->kind == GRANT_KEY)
        return refuse_with(answer, 401, "authentication_error", "invalid x-api-key",
                           "the API key was withdrawn");
    if (state == GRANT_EXPIRED)
        return refuse_with(answer, 401, "authentication_error", EXPIRED,
                           "the OAuth token has expired");
    return refuse_with(answer, 403, "permission_error", REVOKED, "the OAuth token was revoked");
}

static bool is_ours(const struct grant *grant, bool bearer)
{
    if (!grant || grant->platform != PLATFORM_ANTHROPIC) return false;
    return grant->kind == GRANT_KEY || (bearer && grant->kind == GRANT_TOKEN);
}

enum checked check_anthropic(struct answer *answer, struct authority_identity *identity)
{
    struct redial_str key = request_header(answer->request, "x-api-key");
    struct redial_str token = request_bearer(answer->request);
    bool bearer = key.len == 0;
    struct grant *grant = grant_find(answer->authority, bearer ? token : key);
    enum checked checked;

    if (key.len + token.len == 0)
        return refuse_with(answer, 401, "authentication_error", "x-api-key header is required",
                           "there is neither x-api-key nor a bearer token");
    if (!is_ours(grant, bearer))
        return refuse_with(answer, 401, "authentication_error",
                           bearer ? "Invalid bearer token" : "invalid x-api-key",
                           bearer ? "the bearer token is none that was given out"
                                  : "the API key is none that was given out");
    checked = check_state(answer, grant);
    if (checked == CHECKED_GOOD) checked = check_version(answer);
    if (checked != CHECKED_GOOD) return checked;
    return check_passed(grant, bearer && grant->kind == GRANT_TOKEN ? "bearer" : "key", identity);
}
