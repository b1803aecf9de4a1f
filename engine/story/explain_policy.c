/* The whole policy as text. The order is the order of a decision: who is called, what an event
 * means, which rule answers, how long it waits, where the call goes when the rule is used up. */
#include <inttypes.h>

#include "story/explain_parts.h"

struct page {
    const struct redial_policy *policy;
    const struct explain_style *style;
    struct arena *arena;
    struct text *out;
    struct text cell;
};

static void heading(struct page *page, const char *name, const char *note)
{
    text_printf(page->out, "\n%s (%s):\n", name, note);
}

static void heading_at(struct page *page, const char *what, struct redial_str name,
                       const struct span *span)
{
    text_printf(page->out, "\n%s %.*s (", what, REDIAL_STR_ARG(name));
    phrase_place(page->policy, span, page->out);
    text_append(page->out, REDIAL_STR("):\n"));
}

static void begin(struct table *table, struct page *page, const char *const headings[],
                  size_t columns)
{
    table_begin(table, page->arena, headings, columns);
}

static void end(struct table *table, struct page *page)
{
    table_write(table, 2, page->style->width, page->out);
    table_end(table);
    if (page->cell.failed) page->out->failed = true;
}

static void cell_place(struct table *table, struct page *page, const struct span *span)
{
    phrase_place(page->policy, span, &page->cell);
    table_cell_from(table, &page->cell);
}

/* ---- The head ---- */

static void say_mode(struct page *page)
{
    const struct redial_policy *policy = page->policy;
    struct text *cell = &page->cell;
    text_append(cell, policy->variants[policy->default_variant].name);
    if (policy->default_variant_why.len)
        text_printf(cell, ", since %.*s", REDIAL_STR_ARG(policy->default_variant_why));
    if (policy->default_variant != VARIANT_PLAIN || policy->unattended_env_count == 0) return;
    text_append(cell, REDIAL_STR("; unattended with "));
    for (size_t i = 0; i < policy->unattended_env_count; i++)
        text_printf(cell, "%s%.*s", i ? " or " : "", REDIAL_STR_ARG(policy->unattended_env[i]));
}

static void say_limits(const struct limits *limits, struct text *out)
{
    words_count(limits->retries, out);
    text_append(out, REDIAL_STR(" retries per leg, "));
    words_count(limits->attempts, out);
    text_append(out, REDIAL_STR(" attempts per call, "));
    if (limits->deadline == DURATION_MAX) {
        text_append(out, REDIAL_STR("no deadline"));
    } else {
        text_append(out, REDIAL_STR("deadline after "));
        duration_format(limits->deadline, out);
    }
}

static void write_head(struct page *page)
{
    const struct redial_policy *policy = page->policy;
    struct table table;
    begin(&table, page, (const char *const[]){"", ""}, 2);
    table_cell(&table, REDIAL_STR("provider"));
    if (policy->default_provider < policy->provider_count) {
        text_append(&page->cell, policy->providers[policy->default_provider].name);
        if (policy->default_provider_why.len)
            text_printf(&page->cell, ", %.*s", REDIAL_STR_ARG(policy->default_provider_why));
    }
    table_cell_from(&table, &page->cell);
    table_cell(&table, REDIAL_STR("mode"));
    say_mode(page);
    table_cell_from(&table, &page->cell);
    table_cell(&table, REDIAL_STR("call"));
    text_printf(&page->cell, "%s, an attempt may take ", redial_query_name(policy->call.query));
    duration_format(policy->call.attempt_timeout, &page->cell);
    text_append(&page->cell, REDIAL_STR(", a stream may be silent for "));
    duration_format(policy->call.idle_timeout, &page->cell);
    table_cell_from(&table, &page->cell);
    table_cell(&table, REDIAL_STR("limits"));
    say_limits(&policy->variants[VARIANT_PLAIN].limits, &page->cell);
    table_cell_from(&table, &page->cell);
    end(&table, page);
}

/* ---- Rules ---- */

static void cell_max(struct table *table, struct page *page, const struct rule *rule)
{
    if (rule->steps.kinds & 1u << REDIAL_STEP_FAIL)
        table_cell(table, REDIAL_STR("0"));
    else if (!rule->max_given)
        table_cell(table, REDIAL_STR("limits"));
    else {
        words_count(rule->max, &page->cell);
        table_cell_from(table, &page->cell);
    }
}

static void cell_actions(struct table *table, struct page *page, const struct rule *rule)
{
    phrase_steps(page->policy, &rule->steps, &page->cell);
    if (rule->after_output == AFTER_OUTPUT_RESTART)
        text_append(&page->cell, REDIAL_STR("; after output: restart"));
    if (rule->then.count > 0) {
        text_append(&page->cell, REDIAL_STR("; then "));
        phrase_steps(page->policy, &rule->then, &page->cell);
    }
    table_cell_from(table, &page->cell);
}

static void write_rules(struct page *page)
{
    const struct redial_policy *policy = page->policy;
    struct table table;
    heading(page, "rules", "first match decides; after max retries in a leg: then, or fail");
    begin(&table, page, (const char *const[]){"line", "rule", "when", ">max", "do"}, 5);
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->variants[VARIANT_PLAIN].rules[i];
        cell_place(&table, page, &rule->span);
        table_cell(&table, rule->name);
        phrase_condition(rule->when, &page->cell);
        table_cell_from(&table, &page->cell);
        cell_max(&table, page, rule);
        cell_actions(&table, page, rule);
    }
    end(&table, page);
}

/* ---- Backoffs ---- */

static void say_waits(struct page *page, const struct backoff *backoff, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t step = i < backoff->step_count ? i : backoff->step_count - 1;
        if (i > 0) text_append(&page->cell, REDIAL_STR(", "));
        duration_format(backoff->steps[step], &page->cell);
    }
}

/* The sums that the specification states, for as many waits as the limits allow. */
static void say_totals(struct page *page, const struct backoff *backoff, size_t count)
{
    int64_t base = 0, low = 0, high = 0, longest = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t least = 0, most = 0;
        size_t step = i < backoff->step_count ? i : backoff->step_count - 1;
        backoff_range(backoff, backoff->steps[step], &least, &most);
        base = duration_add(base, backoff->steps[step]);
        low = duration_add(low, least);
        high = duration_add(high, most);
        if (most > longest) longest = most;
    }
    words_seconds(base, &page->cell);
    text_append(&page->cell, REDIAL_STR(" before jitter, "));
    if (low < base) {
        text_append(&page->cell, REDIAL_STR("at least "));
        words_seconds(low, &page->cell);
        text_append(&page->cell, REDIAL_STR(", "));
    }
    text_append(&page->cell, REDIAL_STR("at most "));
    words_seconds(high, &page->cell);
    text_append(&page->cell, REDIAL_STR("; one wait at most "));
    duration_format(longest, &page->cell);
}

#define WAITS_SHOWN_MAX 16

static void write_backoff(struct page *page, const struct backoff *backoff)
{
    struct table table;
    heading_at(page, "backoff", backoff->name, &backoff->span);
    begin(&table, page, (const char *const[]){"", ""}, 2);
    table_cell(&table, REDIAL_STR("n-th wait"));
    phrase_backoff(backoff, &page->cell);
    table_cell_from(&table, &page->cell);
    int32_t retries = page->policy->variants[VARIANT_PLAIN].limits.retries;
    size_t count = retries < WAITS_SHOWN_MAX ? (size_t)retries : WAITS_SHOWN_MAX;
    if (backoff->step_count > 0 && backoff->kind != BACKOFF_DECORRELATED &&
        backoff->kind != BACKOFF_DECORRELATED_V2 && count > 0) {
        text_printf(&page->cell, "%zu waits", count);
        table_cell_from(&table, &page->cell);
        say_waits(page, backoff, count);
        table_cell_from(&table, &page->cell);
        table_cell(&table, REDIAL_STR("in all"));
        say_totals(page, backoff, count);
        table_cell_from(&table, &page->cell);
    }
    table_cell(&table, REDIAL_STR("hint"));
    phrase_hint(page->policy, &backoff->hint, &page->cell);
    table_cell_from(&table, &page->cell);
    end(&table, page);
}

/* ---- Modes: what they change ---- */

struct change {
    struct table table;
    struct page *page;
};

/* A row, if the two differ. Takes the text before and after from two phrases. */
static void change_row(struct change *change, struct redial_str what, struct text *before,
                       struct text *after)
{
    if (!str_eq(text_str(before), text_str(after))) {
        table_cell(&change->table, what);
        table_cell(&change->table, before->len ? text_str(before) : REDIAL_STR("fail"));
        table_cell(&change->table, after->len ? text_str(after) : REDIAL_STR("fail"));
    }
    if (before->failed || after->failed) change->table.failed = true;
    text_clear(before);
    text_clear(after);
}

static void change_rule(struct change *change, const struct rule *a, const struct rule *b,
                        struct text *before, struct text *after)
{
    static const char *const parts[] = {"max", "do", "then"};
    for (size_t part = 0; part < REDIAL_COUNT_OF(parts); part++) {
        struct text what = TEXT_INIT;
        text_printf(&what, "%.*s: %s", REDIAL_STR_ARG(a->name), parts[part]);
        if (part == 0) {
            words_count(a->max, before);
            words_count(b->max, after);
        } else {
            phrase_steps(change->page->policy, part == 1 ? &a->steps : &a->then, before);
            phrase_steps(change->page->policy, part == 1 ? &b->steps : &b->then, after);
        }
        change_row(change, text_str(&what), before, after);
        if (what.failed) change->table.failed = true;
        text_clean_up(&what);
    }
}

static void say_heartbeat(int64_t heartbeat, struct text *out)
{
    if (heartbeat == DURATION_MAX) {
        text_append(out, REDIAL_STR("none"));
        return;
    }
    text_append(out, REDIAL_STR("every "));
    duration_format(heartbeat, out);
}

static void write_mode(struct page *page, const struct variant *plain, const struct variant *mode)
{
    struct change change = {.page = page};
    struct text before = TEXT_INIT, after = TEXT_INIT;
    const struct redial_policy *policy = page->policy;
    heading_at(page, "mode", mode->name, &mode->span);
    begin(&change.table, page, (const char *const[]){"what", "from", "to"}, 3);
    say_limits(&plain->limits, &before);
    say_limits(&mode->limits, &after);
    change_row(&change, REDIAL_STR("limits"), &before, &after);
    text_append(&before, policy->backoffs[plain->default_backoff].name);
    text_append(&after, policy->backoffs[mode->default_backoff].name);
    change_row(&change, REDIAL_STR("backoff"), &before, &after);
    say_heartbeat(plain->heartbeat, &before);
    say_heartbeat(mode->heartbeat, &after);
    change_row(&change, REDIAL_STR("sign of life"), &before, &after);
    for (size_t i = 0; i < policy->rule_count; i++)
        change_rule(&change, &plain->rules[i], &mode->rules[i], &before, &after);
    end(&change.table, page);
    text_clean_up(&before);
    text_clean_up(&after);
}

/* ---- The whole ---- */

static void write_fallbacks(struct page *page)
{
    const struct redial_policy *policy = page->policy;
    struct table table;
    begin(&table, page, (const char *const[]){"line", "of", "falls back to"}, 3);
    for (size_t i = 0; i < policy->model_count; i++) {
        const struct model *model = &policy->models[i];
        if (model->fallback_count == 0) continue;
        cell_place(&table, page, &model->fallback_span);
        table_cell(&table, model->name);
        for (size_t f = 0; f < model->fallback_count; f++)
            text_printf(&page->cell, "%s%.*s", f ? ", then " : "",
                        REDIAL_STR_ARG(policy->models[model->fallbacks[f]].name));
        table_cell_from(&table, &page->cell);
    }
    for (size_t i = 0; policy->provider_fallbacks && i < policy->provider_count; i++) {
        if (policy->provider_fallbacks[i][0] == NO_INDEX) continue;
        cell_place(&table, page, &policy->providers[i].span);
        table_cell(&table, policy->providers[i].name);
        for (size_t f = 0; f < 8 && policy->provider_fallbacks[i][f] != NO_INDEX; f++)
            text_printf(&page->cell, "%s%.*s", f ? ", then " : "",
                        REDIAL_STR_ARG(policy->providers[policy->provider_fallbacks[i][f]].name));
        table_cell_from(&table, &page->cell);
    }
    if (table_rows(&table) > 0) heading(page, "fallback", "each once per call");
    end(&table, page);
}

static void write_hooks(struct page *page)
{
    const struct hooks_policy *hooks = &page->policy->hooks;
    struct table table;
    if (!hooks->source) return;
    text_append(page->out, REDIAL_STR("\nhooks ("));
    phrase_place(page->policy, &hooks->span, page->out);
    text_printf(page->out, " %.*s; a fault: %s; a call: %lld instructions, %lld KB):\n",
                REDIAL_STR_ARG(hooks->file), hook_on_error_names.rows[hooks->on_error].word,
                (long long)hooks->instructions, (long long)(hooks->memory >> 10));
    begin(&table, page, (const char *const[]){"line", "hook", "function", "what it does"}, 4);
    for (int i = 0; i < HOOK_POINT_COUNT; i++) {
        if (hooks->point[i] == NO_INDEX) continue;
        const struct hook_function *function = &hooks->functions[hooks->point[i]];
        cell_place(&table, page, &function->span);
        table_cell(&table, str_of(hook_point_names.rows[i].word));
        table_cell(&table, function->name);
        table_cell(&table, str_of(hook_point_names.rows[i].doc));
    }
    end(&table, page);
}

void explain_policy(const struct redial_policy *policy, const struct explain_style *style,
                    struct text *out)
{
    struct page page = {policy, style, arena_new(), out, TEXT_INIT};
    if (!page.arena) {
        out->failed = true;
        return;
    }
    text_printf(out, "policy %.*s  %.*s\n", REDIAL_STR_ARG(policy->name),
                REDIAL_STR_ARG(policy->path));
    if (policy->about.len > 0) {
        words_pad(out, 2);
        words_wrap(policy->about, 2, style->width, out);
        text_append(out, REDIAL_STR("\n\n"));
    }
    write_head(&page);
    write_rules(&page);
    for (size_t i = 0; i < policy->backoff_count; i++) write_backoff(&page, &policy->backoffs[i]);
    for (size_t i = VARIANT_PLAIN + 1; i < VARIANT_COUNT; i++)
        if (policy->variants[i].present)
            write_mode(&page, &policy->variants[VARIANT_PLAIN], &policy->variants[i]);
    write_fallbacks(&page);
    explain_guards(policy, style, page.arena, out);
    write_hooks(&page);
    explain_platforms(policy, style, page.arena, out);
    text_clean_up(&page.cell);
    arena_destroy(page.arena);
}
