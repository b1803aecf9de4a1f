/* The story as JSON lines: one object per step with everything that was recorded. Fields that say
 * nothing are left out; "unlimited" is null. */
#include <inttypes.h>

#include "story/put.h"
#include "story/say.h"

static void put_hints(struct text *out, const struct story *story,
                      const struct redial_policy *policy, const struct story_facts *facts)
{
    static const char *const said[] = {
        [HINT_SAID_NOTHING] = "nothing", [HINT_SAID_UNREADABLE] = "unreadable",
        [HINT_SAID_ZERO] = "zero",       [HINT_SAID_PAST] = "past",
        [HINT_SAID_WAIT] = "wait",
    };
    bool any = false;
    for (size_t i = 0; i < policy->hint_header_count; i++) {
        if (facts->hint[i] == HINT_SAID_NOTHING) continue;
        if (!any) {
            put_key(out, "hints");
            text_append_char(out, '[');
        } else {
            text_append_char(out, ',');
        }
        any = true;
        text_append_char(out, '{');
        put_text(out, "header", policy->hint_headers[i].name);
        put_text(out, "raw", texts_get(&story->texts, facts->hint_text[i]));
        put_word(out, "read_as", said[facts->hint[i]]);
        text_append_char(out, '}');
    }
    if (any) text_append_char(out, ']');
}

static void put_facts(struct text *out, const struct story *story,
                      const struct redial_policy *policy, const struct story_facts *facts)
{
    static const char *const names[REDIAL_TEXT_COUNT] = {
        [REDIAL_TEXT_ERROR] = "error",
        [REDIAL_TEXT_ERROR_CODE] = "error_code",
        [REDIAL_TEXT_STREAM_ERROR] = "stream_error",
        [REDIAL_TEXT_STOP_REASON] = "stop_reason",
    };
    const struct texts *texts = &story->texts;
    put_known(out, "status", facts->status);
    put_true(out, "complete", facts->complete);
    for (int i = 0; i < REDIAL_TEXT_COUNT; i++)
        put_text(out, names[i], texts_get(texts, facts->text[i]));
    put_text(out, "message", texts_get(texts, facts->message));
    put_text(out, "request_id", texts_get(texts, facts->request_id));
    if (facts->cause) put_word(out, "cause", redial_cause_name(facts->cause));
    if (facts->phase) put_word(out, "phase", redial_phase_name(facts->phase));
    put_known(out, "errno", facts->os_errno);
    if (facts->should_retry)
        put_word(out, "should_retry", facts->should_retry > 0 ? "true" : "false");
    put_known(out, "input_tokens", facts->input_tokens);
    put_known(out, "output_tokens", facts->output_tokens);
    put_known(out, "context_tokens", facts->context_tokens);
    put_known(out, "compacted_tokens", facts->compacted_tokens);
    put_hints(out, story, policy, facts);
}

static void put_rule(struct text *out, const struct redial_policy *policy,
                     const struct story_entry *entry)
{
    const struct redial_decision *decision = &entry->decision;
    if (decision->judged) put_word(out, "class", redial_class_name(decision->class));
    if (decision->rule >= policy->rule_count) return;
    const struct rule *rule = &policy->variants[entry->variant].rules[decision->rule];
    put_text(out, "rule", rule->name);
    put_place(out, "rule_at", &rule->span);
    if (!decision->judged) return;
    put_int(out, "rule_used", decision->rule_used);
    put_count(out, "rule_max", decision->rule_max);
    put_true(out, "in_then", decision->in_then);
}

static void put_applied(struct text *out, uint32_t applied)
{
    if (applied == 0) return;
    put_key(out, "applied");
    char before = '[';
    for (int i = 0; i < REDIAL_STEP_COUNT; i++) {
        if (!(applied & 1u << i)) continue;
        text_append_char(out, before);
        text_append_json(out, str_of(redial_step_name((enum redial_step_kind)i)));
        before = ',';
    }
    text_append_char(out, ']');
}

static void put_passed_over(struct text *out, const struct redial_policy *policy,
                            const struct redial_decision *decision)
{
    char before = '[';
    if (decision->passed_over == 0) return;
    put_key(out, "passed_over");
    for (uint64_t left = decision->passed_over; left; left &= left - 1) {
        text_append_char(out, before);
        text_append_json(out, policy->providers[__builtin_ctzll(left)].name);
        before = ',';
    }
    text_append_char(out, ']');
    if (decision->passed_model < policy->model_count)
        put_text(out, "passed_model", policy->models[decision->passed_model].name);
    put_feature_set(out, "lacking", decision->lacking);
}

static struct redial_str provider_name(const struct redial_policy *policy, uint16_t index)
{
    return index < policy->provider_count ? policy->providers[index].name
                                          : (struct redial_str){"", 0};
}

static void put_leg(struct text *out, const struct story *story, const struct redial_policy *policy,
                    const struct story_entry *entry)
{
    const struct redial_decision *decision = &entry->decision;
    put_text(out, "provider", provider_name(policy, decision->provider));
    put_text(out, "model", texts_get(&story->texts, entry->model));
    if (decision->from_provider != decision->provider)
        put_text(out, "from_provider", provider_name(policy, decision->from_provider));
    if (decision->from_model != decision->model_index && decision->from_model < policy->model_count)
        put_text(out, "from_model", policy->models[decision->from_model].name);
    put_int(out, "leg", decision->leg);
    put_feature_set(out, "dropped", decision->dropped);
    put_passed_over(out, policy, decision);
    put_int(out, "leg_retries", decision->leg_retries);
    put_count(out, "leg_retries_max", decision->leg_retries_max);
}

static void put_send(struct text *out, const struct story_entry *entry,
                     const struct redial_policy *policy)
{
    static const char *const connections[] = {
        [CONNECTION_UNKNOWN] = "", [CONNECTION_NEW] = "new", [CONNECTION_REUSED] = "reused"};
    (void)policy;
    put_int(out, "attempt", entry->decision.attempt);
    put_known(out, "max_tokens", entry->decision.max_tokens);
    put_word(out, "connection", connections[entry->connection]);
    put_true(out, "fresh_connection", entry->decision.fresh_connection);
    put_true(out, "restart", entry->decision.restart);
    put_int(out, "credential", entry->credential);
    put_int(out, "abort_at_ns", entry->decision.abort_at);
    put_int(out, "idle_timeout_ns", entry->decision.idle_timeout);
}

static void put_wait(struct text *out, const struct story_entry *entry,
                     const struct redial_policy *policy)
{
    const struct redial_decision *decision = &entry->decision;
    put_word(out, "wait", redial_wait_name(decision->wait));
    put_int(out, "delay_ns", decision->delay);
    put_known(out, "delay_base_ns", decision->delay_base);
    put_known(out, "delay_jitter_ns", decision->delay_jitter);
    put_known(out, "delay_hint_ns", decision->delay_hint);
    if (decision->hint < policy->hint_header_count)
        put_text(out, "hint", policy->hint_headers[decision->hint].name);
    put_int(out, "wake_at_ns", decision->wake_at);
}

static void put_repair(struct text *out, const struct story_entry *entry,
                       const struct redial_policy *policy)
{
    (void)policy;
    put_word(out, "repair", redial_step_name(entry->decision.repair));
}

static void put_finish(struct text *out, const struct story_entry *entry,
                       const struct redial_policy *policy)
{
    put_word(out, "reason", redial_reason_name(entry->decision.reason));
    put_int(out, "attempts", entry->attempts);
    put_int(out, "waited_ns", entry->waited);
    put_known(out, "delay_ns", entry->decision.delay);
    put_known(out, "delay_hint_ns", entry->decision.delay_hint);
    if (entry->decision.hint < policy->hint_header_count)
        put_text(out, "hint", policy->hint_headers[entry->decision.hint].name);
}

static void put_guard(struct text *out, const char *what, const struct redial_policy *policy,
                      enum redial_guard_kind kind, uint8_t number)
{
    if (number > 0) put_text(out, what, story_guard_name(policy, kind, number));
}

static void put_shared(struct text *out, const struct redial_policy *policy,
                       const struct redial_decision *decision)
{
    const struct redial_shared_word *word = &decision->shared;
    put_guard(out, "budget", policy, REDIAL_GUARD_BUDGET, word->budget);
    if (word->budget) {
        put_int(out, "budget_before_thousandths", word->budget_before);
        put_int(out, "budget_after_thousandths", word->budget_after);
        put_known(out, "budget_cost_thousandths", word->budget_cost);
    }
    put_guard(out, "breaker_opened", policy, REDIAL_GUARD_BREAKER, word->opened);
    put_guard(out, "breaker_closed", policy, REDIAL_GUARD_BREAKER, word->closed);
    put_guard(out, "cooldown", policy, REDIAL_GUARD_COOLDOWN, word->cooldown);
    if (word->held_by != REDIAL_GUARD_NONE) {
        enum redial_guard_kind kind = (enum redial_guard_kind)word->held_by;
        put_word(out, "held_by", redial_guard_name(kind));
        put_guard(out, "holder", policy, kind, word->holder);
    }
    if (word->speed != REDIAL_SPEED_AS_BEFORE)
        put_word(out, "speed_change", redial_speed_name((enum redial_speed_change)word->speed));
    put_known(out, "until_ns", word->until);
    if (word->fast) put_word(out, "speed", "fast");
}

static const struct {
    const char *word;
    void (*put)(struct text *out, const struct story_entry *entry,
                const struct redial_policy *policy);
} decisions[REDIAL_DECISION_COUNT] = {
    [REDIAL_DECISION_NOTHING] = {"nothing", NULL},
    [REDIAL_DECISION_SEND] = {"send", put_send},
    [REDIAL_DECISION_WAIT] = {"wait", put_wait},
    [REDIAL_DECISION_REPAIR] = {"repair", put_repair},
    [REDIAL_DECISION_FINISH] = {"finish", put_finish},
    [REDIAL_DECISION_MISUSE] = {"misuse", NULL},
};

static void put_step(struct text *out, const struct story *story,
                     const struct redial_policy *policy, const struct story_entry *entry)
{
    put_word(out, "event", redial_event_name(entry->event));
    put_word(out, "query", redial_query_name(entry->query));
    put_text(out, "mode", policy->variants[entry->variant].name);
    if (entry->outputs > 0) put_int(out, "outputs", entry->outputs);
    const struct story_facts *facts = story_facts_of(story, entry);
    if (facts) put_facts(out, story, policy, facts);
    put_rule(out, policy, entry);
    put_word(out, "decision", decisions[entry->decision.kind].word);
    put_leg(out, story, policy, entry);
    put_applied(out, entry->decision.applied);
    put_text(out, "client_request_id", texts_get(&story->texts, entry->client_request_id));
    put_shared(out, policy, &entry->decision);
    if (decisions[entry->decision.kind].put)
        decisions[entry->decision.kind].put(out, entry, policy);
    put_text(out, "hook_error", texts_get(&story->texts, entry->note));
    put_word(out, "state", redial_state_name(entry->state));
}

void story_write_json(const struct story *story, const struct redial_policy *policy,
                      struct text *out)
{
    for (size_t i = 0; i < story_count(story); i++) {
        const struct story_entry *entry = story_entry_at(story, i);
        text_append_char(out, '{');
        put_int(out, "at_ns", entry->at - story->began_at);
        put_int(out, "call", entry->call_number);
        if (entry->kind == ENTRY_NOTE)
            put_text(out, "note", texts_get(&story->texts, entry->note));
        else
            put_step(out, story, entry->policy ? entry->policy : policy, entry);
        text_append(out, REDIAL_STR("}\n"));
    }
}
