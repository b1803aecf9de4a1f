/* Bedrock, runtime and Mantle: SigV4, or a Bedrock API key as a bearer token. */
#include "simulator/authority/signer.h"

static const struct refusal {
    uint16_t status;
    const char *name;
} refusals[SIGNER_PROBLEM_COUNT] = {
    [SIGNER_MISSING] = {403, "MissingAuthenticationTokenException"},
    [SIGNER_INCOMPLETE] = {403, "IncompleteSignature"},
    [SIGNER_UNKNOWN] = {403, "UnrecognizedClientException"},
    [SIGNER_EXPIRED] = {403, "ExpiredTokenException"},
    [SIGNER_MISMATCH] = {403, "InvalidSignatureException"},
};

static enum checked refuse(struct answer *answer, uint16_t status, const char *name,
                           struct redial_str message)
{
    struct text body = TEXT_INIT;

    text_append(&body, REDIAL_STR("{\"message\":"));
    text_append_json(&body, message);
    text_append_char(&body, '}');
    return answer_body(answer, status, "application/json", &body) &&
                   answer_header(answer, "x-amzn-errortype", str_of(name)) &&
                   answer_uuid_header(answer, "x-amzn-requestid")
               ? CHECKED_REFUSED
               : CHECKED_NO_MEMORY;
}

static enum checked check_bearer(struct answer *answer, struct redial_str token,
                                 struct authority_identity *identity)
{
    struct grant *grant = grant_find(answer->authority, token);
    bool ours = grant && grant->platform == PLATFORM_BEDROCK && grant->kind == GRANT_KEY;

    if (!ours || grant_state(answer->authority, grant, answer->now) == GRANT_REVOKED)
        return answer_why(answer, "the bearer token is none that was given out, or was withdrawn")
                   ? refuse(answer, 403, "AccessDeniedException",
                            REDIAL_STR("Authentication failed: Please make sure your API Key is "
                                       "valid."))
                   : CHECKED_NO_MEMORY;
    if (grant_state(answer->authority, grant, answer->now) == GRANT_EXPIRED)
        return answer_why(answer, "the bearer token has expired")
                   ? refuse(answer, 403, "ExpiredTokenException",
                            REDIAL_STR("The security token included in the request is expired"))
                   : CHECKED_NO_MEMORY;
    return check_passed(grant, "bearer", identity);
}

/* Mantle speaks Anthropic's own paths, the runtime names the model in its path. */
static const char *service_of(const struct authority_request *request)
{
    struct redial_str path = request_path(request);
    bool messages = str_find(path, REDIAL_STR("/v1/messages")) != SIZE_MAX ||
                    str_find(path, REDIAL_STR("/v1/models")) != SIZE_MAX;

    return messages && str_find(path, REDIAL_STR("/model/")) == SIZE_MAX ? "bedrock-mantle"
                                                                         : "bedrock";
}

enum checked check_bedrock(struct answer *answer, struct authority_identity *identity)
{
    struct redial_str token = request_bearer(answer->request);
    struct redial_str message = {"", 0};
    struct grant *grant = NULL;
    enum signer_problem problem;

    if (token.len > 0) return check_bearer(answer, token, identity);
    problem = signer_find(answer, service_of(answer->request), &grant, &message);
    if (problem == SIGNER_GOOD) return check_passed(grant, "sigv4", identity);
    if (problem == SIGNER_NO_MEMORY) return CHECKED_NO_MEMORY;
    return refuse(answer, refusals[problem].status, refusals[problem].name, message);
}
