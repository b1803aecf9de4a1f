/* Vertex: a bearer token of Google's. */
#include "simulator/authority/parts.h"

#define INVALID                                                                                    \
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie " \
    "or other valid authentication credential. See "                                               \
    "https://developers.google.com/identity/sign-in/web/devconsole-project."
#define MISSING                                                                                    \
    "Request is missing required authentication credential. Expected OAuth 2 access token, login " \
    "cookie or other valid authentication credential. See "                                        \
    "https://developers.google.com/identity/sign-in/web/devconsole-project."

/* google.rpc.Status with an ErrorInfo (google/rpc/error_details.proto). RFC 6750 §3 asks for the
 * challenge. */
static enum checked refuse(struct answer *answer, const char *reason, const char *message,
                           const char *why)
{
    struct redial_str challenge = REDIAL_STR("Bearer realm=\"https://accounts.google.com/\"");
    struct redial_str invalid =
        REDIAL_STR("Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"");
    bool missing = str_is(str_of(reason), "CREDENTIALS_MISSING");
    struct text body = TEXT_INIT;

    text_printf(&body,
                "{\"error\":{\"code\":401,\"message\":\"%s\",\"status\":\"UNAUTHENTICATED\","
                "\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":"
                "\"%s\",\"domain\":\"googleapis.com\",\"metadata\":{\"service\":"
                "\"aiplatform.googleapis.com\"}}]}}",
                message, reason);
    return answer_why(answer, "%s", why) &&
                   answer_header(answer, "www-authenticate", missing ? challenge : invalid) &&
                   answer_body(answer, 401, "application/json; charset=UTF-8", &body)
               ? CHECKED_REFUSED
               : CHECKED_NO_MEMORY;
}

enum checked check_vertex(struct answer *answer, struct authority_identity *identity)
{
    struct redial_str token = request_bearer(answer->request);
    struct grant *grant = grant_find(answer->authority, token);

    if (token.len == 0)
        return refuse(answer, "CREDENTIALS_MISSING", MISSING, "there is no bearer token");
    if (!grant || grant->platform != PLATFORM_VERTEX || grant->kind != GRANT_TOKEN)
        return refuse(answer, "ACCESS_TOKEN_TYPE_UNSUPPORTED", INVALID,
                      "the bearer token is none that was given out");
    switch (grant_state(answer->authority, grant, answer->now)) {
    case GRANT_EXPIRED:
        return refuse(answer, "ACCESS_TOKEN_EXPIRED", INVALID, "the access token has expired");
    case GRANT_REVOKED:
        return refuse(answer, "ACCOUNT_STATE_INVALID", INVALID, "the access token was revoked");
    case GRANT_GOOD: break;
    }
    return check_passed(grant, "bearer", identity);
}
