/* What a policy file says is what the model holds. What a wrong file is told stands in
 * tests/golden/policy. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "api/load.h"
#include "config/config.h"
#include "redial/redial.h"
#include "tests/support/policy_from.h"

#define SECOND NS_PER_SECOND

static struct redial_policy *load(const char *text, const struct redial_env *environment,
                                  struct text *shown)
{
    struct diag_list *diags = diag_list_new();
    struct redial_policy *policy =
        policy_load_text(REDIAL_STR("test.yaml"), str_of(text), environment, diags);
    if (shown) diag_render(diags, false, shown);
    diag_list_destroy(diags);
    return policy;
}

Test(config, the_shipped_policy_says_what_the_specification_says)
{
    struct diag_list *diags = diag_list_new();
    static const struct redial_env none[] = {{NULL, NULL}};
    struct redial_policy *policy = policy_load("policies/claude-code.yaml", none, diags);
    cr_assert_not_null(policy);
    cr_expect_eq(diag_warnings(diags), 0);

    const struct variant *plain = &policy->variants[VARIANT_PLAIN];
    cr_expect_eq(plain->limits.retries, 10);
    const struct backoff *standard = &policy->backoffs[plain->default_backoff];
    static const int64_t waits_ms[] = {500, 1000, 2000, 4000, 8000, 16000, 32000};
    cr_assert_eq(standard->step_count, REDIAL_COUNT_OF(waits_ms));
    for (size_t i = 0; i < REDIAL_COUNT_OF(waits_ms); i++)
        cr_expect_eq(standard->steps[i], waits_ms[i] * NS_PER_MS);
    cr_expect_eq(standard->jitter.kind, JITTER_ADD);
    cr_expect_eq(standard->jitter.ppm, 250000);

    const struct variant *unattended = &policy->variants[VARIANT_UNATTENDED];
    cr_assert(unattended->present);
    cr_expect_eq(unattended->limits.retries, REDIAL_UNLIMITED);
    const struct backoff *patient = &policy->backoffs[unattended->default_backoff];
    cr_expect_eq(patient->cap, 5 * NS_PER_MINUTE);
    cr_expect(patient->cap_after_jitter);
    cr_expect_eq(patient->hint.max, 5 * NS_PER_MINUTE);
    cr_expect_eq(patient->base, standard->base, "like: standard");
    redial_policy_release(policy);
    diag_list_destroy(diags);
}

struct max_case {
    char rule[32];
    int32_t max;
    bool then;
};

/* The specification's table, row by row: the retries under each rule. */
Test(config, every_row_of_the_error_table_has_its_maximum)
{
    static const struct max_case rows[] = {
        {"token expired", 1, false},      {"token revoked", 1, false},
        {"rate limited", 10, false},      {"overloaded", 3, true},
        {"connection dropped", 1, false}, {"prompt too long", 1, false},
        {"output limit", 3, false},       {"aws auth", 1, false},
        {"gcp auth", 1, false},           {"azure auth", 1, false},
    };
    struct redial_diags *diags = redial_diags_new();
    struct redial_policy *policy = redial_policy_load("policies/claude-code.yaml", NULL, diags);
    cr_assert_not_null(policy);
    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++) {
        const struct rule *found = NULL;
        for (size_t r = 0; r < policy->rule_count; r++)
            if (str_is(policy->variants[VARIANT_PLAIN].rules[r].name, rows[i].rule))
                found = &policy->variants[VARIANT_PLAIN].rules[r];
        cr_assert_not_null(found, "%s", rows[i].rule);
        cr_expect_eq(found->max, rows[i].max, "%s", rows[i].rule);
        cr_expect_eq(found->then.count > 0, rows[i].then, "%s", rows[i].rule);
    }
    redial_policy_release(policy);
    redial_diags_destroy(diags);
}

/* ---- The environment */

static const char placed[] =
    "redial: 1\n"
    "platforms:\n"
    "  anthropic: {base_url: \"${BASE:-}\"}\n"
    "  bedrock: {region: {from: [\"${FIRST}\", \"${SECOND:-}\"], default: us-east-1}}\n"
    "limits:\n"
    "  attempts: ${ATTEMPTS:-7}\n"
    "rules: [{name: all, when: always, do: [fail]}]\n";

Test(config, references_take_the_environment_or_their_default)
{
    static const struct redial_env set[] = {{"FIRST", ""},
                                            {"SECOND", "eu-west-1"},
                                            {"BASE", "http://127.0.0.1:8080"},
                                            {"ATTEMPTS", "9"},
                                            {NULL, NULL}};
    static const struct redial_env unset[] = {{NULL, NULL}};
    struct redial_policy *policy = load(placed, set, NULL);
    cr_assert_not_null(policy);
    cr_expect(str_is(policy->platforms[1].region, "eu-west-1"));
    cr_expect(str_is(policy->platforms[0].base_url, "http://127.0.0.1:8080"));
    cr_expect_eq(policy->variants[VARIANT_PLAIN].limits.attempts, 9);
    redial_policy_release(policy);

    policy = load(placed, unset, NULL);
    cr_assert_not_null(policy);
    cr_expect(str_is(policy->platforms[1].region, "us-east-1"));
    cr_expect_eq(policy->platforms[0].base_url.len, 0);
    cr_expect_eq(policy->variants[VARIANT_PLAIN].limits.attempts, 7);
    redial_policy_release(policy);
}

Test(config, what_a_variable_holds_is_never_printed)
{
    static const struct redial_env secret[] = {{"FIRST", "canary/secret"},
                                               {"BASE", "canary://secret"},
                                               {"ATTEMPTS", "canary"},
                                               {NULL, NULL}};
    struct text said = TEXT_INIT;
    cr_expect_null(load(placed, secret, &said));
    cr_expect_neq(str_find(text_str(&said), REDIAL_STR("${FIRST}")), SIZE_MAX, "%s", said.ptr);
    cr_expect_eq(str_find(text_str(&said), REDIAL_STR("canary")), SIZE_MAX, "%s", said.ptr);
    text_clean_up(&said);
}

struct choice_case {
    char name[48], variable[32], value[8], provider[12];
};

ParameterizedTestParameters(config, provider_choice)
{
    static struct choice_case cases[] = {
        {"nothing set", "OTHER", "1", "anthropic"},
        {"bedrock by 1", "CLAUDE_CODE_USE_BEDROCK", "1", "bedrock"},
        {"vertex by a word in capitals", "CLAUDE_CODE_USE_VERTEX", "TRUE", "vertex"},
        {"foundry", "CLAUDE_CODE_USE_FOUNDRY", "true", "foundry"},
        {"an empty variable is unset", "CLAUDE_CODE_USE_BEDROCK", "", "anthropic"},
        {"0 is off", "CLAUDE_CODE_USE_BEDROCK", "0", "anthropic"},
    };
    return cr_make_param_array(struct choice_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct choice_case *c, config, provider_choice)
{
    const struct redial_env environment[] = {{c->variable, c->value}, {NULL, NULL}};
    struct diag_list *diags = diag_list_new();
    struct redial_policy *policy = policy_load("policies/claude-code.yaml", environment, diags);
    cr_assert_not_null(policy);
    struct redial_str name = redial_policy_provider(policy, policy->default_provider);
    cr_expect(str_is(name, c->provider), "%s: %.*s", c->name, REDIAL_STR_ARG(name));
    redial_policy_release(policy);
    diag_list_destroy(diags);
}

Test(config, a_region_of_the_environment_that_is_none_is_ignored_and_not_shown)
{
    static const struct redial_env environment[] = {
        {"AWS_REGION", "evil.example/#canary"}, {"AWS_DEFAULT_REGION", "eu-west-1"}, {NULL, NULL}};
    struct text said = TEXT_INIT;
    struct redial_policy *policy =
        load("redial: 1\nplatforms: {bedrock: {region: {from: [\"${AWS_REGION:-}\", "
             "\"${AWS_DEFAULT_REGION:-}\"]}}}\nrules: [{name: a, when: always, do: [fail]}]\n",
             environment, &said);
    cr_assert_not_null(policy);
    cr_expect(str_is(policy->platforms[0].region, "eu-west-1"));
    cr_expect_neq(str_find(text_str(&said), REDIAL_STR("AWS_REGION")), SIZE_MAX, "%s", said.ptr);
    cr_expect_neq(str_find(text_str(&said), REDIAL_STR("[bad-region]")), SIZE_MAX, "%s", said.ptr);
    cr_expect_eq(str_find(text_str(&said), REDIAL_STR("canary")), SIZE_MAX, "%s", said.ptr);
    text_clean_up(&said);
    redial_policy_release(policy);
}

Test(config, a_cloud_that_the_policy_has_no_provider_on_is_refused_rather_than_left)
{
    static const struct redial_env environment[] = {{"CLAUDE_CODE_USE_VERTEX", "1"}, {NULL, NULL}};
    struct text said = TEXT_INIT;
    cr_expect_null(load(placed, environment, &said));
    cr_expect_neq(str_find(text_str(&said), REDIAL_STR("CLAUDE_CODE_USE_VERTEX")), SIZE_MAX);
    text_clean_up(&said);
}

Test(config, the_environment_switches_unattended_mode_on)
{
    static const struct redial_env environment[] = {{"CLAUDE_CODE_RETRY_WATCHDOG", "1"},
                                                    {NULL, NULL}};
    struct diag_list *diags = diag_list_new();
    struct redial_policy *policy = policy_load("policies/claude-code.yaml", environment, diags);
    cr_assert_not_null(policy);
    cr_expect_eq(policy->default_variant, VARIANT_UNATTENDED);
    cr_expect(str_is(policy->default_variant_why, "CLAUDE_CODE_RETRY_WATCHDOG=1"));
    redial_policy_release(policy);
    diag_list_destroy(diags);
}

/* ---- Rules and modes */

static const struct rule *rule_of(const struct redial_policy *policy, enum variant_id variant,
                                  size_t index)
{
    return &policy->variants[variant].rules[index];
}

Test(config, a_mode_changes_what_it_names_and_nothing_else)
{
    struct redial_policy *policy =
        policy_from("modes: {unattended: {change: {rules: {first: {max: unlimited}, second: {then: "
                    "[{wait: 5s}, "
                    "retry]}}}}}\n"
                    "backoff: {only: {base: 1s, cap: 4s}}\n"
                    "rules:\n"
                    "  - {name: first, when: {status: 429}, do: [backoff, retry], max: 2}\n"
                    "  - {name: second, when: {status: 529}, do: [backoff, retry], max: 1}\n");
    cr_expect_eq(rule_of(policy, VARIANT_PLAIN, 0)->max, 2);
    cr_expect_eq(rule_of(policy, VARIANT_UNATTENDED, 0)->max, REDIAL_UNLIMITED);
    cr_expect_eq(rule_of(policy, VARIANT_PLAIN, 1)->then.count, 0);
    cr_expect_eq(rule_of(policy, VARIANT_UNATTENDED, 1)->then.count, 2);
    cr_expect_eq(rule_of(policy, VARIANT_UNATTENDED, 1)->then.list[0].wait, 5 * SECOND);
    cr_expect_eq(rule_of(policy, VARIANT_UNATTENDED, 1)->max, 1);
    redial_policy_release(policy);
}

Test(config, a_counter_may_be_shared_and_stands_anywhere_in_the_list)
{
    struct redial_policy *policy =
        policy_from("backoff: {only: {base: 1s, cap: 4s}}\n"
                    "rules:\n"
                    "  - {name: a, when: {status: 429}, do: [backoff, retry], count: c}\n"
                    "  - {name: c, when: {status: 500}, do: [backoff, retry], max: 2}\n");
    cr_expect_eq(rule_of(policy, VARIANT_PLAIN, 0)->counted_as, 1);
    cr_expect_eq(rule_of(policy, VARIANT_PLAIN, 1)->counted_as, 1);
    redial_policy_release(policy);
}

Test(config, a_step_with_parameters_keeps_them)
{
    struct redial_policy *policy = policy_from(
        "backoff: {first: {base: 1s, cap: 4s}, second: {like: first, base: 2s}}\n"
        "rules:\n"
        "  - {name: a, when: {status: 429}, do: [{backoff: second}, retry]}\n"
        "  - name: b\n"
        "    when: {status: 400}\n"
        "    do: [{fit_output_limit: {floor: 3k, buffer: 1_000, below_floor: compact}}, retry]\n"
        "  - {name: c, when: {status: 500}, do: fail}\n");
    cr_expect_eq(rule_of(policy, VARIANT_PLAIN, 0)->steps.list[0].backoff, 1);
    const struct step *fit = &rule_of(policy, VARIANT_PLAIN, 1)->steps.list[0];
    cr_expect_eq(fit->floor, 3000);
    cr_expect_eq(fit->buffer, 1000);
    cr_expect_eq(fit->below_floor, BELOW_FLOOR_COMPACT);
    cr_expect_eq(rule_of(policy, VARIANT_PLAIN, 2)->steps.list[0].kind, REDIAL_STEP_FAIL);
    cr_expect_eq(policy->backoffs[1].base, 2 * SECOND);
    cr_expect_eq(policy->backoffs[1].cap, 4 * SECOND);
    redial_policy_release(policy);
}

Test(config, hint_headers_are_numbered_once_for_all_backoffs)
{
    struct redial_policy *policy = policy_from(
        "backoff:\n"
        "  a: {base: 1s, cap: 4s, hint: {from: [Retry-After, "
        "anthropic-ratelimit-unified-5h-reset], "
        "max: 1m}}\n"
        "  b: {base: 1s, cap: 4s, hint: {from: [{header: x-reset, as: unix_seconds}, retry-after], "
        "max: 1m}}\n"
        "  c: {like: b, hint: none}\n"
        "rules:\n"
        "  - {name: a, when: {status: 429}, do: [{backoff: a}, retry]}\n"
        "  - {name: b, when: {status: 500}, do: [{backoff: b}, retry]}\n"
        "  - {name: c, when: {status: 503}, do: [{backoff: c}, retry]}\n");
    cr_assert_eq(policy->hint_header_count, 3);
    cr_expect(str_is(policy->hint_headers[0].name, "retry-after"), "names are lower case");
    cr_expect_eq(policy->hint_headers[0].unit, HINT_SECONDS_OR_DATE);
    cr_expect_eq(policy->hint_headers[1].unit, HINT_UNIX_SECONDS);
    cr_expect_eq(policy->hint_headers[2].unit, HINT_UNIX_SECONDS);
    cr_expect_eq(policy->backoffs[1].hint.from[0], 2);
    cr_expect_eq(policy->backoffs[1].hint.from[1], 0);
    cr_expect_eq(policy->backoffs[2].hint.count, 0);
    redial_policy_release(policy);
}

/* ---- Conditions */

struct glob_case {
    char pattern[32], literal[32];
    enum glob_form form;
};

ParameterizedTestParameters(config, patterns)
{
    static struct glob_case cases[] = {
        {"exactly", "exactly", GLOB_EXACT},
        {"begin*", "begin", GLOB_PREFIX},
        {"*end", "end", GLOB_SUFFIX},
        {"*middle*", "middle", GLOB_CONTAINS},
        {"*a*b*", "", GLOB_GENERAL},
        {"one?", "", GLOB_GENERAL},
        {"*", "", GLOB_SUFFIX},
        {"**", "", GLOB_CONTAINS},
        {"literal\\\\*", "", GLOB_GENERAL},
    };
    return cr_make_param_array(struct glob_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct glob_case *c, config, patterns)
{
    struct text text = TEXT_INIT;
    text_printf(&text, "rules: [{name: a, when: {message: \"%s\"}, do: [fail]}]\n", c->pattern);
    struct redial_policy *policy = policy_from(text.ptr);
    const struct condition *when = rule_of(policy, VARIANT_PLAIN, 0)->when;
    cr_assert_eq(when->kind, CONDITION_GLOB);
    cr_expect_eq(when->globs[0].form, c->form, "%s", c->pattern);
    if (c->form != GLOB_GENERAL) cr_expect(str_is(when->globs[0].literal, c->literal));
    redial_policy_release(policy);
    text_clean_up(&text);
}

Test(config, several_keys_have_to_hold_and_a_list_means_one_of)
{
    struct redial_policy *policy = policy_from(
        "rules:\n"
        "  - {name: a, when: {status: [429, 5xx, 400..404], platform: bedrock}, do: [fail]}\n"
        "  - {name: b, when: {model: [claude-opus-4-6, \"*haiku*\"]}, do: [fail]}\n"
        "  - {name: c, when: {hint: absent, attempt: {over: 2}}, do: [fail]}\n");
    const struct condition *a = rule_of(policy, VARIANT_PLAIN, 0)->when;
    cr_assert_eq(a->kind, CONDITION_ALL);
    cr_assert_eq(a->count, 2);
    cr_expect_eq(a->children[0]->kind, CONDITION_ANY);
    cr_expect_eq(a->children[0]->count, 3);
    cr_expect_eq(a->children[1]->fact, FACT_PLATFORM);
    cr_expect_eq(policy->platforms[a->children[1]->values[0]].kind, PLATFORM_BEDROCK);
    cr_expect_eq(rule_of(policy, VARIANT_PLAIN, 1)->when->kind, CONDITION_ANY);
    const struct condition *c = rule_of(policy, VARIANT_PLAIN, 2)->when;
    cr_expect_eq(c->children[0]->range.low, 3);
    cr_expect_eq(c->children[1]->range.low, -1);
    cr_expect_eq(c->children[1]->range.high, -1);
    redial_policy_release(policy);
}

Test(config, a_symbol_is_found_again_by_its_text)
{
    struct redial_policy *policy = policy_from("rules: [{name: a, when: {error: [overloaded_error, "
                                               "api_error], error_code: api_error}, do: "
                                               "[fail]}]\n");
    const struct condition *when = rule_of(policy, VARIANT_PLAIN, 0)->when;
    uint32_t api_error = policy_symbol(policy, REDIAL_STR("api_error"));
    cr_expect_neq(api_error, 0);
    cr_expect_eq(when->children[0]->values[1], api_error);
    cr_expect_eq(when->children[1]->values[0], api_error, "one text, one symbol");
    cr_expect_eq(policy_symbol(policy, REDIAL_STR("nobody names this")), 0);
    cr_expect_eq(policy_symbol(policy, REDIAL_STR("")), 0);
    redial_policy_release(policy);
}

Test(config, providers_are_the_platforms_unless_a_file_says_otherwise)
{
    struct redial_policy *policy =
        policy_from("rules: [{name: a, when: {provider: vertex}, do: [fail]}]\n");
    cr_expect_eq(policy->provider_count, 4);
    cr_expect_neq(policy_find_provider(policy, REDIAL_STR("foundry")), NO_INDEX);
    redial_policy_release(policy);

    policy = policy_from("providers: {eu: {platform: bedrock, region: eu-west-1, residency: "
                         "\"aws:eu-west-1\"}}\n"
                         "rules: [{name: a, when: {provider: eu}, do: [fail]}]\n");
    cr_assert_eq(policy->provider_count, 1);
    cr_expect(str_is(policy->providers[0].region, "eu-west-1"));
    cr_expect_eq(policy->default_provider, 0);
    cr_expect_eq(policy_find_provider(policy, REDIAL_STR("bedrock")), NO_INDEX);
    redial_policy_release(policy);
}

Test(config, a_file_that_cannot_be_read_makes_no_policy)
{
    struct redial_diags *diags = redial_diags_new();
    cr_expect_null(redial_policy_load("policies/nowhere.yaml", NULL, diags));
    cr_expect_eq(redial_diags_errors(diags), 1);
    cr_expect_neq(str_find(str_of(redial_diags_text(diags, false)), REDIAL_STR("nowhere.yaml")),
                  SIZE_MAX);
    struct redial_policy *policy = redial_policy_load("policies/claude-code.yaml", NULL, diags);
    cr_expect_not_null(policy, "what was wrong before is forgotten");
    cr_expect_eq(redial_diags_errors(diags), 0);
    cr_expect_eq(redial_policy_rule(policy, REDIAL_NO_INDEX).len, 0);
    redial_policy_release(policy);
    redial_diags_destroy(diags);
}

/* ---- The page about the language */

/* The number-th block of YAML, from 1; empty behind the last. */
static void read_block(const char *path, size_t number, struct text *out)
{
    FILE *file = fopen(path, "r");
    char line[512];
    size_t blocks = 0;
    bool inside = false;
    cr_assert_not_null(file);
    while (fgets(line, sizeof line, file)) {
        struct redial_str text = str_of(line);
        bool fence = str_starts_with(text, REDIAL_STR("```"));
        if (inside && !fence && blocks == number) text_append(out, text);
        if (!fence) continue;
        inside = !inside;
        blocks += str_starts_with(text, REDIAL_STR("```yaml"));
    }
    fclose(file);
}

static bool has_key(const struct text *block, const char *key)
{
    return str_starts_with(text_str(block), str_of(key + 1)) ||
           str_find(text_str(block), str_of(key)) != SIZE_MAX;
}

/* A fragment becomes a policy with what it leaves out. */
static void complete(struct text *block)
{
    if (!has_key(block, "\nredial:")) text_printf(block, "redial: 1\n");
    if (has_key(block, "\nextends:")) return;
    if (!has_key(block, "\nuses:") && !has_key(block, "\nplatforms:"))
        text_printf(block, "uses: [platforms.yaml]\n");
    if (!has_key(block, "\nrules:"))
        text_printf(block, "rules: [{name: all, when: always, do: [fail]}]\n");
}

Test(config, the_examples_of_the_language_page_load)
{
    static const struct redial_env none[] = {{NULL, NULL}};
    struct text block = TEXT_INIT, said = TEXT_INIT;
    size_t number = 1;
    for (;; number++) {
        text_clear(&block);
        read_block("policies/README.md", number, &block);
        if (block.len == 0) break;
        complete(&block);
        struct diag_list *diags = diag_list_new();
        struct redial_policy *policy =
            policy_load_text(REDIAL_STR("policies/README.md"), text_str(&block), none, diags);
        text_clear(&said);
        diag_render(diags, false, &said);
        cr_expect(policy, "block %zu: %s", number, said.ptr);
        redial_policy_release(policy);
        diag_list_destroy(diags);
    }
    cr_expect_gt(number, 6u, "the page has its examples");
    text_clean_up(&block);
    text_clean_up(&said);
}

Test(config, more_rules_than_a_policy_can_number_are_refused_at_once)
{
    struct text many = TEXT_INIT, said = TEXT_INIT;
    text_printf(&many, "redial: 1\nplatforms: {anthropic: {}}\nrules:\n");
    for (int i = 0; i < 65001; i++) text_append(&many, REDIAL_STR("- {}\n"));
    cr_expect_null(load(many.ptr, NULL, &said));
    cr_expect_neq(str_find(text_str(&said), REDIAL_STR("65001 rules")), SIZE_MAX, "%s", said.ptr);
    cr_expect_lt(said.len, 500u, "one error, not one for each rule");
    text_clean_up(&many);
    text_clean_up(&said);
}
