/* Azure's chain: Foundry's own key and token, applications of Entra ID, managed identity, the CLI.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "base/base64.h"
#include "base/duration.h"
#include "tests/support/errands.h"
#include "tests/support/keys.h"

#define TENANT    "11111111-2222-4333-8444-555555555555"
#define CLIENT    "66666666-7777-4888-9999-aaaaaaaaaaaa"
#define AUTHORITY "https://login.microsoftonline.com"
#define DISCOVERY "GET " AUTHORITY "/" TENANT "/v2.0/.well-known/openid-configuration"
#define TOKEN_URL AUTHORITY "/" TENANT "/oauth2/v2.0/token"
#define DOCUMENT  REDIAL_STR("{\"issuer\":\"x\",\"token_endpoint\":\"" TOKEN_URL "\"}")
#define IDS                                                                                        \
    {"AZURE_TENANT_ID", TENANT},                                                                   \
    {                                                                                              \
        "AZURE_CLIENT_ID", CLIENT                                                                  \
    }
#define IMDS        "GET http://169.254.169.254/metadata/identity/oauth2/token"
#define QUESTION    "?api-version=2018-02-01&resource=https%3A%2F%2Fai.azure.com"
#define CLI         "RUN az account get-access-token --output json --resource https://ai.azure.com"
#define IN(seconds) (ERRANDS_NOW + (seconds)*NS_PER_SECOND)
#define TOKEN                                                                                      \
    REDIAL_STR("{\"token_type\":\"Bearer\",\"expires_in\":3599,\"ext_expires_in\":3599,"           \
               "\"access_token\":\"canary-token\"}")
/* IMDS writes its numbers as texts */
#define IMDS_TOKEN                                                                                 \
    REDIAL_STR(                                                                                    \
        "{\"access_token\":\"canary-token\",\"client_id\":\"x\",\"expires_in\":\"86399\","         \
        "\"expires_on\":\"1441024559\",\"resource\":\"https://ai.azure.com\",\"token_type\":"      \
        "\"Bearer\"}")

#define ROWS(...)                                                                                  \
    (const struct errand_row[]){__VA_ARGS__},                                                      \
        sizeof((const struct errand_row[]){__VA_ARGS__}) / sizeof(struct errand_row)

static void expect_text(struct redial_str text, const char *glob)
{
    cr_expect(glob_match(str_of(glob), text), "'%.*s' is not like '%s'", REDIAL_STR_ARG(text),
              glob);
}

static void expect_token(const struct chain *chain, int64_t expires_at)
{
    const struct credential *found = chain_credential(chain);
    cr_assert_not_null(found);
    cr_expect_eq(found->form, CREDENTIAL_BEARER);
    cr_expect(str_is(found->secret, "canary-token"), "%.*s", REDIAL_STR_ARG(found->secret));
    cr_expect_eq(found->expires_at, expires_at);
    cr_expect(found->refreshable);
    errands_expect_secret_kept(chain, "canary");
}

/* ---- Foundry's own */

Test(azure_credentials, foundrys_token_beats_its_key_and_the_key_beats_the_chain)
{
    struct redial_env environment[] = {{"ANTHROPIC_FOUNDRY_AUTH_TOKEN", "token"},
                                       {"ANTHROPIC_FOUNDRY_API_KEY", "key"},
                                       {"AZURE_CLIENT_SECRET", "secret"},
                                       IDS,
                                       {NULL, NULL}};
    struct chain *chain = errands_chain("foundry_api_key azure_chain", environment);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, NULL, 0), CHAIN_READY);
    cr_expect_eq(chain_credential(chain)->form, CREDENTIAL_BEARER);
    cr_expect(str_is(chain_credential(chain)->secret, "token"));
    chain_destroy(chain);
    environment[0].value = "";
    chain = errands_chain("foundry_api_key azure_chain", environment);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, NULL, 0), CHAIN_READY);
    cr_expect_eq(chain_credential(chain)->form, CREDENTIAL_KEY);
    cr_expect(str_is(chain_credential(chain)->secret, "key"));
    chain_destroy(chain);
}

/* ---- Applications */

Test(azure_credentials, a_client_secret_is_shown_where_the_tenants_document_says)
{
    struct chain *chain =
        errands_chain("azure_chain", ENVIRONMENT(IDS, {"AZURE_CLIENT_SECRET", "canary~secret"}));
    cr_assert_eq(
        errands_run(
            chain, CHAIN_FROM_CACHE, NULL,
            ROWS({.asks = DISCOVERY, .body = DOCUMENT},
                 {.asks = "POST " TOKEN_URL,
                  .body = TOKEN,
                  .sends = {"content-type: application/x-www-form-urlencoded",
                            "client-request-id: *-*-4*-*-*",
                            "client_id=" CLIENT "&scope=https%3A%2F%2Fai.azure.com%2F.default&"
                            "grant_type=client_credentials&client_secret=canary~secret"}})),
        CHAIN_READY);
    expect_token(chain, IN(3599));
    expect_text(chain_source(chain), "client secret of Azure application " CLIENT);
    cr_expect_eq(chain_age(chain, IN(3298)), CHAIN_GOOD);
    cr_expect_eq(chain_age(chain, IN(3300)), CHAIN_STALE);
    chain_destroy(chain);
}

Test(azure_credentials, a_token_file_of_the_cluster_is_an_assertion)
{
    struct chain *chain =
        errands_chain("azure_chain", ENVIRONMENT(IDS, {"AZURE_FEDERATED_TOKEN_FILE", "/run/token"},
                                                 {"AZURE_AUTHORITY_HOST", "http://127.0.0.1:9/"}));
    cr_assert_eq(
        errands_run(
            chain, CHAIN_FROM_CACHE, NULL,
            ROWS({.asks = "FILE /run/token", .body = REDIAL_STR("canary.jwt\n")},
                 {.asks = "GET http://127.0.0.1:9/" TENANT "/v2.0/.well-known/openid-configuration",
                  .body = REDIAL_STR("{\"token_endpoint\":\"http://127.0.0.1:9/t\"}")},
                 {.asks = "POST http://127.0.0.1:9/t",
                  .body = TOKEN,
                  .sends =
                      {"*&client_assertion=canary.jwt&client_assertion_type=urn%3Aietf%3Aparams%"
                       "3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"},
                  .withholds = {"*client_secret*"}})),
        CHAIN_READY);
    expect_token(chain, IN(3599));
    chain_destroy(chain);
}

static struct redial_str field(struct redial_str form, const char *name)
{
    size_t at = str_find(form, str_of(name));
    cr_assert_neq(at, SIZE_MAX, "%s", name);
    struct redial_str rest = str_skip(form, at + str_of(name).len), value;
    cr_assert(str_split(&rest, '&', &value));
    return value;
}

/* The thumbprints are those that the openssl command prints of the certificate. */
static void expect_assertion(struct redial_str assertion)
{
    struct redial_str rest = assertion, header, claims;
    struct text decoded = TEXT_INIT, signature = TEXT_INIT;
    cr_assert(str_split(&rest, '.', &header) && str_split(&rest, '.', &claims));
    cr_assert(base64url_decode(header, &decoded) && base64url_decode(claims, &decoded));
    expect_text(
        text_str(&decoded),
        "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"x5t\":\"Om-LoOw4Q97nxHod2foY2tWQNGE\",\"x5t#S256\":"
        "\"UJGGOhVzGd32wDsA7P7VtC45zE1xrKeSCBmqKkYW9i0\"}"
        "{\"aud\":\"" TOKEN_URL "\",\"iss\":\"" CLIENT "\",\"sub\":\"" CLIENT "\",\"jti\":\"*\","
        "\"nbf\":1800000000,\"iat\":1800000000,\"exp\":1800000600}");
    cr_assert(base64url_decode(rest, &signature));
    cr_expect(key_verifies(str_take(assertion, header.len + 1 + claims.len), text_str(&signature)));
    text_clean_up(&decoded);
    text_clean_up(&signature);
}

struct certificate_case {
    char file[32], password[24];
};

ParameterizedTestParameters(azure_credentials, certificates)
{
    static struct certificate_case cases[] = {{"certified.pem", ""},
                                              {"certified.p12", ""},
                                              {"certified-locked.pem", "not-a-secret-12"},
                                              {"certified-locked.p12", "not-a-secret-12"}};
    return cr_make_param_array(struct certificate_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct certificate_case *c, azure_credentials, certificates)
{
    char bytes[KEY_FILE_MAX];
    int64_t now = INT64_C(1800000000) * NS_PER_SECOND;
    struct redial_env environment[] = {IDS,
                                       {"AZURE_CLIENT_CERTIFICATE_PATH", "/cert"},
                                       {"AZURE_CLIENT_CERTIFICATE_PASSWORD", c->password},
                                       {NULL, NULL}};
    struct chain *chain = errands_chain("azure_chain", environment);
    struct errand_answer file = {.body = key_file(c->file, bytes), .mode = 0600};
    struct errand_answer document = {.status = 200, .body = DOCUMENT};
    struct errand_answer token = {.status = 200, .body = TOKEN};
    cr_assert_eq(chain_begin(chain, now, CHAIN_FROM_CACHE), CHAIN_ASKS);
    cr_assert(str_is(chain_errand(chain)->path, "/cert"));
    cr_assert_eq(chain_answer(chain, &file, now), CHAIN_ASKS);
    cr_assert_eq(chain_answer(chain, &document, now), CHAIN_ASKS);
    cr_assert(str_is(chain_errand(chain)->request.url, TOKEN_URL));
    expect_assertion(field(chain_errand(chain)->request.pieces[0], "client_assertion="));
    cr_assert_eq(chain_answer(chain, &token, now), CHAIN_READY);
    expect_token(chain, now + 3599 * NS_PER_SECOND);
    errands_expect_secret_kept(chain, "not-a-secret");
    chain_destroy(chain);
}

struct broken_case {
    char name[56], file[32], password[24];
    int64_t now; /* s */
    char why[160];
};

ParameterizedTestParameters(azure_credentials, bad_certificates)
{
    static struct broken_case cases[] = {
        {"cut off", "rsa-cut-off.pem", "", 1800000000, "the certificate file /cert is cut off*"},
        {"no certificate", "rsa.pem", "", 1800000000,
         "*holds no certificate beside its private key*"},
        {"somebody else's", "certified-other.pem", "", 1800000000, "*none that belongs to the key"},
        {"locked", "certified-locked.pem", "", 1800000000,
         "*is protected by a password; set AZURE_CLIENT_CERTIFICATE_PASSWORD, or store it without "
         "one"},
        {"the wrong password", "certified-locked.p12", "canary-wrong", 1800000000,
         "*does not open with the password of AZURE_CLIENT_CERTIFICATE_PASSWORD"},
        {"ended", "certified.pem", "", 9000000000,
         "the certificate of /cert ended at 2126-*: issue a new one (or is the clock of this "
         "machine "
         "right?)"},
    };
    return cr_make_param_array(struct broken_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct broken_case *c, azure_credentials, bad_certificates)
{
    char bytes[KEY_FILE_MAX], glob[256];
    int64_t now = c->now * NS_PER_SECOND;
    struct redial_env environment[] = {IDS,
                                       {"AZURE_CLIENT_CERTIFICATE_PATH", "/cert"},
                                       {"AZURE_CLIENT_CERTIFICATE_PASSWORD", c->password},
                                       {NULL, NULL}};
    struct chain *chain = errands_chain("azure_chain", environment);
    snprintf(glob, sizeof glob, "certificate of Azure application " CLIENT ": %s", c->why);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, &now,
                             ROWS({.asks = "FILE /cert", .body = key_file(c->file, bytes)},
                                  {.asks = DISCOVERY, .body = DOCUMENT})),
                 CHAIN_FAILED, "%s", c->name);
    expect_text(chain_why(chain), glob);
    errands_expect_secret_kept(chain, "canary");
    chain_destroy(chain);
}

struct answer_case {
    char name[48];
    uint16_t document_status;
    char document[160];
    uint16_t status; /* of the token endpoint; 0: not asked */
    char body[260], why[200];
};

#define GOOD_DOCUMENT 200, "{\"token_endpoint\":\"" TOKEN_URL "\"}"

ParameterizedTestParameters(azure_credentials, refusals)
{
    static struct answer_case cases[] = {
        {"a wrong secret", GOOD_DOCUMENT, 401,
         "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid client "
         "secret "
         "canary~secret provided.\\r\\nTrace ID: 1\",\"error_codes\":[7000215]}",
         "Microsoft Entra ID answered 401 invalid_client: AADSTS7000215: Invalid client secret "
         "[redacted] "
         "provided.  Trace ID: 1"},
        {"a page", GOOD_DOCUMENT, 200, "<!DOCTYPE html>",
         "Microsoft Entra ID answered 200 with HTML*"},
        {"an unknown tenant", 400,
         "{\"error\":\"invalid_tenant\",\"error_description\":\"AADSTS90002: Tenant not found.\"}",
         0, "",
         "the OpenID document of tenant " TENANT " at " AUTHORITY
         " answered 400 invalid_tenant: AADSTS90002: Tenant not found."},
        {"a document that is no JSON", 200, "<html>", 0, "",
         "the OpenID document*answered 200 with HTML*"},
        {"a document without an endpoint", 200, "{}", 0, "",
         "the OpenID document*names no token_endpoint"},
        {"an endpoint without encryption", 200, "{\"token_endpoint\":\"http://evil.example.com/\"}",
         0, "", "plain http to evil.example.com is refused*"},
        {"an endpoint at a metadata address", 200, "{\"token_endpoint\":\"ftp://x/\"}", 0, "",
         "'ftp://x/' is no http or https URL"},
    };
    return cr_make_param_array(struct answer_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct answer_case *c, azure_credentials, refusals)
{
    char glob[300];
    struct chain *chain =
        errands_chain("azure_chain", ENVIRONMENT(IDS, {"AZURE_CLIENT_SECRET", "canary~secret"}));
    const struct errand_row rows[] = {
        {.asks = DISCOVERY, .status = c->document_status, .body = str_of(c->document)},
        {.asks = "POST " TOKEN_URL, .status = c->status, .body = str_of(c->body)},
    };
    snprintf(glob, sizeof glob, "client secret of Azure application " CLIENT ": %s", c->why);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, rows, c->status ? 2 : 1), CHAIN_FAILED,
                 "%s", c->name);
    expect_text(chain_why(chain), glob);
    errands_expect_secret_kept(chain, "canary");
    chain_destroy(chain);
}

struct setting_case {
    char name[64];
    char settings[3][2][64];
    char why[200];
};

ParameterizedTestParameters(azure_credentials, settings)
{
    static struct setting_case cases[] = {
        {"a tenant that is none",
         {{"AZURE_TENANT_ID", "a/../b"},
          {"AZURE_CLIENT_ID", "c"},
          {"AZURE_CLIENT_SECRET", "canary"}},
         "*AZURE_TENANT_ID is 'a/../b', which is no tenant*"},
        {"a choice with a slip",
         {{"AZURE_TOKEN_CREDENTIALS", "AzureCliCredentail"}},
         "*AZURE_TOKEN_CREDENTIALS is 'AzureCliCredentail'; did you mean 'AzureCliCredential'?"},
        {"an unknown choice", {{"AZURE_TOKEN_CREDENTIALS", "x"}}, "*'x'; expected prod, dev, *"},
        {"a choice that is not built",
         {{"AZURE_TOKEN_CREDENTIALS", "AzurePowerShellCredential"}},
         "*'AzurePowerShellCredential', a login that cannot be used here"},
    };
    return cr_make_param_array(struct setting_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct setting_case *c, azure_credentials, settings)
{
    struct redial_env environment[4] = {{NULL, NULL}};
    for (size_t i = 0; i < 3 && c->settings[i][0][0]; i++)
        environment[i] = (struct redial_env){c->settings[i][0], c->settings[i][1]};
    struct chain *chain = errands_chain("azure_chain", environment);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, NULL, 0), CHAIN_FAILED, "%s", c->name);
    expect_text(chain_why(chain), c->why);
    errands_expect_secret_kept(chain, "canary");
    chain_destroy(chain);
}

Test(azure_credentials, an_authority_without_encryption_is_refused_unless_it_is_here)
{
    struct redial_env environment[] = {
        IDS, {"AZURE_CLIENT_SECRET", "canary"}, {"AZURE_AUTHORITY_HOST", ""}, {NULL, NULL}};
    const char *const refused[] = {"http://login.example.com", "http://169.254.169.254",
                                   "login.microsoftonline.com"};
    for (size_t i = 0; i < REDIAL_COUNT_OF(refused); i++) {
        environment[3].value = refused[i];
        struct chain *chain = errands_chain("azure_chain", environment);
        cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, NULL, 0), CHAIN_FAILED);
        expect_text(chain_why(chain),
                    "*AZURE_AUTHORITY_HOST is '*': expected a URL that begins with "
                    "https://");
        chain_destroy(chain);
    }
}

struct token_file_case {
    char name[40], body[64], failed[32], why[120];
};

ParameterizedTestParameters(azure_credentials, token_files)
{
    static struct token_file_case cases[] = {
        {"empty", " ", "", "the federated token file /run/token is empty"},
        {"a folder", "", "is a directory", "*cannot be read: is a directory"},
        {"no token", "canary canary", "", "*holds something that is no token"},
    };
    return cr_make_param_array(struct token_file_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct token_file_case *c, azure_credentials, token_files)
{
    char glob[256];
    struct chain *chain = errands_chain(
        "azure_chain", ENVIRONMENT(IDS, {"AZURE_FEDERATED_TOKEN_FILE", "/run/token"}));
    snprintf(glob, sizeof glob, "workload identity of Azure application *: %s [looked*", c->why);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL,
                             ROWS({.asks = "FILE /run/token",
                                   .body = str_of(c->body),
                                   .failed = c->failed[0] ? c->failed : NULL})),
                 CHAIN_FAILED, "%s", c->name);
    expect_text(chain_why(chain), glob);
    errands_expect_secret_kept(chain, "canary");
    chain_destroy(chain);
}

/* ---- Managed identity */

Test(azure_credentials, app_service_has_an_endpoint_of_its_own)
{
    struct chain *chain = errands_chain(
        "azure_chain", ENVIRONMENT({"IDENTITY_ENDPOINT", "http://127.0.0.1:41056/msi/token"},
                                   {"IDENTITY_HEADER", "canary-header"},
                                   {"MSI_ENDPOINT", "http://127.0.0.1:41056/"},
                                   {"MSI_SECRET", "canary-header"}, {"AZURE_CLIENT_ID", CLIENT}));
    cr_assert_eq(
        errands_run(chain, CHAIN_FROM_CACHE, NULL,
                    ROWS({.asks = "GET http://127.0.0.1:41056/msi/token?api-version=2019-08-01&"
                                  "resource=https%3A%2F%2Fai.azure.com&client_id=" CLIENT,
                          .body = IMDS_TOKEN,
                          .sends = {"x-identity-header: canary-header"}})),
        CHAIN_READY);
    expect_token(chain, IN(86399));
    expect_text(chain_source(chain), "managed identity of App Service");
    chain_destroy(chain);
}

Test(azure_credentials, imds_is_knocked_at_and_asked_until_it_is_awake)
{
    struct chain *chain = errands_chain("azure_chain", NO_ENVIRONMENT);
    cr_assert_eq(
        errands_run(chain, CHAIN_FROM_CACHE, NULL,
                    ROWS({.asks = IMDS, .status = 400, .withholds = {"metadata: *"}},
                         {.asks = IMDS QUESTION, .status = 404, .sends = {"metadata: true"}},
                         {.asks = "PAUSE 800ms"}, {.asks = IMDS QUESTION, .status = 410},
                         {.asks = "PAUSE 3s"}, {.asks = IMDS QUESTION, .status = 500},
                         {.asks = "PAUSE 3200ms"}, {.asks = IMDS QUESTION, .body = IMDS_TOKEN})),
        CHAIN_READY);
    expect_token(chain, IN(86399));
    expect_text(chain_source(chain), "managed identity from IMDS at 169.254.169.254");
    chain_destroy(chain);
}

Test(azure_credentials, imds_is_knocked_at_for_a_second)
{
    struct chain *chain = errands_chain("azure_chain", NO_ENVIRONMENT);
    struct errand_answer answer = {.status = 400};
    cr_assert_eq(chain_begin(chain, ERRANDS_NOW, CHAIN_FROM_CACHE), CHAIN_ASKS);
    cr_expect_eq(chain_errand(chain)->timeout, NS_PER_SECOND);
    cr_assert_eq(chain_answer(chain, &answer, ERRANDS_NOW), CHAIN_ASKS);
    cr_expect_eq(chain_errand(chain)->timeout, 10 * NS_PER_SECOND);
    chain_destroy(chain);
}

Test(azure_credentials, imds_that_stays_asleep_is_asked_six_times)
{
    struct chain *chain =
        errands_chain("azure_chain",
                      ENVIRONMENT({"AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:8080/"}));
    const char *asks = "GET http://127.0.0.1:8080/metadata/identity/oauth2/token" QUESTION;
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL,
                             ROWS({.asks = asks, .status = 404}, {.asks = "PAUSE 800ms"},
                                  {.asks = asks, .status = 404}, {.asks = "PAUSE 1600ms"},
                                  {.asks = asks, .status = 404}, {.asks = "PAUSE 3200ms"},
                                  {.asks = asks, .status = 404}, {.asks = "PAUSE 6400ms"},
                                  {.asks = asks, .status = 404}, {.asks = "PAUSE 12.8s"},
                                  {.asks = asks, .status = 404})),
                 CHAIN_FAILED);
    expect_text(chain_why(chain),
                "managed identity from IMDS at http://127.0.0.1:8080: IMDS answered 404*");
    chain_destroy(chain);
}

Test(azure_credentials, a_machine_without_an_identity_leaves_it_to_the_cli)
{
    struct chain *chain = errands_chain("azure_chain", NO_ENVIRONMENT);
    cr_assert_eq(
        errands_run(
            chain, CHAIN_FROM_CACHE, NULL,
            ROWS({.asks = IMDS, .status = 400},
                 {.asks = IMDS QUESTION,
                  .status = 400,
                  .body = REDIAL_STR(
                      "{\"error\":\"invalid_request\",\"error_description\":\"Identity not "
                      "found\"}")},
                 {.asks = CLI,
                  .body = REDIAL_STR("{\"accessToken\":\"canary-token\",\"expiresOn\":\"2015-08-30 "
                                     "13:36:00.000000\",\"expires_on\":1440941760,\"tokenType\":"
                                     "\"Bearer\"}")})),
        CHAIN_READY);
    expect_token(chain, IN(3600));
    expect_text(chain_source(chain), "Azure CLI");
    chain_destroy(chain);
}

/* ---- The CLI, and nothing at all */

struct cli_case {
    char name[40], body[120], errors[120];
    int exit_status;
    bool missing;
    char failed[32], why[160];
};

ParameterizedTestParameters(azure_credentials, cli)
{
    static struct cli_case cases[] = {
        {"no az", "", "", 0, true, "", "*Azure CLI (az is not installed)"},
        {"no login", "", "ERROR: Please run 'az login' to setup account.", 1, false, "",
         "*Azure CLI (nobody is logged in: run `az login`)"},
        {"trouble", "", "canary: eyJhbGciOiJub25lIn0.eyJleHAiOjd9.x is bad", 2, false, "",
         "*Azure CLI (az ended with exit status 2: \"canary: [redacted] is bad\")"},
        {"a hang", "", "", 0, false, "timed out after 30 s",
         "*Azure CLI (az did not answer: timed out after 30 s)"},
        {"no JSON", "WARNING: x", "", 0, false, "",
         "Azure CLI: az printed something that is no JSON: \"WARNING: x\" [looked*"},
        {"an expired token", "{\"accessToken\":\"canary-token\",\"expires_on\":7}", "", 0, false,
         "", "Azure CLI: az gave a token that has expired already*"},
    };
    return cr_make_param_array(struct cli_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct cli_case *c, azure_credentials, cli)
{
    struct chain *chain =
        errands_chain("azure_chain", ENVIRONMENT({"AZURE_TOKEN_CREDENTIALS", "DEV"}));
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL,
                             ROWS({.asks = CLI,
                                   .body = str_of(c->body),
                                   .errors = c->errors,
                                   .exit_status = c->exit_status,
                                   .missing = c->missing,
                                   .failed = c->failed[0] ? c->failed : NULL})),
                 CHAIN_FAILED, "%s", c->name);
    expect_text(chain_why(chain), c->why);
    errands_expect_secret_kept(chain, "canary-token");
    chain_destroy(chain);
}

Test(azure_credentials, nothing_at_all_says_where_it_looked_and_what_is_half_there)
{
    struct chain *chain =
        errands_chain("foundry_api_key azure_chain",
                      ENVIRONMENT({"AZURE_CLIENT_SECRET", "canary"}, {"AZURE_CLIENT_ID", "x"},
                                  {"AZURE_TOKEN_CREDENTIALS", "prod"}));
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL,
                             ROWS({.asks = IMDS, .failed = "timed out after 1 s"})),
                 CHAIN_FAILED);
    expect_text(
        chain_why(chain),
        "no credential found; looked, in this order: ANTHROPIC_FOUNDRY_AUTH_TOKEN (it is not "
        "set); ANTHROPIC_FOUNDRY_API_KEY (it is not set); Azure environment "
        "(AZURE_CLIENT_SECRET is set, but AZURE_TENANT_ID is not); Azure workload identity "
        "(AZURE_FEDERATED_TOKEN_FILE is not set); managed identity from IMDS at 169.254.169.254 "
        "(IMDS did not answer: timed out after 1 s); Azure CLI (AZURE_TOKEN_CREDENTIALS is "
        "'prod')");
    errands_expect_secret_kept(chain, "canary");
    chain_destroy(chain);
}

Test(azure_credentials, every_failed_allocation_is_survived)
{
    char bytes[KEY_FILE_MAX];
    struct redial_str certificate = key_file("certified.p12", bytes);
    errands_torture("azure_chain", ENVIRONMENT(IDS, {"AZURE_CLIENT_CERTIFICATE_PATH", "/cert"}),
                    ROWS({.asks = "FILE /cert", .body = certificate, .mode = 0644},
                         {.asks = DISCOVERY, .body = DOCUMENT}, {.asks = "POST *", .body = TOKEN}));
    errands_torture(
        "azure_chain", NO_ENVIRONMENT,
        ROWS({.asks = IMDS, .status = 400}, {.asks = IMDS QUESTION, .body = IMDS_TOKEN}));
    errands_torture("azure_chain", ENVIRONMENT({"AZURE_TOKEN_CREDENTIALS", "dev"}),
                    ROWS({.asks = CLI,
                          .body = REDIAL_STR("{\"accessToken\":\"canary-token\",\"expires_on\":"
                                             "1440941760}")}));
}
