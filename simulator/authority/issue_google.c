/* Google's token endpoint (RFC 6749 §6, RFC 7523) and metadata server. */
#include "simulator/authority/jwt.h"
#include "simulator/authority/parts.h"

#define STEM           "ya29.canary-"
#define AUDIENCE       "https://oauth2.googleapis.com/token"
#define JWT_BEARER     "urn:ietf:params:oauth:grant-type:jwt-bearer"
#define CLOUD_PLATFORM "https://www.googleapis.com/auth/cloud-platform"

static bool give_token(struct answer *answer, struct redial_str scope)
{
    const struct grant *grant = grant_token(answer->authority, PLATFORM_VERTEX, STEM, answer->now);
    struct text body = TEXT_INIT;

    if (!grant) return false;
    /* A second less than it lives, as Google says it. */
    int64_t seconds = grant_seconds(answer->authority);
    text_printf(&body, "{\"access_token\":\"%.*s\",\"expires_in\":%lld,",
                REDIAL_STR_ARG(grant->text), (long long)(seconds > 1 ? seconds - 1 : seconds));
    if (scope.len > 0) {
        text_append(&body, REDIAL_STR("\"scope\":"));
        text_append_json(&body, scope);
        text_append_char(&body, ',');
    }
    text_append(&body, REDIAL_STR("\"token_type\":\"Bearer\"}"));
    return answer_body(answer, 200, "application/json; charset=utf-8", &body);
}

/* ---- A service account's assertion */

static const char *find_fault(const struct answer *answer, const struct jwt *jwt,
                              const char **error)
{
    int64_t now = answer->now / SECOND, begins = jwt_moment(jwt, "iat"),
            ends = jwt_moment(jwt, "exp");
    struct redial_str own;

    *error = "invalid_grant";
    if (!str_is(jwt_claim(jwt, "iss"), GOOGLE_ACCOUNT)) return "Invalid grant: account not found";
    if (!jwt_signed_by_rsa(jwt, answer->authority->rsa)) return "Invalid JWT Signature.";
    if (!arena_printf(answer->arena, &own, "%.*s/token", REDIAL_STR_ARG(answer->base_url)))
        own = REDIAL_STR(AUDIENCE);
    if (!jwt_is_for(jwt, REDIAL_STR(AUDIENCE)) && !jwt_is_for(jwt, own))
        return "Invalid JWT: Failed audience check. The right audience is " AUDIENCE;
    if (begins < 0 || begins > now + 300 || ends <= now || ends - begins > 3600)
        return "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
               "timeframe. Check your iat and exp values in the JWT claim.";
    *error = "invalid_scope";
    return jwt_claim(jwt, "scope").len > 0 || jwt_claim(jwt, "target_audience").len > 0
               ? NULL
               : "Invalid OAuth scope or ID token audience provided.";
}

static bool assertion(struct answer *answer, const struct form *form)
{
    const char *error = "invalid_grant";
    const char *fault = "Invalid JWT: the assertion is not a JWT";
    struct jwt jwt;
    bool done;

    if (jwt_read(answer->arena, form_value(form, "assertion"), &jwt))
        fault = find_fault(answer, &jwt, &error);
    done = fault ? answer_oauth_error(answer, 400, error, fault)
                 : give_token(answer, (struct redial_str){"", 0});
    jwt_clean_up(&jwt);
    return done;
}

/* ---- An authorised user's refresh token */

static bool refresh(struct answer *answer, const struct form *form)
{
    const struct redial_str *given = answer->authority->given;

    if (!str_is(form_value(form, "client_id"), GOOGLE_CLIENT_ID))
        return answer_oauth_error(answer, 401, "invalid_client", "The OAuth client was not found.");
    if (!str_eq(form_value(form, "client_secret"), given[GIVEN_GOOGLE_CLIENT_SECRET]))
        return answer_oauth_error(answer, 401, "invalid_client",
                                  "The provided client secret is invalid.");
    if (!str_eq(form_value(form, "refresh_token"), given[GIVEN_GOOGLE_REFRESH]))
        return answer_oauth_error(answer, 400, "invalid_grant", "Bad Request");
    return give_token(answer, REDIAL_STR(CLOUD_PLATFORM));
}

bool issue_google_token(struct answer *answer)
{
    struct redial_str type;
    struct form form;

    if (!request_is(answer->request, "POST"))
        return answer_oauth_error(answer, 405, "invalid_request", "Method Not Allowed");
    if (!form_read(answer->arena, answer->request->body, &form)) return false;
    type = form_value(&form, "grant_type");
    if (str_is(type, "refresh_token")) return refresh(answer, &form);
    if (str_is(type, JWT_BEARER)) return assertion(answer, &form);
    if (type.len == 0)
        return answer_oauth_error(answer, 400, "invalid_request",
                                  "Required parameter is missing: grant_type");
    return answer_oauth_error(answer, 400, "unsupported_grant_type", "Invalid grant_type");
}

/* ---- The metadata server */

static bool give_metadata_token(struct answer *answer)
{
    return give_token(answer, (struct redial_str){"", 0});
}

static const struct metadata {
    const char *path;
    const char *words; /* NULL: `answer` */
    bool (*answer)(struct answer *answer);
} metadata[] = {
    {"/computeMetadata/v1/instance", "attributes/\nid\nservice-accounts/\nzone\n", NULL},
    {"/computeMetadata/v1/project/project-id", GOOGLE_PROJECT, NULL},
    {"/computeMetadata/v1/project/numeric-project-id", "123456789012", NULL},
    {"/computeMetadata/v1/instance/zone", "projects/123456789012/zones/us-east5-a", NULL},
    {"/computeMetadata/v1/instance/service-accounts/default/email", GOOGLE_ACCOUNT, NULL},
    {"/computeMetadata/v1/instance/service-accounts/default/scopes", CLOUD_PLATFORM "\n", NULL},
    {"/computeMetadata/v1/instance/service-accounts/default/token", NULL, give_metadata_token},
};

bool issue_google_metadata(struct answer *answer)
{
    struct redial_str path = request_path(answer->request);

    /* The reply says who it is, or clients take it for somebody else's. */
    if (!answer_header(answer, "metadata-flavor", REDIAL_STR("Google")) ||
        !answer_header(answer, "server", REDIAL_STR("Metadata Server for VM")))
        return false;
    if (!request_is(answer->request, "GET"))
        return answer_words(answer, 405, "text/plain", "Method Not Allowed");
    if (!str_is(request_header(answer->request, "metadata-flavor"), "Google"))
        return answer_words(answer, 403, "text/plain", "Missing Metadata-Flavor:Google header.");
    if (path.len > 1 && path.ptr[path.len - 1] == '/') path.len--;
    for (size_t i = 0; i < REDIAL_COUNT_OF(metadata); i++) {
        if (!str_is(path, metadata[i].path)) continue;
        return metadata[i].words ? answer_words(answer, 200, "application/text", metadata[i].words)
                                 : metadata[i].answer(answer);
    }
    return answer_words(answer, 404, "text/plain", "Not Found");
}
