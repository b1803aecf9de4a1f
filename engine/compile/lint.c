/* What is allowed and still looks wrong. Each check is one function; each warning can be silenced
 * in the policy, with a reason. */
#include "compile/lint.h"

#include "compile/parts.h"

#define BIT(step)                   (1u << REDIAL_STEP_##step)
#define WARN(lint, code, span, ...) LINT_WARN(lint, LINT_##code, span, __VA_ARGS__)

static const struct name code_rows[] = {
    [LINT_UNREACHABLE] = {"unreachable", "a rule or row that an earlier one always hides"},
    [LINT_CLASS_NEVER_PRODUCED] = {"class-never-produced",
                                   "a rule on a class that no classify row gives"},
    [LINT_NEVER_TRUE] = {"never-true", "a condition that nothing can meet"},
    [LINT_HOT_LOOP] = {"hot-loop", "a retry with neither a wait nor a repair before it"},
    [LINT_UNBOUNDED_WAIT] = {"unbounded-wait", "a growing backoff without a cap"},
    [LINT_UNBOUNDED_HINT] = {"unbounded-hint", "a server's word on waiting without a maximum"},
    [LINT_BAD_REQUEST_RETRIED] = {"bad-request-retried",
                                  "the same request again after the platform called it wrong"},
    [LINT_UNUSED_BACKOFF] = {"unused-backoff", "a backoff that no step and no mode names"},
    [LINT_UNDECLARED_MODEL] = {"undeclared-model", "a fallback to a model that no platform lists"},
    [LINT_FALLBACK_LACKS] = {"fallback-lacks",
                             "a fallback to a platform that lacks what the call needs"},
    [LINT_MISSING_FEATURE] = {"missing-feature", "a required feature that no provider has"},
    [LINT_RESIDENCY_UNMATCHED] = {"residency-unmatched",
                                  "a residency that no provider lies within"},
    [LINT_NO_BUDGET] = {"no-budget", "more than three retries, and no budget over all calls"},
    [LINT_AMPLIFICATION] = {"amplification", "one request may become more than a hundred attempts"},
    [LINT_LONG_WAIT] = {"long-wait", "the waits of one call may last more than an hour"},
    [LINT_METADATA_RISK] = {"metadata-risk",
                            "Vertex without a project ID: a metadata server may hang"},
    [LINT_UNTESTED_RULE] = {"untested-rule", "a rule that no scenario of the folder reaches"},
    [LINT_UNKNOWN_CODE] = {"unknown-lint-code", "`lint: ignore` names a code that does not exist"},
};
_Static_assert(REDIAL_COUNT_OF(code_rows) == LINT_CODE_COUNT, "one row per code");
const struct names lint_codes = {"lint code", code_rows, REDIAL_COUNT_OF(code_rows)};

/* ---- Rows that nothing reaches */

/* The span and name of a row, whatever table it is in. */
typedef struct span place_fn(const void *rows, uint32_t row);

static struct span rule_place(const void *rows, uint32_t row)
{
    return ((const struct rule *)rows)[row].span;
}

static struct span classify_place(const void *rows, uint32_t row)
{
    return ((const struct classify_row *)rows)[row].span;
}

static void report_unreachable(const struct lint *lint, const char *what, const void *rows,
                               place_fn *place, uint32_t row, uint32_t covering)
{
    struct diag *diag = WARN(lint, UNREACHABLE, place(rows, row), "this %s can never match", what);
    diag_note(lint->diags, diag, place(rows, covering), "everything it matches is matched here");
    diag_cure(lint->diags, diag, "move it up, or remove it");
}

/* The entries of a row follow each other; it is out of reach when all of them are covered. */
static void check_reach(const struct lint *lint, const struct matcher *matcher, const char *what,
                        const void *rows, place_fn *place)
{
    for (size_t i = 0; i < matcher->entry_count;) {
        uint32_t row = matcher->entries[i].row;
        const struct match_entry *covering = NULL;
        bool reached = false;
        for (; i < matcher->entry_count && matcher->entries[i].row == row; i++) {
            if (reached) continue;
            const struct match_entry *found = reach_covering(matcher, &matcher->entries[i]);
            if (!covering) covering = found;
            reached = !found;
        }
        if (!reached && covering) report_unreachable(lint, what, rows, place, row, covering->row);
    }
}

static void check_unreachable(const struct lint *lint)
{
    const struct redial_policy *policy = lint->policy;
    const struct classify_table *table = &policy->transport;
    check_reach(lint, &policy->rules_matcher, "rule", policy->variants[VARIANT_PLAIN].rules,
                rule_place);
    check_reach(lint, &table->matcher, "row", table->rows, classify_place);
    for (size_t i = 0; i < policy->platform_count; i++) {
        table = &policy->platforms[i].classify;
        check_reach(lint, &table->matcher, "row", table->rows, classify_place);
    }
}

/* ---- Conditions on classes */

/* Calls `each` for every list of values in a condition, where a match needs one of them. */
typedef void each_fn(void *context, const struct condition *list);

static void walk_lists(const struct condition *condition, each_fn *each, void *context)
{
    if (condition->kind == CONDITION_ONE_OF) each(context, condition);
    if (condition->kind == CONDITION_ALL || condition->kind == CONDITION_ANY)
        for (size_t i = 0; i < condition->count; i++)
            walk_lists(condition->children[i], each, context);
}

struct produced {
    const struct lint *lint;
    uint64_t classes; /* bit per class that some row gives */
};
_Static_assert(REDIAL_CLASS_COUNT <= 64, "one bit per class");

static void add_classes(uint64_t *classes, const struct classify_table *table)
{
    for (size_t i = 0; i < table->count; i++) *classes |= UINT64_C(1) << table->rows[i].class;
}

static void check_class_list(void *context, const struct condition *list)
{
    const struct produced *produced = context;
    if (list->fact != FACT_CLASS) return;
    for (size_t i = 0; i < list->count; i++) {
        if (produced->classes & UINT64_C(1) << list->values[i]) continue;
        struct diag *diag = WARN(produced->lint, CLASS_NEVER_PRODUCED, list->span,
                                 "no classify row gives the class '%s'",
                                 redial_class_name((enum redial_class)list->values[i]));
        diag_cure(produced->lint->diags, diag, "add a row to a platform's classify, or remove it");
    }
}

static void check_classes_produced(const struct lint *lint)
{
    const struct redial_policy *policy = lint->policy;
    struct produced produced = {lint, UINT64_C(1) << REDIAL_CLASS_UNKNOWN};
    add_classes(&produced.classes, &policy->transport);
    for (size_t i = 0; i < policy->platform_count; i++)
        add_classes(&produced.classes, &policy->platforms[i].classify);
    for (size_t i = 0; i < policy->rule_count; i++)
        walk_lists(policy->variants[VARIANT_PLAIN].rules[i].when, check_class_list, &produced);
}

static bool is_wrong_request(enum fact fact, uint32_t value)
{
    static const uint32_t classes[] = {REDIAL_CLASS_INVALID_REQUEST,  REDIAL_CLASS_NOT_FOUND,
                                       REDIAL_CLASS_TOO_LARGE,        REDIAL_CLASS_PROMPT_TOO_LONG,
                                       REDIAL_CLASS_CONTEXT_OVERFLOW, REDIAL_CLASS_OUTPUT_LIMIT};
    static const uint32_t statuses[] = {400, 404, 413, 422};
    for (size_t i = 0; fact == FACT_CLASS && i < REDIAL_COUNT_OF(classes); i++)
        if (classes[i] == value) return true;
    for (size_t i = 0; fact == FACT_STATUS && i < REDIAL_COUNT_OF(statuses); i++)
        if (statuses[i] == value) return true;
    return false;
}

static void find_wrong_request(void *context, const struct condition *list)
{
    bool *found = context;
    for (size_t i = 0; i < list->count; i++)
        if (is_wrong_request(list->fact, list->values[i])) *found = true;
}

/* ---- Steps */

enum {
    CHANGES_REQUEST = BIT(COMPACT) | BIT(RAISE_OUTPUT_LIMIT) | BIT(FIT_OUTPUT_LIMIT) |
                      BIT(FALLBACK_MODEL) | BIT(FALLBACK_PROVIDER)
};

static void check_steps(const struct lint *lint, const struct rule *rule, const struct steps *steps)
{
    struct diag_list *diags = lint->diags;
    if (!(steps->kinds & BIT(RETRY))) return;
    if (steps->kinds == BIT(RETRY)) {
        struct diag *diag =
            WARN(lint, HOT_LOOP, steps->span, "this retries at once and changes nothing");
        diag_cure(diags, diag, "put backoff before retry");
    }
    bool wrong_request = false;
    walk_lists(rule->when, find_wrong_request, &wrong_request);
    if (!wrong_request || steps->kinds & CHANGES_REQUEST) return;
    struct diag *diag = WARN(lint, BAD_REQUEST_RETRIED, steps->span,
                             "this sends a request again that the platform called wrong");
    diag_cure(diags, diag, "fail, or change the request first");
}

static bool is_changed(const struct steps *steps, const struct steps *plain)
{
    return steps->span.source != plain->span.source || steps->span.begin != plain->span.begin;
}

/* The lists of the plain policy, and those that a mode put in their place. */
static void check_all_steps(const struct lint *lint)
{
    const struct redial_policy *policy = lint->policy;
    for (size_t v = 0; v < VARIANT_COUNT; v++) {
        if (!policy->variants[v].present) continue;
        for (size_t i = 0; i < policy->rule_count; i++) {
            const struct rule *plain = &policy->variants[VARIANT_PLAIN].rules[i];
            const struct rule *rule = &policy->variants[v].rules[i];
            bool all = v == VARIANT_PLAIN;
            if (all || is_changed(&rule->steps, &plain->steps))
                check_steps(lint, rule, &rule->steps);
            if (all || is_changed(&rule->then, &plain->then)) check_steps(lint, rule, &rule->then);
        }
    }
}

/* ---- Backoffs */

static bool is_named(const struct steps *steps, size_t backoff, uint16_t default_backoff)
{
    for (size_t i = 0; i < steps->count; i++) {
        if (steps->list[i].kind != REDIAL_STEP_BACKOFF) continue;
        uint16_t named = steps->list[i].backoff;
        if (named == BACKOFF_DEFAULT) named = default_backoff;
        if (named == backoff) return true;
    }
    return false;
}

/* A cooldown takes the server's hint as the default backoff reads it. */
static bool serves_cooldown(const struct variant *variant, size_t rule, size_t backoff)
{
    uint32_t kinds = variant->rules[rule].steps.kinds | variant->rules[rule].then.kinds;
    return backoff == variant->default_backoff && kinds & BIT(COOLDOWN);
}

static bool is_used(const struct redial_policy *policy, size_t backoff)
{
    if (policy->backoffs[backoff].built_on) return true;
    for (size_t v = 0; v < VARIANT_COUNT; v++) {
        const struct variant *variant = &policy->variants[v];
        for (size_t i = 0; variant->present && i < policy->rule_count; i++)
            if (serves_cooldown(variant, i, backoff) ||
                is_named(&variant->rules[i].steps, backoff, variant->default_backoff) ||
                is_named(&variant->rules[i].then, backoff, variant->default_backoff))
                return true;
    }
    return false;
}

static void check_backoffs(const struct lint *lint)
{
    const struct redial_policy *policy = lint->policy;
    for (size_t i = 0; i < policy->backoff_count; i++) {
        const struct backoff *backoff = &policy->backoffs[i];
        struct redial_str name = backoff->name;
        if (backoff->cap == DURATION_MAX && backoff->kind != BACKOFF_CONSTANT) {
            struct diag *diag =
                WARN(lint, UNBOUNDED_WAIT, backoff->span,
                     "the waits of backoff '%.*s' grow without end", REDIAL_STR_ARG(name));
            diag_cure(lint->diags, diag, "add a cap, such as 32s");
        }
        if (is_used(policy, i)) continue;
        struct diag *diag = WARN(lint, UNUSED_BACKOFF, backoff->span, "nothing uses backoff '%.*s'",
                                 REDIAL_STR_ARG(name));
        diag_cure(lint->diags, diag, "name it in a step, {backoff: %.*s}, or remove it",
                  REDIAL_STR_ARG(name));
    }
}

/* ---- All of it */

static void read_silenced(struct lint *lint)
{
    const struct redial_policy *policy = lint->policy;
    for (size_t i = 0; i < policy->lint_ignore_count; i++) {
        int code = names_find(&lint_codes, policy->lint_ignores[i].code);
        if (code >= 0) lint->silent[code] = true;
    }
}

static void check_ignored_codes(const struct lint *lint)
{
    const struct redial_policy *policy = lint->policy;
    for (size_t i = 0; i < policy->lint_ignore_count; i++) {
        struct redial_str word = policy->lint_ignores[i].code;
        if (names_find(&lint_codes, word) >= 0) continue;
        struct diag *diag = WARN(lint, UNKNOWN_CODE, policy->lint_ignores[i].span,
                                 "there is no warning '%.*s' to ignore", REDIAL_STR_ARG(word));
        int closest = names_closest(&lint_codes, word);
        if (closest >= 0)
            diag_cure(lint->diags, diag, "did you mean '%s'?", code_rows[closest].word);
    }
}

void compile_lint_reach(const struct redial_policy *policy, const bool reached[],
                        struct diag_list *diags)
{
    struct lint lint = {.policy = policy, .diags = diags};
    read_silenced(&lint);
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->variants[VARIANT_PLAIN].rules[i];
        if (reached[i] || rule->span.source != policy->sources[0]) continue; /* inherited: theirs */
        struct redial_str name = rule->name;
        struct diag *diag = WARN(&lint, UNTESTED_RULE, rule->span,
                                 "no scenario comes to rule '%.*s'", REDIAL_STR_ARG(name));
        diag_cure(diags, diag, "add a scenario that lists it under expect.rules");
    }
}

void compile_lint(const struct redial_policy *policy, struct diag_list *diags)
{
    struct lint lint = {.policy = policy, .diags = diags};
    read_silenced(&lint);
    check_unreachable(&lint);
    check_classes_produced(&lint);
    check_all_steps(&lint);
    check_backoffs(&lint);
    lint_conditions(&lint);
    lint_limits(&lint);
    lint_legs(&lint);
    lint_features(&lint);
    check_ignored_codes(&lint);
}
