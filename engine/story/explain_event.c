/* One event: what it means and by which row, why the rules before did not match, which one does,
 * and what follows until the call ends. */
#include <inttypes.h>

#include "core/match.h"
#include "story/explain_parts.h"
#include "story/outlook.h"
#include "story/put.h"

/* The first part of a condition that does not hold: what the rule would have needed. */
static const struct condition *first_unmet(const struct condition *condition,
                                           const struct facts *facts)
{
    for (size_t i = 0; condition->kind == CONDITION_ALL && i < condition->count; i++)
        if (!condition_holds(condition->children[i], facts))
            return first_unmet(condition->children[i], facts);
    return condition;
}

/* What was found out, before it is written as text or JSON. */
struct answer {
    const struct redial_policy *policy;
    const struct explain_facts *given;
    struct outlook outlook;
    struct outlook_turn turn; /* of the attempt that was asked about */
    struct facts facts;       /* at that moment */
    const struct classify_row *row;
    bool ended_before; /* the call had ended before that attempt */
    struct arena *arena;
    struct text cell;
};

static bool answer_begin(struct answer *answer, const struct redial_policy *policy,
                         const struct explain_facts *facts, struct redial_str *why)
{
    *answer = (struct answer){.policy = policy, .given = facts, .arena = arena_new()};
    if (!outlook_begin(&answer->outlook, policy, facts, why)) return false;
    *why = REDIAL_STR("out of memory");
    if (!answer->arena) return false;
    for (int32_t i = 0; i < facts->attempt; i++)
        if (!outlook_next(&answer->outlook, facts, &answer->turn)) {
            answer->ended_before = true;
            break;
        }
    facts_init(&answer->facts, &answer->outlook.before, &answer->outlook.event,
               answer->outlook.before_at);
    classify(&answer->facts, &answer->row);
    return true;
}

static void answer_end(struct answer *answer)
{
    outlook_end(&answer->outlook);
    arena_destroy(answer->arena);
    text_clean_up(&answer->cell);
}

static const struct rule *rules_of(const struct answer *answer)
{
    return answer->policy->variants[answer->outlook.low.variant].rules;
}

static const struct rule *rule_of(const struct answer *answer, uint16_t rule)
{
    return rule < answer->policy->rule_count ? &rules_of(answer)[rule] : NULL;
}

/* ---- What follows ---- */

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
        text_printf(out, " %" PRId32 "/", decision->rule_used);
        words_count(decision->rule_max, out);
    }
}

static void say_hint_found(const struct answer *answer, const struct redial_decision *decision,
                           struct text *out)
{
    if (decision->hint >= answer->policy->hint_header_count) return;
    static const char *const became[REDIAL_WAIT_COUNT] = {
        [REDIAL_WAIT_NONE] = " is above the bound",
        [REDIAL_WAIT_BACKOFF] = "",
        [REDIAL_WAIT_HINT] = ", exactly",
        [REDIAL_WAIT_HINT_CLAMPED] = ", cut to the bound",
        [REDIAL_WAIT_HINT_IGNORED] = " is above the bound, ignored",
        [REDIAL_WAIT_FIXED] = "",
    };
    text_append(out, REDIAL_STR("; hint "));
    text_append(out, answer->policy->hint_headers[decision->hint].name);
    text_append(out, REDIAL_STR(" of "));
    words_time(decision->delay_hint, out);
    text_append(out, str_of(became[decision->wait]));
}

/* The rule, its count, and how the wait came about. */
static void say_because(const struct answer *answer, const struct outlook_turn *turn,
                        struct text *out)
{
    const struct redial_decision *decision = &turn->judged;
    const struct rule *rule = rule_of(answer, decision->rule);
    if (rule) {
        text_printf(out, "rule \"%.*s\"", REDIAL_STR_ARG(rule->name));
        say_count(decision, out);
    }
    bool formula =
        decision->wait == REDIAL_WAIT_BACKOFF || decision->wait == REDIAL_WAIT_HINT_IGNORED;
    if (formula) {
        text_append(out, REDIAL_STR("; backoff "));
        words_time(decision->delay_base, out);
        int64_t low = turn->wait_low - decision->delay_base;
        int64_t high = turn->wait_high - decision->delay_base;
        if (low != 0 || high != 0) {
            text_append(out, REDIAL_STR(low < 0 ? " - jitter " : " + jitter "));
            if (low < 0 && high <= 0)
                say_range(-high, -low, out);
            else
                say_range(low < 0 ? 0 : low, high, out);
        }
    }
    say_hint_found(answer, decision, out);
}

#define TURNS_SHOWN_MAX 14

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
    const struct rule *rule = rule_of(answer, answer->turn.judged.rule);
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
            text_append(cell, REDIAL_STR(", at most "));
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
        const struct rule *rule = &rules_of(answer)[i];
        phrase_place(answer->policy, &rule->span, &answer->cell);
        table_cell_from(&table, &answer->cell);
        table_cell(&table, rule->name);
        phrase_condition(first_unmet(rule->when, &answer->facts), &answer->cell);
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
    table_begin(&table, answer->arena, (const char *const[]){">attempt", "what follows", "why"}, 3);
    for (int i = 0; more && i < TURNS_SHOWN_MAX; i++) {
        text_printf(&answer->cell, "%" PRId32, answer->turn.attempt);
        table_cell_from(&table, &answer->cell);
        say_follows(answer->policy, &answer->turn, &answer->cell);
        table_cell_from(&table, &answer->cell);
        say_because(answer, &answer->turn, &answer->cell);
        table_cell_from(&table, &answer->cell);
        more = outlook_next(&answer->outlook, answer->given, &answer->turn);
    }
    if (more) {
        table_cell(&table, REDIAL_STR("..."));
        table_cell(&table, REDIAL_STR("and so on"));
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

/* ---- JSON ---- */

static void put_phrase(struct answer *answer, const char *name, struct text *out)
{
    put_text(out, name, text_str(&answer->cell));
    if (answer->cell.failed) out->failed = true;
    text_clear(&answer->cell);
}

static void put_call(struct answer *answer, struct text *out)
{
    const struct redial_call *call = &answer->outlook.before;
    put_text(out, "provider", answer->policy->providers[call->provider].name);
    put_text(out, "model", call->model);
    put_word(out, "query", redial_query_name(call->query));
    put_text(out, "mode", answer->policy->variants[call->variant].name);
    put_int(out, "attempt", answer->turn.attempt);
    put_true(out, "ended_before", answer->ended_before);
    put_word(out, "class", redial_class_name(answer->turn.judged.class));
    if (!answer->row || answer->given->class != REDIAL_CLASS_NONE) return;
    put_place(out, "class_at", &answer->row->span);
    phrase_condition(answer->row->when, &answer->cell);
    put_phrase(answer, "class_when", out);
}

static void put_rules(struct answer *answer, struct text *out)
{
    size_t matched = answer->turn.judged.rule;
    bool success = answer->turn.judged.class == REDIAL_CLASS_NONE;
    put_key(out, "rules");
    text_append_char(out, '[');
    for (size_t i = 0; !success && i < answer->policy->rule_count && i <= matched; i++) {
        const struct rule *rule = &rules_of(answer)[i];
        text_append(out, i > 0 ? REDIAL_STR(",{") : REDIAL_STR("{"));
        put_text(out, "rule", rule->name);
        put_place(out, "at", &rule->span);
        put_true(out, "matches", i == matched);
        if (i < matched) {
            phrase_condition(first_unmet(rule->when, &answer->facts), &answer->cell);
            put_phrase(answer, "would_need", out);
        }
        text_append_char(out, '}');
    }
    text_append_char(out, ']');
}

static void put_turn(struct answer *answer, struct text *out)
{
    const struct outlook_turn *turn = &answer->turn;
    const struct rule *rule = rule_of(answer, turn->judged.rule);
    put_int(out, "attempt", turn->attempt);
    if (rule) put_text(out, "rule", rule->name);
    if (rule) put_int(out, "rule_used", turn->judged.rule_used);
    if (rule) put_count(out, "rule_max", turn->judged.rule_max);
    put_true(out, "in_then", turn->judged.in_then);
    put_word(out, "wait", turn->wait_high > 0 ? redial_wait_name(turn->judged.wait) : "");
    put_known(out, "wait_low_ns", turn->wait_low);
    put_known(out, "wait_high_ns", turn->wait_high);
    put_known(out, "hint_ns", turn->judged.delay_hint);
    put_true(out, "fresh_connection", turn->fresh_connection);
    put_true(out, "restart", turn->restart);
    put_int(out, "max_tokens", turn->max_tokens);
    if (turn->model < answer->policy->model_count)
        put_text(out, "model", answer->policy->models[turn->model].name);
    put_text(out, "provider", answer->policy->providers[turn->provider].name);
    put_word(out, "then", turn->ended ? "end" : "retry");
    if (turn->ended) put_word(out, "reason", redial_reason_name(turn->reason));
}

static void put_follows(struct answer *answer, struct text *out)
{
    bool more = true;
    put_key(out, "follows");
    text_append_char(out, '[');
    for (int i = 0; more && i < TURNS_SHOWN_MAX; i++) {
        text_append(out, i > 0 ? REDIAL_STR(",{") : REDIAL_STR("{"));
        put_turn(answer, out);
        text_append_char(out, '}');
        more = outlook_next(&answer->outlook, answer->given, &answer->turn);
    }
    text_append_char(out, ']');
    put_true(out, "goes_on", more);
}

bool explain_event_json(const struct redial_policy *policy, const struct explain_facts *facts,
                        struct text *out, struct redial_str *why)
{
    struct answer answer;
    bool fine = answer_begin(&answer, policy, facts, why);
    if (fine) {
        text_append_char(out, '{');
        put_call(&answer, out);
        put_rules(&answer, out);
        put_follows(&answer, out);
        text_append(out, REDIAL_STR("}\n"));
    }
    answer_end(&answer);
    return fine;
}
