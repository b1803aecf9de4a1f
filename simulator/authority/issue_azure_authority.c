/* Microsoft Entra ID: the openid configuration of a tenant, and client_credentials by secret, by
 * certificate and by federated identity. */
#include "simulator/authority/azure.h"
#include "simulator/authority/identity.h"
#include "simulator/authority/jwt.h"

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define EXCHANGE       "api://AzureADTokenExchange"

static bool refuse(struct answer *answer, uint16_t status, const char *error, unsigned code,
                   const char *sentence)
{
    char trace[UUID_SIZE], correlation[UUID_SIZE], moment[ISO_SIZE];

    uuid_make(answer->authority, trace);
    uuid_make(answer->authority, correlation);
    iso_write(answer->now, moment);
    moment[10] = ' ';
    return answer_header(answer, "x-ms-request-id", str_of(trace)) &&
           answer_json(answer, status,
                       "{\"error\":\"%s\",\"error_description\":\"AADSTS%u: %s Trace ID: %s "
                       "Correlation ID: %s Timestamp: %s\",\"error_codes\":[%u],\"timestamp\":"
                       "\"%s\",\"trace_id\":\"%s\",\"correlation_id\":\"%s\",\"error_uri\":"
                       "\"https://login.microsoftonline.com/error?code=%u\"}",
                       error, code, sentence, trace, correlation, moment, code, moment, trace,
                       correlation, code);
}

/* ---- Who a client is */

static const char *find_assertion_fault(const struct answer *answer, const struct jwt *jwt,
                                        unsigned *code)
{
    int64_t now = answer->now / SECOND;

    *code = 700027;
    if (!jwt_signed_by_rsa(jwt, answer->authority->rsa))
        return "The certificate with identifier used to sign the client assertion is not "
               "registered on application, or the signature is invalid.";
    if (!str_is(jwt_claim(jwt, "iss"), AZURE_CLIENT) ||
        !str_is(jwt_claim(jwt, "sub"), AZURE_CLIENT)) {
        *code = 700021;
        return "Client assertion application identifier doesn't match 'client_id' parameter.";
    }
    *code = 700024;
    return jwt_moment(jwt, "exp") > now && jwt_moment(jwt, "nbf") <= now + 300
               ? NULL
               : "Client assertion is not within its valid time range.";
}

static bool refuse_identity(struct answer *answer, enum identity_fault fault)
{
    static const struct {
        unsigned code;
        const char *sentence;
    } faults[] = {
        [IDENTITY_GOOD] = {0, ""},
        [IDENTITY_MALFORMED] = {50027, "JWT token is invalid or malformed."},
        [IDENTITY_FOREIGN] = {70021, "No matching federated identity record found for presented "
                                     "assertion issuer."},
        [IDENTITY_FORGED] = {5000223, "The signature of the presented assertion is invalid."},
        [IDENTITY_EXPIRED] = {700024, "Client assertion is not within its valid time range."},
        [IDENTITY_FOR_OTHERS] = {700212, "No matching federated identity record found for "
                                         "presented assertion audience."},
    };
    return refuse(answer, 401, "invalid_client", faults[fault].code, faults[fault].sentence);
}

/* An assertion that the client signed itself names the client as its issuer; every other one is an
 * identity of somewhere else. */
static bool check_assertion(struct answer *answer, const struct form *form, bool *done)
{
    struct redial_str token = form_value(form, "client_assertion");
    enum identity_fault identity;
    const char *fault = NULL;
    unsigned code = 50027;
    struct jwt jwt;
    bool own = jwt_read(answer->arena, token, &jwt) &&
               !str_is(jwt_claim(&jwt, "iss"), IDENTITY_ISSUER) &&
               str_is(jwt_claim(&jwt, "iss"), AZURE_CLIENT);

    if (own) fault = find_assertion_fault(answer, &jwt, &code);
    jwt_clean_up(&jwt);
    if (fault) *done = refuse(answer, 401, "invalid_client", code, fault);
    if (own) return !fault;
    identity = identity_check(answer, token, EXCHANGE);
    if (identity != IDENTITY_GOOD) *done = refuse_identity(answer, identity);
    return identity == IDENTITY_GOOD;
}

/* False: the answer is the refusal, and `done` whether that was made. */
static bool check_client(struct answer *answer, const struct form *form, bool *done)
{
    struct redial_str secret = form_value(form, "client_secret");

    *done = false;
    if (!str_is(form_value(form, "client_id"), AZURE_CLIENT)) {
        *done = refuse(answer, 400, "unauthorized_client", 700016,
                       "Application was not found in the directory.");
        return false;
    }
    if (str_is(form_value(form, "client_assertion_type"), ASSERTION_TYPE))
        return check_assertion(answer, form, done);
    if (str_eq(secret, answer->authority->given[GIVEN_AZURE_SECRET])) return true;
    *done = secret.len > 0
                ? refuse(answer, 401, "invalid_client", 7000215,
                         "Invalid client secret provided. Ensure the secret being sent in the "
                         "request is the client secret value, not the client secret ID.")
                : refuse(answer, 401, "invalid_client", 7000218,
                         "The request body must contain the following parameter: "
                         "'client_assertion' or 'client_secret'.");
    return false;
}

/* ---- The token endpoint */

static bool give(struct answer *answer, struct redial_str resource)
{
    const struct grant *grant = azure_token(answer, resource);
    long long seconds = (long long)grant_seconds(answer->authority);

    /* A second less than it lives, as Entra says it. */
    if (seconds > 1) seconds--;
    return grant && answer_uuid_header(answer, "x-ms-request-id") &&
           answer_header(answer, "cache-control", REDIAL_STR("no-store, no-cache")) &&
           answer_json(answer, 200,
                       "{\"token_type\":\"Bearer\",\"expires_in\":%lld,\"ext_expires_in\":%lld,"
                       "\"access_token\":\"%.*s\"}",
                       seconds, seconds, REDIAL_STR_ARG(grant->text));
}

static bool answer_token(struct answer *answer)
{
    struct redial_str scope, everything = REDIAL_STR("/.default");
    struct form form;
    bool done = false;

    if (!form_read(answer->arena, answer->request->body, &form)) return false;
    if (!request_is(answer->request, "POST"))
        return refuse(answer, 400, "invalid_request", 900561,
                      "The endpoint only accepts POST requests.");
    if (form_value(&form, "grant_type").len == 0)
        return refuse(answer, 400, "invalid_request", 900144,
                      "The request body must contain the following parameter: 'grant_type'.");
    if (!str_is(form_value(&form, "grant_type"), "client_credentials"))
        return refuse(answer, 400, "unsupported_grant_type", 70003,
                      "The app requested an unsupported grant type.");
    if (!check_client(answer, &form, &done)) return done;
    scope = form_value(&form, "scope");
    /* Clients add scopes of OpenID behind the one that is meant. */
    scope = str_take(scope, str_find(scope, REDIAL_STR(" ")));
    if (!str_ends_with(scope, everything))
        return refuse(answer, 400, "invalid_scope", 1002012,
                      "The provided value for scope is not valid. Client credential flows must "
                      "have a scope value with /.default suffixed to the resource identifier.");
    scope = str_take(scope, scope.len - everything.len);
    if (azure_serves(scope)) return give(answer, scope);
    return refuse(answer, 400, "invalid_resource", 500011,
                  "The resource principal was not found in the tenant.");
}

/* ---- The openid configuration */

static bool answer_configuration(struct answer *answer)
{
    int len = (int)answer->base_url.len;
    const char *base = answer->base_url.ptr;

    return answer_json(answer, 200,
                       "{\"token_endpoint\":\"%.*s/" AZURE_TENANT "/oauth2/v2.0/token\","
                       "\"token_endpoint_auth_methods_supported\":[\"client_secret_post\","
                       "\"private_key_jwt\"],\"jwks_uri\":\"%.*s/" AZURE_TENANT
                       "/discovery/v2.0/keys\",\"response_modes_supported\":[\"query\"],"
                       "\"subject_types_supported\":[\"pairwise\"],"
                       "\"id_token_signing_alg_values_supported\":[\"RS256\"],"
                       "\"response_types_supported\":[\"code\"],\"scopes_supported\":[\"openid\"],"
                       "\"issuer\":\"%.*s/" AZURE_TENANT "/v2.0\","
                       "\"authorization_endpoint\":\"%.*s/" AZURE_TENANT "/oauth2/v2.0/authorize\","
                       "\"end_session_endpoint\":\"%.*s/" AZURE_TENANT "/oauth2/v2.0/logout\","
                       "\"tenant_region_scope\":\"NA\"}",
                       len, base, len, base, len, base, len, base, len, base);
}

bool issue_azure_authority(struct answer *answer)
{
    struct redial_str path = request_path(answer->request), tenant;

    path = str_skip(path, 1);
    if (!str_split(&path, '/', &tenant) || !str_is(tenant, AZURE_TENANT))
        return refuse(answer, 400, "invalid_tenant", 90002,
                      "Tenant not found. Check to make sure you have the correct tenant ID.");
    return str_ends_with(path, REDIAL_STR("openid-configuration")) ? answer_configuration(answer)
                                                                   : answer_token(answer);
}
