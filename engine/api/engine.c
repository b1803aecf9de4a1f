/* Engines: making one, giving it another policy, and the state that its calls share. */
#include "core/engine.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "redial/redial.h"

/* ---- The state of a guard */

static struct guard_state *state_new(enum redial_guard_kind kind, const struct guard *guard)
{
    uint32_t count = guard->per ? GUARD_SLOTS : 1;
    struct guard_state *state = calloc(1, sizeof *state + count * sizeof *state->slots);
    if (!state) return NULL;
    state->references = 1;
    state->kind = kind;
    state->name = str_hash(guard->name);
    state->slot_count = count;
    return state;
}

static void state_release(struct guard_state *state)
{
    if (state && --state->references == 0) free(state);
}

/* Guards of one kind: where they stand in the policy, and their states. */
struct row {
    enum redial_guard_kind kind;
    const char *first; /* of structs that begin with a struct guard */
    size_t stride, count;
    struct guard_state **states;
    size_t room;
};
enum { ROW_COUNT = 4 };

static void rows_of(struct shared *shared, struct row rows[ROW_COUNT])
{
    const struct guards *guards = &shared->policy->guards;
    const struct row all[ROW_COUNT] = {
        {REDIAL_GUARD_BUDGET, (const char *)guards->budgets, sizeof guards->budgets[0],
         guards->budget_count, shared->budgets, REDIAL_COUNT_OF(shared->budgets)},
        {REDIAL_GUARD_BREAKER, (const char *)guards->breakers, sizeof guards->breakers[0],
         guards->breaker_count, shared->breakers, REDIAL_COUNT_OF(shared->breakers)},
        {REDIAL_GUARD_COOLDOWN, (const char *)guards->cooldowns, sizeof guards->cooldowns[0],
         COOLDOWN_ANY + 1, shared->cooldowns, REDIAL_COUNT_OF(shared->cooldowns)},
        {REDIAL_GUARD_LIMITER, (const char *)guards->limiters, sizeof guards->limiters[0],
         guards->limiter_count, shared->limiters, REDIAL_COUNT_OF(shared->limiters)},
    };
    for (size_t i = 0; i < ROW_COUNT; i++) rows[i] = all[i];
}

static const struct guard *guard_in(const struct row *row, size_t index)
{
    return (const struct guard *)(const void *)(row->first + index * row->stride);
}

/* The state that a guard of this kind and name had under the policy before, or NULL. */
static struct guard_state *inherited(const struct row *before, const struct guard *guard)
{
    uint64_t name = str_hash(guard->name);
    uint32_t count = guard->per ? GUARD_SLOTS : 1;
    for (size_t i = 0; i < before->room; i++) {
        struct guard_state *state = before->states[i];
        if (!state || state->name != name || state->slot_count != count) continue;
        ++state->references;
        return state;
    }
    return NULL;
}

static bool fill_row(const struct row *row, const struct row *before)
{
    for (size_t i = 0; i < row->count; i++) {
        const struct guard *guard = guard_in(row, i);
        if (guard->name.len == 0) continue; /* a place that the policy does not use */
        if (before) row->states[i] = inherited(before, guard);
        if (!row->states[i]) row->states[i] = state_new(row->kind, guard);
        if (!row->states[i]) return false;
    }
    return true;
}

/* ---- What calls share under one policy */

void engine_free_shared(struct shared *shared)
{
    struct row rows[ROW_COUNT];
    rows_of(shared, rows);
    for (size_t r = 0; r < ROW_COUNT; r++)
        for (size_t i = 0; i < rows[r].room; i++) state_release(rows[r].states[i]);
    redial_policy_release(shared->policy);
    free(shared);
}

/* No new holds from here on: those there are decide how long it lives. Until all stripes are added
 * up, `left` is kept far from 0. */
static void retire(struct shared *shared)
{
    shared->left += SHARED_RETIRED;
    for (size_t i = 0; i < SHARED_STRIPES; i++)
        shared->left += atomic_exchange(&shared->stripes[i].held, SHARED_RETIRED);
    if (atomic_fetch_sub(&shared->left, SHARED_RETIRED) == SHARED_RETIRED)
        engine_free_shared(shared);
}

/* `before`: whose states live on; NULL none. */
static struct shared *shared_new(struct redial_engine *engine, const struct redial_policy *policy,
                                 struct shared *before)
{
    struct shared *shared = calloc(1, sizeof *shared);
    struct row rows[ROW_COUNT], old[ROW_COUNT];
    if (!shared) return NULL;
    redial_policy_acquire(policy);
    shared->engine = engine;
    shared->policy = policy;
    rows_of(shared, rows);
    if (before) rows_of(before, old);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (fill_row(&rows[i], before ? &old[i] : NULL)) continue;
        engine_free_shared(shared);
        return NULL;
    }
    return shared;
}

/* ---- Engines */

struct redial_engine *redial_engine_new(const struct redial_policy *policy)
{
    struct redial_engine *engine = calloc(1, sizeof *engine);
    if (!engine) return NULL;
    struct shared *shared = shared_new(engine, policy, NULL);
    if (!shared) {
        free(engine);
        return NULL;
    }
    engine->current = shared;
    return engine;
}

void redial_engine_set_telemetry(struct redial_engine *engine, redial_telemetry_fn *sink,
                                 void *context)
{
    engine->telemetry = sink;
    engine->telemetry_context = context;
}

void redial_engine_destroy(struct redial_engine *engine)
{
    if (!engine) return;
    retire(engine->current);
    free(engine);
}

/* ---- Reload */

static bool is_empty(const struct redial_engine *engine, uint32_t side)
{
    for (size_t i = 0; i < SHARED_STRIPES; i++)
        if (engine->stripes[side][i].inside != 0) return false;
    return true;
}

/* Until nobody who might have read the old `current` is still about to hold it. */
static void wait_for_beginners(struct redial_engine *engine)
{
    for (int i = 0; i < 2; i++) {
        uint32_t side = engine->side++ & 1;
        while (!is_empty(engine, side)) sched_yield();
    }
}

static void lock_reload(struct redial_engine *engine)
{
    uint32_t free_now = 0;
    while (!atomic_compare_exchange_weak(&engine->reloading, &free_now, 1)) {
        free_now = 0;
        sched_yield();
    }
}

bool redial_engine_reload(struct redial_engine *engine, const struct redial_policy *policy)
{
    lock_reload(engine);
    struct shared *before = engine->current;
    struct shared *next = shared_new(engine, policy, before);
    if (next) {
        engine->current = next;
        wait_for_beginners(engine);
        retire(before);
    }
    engine->reloading = 0;
    return next != NULL;
}

/* ---- Modes */

bool redial_engine_mode(const struct redial_engine *engine, const char *mode, int64_t now,
                        struct redial_mode *state)
{
    if (!str_is(str_of(mode), "fast")) return false;
    int64_t until = engine->fast_until;
    *state = (struct redial_mode){.state = REDIAL_MODE_ON};
    if (until == FAST_DISABLED)
        state->state = REDIAL_MODE_DISABLED;
    else if (until > now)
        *state = (struct redial_mode){.state = REDIAL_MODE_COOLDOWN, .until = until};
    return true;
}

bool redial_engine_mode_enable(struct redial_engine *engine, const char *mode)
{
    if (!str_is(str_of(mode), "fast")) return false;
    engine->fast_until = 0;
    return true;
}

/* ---- Guards */

static void tell_budget(const struct guards *guards, size_t i, struct guard_slot *slot, int64_t now,
                        struct redial_guard *state)
{
    state->left = budget_left(&guards->budgets[i], &slot->budget, now);
}

static void tell_breaker(const struct guards *guards, size_t i, struct guard_slot *slot,
                         int64_t now, struct redial_guard *state)
{
    (void)guards, (void)i;
    state->until = slot->breaker.open_until;
    state->half_open = state->until != 0 && state->until <= now;
}

static void tell_cooldown(const struct guards *guards, size_t i, struct guard_slot *slot,
                          int64_t now, struct redial_guard *state)
{
    (void)guards, (void)i;
    int64_t until = slot->cooldown.until;
    state->until = until > now ? until : 0;
}

static void tell_limiter(const struct guards *guards, size_t i, struct guard_slot *slot,
                         int64_t now, struct redial_guard *state)
{
    (void)guards, (void)i, (void)now;
    state->rate = slot->limiter.enabled ? slot->limiter.rate : 0;
}

static void (*const tells[ROW_COUNT])(const struct guards *guards, size_t i,
                                      struct guard_slot *slot, int64_t now,
                                      struct redial_guard *state) = {tell_budget, tell_breaker,
                                                                     tell_cooldown, tell_limiter};

bool redial_engine_guard(struct redial_engine *engine, enum redial_guard_kind kind,
                         struct redial_str name, const struct redial_call *call, int64_t now,
                         struct redial_guard *state)
{
    uint8_t stripe;
    struct shared *shared = engine_hold(engine, &stripe);
    struct row rows[ROW_COUNT];
    bool found = false;
    rows_of(shared, rows);
    *state = (struct redial_guard){.kind = (uint8_t)kind};
    for (size_t r = 0; r < ROW_COUNT; r++)
        for (size_t i = 0; rows[r].kind == kind && i < rows[r].count && !found; i++) {
            const struct guard *guard = guard_in(&rows[r], i);
            if (!rows[r].states[i] || !str_eq(guard->name, name)) continue;
            if (guard->per && !call) continue;
            found = true;
            tells[r](&shared->policy->guards, i,
                     guard_slot(rows[r].states[i], call ? guard_key_of(call, guard->per) : 1), now,
                     state);
        }
    engine_let_go(shared, stripe);
    return found;
}
