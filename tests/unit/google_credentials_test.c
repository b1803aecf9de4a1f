/* Google's chain: credential files of every type, the metadata server, and who names the project.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "base/base64.h"
#include "base/duration.h"
#include "tests/support/errands.h"
#include "tests/support/keys.h"

#define NAMED                                                                                      \
    {                                                                                              \
        "GOOGLE_APPLICATION_CREDENTIALS", "/key.json"                                              \
    }
#define NAMED_FILE "FILE /key.json"
#define WELL_KNOWN "FILE /home/a/.config/gcloud/application_default_credentials.json"
#define METADATA   "GET http://169.254.169.254/computeMetadata/v1/"
#define TOKEN_PATH                                                                                 \
    METADATA                                                                                       \
    "instance/service-accounts/default/token?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%"      \
    "2Fcloud-platform"
#define FLAVOR                                                                                     \
    {                                                                                              \
        {                                                                                          \
            REDIAL_STR_INIT("Metadata-Flavor"), REDIAL_STR_INIT("Google")                          \
        }                                                                                          \
    }
#define IN(seconds) (ERRANDS_NOW + (seconds)*NS_PER_SECOND)
#define TOKEN                                                                                      \
    REDIAL_STR("{\"access_token\":\"ya29.canary\",\"expires_in\":3599,\"token_type\":\"Bearer\"}")
#define USER_FILE                                                                                  \
    REDIAL_STR("{\"type\":\"authorized_user\",\"client_id\":\"id-1\",\"client_secret\":"           \
               "\"canary-secret\",\"refresh_token\":\"1//canary-refresh\",\"quota_project_id\":"   \
               "\"quota-1\"}")
#define PLAIN_USER_FILE                                                                            \
    REDIAL_STR("{\"type\":\"authorized_user\",\"client_id\":\"id-1\",\"client_secret\":"           \
               "\"canary-secret\",\"refresh_token\":\"1//canary-refresh\"}")

#define ROWS(...)                                                                                  \
    (const struct errand_row[]){__VA_ARGS__},                                                      \
        sizeof((const struct errand_row[]){__VA_ARGS__}) / sizeof(struct errand_row)

static void expect_text(struct redial_str text, const char *glob)
{
    cr_expect(glob_match(str_of(glob), text), "'%.*s' is not like '%s'", REDIAL_STR_ARG(text),
              glob);
}

static void expect_token(const struct chain *chain, int64_t expires_at, const char *project)
{
    const struct credential *found = chain_credential(chain);
    cr_assert_not_null(found);
    cr_expect_eq(found->form, CREDENTIAL_BEARER);
    cr_expect(str_is(found->secret, "ya29.canary"), "%.*s", REDIAL_STR_ARG(found->secret));
    cr_expect(str_is(found->project, project), "%.*s", REDIAL_STR_ARG(found->project));
    cr_expect_eq(found->expires_at, expires_at);
    cr_expect(found->refreshable);
    errands_expect_secret_kept(chain, "canary");
}

/* A chain whose driver does not know the project. */
static struct chain *chain_without_project(const struct redial_env *environment)
{
    struct redial_str link = REDIAL_STR("google_adc"), why;
    return chain_new(&(struct chain_options){.links = &link,
                                             .link_count = 1,
                                             .environment = environment,
                                             .home = REDIAL_STR("/home/a"),
                                             .wants_project = true},
                     &why);
}

/* ---- A key of a service account */

static void write_key_file(struct text *out, const char *key)
{
    char bytes[KEY_FILE_MAX];
    text_append(out, REDIAL_STR("{\"type\":\"service_account\",\"project_id\":\"project-1\","
                                "\"client_email\":\"a@project-1.iam.gserviceaccount.com\","
                                "\"token_uri\":\"https://oauth2.googleapis.com/token\","
                                "\"private_key\":"));
    text_append_json(out, key_file(key, bytes));
    text_append_char(out, '}');
}

/* The value of a form's field, where no '&' is encoded. */
static struct redial_str field(struct redial_str form, const char *name)
{
    size_t at = str_find(form, str_of(name));
    cr_assert_neq(at, SIZE_MAX, "%s", name);
    struct redial_str rest = str_skip(form, at + str_of(name).len), value;
    cr_assert(str_split(&rest, '&', &value));
    return value;
}

static void expect_assertion(struct redial_str assertion)
{
    struct redial_str rest = assertion, header, claims;
    struct text decoded = TEXT_INIT, signature = TEXT_INIT;
    cr_assert(str_split(&rest, '.', &header) && str_split(&rest, '.', &claims));
    cr_assert(base64url_decode(header, &decoded) && base64url_decode(claims, &decoded));
    cr_expect(str_is(text_str(&decoded),
                     "{\"alg\":\"RS256\"}"
                     "{\"iss\":\"a@project-1.iam.gserviceaccount.com\","
                     "\"scope\":\"https://www.googleapis.com/auth/cloud-platform\","
                     "\"aud\":\"https://oauth2.googleapis.com/token\","
                     "\"exp\":1440941760,\"iat\":1440938160}"),
              "%s", decoded.ptr);
    cr_assert(base64url_decode(rest, &signature));
    cr_expect(key_verifies(str_take(assertion, header.len + 1 + claims.len), text_str(&signature)));
    text_clean_up(&decoded);
    text_clean_up(&signature);
}

Test(google_credentials, a_key_signs_an_assertion_that_openssl_accepts)
{
    struct text file = TEXT_INIT;
    write_key_file(&file, "rsa.pem");
    struct chain *chain = errands_chain("google_adc", ENVIRONMENT(NAMED));
    cr_assert_eq(chain_begin(chain, ERRANDS_NOW, CHAIN_FROM_CACHE), CHAIN_ASKS);
    cr_assert_eq(chain_answer(chain, &(struct errand_answer){.body = text_str(&file), .mode = 0600},
                              ERRANDS_NOW),
                 CHAIN_ASKS);
    const struct http_request *request = &chain_errand(chain)->request;
    cr_expect(str_is(request->url, "https://oauth2.googleapis.com/token"));
    cr_expect(str_starts_with(
        request->pieces[0],
        REDIAL_STR("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=")));
    expect_assertion(field(request->pieces[0], "assertion="));
    cr_assert_eq(chain_answer(chain, &(struct errand_answer){.status = 200, .body = TOKEN}, IN(1)),
                 CHAIN_READY);
    expect_token(chain, IN(3600), "project-1");
    expect_text(chain_source(chain),
                "service account a@project-1.iam.gserviceaccount.com of /key.json");
    cr_expect_eq(chain_age(chain, IN(3299)), CHAIN_GOOD);
    cr_expect_eq(chain_age(chain, IN(3301)), CHAIN_STALE);
    chain_destroy(chain);
    text_clean_up(&file);
}

struct key_case {
    char name[48], key[24], why[160];
    uint16_t status;
    char reply[200];
};

ParameterizedTestParameters(google_credentials, bad_keys)
{
    static struct key_case cases[] = {
        {"cut off", "rsa-cut-off.pem", "the private_key of /key.json is cut off:*", 0, ""},
        {"another kind of key", "ec.pem", "*holds a key that is no RSA key*", 0, ""},
        {"locked", "rsa-locked.pem", "*is protected by a password; store it without one", 0, ""},
        {"no key", "README.md", "*is no PEM: no line of it says BEGIN PRIVATE KEY", 0, ""},
        {"a clock that is wrong", "rsa.pem",
         "Google's token server answered 400 invalid_grant: Invalid JWT: iat*; is the clock of "
         "this "
         "machine right, and the key still there?",
         400,
         "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid JWT: iat is in the "
         "future\"}"},
        {"a page", "rsa.pem", "*answered 200 with HTML, not JSON: *", 200, "<html>"},
        {"nothing", "rsa.pem", "*answered 200 with an empty body", 200, ""},
    };
    return cr_make_param_array(struct key_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct key_case *c, google_credentials, bad_keys)
{
    struct text file = TEXT_INIT;
    char glob[256];
    write_key_file(&file, c->key);
    snprintf(glob, sizeof glob, "service account a@*: %s", c->why);
    const struct errand_row rows[] = {
        {.asks = NAMED_FILE, .body = text_str(&file)},
        {.asks = "POST https://oauth2.googleapis.com/token",
         .status = c->status,
         .body = str_of(c->reply)},
    };
    struct chain *chain = errands_chain("google_adc", ENVIRONMENT(NAMED));
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, rows, c->status ? 2 : 1), CHAIN_FAILED,
                 "%s", c->name);
    expect_text(chain_why(chain), glob);
    errands_expect_secret_kept(chain, "MII");
    errands_expect_secret_kept(chain, "BEGIN RSA");
    chain_destroy(chain);
    text_clean_up(&file);
}

Test(google_credentials, a_slow_token_server_is_named_with_the_time_it_had)
{
    struct chain *chain = errands_chain("google_adc", NO_ENVIRONMENT);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL,
                             ROWS({.asks = WELL_KNOWN, .body = USER_FILE},
                                  {.asks = "POST *", .failed = "timed out after 10 s"})),
                 CHAIN_FAILED);
    expect_text(chain_why(chain),
                "login in /home/a/.config/*: Google's token server did not answer: "
                "timed out after 10 s [looked before it, in this order: "
                "GOOGLE_APPLICATION_CREDENTIALS (it is not set)]");
    chain_destroy(chain);
}

/* ---- A person's login */

Test(google_credentials, a_login_buys_a_token_and_a_tired_server_is_asked_again)
{
    struct chain *chain = errands_chain("google_adc", NO_ENVIRONMENT);
    cr_assert_eq(
        errands_run(
            chain, CHAIN_FROM_CACHE, NULL,
            ROWS({.asks = WELL_KNOWN, .body = USER_FILE},
                 {.asks = "POST https://oauth2.googleapis.com/token", .status = 503},
                 {.asks = "PAUSE 500ms"},
                 {.asks = "POST https://oauth2.googleapis.com/token",
                  .body = TOKEN,
                  .sends = {"content-type: application/x-www-form-urlencoded",
                            "grant_type=refresh_token&refresh_token=1%2F%2Fcanary-refresh&client_"
                            "id=id-1&client_secret=canary-secret"}})),
        CHAIN_READY);
    expect_token(chain, IN(3599) + 500 * NS_PER_MS, "");
    cr_expect(str_is(chain_credential(chain)->quota_project, "quota-1"));
    chain_destroy(chain);
}

Test(google_credentials, a_login_that_is_over_says_what_to_run)
{
    struct chain *chain = errands_chain("google_adc", ENVIRONMENT({"CLOUDSDK_CONFIG", "/gcloud"}));
    cr_assert_eq(
        errands_run(
            chain, CHAIN_FROM_CACHE, NULL,
            ROWS({.asks = "FILE /gcloud/application_default_credentials.json", .body = USER_FILE},
                 {.asks = "POST *",
                  .status = 400,
                  .body = REDIAL_STR("{\"error\":\"invalid_grant\",\"error_description\":\"reauth "
                                     "related error (invalid_rapt)\"}")})),
        CHAIN_FAILED);
    expect_text(chain_why(chain),
                "*answered 400 invalid_grant: reauth related error (invalid_rapt); run "
                "`gcloud auth application-default login`*");
    chain_destroy(chain);
}

/* ---- Impersonation */

Test(google_credentials, a_login_may_act_as_a_service_account)
{
    struct chain *chain = errands_chain("google_adc", ENVIRONMENT(NAMED));
    const char *url = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
                      "b@p.iam.gserviceaccount.com:generateAccessToken";
    char asks[160], file[600];
    snprintf(asks, sizeof asks, "POST %s", url);
    snprintf(
        file, sizeof file,
        "{\"type\":\"impersonated_service_account\",\"service_account_impersonation_url\":\"%s\","
        "\"delegates\":[\"c@p\",\"d@p\"],\"quota_project_id\":\"quota-2\",\"source_credentials\":{"
        "\"type\":\"authorized_user\",\"client_id\":\"id-1\",\"client_secret\":\"canary-s\","
        "\"quota_project_id\":\"quota-1\",\"refresh_token\":\"canary-r\"}}",
        url);
    cr_assert_eq(
        errands_run(
            chain, CHAIN_FROM_CACHE, NULL,
            ROWS({.asks = NAMED_FILE, .body = str_of(file)},
                 {.asks = "POST https://oauth2.googleapis.com/token",
                  .body = REDIAL_STR("{\"access_token\":\"canary-1\",\"expires_in\":3599}")},
                 {.asks = asks,
                  .body = REDIAL_STR("{\"accessToken\":\"ya29.canary\",\"expireTime\":"
                                     "\"2015-08-30T13:36:00Z\"}"),
                  .sends = {"authorization: Bearer canary-1",
                            "{\"delegates\":[\"c@p\",\"d@p\"],\"scope\":[\"https://www."
                            "googleapis.com/auth/cloud-platform\"],\"lifetime\":\"3600s\"}"}})),
        CHAIN_READY);
    expect_token(chain, IN(3600), "");
    cr_expect(str_is(chain_credential(chain)->quota_project, "quota-2"));
    chain_destroy(chain);
}

/* ---- External accounts */

#define EXTERNAL(source)                                                                           \
    "{\"type\":\"external_account\",\"audience\":\"//iam.googleapis.com/"                          \
    "x\",\"subject_token_type\":"                                                                  \
    "\"urn:ietf:params:oauth:token-type:jwt\",\"token_url\":\"https://sts.googleapis.com/v1/"      \
    "token\","                                                                                     \
    "\"credential_source\":" source "}"

Test(google_credentials, another_clouds_token_is_exchanged)
{
    struct chain *chain = errands_chain("google_adc", ENVIRONMENT(NAMED));
    cr_assert_eq(
        errands_run(
            chain, CHAIN_FROM_CACHE, NULL,
            ROWS({.asks = NAMED_FILE, .body = REDIAL_STR(EXTERNAL("{\"file\":\"/run/token\"}"))},
                 {.asks = "FILE /run/token", .body = REDIAL_STR("canary-subject\n")},
                 {.asks = "POST https://sts.googleapis.com/v1/token",
                  .body = TOKEN,
                  .sends =
                      {"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&"
                       "audience=%2F%2Fiam.googleapis.com%2Fx&scope=https%3A%2F%2Fwww.googleapis."
                       "com%2Fauth%2Fcloud-platform&requested_token_type=urn%3Aietf%3Aparams%"
                       "3Aoauth%3Atoken-type%3Aaccess_token&subject_token=canary-subject&subject_"
                       "token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt"}})),
        CHAIN_READY);
    expect_token(chain, IN(3599), "");
    chain_destroy(chain);
}

Test(google_credentials, another_clouds_token_may_come_from_a_url_as_json)
{
    struct chain *chain = errands_chain("google_adc", ENVIRONMENT(NAMED));
    cr_assert_eq(
        errands_run(
            chain, CHAIN_FROM_CACHE, NULL,
            ROWS(
                {.asks = NAMED_FILE,
                 .body = REDIAL_STR(EXTERNAL("{\"url\":\"http://169.254.169.254/id\",\"headers\":{"
                                             "\"Metadata\":\"true\"},\"format\":{\"type\":\"json\","
                                             "\"subject_token_field_name\":\"access_token\"}}"))},
                {.asks = "GET http://169.254.169.254/id",
                 .body = REDIAL_STR("{\"access_token\":\"canary-subject\"}"),
                 .sends = {"metadata: true"}},
                {.asks = "POST *", .body = TOKEN, .sends = {"*&subject_token=canary-subject&*"}})),
        CHAIN_READY);
    chain_destroy(chain);
}

#define AWS_SOURCE                                                                                 \
    "\"environment_id\":\"aws1\",\"regional_cred_verification_url\":\"https://sts.{region}."       \
    "amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15\""
#define AWS_METADATA "http://169.254.169.254/latest/meta-data/"
#define AWS_FILE                                                                                   \
    EXTERNAL("{" AWS_SOURCE ",\"region_url\":\"" AWS_METADATA                                      \
             "placement/availability-zone\",\"url\":\"" AWS_METADATA                               \
             "iam/security-credentials\",\"imdsv2_session_token_url\":\"http://169.254.169.254/"   \
             "latest/api/token\"}")
#define AWS_SESSION                                                                                \
    {                                                                                              \
        "x-aws-ec2-metadata-token: canary-session"                                                 \
    }

static const struct redial_str aws_file = REDIAL_STR_INIT(AWS_FILE);

Test(google_credentials, the_identity_of_an_instance_of_aws_is_a_signed_request)
{
    struct chain *chain = errands_chain("google_adc", ENVIRONMENT(NAMED));
    cr_assert_eq(
        errands_run(
            chain, CHAIN_FROM_CACHE, NULL,
            ROWS({.asks = NAMED_FILE, .body = aws_file},
                 {.asks = "PUT http://169.254.169.254/latest/api/token",
                  .body = REDIAL_STR("canary-session"),
                  .sends = {"x-aws-ec2-metadata-token-ttl-seconds: 300"}},
                 {.asks = "GET " AWS_METADATA "placement/availability-zone",
                  .body = REDIAL_STR("eu-west-1b\n"),
                  .sends = AWS_SESSION},
                 {.asks = "GET " AWS_METADATA "iam/security-credentials",
                  .body = REDIAL_STR("a-role"),
                  .sends = AWS_SESSION},
                 {.asks = "GET " AWS_METADATA "iam/security-credentials/a-role",
                  .body = REDIAL_STR("{\"AccessKeyId\":\"ASIAX\",\"SecretAccessKey\":"
                                     "\"canary-secret\",\"Token\":\"canary-token\"}"),
                  .sends = AWS_SESSION},
                 {.asks = "POST https://sts.googleapis.com/v1/token",
                  .body = TOKEN,
                  .sends = {"*&subject_token=%257B%2522url%2522%253A%2522https%253A%252F%252Fsts."
                            "eu-west-1.amazonaws.com%253FAction*x-goog-cloud-target-resource*"
                            "eu-west-1%252Fsts%252Faws4_request*"}})),
        CHAIN_READY, "%.*s", REDIAL_STR_ARG(chain_why(chain)));
    expect_token(chain, IN(3599), "");
    chain_destroy(chain);
}

Test(google_credentials, keys_and_region_of_the_environment_come_before_the_instances)
{
    struct chain *chain =
        errands_chain("google_adc", ENVIRONMENT(NAMED, {"AWS_DEFAULT_REGION", "us-east-2"},
                                                {"AWS_ACCESS_KEY_ID", "AKIAX"},
                                                {"AWS_SECRET_ACCESS_KEY", "canary-secret"}));
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL,
                             ROWS({.asks = NAMED_FILE, .body = aws_file},
                                  {.asks = "POST *",
                                   .body = TOKEN,
                                   .sends = {"*AKIAX%252F20*%252Fus-east-2%252Fsts%252Faws4*"}})),
                 CHAIN_READY, "%.*s", REDIAL_STR_ARG(chain_why(chain)));
    chain_destroy(chain);
}

Test(google_credentials, an_identity_of_aws_says_what_is_missing)
{
    struct chain *chain = errands_chain("google_adc", ENVIRONMENT(NAMED));
    cr_expect_eq(
        errands_run(chain, CHAIN_FROM_CACHE, NULL,
                    ROWS({.asks = NAMED_FILE, .body = REDIAL_STR(EXTERNAL("{" AWS_SOURCE "}"))})),
        CHAIN_FAILED);
    expect_text(chain_why(chain), "*no region of AWS is known: set AWS_REGION*");
    cr_expect_eq(
        errands_run(chain, CHAIN_ANEW, NULL,
                    ROWS({.asks = NAMED_FILE, .body = aws_file}, {.asks = "PUT *", .status = 403})),
        CHAIN_FAILED);
    expect_text(chain_why(chain), "*AWS's metadata service, asked for a session: HTTP 403*");
    chain_destroy(chain);
}

Test(google_credentials, another_providers_login_is_renewed_with_its_client)
{
    struct chain *chain = errands_chain("google_adc", ENVIRONMENT(NAMED));
    struct redial_str file =
        REDIAL_STR("{\"type\":\"external_account_authorized_user\",\"client_id\":\"id\","
                   "\"client_secret\":\"canary\",\"refresh_token\":\"canary-1\"}");
    int64_t now = ERRANDS_NOW;
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(
            errands_run(
                chain, i ? CHAIN_ANEW : CHAIN_FROM_CACHE, &now,
                ROWS({.asks = NAMED_FILE, .body = file},
                     {.asks = "POST https://sts.googleapis.com/v1/oauthtoken",
                      .body = REDIAL_STR("{\"access_token\":\"ya29.canary\",\"expires_in\":60,"
                                         "\"refresh_token\":\"canary-2\"}"),
                      .sends = {"authorization: Basic aWQ6Y2FuYXJ5",
                                i ? "grant_type=refresh_token&refresh_token=canary-2"
                                  : "grant_type=refresh_token&refresh_token=canary-1"}})),
            CHAIN_READY);
    }
    chain_destroy(chain);
}

/* ---- Files that are wrong */

struct file_case {
    char name[48], file[400], why[200];
};

ParameterizedTestParameters(google_credentials, bad_files)
{
    static struct file_case cases[] = {
        {"no JSON", "{", "the credential file /key.json is no JSON"},
        {"no object", "[]", "the credential file /key.json holds JSON that is no object"},
        {"nothing", "", "the credential file /key.json is empty"},
        {"no type", "{}", "* has no \"type\""},
        {"a slip", "{\"type\":\"service_acount\"}",
         "* is of the unknown type 'service_acount'; did you mean 'service_account'?"},
        {"an unknown type", "{\"type\":\"x\"}", "*'x': expected service_account, *"},
        {"Distributed Cloud", "{\"type\":\"gdch_service_account\"}", "*Google Distributed Cloud*"},
        {"an OAuth client", "{\"installed\":{\"client_id\":\"x\"}}",
         "*an OAuth client, not a credential: run `gcloud auth application-default login`"},
        {"no email", "{\"type\":\"service_account\",\"private_key\":\"canary\"}",
         "*has no \"client_email\""},
        {"no secret", "{\"type\":\"authorized_user\",\"client_id\":\"x\"}",
         "*has no \"client_secret\""},
        {"no audience", "{\"type\":\"external_account\"}", "*has no \"audience\""},
        {"no source", EXTERNAL("{}"), "*neither \"credential_source.file\" nor*"},
        {"AWS of tomorrow", EXTERNAL("{\"environment_id\":\"aws2\"}"), "*other than \"aws1\"*"},
        {"AWS without its URL", EXTERNAL("{\"environment_id\":\"aws1\"}"),
         "*no \"credential_source.regional_cred_verification_url\""},
        {"a program", EXTERNAL("{\"executable\":{\"command\":\"x\"}}"),
         "*a program*not supported*"},
        {"nothing to impersonate by",
         "{\"type\":\"impersonated_service_account\",\"service_account_impersonation_url\":\"https:"
         "//x\"}",
         "*has no \"source_credentials\""},
        {"impersonation twice",
         "{\"type\":\"impersonated_service_account\",\"service_account_impersonation_url\":\"https:"
         "//x\","
         "\"source_credentials\":{\"type\":\"impersonated_service_account\"}}",
         "*impersonates again*"},
        {"a token server without encryption",
         "{\"type\":\"authorized_user\",\"client_id\":\"x\",\"client_secret\":\"canary\",\"refresh_"
         "token\":"
         "\"canary\",\"token_uri\":\"http://evil.example.com/token\"}",
         "plain http to evil.example.com is refused*"},
    };
    return cr_make_param_array(struct file_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct file_case *c, google_credentials, bad_files)
{
    struct chain *chain = errands_chain("google_adc", ENVIRONMENT(NAMED));
    char glob[256];
    snprintf(glob, sizeof glob, "*: %s", c->why);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL,
                             ROWS({.asks = NAMED_FILE, .body = str_of(c->file)})),
                 CHAIN_FAILED, "%s", c->name);
    expect_text(chain_why(chain), glob);
    errands_expect_secret_kept(chain, "canary");
    chain_destroy(chain);
}

Test(google_credentials, a_named_file_must_exist)
{
    struct chain *chain = errands_chain("google_adc", ENVIRONMENT(NAMED));
    cr_assert_eq(
        errands_run(chain, CHAIN_FROM_CACHE, NULL, ROWS({.asks = NAMED_FILE, .missing = true})),
        CHAIN_FAILED);
    expect_text(chain_why(chain),
                "GOOGLE_APPLICATION_CREDENTIALS: the credential file /key.json does not "
                "exist");
    chain_destroy(chain);
}

/* ---- The metadata server */

Test(google_credentials, the_metadata_server_is_pinged_and_asked)
{
    struct chain *chain = chain_without_project(NO_ENVIRONMENT);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL,
                             ROWS({.asks = WELL_KNOWN, .missing = true},
                                  {.asks = METADATA "instance",
                                   .sends = {"metadata-flavor: Google"},
                                   .headers = FLAVOR},
                                  {.asks = TOKEN_PATH, .status = 503, .headers = FLAVOR},
                                  {.asks = "PAUSE 500ms"},
                                  {.asks = TOKEN_PATH, .body = TOKEN, .headers = FLAVOR},
                                  {.asks = METADATA "project/project-id",
                                   .body = REDIAL_STR("project-7\n"),
                                   .headers = FLAVOR})),
                 CHAIN_READY);
    expect_token(chain, IN(3599) + 500 * NS_PER_MS, "project-7");
    expect_text(chain_source(chain), "metadata server at 169.254.169.254");
    cr_expect_eq(chain_warnings(chain).len, 0);
    chain_destroy(chain);
}

Test(google_credentials, a_metadata_server_that_hangs_costs_three_seconds_and_a_word)
{
    struct chain *chain = errands_chain("google_adc", NO_ENVIRONMENT);
    cr_assert_eq(
        errands_run(
            chain, CHAIN_FROM_CACHE, NULL,
            ROWS({.asks = WELL_KNOWN, .missing = true},
                 {.asks = METADATA "instance", .failed = "timed out", .takes = 3 * NS_PER_SECOND})),
        CHAIN_FAILED);
    expect_text(
        chain_why(chain),
        "no credential found; looked, in this order: GOOGLE_APPLICATION_CREDENTIALS (it is not "
        "set); gcloud's credential file "
        "(/home/a/.config/gcloud/application_default_credentials.json does not exist); metadata "
        "server at 169.254.169.254 (it did not answer within 3s: timed out)");
    expect_text(chain_warnings(chain), "waited 3s for a metadata server that is not there: "
                                       "METADATA_SERVER_DETECTION=none skips it");
    chain_destroy(chain);
}

Test(google_credentials, somebody_else_at_that_address_is_passed_over)
{
    struct chain *chain = errands_chain("google_adc", NO_ENVIRONMENT);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL,
                             ROWS({.asks = WELL_KNOWN, .missing = true},
                                  {.asks = METADATA "instance",
                                   .status = 302,
                                   .body = REDIAL_STR("<html>Sign in to this network")})),
                 CHAIN_FAILED);
    expect_text(chain_why(chain), "*metadata server at 169.254.169.254 (what answers there is no "
                                  "metadata server (HTTP 302, no Metadata-Flavor: Google))");
    chain_destroy(chain);
}

Test(google_credentials, a_project_that_nobody_names_is_asked_for_once_and_warned_about)
{
    struct chain *chain = chain_without_project(NO_ENVIRONMENT);
    int64_t now = ERRANDS_NOW;
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, &now,
                             ROWS({.asks = WELL_KNOWN, .body = PLAIN_USER_FILE},
                                  {.asks = "POST *", .body = TOKEN},
                                  {.asks = METADATA "project/project-id",
                                   .failed = "timed out",
                                   .takes = 3 * NS_PER_SECOND})),
                 CHAIN_READY);
    expect_token(chain, IN(3599), "");
    expect_text(chain_warnings(chain),
                "no project is named, and the metadata server did not tell one (waited 3s): set "
                "ANTHROPIC_VERTEX_PROJECT_ID (or GOOGLE_CLOUD_PROJECT)");
    /* an hour later it is not asked again */
    now = IN(3600);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, &now,
                             ROWS({.asks = WELL_KNOWN, .body = PLAIN_USER_FILE},
                                  {.asks = "POST *", .body = TOKEN})),
                 CHAIN_READY);
    chain_destroy(chain);
}

Test(google_credentials, a_project_that_comes_slowly_is_warned_about_too)
{
    struct chain *chain = chain_without_project(ENVIRONMENT({"GCE_METADATA_TIMEOUT", "5"}));
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL,
                             ROWS({.asks = WELL_KNOWN, .body = PLAIN_USER_FILE},
                                  {.asks = "POST *", .body = TOKEN},
                                  {.asks = METADATA "project/project-id",
                                   .body = REDIAL_STR("project-7"),
                                   .headers = FLAVOR,
                                   .takes = 4 * NS_PER_SECOND})),
                 CHAIN_READY);
    expect_token(chain, IN(3599), "project-7");
    expect_text(chain_warnings(chain), "waited 4s for the metadata server to tell the project: set "
                                       "ANTHROPIC_VERTEX_PROJECT_ID (or GOOGLE_CLOUD_PROJECT)");
    chain_destroy(chain);
}

Test(google_credentials, the_project_of_the_quota_is_taken_before_anybody_is_asked)
{
    struct chain *chain = chain_without_project(NO_ENVIRONMENT);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL,
                             ROWS({.asks = WELL_KNOWN, .body = USER_FILE},
                                  {.asks = "POST *", .body = TOKEN})),
                 CHAIN_READY);
    expect_token(chain, IN(3599), "quota-1");
    chain_destroy(chain);
}

Test(google_credentials, without_detection_nobody_is_asked)
{
    struct redial_env environment[] = {{"METADATA_SERVER_DETECTION", "none"}, {NULL, NULL}};
    struct chain *chain = chain_without_project(environment);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL,
                             ROWS({.asks = WELL_KNOWN, .body = PLAIN_USER_FILE},
                                  {.asks = "POST *", .body = TOKEN})),
                 CHAIN_READY);
    expect_text(chain_warnings(chain),
                "no project is named, and METADATA_SERVER_DETECTION is none: set *");
    chain_destroy(chain);

    chain = errands_chain("google_adc", environment);
    cr_assert_eq(
        errands_run(chain, CHAIN_FROM_CACHE, NULL, ROWS({.asks = WELL_KNOWN, .missing = true})),
        CHAIN_FAILED);
    expect_text(chain_why(chain),
                "*metadata server at 169.254.169.254 (METADATA_SERVER_DETECTION is none)");
    chain_destroy(chain);
}

Test(google_credentials, detection_may_be_assumed_or_read_from_the_bios)
{
    struct redial_env environment[] = {{"METADATA_SERVER_DETECTION", "assume-present"},
                                       {"GCE_METADATA_HOST", "localhost:8080"},
                                       {NULL, NULL}};
    struct chain *chain = errands_chain("google_adc", environment);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL,
                             ROWS({.asks = WELL_KNOWN, .missing = true},
                                  {.asks = "GET http://localhost:8080/computeMetadata/v1/instance/"
                                           "service-accounts/default/token?*",
                                   .body = TOKEN,
                                   .headers = FLAVOR})),
                 CHAIN_READY);
    chain_destroy(chain);

    environment[0].value = "bios-only";
    chain = errands_chain("google_adc", environment);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL,
                             ROWS({.asks = WELL_KNOWN, .missing = true},
                                  {.asks = "FILE /sys/class/dmi/id/bios_vendor",
                                   .body = REDIAL_STR("SeaBIOS\n")})),
                 CHAIN_FAILED);
    expect_text(chain_why(chain), "*metadata server at localhost:8080 (the BIOS is not Google's)");
    chain_destroy(chain);

    environment[0].value = "always";
    chain = errands_chain("google_adc", environment);
    cr_assert_eq(
        errands_run(chain, CHAIN_FROM_CACHE, NULL, ROWS({.asks = WELL_KNOWN, .missing = true})),
        CHAIN_FAILED);
    expect_text(chain_why(chain),
                "*METADATA_SERVER_DETECTION is 'always'; expected assume-present, none, "
                "bios-only or ping-only*");
    chain_destroy(chain);
}

struct timeout_case {
    char setting[16];
    int64_t milliseconds;
    bool warned;
};

ParameterizedTestParameters(google_credentials, a_question_to_the_metadata_server_is_bounded)
{
    static struct timeout_case cases[] = {
        {"", 3000, false},  {"1", 1000, false},   {"500ms", 500, false}, {"0", 3000, true},
        {"-1", 3000, true}, {"soon", 3000, true}, {"601", 3000, true},   {"11m", 3000, true},
    };
    return cr_make_param_array(struct timeout_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct timeout_case *c, google_credentials,
                  a_question_to_the_metadata_server_is_bounded)
{
    struct redial_env environment[] = {{"GCE_METADATA_TIMEOUT", c->setting}, {NULL, NULL}};
    struct chain *chain = errands_chain("google_adc", environment);
    struct errand_answer missing = {.missing = true};
    cr_assert_eq(chain_begin(chain, ERRANDS_NOW, CHAIN_FROM_CACHE), CHAIN_ASKS);
    cr_assert_eq(chain_answer(chain, &missing, ERRANDS_NOW), CHAIN_ASKS);
    cr_expect(str_is(chain_errand(chain)->request.url,
                     "http://169.254.169.254/computeMetadata/v1/instance"));
    cr_expect_eq(chain_errand(chain)->timeout, c->milliseconds * NS_PER_MS, "%s", c->setting);
    cr_expect_eq(chain_warnings(chain).len > 0, c->warned, "%s", c->setting);
    chain_destroy(chain);
}

Test(google_credentials, a_key_that_everybody_can_read_is_warned_about)
{
    struct chain *chain = errands_chain("google_adc", ENVIRONMENT(NAMED));
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL,
                             ROWS({.asks = NAMED_FILE, .body = USER_FILE, .mode = 0644},
                                  {.asks = "POST *", .body = TOKEN})),
                 CHAIN_READY);
    expect_text(chain_warnings(chain),
                "/key.json can be read by everybody (mode 0644): run `chmod 600 /key.json`");
    chain_destroy(chain);
}

struct metadata_case {
    char name[48];
    uint16_t status;
    char body[80], why[120];
    bool flavored;
};

ParameterizedTestParameters(google_credentials, bad_metadata)
{
    static struct metadata_case cases[] = {
        {"somebody else", 200, "{\"access_token\":\"canary\",\"expires_in\":9}",
         "the answer has no Metadata-Flavor: Google*", false},
        {"no service account", 404, "", "no service account is attached to this machine", true},
        {"no JSON", 200, "canary",
         "the metadata server answered 200 with something that is no JSON*", true},
        {"refused", 403, "", "the metadata server answered 403", true},
    };
    return cr_make_param_array(struct metadata_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct metadata_case *c, google_credentials, bad_metadata)
{
    struct chain *chain =
        errands_chain("google_adc", ENVIRONMENT({"METADATA_SERVER_DETECTION", "assume-present"}));
    struct errand_row rows[] = {
        {.asks = WELL_KNOWN, .missing = true},
        {.asks = TOKEN_PATH, .status = c->status, .body = str_of(c->body), .headers = FLAVOR},
    };
    char glob[200];
    if (!c->flavored) rows[1].headers[0] = (struct redial_header){0};
    snprintf(glob, sizeof glob, "metadata server at 169.254.169.254: %s [looked*", c->why);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, rows, 2), CHAIN_FAILED, "%s", c->name);
    expect_text(chain_why(chain), glob);
    chain_destroy(chain);
}

Test(google_credentials, a_metadata_server_elsewhere_is_refused)
{
    struct chain *chain =
        errands_chain("google_adc", ENVIRONMENT({"GCE_METADATA_HOST", "metadata.example.com"}));
    cr_assert_eq(
        errands_run(chain, CHAIN_FROM_CACHE, NULL, ROWS({.asks = WELL_KNOWN, .missing = true})),
        CHAIN_FAILED);
    expect_text(chain_why(chain), "*plain http to metadata.example.com is refused*");
    chain_destroy(chain);
}

Test(google_credentials, every_failed_allocation_is_survived)
{
    struct text file = TEXT_INIT;
    write_key_file(&file, "rsa.pem");
    errands_torture("google_adc", ENVIRONMENT(NAMED),
                    ROWS({.asks = NAMED_FILE, .body = text_str(&file), .mode = 0644},
                         {.asks = "POST *", .body = TOKEN}));
    errands_torture("google_adc", NO_ENVIRONMENT,
                    ROWS({.asks = WELL_KNOWN, .missing = true},
                         {.asks = METADATA "instance", .headers = FLAVOR},
                         {.asks = TOKEN_PATH, .body = TOKEN, .headers = FLAVOR}));
    errands_torture(
        "google_adc", ENVIRONMENT(NAMED),
        ROWS({.asks = NAMED_FILE,
              .body = REDIAL_STR(EXTERNAL("{\"file\":\"/run/token\",\"format\":{\"type\":"
                                          "\"json\",\"subject_token_field_name\":\"t\"}}"))},
             {.asks = "FILE /run/token", .body = REDIAL_STR("{\"t\":\"canary\"}")},
             {.asks = "POST *", .body = TOKEN}));
    text_clean_up(&file);
}
