/* The setup: whose word a value is, what has to work, and what is odd. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "api/load.h"
#include "audit/setup.h"
#include "cli/credential.h"
#include "redial/redial.h"
#include "tests/support/failing_memory.h"

struct read {
    struct arena *arena;
    struct redial_policy *policy;
    struct setup setup;
    struct findings findings;
};

static bool look_nowhere(struct arena *arena, const struct redial_policy *policy, uint16_t provider,
                         const struct redial_env *environment, struct setup_credential *credential)
{
    (void)arena;
    (void)policy;
    (void)provider;
    (void)environment;
    *credential = (struct setup_credential){.standing = CREDENTIAL_THERE};
    return true;
}

static void begin(struct read *read, const struct redial_env *environment)
{
    struct diag_list *diags = diag_list_new();
    *read = (struct read){.arena = arena_new()};
    read->policy = policy_load("policies/claude-code.yaml", environment, diags);
    cr_assert_not_null(read->policy);
    read->findings.arena = read->arena;
    read->setup =
        (struct setup){.policy = read->policy, .environment = environment, .arena = read->arena};
    cr_assert(setup_read(&read->setup, look_nowhere, &read->findings));
    diag_list_destroy(diags);
}

static void end(struct read *read)
{
    findings_clean_up(&read->findings);
    redial_policy_release(read->policy);
    arena_destroy(read->arena);
}

struct odd_case {
    char name[2][32], value[2][40];
    enum finding_kind kind;
};

ParameterizedTestParameters(setup, what_is_odd_is_found_and_nothing_else)
{
    static struct odd_case cases[] = {
        {{"ANTHROPIC_API_KEY"}, {""}, FINDING_EMPTY},
        {{"CLOUD_ML_REGION"}, {""}, FINDING_EMPTY},
        {{"CLAUDE_CODE_USE_VERTEX"}, {"1"}, FINDING_METADATA_TIMEOUT},
        {{"CLAUDE_CODE_USE_FOUNDRY"}, {"1"}, FINDING_NO_RESOURCE},
        {{"CLAUDE_CODE_USE_BEDROCK", "AWS_REGION"}, {"1", "eu-west-1"}, FINDING_COUNT},
        {{"AWS_REGION", "AWS_DEFAULT_REGION"}, {"eu-west-1", "us-west-1"}, FINDING_SHADOWED},
        {{"AWS_REGION", "AWS_DEFAULT_REGION"}, {"eu-west-1", "eu-west-1"}, FINDING_COUNT},
        {{"VERTEX_REGION_CLAUDE_4_6_OPUS"}, {"europe-west1"}, FINDING_SHADOWED},
        {{"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"}, {"k", "t"}, FINDING_KEY_AND_OAUTH},
        {{"AWS_PROFILE", "AWS_ACCESS_KEY_ID"}, {"p", "k"}, FINDING_PROFILE_AND_KEYS},
        {{"ANTHROPIC_BASE_URL"}, {"http://example.com"}, FINDING_PLAIN_HTTP},
        {{"ANTHROPIC_BASE_URL"}, {"http://127.0.0.1:80"}, FINDING_COUNT},
        {{"ANTHROPIC_BASE_URL"}, {"http://127.0.0.1.example.com"}, FINDING_PLAIN_HTTP},
        {{"ANTHROPIC_BASE_URL"}, {"https://example.com"}, FINDING_COUNT},
        {{"ANTHROPIC_FOUNDRY_RESOURCE", "ANTHROPIC_FOUNDRY_BASE_URL"},
         {"r", "https://r.example"},
         FINDING_TWO_ADDRESSES},
    };
    return cr_make_param_array(struct odd_case, cases, REDIAL_COUNT_OF(cases));
}
ParameterizedTest(struct odd_case *c, setup, what_is_odd_is_found_and_nothing_else)
{
    struct redial_env environment[3] = {{NULL, NULL}, {NULL, NULL}, {NULL, NULL}};
    struct read read;
    for (size_t i = 0; i < 2 && c->name[i][0]; i++)
        environment[i] = (struct redial_env){c->name[i], c->value[i]};
    begin(&read, environment);
    cr_expect_eq(read.findings.count, c->kind == FINDING_COUNT ? 0 : 1, "%s: %zu found", c->name[0],
                 read.findings.count);
    for (size_t i = 0; i < read.findings.count; i++)
        cr_expect_eq(read.findings.list[i].kind, c->kind, "%s: %.*s", c->name[0],
                     REDIAL_STR_ARG(read.findings.list[i].message));
    end(&read);
}

Test(setup, a_value_is_the_word_of_a_variable_or_of_a_line)
{
    static const struct redial_env environment[] = {
        {"AWS_DEFAULT_REGION", "eu-west-1"}, {"ANTHROPIC_FOUNDRY_RESOURCE", "r"}, {NULL, NULL}};
    struct read read;
    begin(&read, environment);
    const struct setup_provider *bedrock = &read.setup.providers[1], *vertex = bedrock + 1;
    const struct setup_provider *foundry = bedrock + 2;
    cr_expect(str_is(bedrock->region.from, "AWS_DEFAULT_REGION"));
    cr_expect(str_is(bedrock->address.value, "https://bedrock-runtime.eu-west-1.amazonaws.com"));
    cr_expect(str_starts_with(vertex->region.from, REDIAL_STR("policies/platforms.yaml:")));
    cr_expect(str_is(foundry->address.from, "ANTHROPIC_FOUNDRY_RESOURCE"));
    end(&read);
}

Test(setup, a_short_secret_shows_nothing_of_itself)
{
    struct text text = TEXT_INIT;
    setup_secret("key", REDIAL_STR("0123456789abcdefghi"), &text);
    cr_expect(str_is(text_str(&text), "key of 19 characters"));
    text_clear(&text);
    setup_secret("key", REDIAL_STR("0123456789abcdefghij"), &text);
    cr_expect(str_is(text_str(&text), "key of 20 characters, ends in ghij"));
    text_clean_up(&text);
}

Test(setup, survives_every_failed_allocation, .timeout = 60)
{
    static const struct redial_env environment[] = {
        {"HOME", "/nowhere"}, {"AWS_REGION", "eu-west-1"}, {"ANTHROPIC_API_KEY", ""}, {NULL, NULL}};
    struct read read;
    bool failed = true;
    begin(&read, environment);
    for (size_t nth = 1; failed; nth++) {
        failing_memory_begin(nth);
        struct arena *arena = arena_new();
        struct setup setup = {.policy = read.policy, .environment = environment, .arena = arena};
        struct findings findings = {.arena = arena};
        struct text out = TEXT_INIT;
        if (arena && setup_read(&setup, credential_look, &findings)) {
            setup_print_text(&setup, 80, &out);
            setup_print_json(&setup, 80, &out);
        }
        text_clean_up(&out);
        findings_clean_up(&findings);
        arena_destroy(arena);
        failed = failing_memory_end();
        cr_assert_lt(nth, 100000);
    }
    end(&read);
}
