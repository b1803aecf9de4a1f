/* The mode `fast`: one state for all calls of an engine. On, cooling down until an instant, or
 * disabled. */
#include "core/engine.h"
#include "core/guards.h"

static bool has_fast(const struct turn *turn)
{
    const struct fast_mode *fast = &turn->policy->fast;
    const struct redial_call *call = turn->call;
    if (!fast->present || call->model_index == NO_INDEX) return false;
    if (turn->policy->platforms[call->platform].kind != PLATFORM_ANTHROPIC) return false;
    for (size_t i = 0; i < fast->model_count; i++)
        if (fast->models[i] == call->model_index) return true;
    return fast->model_count == 0;
}

static void slow_down(struct turn *turn, enum redial_speed_change change)
{
    turn->call->wants_fast = false;
    turn->call->fast = false;
    turn->decision->shared.speed = (uint8_t)change;
}

void speed_choose(struct turn *turn)
{
    struct redial_call *call = turn->call;
    call->fast = false;
    if (!call->wants_fast) return;
    int64_t until = turn->call->engine->fast_until;
    if (!has_fast(turn)) {
        if (call->attempts == 0) turn->decision->shared.speed = REDIAL_SPEED_UNSUPPORTED;
    } else if (until > turn->now) {
        slow_down(turn, until == FAST_DISABLED ? REDIAL_SPEED_OFF : REDIAL_SPEED_COOLING);
        turn->decision->shared.until = until;
    } else {
        call->fast = true;
    }
    turn->decision->shared.fast = call->fast;
}

static int64_t cooldown_length(struct turn *turn)
{
    const struct fast_mode *fast = &turn->policy->fast;
    int64_t hint = fast->hint_extends ? turn_hint(turn) : 0;
    return hint > fast->cooldown ? hint : fast->cooldown;
}

static bool holds(const struct condition *when, const struct facts *facts)
{
    return when && condition_holds(when, facts);
}

/* What the mode makes of a failure, its state changed accordingly. */
static enum redial_speed_change react(struct turn *turn, const struct facts *facts)
{
    const struct fast_mode *fast = &turn->policy->fast;
    struct redial_engine *engine = turn->call->engine;
    if (holds(fast->disable_when, facts)) {
        engine->fast_until = FAST_DISABLED;
        return REDIAL_SPEED_DISABLED;
    }
    if (holds(fast->once_when, facts)) return REDIAL_SPEED_ONCE;
    if (!holds(fast->cooldown_when, facts)) return REDIAL_SPEED_AS_BEFORE;
    int64_t end = duration_add(turn->now, cooldown_length(turn));
    if (end == FAST_DISABLED) end--;
    turn->decision->shared.until = cooldown_extend(&engine->fast_until, end);
    return REDIAL_SPEED_COOLDOWN;
}

/* Why the retry at standard speed may not be taken, or NONE. */
static enum redial_reason limit_of(const struct turn *turn)
{
    const struct limits *limits = &turn->variant->limits;
    if (turn->call->leg_retries >= limits->retries) return REDIAL_REASON_RETRY_LIMIT;
    if (turn->call->attempts >= limits->attempts) return REDIAL_REASON_ATTEMPT_LIMIT;
    return REDIAL_REASON_NONE;
}

bool speed_judge(struct turn *turn, const struct facts *facts, bool rule_fails)
{
    struct redial_call *call = turn->call;
    if (!call->fast) return false;
    enum redial_speed_change change = react(turn, facts);
    if (change == REDIAL_SPEED_AS_BEFORE) return false;
    slow_down(turn, change);
    bool bails = call->query == REDIAL_QUERY_BACKGROUND && rule_fails;
    if (bails || call->delivered) return false;
    enum redial_reason limit = limit_of(turn);
    if (limit != REDIAL_REASON_NONE) {
        turn_finish(turn, limit);
        return true;
    }
    turn->decision->applied |= 1u << REDIAL_STEP_STANDARD_SPEED;
    turn_send(turn);
    return true;
}

void speed_disable(struct turn *turn)
{
    turn->call->engine->fast_until = FAST_DISABLED;
    slow_down(turn, REDIAL_SPEED_DISABLED);
}
