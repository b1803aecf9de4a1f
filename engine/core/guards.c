#include "core/guards.h"

#include <stdatomic.h>

#include "core/engine.h"

/* ---- Slots */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static uint64_t model_key(const struct redial_call *call)
{
    if (call->model_index != NO_INDEX) return call->policy->models[call->model_index].key;
    return str_hash(call->model);
}

uint64_t guard_key_of(const struct redial_call *call, uint32_t per)
{
    if (per == 0) return 1;
    uint64_t hash = per;
    if (per & 1u << GUARD_BY_PROVIDER)
        hash = mix(hash, call->policy->providers[call->provider].key);
    if (per & 1u << GUARD_BY_MODEL) hash = mix(hash, model_key(call));
    if (per & 1u << GUARD_BY_CREDENTIAL) hash = mix(hash, call->credential_id);
    if (per & 1u << GUARD_BY_QUERY) hash = mix(hash, call->query);
    return hash | 1; /* 0 is a free slot */
}

struct guard_slot *guard_slot(struct guard_state *state, uint64_t key)
{
    if (state->slot_count == 1) return &state->slots[0];
    uint32_t at = (uint32_t)(key >> 32) & (state->slot_count - 1);
    for (uint32_t i = 0; i < state->slot_count; i++) {
        struct guard_slot *slot = &state->slots[(at + i) & (state->slot_count - 1)];
        uint64_t found = slot->key;
        if (found == 0 && atomic_compare_exchange_strong(&slot->key, &found, key)) return slot;
        if (found == key) return slot;
    }
    return &state->slots[at];
}

static struct guard_slot *slot_of(struct turn *turn, struct guard_state *state,
                                  const struct guard *guard)
{
    if (guard->per == 0) return &state->slots[0];
    if (turn->key_per != guard->per) {
        turn->key_per = guard->per;
        turn->key = guard_key_of(turn->call, guard->per);
    }
    return guard_slot(state, turn->key);
}

static const struct guards *guards_of(const struct turn *turn)
{
    return &turn->policy->guards;
}

static struct budget_state *budget_at(struct turn *turn, size_t i)
{
    return &slot_of(turn, turn->call->shared->budgets[i], &guards_of(turn)->budgets[i].guard)
                ->budget;
}

static struct breaker_state *breaker_at(struct turn *turn, size_t i)
{
    return &slot_of(turn, turn->call->shared->breakers[i], &guards_of(turn)->breakers[i].guard)
                ->breaker;
}

static struct cooldown_state *cooldown_at(struct turn *turn, size_t i)
{
    return &slot_of(turn, turn->call->shared->cooldowns[i], &guards_of(turn)->cooldowns[i].guard)
                ->cooldown;
}

static struct limiter_state *limiter_at(struct turn *turn, size_t i)
{
    return &slot_of(turn, turn->call->shared->limiters[i], &guards_of(turn)->limiters[i].guard)
                ->limiter;
}

/* ---- Budgets */

enum { RUNNING_CALL = 1, RUNNING_RETRY = 2 };

void guards_enter(struct turn *turn)
{
    const struct guards *guards = guards_of(turn);
    if (!guards->counts_calls) return;
    turn->call->counted_running = RUNNING_CALL;
    for (size_t i = 0; i < guards->budget_count; i++)
        if (turn->call->leg == 1 || guards->budgets[i].kind == BUDGET_RUNNING)
            budget_call_begins(&guards->budgets[i], budget_at(turn, i), turn->now);
}

static void retry_ends(struct turn *turn)
{
    const struct guards *guards = guards_of(turn);
    if (!(turn->call->counted_running & RUNNING_RETRY)) return;
    turn->call->counted_running &= (uint8_t)~RUNNING_RETRY;
    for (size_t i = 0; i < guards->budget_count; i++)
        budget_retry_ends(&guards->budgets[i], budget_at(turn, i));
}

static void release_probes(struct turn *turn)
{
    for (uint8_t i = 0; turn->call->probing; i++) {
        if (turn->call->probing & 1u << i) breaker_unprobe(breaker_at(turn, i));
        turn->call->probing &= (uint8_t) ~(1u << i);
    }
}

void guards_leave(struct turn *turn)
{
    const struct guards *guards = guards_of(turn);
    release_probes(turn);
    retry_ends(turn);
    turn->call->rate_paid = false;
    turn->call->paid_class = REDIAL_CLASS_NONE; /* what the last leg paid is not the next one's */
    bool counted = turn->call->counted_running & RUNNING_CALL;
    turn->call->counted_running = 0;
    for (size_t i = 0; counted && i < guards->budget_count; i++)
        budget_call_ends(&guards->budgets[i], budget_at(turn, i));
    turn->key_per = 0; /* the next leg has another key */
}

/* The record shows the budget that refused, else the first that changed. */
static void say_budget(struct turn *turn, size_t index, const struct budget_word *word)
{
    struct redial_shared_word *said = &turn->decision->shared;
    bool changed = word->before != word->after;
    if (!word->refused && (said->budget || !changed)) return;
    bool charged = said->budget == index + 1; /* the failure was charged a moment ago */
    if (!charged) said->budget_before = word->before;
    said->budget = (uint8_t)(index + 1);
    said->budget_after = word->after;
    said->budget_cost = word->cost;
}

void guards_failed(struct turn *turn)
{
    const struct guards *guards = guards_of(turn);
    for (size_t i = 0; i < guards->budget_count; i++) {
        struct budget_word word = budget_failure(&guards->budgets[i], budget_at(turn, i),
                                                 (enum redial_class)turn->call->class, turn->now);
        say_budget(turn, i, &word);
    }
}

/* All budgets must allow the retry; one that refuses has the others given back. */
static bool charge_retry(struct turn *turn)
{
    const struct guards *guards = guards_of(turn);
    struct redial_call *call = turn->call;
    enum redial_class class = (enum redial_class)call->class;
    for (size_t i = 0; i < guards->budget_count; i++) {
        struct budget_word word =
            budget_retry(&guards->budgets[i], budget_at(turn, i), class, turn->now);
        say_budget(turn, i, &word);
        if (!word.refused) continue;
        turn->decision->shared.held_by = REDIAL_GUARD_BUDGET;
        turn->decision->shared.holder = (uint8_t)(i + 1);
        call->refused = guards->budgets[i].when_empty == BUDGET_WAIT_THEN_FAIL;
        while (i-- > 0) budget_undo(&guards->budgets[i], budget_at(turn, i), class);
        return false;
    }
    if (guards->counts_calls) call->counted_running |= RUNNING_RETRY;
    call->paid_class = (uint8_t) class;
    return true;
}

static void credit_success(struct turn *turn)
{
    const struct guards *guards = guards_of(turn);
    for (size_t i = 0; i < guards->budget_count; i++) {
        struct budget_word word =
            budget_success(&guards->budgets[i], budget_at(turn, i),
                           (enum redial_class)turn->call->paid_class, turn->now);
        say_budget(turn, i, &word);
    }
}

/* ---- Results */

static void tell_breakers(struct turn *turn, enum redial_class class)
{
    const struct guards *guards = guards_of(turn);
    struct redial_call *call = turn->call;
    for (size_t i = 0; i < guards->breaker_count; i++) {
        const struct breaker *breaker = &guards->breakers[i];
        struct breaker_state *state = breaker_at(turn, i);
        bool probe = call->probing & 1u << i;
        enum breaker_change change = breaker_saw(breaker, state, class, probe, turn->now);
        if (change == BREAKER_CLOSED) turn->decision->shared.closed = (uint8_t)(i + 1);
        if (change != BREAKER_OPENED) continue;
        turn->decision->shared.opened = (uint8_t)(i + 1);
        turn->decision->shared.until = state->open_until;
    }
    call->probing = 0;
}

void guards_saw(struct turn *turn, enum redial_class class)
{
    const struct guards *guards = guards_of(turn);
    if (!guards->present) return;
    retry_ends(turn);
    tell_breakers(turn, class);
    for (size_t i = 0; i < guards->limiter_count; i++)
        limiter_saw(&guards->limiters[i], limiter_at(turn, i),
                    guards->limiters[i].throttled >> class & 1, turn->now);
    if (class == REDIAL_CLASS_NONE) credit_success(turn);
}

/* ---- What holds a call */

struct hold {
    enum redial_guard_kind kind;
    size_t index;
    enum guard_answer answer;
    int64_t until;
};

static const enum redial_reason hold_reasons[REDIAL_GUARD_COUNT] = {
    [REDIAL_GUARD_BREAKER] = REDIAL_REASON_BREAKER_OPEN,
    [REDIAL_GUARD_COOLDOWN] = REDIAL_REASON_COOLING_DOWN,
};

static bool cooldown_holds(struct turn *turn, struct hold *hold)
{
    const struct guards *guards = guards_of(turn);
    for (size_t i = 0; guards->cools && i <= COOLDOWN_ANY; i++) {
        if (!turn->call->shared->cooldowns[i]) continue;
        int64_t until = cooldown_at(turn, i)->until;
        if (until <= turn->now) continue;
        *hold = (struct hold){REDIAL_GUARD_COOLDOWN, i, guards->cooldowns[i].when_running, until};
        return true;
    }
    return false;
}

static bool limiter_holds(struct turn *turn, struct hold *hold)
{
    const struct guards *guards = guards_of(turn);
    int64_t longest = 0;
    for (size_t i = 0; i < guards->limiter_count && !turn->call->rate_paid; i++) {
        int64_t wait = limiter_take(limiter_at(turn, i), turn->now);
        if (wait <= longest) continue;
        longest = wait;
        *hold = (struct hold){REDIAL_GUARD_LIMITER, i, GUARD_WAIT, duration_add(turn->now, wait)};
    }
    turn->call->rate_paid = guards->limiter_count > 0;
    return longest > 0;
}

static bool breaker_holds(struct turn *turn, struct hold *hold)
{
    const struct guards *guards = guards_of(turn);
    struct redial_call *call = turn->call;
    for (size_t i = 0; i < guards->breaker_count; i++) {
        bool probe;
        int64_t until;
        if (call->probing & 1u << i) continue;
        if (breaker_pass(&guards->breakers[i], breaker_at(turn, i), turn->now, &probe, &until)) {
            if (probe) call->probing |= (uint8_t)(1u << i);
            continue;
        }
        release_probes(turn);
        *hold = (struct hold){REDIAL_GUARD_BREAKER, i, guards->breakers[i].when_open, until};
        return true;
    }
    return false;
}

static void say_hold(struct turn *turn, const struct hold *hold)
{
    turn->decision->shared.held_by = (uint8_t)hold->kind;
    turn->decision->shared.holder = (uint8_t)(hold->index + 1);
    turn->decision->shared.until = hold->until;
}

/* True when the call may go on, on another leg. */
static bool answer(struct turn *turn, const struct hold *hold)
{
    say_hold(turn, hold);
    if (hold->answer == GUARD_WAIT) {
        turn_wait(turn, REDIAL_WAIT_GUARD, hold->until - turn->now);
        return false;
    }
    if (hold->answer == GUARD_FALLBACK && turn_fall_back(turn)) return true;
    turn_finish(turn, hold_reasons[hold->kind]);
    return false;
}

bool guards_gate(struct turn *turn)
{
    struct hold hold;
    if (!guards_of(turn)->present) return true;
    while (cooldown_holds(turn, &hold) || limiter_holds(turn, &hold) || breaker_holds(turn, &hold))
        if (!answer(turn, &hold)) return false;
    turn->call->rate_paid = false;
    return true;
}

/* ---- Retries */

/* A breaker or cooldown that would end the call before its next send ends it before it waits in
 * vain. Only looks: a probe is taken when the request is ready. */
static enum redial_reason fails_anyway(struct turn *turn)
{
    const struct guards *guards = guards_of(turn);
    struct hold hold;
    if (cooldown_holds(turn, &hold) && hold.answer == GUARD_FAIL) {
        say_hold(turn, &hold);
        return REDIAL_REASON_COOLING_DOWN;
    }
    for (size_t i = 0; i < guards->breaker_count; i++) {
        int64_t until = breaker_at(turn, i)->open_until;
        if (guards->breakers[i].when_open != GUARD_FAIL || until <= turn->now) continue;
        hold = (struct hold){REDIAL_GUARD_BREAKER, i, GUARD_FAIL, until};
        say_hold(turn, &hold);
        return REDIAL_REASON_BREAKER_OPEN;
    }
    return REDIAL_REASON_NONE;
}

enum redial_reason guards_retry(struct turn *turn, const struct steps *steps)
{
    enum { CHANGES_LEG = 1u << REDIAL_STEP_FALLBACK_MODEL | 1u << REDIAL_STEP_FALLBACK_PROVIDER };
    if (!guards_of(turn)->present) return REDIAL_REASON_NONE;
    enum redial_reason reason =
        steps->kinds & CHANGES_LEG ? REDIAL_REASON_NONE : fails_anyway(turn);
    if (reason != REDIAL_REASON_NONE) return reason;
    return charge_retry(turn) ? REDIAL_REASON_NONE : REDIAL_REASON_BUDGET_EMPTY;
}

void guards_cool_down(struct turn *turn, const struct step *step)
{
    const struct cooldown *cooldown = &guards_of(turn)->cooldowns[step->cooldown];
    int64_t length = step->wait > 0 ? step->wait : cooldown->length;
    if (cooldown->hint_extends) {
        int64_t hint = turn_hint(turn);
        if (hint > length) length = hint;
    }
    struct redial_shared_word *said = &turn->decision->shared;
    said->cooldown = (uint8_t)(step->cooldown + 1);
    said->until =
        cooldown_extend(&cooldown_at(turn, step->cooldown)->until, duration_add(turn->now, length));
}

void guards_end(struct turn *turn)
{
    if (guards_of(turn)->present) guards_leave(turn);
}
