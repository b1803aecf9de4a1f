/* What a failed attempt means and what follows: design §3, read top to bottom in turn_judge. */
#include "core/consult.h"
#include "core/guards.h"

#define BIT(step) (1u << REDIAL_STEP_##step)

/* Steps after which the next request is another one: a veto on "the same request again" does not
 * touch them. */
enum {
    CHANGES_REQUEST = BIT(REFRESH) | BIT(COMPACT) | BIT(RAISE_OUTPUT_LIMIT) |
                      BIT(FIT_OUTPUT_LIMIT) | BIT(FALLBACK_MODEL) | BIT(FALLBACK_PROVIDER) |
                      BIT(STANDARD_SPEED),
    CHANGES_LEG = BIT(FALLBACK_MODEL) | BIT(FALLBACK_PROVIDER)
};

static bool is_auth(enum redial_class class)
{
    return class == REDIAL_CLASS_AUTH_EXPIRED || class == REDIAL_CLASS_AUTH_REVOKED ||
           class == REDIAL_CLASS_AUTH;
}

static void remember(struct redial_call *call, const struct redial_event *event,
                     enum redial_class class)
{
    call->class = (uint8_t) class;
    call->status = event->status;
    call->compacted = false;
    call->rule = NO_INDEX;
    if (event->should_retry)
        call->vetoed = event->should_retry < 0;
    else
        call->vetoed = false;
    if (event->input_tokens > 0) call->input_tokens = event->input_tokens;
    call->failed_input_tokens = event->input_tokens;
    call->failed_context_tokens = event->context_tokens;
    for (size_t i = 0; i < call->policy->hint_header_count; i++) call->hint[i] = event->hint[i];
}

/* A rule with `refresh` counts in a row: any reply that is no auth error shows that the credential
 * is good again. */
static void forgive_refreshes(struct turn *turn, enum redial_class class)
{
    struct redial_call *call = turn->call;
    if (turn->event->kind == REDIAL_EVENT_BROKEN || is_auth(class)) return;
    for (uint16_t i = 0; i < call->rules_fired; i++)
        if (turn->variant->rules[call->rule_counts[i].rule].in_a_row)
            call->rule_counts[i].retries = 0;
}

/* The counter of a rule in this leg, a new one if there is none yet; NULL when all 16 are taken. */
static struct redial_rule_count *counter_of(struct redial_call *call, uint16_t rule,
                                            uint16_t counted_as)
{
    for (uint16_t i = 0; i < call->rules_fired; i++)
        if (call->rule_counts[i].counted_as == counted_as) return &call->rule_counts[i];
    if (call->rules_fired == REDIAL_RULES_FIRED_MAX) return NULL;
    struct redial_rule_count *count = &call->rule_counts[call->rules_fired++];
    *count = (struct redial_rule_count){.rule = rule, .counted_as = counted_as};
    return count;
}

/* Why the call may not be retried as `steps` say, or NONE. */
static enum redial_reason forbidden(const struct turn *turn, const struct rule *rule,
                                    const struct steps *steps)
{
    const struct redial_call *call = turn->call;
    const struct limits *limits = &turn->variant->limits;
    if (call->delivered && rule->after_output != AFTER_OUTPUT_RESTART)
        return REDIAL_REASON_DELIVERED;
    if (call->vetoed && !(steps && steps->kinds & CHANGES_REQUEST)) return REDIAL_REASON_VETOED;
    if (!steps) return REDIAL_REASON_RULE_LIMIT;
    if (call->leg_retries >= limits->retries && !(steps->kinds & CHANGES_LEG))
        return REDIAL_REASON_RETRY_LIMIT;
    if (call->attempts >= limits->attempts) return REDIAL_REASON_ATTEMPT_LIMIT;
    if (turn->now >= call->deadline_at) return REDIAL_REASON_DEADLINE;
    return REDIAL_REASON_NONE;
}

static void take_rule(struct turn *turn, uint16_t number)
{
    struct redial_call *call = turn->call;
    const struct rule *rule = &turn->variant->rules[number];
    call->rule = number;
    turn->decision->rule_max = rule->max;
    if (rule->steps.kinds & BIT(FAIL)) {
        call->in_then = false;
        call->step_next = 0;
        turn_run_steps(turn);
        return;
    }
    struct redial_rule_count *count = counter_of(call, number, rule->counted_as);
    if (!count) {
        turn_finish(turn, REDIAL_REASON_TOO_MANY_RULES);
        return;
    }
    int32_t used = count->retries;
    turn->decision->rule_used = used;
    bool used_up = count->retries >= rule->max;
    const struct steps *steps = !used_up ? &rule->steps : rule->then.count ? &rule->then : NULL;
    call->in_then = used_up;
    turn->decision->in_then = used_up && steps;
    guards_failed(turn); /* a failure counts, even one that is not retried for another reason */
    enum redial_reason reason = forbidden(turn, rule, steps);
    if (reason != REDIAL_REASON_NONE) {
        turn_finish(turn, reason);
        return;
    }
    reason = guards_retry(turn, steps);
    if (reason != REDIAL_REASON_NONE && !call->refused) {
        turn_finish(turn, reason);
        return;
    }
    if (!used_up && !call->refused) turn->decision->rule_used++; /* the retry that follows */
    call->step_next = 0;
    turn_run_steps(turn);
    if (turn->decision->kind == REDIAL_DECISION_FINISH) turn->decision->rule_used = used;
}

void turn_judge(struct turn *turn)
{
    struct facts facts;
    const struct classify_row *row;
    facts_init(&facts, turn->call, turn->event, turn->now);
    enum redial_class class = classify(&facts, &row);
    if (hooks_have(turn->policy, HOOK_CLASSIFY)) class = consult_class(turn, class);
    facts.key[FACT_CLASS] = class;
    remember(turn->call, turn->event, class);
    forgive_refreshes(turn, class);
    guards_saw(turn, class);
    turn->decision->judged = true;
    if (class == REDIAL_CLASS_NONE) {
        turn_finish(turn, REDIAL_REASON_SUCCESS);
        return;
    }
    uint32_t rule = consult_failed(turn) ? MATCH_NONE : consult_rules(turn, &facts);
    if (consult_failed(turn)) {
        turn_finish(turn, REDIAL_REASON_HOOK_FAILED);
        return;
    }
    bool fails = rule == MATCH_NONE || turn->variant->rules[rule].steps.kinds & BIT(FAIL);
    if (speed_judge(turn, &facts, fails)) return;
    if (rule == MATCH_NONE)
        turn_finish(turn, REDIAL_REASON_UNMATCHED);
    else
        take_rule(turn, (uint16_t)rule);
}
