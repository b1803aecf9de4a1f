/* Conditions that nothing can ever meet. Only what is certain is said: a condition that is not
 * found here may still be impossible. */
#include "compile/lint.h"

static bool is_always(const struct condition *condition)
{
    if (condition->kind == CONDITION_ALWAYS) return true;
    if (condition->kind == CONDITION_RANGE)
        return condition->range.low <= 0 && condition->range.high == INT64_MAX &&
               condition->fact != FACT_HINT;
    if (condition->kind != CONDITION_ANY) return false;
    for (size_t i = 0; i < condition->count; i++)
        if (is_always(condition->children[i])) return true;
    return false;
}

/* Facts of a reply, and of an attempt that broke before there was one. */
static bool needs_reply(enum fact fact)
{
    return fact == FACT_STATUS || fact == FACT_ERROR || fact == FACT_ERROR_CODE ||
           fact == FACT_STOP_REASON;
}

static bool allows(const struct condition *condition, int64_t value)
{
    if (condition->kind == CONDITION_RANGE)
        return value >= condition->range.low && value <= condition->range.high;
    for (size_t i = 0; i < condition->count; i++)
        if (condition->values[i] == value) return true;
    return false;
}

static bool is_about_values(const struct condition *condition)
{
    return condition->kind == CONDITION_ONE_OF || condition->kind == CONDITION_RANGE;
}

/* Whether no event meets both. */
static bool exclude_each_other(const struct condition *a, const struct condition *b)
{
    if (!is_about_values(a) || !is_about_values(b)) return false;
    if (a->fact == FACT_FEATURE || b->fact == FACT_FEATURE) return false; /* a call may want both */
    if (a->fact != b->fact)
        return (a->fact == FACT_CAUSE && needs_reply(b->fact)) ||
               (b->fact == FACT_CAUSE && needs_reply(a->fact));
    if (a->kind == CONDITION_RANGE && b->kind == CONDITION_RANGE)
        return a->range.high < b->range.low || b->range.high < a->range.low;
    const struct condition *list = a->kind == CONDITION_ONE_OF ? a : b;
    const struct condition *other = list == a ? b : a;
    for (size_t i = 0; i < list->count; i++)
        if (allows(other, list->values[i])) return false;
    return true;
}

/* The part that makes a condition impossible, or NULL; `against` is what it contradicts, if it is
 * one other part. */
static const struct condition *impossible(const struct condition *condition,
                                          const struct condition **against);

static const struct condition *impossible_all(const struct condition *condition,
                                              const struct condition **against)
{
    for (size_t i = 0; i < condition->count; i++) {
        const struct condition *part = impossible(condition->children[i], against);
        if (part) return part;
        for (size_t j = 0; j < i; j++) {
            if (!exclude_each_other(condition->children[i], condition->children[j])) continue;
            *against = condition->children[j];
            return condition->children[i];
        }
    }
    return NULL;
}

static const struct condition *impossible(const struct condition *condition,
                                          const struct condition **against)
{
    const struct condition *part = NULL;
    switch (condition->kind) {
    case CONDITION_ALL: return impossible_all(condition, against);
    case CONDITION_ANY:
        for (size_t i = 0; i < condition->count; i++) {
            part = impossible(condition->children[i], against);
            if (!part) return NULL;
        }
        return part;
    case CONDITION_NOT: return is_always(condition->children[0]) ? condition : NULL;
    case CONDITION_RANGE: return condition->range.low > condition->range.high ? condition : NULL;
    case CONDITION_ALWAYS:
    case CONDITION_ONE_OF:
    case CONDITION_GLOB:
    case CONDITION_LUA: break; /* what a function says is known only when it is asked */
    }
    return NULL;
}

static void check(const struct lint *lint, const struct condition *when)
{
    const struct condition *against = NULL, *part = impossible(when, &against);
    if (!part) return;
    struct diag *diag = LINT_WARN(lint, LINT_NEVER_TRUE, part->span,
                                  "nothing that happens can meet this condition");
    if (against) diag_note(lint->diags, diag, against->span, "it contradicts this");
    diag_cure(lint->diags, diag, "%s",
              against ? "write `any:` with the two if either may hold, or remove one"
                      : "remove it, or say what it is meant for");
}

static void check_table(const struct lint *lint, const struct classify_table *table)
{
    for (size_t i = 0; i < table->count; i++) check(lint, table->rows[i].when);
}

void lint_conditions(const struct lint *lint)
{
    const struct redial_policy *policy = lint->policy;
    for (size_t i = 0; i < policy->rule_count; i++)
        check(lint, policy->variants[VARIANT_PLAIN].rules[i].when);
    check_table(lint, &policy->transport);
    for (size_t i = 0; i < policy->platform_count; i++)
        check_table(lint, &policy->platforms[i].classify);
}
