/* One event as text: what it means and by which row, why the rules before did not match, which one
 * does, and what follows until the call ends. */
#include <inttypes.h>

#include "story/answer.h"

static void say_range(int64_t low, int64_t high, struct text *out)
{
    words_time(low, out);
    if (low == high) return;
    text_append(out, REDIAL_STR(".."));
    words_time(high, out);
}

static void add_part(struct text *out, const char *part)
{
    if (out->len > 0) text_append(out, REDIAL_STR(", "));
    text_append(out, str_of(part));
}

static void say_change(const struct redial_policy *policy, const struct outlook_turn *turn,
                       struct text *out)
{
    if (turn->provider != turn->from_provider) {
        add_part(out, "fall back to ");
        text_append(out, policy->providers[turn->provider].name);
    }
    if (turn->model != turn->from_model && turn->model < policy->model_count) {
        add_part(out, "fall back to ");
        text_append(out, policy->models[turn->model].name);
    }
    for (int step = 0; step < REDIAL_STEP_COUNT; step++)
        if (turn->repairs & 1u << step)
            add_part(out, redial_step_name((enum redial_step_kind)step));
    if (turn->max_tokens != turn->max_tokens_before) {
        add_part(out, "max_tokens ");
        text_printf(out, "%" PRId64 " -> %" PRId64, turn->max_tokens_before, turn->max_tokens);
    }
    if (turn->wait_high > 0) {
        add_part(out, "wait ");
        say_range(turn->wait_low, turn->wait_high, out);
    }
    if (turn->fresh_connection) add_part(out, "keep-alive off");
    if (turn->restart) add_part(out, "discard the output");
}

static void say_follows(const struct redial_policy *policy, const struct outlook_turn *turn,
                        struct text *out)
{
    say_change(policy, turn, out);
    if (turn->ended) {
        add_part(out, "end: ");
        text_append(out, str_of(redial_reason_name(turn->reason)));
    } else {
        add_part(out, "retry");
    }
}

static void say_count(const struct redial_decision *decision, struct text *out)
{
    if (decision->in_then || decision->reason == REDIAL_REASON_RULE_LIMIT)
        text_printf(out, " %" PRId32 "/%" PRId32 " used", decision->rule_max, decision->rule_max);
    else if (decision->rule_used > 0) {
        bool by_leg =
            decision->rule_max == REDIAL_UNLIMITED && decision->leg_retries_max != REDIAL_UNLIMITED;
        text_printf(out, " %s%" PRId32 "/", by_leg ? "leg " : "",
                    by_leg ? decision->leg_retries : decision->rule_used);
        words_count(by_leg ? decision->leg_retries_max : decision->rule_max, out);
    }
}

static void say_hint_found(const struct answer *answer, const struct redial_decision *decision,
                           struct text *out)
{
    static const char *const became[REDIAL_WAIT_COUNT] = {
        [REDIAL_WAIT_NONE] = " is above the bound",
        [REDIAL_WAIT_BACKOFF] = "",
        [REDIAL_WAIT_HINT] = "",
        [REDIAL_WAIT_HINT_CLAMPED] = ", cut to the bound",
        [REDIAL_WAIT_HINT_IGNORED] = " is above the bound; ",
        [REDIAL_WAIT_HINT_FITTED] = ", as the policy bends it",
        [REDIAL_WAIT_FIXED] = "",
        [REDIAL_WAIT_HOOK] = "",
        [REDIAL_WAIT_GUARD] = "",
        [REDIAL_WAIT_REST] = "",
    };
    if (decision->hint >= answer->policy->hint_header_count) return;
    text_append(out, answer->policy->hint_headers[decision->hint].name);
    text_append_char(out, ' ');
    words_time(decision->delay_hint, out);
    text_append(out, str_of(became[decision->wait]));
}

/* "500ms + 0..125ms" */
static void say_formula(const struct outlook_turn *turn, struct text *out)
{
    int64_t low = turn->wait_low - turn->judged.delay_base;
    int64_t high = turn->wait_high - turn->judged.delay_base;
    words_time(turn->judged.delay_base, out);
    if (low == 0 && high == 0) return;
    bool less = low < 0 && high <= 0;
    text_append(out, str_of(less ? " - " : low < 0 ? ", jitter " : " + "));
    int64_t from = less ? -high : low, to = less ? -low : high;
    if (from < 0) text_append_char(out, '-');
    if (from == 0)
        text_append_char(out, '0');
    else
        words_time(from < 0 ? -from : from, out);
    text_append(out, REDIAL_STR(".."));
    words_time(to, out);
}

static void say_rule_used(const struct answer *answer, const struct redial_decision *decision,
                          struct text *out)
{
    const struct rule *rule = answer_rule(answer, decision->rule);
    if (!rule) return;
    text_append(out, rule->name);
    say_count(decision, out);
}

static void say_arithmetic(const struct answer *answer, const struct outlook_turn *turn,
                           struct text *out)
{
    enum redial_wait_kind wait = turn->judged.wait;
    say_hint_found(answer, &turn->judged, out);
    if (wait == REDIAL_WAIT_BACKOFF || wait == REDIAL_WAIT_HINT_IGNORED) say_formula(turn, out);
}

/* ---- Text ---- */

static void write_given(struct answer *answer, struct table *table)
{
    const struct redial_call *call = &answer->outlook.before;
    const struct redial_policy *policy = answer->policy;
    struct text *cell = &answer->cell;
    table_cell(table, REDIAL_STR("call"));
    text_printf(cell, "provider=%.*s model=%.*s query=%s mode=%.*s attempt=%" PRId32,
                REDIAL_STR_ARG(policy->providers[call->provider].name), REDIAL_STR_ARG(call->model),
                redial_query_name(call->query),
                REDIAL_STR_ARG(policy->variants[call->variant].name), answer->turn.attempt);
    table_cell_from(table, cell);
}

static void write_class(struct answer *answer, struct table *table)
{
    enum redial_class class = answer->turn.judged.class;
    struct text *cell = &answer->cell;
    table_cell(table, REDIAL_STR("class"));
    text_printf(cell, "%s: %s", redial_class_name(class), redial_class_doc(class));
    table_cell_from(table, cell);
    table_cell(table, REDIAL_STR("given by"));
    if (answer->given->class != REDIAL_CLASS_NONE) {
        text_append(cell, REDIAL_STR("the facts themselves"));
    } else if (answer->by_hook) {
        text_append(cell, REDIAL_STR("the hook "));
        text_append(cell, answer_hook(answer));
    } else if (answer->row) {
        phrase_place(answer->policy, &answer->row->span, cell);
        text_append_char(cell, ' ');
        phrase_condition(answer->row->when, cell);
    } else {
        text_append(cell, REDIAL_STR("no row of the classify tables"));
    }
    table_cell_from(table, cell);
}

static void write_rule(struct answer *answer, struct table *table)
{
    const struct rule *rule = answer_rule(answer, answer->turn.judged.rule);
    struct text *cell = &answer->cell;
    table_cell(table, REDIAL_STR("rule"));
    if (rule) {
        text_printf(cell, "\"%.*s\" ", REDIAL_STR_ARG(rule->name));
        phrase_place(answer->policy, &rule->span, cell);
        text_append_char(cell, ' ');
        phrase_condition(rule->when, cell);
        text_append(cell, REDIAL_STR(" -> "));
        phrase_steps(answer->policy, &rule->steps, cell);
        if (rule->max_given) {
            text_append(cell, REDIAL_STR(", max "));
            words_count(rule->max, cell);
        }
        if (rule->then.count > 0) {
            text_append(cell, REDIAL_STR(", then "));
            phrase_steps(answer->policy, &rule->then, cell);
        }
    } else {
        text_printf(cell, "none: %s", redial_reason_doc(answer->turn.reason));
    }
    table_cell_from(table, cell);
}

static void write_skipped(struct answer *answer, const struct explain_style *style,
                          struct text *out)
{
    struct table table;
    size_t count = answer->turn.judged.rule;
    if (answer->turn.judged.class == REDIAL_CLASS_NONE || count == 0) return;
    if (count > answer->policy->rule_count) count = answer->policy->rule_count;
    table_begin(&table, answer->arena, (const char *const[]){"line", "rule", "would need"}, 3);
    for (size_t i = 0; i < count; i++) {
        const struct rule *rule = &answer_rules(answer)[i];
        phrase_place(answer->policy, &rule->span, &answer->cell);
        table_cell_from(&table, &answer->cell);
        table_cell(&table, rule->name);
        phrase_condition(answer_unmet(answer, rule->when), &answer->cell);
        table_cell_from(&table, &answer->cell);
    }
    text_append(out, REDIAL_STR("\nrules before it, which do not match:\n"));
    table_write(&table, 2, style->width, out);
    table_end(&table);
}

static void write_follows(struct answer *answer, const struct explain_style *style,
                          struct text *out)
{
    struct table table;
    bool more = true;
    table_begin(&table, answer->arena,
                (const char *const[]){">attempt", "what follows", "rule", "wait"}, 4);
    for (int i = 0; more && i < TURNS_SHOWN_MAX; i++) {
        text_printf(&answer->cell, "%" PRId32, answer->turn.attempt);
        table_cell_from(&table, &answer->cell);
        say_follows(answer->policy, &answer->turn, &answer->cell);
        table_cell_from(&table, &answer->cell);
        say_rule_used(answer, &answer->turn.judged, &answer->cell);
        table_cell_from(&table, &answer->cell);
        say_arithmetic(answer, &answer->turn, &answer->cell);
        table_cell_from(&table, &answer->cell);
        more = outlook_next(&answer->outlook, answer->given, &answer->turn);
    }
    if (more) {
        table_cell(&table, REDIAL_STR("..."));
        table_cell(&table, REDIAL_STR("and so on"));
        table_cell(&table, REDIAL_STR(""));
        table_cell(&table, REDIAL_STR(""));
    }
    text_append(out, REDIAL_STR("\nwhat follows, if every attempt ends so:\n"));
    table_write(&table, 2, style->width, out);
    table_end(&table);
}

bool explain_event(const struct redial_policy *policy, const struct explain_facts *facts,
                   const struct explain_style *style, struct text *out, struct redial_str *why)
{
    struct answer answer;
    struct table table;
    bool fine = answer_begin(&answer, policy, facts, why);
    if (fine && answer.ended_before)
        text_printf(out, "The call ends with attempt %" PRId32 " already.\n", answer.turn.attempt);
    if (fine) {
        table_begin(&table, answer.arena, (const char *const[]){"", ""}, 2);
        write_given(&answer, &table);
        write_class(&answer, &table);
        write_rule(&answer, &table);
        table_write(&table, 0, style->width, out);
        table_end(&table);
        write_skipped(&answer, style, out);
        write_follows(&answer, style, out);
        if (answer.cell.failed) out->failed = true;
    }
    answer_end(&answer);
    return fine;
}
