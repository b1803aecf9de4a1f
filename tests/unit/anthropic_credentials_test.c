/* Anthropic's chain: tokens of the environment, profiles and their files, federation. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "base/duration.h"
#include "tests/support/errands.h"

#define LINKS       "anthropic_api_key anthropic_oauth"
#define URL         "https://api.anthropic.com/v1/oauth/token"
#define ACTIVE      "FILE /home/a/.config/anthropic/active_config"
#define CONFIG      "FILE /home/a/.config/anthropic/configs/default.json"
#define TOKENS      "FILE /home/a/.config/anthropic/credentials/default.json"
#define WRITE       "WRITE /home/a/.config/anthropic/credentials/default.json"
#define NOW_SECONDS 1440938160
#define IN(seconds) (ERRANDS_NOW + (seconds)*NS_PER_SECOND)

#define USER_CONFIG                                                                                \
    REDIAL_STR("{\"version\":\"1.0\",\"authentication\":{\"type\":\"user_oauth\",\"client_id\":"   \
               "\"client-1\"}}")
#define FEDERATED_CONFIG                                                                           \
    REDIAL_STR("{\"authentication\":{\"type\":\"oidc_federation\",\"federation_rule_id\":"         \
               "\"fdrl_1\",\"identity_token\":{\"source\":\"file\",\"path\":\"/run/token\"}},"     \
               "\"organization_id\":\"org-1\",\"base_url\":\"https://eu.example.com/\"}")
/* 600 s, 100 s left; expired */
#define FRESH_TOKENS                                                                               \
    REDIAL_STR("{\"version\":\"1.0\",\"type\":\"oauth_token\",\"access_token\":\"canary-stored\"," \
               "\"expires_at\":1440938760,\"refresh_token\":\"canary-refresh\",\"scope\":[1,null," \
               "true,{\"a\":\"b\"}]}")
#define SPENT_TOKENS                                                                               \
    REDIAL_STR("{\"type\":\"oauth_token\",\"access_token\":\"canary-old\",\"expires_at\":"         \
               "1440938260,\"refresh_token\":\"canary-refresh\",\"account_email\":\"a@b\"}")
#define BOUGHT                                                                                     \
    REDIAL_STR(                                                                                    \
        "{\"access_token\":\"canary-bought\",\"expires_in\":3600,\"token_type\":\"Bearer\","       \
        "\"refresh_token\":\"canary-rotated\"}")

#define ROWS(...)                                                                                  \
    (const struct errand_row[]){__VA_ARGS__},                                                      \
        sizeof((const struct errand_row[]){__VA_ARGS__}) / sizeof(struct errand_row)

static void expect_text(struct redial_str text, const char *glob)
{
    cr_expect(glob_match(str_of(glob), text), "'%.*s' is not like '%s'", REDIAL_STR_ARG(text),
              glob);
}

static void expect_token(const struct chain *chain, const char *token, int64_t expires_at)
{
    const struct credential *found = chain_credential(chain);
    cr_assert_not_null(found);
    cr_expect_eq(found->form, CREDENTIAL_BEARER);
    cr_expect(str_is(found->secret, token), "%.*s", REDIAL_STR_ARG(found->secret));
    cr_expect(str_is(found->beta, "oauth-2025-04-20"));
    cr_expect(found->is_oauth);
    cr_expect_eq(found->expires_at, expires_at, "%lld s",
                 (long long)(found->expires_at - ERRANDS_NOW) / NS_PER_SECOND);
    errands_expect_secret_kept(chain, "canary");
}

/* ---- The environment */

Test(anthropic_credentials, a_key_comes_first_then_a_plain_token_that_is_no_oauth)
{
    struct redial_env environment[] = {
        {"ANTHROPIC_API_KEY", "key"}, {"ANTHROPIC_AUTH_TOKEN", "token"}, {NULL, NULL}};
    struct chain *chain = errands_chain(LINKS, environment);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, NULL, 0), CHAIN_READY);
    cr_expect_eq(chain_credential(chain)->form, CREDENTIAL_KEY);
    chain_destroy(chain);

    environment[0].value = "";
    chain = errands_chain(LINKS, environment);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, NULL, 0), CHAIN_READY);
    cr_expect_eq(chain_credential(chain)->form, CREDENTIAL_BEARER);
    cr_expect_not(chain_credential(chain)->is_oauth);
    cr_expect_eq(chain_credential(chain)->beta.len, 0);
    chain_destroy(chain);
}

Test(anthropic_credentials, an_oauth_token_is_served_until_refused_and_then_bought_anew)
{
    struct chain *chain =
        errands_chain(LINKS, ENVIRONMENT({"CLAUDE_CODE_OAUTH_TOKEN", "canary-1"},
                                         {"CLAUDE_CODE_OAUTH_REFRESH_TOKEN", "canary-refresh"},
                                         {"ANTHROPIC_BASE_URL", "https://gateway.example.com//"}));
    int64_t now = ERRANDS_NOW;
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, &now, NULL, 0), CHAIN_READY);
    expect_token(chain, "canary-1", CREDENTIAL_NEVER);
    cr_expect(chain_credential(chain)->refreshable);

    cr_assert_eq(errands_run(chain, CHAIN_ANEW, &now,
                             ROWS({.asks = "POST https://gateway.example.com/v1/oauth/token",
                                   .body = BOUGHT,
                                   .sends = {"content-type: application/json",
                                             "anthropic-beta: oauth-2025-04-20",
                                             "{\"grant_type\":\"refresh_token\",\"refresh_token\":"
                                             "\"canary-refresh\"}"}})),
                 CHAIN_READY);
    expect_token(chain, "canary-bought", IN(3600));

    /* the rotated token is what is exchanged next; the token of the environment stays out */
    now = IN(3600);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, &now,
                             ROWS({.asks = "POST *",
                                   .body = BOUGHT,
                                   .sends = {"*\"refresh_token\":\"canary-rotated\"}"}})),
                 CHAIN_READY);
    chain_destroy(chain);
}

Test(anthropic_credentials, an_oauth_token_that_has_expired_and_cannot_be_renewed_says_so)
{
    /* {"exp":7} */
    struct chain *chain =
        errands_chain(LINKS, ENVIRONMENT({"CLAUDE_CODE_OAUTH_TOKEN", "canary.eyJleHAiOjd9.x"}));
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, NULL, 0), CHAIN_FAILED);
    expect_text(chain_why(chain), "CLAUDE_CODE_OAUTH_TOKEN: the token has expired*log in again*");
    errands_expect_secret_kept(chain, "canary");
    chain_destroy(chain);
}

/* ---- Profiles */

Test(anthropic_credentials, a_stored_token_is_served)
{
    struct chain *chain = errands_chain(LINKS, NO_ENVIRONMENT);
    cr_assert_eq(
        errands_run(chain, CHAIN_FROM_CACHE, NULL,
                    ROWS({.asks = ACTIVE, .missing = true}, {.asks = CONFIG, .body = USER_CONFIG},
                         {.asks = TOKENS, .body = FRESH_TOKENS})),
        CHAIN_READY);
    expect_token(chain, "canary-stored", IN(600));
    cr_expect(chain_credential(chain)->refreshable);
    expect_text(chain_source(chain), "profile 'default' in /home/a/.config/anthropic");
    cr_expect_eq(chain_age(chain, IN(479)), CHAIN_GOOD);
    cr_expect_eq(chain_age(chain, IN(481)), CHAIN_STALE);
    cr_expect_eq(chain_age(chain, IN(569)), CHAIN_STALE);
    cr_expect_eq(chain_age(chain, IN(571)), CHAIN_SPENT);
    chain_destroy(chain);
}

Test(anthropic_credentials, a_stored_token_near_its_end_is_renewed_and_written_back)
{
    struct chain *chain = errands_chain(LINKS, NO_ENVIRONMENT);
    cr_assert_eq(
        errands_run(
            chain, CHAIN_FROM_CACHE, NULL,
            ROWS({.asks = ACTIVE, .body = REDIAL_STR("default\n")},
                 {.asks = CONFIG, .body = USER_CONFIG}, {.asks = TOKENS, .body = SPENT_TOKENS},
                 {.asks = "POST " URL,
                  .body = BOUGHT,
                  .sends = {"anthropic-beta: oauth-2025-04-20",
                            "{\"grant_type\":\"refresh_token\",\"refresh_token\":\"canary-"
                            "refresh\",\"client_id\":\"client-1\"}"}},
                 {.asks = WRITE,
                  .sends = {"*\"access_token\": \"canary-bought\"*", "*\"expires_at\": 1440941760*",
                            "*\"refresh_token\": \"canary-rotated\"*",
                            "*\"account_email\": \"a@b\"*"},
                  .withholds = {"*canary-refresh*", "*canary-old*"}})),
        CHAIN_READY);
    expect_token(chain, "canary-bought", IN(3600));
    cr_expect_eq(chain_warnings(chain).len, 0);
    chain_destroy(chain);
}

Test(anthropic_credentials, what_others_wrote_into_the_file_is_kept)
{
    struct chain *chain = errands_chain(LINKS, NO_ENVIRONMENT);
    int64_t now = ERRANDS_NOW;
    cr_assert_eq(
        errands_run(chain, CHAIN_FROM_CACHE, &now,
                    ROWS({.asks = ACTIVE, .missing = true}, {.asks = CONFIG, .body = USER_CONFIG},
                         {.asks = TOKENS, .body = FRESH_TOKENS})),
        CHAIN_READY);
    cr_assert_eq(
        errands_run(chain, CHAIN_ANEW, &now,
                    ROWS({.asks = ACTIVE, .missing = true}, {.asks = CONFIG, .body = USER_CONFIG},
                         {.asks = TOKENS, .body = FRESH_TOKENS},
                         {.asks = "POST " URL, .body = BOUGHT},
                         {.asks = WRITE,
                          .sends = {"*\"scope\": [1,null,true,{\"a\":\"b\"}]*"},
                          .failed = "no space left on device"})),
        CHAIN_READY);
    expect_token(chain, "canary-bought", IN(3600));
    expect_text(
        chain_warnings(chain),
        "*default.json could not be written (no space left on device): its refresh token is "
        "used up, so log in again before the next start");

    /* the file still holds the token that was exchanged: the one that came for it is used */
    cr_assert_eq(
        errands_run(chain, CHAIN_ANEW, &now,
                    ROWS({.asks = ACTIVE, .missing = true}, {.asks = CONFIG, .body = USER_CONFIG},
                         {.asks = TOKENS, .body = SPENT_TOKENS},
                         {.asks = "POST " URL,
                          .body = BOUGHT,
                          .sends = {"*\"refresh_token\":\"canary-rotated\"*"}},
                         {.asks = WRITE})),
        CHAIN_READY);
    chain_destroy(chain);
}

Test(anthropic_credentials, a_token_that_another_process_renewed_is_taken_from_the_file)
{
    struct chain *chain = errands_chain(LINKS, NO_ENVIRONMENT);
    int64_t now = ERRANDS_NOW;
    cr_assert_eq(
        errands_run(chain, CHAIN_FROM_CACHE, &now,
                    ROWS({.asks = ACTIVE, .missing = true}, {.asks = CONFIG, .body = USER_CONFIG},
                         {.asks = TOKENS, .body = FRESH_TOKENS})),
        CHAIN_READY);
    cr_assert_eq(
        errands_run(chain, CHAIN_ANEW, &now,
                    ROWS({.asks = ACTIVE, .missing = true}, {.asks = CONFIG, .body = USER_CONFIG},
                         {.asks = TOKENS,
                          .body = REDIAL_STR("{\"access_token\":\"canary-theirs\",\"expires_at\":"
                                             "1440939160,\"refresh_token\":\"canary-r\"}")})),
        CHAIN_READY);
    expect_token(chain, "canary-theirs", IN(1000));
    chain_destroy(chain);
}

Test(anthropic_credentials, a_named_profile_goes_before_federation_and_must_exist)
{
    struct chain *chain = errands_chain(
        LINKS,
        ENVIRONMENT({"ANTHROPIC_PROFILE", "work"}, {"ANTHROPIC_CONFIG_DIR", "/etc/anthropic"},
                    {"ANTHROPIC_FEDERATION_RULE_ID", "r"}, {"ANTHROPIC_ORGANIZATION_ID", "o"},
                    {"ANTHROPIC_IDENTITY_TOKEN", "t"}));
    cr_assert_eq(
        errands_run(chain, CHAIN_FROM_CACHE, NULL,
                    ROWS({.asks = "FILE /etc/anthropic/configs/work.json", .missing = true})),
        CHAIN_FAILED);
    expect_text(chain_why(chain),
                "profile 'work' in /etc/anthropic: ANTHROPIC_PROFILE names the profile "
                "'work', but /etc/anthropic/configs/work.json does not exist*");
    chain_destroy(chain);
}

struct profile_case {
    char name[64], config[200], tokens[200];
    uint32_t mode;
    char why[160];
};

ParameterizedTestParameters(anthropic_credentials, bad_files)
{
    static struct profile_case cases[] = {
        {"no JSON", "{\"authentication\":", "", 0, "the profile * is no JSON"},
        {"no object", "[1]", "", 0, "the profile * holds JSON that is no object"},
        {"an empty profile", " \n", "", 0, "the profile *default.json is empty"},
        {"no type", "{}", "", 0, "the profile * has no \"authentication\" with a \"type\""},
        {"a type with a slip", "{\"authentication\":{\"type\":\"user_oath\"}}", "", 0,
         "the profile * says authentication.type 'user_oath'; did you mean 'user_oauth'?"},
        {"an unknown type", "{\"authentication\":{\"type\":\"x\"}}", "", 0,
         "*'x': expected user_oauth or oidc_federation"},
        {"an identity token of another kind",
         "{\"authentication\":{\"type\":\"oidc_federation\",\"identity_token\":{\"source\":\"url\"}"
         "}}",
         "", 0, "*\"identity_token\" whose \"source\" is not \"file\""},
        {"a file that others may read", "user", "{\"access_token\":\"canary\"}", 0644,
         "others than its owner can read */default.json (mode 0644): run `chmod 600 "
         "*/default.json`"},
        {"a file that others may change", "user", "{\"access_token\":\"canary\"}", 0620,
         "others than its owner can change *(mode 0620)*"},
        {"a file of tokens that is no JSON", "user", "canary", 0,
         "the credential file * is no JSON"},
        {"an empty file of tokens", "user", "\n", 0, "the credential file * is empty"},
        {"tokens of another type", "user", "{\"type\":\"api_key\"}", 0,
         "the credential file * says type 'api_key': expected oauth_token"},
        {"a strange moment", "user", "{\"access_token\":\"canary\",\"expires_at\":\"soon\"}", 0,
         "*\"expires_at\" that is no moment*"},
        {"expired, without a refresh token", "user",
         "{\"access_token\":\"canary\",\"expires_at\":7}", 0,
         "the token in * has expired, and without a refresh_token it cannot be renewed: log in*"},
        {"expired, without a client", "static",
         "{\"access_token\":\"canary\",\"expires_at\":7,\"refresh_token\":\"canary\"}", 0,
         "*has expired, and without a client_id it cannot be renewed*"},
        {"no token", "static", "{}", 0, "the token in * is missing*"},
    };
    return cr_make_param_array(struct profile_case, cases, REDIAL_COUNT_OF(cases));
}

static struct redial_str config_of(const char *words)
{
    if (str_is(str_of(words), "user")) return USER_CONFIG;
    if (str_is(str_of(words), "static"))
        return REDIAL_STR("{\"authentication\":{\"type\":\"user_oauth\"}}");
    return str_of(words);
}

ParameterizedTest(struct profile_case *c, anthropic_credentials, bad_files)
{
    struct chain *chain = errands_chain(LINKS, NO_ENVIRONMENT);
    const struct errand_row rows[] = {{.asks = ACTIVE, .missing = true},
                                      {.asks = CONFIG, .body = config_of(c->config)},
                                      {.asks = TOKENS, .body = str_of(c->tokens), .mode = c->mode}};
    char glob[256];
    snprintf(glob, sizeof glob, "profile 'default' in *: %s [looked before it*", c->why);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, rows, c->tokens[0] ? 3 : 2),
                 CHAIN_FAILED, "%s", c->name);
    expect_text(chain_why(chain), glob);
    errands_expect_secret_kept(chain, "canary");
    chain_destroy(chain);
}

Test(anthropic_credentials, a_folder_in_place_of_the_tokens_is_called_one)
{
    struct chain *chain = errands_chain(LINKS, NO_ENVIRONMENT);
    cr_assert_eq(
        errands_run(chain, CHAIN_FROM_CACHE, NULL,
                    ROWS({.asks = ACTIVE, .missing = true}, {.asks = CONFIG, .body = USER_CONFIG},
                         {.asks = TOKENS, .failed = "is a directory", .mode = 0755})),
        CHAIN_FAILED);
    expect_text(chain_why(chain), "*the credential file * cannot be read: is a directory *");
    chain_destroy(chain);
}

Test(anthropic_credentials, a_profile_cannot_lead_out_of_its_folder)
{
    struct chain *chain = errands_chain(LINKS, ENVIRONMENT({"ANTHROPIC_PROFILE", "../../etc/x"}));
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, NULL, 0), CHAIN_FAILED);
    expect_text(chain_why(chain), "ANTHROPIC_PROFILE: '../../etc/x' is no name of a profile*");
    chain_destroy(chain);
}

Test(anthropic_credentials, nothing_at_all_says_where_it_looked)
{
    struct chain *chain = errands_chain(LINKS, NO_ENVIRONMENT);
    cr_assert_eq(
        errands_run(chain, CHAIN_FROM_CACHE, NULL,
                    ROWS({.asks = ACTIVE, .missing = true}, {.asks = CONFIG, .missing = true})),
        CHAIN_FAILED);
    expect_text(
        chain_why(chain),
        "no credential found; looked, in this order: ANTHROPIC_API_KEY (it is not set); "
        "ANTHROPIC_AUTH_TOKEN (it is not set); CLAUDE_CODE_OAUTH_TOKEN (it is not set); "
        "ANTHROPIC_PROFILE (it is not set); workload identity federation "
        "(ANTHROPIC_FEDERATION_RULE_ID is not set); profile 'default' in "
        "/home/a/.config/anthropic (/home/a/.config/anthropic/configs/default.json does not "
        "exist)");
    chain_destroy(chain);
}

/* ---- Federation */

#define FEDERATION(...)                                                                            \
    ENVIRONMENT({"ANTHROPIC_FEDERATION_RULE_ID", "fdrl_1"},                                        \
                {"ANTHROPIC_ORGANIZATION_ID", "org-1"}, __VA_ARGS__)

Test(anthropic_credentials, an_identity_token_buys_a_token)
{
    struct chain *chain =
        errands_chain(LINKS, FEDERATION({"ANTHROPIC_IDENTITY_TOKEN", "canary-id"},
                                        {"ANTHROPIC_SERVICE_ACCOUNT_ID", "svac_1"},
                                        {"ANTHROPIC_WORKSPACE_ID", "ws-1"}));
    cr_assert_eq(
        errands_run(
            chain, CHAIN_FROM_CACHE, NULL,
            ROWS({.asks = "POST " URL,
                  .body = REDIAL_STR("{\"access_token\":\"canary-a\",\"expires_in\":900}"),
                  .sends = {"anthropic-beta: oauth-2025-04-20,oidc-federation-2026-04-01",
                            "{\"grant_type\":\"urn:ietf:params:oauth:grant-type:jwt-bearer\","
                            "\"assertion\":\"canary-id\",\"federation_rule_id\":\"fdrl_1\","
                            "\"organization_id\":\"org-1\",\"service_account_id\":\"svac_1\","
                            "\"workspace_id\":\"ws-1\"}"}})),
        CHAIN_READY);
    expect_token(chain, "canary-a", IN(900));
    expect_text(chain_source(chain), "federation rule fdrl_1");
    chain_destroy(chain);
}

Test(anthropic_credentials, a_federated_profile_keeps_its_token_in_the_file)
{
    struct chain *chain = errands_chain(LINKS, NO_ENVIRONMENT);
    cr_assert_eq(
        errands_run(
            chain, CHAIN_FROM_CACHE, NULL,
            ROWS({.asks = ACTIVE, .missing = true}, {.asks = CONFIG, .body = FEDERATED_CONFIG},
                 {.asks = TOKENS, .missing = true},
                 {.asks = "FILE /run/token", .body = REDIAL_STR("canary-id\n"), .mode = 0644},
                 {.asks = "POST https://eu.example.com/v1/oauth/token",
                  .body = REDIAL_STR("{\"access_token\":\"canary-a\",\"expires_in\":900}"),
                  .sends = {"*\"assertion\":\"canary-id\"*"}},
                 {.asks = WRITE, .sends = {"*\"access_token\": \"canary-a\"*"}})),
        CHAIN_READY);
    expect_token(chain, "canary-a", IN(900));
    expect_text(chain_warnings(chain),
                "/run/token can be read by everybody (mode 0644): run `chmod 600 /run/token`");
    chain_destroy(chain);
}

struct federation_case {
    char name[64], body[100];
    char failed[32];
    uint16_t status; /* of the endpoint; 0: it is not asked */
    char reply[200], why[200];
};

ParameterizedTestParameters(anthropic_credentials, bad_federation)
{
    static struct federation_case cases[] = {
        {"an empty file", "\n", "", 0, "", "the identity token file /run/token is empty"},
        {"a folder", "", "is a directory", 0, "",
         "the identity token file /run/token cannot be read: is a directory"},
        {"no token", "canary one\ncanary two", "", 0, "", "*holds something that is no token"},
        {"an expired token", "e30.eyJleHAiOjd9.canary", "", 0, "",
         "the identity token has expired:*"},
        {"a rule that does not fit", "canary", "", 401,
         "{\"error\":\"invalid_grant\",\"error_description\":\"canary is of another issuer\"}",
         "the token endpoint answered 401 invalid_grant: [redacted] is of another issuer"},
        {"a page", "canary", "", 200, "<html>", "the token endpoint answered 200 with HTML*"},
        {"no span", "canary", "", 200, "{\"access_token\":\"canary-a\"}",
         "*does not say when it expires*"},
    };
    return cr_make_param_array(struct federation_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct federation_case *c, anthropic_credentials, bad_federation)
{
    struct chain *chain =
        errands_chain(LINKS, FEDERATION({"ANTHROPIC_IDENTITY_TOKEN_FILE", "/run/token"}));
    const struct errand_row rows[] = {
        {.asks = "FILE /run/token",
         .body = str_of(c->body),
         .failed = c->failed[0] ? c->failed : NULL},
        {.asks = "POST *", .status = c->status, .body = str_of(c->reply)},
    };
    char glob[256];
    snprintf(glob, sizeof glob, "federation rule fdrl_1: %s [looked*", c->why);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, rows, c->status ? 2 : 1), CHAIN_FAILED,
                 "%s", c->name);
    expect_text(chain_why(chain), glob);
    errands_expect_secret_kept(chain, "canary");
    chain_destroy(chain);
}

Test(anthropic_credentials, a_login_that_is_over_says_what_to_do)
{
    struct chain *chain =
        errands_chain(LINKS, ENVIRONMENT({"CLAUDE_CODE_OAUTH_REFRESH_TOKEN", "canary-refresh"},
                                         {"REDIAL_OAUTH_CLIENT_ID", "client-7"}));
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL,
                             ROWS({.asks = "POST " URL,
                                   .status = 400,
                                   .body = REDIAL_STR("{\"error\":\"invalid_grant\",\"error_"
                                                      "description\":\"canary-refresh was used\"}"),
                                   .sends = {"*\"client_id\":\"client-7\"}"}})),
                 CHAIN_FAILED);
    expect_text(chain_why(chain), "CLAUDE_CODE_OAUTH_TOKEN: the token endpoint answered 400 "
                                  "invalid_grant: [redacted] was used; log in again*");
    errands_expect_secret_kept(chain, "canary");
    chain_destroy(chain);
}

Test(anthropic_credentials, a_tired_endpoint_is_asked_three_times)
{
    struct chain *chain =
        errands_chain(LINKS, FEDERATION({"ANTHROPIC_IDENTITY_TOKEN", "canary-id"}));
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL,
                             ROWS({.asks = "POST " URL, .status = 503}, {.asks = "PAUSE 500ms"},
                                  {.asks = "POST " URL, .status = 429, .body = REDIAL_STR("{}")},
                                  {.asks = "PAUSE 1s"}, {.asks = "POST " URL, .status = 500})),
                 CHAIN_FAILED);
    expect_text(chain_why(chain), "federation rule fdrl_1: the token endpoint answered 500*");
    chain_destroy(chain);
}

Test(anthropic_credentials, an_endpoint_without_encryption_is_refused_before_it_is_asked)
{
    struct chain *chain =
        errands_chain(LINKS, FEDERATION({"ANTHROPIC_IDENTITY_TOKEN", "canary-id"},
                                        {"ANTHROPIC_BASE_URL", "http://gateway.example.com"}));
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, NULL, 0), CHAIN_FAILED);
    expect_text(chain_why(chain), "*plain http to gateway.example.com is refused*");
    chain_destroy(chain);
}

Test(anthropic_credentials, every_failed_allocation_is_survived)
{
    errands_torture(LINKS, NO_ENVIRONMENT,
                    ROWS({.asks = ACTIVE, .missing = true}, {.asks = CONFIG, .body = USER_CONFIG},
                         {.asks = TOKENS, .body = SPENT_TOKENS},
                         {.asks = "POST " URL, .body = BOUGHT}, {.asks = WRITE}));
    errands_torture(LINKS, FEDERATION({"ANTHROPIC_IDENTITY_TOKEN_FILE", "/run/token"}),
                    ROWS({.asks = "FILE /run/token", .body = REDIAL_STR("canary"), .mode = 0644},
                         {.asks = "POST " URL, .body = BOUGHT}));
}
