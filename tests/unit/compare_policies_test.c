/* Two policies beside each other, and the worst case of one: what is told is what the engine does.
 * How it reads is pinned by tests/cli/compare.test. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "document/json.h"
#include "redial/redial.h"
#include "story/explain.h"
#include "story/worst.h"
#include "tests/support/failing_memory.h"
#include "tests/support/policy_from.h"

#define BASE                                                                                       \
    "limits: {retries: 4, attempts: 9}\n"                                                          \
    "backoff: {b: {base: 1s, cap: 4s, hint: {from: retry-after, max: 1m, above: give_up}}}\n"
#define RULES                                                                                      \
    "rules:\n"                                                                                     \
    "  - {name: busy, when: {status: 529}, do: [backoff, retry], max: 3}\n"                        \
    "  - {name: down, when: {class: server_error}, do: [backoff, retry]}\n"                        \
    "  - {name: rest, when: always, do: [fail]}\n"

struct pair {
    char name[64];
    char b[640];
    bool equal;
};

ParameterizedTestParameters(compare_policies, verdict)
{
    static struct pair pairs[] = {
        {"a policy is like itself", BASE RULES, true},
        {"names of rules do not count",
         BASE "rules:\n"
              "  - {name: x, when: {status: 529}, do: [backoff, retry], max: 3}\n"
              "  - {name: y, when: {class: server_error}, do: [backoff, retry]}\n"
              "  - {name: z, when: always, do: [fail]}\n",
         true},
        {"a rule that is never reached does not count",
         BASE RULES "  - {name: more, when: {status: 429}, do: [backoff, retry]}\n", true},
        {"one retry more counts",
         BASE "rules:\n"
              "  - {name: busy, when: {status: 529}, do: [backoff, retry], max: 4}\n"
              "  - {name: down, when: {class: server_error}, do: [backoff, retry]}\n"
              "  - {name: rest, when: always, do: [fail]}\n",
         false},
        {"a cap that only the last wait meets counts",
         "limits: {retries: 4, attempts: 9}\n"
         "backoff: {b: {base: 1s, cap: 5s, hint: {from: retry-after, max: 1m, above: "
         "give_up}}}\n" RULES,
         false},
        {"a longer hint counts",
         "limits: {retries: 4, attempts: 9}\n"
         "backoff: {b: {base: 1s, cap: 4s, hint: {from: retry-after, max: 3h, above: "
         "give_up}}}\n" RULES,
         false},
        {"a status that only one of them names counts",
         BASE "rules:\n"
              "  - {name: teapot, when: {status: 418}, do: [backoff, retry], max: 1}\n"
              "  - {name: busy, when: {status: 529}, do: [backoff, retry], max: 3}\n"
              "  - {name: down, when: {class: server_error}, do: [backoff, retry]}\n"
              "  - {name: rest, when: always, do: [fail]}\n",
         false},
        {"what only background calls meet counts",
         BASE "rules:\n"
              "  - {name: bail, when: {status: 529, query: background}, do: [fail]}\n"
              "  - {name: busy, when: {status: 529}, do: [backoff, retry], max: 3}\n"
              "  - {name: down, when: {class: server_error}, do: [backoff, retry]}\n"
              "  - {name: rest, when: always, do: [fail]}\n",
         false},
    };
    return cr_make_param_array(struct pair, pairs, REDIAL_COUNT_OF(pairs));
}

ParameterizedTest(struct pair *pair, compare_policies, verdict)
{
    struct redial_policy *a = policy_from(BASE RULES), *b = policy_from(pair->b);
    struct text text = TEXT_INIT, json = TEXT_INIT;
    bool equal = !pair->equal, equal_json = !pair->equal;
    cr_assert(explain_compare(a, b, &(struct explain_style){.width = 80}, &text, &equal));
    cr_assert(explain_compare_json(a, b, &json, &equal_json));
    cr_expect_eq(equal, pair->equal, "%s: %s", pair->name, text.ptr);
    cr_expect_eq(equal_json, pair->equal, "%s", pair->name);
    struct json *parsed = json_parse(str_trim(text_str(&json)));
    cr_expect_eq(json_count(json_at(parsed, "differences")) == 0, pair->equal, "%s", pair->name);
    json_free(parsed);
    text_clean_up(&text);
    text_clean_up(&json);
    redial_policy_release(a);
    redial_policy_release(b);
}

/* Of the many allocations every one at the start, and fewer and fewer of the later ones, which come
 * from the same lines. */
static void expect_survival(const struct redial_policy *a, const struct redial_policy *b)
{
    bool failed = true, equal;
    for (size_t nth = 1; failed; nth += 1 + nth / 16) {
        struct text text = TEXT_INIT;
        failing_memory_begin(nth);
        bool told = explain_compare(a, b, &(struct explain_style){.width = 80}, &text, &equal);
        failed = failing_memory_end();
        cr_expect_eq(!told || text.failed, failed, "allocation %zu", nth);
        text_clean_up(&text);
        cr_assert_eq(failing_memory_live(), 0, "allocation %zu leaks", nth);
    }
}

Test(compare_policies, every_failed_allocation_is_survived_and_told)
{
    struct redial_policy *a = policy_from(BASE RULES);
    struct redial_policy *b = policy_from(BASE "rules: [{name: rest, when: always, do: [fail]}]\n");
    expect_survival(a, b);
    cr_expect_eq(a->references, 1);
    redial_policy_release(a);
    redial_policy_release(b);
}

/* ---- The worst case ---- */

static const struct worst_case *of(const struct worst *worst, enum redial_class class)
{
    return &worst->of_class[VARIANT_PLAIN][class];
}

Test(worst, every_class_ends_where_its_rule_or_the_leg_ends)
{
    struct redial_policy *policy = policy_from(BASE RULES);
    struct worst worst;
    cr_assert(worst_find(policy, &worst));
    cr_expect_eq(of(&worst, REDIAL_CLASS_OVERLOADED)->attempts, 4);
    cr_expect_eq(of(&worst, REDIAL_CLASS_OVERLOADED)->waited, 7 * NS_PER_SECOND);
    cr_expect_eq(of(&worst, REDIAL_CLASS_OVERLOADED)->hinted, 3 * NS_PER_MINUTE);
    cr_expect_eq(of(&worst, REDIAL_CLASS_OVERLOADED)->reason, REDIAL_REASON_RULE_LIMIT);
    cr_expect_eq(of(&worst, REDIAL_CLASS_SERVER_ERROR)->attempts, 5);
    cr_expect_eq(of(&worst, REDIAL_CLASS_SERVER_ERROR)->reason, REDIAL_REASON_RETRY_LIMIT);
    cr_expect_eq(of(&worst, REDIAL_CLASS_RATE_LIMITED)->attempts, 1);
    cr_expect_eq(worst.mixed[VARIANT_PLAIN].attempts, 5);
    cr_expect_eq(worst.mixed[VARIANT_PLAIN].waited, 4 * 4 * NS_PER_SECOND);
    cr_expect_eq(worst.mixed[VARIANT_PLAIN].hinted, 4 * NS_PER_MINUTE);
    redial_policy_release(policy);
}

Test(worst, what_nothing_ends_is_unbounded_and_a_deadline_ends_it)
{
    struct redial_policy *policy =
        policy_from("limits: {retries: unlimited, attempts: unlimited}\n"
                    "backoff: {b: {base: 1s, cap: 4s}}\n"
                    "rules: [{name: all, when: always, do: [backoff, retry]}]\n");
    struct worst worst;
    cr_assert(worst_find(policy, &worst));
    cr_expect_eq(of(&worst, REDIAL_CLASS_OVERLOADED)->attempts, WORST_UNBOUNDED);
    cr_expect_eq(of(&worst, REDIAL_CLASS_OVERLOADED)->waited, WORST_UNBOUNDED);
    cr_expect_eq(worst.mixed[VARIANT_PLAIN].attempts, WORST_UNBOUNDED);
    redial_policy_release(policy);
    policy = policy_from("limits: {retries: unlimited, attempts: unlimited, deadline: 10m}\n"
                         "backoff: {b: {base: 1s, cap: 1s}}\n"
                         "rules: [{name: all, when: always, do: [backoff, retry]}]\n");
    cr_assert(worst_find(policy, &worst));
    /* a wait that would pass the deadline is not begun: it may end exactly there */
    cr_expect(of(&worst, REDIAL_CLASS_OVERLOADED)->waited <= 10 * NS_PER_MINUTE);
    cr_expect(of(&worst, REDIAL_CLASS_OVERLOADED)->waited >= 599 * NS_PER_SECOND);
    cr_expect_eq(of(&worst, REDIAL_CLASS_OVERLOADED)->reason, REDIAL_REASON_DEADLINE);
    cr_expect_eq(worst.mixed[VARIANT_PLAIN].waited, 10 * NS_PER_MINUTE);
    redial_policy_release(policy);
}

Test(worst, a_budget_is_the_calls_own_when_it_is_asked_about)
{
    struct redial_policy *policy =
        policy_from("limits: {retries: 9, attempts: 20}\n"
                    "backoff: {b: {base: 1s, cap: 4s}}\n"
                    "budgets: {main: {capacity: 4, cost: 1}}\n"
                    "rules: [{name: all, when: always, do: [backoff, retry]}]\n");
    struct worst worst;
    cr_assert(worst_find(policy, &worst));
    cr_expect_eq(of(&worst, REDIAL_CLASS_OVERLOADED)->attempts, 5);
    cr_expect_eq(of(&worst, REDIAL_CLASS_OVERLOADED)->reason, REDIAL_REASON_BUDGET_EMPTY);
    redial_policy_release(policy);
}

Test(worst, where_jitter_is_subtracted_the_longest_wait_is_the_base)
{
    struct redial_policy *policy =
        policy_from("limits: {retries: 2}\n"
                    "backoff: {b: {base: 1s, cap: 8s, jitter: {subtract: 25%}}}\n"
                    "rules: [{name: all, when: always, do: [backoff, retry]}]\n");
    struct worst worst;
    cr_assert(worst_find(policy, &worst));
    cr_expect_eq(of(&worst, REDIAL_CLASS_OVERLOADED)->waited, 3 * NS_PER_SECOND);
    redial_policy_release(policy);
}

Test(worst, retries_around_a_policy_multiply_its_attempts)
{
    struct redial_policy *policy = policy_from(BASE RULES);
    struct explain_style style = {.width = 80, .outer = 12};
    struct text text = TEXT_INIT;
    explain_policy_json(policy, &style, &text);
    struct json *json = json_parse(str_trim(text_str(&text)));
    const struct json *any = json_at(json, "worst_case.0.any_mix_at_most");
    cr_expect_eq(json_int(json_at(any, "attempts"), -1), 5);
    cr_expect_eq(json_int(json_at(any, "attempts_with_outer"), -1), 60);
    json_free(json);
    text_clean_up(&text);
    redial_policy_release(policy);
}
