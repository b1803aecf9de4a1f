/* Where the shipped platforms are asked, under which names and with which headers, as the
 * environment and the policy say. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "platforms/request.h"
#include "redial/redial.h"
#include "tests/support/policy_from.h"

#define POLICY                                                                                     \
    "rules: [{name: rest, when: always, do: [fail]}]\n"                                            \
    "providers:\n"                                                                                 \
    "  anthropic: {platform: anthropic}\n"                                                         \
    "  bedrock: {platform: bedrock}\n"                                                             \
    "  bedrock-eu: {platform: bedrock, region: eu-central-1}\n"                                    \
    "  bedrock-ap: {platform: bedrock, region: ap-northeast-1}\n"                                  \
    "  bedrock-gov: {platform: bedrock, region: us-gov-west-1}\n"                                  \
    "  bedrock-ca: {platform: bedrock, region: ca-central-1}\n"                                    \
    "  mantle: {platform: bedrock, surface: mantle, region: eu-west-1}\n"                          \
    "  vertex: {platform: vertex}\n"                                                               \
    "  vertex-mine: {platform: vertex, project: mine, region: us}\n"                               \
    "  foundry: {platform: foundry}\n"

static struct arena *arena;
static struct http_request request;
static struct redial_str why;

static void start(void)
{
    arena = arena_new();
}

static void stop(void)
{
    arena_destroy(arena);
}

TestSuite(surface, .init = start, .fini = stop);

static struct redial_str header(const char *name)
{
    for (size_t i = 0; i < request.header_count; i++)
        if (str_eq_nocase(request.headers[i].name, str_of(name))) return request.headers[i].value;
    return REDIAL_STR("(none)");
}

static bool build(const char *provider, const char *model, bool stream,
                  const struct redial_env *environment)
{
    struct redial_policy *policy = policy_from_in(POLICY, environment);
    bool built = request_build(
        arena,
        &(struct request_facts){.policy = policy,
                                .provider = policy_find_provider(policy, str_of(provider)),
                                .model = str_of(model),
                                .stream = stream,
                                .credential = REDIAL_STR("secret"),
                                .credential_is_key = true},
        &request, &why);
    redial_policy_release(policy);
    return built;
}

#define INVOKE(region, id)                                                                         \
    "https://bedrock-runtime." region ".amazonaws.com/model/" id "/invoke-with-response-stream"
#define PREDICT(host, project, location, id)                                                       \
    "https://" host "/v1/projects/" project "/locations/" location                                 \
    "/publishers/anthropic/models/" id ":streamRawPredict"

struct place_case {
    char variable[40], value[48];
    char provider[12], model[96];
    char url[224];
};

ParameterizedTestParameters(surface, is_asked_where_it_is)
{
    static struct place_case cases[] = {
        {"X", "", "bedrock", "claude-opus-4-6",
         INVOKE("us-east-1", "us.anthropic.claude-opus-4-6-v1")},
        {"X", "", "bedrock-eu", "claude-haiku-4-5",
         INVOKE("eu-central-1", "eu.anthropic.claude-haiku-4-5-20251001-v1%3A0")},
        {"X", "", "bedrock-ap", "claude-sonnet-4-6",
         INVOKE("ap-northeast-1", "apac.anthropic.claude-sonnet-4-6")},
        {"X", "", "bedrock-gov", "claude-sonnet-4-6",
         INVOKE("us-gov-west-1", "us-gov.anthropic.claude-sonnet-4-6")},
        {"X", "", "bedrock-ca", "claude-sonnet-4-6",
         INVOKE("ca-central-1", "global.anthropic.claude-sonnet-4-6")},
        {"ANTHROPIC_BEDROCK_REGION_PREFIX", "jp", "bedrock-ap", "claude-sonnet-4-6",
         INVOKE("ap-northeast-1", "jp.anthropic.claude-sonnet-4-6")},
        {"AWS_REGION", "eu-west-3", "bedrock", "claude-sonnet-4-6",
         INVOKE("eu-west-3", "eu.anthropic.claude-sonnet-4-6")},
        {"AWS_DEFAULT_REGION", "eu-west-3", "bedrock", "claude-sonnet-4-6",
         INVOKE("eu-west-3", "eu.anthropic.claude-sonnet-4-6")},
        {"AWS_REGION", "evil.example/#", "bedrock", "claude-sonnet-4-6",
         INVOKE("us-east-1", "us.anthropic.claude-sonnet-4-6")},
        {"ANTHROPIC_SMALL_FAST_MODEL_AWS_REGION", "eu-west-1", "bedrock", "claude-haiku-4-5",
         INVOKE("eu-west-1", "eu.anthropic.claude-haiku-4-5-20251001-v1%3A0")},
        {"X", "", "bedrock",
         "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc",
         INVOKE("us-east-1", "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3A"
                             "application-inference-profile%2Fabc")},
        {"ANTHROPIC_BEDROCK_BASE_URL", "https://gateway.example/", "bedrock", "claude-opus-5",
         "https://gateway.example/model/us.anthropic.claude-opus-5/invoke-with-response-stream"},
        {"X", "", "mantle", "claude-opus-5",
         "https://bedrock-mantle.eu-west-1.api.aws/anthropic/v1/messages"},
        {"ANTHROPIC_BEDROCK_MANTLE_BASE_URL", "https://gateway.example/anthropic", "mantle",
         "claude-opus-5", "https://gateway.example/anthropic/v1/messages"},
        {"ANTHROPIC_VERTEX_PROJECT_ID", "p", "vertex", "claude-haiku-4-5",
         PREDICT("us-east5-aiplatform.googleapis.com", "p", "us-east5",
                 "claude-haiku-4-5@20251001")},
        {"X", "", "vertex-mine", "claude-opus-4-6",
         PREDICT("aiplatform.us.rep.googleapis.com", "mine", "us", "claude-opus-4-6")},
        {"VERTEX_REGION_CLAUDE_4_6_OPUS", "global", "vertex-mine", "claude-opus-4-6",
         PREDICT("aiplatform.googleapis.com", "mine", "global", "claude-opus-4-6")},
        {"VERTEX_REGION_CLAUDE_FABLE_5", "eu", "vertex-mine", "claude-fable-5",
         PREDICT("aiplatform.eu.rep.googleapis.com", "mine", "eu", "claude-fable-5")},
        {"ANTHROPIC_VERTEX_BASE_URL", "https://gateway.example/v1", "vertex-mine",
         "claude-opus-4-6", PREDICT("gateway.example", "mine", "us", "claude-opus-4-6")},
        {"ANTHROPIC_FOUNDRY_RESOURCE", "my-resource", "foundry", "claude-opus-4-6",
         "https://my-resource.services.ai.azure.com/anthropic/v1/messages"},
        {"ANTHROPIC_FOUNDRY_BASE_URL", "https://gateway.example/anthropic", "foundry", "mine",
         "https://gateway.example/anthropic/v1/messages"},
    };
    return cr_make_param_array(struct place_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct place_case *c, surface, is_asked_where_it_is)
{
    const struct redial_env environment[] = {{c->variable, c->value}, {NULL, NULL}};

    cr_assert(build(c->provider, c->model, true, environment), "%.*s", REDIAL_STR_ARG(why));
    cr_expect_str_eq(request.url.ptr, c->url);
}

/* ---- What is missing, or too much */

struct missing_case {
    char names[2][32];
    char values[2][32];
    char provider[12];
    char why[192];
};

ParameterizedTestParameters(surface, says_what_is_missing_and_where_it_was_looked_for)
{
    static struct missing_case cases[] = {
        {{"X", "Y"},
         {"", ""},
         "vertex",
         "no project is known for provider 'vertex': set ANTHROPIC_VERTEX_PROJECT_ID or "
         "GCLOUD_PROJECT or GOOGLE_CLOUD_PROJECT, or give it a project"},
        {{"X", "Y"},
         {"", ""},
         "foundry",
         "no resource is known for provider 'foundry': set ANTHROPIC_FOUNDRY_RESOURCE or "
         "ANTHROPIC_FOUNDRY_BASE_URL, or give it a base_url"},
        {{"ANTHROPIC_FOUNDRY_RESOURCE", "ANTHROPIC_FOUNDRY_BASE_URL"},
         {"r", "https://gateway.example"},
         "foundry",
         "platform 'foundry' has both a resource (ANTHROPIC_FOUNDRY_RESOURCE) and a base URL "
         "(ANTHROPIC_FOUNDRY_BASE_URL): they exclude each other, unset one"},
    };
    return cr_make_param_array(struct missing_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct missing_case *c, surface, says_what_is_missing_and_where_it_was_looked_for)
{
    const struct redial_env environment[] = {
        {c->names[0], c->values[0]}, {c->names[1], c->values[1]}, {NULL, NULL}};

    cr_expect_not(build(c->provider, "claude-opus-4-6", false, environment));
    cr_expect_str_eq(why.ptr, c->why);
}

/* ---- Generations */

struct generation_case {
    char variable[32], value[16];
    char provider[12], model[20];
    char version[24], key[16], bearer[16];
    char body[160];
};

ParameterizedTestParameters(surface, speaks_the_generation_that_is_chosen)
{
    static struct generation_case cases[] = {
        {"X", "", "anthropic", "m", "2023-06-01", "secret", "(none)", "{\"model\":\"m\"}"},
        {"REDIAL_ANTHROPIC_API_VERSION", "2026-10-21", "anthropic", "m", "2026-10-21", "(none)",
         "Bearer secret", "{\"model\":\"m\"}"},
        {"REDIAL_ANTHROPIC_API_VERSION", "2026-10-21", "foundry", "m", "2026-10-21", "secret",
         "(none)", "{\"model\":\"m\"}"},
        {"REDIAL_VERTEX_API_VERSION", "2026-10-21", "vertex-mine", "m", "(none)", "(none)",
         "Bearer secret", "{\"anthropic_version\":\"2026-10-21\"}"},
        {"REDIAL_BEDROCK_API_VERSION", "2026-10-21", "bedrock", "claude-opus-5", "(none)", "(none)",
         "Bearer secret", "{\"anthropic_version\":\"2026-10-21\"}"},
        {"REDIAL_BEDROCK_API_VERSION", "2026-10-21", "bedrock", "claude-opus-4-6", "(none)",
         "(none)", "Bearer secret", "{\"anthropic_version\":\"bedrock-2023-05-31\"}"},
        {"X", "", "mantle", "claude-opus-5", "2023-06-01", "(none)", "Bearer secret",
         "{\"model\":\"anthropic.claude-opus-5\"}"},
        {"X", "", "mantle", "anthropic.claude-x", "2023-06-01", "(none)", "Bearer secret",
         "{\"model\":\"anthropic.claude-x\"}"},
    };
    return cr_make_param_array(struct generation_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct generation_case *c, surface, speaks_the_generation_that_is_chosen)
{
    const struct redial_env environment[] = {
        {c->variable, c->value}, {"ANTHROPIC_FOUNDRY_RESOURCE", "r"}, {NULL, NULL}};
    struct text sent = TEXT_INIT;

    cr_assert(build(c->provider, c->model, false, environment), "%.*s", REDIAL_STR_ARG(why));
    for (size_t i = 0; i < request.piece_count; i++) text_append(&sent, request.pieces[i]);
    cr_expect_str_eq(header("anthropic-version").ptr, c->version);
    cr_expect_str_eq(header("x-api-key").ptr, c->key);
    cr_expect_str_eq(header("authorization").ptr, c->bearer);
    cr_expect_str_eq(sent.ptr, c->body);
    text_clean_up(&sent);
}

Test(surface, says_which_service_requests_are_signed_for)
{
    static const struct {
        const char *provider, *service;
    } rows[] = {
        {"bedrock", "bedrock"}, {"mantle", "bedrock-mantle"}, {"vertex", ""}, {"anthropic", ""}};
    struct redial_policy *policy = policy_from(POLICY);

    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++)
        cr_expect(str_is(platform_signing_service(
                             policy, policy_find_provider(policy, str_of(rows[i].provider))),
                         rows[i].service),
                  "%s", rows[i].provider);
    redial_policy_release(policy);
}

Test(surface, a_request_that_is_signed_later_has_no_credential)
{
    struct redial_policy *policy = policy_from(POLICY);

    cr_assert(request_build(
        arena,
        &(struct request_facts){.policy = policy,
                                .provider = policy_find_provider(policy, REDIAL_STR("bedrock")),
                                .model = REDIAL_STR("claude-opus-4-6")},
        &request, &why));
    cr_expect_str_eq(header("authorization").ptr, "(none)");
    redial_policy_release(policy);
}

Test(surface, the_quota_project_of_a_credential_is_named_to_google_alone)
{
    struct redial_policy *policy = policy_from(POLICY);
    struct request_facts facts = {.policy = policy,
                                  .provider =
                                      policy_find_provider(policy, REDIAL_STR("vertex-mine")),
                                  .model = REDIAL_STR("m"),
                                  .quota_project = REDIAL_STR("billed")};

    cr_assert(request_build(arena, &facts, &request, &why));
    cr_expect_str_eq(header("x-goog-user-project").ptr, "billed");
    facts.provider = policy_find_provider(policy, REDIAL_STR("anthropic"));
    cr_assert(request_build(arena, &facts, &request, &why));
    cr_expect_str_eq(header("x-goog-user-project").ptr, "(none)");
    redial_policy_release(policy);
}

/* ---- Models nobody knows */

struct known_case {
    char provider[12], name[72];
    bool known;
    char closest[24];
};

ParameterizedTestParameters(surface, suggests_the_model_that_was_meant)
{
    static struct known_case cases[] = {
        {"anthropic", "claude-opus-4-6", true, ""},
        {"anthropic", "claude-haiku-4-5-20251001", true, ""},
        {"anthropic", "claude-opus-4.6", false, "claude-opus-4-6"},
        {"anthropic", "clade-sonet-4-6", false, "claude-sonnet-4-6"},
        {"anthropic", "gpt", false, ""},
        {"bedrock", "eu.anthropic.claude-sonnet-4-6", true, ""},
        {"bedrock", "anthropic.claude-of-tomorrow", true, ""},
        {"bedrock", "arn:aws:bedrock:us-east-1:1:application-inference-profile/x", true, ""},
        {"vertex", "claude-haiku-4-5@20251001", true, ""},
        {"vertex", "claude-hiku-4-5", false, "claude-haiku-4-5"},
    };
    return cr_make_param_array(struct known_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct known_case *c, surface, suggests_the_model_that_was_meant)
{
    struct redial_policy *policy = policy_from(POLICY);
    uint16_t provider = policy_find_provider(policy, str_of(c->provider));
    struct redial_str closest;

    cr_expect_eq(policy_knows_model(policy, provider, str_of(c->name), &closest), c->known, "%s",
                 c->name);
    cr_expect(str_is(closest, c->closest), "%s: '%.*s'", c->name, REDIAL_STR_ARG(closest));
    redial_policy_release(policy);
}
