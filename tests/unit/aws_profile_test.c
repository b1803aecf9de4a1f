/* AWS's default chain from the environment and the shared files: what is found, what is asked on
 * the way, and what is said when it is wrong. Every secret here holds "canary". */
#include <criterion/criterion.h>

#include "base/duration.h"
#include "tests/support/errands.h"

#define CREDENTIALS            "/home/a/.aws/credentials"
#define CONFIG                 "/home/a/.aws/config"
#define CREDENTIALS_HOLD(text) FILE_HOLDS(CREDENTIALS, text)
#define CONFIG_HOLDS(text)     FILE_HOLDS(CONFIG, text)
#define KEYS                                                                                       \
    "aws_access_key_id = AKIDBASE\naws_secret_access_key = canary-base\nregion = eu-west-1\n"
#define DEV     ENVIRONMENT({"AWS_PROFILE", "dev"})
#define IN_2015 "2015-08-30T13:36:00Z"
#define GONE    "2015-08-30T12:35:59Z"
#define NO_MACHINE                                                                                 \
    {                                                                                              \
        "AWS_EC2_METADATA_DISABLED", "true"                                                        \
    }

#define STS_KEYS(action)                                                                           \
    "<" action "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" action "Result>"   \
    "<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>canary/role"                 \
    "</SecretAccessKey><SessionToken>canary+token</SessionToken><Expiration>" IN_2015              \
    "</Expiration></Credentials></" action "Result></" action "Response>"
#define STS_ERROR(code, message)                                                                   \
    "<ErrorResponse><Error><Type>Sender</Type><Code>" code "</Code><Message>" message              \
    "</Message></Error><RequestId>1</RequestId></ErrorResponse>"

static void expect_text(struct redial_str text, const char *glob)
{
    cr_expect(glob_match(str_of(glob), text), "'%.*s' is not like '%s'", REDIAL_STR_ARG(text),
              glob);
}

/* The chain found a key with this ID and secret, from this source. */
static void expect_found(const struct redial_env *environment, const struct errand_row *rows,
                         size_t count, const char *id, const char *secret, const char *source)
{
    struct chain *chain = errands_chain("aws_chain", environment);
    enum chain_state state = errands_run(chain, CHAIN_FROM_CACHE, NULL, rows, count);
    cr_assert_eq(state, CHAIN_READY, "%.*s", REDIAL_STR_ARG(chain_why(chain)));
    const struct credential *found = chain_credential(chain);
    cr_expect_eq(found->form, CREDENTIAL_AWS);
    cr_expect(str_is(found->access_key_id, id), "%.*s", REDIAL_STR_ARG(found->access_key_id));
    cr_expect(str_is(found->secret, secret));
    expect_text(found->source, source);
    errands_expect_secret_kept(chain, "canary");
    chain_destroy(chain);
}

static void expect_failed(const struct redial_env *environment, const struct errand_row *rows,
                          size_t count, const char *why)
{
    struct chain *chain = errands_chain("aws_chain", environment);
    enum chain_state state = errands_run(chain, CHAIN_FROM_CACHE, NULL, rows, count);
    cr_assert_eq(state, CHAIN_FAILED);
    expect_text(chain_why(chain), why);
    errands_expect_secret_kept(chain, "canary");
    chain_destroy(chain);
}

/* ---- The environment ---- */

Test(aws_profile, bearer_token_is_a_link_of_its_own)
{
    struct chain *chain =
        errands_chain("aws_bearer aws_chain", ENVIRONMENT({"AWS_BEARER_TOKEN_BEDROCK", "canary"}));
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, NULL, 0), CHAIN_READY);
    cr_expect_eq(chain_credential(chain)->form, CREDENTIAL_BEARER);
    cr_expect(str_is(chain_credential(chain)->source, "AWS_BEARER_TOKEN_BEDROCK"));
    chain_destroy(chain);
}

Test(aws_profile, keys_of_the_environment_come_first_and_warn_of_a_profile)
{
    struct chain *chain = errands_chain(
        "aws_chain",
        ENVIRONMENT({"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "canary-env"},
                    {"AWS_SESSION_TOKEN", "canary-session"}, {"AWS_PROFILE", "dev"}));
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, NULL, 0), CHAIN_READY);
    cr_expect(str_is(chain_credential(chain)->session_token, "canary-session"));
    expect_text(chain_warnings(chain), "AWS_PROFILE is set, but the keys in AWS_ACCESS_KEY_ID*");
    errands_expect_secret_kept(chain, "canary");
    chain_destroy(chain);
}

Test(aws_profile, nothing_anywhere_says_where_it_looked_in_order)
{
    expect_failed(ENVIRONMENT({"AWS_SECRET_ACCESS_KEY", "canary-env"}, NO_MACHINE),
                  ERRANDS(NO_FILE(CREDENTIALS), NO_FILE(CONFIG)),
                  "no credential found; looked, in this order: environment keys "
                  "(AWS_SECRET_ACCESS_KEY is set, "
                  "but AWS_ACCESS_KEY_ID is not); AWS profile (there is no profile 'default' in "
                  "~/.aws/credentials (does not exist) or ~/.aws/config (does not exist)); web "
                  "identity token "
                  "(AWS_WEB_IDENTITY_TOKEN_FILE is not set); container credentials (neither "
                  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI "
                  "is set); EC2 "
                  "instance metadata (AWS_EC2_METADATA_DISABLED is set)");
}

/* ---- Keys in files ---- */

Test(aws_profile, keys_of_the_credentials_file_come_before_those_of_the_config_file)
{
    expect_found(NO_ENVIRONMENT,
                 ERRANDS(CREDENTIALS_HOLD("[default]\n" KEYS),
                         CONFIG_HOLDS("[default]\naws_access_key_id = NOT\n")),
                 "AKIDBASE", "canary-base", "AWS profile 'default'");
}

Test(aws_profile, profile_and_paths_are_those_of_the_environment)
{
    expect_found(
        ENVIRONMENT({"AWS_PROFILE", "my team"}, {"AWS_CONFIG_FILE", "~/c"},
                    {"AWS_SHARED_CREDENTIALS_FILE", "/etc/aws"}),
        ERRANDS(NO_FILE("/etc/aws"), FILE_HOLDS("/home/a/c", "[profile \"my team\"]\n" KEYS)),
        "AKIDBASE", "canary-base", "AWS profile 'my team'");
}

Test(aws_profile, carries_the_region_of_the_profile)
{
    struct chain *chain = errands_chain("aws_chain", NO_ENVIRONMENT);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL,
                             ERRANDS(CREDENTIALS_HOLD("[default]\n" KEYS), NO_FILE(CONFIG))),
                 CHAIN_READY);
    cr_expect(str_is(chain_credential(chain)->region, "eu-west-1"));
    chain_destroy(chain);
}

Test(aws_profile, missing_profile_is_said_with_the_one_that_was_meant)
{
    expect_failed(
        ENVIRONMENT({"AWS_PROFILE", "prdo"}),
        ERRANDS(CREDENTIALS_HOLD("[default]\n" KEYS), CONFIG_HOLDS("[profile prod]\nregion = x\n")),
        "*there is no profile 'prdo' in ~/.aws/credentials or ~/.aws/config; did you mean "
        "'prod'?*");
}

Test(aws_profile, faults_of_a_file_are_said_with_their_line)
{
    expect_failed(NO_ENVIRONMENT, ERRANDS(CREDENTIALS_HOLD("[default]\ncanary\n")),
                  "AWS profile: ~/.aws/credentials:2: expected 'name = value' or '[section]'*");
    expect_failed(
        NO_ENVIRONMENT,
        ERRANDS(NO_FILE(CREDENTIALS), {.asks = "FILE " CONFIG, .failed = "it is a directory"}),
        "AWS profile: ~/.aws/config: it is a directory*");
    expect_failed(NO_ENVIRONMENT,
                  ERRANDS(CREDENTIALS_HOLD("[default]\naws_access_key_id = A\n"), NO_FILE(CONFIG)),
                  "AWS profile 'default': it has an aws_access_key_id but no "
                  "aws_secret_access_key*");
}

/* ---- Roles ---- */

#define ASSUME CREDENTIALS_HOLD("[dev]\nrole_arn = r\nsource_profile = dev\n" KEYS), NO_FILE(CONFIG)
#define STS    "POST https://sts.eu-west-1.amazonaws.com/"

#define ROLE                                                                                       \
    "role_arn = arn:aws:iam::1:role/r\nexternal_id = ext/1\nrole_session_name = me\n"              \
    "duration_seconds = 900\nregion = eu-west-1\n"

Test(aws_profile, role_is_assumed_by_the_keys_of_its_source_profile)
{
    expect_found(
        DEV,
        ERRANDS(CREDENTIALS_HOLD("[base]\n" KEYS),
                CONFIG_HOLDS("[profile dev]\nsource_profile = base\n" ROLE),
                {.asks = "POST https://sts.eu-west-1.amazonaws.com/",
                 .body = REDIAL_STR(STS_KEYS("AssumeRole")),
                 .sends = {"Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%"
                           "3Arole%2Fr&RoleSessionName=me&DurationSeconds=900&ExternalId=ext%2F1",
                           "authorization: AWS4-HMAC-SHA256 "
                           "Credential=AKIDBASE/20150830/eu-west-1/sts/aws4_request, "
                           "SignedHeaders=content-type;host;x-amz-date, Signature=*",
                           "x-amz-date: 20150830T123600Z",
                           "content-type: application/x-www-form-urlencoded; charset=utf-8"}}),
        "ASIAROLE", "canary/role", "role arn:aws:iam::1:role/r by AWS profile 'dev'");
}

Test(aws_profile, role_may_be_assumed_by_a_role)
{
    expect_found(DEV,
                 ERRANDS(NO_FILE(CREDENTIALS),
                         CONFIG_HOLDS("[profile dev]\nrole_arn = r1\nsource_profile = mid\n"
                                      "[profile mid]\nrole_arn = r2\nsource_profile = base\n"
                                      "[profile base]\n" KEYS),
                         {.asks = "POST https://sts.us-east-1.amazonaws.com/",
                          .body = REDIAL_STR(STS_KEYS("AssumeRole")),
                          .sends = {"*RoleArn=r2&*", "authorization: *Credential=AKIDBASE/*"}},
                         {.asks = "POST https://sts.us-east-1.amazonaws.com/",
                          .body = REDIAL_STR(STS_KEYS("AssumeRole")),
                          .sends = {"*RoleArn=r1&RoleSessionName=redial-1440938160000",
                                    "authorization: *Credential=ASIAROLE/*",
                                    "x-amz-security-token: canary+token"}}),
                 "ASIAROLE", "canary/role", "role r1 by AWS profile 'dev'");
}

Test(aws_profile, role_may_be_assumed_by_the_keys_of_its_own_profile)
{
    expect_found(DEV, ERRANDS(ASSUME, {.asks = STS, .body = REDIAL_STR(STS_KEYS("AssumeRole"))}),
                 "ASIAROLE", "canary/role", "role r by AWS profile 'dev'");
}

Test(aws_profile, keys_of_a_source_profile_come_before_its_role)
{
    expect_found(DEV,
                 ERRANDS(NO_FILE(CREDENTIALS),
                         CONFIG_HOLDS("[profile dev]\nrole_arn = r1\nsource_profile = mid\n"
                                      "[profile mid]\nrole_arn = r2\nsource_profile = x\n" KEYS),
                         {.asks = "POST *",
                          .body = REDIAL_STR(STS_KEYS("AssumeRole")),
                          .sends = {"*RoleArn=r1&*", "authorization: *Credential=AKIDBASE/*"}}),
                 "ASIAROLE", "canary/role", "role r1 by AWS profile 'dev'");
}

Test(aws_profile, region_that_could_name_another_host_is_not_used)
{
    expect_found(DEV,
                 ERRANDS(CREDENTIALS_HOLD("[dev]\nrole_arn = r\nsource_profile = dev\n" KEYS
                                          "region = evil.example/\n"),
                         NO_FILE(CONFIG),
                         {.asks = "POST https://sts.us-east-1.amazonaws.com/",
                          .body = REDIAL_STR(STS_KEYS("AssumeRole"))}),
                 "ASIAROLE", "canary/role", "role r by *");
    expect_failed(DEV,
                  ERRANDS(NO_FILE(CREDENTIALS),
                          CONFIG_HOLDS("[profile dev]\nsso_start_url = u\nsso_region = a.b/\n")),
                  "*it uses SSO but has no usable sso_region*");
}

Test(aws_profile, role_may_be_assumed_by_what_the_machine_has)
{
    expect_found(
        ENVIRONMENT({"AWS_PROFILE", "dev"}, {"AWS_ENDPOINT_URL_STS", "http://[::1]:9/"},
                    {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x"}),
        ERRANDS(NO_FILE(CREDENTIALS),
                CONFIG_HOLDS("[profile dev]\nrole_arn = r\ncredential_source = EcsContainer\n"),
                {.asks = "GET http://169.254.170.2/v2/x",
                 .body = REDIAL_STR("{\"AccessKeyId\":\"ASIAECS\",\"SecretAccessKey\":"
                                    "\"canary\",\"Token\":\"canary-t\",\"Expiration\":"
                                    "\"" IN_2015 "\"}")},
                {.asks = "POST http://[::1]:9/",
                 .body = REDIAL_STR(STS_KEYS("AssumeRole")),
                 .sends = {"authorization: *Credential=ASIAECS/*"}}),
        "ASIAROLE", "canary/role", "role r by AWS profile 'dev'");
}

Test(aws_profile, role_whose_source_leads_nowhere_says_why)
{
    static const struct {
        const char *config, *why;
    } rows[] = {
        {"source_profile = dev\n", "*circle: dev -> dev;*"},
        {"source_profile = b\n[profile b]\nrole_arn = r\nsource_profile = c\n[profile c]\nrole_arn "
         "= r\nsource_profile = b\n",
         "AWS profile 'c': source_profile goes in a circle: b -> c -> b; one of them needs keys*"},
        {"source_profile = bsae\n[profile base]\n" KEYS,
         "*no profile 'bsae'*did you mean 'base'?*"},
        {"source_profile = b\n[profile b]\nregion = x\n", "AWS profile 'b': it has no keys, role*"},
        {"", "*neither source_profile nor credential_source*"},
        {"source_profile = a\ncredential_source = Environment\n",
         "*both source_profile and credential_source*"},
        {"credential_source = Ec2\n", "*'Ec2' is unknown: expected Environment, Ec2Inst*"},
        {"credential_source = Environment\n", "*AWS_ACCESS_KEY_ID and *are not set*"},
        {"mfa_serial = x\nsource_profile = b\n", "*mfa_serial*nobody can type here*"},
        {"duration_seconds = 899\nsource_profile = b\n",
         "*duration_seconds is no number from 900*"},
    };
    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++) {
        struct text config = TEXT_INIT;
        text_printf(&config, "[profile dev]\nrole_arn = r\n%s", rows[i].config);
        expect_failed(
            DEV, ERRANDS(NO_FILE(CREDENTIALS), {.asks = "FILE " CONFIG, .body = text_str(&config)}),
            rows[i].why);
        text_clean_up(&config);
    }
}

/* ---- STS in trouble ---- */

#define PAUSE                                                                                      \
    {                                                                                              \
        .asks = "PAUSE 1s"                                                                         \
    }

Test(aws_profile, sts_refusal_shows_its_code_and_message)
{
    expect_failed(
        DEV,
        ERRANDS(ASSUME, {.asks = STS,
                         .status = 403,
                         .body = REDIAL_STR(
                             STS_ERROR("AccessDenied", "User &quot;x&quot; is not authorized"))}),
        "role r by AWS profile 'dev': STS for role r: HTTP 403 AccessDenied: \"User \"x\" "
        "is not authorized\"*");
}

Test(aws_profile, sts_is_asked_three_times_when_it_is_in_trouble)
{
    expect_failed(DEV,
                  ERRANDS(ASSUME, {.asks = STS, .failed = "timed out after 10s"}, PAUSE,
                          {.asks = STS, .status = 500}, PAUSE,
                          {.asks = STS, .status = 502, .body = REDIAL_STR("<html>Bad\ngateway")}),
                  "*STS for role r: HTTP 502: \"<html>Bad gateway\"*");
    expect_found(DEV,
                 ERRANDS(ASSUME, {.asks = STS, .status = 503}, PAUSE,
                         {.asks = STS, .body = REDIAL_STR(STS_KEYS("AssumeRole"))}),
                 "ASIAROLE", "canary/role", "role r by *");
}

Test(aws_profile, sts_answer_that_holds_no_keys_is_said_without_showing_it)
{
    static const struct {
        struct redial_str body;
        const char *why;
    } rows[] = {
        {REDIAL_STR_INIT(""), "*STS answered with nothing*"},
        {REDIAL_STR_INIT("<html><body>canary"), "*STS answered with no well-formed XML*"},
        {REDIAL_STR_INIT("<AssumeRoleResponse></AssumeRoleResponse>"),
         "*STS's answer lacks AccessKeyId*"},
        {REDIAL_STR_INIT(
             "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId>"
             "<SecretAccessKey>canary</SecretAccessKey><SessionToken>canary</SessionToken>"
             "<Expiration>" GONE "</Expiration></Credentials></AssumeRoleResult>"
             "</AssumeRoleResponse>"),
         "*what STS gave expired at " GONE ": is this machine's clock right?*"},
        {REDIAL_STR_INIT(
             "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId>"
             "<SecretAccessKey>canary</SecretAccessKey><SessionToken>canary</SessionToken>"
             "<Expiration>soon</Expiration></Credentials></AssumeRoleResult>"
             "</AssumeRoleResponse>"),
         "*Expiration, but it is no date*"},
    };
    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++)
        expect_failed(DEV, ERRANDS(ASSUME, {.asks = STS, .body = rows[i].body}), rows[i].why);
}

/* ---- Web identity ---- */

#define WEB_IDENTITY                                                                               \
    ENVIRONMENT({"AWS_WEB_IDENTITY_TOKEN_FILE", "/var/token"}, {"AWS_ROLE_ARN", "r"},              \
                {"AWS_REGION", "eu-north-1"}, NO_MACHINE)
#define NO_PROFILES NO_FILE(CREDENTIALS), NO_FILE(CONFIG)

Test(aws_profile, web_identity_of_the_environment_is_exchanged_unsigned)
{
    expect_found(WEB_IDENTITY,
                 ERRANDS(NO_PROFILES, FILE_HOLDS("/var/token", "canary.jwt\n"),
                         {.asks = "POST https://sts.us-east-1.amazonaws.com/",
                          .body = REDIAL_STR(STS_KEYS("AssumeRoleWithWebIdentity")),
                          .sends = {"Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=r&"
                                    "RoleSessionName=redial-1440938160000&WebIdentityToken=canary."
                                    "jwt"},
                          .withholds = {"authorization: *"}}),
                 "ASIAROLE", "canary/role", "role r by web identity token");
}

Test(aws_profile, web_identity_of_a_profile_is_exchanged)
{
    expect_found(
        DEV,
        ERRANDS(NO_FILE(CREDENTIALS),
                CONFIG_HOLDS("[profile dev]\nrole_arn = r\nweb_identity_token_file = ~/t\n"),
                FILE_HOLDS("/home/a/t", "canary"),
                {.asks = "POST https://sts.us-east-1.amazonaws.com/",
                 .body = REDIAL_STR(STS_KEYS("AssumeRoleWithWebIdentity"))}),
        "ASIAROLE", "canary/role", "role r by AWS profile 'dev'");
}

Test(aws_profile, web_identity_token_file_that_holds_none_is_named)
{
    expect_failed(WEB_IDENTITY, ERRANDS(NO_PROFILES, FILE_HOLDS("/var/token", " \n")),
                  "*token file '/var/token' is empty*");
    expect_failed(WEB_IDENTITY, ERRANDS(NO_PROFILES, NO_FILE("/var/token")),
                  "*token file '/var/token': it does not exist*");
    expect_failed(WEB_IDENTITY,
                  ERRANDS(NO_PROFILES, {.asks = "FILE /var/token", .failed = "it is a directory"}),
                  "*token file '/var/token': it is a directory*looked before it*AWS profile*");
}

Test(aws_profile, web_identity_waits_for_an_identity_provider_that_sts_cannot_reach)
{
    expect_failed(
        WEB_IDENTITY,
        ERRANDS(NO_PROFILES, FILE_HOLDS("/var/token", "canary"),
                {.asks = "POST *",
                 .status = 400,
                 .body = REDIAL_STR(STS_ERROR("IDPCommunicationError", "not reached"))},
                PAUSE,
                {.asks = "POST *",
                 .status = 400,
                 .body = REDIAL_STR(STS_ERROR("ExpiredTokenException", "Token expired"))}),
        "*HTTP 400 ExpiredTokenException: \"Token expired\"*");
}

Test(aws_profile, secret_that_a_server_says_back_is_cut_out)
{
    struct chain *chain = errands_chain("aws_chain", WEB_IDENTITY);
    cr_assert_eq(
        errands_run(chain, CHAIN_FROM_CACHE, NULL,
                    ERRANDS(NO_PROFILES, FILE_HOLDS("/var/token", "canary.jwt\n"),
                            {.asks = "POST *",
                             .status = 400,
                             .body = REDIAL_STR(STS_ERROR("InvalidIdentityToken",
                                                          "The token canary.jwt is not one"))})),
        CHAIN_FAILED);
    expect_text(chain_why(chain), "*InvalidIdentityToken: \"The token ?redacted? is not one\"*");
    errands_expect_secret_kept(chain, "canary");
    chain_destroy(chain);
}

/* ---- SSO ---- */

#define SESSION                                                                                    \
    CONFIG_HOLDS("[profile dev]\nsso_session = work\nsso_account_id = 1\nsso_role_name = R o\n"    \
                 "[sso-session work]\nsso_region = eu-west-1\nsso_start_url = https://s/start\n")
/* sha1("work") and sha1("https://s/start") */
#define WORK_CACHE  "/home/a/.aws/sso/cache/e274eeff768c6396088ec6eb091f4bf4d47ab1e0.json"
#define START_CACHE "/home/a/.aws/sso/cache/869aefe68f85005f21e35a608e4f96e9c677506e.json"
#define LOGGED_IN   "{\"accessToken\":\"canary-sso\",\"expiresAt\":\"" IN_2015 "\"}"
#define PORTAL                                                                                     \
    "GET https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?account_id=1&"          \
    "role_name=R%20o"
#define PORTAL_KEYS                                                                                \
    "{\"roleCredentials\":{\"accessKeyId\":\"ASIASSO\",\"secretAccessKey\":\"canary-s\","          \
    "\"sessionToken\":\"canary-t\",\"expiration\":1440941760000}}"

Test(aws_profile, sso_session_is_exchanged_for_keys)
{
    expect_found(DEV,
                 ERRANDS(NO_FILE(CREDENTIALS), SESSION, FILE_HOLDS(WORK_CACHE, LOGGED_IN),
                         {.asks = PORTAL,
                          .body = REDIAL_STR(PORTAL_KEYS),
                          .sends = {"x-amz-sso_bearer_token: canary-sso"}}),
                 "ASIASSO", "canary-s", "AWS profile 'dev'");
}

Test(aws_profile, sso_start_url_of_a_profile_is_known_too)
{
    expect_found(
        ENVIRONMENT({"AWS_PROFILE", "dev"}, {"AWS_ENDPOINT_URL", "http://localhost:1"}),
        ERRANDS(NO_FILE(CREDENTIALS),
                CONFIG_HOLDS("[profile dev]\nsso_start_url = https://s/start\nsso_account_id = 1\n"
                             "sso_role_name = R\nsso_region = eu-west-1\n"),
                FILE_HOLDS(START_CACHE, LOGGED_IN),
                {.asks = "GET http://localhost:1/federation/credentials?*",
                 .body = REDIAL_STR(PORTAL_KEYS)}),
        "ASIASSO", "canary-s", "AWS profile 'dev'");
}

Test(aws_profile, sso_that_needs_a_login_says_how)
{
    expect_failed(DEV, ERRANDS(NO_FILE(CREDENTIALS), SESSION, NO_FILE(WORK_CACHE)),
                  "*nobody is logged in to SSO: run `aws sso login --profile dev`*");
    expect_failed(DEV,
                  ERRANDS(NO_FILE(CREDENTIALS), SESSION,
                          FILE_HOLDS(WORK_CACHE, "{\"accessToken\":\"canary\",\"expiresAt\":"
                                                 "\"" GONE "\"}")),
                  "*the SSO session has expired: run `aws sso login --profile dev`*");
    expect_failed(DEV, ERRANDS(NO_FILE(CREDENTIALS), SESSION, FILE_HOLDS(WORK_CACHE, "canary")),
                  "*holds no accessToken with an expiresAt: run `aws sso login --profile dev`*");
    expect_failed(DEV,
                  ERRANDS(NO_FILE(CREDENTIALS), SESSION, FILE_HOLDS(WORK_CACHE, LOGGED_IN),
                          {.asks = PORTAL, .status = 401}),
                  "*not accepted any more: run `aws sso login --profile dev`*");
}

Test(aws_profile, sso_that_is_incomplete_or_refused_says_what)
{
    expect_failed(DEV,
                  ERRANDS(NO_FILE(CREDENTIALS), CONFIG_HOLDS("[profile dev]\nsso_session = w\n")),
                  "*sso_session 'w' has no section ?sso-session w? in ~/.aws/config*");
    expect_failed(DEV,
                  ERRANDS(NO_FILE(CREDENTIALS),
                          CONFIG_HOLDS("[profile dev]\nsso_start_url = u\nsso_region = r\n")),
                  "*it uses SSO but has no usable sso_account_id*");
    expect_failed(
        DEV,
        ERRANDS(NO_FILE(CREDENTIALS), SESSION, FILE_HOLDS(WORK_CACHE, LOGGED_IN),
                {.asks = PORTAL, .status = 403, .body = REDIAL_STR("{\"message\":\"No access\"}")}),
        "*the SSO portal: HTTP 403: \"No access\" (account 1, role 'R o')*");
    expect_failed(DEV,
                  ERRANDS(NO_FILE(CREDENTIALS), SESSION, FILE_HOLDS(WORK_CACHE, LOGGED_IN),
                          {.asks = PORTAL, .body = REDIAL_STR("<html>canary")}),
                  "*the SSO portal answered with HTML or XML*");
    expect_failed(DEV,
                  ERRANDS(NO_FILE(CREDENTIALS), SESSION, FILE_HOLDS(WORK_CACHE, LOGGED_IN),
                          {.asks = PORTAL, .body = REDIAL_STR("{}")}),
                  "*the SSO portal's answer is no JSON object*");
}

/* ---- A command ---- */

#define PROCESS                                                                                    \
    NO_FILE(CREDENTIALS), CONFIG_HOLDS("[profile dev]\ncredential_process = give -k \"a b\"\n")
#define GIVES(...)                                                                                 \
    {                                                                                              \
        .asks = "RUN give -k \"a b\"", .timeout = NS_PER_MINUTE, __VA_ARGS__                       \
    }
#define PRINTED(text) .body = REDIAL_STR(text)

Test(aws_profile, command_prints_keys)
{
    expect_found(DEV,
                 ERRANDS(PROCESS, GIVES(PRINTED("{\"Version\":1,\"AccessKeyId\":\"AKIDPROC\","
                                                "\"SecretAccessKey\":\"canary\",\"Expiration\":"
                                                "\"" IN_2015 "\"}"))),
                 "AKIDPROC", "canary", "AWS profile 'dev'");
}

Test(aws_profile, command_that_gives_no_keys_says_why_and_never_what_it_printed)
{
    expect_failed(DEV, ERRANDS(PROCESS, GIVES(.failed = "timed out after 1m")),
                  "*credential_process: timed out after 1m*");
    expect_failed(
        DEV, ERRANDS(PROCESS, GIVES(PRINTED("canary"), .exit_status = 1, .errors = "no vault")),
        "*credential_process: exit status 1: \"no vault\"*");
    expect_failed(DEV, ERRANDS(PROCESS, GIVES(.missing = true)),
                  "*credential_process: it does not exist*");
    expect_failed(DEV, ERRANDS(PROCESS, GIVES(.failed = "it printed more than 1 MiB")),
                  "*credential_process: it printed more than 1 MiB*");
    expect_failed(DEV, ERRANDS(PROCESS, GIVES(PRINTED("canary canary"))),
                  "*credential_process printed 13 bytes that are not JSON*");
    expect_failed(DEV, ERRANDS(PROCESS, GIVES(PRINTED(""))), "*printed nothing*");
    expect_failed(DEV, ERRANDS(PROCESS, GIVES(PRINTED("{\"AccessKeyId\":\"canary\"}"))),
                  "*without a number as Version*");
    expect_failed(DEV, ERRANDS(PROCESS, GIVES(PRINTED("{\"Version\":2}"))),
                  "*printed Version 2; 1 is known*");
    expect_failed(DEV,
                  ERRANDS(PROCESS, GIVES(PRINTED("{\"Version\":1,\"AccessKeyId\":\"canary\"}"))),
                  "*what credential_process printed lacks SecretAccessKey*");
    expect_failed(DEV,
                  ERRANDS(PROCESS, GIVES(PRINTED("{\"Version\":1,\"AccessKeyId\":\"A\","
                                                 "\"SecretAccessKey\":\"canary\",\"Expiration\":"
                                                 "\"" GONE "\"}"))),
                  "*printed expired at " GONE "*");
    expect_failed(DEV,
                  ERRANDS(PROCESS, GIVES(PRINTED("{\"Version\":1,\"AccessKeyId\":\"A\","
                                                 "\"SecretAccessKey\":\"canary\\nx\"}"))),
                  "*the key or token holds a line break*");
}

/* ---- Time and memory ---- */

Test(aws_profile, keys_are_renewed_ahead_of_their_end_and_the_old_ones_serve_meanwhile)
{
    int64_t now = ERRANDS_NOW;
    struct chain *chain = errands_chain("aws_chain", DEV);
    cr_assert_eq(
        errands_run(chain, CHAIN_FROM_CACHE, &now,
                    ERRANDS(ASSUME, {.asks = STS, .body = REDIAL_STR(STS_KEYS("AssumeRole"))})),
        CHAIN_READY);
    int64_t end = ERRANDS_NOW + NS_PER_HOUR;
    cr_expect_eq(chain_age(chain, end - 301 * NS_PER_SECOND), CHAIN_GOOD);
    cr_expect_eq(chain_age(chain, end - 300 * NS_PER_SECOND), CHAIN_STALE);
    cr_expect_eq(chain_age(chain, end - 60 * NS_PER_SECOND), CHAIN_SPENT);

    now = end - 299 * NS_PER_SECOND;
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, &now,
                             ERRANDS({.asks = "FILE " CREDENTIALS, .failed = "no disk"})),
                 CHAIN_READY);
    cr_expect(str_is(chain_credential(chain)->access_key_id, "ASIAROLE"));
    expect_text(chain_warnings(chain), "the credential could not be renewed and is used until it "
                                       "expires: AWS profile: ~/.aws/credentials: no disk*");
    cr_expect_eq(chain_age(chain, now), CHAIN_GOOD, "not asked again at once");
    cr_expect_eq(chain_age(chain, now + 5 * NS_PER_SECOND), CHAIN_STALE);

    now = end;
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, &now,
                             ERRANDS({.asks = "FILE " CREDENTIALS, .failed = "no disk"})),
                 CHAIN_FAILED);
    chain_destroy(chain);
}

Test(aws_profile, every_way_survives_every_failed_allocation)
{
    errands_torture("aws_bearer aws_chain", DEV,
                    ERRANDS(ASSUME, {.asks = STS, .status = 503}, PAUSE,
                            {.asks = STS, .body = REDIAL_STR(STS_KEYS("AssumeRole"))}));
    errands_torture("aws_chain", DEV,
                    ERRANDS(NO_FILE(CREDENTIALS), SESSION, FILE_HOLDS(WORK_CACHE, LOGGED_IN),
                            {.asks = PORTAL, .body = REDIAL_STR(PORTAL_KEYS)}));
    errands_torture(
        "aws_chain", WEB_IDENTITY,
        ERRANDS(NO_PROFILES, FILE_HOLDS("/var/token", "canary"),
                {.asks = "POST *", .body = REDIAL_STR(STS_KEYS("AssumeRoleWithWebIdentity"))}));
    errands_torture("aws_chain", DEV,
                    ERRANDS(PROCESS, GIVES(PRINTED("{\"Version\":1,\"AccessKeyId\":\"AKIDPROC\","
                                                   "\"SecretAccessKey\":\"canary\"}"))));
}
