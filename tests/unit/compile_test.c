#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "base/random.h"
#include "compile/parts.h"
#include "core/match.h"
#include "redial/redial.h"
#include "tests/support/policy_from.h"

#define MS NS_PER_MS

struct step_case {
    char name[64];
    enum backoff_kind kind;
    int64_t base, cap;
    double factor;
    size_t number; /* of the wait, from 1; beyond the table: its last */
    int64_t want;
};

/* clang-format off */
ParameterizedTestParameters(compile, waits)
{
    static struct step_case cases[] = {
        {"the first wait is the base",                BACKOFF_EXPONENTIAL,  500 * MS, 32000 * MS,   2,   1,  500 * MS},
        {"each doubles the one before",               BACKOFF_EXPONENTIAL,  500 * MS, 32000 * MS,   2,   6,  16000 * MS},
        {"the cap is reached",                        BACKOFF_EXPONENTIAL,  500 * MS, 32000 * MS,   2,   7,  32000 * MS},
        {"and stays",                                 BACKOFF_EXPONENTIAL,  500 * MS, 32000 * MS,   2,   99, 32000 * MS},
        {"a cap between two steps cuts the second",   BACKOFF_EXPONENTIAL,  500 * MS, 700 * MS,     2,   2,  700 * MS},
        {"a fraction is rounded to the nanosecond",   BACKOFF_EXPONENTIAL,  1,        1000 * MS,    1.5, 2,  2},
        {"without a cap it saturates",                BACKOFF_EXPONENTIAL,  500 * MS, DURATION_MAX, 2,   64, DURATION_MAX},
        {"powers of two are exact",                   BACKOFF_EXPONENTIAL,  1,        DURATION_MAX, 2,   62, INT64_C(1) << 61},
        {"a factor of one never grows",               BACKOFF_EXPONENTIAL,  500 * MS, 32000 * MS,   1,   50, 500 * MS},
        {"a factor below one shrinks",                BACKOFF_EXPONENTIAL,  500 * MS, 32000 * MS,   0.5, 2,  250 * MS},
        {"linear adds the base",                      BACKOFF_LINEAR,       500 * MS, 32000 * MS,   2,   3,  1500 * MS},
        {"linear meets its cap",                      BACKOFF_LINEAR,       500 * MS, 1200 * MS,    2,   3,  1200 * MS},
        {"constant stays",                            BACKOFF_CONSTANT,     500 * MS, DURATION_MAX, 2,   9,  500 * MS},
        {"decorrelated keeps its lower bound",        BACKOFF_DECORRELATED, 500 * MS, 32000 * MS,   2,   9,  500 * MS},
    };
    return cr_make_param_array(struct step_case, cases, REDIAL_COUNT_OF(cases));
}
/* clang-format on */

ParameterizedTest(struct step_case *c, compile, waits)
{
    struct backoff backoff = {.kind = c->kind, .base = c->base, .cap = c->cap, .factor = c->factor};
    compile_backoff(&backoff);
    cr_assert(backoff.step_count >= 1 && backoff.step_count <= BACKOFF_STEPS_MAX);
    size_t at = c->number < backoff.step_count ? c->number : backoff.step_count;
    cr_expect_eq(backoff.steps[at - 1], c->want, "%s: %lld", c->name,
                 (long long)backoff.steps[at - 1]);
}

/* ---- Matchers against the plain reading of their rows */

static uint32_t first_by_reading(const struct redial_policy *policy, const struct facts *facts)
{
    for (uint32_t i = 0; i < policy->rule_count; i++)
        if (condition_holds(policy->variants[VARIANT_PLAIN].rules[i].when, facts)) return i;
    return MATCH_NONE;
}

static uint32_t pick(uint64_t *random, uint32_t below)
{
    return (uint32_t)(random_next(random) % below);
}

static void draw_facts(uint64_t *random, const struct redial_policy *policy, struct facts *facts)
{
    static const uint32_t statuses[] = {0, 200, 400, 401, 403, 429, 500, 503, 529};
    facts->key[FACT_CLASS] = pick(random, REDIAL_CLASS_COUNT);
    facts->key[FACT_STATUS] = statuses[pick(random, REDIAL_COUNT_OF(statuses))];
    facts->key[FACT_ERROR] = pick(random, (uint32_t)policy->symbols.count + 1);
    facts->key[FACT_CAUSE] = pick(random, REDIAL_CAUSE_COUNT);
    facts->key[FACT_PHASE] = pick(random, REDIAL_PHASE_COUNT);
    facts->key[FACT_PLATFORM] = pick(random, (uint32_t)policy->platform_count);
    facts->key[FACT_PROVIDER] = facts->key[FACT_PLATFORM];
    facts->key[FACT_MODEL] = pick(random, (uint32_t)policy->model_count);
    facts->key[FACT_QUERY] = pick(random, REDIAL_QUERY_COUNT);
    facts->key[FACT_SHOULD_RETRY] = pick(random, 3);
}

static void compare_with_reading(const char *text)
{
    struct redial_policy *policy = policy_from(text);
    struct redial_call call = {.policy = policy, .model = REDIAL_STR("claude-haiku-4-5")};
    struct redial_event event = {.message = REDIAL_STR("a sentence")};
    struct facts facts = {.policy = policy, .event = &event, .call = &call};
    uint64_t random = 7;
    for (int i = 0; i < 20000; i++) {
        draw_facts(&random, policy, &facts);
        uint32_t want = first_by_reading(policy, &facts);
        uint32_t got = matcher_find(&policy->rules_matcher, &facts);
        cr_assert_eq(got, want, "round %d: the matcher finds rule %u, reading finds %u", i, got,
                     want);
    }
    redial_policy_release(policy);
}

Test(compile, a_matcher_finds_the_rule_that_reading_from_the_top_finds)
{
    compare_with_reading(
        "rules:\n"
        "  - {name: a, when: {class: [overloaded, rate_limited], query: background}, do: [fail]}\n"
        "  - {name: b, when: {any: [{status: 529}, {cause: EPIPE}]}, do: [fail]}\n"
        "  - {name: c, when: {class: rate_limited, message: \"*nothing*\"}, do: [fail]}\n"
        "  - {name: d, when: {class: rate_limited, message: \"*sentence*\", platform: [bedrock, "
        "vertex]}, do: [fail]}\n"
        "  - {name: e, when: {not: {status: [200, 400, 401, 403, 429]}, phase: [send, wait, "
        "body]}, "
        "do: [fail]}\n"
        "  - {name: f, when: {status: [4xx, 500], model: [claude-opus-4-6, \"*opus*\"]}, do: "
        "[fail]}\n"
        "  - {name: g, when: {should_retry: [true, absent], model: claude-haiku-4-5, class: "
        "refusal}, do: [fail]}\n"
        "  - {name: h, when: {all: [{class: auth}, {class: [auth, billing]}], error: api_error}, "
        "do: [fail]}\n"
        "  - {name: i, when: {class: [auth, billing, timeout, conflict, refusal, too_large, "
        "not_found, forbidden, server_error], phase: [send, wait, headers, body, stream, connect, "
        "tls, resolve], platform: [anthropic, bedrock]}, do: [fail]}\n"
        "  - {name: j, when: {provider: foundry}, do: [fail]}\n");
}

Test(compile, a_rule_for_everything_ends_the_search)
{
    compare_with_reading("rules:\n"
                         "  - {name: a, when: {status: 429}, do: [fail]}\n"
                         "  - {name: b, when: {any: [{status: 529}, always]}, do: [fail]}\n");
}

/* ---- Fallbacks */

Test(compile, every_model_of_a_fallback_has_a_bit_of_its_own)
{
    struct redial_policy *policy =
        policy_from("rules: [{name: a, when: always, do: [fail]}]\n"
                    "fallback: {models: {one: [two, three], four: [one], two: [five]}}\n");
    uint64_t seen = 0;
    static const char *const names[] = {"one", "two", "three", "four", "five"};
    for (size_t i = 0; i < REDIAL_COUNT_OF(names); i++) {
        uint16_t model = policy_find_model(policy, str_of(names[i]));
        cr_assert_neq(model, NO_INDEX);
        uint64_t bit = UINT64_C(1) << policy->models[model].slot;
        cr_expect_eq(seen & bit, 0, "%s", names[i]);
        seen |= bit;
    }
    redial_policy_release(policy);
}

Test(compile, only_rules_that_refresh_count_in_a_row)
{
    struct redial_policy *policy =
        policy_from("rules:\n"
                    "  - {name: a, when: {class: auth_expired}, do: [refresh, retry], max: 1}\n"
                    "  - {name: b, when: {class: conflict}, do: [{wait: 1s}, retry], max: 1}\n");
    cr_expect(policy->variants[VARIANT_PLAIN].rules[0].in_a_row);
    cr_expect_not(policy->variants[VARIANT_PLAIN].rules[1].in_a_row);
    redial_policy_release(policy);
}
