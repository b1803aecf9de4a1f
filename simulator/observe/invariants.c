#include "simulator/observe/invariants.h"

#include "core/hooks.h"
#include "redial/call.h"

static const struct name rows[] = {
#define X(name, word, doc) [INVARIANT_##name] = {word, doc},
    INVARIANT_MAP(X)
#undef X
};
const struct names invariant_names = {"invariant", rows, INVARIANT_COUNT};

void invariant_broken(struct violations *violations, enum invariant invariant, uint32_t call_number,
                      int64_t at, const char *format, ...)
{
    size_t number = violations->count++;
    if (number >= VIOLATIONS_KEPT) return;
    struct violation *violation = &violations->list[number];
    struct text text = TEXT_INIT;
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&text, format, arguments);
    va_end(arguments);
    *violation = (struct violation){.invariant = invariant, .call_number = call_number, .at = at};
    if (text.failed || !arena_copy(violations->arena, text_str(&text), &violation->detail))
        violation->detail = REDIAL_STR("(out of memory)");
    text_clean_up(&text);
}

/* ---- Waits ---- */

static const struct backoff *backoff_of(const struct redial_call *call)
{
    const struct variant *variant = &call->policy->variants[call->variant];
    uint16_t index = BACKOFF_DEFAULT;
    if (call->rule != NO_INDEX) {
        const struct rule *rule = &variant->rules[call->rule];
        const struct steps *steps = call->in_then ? &rule->then : &rule->steps;
        for (size_t i = 0; i < steps->count; i++)
            if (steps->list[i].kind == REDIAL_STEP_BACKOFF) index = steps->list[i].backoff;
    }
    return &call->policy->backoffs[index == BACKOFF_DEFAULT ? variant->default_backoff : index];
}

static bool wait_is_bounded(const struct redial_call *call, const struct redial_decision *decision)
{
    if (decision->delay < 0) return false;
    static const bool set_elsewhere[REDIAL_WAIT_COUNT] = {[REDIAL_WAIT_NONE] = true,
                                                          [REDIAL_WAIT_FIXED] = true,
                                                          [REDIAL_WAIT_GUARD] = true,
                                                          [REDIAL_WAIT_REST] = true};
    if (set_elsewhere[decision->wait]) return true;
    if (decision->wait == REDIAL_WAIT_HOOK && call->policy->backoff_count == 0)
        return decision->delay <= HOOK_DELAY_MAX;
    const struct backoff *backoff = backoff_of(call);
    if (decision->wait == REDIAL_WAIT_HOOK)
        return decision->delay <= HOOK_DELAY_MAX &&
               (backoff->hint.count == 0 || decision->delay <= backoff->hint.max);
    if (decision->wait == REDIAL_WAIT_HINT)
        return decision->delay == decision->delay_hint && decision->delay <= hint_longest(backoff);
    if (decision->wait == REDIAL_WAIT_HINT_FITTED) return decision->delay <= hint_longest(backoff);
    if (decision->wait == REDIAL_WAIT_HINT_CLAMPED) return decision->delay == backoff->hint.max;
    return decision->delay <= backoff_longest(backoff);
}

/* ---- Steps ---- */

struct seen {
    struct violations *violations;
    uint32_t call_number;
    const struct redial_call *call;
    const struct redial_decision *decision;
    int64_t now;
};

static void look_at_wait(const struct seen *seen)
{
    if (!wait_is_bounded(seen->call, seen->decision))
        invariant_broken(seen->violations, INVARIANT_WAITS, seen->call_number, seen->now,
                         "a wait of %lld ns", (long long)seen->decision->delay);
    if (seen->decision->wake_at > seen->call->deadline_at)
        invariant_broken(seen->violations, INVARIANT_DEADLINE, seen->call_number, seen->now,
                         "a wait ends %lld ns after it",
                         (long long)(seen->decision->wake_at - seen->call->deadline_at));
}

static void look_at_send(const struct seen *seen, struct watch *watch)
{
    const struct redial_call *call = seen->call;
    const struct variant *variant = &call->policy->variants[call->variant];
    if (call->attempts > variant->limits.attempts || call->leg_retries > variant->limits.retries)
        invariant_broken(seen->violations, INVARIANT_LIMITS, seen->call_number, seen->now,
                         "attempt %d, retry %d of the leg", call->attempts, call->leg_retries);
    if (seen->now >= call->deadline_at)
        invariant_broken(seen->violations, INVARIANT_DEADLINE, seen->call_number, seen->now,
                         "attempt %d begins after it", call->attempts);
    bool restarts = seen->decision->restart && call->rule != NO_INDEX &&
                    variant->rules[call->rule].after_output == AFTER_OUTPUT_RESTART;
    if (watch->delivered && !restarts)
        invariant_broken(seen->violations, INVARIANT_OUTPUT, seen->call_number, seen->now,
                         "attempt %d follows delivered output", call->attempts);
    watch->delivered = false;
}

static void look_at_judgement(const struct seen *seen, bool background_ends)
{
    const struct redial_decision *decision = seen->decision;
    if (decision->kind == REDIAL_DECISION_FINISH) return;
    if (!decision->in_then && decision->rule_used > decision->rule_max)
        invariant_broken(seen->violations, INVARIANT_RULE_MAX, seen->call_number, seen->now,
                         "retry %d of at most %d", decision->rule_used, decision->rule_max);
    if (background_ends && seen->call->query == REDIAL_QUERY_BACKGROUND &&
        decision->class == REDIAL_CLASS_OVERLOADED)
        invariant_broken(seen->violations, INVARIANT_BACKGROUND, seen->call_number, seen->now,
                         "the call goes on");
}

/* What calls take and put back never leaves the bounds of a budget of tokens. */
static void look_at_budget(const struct seen *seen)
{
    const struct redial_shared_word *word = &seen->decision->shared;
    if (word->budget == 0) return;
    const struct budget *budget = &seen->call->policy->guards.budgets[word->budget - 1];
    if (budget->kind != BUDGET_TOKENS) return;
    if (word->budget_before < 0 || word->budget_before > budget->capacity ||
        word->budget_after < 0 || word->budget_after > budget->capacity)
        invariant_broken(seen->violations, INVARIANT_BUDGET, seen->call_number, seen->now,
                         "%lld to %lld thousandths", (long long)word->budget_before,
                         (long long)word->budget_after);
}

void invariants_step(struct violations *violations, struct watch *watch, bool background_ends,
                     uint32_t call_number, const struct redial_call *call,
                     const struct redial_event *event, const struct redial_decision *decision,
                     int64_t now)
{
    const struct seen seen = {violations, call_number, call, decision, now};
    if (event->kind == REDIAL_EVENT_OUTPUT) watch->delivered = true;
    if (decision->judged) {
        watch->vetoed = event->should_retry < 0;
        look_at_judgement(&seen, background_ends);
    }
    look_at_budget(&seen);
    if (decision->kind == REDIAL_DECISION_WAIT)
        look_at_wait(&seen);
    else if (decision->kind == REDIAL_DECISION_SEND)
        look_at_send(&seen, watch);
    else if (decision->kind == REDIAL_DECISION_MISUSE)
        invariant_broken(violations, INVARIANT_AGREED, call_number, now, "%s in state %s",
                         redial_event_name(event->kind), redial_state_name(call->state));
}

void invariants_send(struct violations *violations, struct watch *watch, uint32_t call_number,
                     const struct watched_request *request, int64_t now)
{
    const struct watched_request *last = &watch->request;
    bool same = watch->sent_before && last->provider == request->provider &&
                str_eq(last->model, request->model) && last->max_tokens == request->max_tokens &&
                last->input_tokens == request->input_tokens &&
                last->credential == request->credential && last->fast == request->fast;
    if (watch->vetoed && same)
        invariant_broken(violations, INVARIANT_VETO, call_number, now,
                         "the request that was vetoed is sent again");
    watch->vetoed = false;
    watch->sent_before = true;
    watch->request = *request;
}

/* ---- The policy's word on background calls ---- */

static bool names(const struct condition *condition, enum fact fact, uint32_t value)
{
    if (condition->kind == CONDITION_ALL) {
        for (size_t i = 0; i < condition->count; i++)
            if (names(condition->children[i], fact, value)) return true;
        return false;
    }
    if (condition->kind != CONDITION_ONE_OF || condition->fact != fact) return false;
    for (size_t i = 0; i < condition->count; i++)
        if (condition->values[i] == value) return true;
    return false;
}

/* Says this of class and query, and asks nothing more. */
static bool is_plain(const struct condition *condition)
{
    return condition->kind == CONDITION_ALL && condition->count == 2;
}

bool invariants_background_ends(const struct redial_policy *policy)
{
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->variants[VARIANT_PLAIN].rules[i];
        bool fails = rule->steps.count == 1 && rule->steps.list[0].kind == REDIAL_STEP_FAIL;
        if (fails && is_plain(rule->when) &&
            names(rule->when, FACT_CLASS, REDIAL_CLASS_OVERLOADED) &&
            names(rule->when, FACT_QUERY, REDIAL_QUERY_BACKGROUND))
            return true;
    }
    return false;
}
