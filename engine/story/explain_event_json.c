/* The same as one JSON object; times are nanoseconds. */
#include "story/answer.h"
#include "story/put.h"

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
        const struct rule *rule = &answer_rules(answer)[i];
        text_append(out, i > 0 ? REDIAL_STR(",{") : REDIAL_STR("{"));
        put_text(out, "rule", rule->name);
        put_place(out, "at", &rule->span);
        put_true(out, "matches", i == matched);
        if (i < matched) {
            phrase_condition(answer_unmet(answer, rule->when), &answer->cell);
            put_phrase(answer, "would_need", out);
        }
        text_append_char(out, '}');
    }
    text_append_char(out, ']');
}

static void put_turn(struct answer *answer, struct text *out)
{
    const struct outlook_turn *turn = &answer->turn;
    const struct rule *rule = answer_rule(answer, turn->judged.rule);
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
