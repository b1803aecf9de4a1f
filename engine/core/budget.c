/* Budgets: how many retries all calls together may take. */
#include <stdatomic.h>

#include "core/shared.h"

static int64_t within(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* Moves `spent` by `amount`, kept within 0..capacity. */
static void spend(const struct budget *budget, struct budget_state *state, int64_t amount)
{
    int64_t old = state->spent, new;
    do {
        new = within(within(old, 0, budget->capacity) + amount, 0, budget->capacity);
        if (new == old) return; /* full already: nothing that threads would pass to and fro */
    } while (!atomic_compare_exchange_weak(&state->spent, &old, new));
}

#define SECONDS_MAX INT64_C(1000000000) /* refills of longer pauses are full anyway */

/* What time has filled in again. The part of a thousandth that is on its way stays on its way. */
static void refill(const struct budget *budget, struct budget_state *state, int64_t now)
{
    int64_t last = state->refilled_at;
    if (budget->refill == 0 || now <= last) return;
    if (last == 0) {
        atomic_compare_exchange_strong(&state->refilled_at, &last, now);
        return;
    }
    int64_t seconds = (now - last) / NS_PER_SECOND, rest = (now - last) % NS_PER_SECOND;
    if (seconds > SECONDS_MAX) seconds = SECONDS_MAX;
    int64_t gained = seconds * budget->refill + rest * budget->refill / NS_PER_SECOND;
    int64_t on_its_way = rest * budget->refill % NS_PER_SECOND / budget->refill;
    if (gained > 0 && atomic_compare_exchange_strong(&state->refilled_at, &last, now - on_its_way))
        spend(budget, state, -within(gained, 0, budget->capacity));
}

/* ---- Shares: of the calls of a window, or of the calls under way */

static int64_t allowance(const struct budget *budget, struct budget_state *state, int64_t now,
                         int64_t *used)
{
    if (budget->kind == BUDGET_RUNNING) {
        *used = state->retrying * BUDGET_UNIT;
        int64_t share = state->running * budget->share_ppm / 1000;
        return share > budget->floor ? share : budget->floor;
    }
    struct tally_counts counts = tally_sum(&state->tally, window_part(&budget->parts, now));
    *used = (int64_t)counts.second * BUDGET_UNIT;
    return (int64_t)counts.first * budget->share_ppm / 1000 +
           budget->floor * (budget->window / NS_PER_MS) / 1000;
}

static struct budget_word take_share(const struct budget *budget, struct budget_state *state,
                                     int64_t now)
{
    int64_t used;
    int64_t left = allowance(budget, state, now, &used) - used;
    struct budget_word word = {left < BUDGET_UNIT, left, left, BUDGET_UNIT};
    if (word.refused) return word;
    word.after = left - BUDGET_UNIT;
    if (budget->kind == BUDGET_RUNNING)
        state->retrying++;
    else
        tally_add(&state->tally, window_part(&budget->parts, now), (struct tally_counts){0, 1});
    return word;
}

/* ---- Tokens */

static struct budget_word take_tokens(const struct budget *budget, struct budget_state *state,
                                      int64_t cost)
{
    int64_t old = state->spent, left;
    do {
        left = budget->capacity - within(old, 0, budget->capacity);
        if (cost > left || (budget->keep >= 0 && left <= budget->keep))
            return (struct budget_word){true, left, left, cost};
    } while (!atomic_compare_exchange_weak(&state->spent, &old, budget->capacity - left + cost));
    return (struct budget_word){false, left, left - cost, cost};
}

int64_t budget_left(const struct budget *budget, struct budget_state *state, int64_t now)
{
    if (budget->kind == BUDGET_TOKENS) {
        refill(budget, state, now);
        return budget->capacity - within(state->spent, 0, budget->capacity);
    }
    int64_t used;
    int64_t all = allowance(budget, state, now, &used);
    return all > used ? all - used : 0;
}

/* ---- What calls do */

void budget_call_begins(const struct budget *budget, struct budget_state *state, int64_t now)
{
    if (budget->kind == BUDGET_RUNNING) state->running++;
    if (budget->kind == BUDGET_CALLS)
        tally_add(&state->tally, window_part(&budget->parts, now), (struct tally_counts){1, 0});
}

void budget_call_ends(const struct budget *budget, struct budget_state *state)
{
    if (budget->kind == BUDGET_RUNNING) state->running--;
}

struct budget_word budget_failure(const struct budget *budget, struct budget_state *state,
                                  enum redial_class class, int64_t now)
{
    if (budget->kind != BUDGET_TOKENS || budget->charge != BUDGET_CHARGES_FAILURES)
        return (struct budget_word){0};
    int64_t left = budget_left(budget, state, now);
    struct budget_word word = {false, left, left, budget->cost[class]};
    spend(budget, state, word.cost);
    word.after = within(left - word.cost, 0, budget->capacity);
    return word;
}

struct budget_word budget_retry(const struct budget *budget, struct budget_state *state,
                                enum redial_class class, int64_t now)
{
    if (budget->kind != BUDGET_TOKENS) return take_share(budget, state, now);
    refill(budget, state, now);
    if (budget->charge == BUDGET_CHARGES_RETRIES) {
        if (budget->cost[class] == 0) return (struct budget_word){0};
        return take_tokens(budget, state, budget->cost[class]);
    }
    struct budget_word word = take_tokens(budget, state, 0); /* the failure has paid */
    word.cost = budget->cost[class];
    return word;
}

void budget_undo(const struct budget *budget, struct budget_state *state, enum redial_class class)
{
    if (budget->kind == BUDGET_RUNNING) state->retrying--;
    if (budget->kind == BUDGET_TOKENS && budget->charge == BUDGET_CHARGES_RETRIES)
        spend(budget, state, -budget->cost[class]);
}

void budget_retry_ends(const struct budget *budget, struct budget_state *state)
{
    if (budget->kind == BUDGET_RUNNING) state->retrying--;
}

struct budget_word budget_success(const struct budget *budget, struct budget_state *state,
                                  enum redial_class paid_for, int64_t now)
{
    struct budget_word word = {0};
    if (budget->kind != BUDGET_TOKENS) return word;
    word.before = word.after = budget_left(budget, state, now);
    int64_t refund = budget->refund_first_try;
    if (paid_for != REDIAL_CLASS_NONE) refund = budget->refund_after_retry;
    if (refund == BUDGET_LAST_COST) refund = budget->cost[paid_for];
    spend(budget, state, -refund);
    word.after = within(word.before + refund, 0, budget->capacity);
    return word;
}
