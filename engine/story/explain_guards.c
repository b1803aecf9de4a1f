/* The state that calls share: budgets, breakers, cooldowns, limiters, and fast mode. */
#include <inttypes.h>

#include "story/explain_parts.h"
#include "story/put.h"

static void say_amount(int64_t thousandths, struct text *out)
{
    text_printf(out, "%" PRId64, thousandths / BUDGET_UNIT);
    int64_t part = thousandths % BUDGET_UNIT;
    if (part == 0) return;
    int digits = 3;
    for (; part % 10 == 0; part /= 10) digits--;
    text_printf(out, ".%0*" PRId64, digits, part);
}

static void say_share(uint32_t ppm, struct text *out)
{
    say_amount(ppm / 10, out);
    text_append_char(out, '%');
}

static void say_classes(uint32_t classes, struct text *out)
{
    const char *between = "";
    for (int i = 0; i < REDIAL_CLASS_COUNT; i++) {
        if (!(classes >> i & 1)) continue;
        text_printf(out, "%s%s", between, redial_class_name((enum redial_class)i));
        between = ", ";
    }
}

/* ---- Budgets */

/* The cost that most classes have, and those that differ. */
static void say_costs(const struct budget *budget, struct text *out)
{
    int64_t any = budget->cost[REDIAL_CLASS_NONE];
    text_append(out, str_of(budget->charge == BUDGET_CHARGES_FAILURES ? "a failure" : "a retry"));
    text_append(out, REDIAL_STR(" takes "));
    say_amount(any, out);
    for (int i = 0; i < REDIAL_CLASS_COUNT; i++) {
        if (budget->cost[i] == any) continue;
        text_printf(out, ", %s ", redial_class_name((enum redial_class)i));
        say_amount(budget->cost[i], out);
    }
}

static void say_refunds(const struct budget *budget, struct text *out)
{
    text_append(out, REDIAL_STR("; a success puts back "));
    say_amount(budget->refund_first_try, out);
    text_append(out, REDIAL_STR(" at the first try, "));
    if (budget->refund_after_retry == BUDGET_LAST_COST)
        text_append(out, REDIAL_STR("the last cost"));
    else
        say_amount(budget->refund_after_retry, out);
    text_append(out, REDIAL_STR(" after a retry"));
    if (budget->refill == 0) return;
    text_append(out, REDIAL_STR(", time "));
    say_amount(budget->refill, out);
    text_append(out, REDIAL_STR(" a second"));
}

static void say_tokens(const struct budget *budget, struct text *out)
{
    say_amount(budget->capacity, out);
    text_append(out, REDIAL_STR(" tokens: "));
    say_costs(budget, out);
    say_refunds(budget, out);
    if (budget->keep < 0) return;
    text_append(out, REDIAL_STR("; retries only while more than "));
    say_amount(budget->keep, out);
    text_append(out, REDIAL_STR(" are left"));
}

static void say_budget(const struct redial_policy *policy, size_t i, struct text *out)
{
    const struct budget *budget = &policy->guards.budgets[i];
    if (budget->kind == BUDGET_TOKENS) {
        say_tokens(budget, out);
    } else if (budget->kind == BUDGET_CALLS) {
        text_append(out, REDIAL_STR("retries are at most "));
        say_share(budget->share_ppm, out);
        text_append(out, REDIAL_STR(" of the calls of "));
        duration_format(budget->window, out);
        text_append(out, REDIAL_STR(", plus "));
        say_amount(budget->floor, out);
        text_append(out, REDIAL_STR(" a second"));
    } else {
        text_append(out, REDIAL_STR("retries under way are at most "));
        say_share(budget->share_ppm, out);
        text_append(out, REDIAL_STR(" of the calls under way, or "));
        say_amount(budget->floor, out);
    }
    text_printf(out, "; empty: %s", budget_empty_names.rows[budget->when_empty].word);
}

/* ---- The others */

static void say_breaker(const struct redial_policy *policy, size_t i, struct text *out)
{
    const struct breaker *breaker = &policy->guards.breakers[i];
    text_append(out, REDIAL_STR("opens at "));
    if (breaker->failures > 0)
        text_printf(out, "%" PRId32 " failures", breaker->failures);
    else
        say_share(breaker->failure_ppm, out);
    text_printf(out, " of at least %" PRId32 " attempts in ", breaker->minimum);
    duration_format(breaker->window, out);
    text_append(out, REDIAL_STR(" for "));
    duration_format(breaker->open, out);
    text_printf(out, ", closes after %" PRId32 " probes; open: %s; failures: ", breaker->probes,
                guard_answer_names.rows[breaker->when_open].word);
    say_classes(breaker->classes, out);
}

static void say_cooldown(const struct redial_policy *policy, size_t i, struct text *out)
{
    const struct cooldown *cooldown = &policy->guards.cooldowns[i];
    if (cooldown->length > 0)
        duration_format(cooldown->length, out);
    else
        text_append(out, REDIAL_STR("as long as the step says"));
    if (cooldown->hint_extends) text_append(out, REDIAL_STR(", or as long as a longer hint"));
    text_printf(out, "; running: %s", guard_answer_names.rows[cooldown->when_running].word);
}

static void say_limiter(const struct redial_policy *policy, size_t i, struct text *out)
{
    const struct limiter *limiter = &policy->guards.limiters[i];
    text_printf(out,
                "cubic: beta %g, scale %g, smoothing %g, at least %g requests a second and %g at "
                "once; off until the first of: ",
                limiter->beta, limiter->scale, limiter->smoothing, limiter->rate_min,
                limiter->capacity_min);
    say_classes(limiter->throttled, out);
}

/* ---- All of them */

struct kind {
    enum redial_guard_kind kind;
    size_t count;
    const struct guard *(*at)(const struct guards *guards, size_t i);
    void (*say)(const struct redial_policy *policy, size_t i, struct text *out);
};

static const struct guard *budget_at(const struct guards *guards, size_t i)
{
    return &guards->budgets[i].guard;
}

static const struct guard *breaker_at(const struct guards *guards, size_t i)
{
    return &guards->breakers[i].guard;
}

static const struct guard *cooldown_at(const struct guards *guards, size_t i)
{
    return &guards->cooldowns[i].guard;
}

static const struct guard *limiter_at(const struct guards *guards, size_t i)
{
    return &guards->limiters[i].guard;
}

static const struct kind kinds[] = {
    {REDIAL_GUARD_BUDGET, GUARDS_MAX, budget_at, say_budget},
    {REDIAL_GUARD_BREAKER, GUARDS_MAX, breaker_at, say_breaker},
    {REDIAL_GUARD_COOLDOWN, GUARDS_MAX + 1, cooldown_at, say_cooldown},
    {REDIAL_GUARD_LIMITER, GUARDS_MAX, limiter_at, say_limiter},
};

static void say_per(const struct guard *guard, struct text *out)
{
    const char *between = "";
    for (int i = 0; i < GUARD_KEY_COUNT; i++) {
        if (!(guard->per >> i & 1)) continue;
        text_printf(out, "%s%s", between, guard_key_names.rows[i].word);
        between = ", ";
    }
}

/* Calls `each` for every guard that the policy has. */
static void for_each(const struct redial_policy *policy, void *context,
                     void (*each)(void *context, const struct kind *kind, size_t i))
{
    for (size_t k = 0; k < REDIAL_COUNT_OF(kinds); k++)
        for (size_t i = 0; i < kinds[k].count; i++)
            if (kinds[k].at(&policy->guards, i)->name.len > 0) each(context, &kinds[k], i);
}

struct guard_page {
    const struct redial_policy *policy;
    struct table table;
    struct text cell;
    struct text *out; /* JSON */
    size_t written;
};

static void add_row(void *context, const struct kind *kind, size_t i)
{
    struct guard_page *page = context;
    const struct guard *guard = kind->at(&page->policy->guards, i);
    phrase_place(page->policy, &guard->span, &page->cell);
    table_cell_from(&page->table, &page->cell);
    table_cell(&page->table, str_of(redial_guard_name(kind->kind)));
    table_cell(&page->table, guard->name);
    say_per(guard, &page->cell);
    table_cell_from(&page->table, &page->cell);
    kind->say(page->policy, i, &page->cell);
    table_cell_from(&page->table, &page->cell);
}

static void explain_fast(const struct redial_policy *policy, const struct explain_style *style,
                         struct arena *arena, struct text *out)
{
    const struct fast_mode *fast = &policy->fast;
    struct table table;
    struct text cell = TEXT_INIT;
    const struct {
        const char *what;
        const struct condition *when;
    } rows[] = {{"cools down", fast->cooldown_when},
                {"once at standard speed", fast->once_when},
                {"disabled", fast->disable_when}};
    text_append(out, REDIAL_STR("\nmode fast ("));
    phrase_place(policy, &fast->span, out);
    text_append(out, REDIAL_STR("): on, cooldown or disabled, for all calls of an engine\n"));
    table_begin(&table, arena, (const char *const[]){"", ""}, 2);
    table_cell(&table, REDIAL_STR("models"));
    for (size_t i = 0; i < fast->model_count; i++)
        text_printf(&cell, "%s%.*s", i ? ", " : "",
                    REDIAL_STR_ARG(policy->models[fast->models[i]].name));
    if (fast->model_count == 0) text_append(&cell, REDIAL_STR("all"));
    table_cell_from(&table, &cell);
    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++) {
        if (!rows[i].when) continue;
        table_cell(&table, str_of(rows[i].what));
        phrase_condition(rows[i].when, &cell);
        if (rows[i].when == fast->cooldown_when) {
            text_append(&cell, REDIAL_STR(", for "));
            duration_format(fast->cooldown, &cell);
            if (fast->hint_extends) text_append(&cell, REDIAL_STR(" or a longer hint"));
        }
        table_cell_from(&table, &cell);
    }
    table_write(&table, 2, style->width, out);
    table_end(&table);
    text_clean_up(&cell);
}

void explain_guards(const struct redial_policy *policy, const struct explain_style *style,
                    struct arena *arena, struct text *out)
{
    struct guard_page page = {.policy = policy, .cell = TEXT_INIT};
    if (policy->guards.present) {
        text_append(out, REDIAL_STR("\nstate that calls share:\n"));
        table_begin(&page.table, arena,
                    (const char *const[]){"line", "kind", "name", "per", "says"}, 5);
        for_each(policy, &page, add_row);
        table_write(&page.table, 2, style->width, out);
        table_end(&page.table);
    }
    if (policy->fast.present) explain_fast(policy, style, arena, out);
    text_clean_up(&page.cell);
}

static void put_row(void *context, const struct kind *kind, size_t i)
{
    struct guard_page *page = context;
    const struct guard *guard = kind->at(&page->policy->guards, i);
    if (page->written++ > 0) text_append_char(page->out, ',');
    text_append_char(page->out, '{');
    put_word(page->out, "kind", redial_guard_name(kind->kind));
    put_text(page->out, "name", guard->name);
    put_place(page->out, "at", &guard->span);
    say_per(guard, &page->cell);
    put_text(page->out, "per", text_str(&page->cell));
    text_clear(&page->cell);
    kind->say(page->policy, i, &page->cell);
    put_text(page->out, "says", text_str(&page->cell));
    text_clear(&page->cell);
    text_append_char(page->out, '}');
}

void explain_guards_json(const struct redial_policy *policy, struct text *out)
{
    struct guard_page page = {.policy = policy, .out = out, .cell = TEXT_INIT};
    put_key(out, "guards");
    text_append_char(out, '[');
    for_each(policy, &page, put_row);
    text_append_char(out, ']');
    if (page.cell.failed) out->failed = true;
    text_clean_up(&page.cell);
}
