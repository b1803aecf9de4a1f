/* Keys that the machine has: the container's endpoint and EC2's instance metadata. Every secret
 * here holds "canary". */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "base/duration.h"
#include "tests/support/errands.h"

#define NO_PROFILES NO_FILE("/home/a/.aws/credentials"), NO_FILE("/home/a/.aws/config")
#define LATER       "2015-08-30T13:36:00Z"
#define GONE        "2015-08-30T12:35:00Z"
#define KEYS(until)                                                                                \
    "{\"Code\":\"Success\",\"AccessKeyId\":\"ASIAMACHINE\",\"SecretAccessKey\":\"canary-s\","      \
    "\"Token\":\"canary-t\",\"Expiration\":\"" until "\"}"

static void expect_text(struct redial_str text, const char *glob)
{
    cr_expect(glob_match(str_of(glob), text), "'%.*s' is not like '%s'", REDIAL_STR_ARG(text),
              glob);
}

static void expect_found(const struct redial_env *environment, const struct errand_row *rows,
                         size_t count, const char *source)
{
    struct chain *chain = errands_chain("aws_chain", environment);
    enum chain_state state = errands_run(chain, CHAIN_FROM_CACHE, NULL, rows, count);
    cr_assert_eq(state, CHAIN_READY, "%.*s", REDIAL_STR_ARG(chain_why(chain)));
    const struct credential *found = chain_credential(chain);
    cr_expect(str_is(found->access_key_id, "ASIAMACHINE"));
    cr_expect(str_is(found->secret, "canary-s"));
    cr_expect(str_is(found->session_token, "canary-t"));
    cr_expect_eq(found->expires_at, ERRANDS_NOW + NS_PER_HOUR);
    cr_expect(found->refreshable);
    expect_text(found->source, source);
    errands_expect_secret_kept(chain, "canary");
    chain_destroy(chain);
}

static void expect_failed(const struct redial_env *environment, const struct errand_row *rows,
                          size_t count, const char *why)
{
    struct chain *chain = errands_chain("aws_chain", environment);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, rows, count), CHAIN_FAILED);
    expect_text(chain_why(chain), why);
    errands_expect_secret_kept(chain, "canary");
    chain_destroy(chain);
}

/* ---- Containers ---- */

#define ECS                                                                                        \
    ENVIRONMENT({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/id"},                              \
                {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/not-this-one"},           \
                {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic canary"})
#define ASK_ECS "GET http://169.254.170.2/v2/id"
#define PAUSE                                                                                      \
    {                                                                                              \
        .asks = "PAUSE 1s"                                                                         \
    }

Test(aws_machine, container_gives_keys_to_its_token)
{
    expect_found(ECS,
                 ERRANDS(NO_PROFILES, {.asks = ASK_ECS,
                                       .body = REDIAL_STR(KEYS(LATER)),
                                       .timeout = NS_PER_SECOND,
                                       .sends = {"authorization: Basic canary"}}),
                 "container credentials at 169.254.170.2");
}

Test(aws_machine, container_token_comes_from_its_file_first)
{
    expect_found(
        ENVIRONMENT({"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"},
                    {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/var/run/token"},
                    {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "canary-not-this-one"}),
        ERRANDS(NO_PROFILES, FILE_HOLDS("/var/run/token", "canary-file\n"),
                {.asks = "GET http://169.254.170.23/v1/credentials",
                 .body = REDIAL_STR(KEYS(LATER)),
                 .sends = {"authorization: canary-file"}}),
        "container credentials at 169.254.170.23");
}

Test(aws_machine, container_is_asked_four_times_a_second_apart)
{
    expect_found(ECS,
                 ERRANDS(NO_PROFILES, {.asks = ASK_ECS, .failed = "timed out after 1s"}, PAUSE,
                         {.asks = ASK_ECS, .status = 500}, PAUSE,
                         {.asks = ASK_ECS, .body = REDIAL_STR("{\"AccessKeyId\":")}, PAUSE,
                         {.asks = ASK_ECS, .body = REDIAL_STR(KEYS(LATER))}),
                 "container credentials at *");
    expect_failed(ECS,
                  ERRANDS(NO_PROFILES, {.asks = ASK_ECS, .status = 500}, PAUSE,
                          {.asks = ASK_ECS, .status = 500}, PAUSE, {.asks = ASK_ECS, .status = 500},
                          PAUSE,
                          {.asks = ASK_ECS, .status = 500, .body = REDIAL_STR("out of order")}),
                  "container credentials at 169.254.170.2: HTTP 500: \"out of order\" (4 tries)*");
}

Test(aws_machine, container_that_refuses_is_not_asked_again)
{
    expect_failed(ECS, ERRANDS(NO_PROFILES, {.asks = ASK_ECS, .status = 403}),
                  "*HTTP 403 (1 tries)*");
    expect_failed(
        ECS, ERRANDS(NO_PROFILES, {.asks = ASK_ECS, .body = REDIAL_STR("{\"AccessKeyId\":1}")}),
        "*its answer lacks AccessKeyId*");
    expect_failed(ECS, ERRANDS(NO_PROFILES, {.asks = ASK_ECS, .body = REDIAL_STR(KEYS(GONE))}),
                  "*its answer expired at " GONE "*");
    expect_failed(ECS, ERRANDS(NO_PROFILES, {.asks = ASK_ECS, .body = REDIAL_STR(KEYS("soon"))}),
                  "*has Expiration, but it is no date*");
}

Test(aws_machine, container_token_that_cannot_be_used_is_named)
{
    const struct redial_env environment[] = {
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://example.com/"},
        {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/t"},
        {NULL, NULL}};
    expect_failed(environment, ERRANDS(NO_PROFILES, NO_FILE("/t")), "*'/t': it does not exist*");
    expect_failed(environment, ERRANDS(NO_PROFILES, FILE_HOLDS("/t", "\n")), "*'/t' is empty*");
    expect_failed(environment, ERRANDS(NO_PROFILES, FILE_HOLDS("/t", "canary\nx: y")),
                  "*the value for the header authorization holds a line break*");
}

struct uri_case {
    char uri[48], why[72];
};

ParameterizedTestParameters(aws_machine, container_uri_that_would_leak_is_refused)
{
    static struct uri_case cases[] = {
        {"http://example.com/", "*plain http is allowed to loopback, 169.254.170.2*"},
        {"http://127.0.0.1.example.com/", "*plain http is allowed to loopback*"},
        {"http://169.254.169.254/", "*plain http is allowed to loopback*"},
        {"ftp://127.0.0.1/", "*'ftp://127.0.0.1/' is no http or https URL*"},
        {"https://a b/", "*is no http or https URL*"},
        {"/relative", "*'/relative' is no http or https URL*"},
    };
    return cr_make_param_array(struct uri_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct uri_case *c, aws_machine, container_uri_that_would_leak_is_refused)
{
    expect_failed(ENVIRONMENT({"AWS_CONTAINER_CREDENTIALS_FULL_URI", c->uri},
                              {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "canary"}),
                  ERRANDS(NO_PROFILES), c->why);
}

/* ---- Instances ---- */

#define IMDS      "http://169.254.169.254"
#define ASK_TOKEN "PUT " IMDS "/latest/api/token"
#define ASK_ROLE  "GET " IMDS "/latest/meta-data/iam/security-credentials/"
#define TOKEN                                                                                      \
    {                                                                                              \
        .asks = ASK_TOKEN, .body = REDIAL_STR("canary-imds")                                       \
    }
#define ROLE                                                                                       \
    {                                                                                              \
        .asks = ASK_ROLE, .body = REDIAL_STR("my-role\n")                                          \
    }
#define ASK_KEYS ASK_ROLE "my-role"

Test(aws_machine, instance_gives_the_keys_of_its_role_to_a_session)
{
    expect_found(NO_ENVIRONMENT,
                 ERRANDS(NO_PROFILES,
                         {.asks = ASK_TOKEN,
                          .body = REDIAL_STR("canary-imds"),
                          .timeout = NS_PER_SECOND,
                          .sends = {"x-aws-ec2-metadata-token-ttl-seconds: 21600"}},
                         {.asks = ASK_ROLE,
                          .body = REDIAL_STR("my-role\n"),
                          .sends = {"x-aws-ec2-metadata-token: canary-imds"}},
                         {.asks = ASK_KEYS,
                          .body = REDIAL_STR(KEYS(LATER)),
                          .sends = {"x-aws-ec2-metadata-token: canary-imds"}}),
                 "EC2 instance metadata at 169.254.169.254");
}

Test(aws_machine, instance_endpoint_is_that_of_the_environment)
{
    expect_failed(
        ENVIRONMENT({"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1338/"}),
        ERRANDS(NO_PROFILES, {.asks = "PUT http://127.0.0.1:1338/latest/api/token", .status = 400}),
        "EC2 instance metadata at 127.0.0.1:1338: its token: HTTP 400*");
    expect_failed(ENVIRONMENT({"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"}),
                  ERRANDS(NO_PROFILES,
                          {.asks = "PUT http://[fd00:ec2::254]/latest/api/token", .status = 500}),
                  "EC2 instance metadata at ?fd00:ec2::254?: its token: HTTP 500*");
    expect_failed(ENVIRONMENT({"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://example.com"}),
                  ERRANDS(NO_PROFILES), "*plain http to example.com is refused*");
}

Test(aws_machine, instance_without_version_2_is_asked_without_a_session)
{
    static const struct errand_row tokens[] = {
        {.asks = ASK_TOKEN, .status = 403},
        {.asks = ASK_TOKEN, .status = 404},
        {.asks = ASK_TOKEN, .status = 405},
        {.asks = ASK_TOKEN, .failed = "timed out after 1s"},
    };
    for (size_t i = 0; i < REDIAL_COUNT_OF(tokens); i++)
        expect_found(NO_ENVIRONMENT,
                     ERRANDS(NO_PROFILES, tokens[i],
                             {.asks = ASK_ROLE,
                              .body = REDIAL_STR("my-role"),
                              .withholds = {"x-aws-ec2-metadata-token: *"}},
                             {.asks = ASK_KEYS, .body = REDIAL_STR(KEYS(LATER))}),
                     "EC2 instance metadata at *");
    expect_failed(ENVIRONMENT({"AWS_EC2_METADATA_V1_DISABLED", "true"}),
                  ERRANDS(NO_PROFILES, {.asks = ASK_TOKEN, .status = 403}),
                  "no credential found; *EC2 instance metadata at 169.254.169.254 (its token: HTTP "
                  "403, and AWS_EC2_METADATA_V1_DISABLED is set)");
}

Test(aws_machine, machine_that_is_no_instance_is_passed_over)
{
    expect_failed(NO_ENVIRONMENT,
                  ERRANDS(NO_PROFILES, {.asks = ASK_TOKEN, .failed = "connection refused"}),
                  "no credential found; *EC2 instance metadata at 169.254.169.254 (connection "
                  "refused)");
    expect_failed(NO_ENVIRONMENT,
                  ERRANDS(NO_PROFILES, {.asks = ASK_TOKEN, .failed = "timed out after 1s"},
                          {.asks = ASK_ROLE, .failed = "timed out after 1s"}),
                  "no credential found; *(timed out after 1s)");
    expect_failed(NO_ENVIRONMENT, ERRANDS(NO_PROFILES, TOKEN, {.asks = ASK_ROLE, .status = 404}),
                  "no credential found; *(no IAM role is attached to this instance)");
}

Test(aws_machine, instance_that_gives_no_keys_says_why)
{
    static const struct {
        struct errand_row keys;
        const char *why;
    } rows[] = {
        {{.asks = ASK_KEYS, .status = 500}, "*role 'my-role': HTTP 500*"},
        {{.asks = ASK_KEYS, .body = REDIAL_STR_INIT("<html>canary")},
         "*answered with HTML or XML*"},
        {{.asks = ASK_KEYS, .body = REDIAL_STR_INIT("")}, "*answered with nothing*"},
        {{.asks = ASK_KEYS,
          .body = REDIAL_STR_INIT("{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"EC2 "
                                  "cannot assume the role my-role\"}")},
         "*role 'my-role': AssumeRoleUnauthorizedAccess: \"EC2 cannot assume the role my-role\"*"},
        {{.asks = ASK_KEYS, .body = REDIAL_STR_INIT("{\"Code\":\"Success\"}")},
         "*its answer lacks AccessKeyId*"},
    };
    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++)
        expect_failed(NO_ENVIRONMENT, ERRANDS(NO_PROFILES, TOKEN, ROLE, rows[i].keys), rows[i].why);
    expect_failed(NO_ENVIRONMENT,
                  ERRANDS(NO_PROFILES, TOKEN, {.asks = ASK_ROLE, .body = REDIAL_STR("<html>")}),
                  "*no name of a role*");
    expect_failed(NO_ENVIRONMENT, ERRANDS(NO_PROFILES, {.asks = ASK_TOKEN, .body = REDIAL_STR("")}),
                  "*its token is empty*");
}

/* ---- Static stability ---- */

static void expect_extended(const struct chain *chain, int64_t now, const char *warning)
{
    const struct credential *found = chain_credential(chain);
    cr_assert_not_null(found);
    cr_expect_geq(found->expires_at, now + 5 * NS_PER_MINUTE);
    cr_expect_lt(found->expires_at, now + 10 * NS_PER_MINUTE);
    expect_text(chain_warnings(chain), warning);
    errands_expect_secret_kept(chain, "canary");
}

Test(aws_machine, expired_keys_of_an_instance_serve_on_for_some_minutes)
{
    struct chain *chain = errands_chain("aws_chain", NO_ENVIRONMENT);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL,
                             ERRANDS(NO_PROFILES, TOKEN, ROLE,
                                     {.asks = ASK_KEYS, .body = REDIAL_STR(KEYS(GONE))})),
                 CHAIN_READY);
    expect_extended(chain, ERRANDS_NOW, "the metadata service gives keys that have expired*");
    chain_destroy(chain);
}

Test(aws_machine, keys_of_an_instance_outlive_its_metadata_service)
{
    int64_t now = ERRANDS_NOW;
    struct chain *chain = errands_chain("aws_chain", NO_ENVIRONMENT);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, &now,
                             ERRANDS(NO_PROFILES, TOKEN, ROLE,
                                     {.asks = ASK_KEYS, .body = REDIAL_STR(KEYS(LATER))})),
                 CHAIN_READY);
    now += 2 * NS_PER_HOUR;
    cr_assert_eq(
        errands_run(chain, CHAIN_FROM_CACHE, &now,
                    ERRANDS(NO_PROFILES, {.asks = ASK_TOKEN, .failed = "connection refused"})),
        CHAIN_READY);
    cr_expect(str_is(chain_credential(chain)->access_key_id, "ASIAMACHINE"));
    expect_extended(chain, now, "the metadata service did not renew the keys*");

    cr_assert_eq(
        errands_run(chain, CHAIN_ANEW, &now,
                    ERRANDS(NO_PROFILES, {.asks = ASK_TOKEN, .failed = "connection refused"})),
        CHAIN_FAILED, "keys that the platform refused do not serve on");
    chain_destroy(chain);
}

Test(aws_machine, every_way_survives_every_failed_allocation)
{
    errands_torture("aws_chain", ECS,
                    ERRANDS(NO_PROFILES, {.asks = ASK_ECS, .status = 500}, PAUSE,
                            {.asks = ASK_ECS, .body = REDIAL_STR(KEYS(LATER))}));
    errands_torture(
        "aws_chain", NO_ENVIRONMENT,
        ERRANDS(NO_PROFILES, TOKEN, ROLE, {.asks = ASK_KEYS, .body = REDIAL_STR(KEYS(LATER))}));
}
