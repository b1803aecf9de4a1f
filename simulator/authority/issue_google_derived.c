/* Google's tokens from tokens: an identity from elsewhere is exchanged (RFC 8693), and whoever has
 * a token may be given one of a service account. */
#include "document/json.h"
#include "simulator/authority/identity.h"

#define EXCHANGE      "urn:ietf:params:oauth:grant-type:token-exchange"
#define ACCESS_TOKEN  "urn:ietf:params:oauth:token-type:access_token"
#define AWS_REQUEST   "urn:ietf:params:aws:token-type:aws4_request"
#define IMPERSONATION "/v1/projects/-/serviceAccounts/" GOOGLE_ACCOUNT ":generateAccessToken"

/* ---- The exchange */

static const char *find_fault(struct answer *answer, const struct form *form, const char **error)
{
    *error = "unsupported_grant_type";
    if (!str_is(form_value(form, "grant_type"), EXCHANGE)) return "Invalid grant_type.";
    *error = "invalid_request";
    if (!str_is(form_value(form, "requested_token_type"), ACCESS_TOKEN))
        return "Invalid requested_token_type.";
    if (form_value(form, "subject_token_type").len == 0) return "Missing subject_token_type.";
    if (!str_is(form_value(form, "audience"), GOOGLE_AUDIENCE))
        return "Invalid value for \"audience\".";
    *error = "invalid_grant";
    if (str_is(form_value(form, "subject_token_type"), AWS_REQUEST))
        return google_aws_fault(answer, form_value(form, "subject_token"));
    switch (identity_check(answer, form_value(form, "subject_token"), GOOGLE_AUDIENCE)) {
    case IDENTITY_GOOD: return NULL;
    case IDENTITY_MALFORMED: return "The given credential is not a valid JWT.";
    case IDENTITY_FOREIGN: return "The issuer in ID Token does not match the expected ones.";
    case IDENTITY_FORGED: return "Invalid JWT signature.";
    case IDENTITY_EXPIRED: return "ID Token is stale to sign-in.";
    case IDENTITY_FOR_OTHERS: return "The audience in ID Token does not match the expected ones.";
    }
    return NULL;
}

static bool exchange(struct answer *answer)
{
    const char *error, *fault;
    const struct grant *grant;
    struct form form;

    if (!form_read(answer->arena, answer->request->body, &form)) return false;
    fault = find_fault(answer, &form, &error);
    if (fault) return answer_oauth_error(answer, 400, error, fault);
    grant = grant_token(answer->authority, PLATFORM_VERTEX, "ya29.d.canary-", answer->now);
    return grant &&
           answer_json(answer, 200,
                       "{\"access_token\":\"%.*s\",\"issued_token_type\":\"" ACCESS_TOKEN
                       "\",\"token_type\":\"Bearer\",\"expires_in\":%lld}",
                       REDIAL_STR_ARG(grant->text), (long long)grant_seconds(answer->authority));
}

/* ---- Impersonation */

static bool refuse(struct answer *answer, uint16_t status, const char *word, const char *message)
{
    return answer_json(answer, status,
                       "{\"error\":{\"code\":%d,\"message\":\"%s\",\"status\":\"%s\"}}", status,
                       message, word);
}

static bool may_impersonate(const struct answer *answer)
{
    struct grant *grant = grant_find(answer->authority, request_bearer(answer->request));

    return grant && grant->platform == PLATFORM_VERTEX && grant->kind == GRANT_TOKEN &&
           grant_state(answer->authority, grant, answer->now) == GRANT_GOOD;
}

static bool give_account(struct answer *answer)
{
    const struct grant *grant =
        grant_token(answer->authority, PLATFORM_VERTEX, "ya29.c.canary-", answer->now);
    char expires[ISO_SIZE];

    if (!grant) return false;
    iso_write(grant->expires_at, expires);
    return answer_json(answer, 200, "{\"accessToken\":\"%.*s\",\"expireTime\":\"%s\"}",
                       REDIAL_STR_ARG(grant->text), expires);
}

static bool impersonate(struct answer *answer)
{
    struct redial_str path = request_path(answer->request);
    struct json *body = json_parse(answer->request->body);
    bool has_scope = json_count(json_at(body, "scope")) > 0;

    json_free(body);
    if (!may_impersonate(answer))
        return refuse(answer, 401, "UNAUTHENTICATED",
                      "Request had invalid authentication credentials.");
    if (!str_is(path, IMPERSONATION))
        return refuse(answer, 403, "PERMISSION_DENIED",
                      "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it "
                      "may not exist).");
    if (!has_scope)
        return refuse(answer, 400, "INVALID_ARGUMENT", "Request contains an invalid argument.");
    return give_account(answer);
}

/* ---- What an external account begins with */

static bool give_identity(struct answer *answer)
{
    struct text body = TEXT_INIT;

    text_append(&body, answer->authority->given[GIVEN_GOOGLE_IDENTITY]);
    return answer_body(answer, 200, "text/plain", &body);
}

bool google_derive(struct answer *answer, bool *served)
{
    struct redial_str path = request_path(answer->request);
    bool post = request_is(answer->request, "POST");

    *served = true;
    if (post && str_is(path, "/v1/token")) return exchange(answer);
    if (post && str_ends_with(path, REDIAL_STR(":generateAccessToken"))) return impersonate(answer);
    if (!post && str_is(path, GOOGLE_IDENTITY_PATH)) return give_identity(answer);
    *served = false;
    return true;
}
