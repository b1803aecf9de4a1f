/* What becomes of a feature: each kind of support against each answer, wanted and required. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "redial/redial.h"
#include "tests/support/policy_from.h"

static const char rules[] = "rules: [{name: away, when: {class: overloaded}, do: "
                            "[fallback_provider, retry]}]\n"
                            "fallback: {providers: {anthropic: [vertex]}}\n";

struct stage {
    struct redial_policy *policy;
    struct redial_engine *engine;
    struct redial_call call;
    struct redial_decision decision;
};

static void load(struct stage *stage, const char *more)
{
    char text[1000];
    snprintf(text, sizeof text, "%s%s", rules, more);
    *stage = (struct stage){.policy = policy_from(text)};
    stage->engine = redial_engine_new(stage->policy);
}

static void start(struct stage *stage, struct redial_call_options options)
{
    struct redial_str why;
    options.model = REDIAL_STR("claude-opus-4-6");
    cr_assert(redial_call_init(&stage->call, stage->engine, &options, 0, &why), "%.*s",
              REDIAL_STR_ARG(why));
    redial_call_step(&stage->call, &(struct redial_event){.kind = REDIAL_EVENT_START}, 0,
                     &stage->decision);
}

static void stop(struct stage *stage)
{
    if (stage->call.policy && stage->call.state != REDIAL_STATE_FINISHED)
        redial_call_step(&stage->call, &(struct redial_event){.kind = REDIAL_EVENT_CANCEL}, 0,
                         &stage->decision);
    redial_engine_destroy(stage->engine);
    redial_policy_release(stage->policy);
}

enum outcome { HAS, DROPS, REFUSES, REROUTES };

static enum outcome outcome_of(const struct stage *stage)
{
    if (stage->decision.kind == REDIAL_DECISION_FINISH) return REFUSES;
    if (stage->decision.from_provider != stage->decision.provider) return REROUTES;
    return stage->decision.dropped ? DROPS : HAS;
}

struct answer_case {
    char name[72];
    enum support support;
    char missing[8], unknown[8];
    bool required;
    enum outcome outcome;
};

ParameterizedTestParameters(capability, each_support_meets_each_answer)
{
    static struct answer_case cases[] = {
        {"what is there is had, whatever the answers", SUPPORT_FULL, "refuse", "refuse", true, HAS},
        {"beta is had", SUPPORT_BETA, "refuse", "refuse", true, HAS},
        {"limited is had", SUPPORT_LIMITED, "refuse", "refuse", true, HAS},
        {"none: dropped", SUPPORT_NONE, "drop", "try", false, DROPS},
        {"none: refused", SUPPORT_NONE, "refuse", "try", false, REFUSES},
        {"none: rerouted", SUPPORT_NONE, "reroute", "try", false, REROUTES},
        {"none and required: never dropped", SUPPORT_NONE, "drop", "try", true, REFUSES},
        {"none and required: rerouted all the same", SUPPORT_NONE, "reroute", "try", true,
         REROUTES},
        {"ignored is missing", SUPPORT_IGNORED, "drop", "try", false, DROPS},
        {"disabled is missing", SUPPORT_DISABLED, "drop", "try", false, DROPS},
        {"unknown: tried", SUPPORT_UNKNOWN, "refuse", "try", false, HAS},
        {"unknown and required: tried all the same", SUPPORT_UNKNOWN, "refuse", "try", true, HAS},
        {"unknown: dropped", SUPPORT_UNKNOWN, "refuse", "drop", false, DROPS},
        {"unknown and required: never dropped", SUPPORT_UNKNOWN, "refuse", "drop", true, REFUSES},
        {"unknown: refused", SUPPORT_UNKNOWN, "drop", "refuse", false, REFUSES},
        {"unknown: rerouted", SUPPORT_UNKNOWN, "drop", "reroute", false, REROUTES},
        {"disputed is unknown", SUPPORT_DISPUTED, "refuse", "drop", false, DROPS},
    };
    return cr_make_param_array(struct answer_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct answer_case *row, capability, each_support_meets_each_answer)
{
    char answers[100];
    struct stage stage;
    snprintf(answers, sizeof answers, "features: {prompt_cache: {missing: %s, unknown: %s}}\n",
             row->missing, row->unknown);
    load(&stage, answers);
    uint16_t anthropic = policy_find_provider(stage.policy, REDIAL_STR("anthropic"));
    stage.policy->platforms[stage.policy->providers[anthropic].platform]
        .features[REDIAL_FEATURE_PROMPT_CACHE]
        .support = row->support;
    uint16_t bit = REDIAL_FEATURE_BIT(REDIAL_FEATURE_PROMPT_CACHE);
    start(&stage, (struct redial_call_options){.wants = row->required ? 0 : bit,
                                               .requires = row->required ? bit : 0});
    cr_expect_eq(outcome_of(&stage), row->outcome, "%s: %d", row->name, outcome_of(&stage));
    cr_expect_eq(stage.call.dropped, row->outcome == DROPS ? bit : 0, "%s", row->name);
    cr_expect_eq(stage.decision.lacking, row->outcome >= REFUSES ? bit : 0, "%s", row->name);
    stop(&stage);
}

Test(capability, a_call_that_names_no_feature_takes_the_policys)
{
    struct stage stage;
    load(&stage, "call: {wants: [custom_headers], requires: [prompt_cache], "
                 "residency: [\"aws:*\"]}\n");
    start(&stage, (struct redial_call_options){.provider = REDIAL_STR("bedrock")});
    cr_expect_eq(stage.call.requires, REDIAL_FEATURE_BIT(REDIAL_FEATURE_PROMPT_CACHE) |
                                          REDIAL_FEATURE_BIT(REDIAL_FEATURE_DATA_RESIDENCY));
    cr_expect_eq(stage.decision.kind, REDIAL_DECISION_SEND);
    cr_expect_eq(stage.decision.dropped, REDIAL_FEATURE_BIT(REDIAL_FEATURE_CUSTOM_HEADERS));
    stop(&stage);
}

Test(capability, a_callers_own_residency_replaces_the_policys)
{
    static const struct redial_str own[] = {REDIAL_STR_INIT("anthropic")};
    struct stage stage;
    load(&stage, "call: {residency: [\"aws:*\"]}\n");
    start(&stage, (struct redial_call_options){.residency = own, .residency_count = 1});
    cr_expect_eq(stage.decision.kind, REDIAL_DECISION_SEND);
    stop(&stage);
}

Test(capability, a_leg_of_the_same_provider_tells_what_it_drops_only_once)
{
    struct stage stage;
    load(&stage, "");
    start(&stage,
          (struct redial_call_options){.wants = REDIAL_FEATURE_BIT(REDIAL_FEATURE_CUSTOM_HEADERS)});
    cr_expect_eq(stage.decision.dropped, 0);
    const struct redial_event overload = {
        .kind = REDIAL_EVENT_REPLY, .status = 529, .complete = true};
    redial_call_step(&stage.call, &overload, 0, &stage.decision);
    cr_expect_eq(stage.decision.kind, REDIAL_DECISION_SEND);
    cr_expect_eq(stage.decision.dropped, REDIAL_FEATURE_BIT(REDIAL_FEATURE_CUSTOM_HEADERS),
                 "Vertex ignores them");
    stop(&stage);
}

Test(capability, a_set_that_holds_no_feature_is_no_option)
{
    struct stage stage;
    struct redial_str why;
    load(&stage, "");
    const struct redial_call_options wrong[] = {
        {.model = REDIAL_STR("m"), .wants = 1u << REDIAL_FEATURE_COUNT},
        {.model = REDIAL_STR("m"), .requires = 1u << 15},
        {.model = REDIAL_STR("m"), .credential = REDIAL_CREDENTIAL_COUNT},
    };
    for (size_t i = 0; i < REDIAL_COUNT_OF(wrong); i++)
        cr_expect_not(redial_call_init(&stage.call, stage.engine, &wrong[i], 0, &why), "%zu", i);
    stage.call = (struct redial_call){0};
    stop(&stage);
}

/* ---- Where data stays ---- */

struct place_case {
    char name[72], residency[24], region[24], override[24], glob[24];
    bool within;
};

ParameterizedTestParameters(residency, is_told_by_the_provider_or_its_region)
{
    static struct place_case cases[] = {
        {"by the cloud and the region", "", "eu-west-1", "", "aws:eu-*", true},
        {"another region", "", "us-east-1", "", "aws:eu-*", false},
        {"another cloud", "", "eu-west-1", "", "gcp:eu-*", false},
        {"by the provider's word", "germany", "eu-west-1", "", "germany", true},
        {"the provider's word replaces the region", "germany", "eu-west-1", "", "aws:*", false},
        {"a region of the model's own comes first", "aws:eu-west-1", "eu-west-1", "us-west-2",
         "aws:eu-*", false},
        {"and may lie within", "aws:us-east-1", "us-east-1", "eu-central-1", "aws:eu-*", true},
    };
    return cr_make_param_array(struct place_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct place_case *row, residency, is_told_by_the_provider_or_its_region)
{
    struct stage stage;
    load(&stage, "");
    uint16_t bedrock = policy_find_provider(stage.policy, REDIAL_STR("bedrock"));
    struct provider *provider = &stage.policy->providers[bedrock];
    struct platform *platform = &stage.policy->platforms[provider->platform];
    struct region_override override = {.model_glob = REDIAL_STR("*opus*"),
                                       .region = str_of(row->override)};
    provider->residency = str_of(row->residency);
    platform->region = str_of(row->region);
    platform->region_overrides = &override;
    platform->region_override_count = 1;
    const struct redial_str glob = str_of(row->glob);
    cr_expect_eq(policy_resides(stage.policy, bedrock, REDIAL_STR("claude-opus-4-6"), &glob, 1),
                 row->within, "%s", row->name);
    stop(&stage);
}

Test(residency, a_region_longer_than_any_lies_nowhere)
{
    static char name[500];
    static const struct redial_str anywhere = REDIAL_STR_INIT("*");
    struct stage stage;
    load(&stage, "");
    uint16_t bedrock = policy_find_provider(stage.policy, REDIAL_STR("bedrock"));
    for (size_t i = 0; i < sizeof name; i++) name[i] = 'a';
    stage.policy->providers[bedrock].region = (struct redial_str){name, sizeof name};
    cr_expect_not(policy_resides(stage.policy, bedrock, REDIAL_STR("m"), &anywhere, 1));
    stop(&stage);
}
