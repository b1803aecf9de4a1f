/* Foundry: a key in api-key or x-api-key, or a bearer token of Entra ID. The gateway refuses in
 * Azure's words. */
#include "simulator/authority/parts.h"

#define BAD_KEY                                                                                    \
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a " \
    "valid key for an active subscription and use a correct regional API endpoint for your "       \
    "resource."
#define BAD_TOKEN                                                                                  \
    "Unauthorized. Access token is missing, invalid, audience is incorrect "                       \
    "(https://cognitiveservices.azure.com or https://ai.azure.com), or have expired."
#define NO_VERSION                                                                                 \
    "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":"               \
    "\"anthropic-version: header is required\"}}"

static enum checked refuse(struct answer *answer, const char *code, const char *message,
                           const char *why)
{
    return answer_why(answer, "%s", why) && answer_uuid_header(answer, "apim-request-id") &&
                   answer_json(answer, 401, "{\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}",
                               code, message)
               ? CHECKED_REFUSED
               : CHECKED_NO_MEMORY;
}

/* Behind the gateway stands the Messages API, which wants its version. */
static enum checked check_version(struct answer *answer)
{
    if (request_header(answer->request, "anthropic-version").len > 0) return CHECKED_GOOD;
    return answer_why(answer, "the header anthropic-version is missing") &&
                   answer_uuid_header(answer, "apim-request-id") &&
                   answer_words(answer, 400, "application/json", NO_VERSION)
               ? CHECKED_REFUSED
               : CHECKED_NO_MEMORY;
}

static bool is_ours(const struct grant *grant, bool bearer)
{
    return grant && grant->platform == PLATFORM_FOUNDRY &&
           grant->kind == (bearer ? GRANT_TOKEN : GRANT_KEY);
}

static enum checked check_grant(struct answer *answer, struct grant *grant, bool bearer)
{
    const char *code = bearer ? "Unauthorized" : "401";
    const char *message = bearer ? BAD_TOKEN : BAD_KEY;

    if (!is_ours(grant, bearer))
        return refuse(answer, code, message,
                      bearer ? "the bearer token is none that was given out"
                             : "the key is none that was given out");
    switch (grant_state(answer->authority, grant, answer->now)) {
    case GRANT_EXPIRED: return refuse(answer, code, message, "the credential has expired");
    case GRANT_REVOKED: return refuse(answer, code, message, "the credential was revoked");
    case GRANT_GOOD: break;
    }
    return CHECKED_GOOD;
}

enum checked check_foundry(struct answer *answer, struct authority_identity *identity)
{
    struct redial_str key = request_header(answer->request, "api-key");
    struct redial_str token = request_bearer(answer->request);
    enum checked checked;
    struct grant *grant;
    bool bearer;

    if (key.len == 0) key = request_header(answer->request, "x-api-key");
    bearer = key.len == 0;
    if (key.len + token.len == 0)
        return refuse(answer, "401", BAD_KEY,
                      "there is none of api-key, x-api-key and a bearer token");
    grant = grant_find(answer->authority, bearer ? token : key);
    checked = check_grant(answer, grant, bearer);
    if (checked == CHECKED_GOOD) checked = check_version(answer);
    return checked == CHECKED_GOOD ? check_passed(grant, bearer ? "bearer" : "key", identity)
                                   : checked;
}
