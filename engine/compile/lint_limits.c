/* What a call can cost at the worst: attempts, also with the retries of what stands around it, and
 * time. Of the plain policy: a mode that a person switches on says itself what it is for. */
#include "compile/lint.h"
#include "compile/parts.h"

#define RETRIES_UNBUDGETED_MAX 3 /* what every client of the field does without a budget */
#define AMPLIFICATION_MAX      100
#define WAIT_MAX               NS_PER_HOUR
#define WAITS_COUNTED_MAX      10000 /* a sum of more than these is too long in any case */

enum {
    RETRIES_HERE = 1u << REDIAL_STEP_RETRY,
    GOES_ELSEWHERE = 1u << REDIAL_STEP_FALLBACK_MODEL | 1u << REDIAL_STEP_FALLBACK_PROVIDER
};

/* The most retries of one leg that one rule can take. */
static int32_t retries_of(const struct redial_policy *policy, const struct rule **most)
{
    const struct variant *plain = &policy->variants[VARIANT_PLAIN];
    int32_t highest = 0;
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &plain->rules[i];
        if (!(rule->steps.kinds & RETRIES_HERE) || rule->steps.kinds & GOES_ELSEWHERE) continue;
        int32_t retries = rule->max < plain->limits.retries ? rule->max : plain->limits.retries;
        if (retries <= highest) continue;
        highest = retries;
        *most = rule;
    }
    return highest;
}

static void check_budget(const struct lint *lint)
{
    const struct redial_policy *policy = lint->policy;
    const struct rule *rule = NULL;
    int32_t retries = retries_of(policy, &rule);
    if (retries <= RETRIES_UNBUDGETED_MAX || policy->guards.budget_count > 0) return;
    struct redial_str name = rule->name;
    struct diag *diag;
    if (retries == REDIAL_UNLIMITED)
        diag = LINT_WARN(lint, LINT_NO_BUDGET, rule->span,
                         "rule '%.*s' retries without end, and no budget bounds all calls together",
                         REDIAL_STR_ARG(name));
    else
        diag = LINT_WARN(lint, LINT_NO_BUDGET, rule->span,
                         "rule '%.*s' retries up to %d times, and no budget bounds all calls "
                         "together: in an outage the load becomes %d-fold",
                         REDIAL_STR_ARG(name), retries, retries + 1);
    diag_cure(lint->diags, diag,
              "add budgets: {retries: {of: calls, share: 20%%, floor: 10, window: 10s}}");
}

/* ---- Attempts */

static int64_t times(int64_t a, int64_t b)
{
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

/* How many models one call can go through. */
static int64_t legs_of(const struct redial_policy *policy)
{
    int64_t legs = 1;
    for (size_t i = 0; i < policy->model_count; i++)
        if (policy->models[i].fallback_count > 0) legs++;
    return legs;
}

static int64_t attempts_of(const struct redial_policy *policy)
{
    const struct limits *limits = &policy->variants[VARIANT_PLAIN].limits;
    int64_t attempts = limits->attempts;
    const struct rule *rule = NULL;
    if (retries_of(policy, &rule) == 0) return 1;
    if (limits->retries == REDIAL_UNLIMITED) return attempts;
    int64_t by_legs = times(legs_of(policy), (int64_t)limits->retries + 1);
    return by_legs < attempts ? by_legs : attempts;
}

static void check_amplification(const struct lint *lint)
{
    const struct redial_policy *policy = lint->policy;
    int64_t attempts = attempts_of(policy), all = attempts;
    for (size_t i = 0; i < policy->outer_retry_count; i++)
        all = times(all, (int64_t)policy->outer_retries[i] + 1);
    if (all <= AMPLIFICATION_MAX) return;
    struct span span = policy->outer_retry_count > 0 ? policy->outer_retry_span
                                                     : policy->variants[VARIANT_PLAIN].limits.span;
    struct diag *diag;
    if (attempts == REDIAL_UNLIMITED)
        diag =
            LINT_WARN(lint, LINT_AMPLIFICATION, span, "one call may become any number of attempts");
    else
        diag = LINT_WARN(lint, LINT_AMPLIFICATION, span,
                         "one request may become %lld attempts: %lld here%s", (long long)all,
                         (long long)attempts,
                         policy->outer_retry_count > 0 ? ", and the retries around it" : "");
    diag_cure(lint->diags, diag, "retry in one layer only, or lower limits.attempts");
}

/* ---- Time */

static int64_t wait_at_most(const struct backoff *backoff, int64_t number)
{
    int64_t base = backoff->base, low, high;
    int64_t growth = backoff->kind == BACKOFF_DECORRELATED ? 3 : 2;
    bool by_steps =
        backoff->kind != BACKOFF_DECORRELATED && backoff->kind != BACKOFF_DECORRELATED_V2;
    if (by_steps) {
        size_t step = (size_t)number < backoff->step_count ? (size_t)number : backoff->step_count;
        backoff_range(backoff, backoff->steps[step - 1], &low, &high);
        return high;
    }
    for (int64_t i = 0; i < number && base < backoff->cap; i++) base = times(base, growth);
    return base < backoff->cap ? base : backoff->cap;
}

/* All waits of a leg under its backoff, hints apart: those have their own bound. */
static int64_t total_of(const struct redial_policy *policy)
{
    const struct variant *plain = &policy->variants[VARIANT_PLAIN];
    const struct rule *rule = NULL;
    int64_t retries = retries_of(policy, &rule), total = 0;
    if (policy->backoff_count == 0) return 0;
    const struct backoff *backoff = &policy->backoffs[plain->default_backoff];
    for (int64_t n = 1; n <= retries && total <= WAIT_MAX && n <= WAITS_COUNTED_MAX; n++)
        total = duration_add(total, wait_at_most(backoff, n));
    total = times(total, legs_of(policy));
    return total < plain->limits.deadline ? total : plain->limits.deadline;
}

static void check_total_wait(const struct lint *lint)
{
    const struct limits *limits = &lint->policy->variants[VARIANT_PLAIN].limits;
    if (total_of(lint->policy) <= WAIT_MAX) return;
    struct span span = limits->span;
    if (!span.source) span = lint->policy->backoffs[0].span;
    struct diag *diag =
        LINT_WARN(lint, LINT_LONG_WAIT, span,
                  "a call may wait for more than an hour in all, hints not counted");
    diag_cure(lint->diags, diag, "add limits: {deadline: 10m}, or lower retries or the cap");
}

/* ---- Hints */

static void check_hints(const struct lint *lint)
{
    const struct redial_policy *policy = lint->policy;
    for (size_t i = 0; i < policy->backoff_count; i++) {
        const struct backoff *backoff = &policy->backoffs[i];
        if (backoff->hint.count == 0 || backoff->hint.held || backoff->hint.max != DURATION_MAX)
            continue;
        struct redial_str name = backoff->name;
        struct diag *diag =
            LINT_WARN(lint, LINT_UNBOUNDED_HINT, backoff->hint.span,
                      "backoff '%.*s' waits as long as any server says", REDIAL_STR_ARG(name));
        diag_cure(lint->diags, diag, "add max: the longest wait that is obeyed, such as 1h");
    }
}

void lint_limits(const struct lint *lint)
{
    check_budget(lint);
    check_amplification(lint);
    check_total_wait(lint);
    check_hints(lint);
}
