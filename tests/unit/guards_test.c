/* The state that calls share, one guard at a time; what calls make of it is told by scenarios. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdlib.h>

#include "core/shared.h"

static const int64_t began = INT64_C(1767225600) * NS_PER_SECOND;

static int64_t at(double seconds)
{
    return began + (int64_t)(seconds * 1e9 + 0.5);
}

/* ---- The adaptive rate: the published end-to-end example of the AWS SDKs' specification */

struct rate_row {
    double second;
    bool throttled;
    double measured, rate;
};

static const struct rate_row rate_rows[] = {
    {0.2, false, 0.000000, 0.500000}, {0.4, false, 0.000000, 0.500000},
    {0.6, false, 4.800000, 0.500000}, {0.8, false, 4.800000, 0.500000},
    {1.0, false, 4.160000, 0.500000}, {1.2, false, 4.160000, 0.691200},
    {1.4, false, 4.160000, 1.097600}, {1.6, false, 5.632000, 1.638400},
    {1.8, false, 5.632000, 2.332800}, {2.0, true, 4.326400, 3.028480},
    {2.2, false, 4.326400, 3.486639}, {2.4, false, 4.326400, 3.821874},
    {2.6, false, 5.665280, 4.053386}, {2.8, false, 5.665280, 4.200373},
    {3.0, false, 4.333056, 4.282037}, {3.2, true, 4.333056, 2.997426},
    {3.4, false, 4.333056, 3.452226},
};

static const struct limiter aws = {.throttled = 1u << REDIAL_CLASS_RATE_LIMITED,
                                   .beta = 0.7,
                                   .scale = 0.4,
                                   .smoothing = 0.8,
                                   .rate_min = 0.5,
                                   .capacity_min = 1,
                                   .measure = 500 * NS_PER_MS};

Test(guards, the_adaptive_rate_follows_the_published_example)
{
    struct limiter_state state = {0};
    cr_expect_eq(limiter_take(&state, began), 0);
    for (size_t i = 0; i < REDIAL_COUNT_OF(rate_rows); i++) {
        const struct rate_row *row = &rate_rows[i];
        limiter_saw(&aws, &state, row->throttled, at(row->second));
        cr_expect_lt(fabs(state.measured - row->measured), 1e-5, "measured at %g s: %f",
                     row->second, (double)state.measured);
        cr_expect_lt(fabs(state.rate - row->rate), 1e-5, "rate at %g s: %f", row->second,
                     (double)state.rate);
    }
}

Test(guards, the_adaptive_rate_holds_nobody_before_the_first_throttle)
{
    struct limiter_state state = {0};
    for (int i = 0; i < 1000; i++) {
        cr_expect_eq(limiter_take(&state, began), 0);
        limiter_saw(&aws, &state, false, began);
    }
    limiter_saw(&aws, &state, true, at(1));
    int64_t wait = limiter_take(&state, at(1));
    cr_expect_gt(wait, 0);
    cr_expect_gt(limiter_take(&state, at(1)), wait, "the next one waits longer");
}

/* ---- Slots */

static struct guard_state *state_of(uint32_t slots)
{
    struct guard_state *state = calloc(1, sizeof *state + slots * sizeof *state->slots);
    cr_assert_not_null(state);
    state->slot_count = slots;
    return state;
}

Test(guards, a_key_finds_its_slot_again)
{
    struct guard_state *state = state_of(GUARD_SLOTS);
    struct guard_slot *slots[GUARD_SLOTS];
    for (uint64_t i = 0; i < GUARD_SLOTS; i++)
        slots[i] = guard_slot(state, (i + 1) * UINT64_C(0x9e3779b97f4a7c15));
    for (uint64_t i = 0; i < GUARD_SLOTS; i++) {
        cr_expect_eq(guard_slot(state, (i + 1) * UINT64_C(0x9e3779b97f4a7c15)), slots[i]);
        for (uint64_t j = 0; j < i; j++) cr_expect_neq(slots[i], slots[j]);
    }
    free(state);
}

Test(guards, a_key_too_many_shares_a_slot_and_forgets_none)
{
    struct guard_state *state = state_of(GUARD_SLOTS);
    for (uint64_t i = 1; i <= GUARD_SLOTS; i++) guard_slot(state, i << 32 | i);
    struct guard_slot *shared = guard_slot(state, UINT64_C(5) << 32 | 77);
    cr_expect_eq(shared, &state->slots[5]);
    cr_expect_eq(shared, guard_slot(state, UINT64_C(5) << 32 | 77));
    cr_expect_eq(shared->key, UINT64_C(5) << 32 | 5, "its owner keeps it");
    free(state);
}

/* ---- Counting over a window */

Test(guards, what_is_older_than_the_window_is_forgotten)
{
    struct tally tally = {0};
    const int64_t window = 10 * NS_PER_SECOND;
    for (int second = 0; second < 10; second++)
        tally_add(&tally, tally_part(window, at(second)), (struct tally_counts){2, 1});
    struct tally_counts sum = tally_sum(&tally, tally_part(window, at(9)));
    cr_expect_eq(sum.first, 20);
    cr_expect_eq(sum.second, 10);
    sum = tally_sum(&tally, tally_part(window, at(14)));
    cr_expect_eq(sum.first, 10, "five of ten seconds are left");
    sum = tally_sum(&tally, tally_part(window, at(30)));
    cr_expect_eq(sum.first + sum.second, 0);
}

/* ---- Budgets */

static struct budget tokens(int64_t capacity)
{
    struct budget budget = {.kind = BUDGET_TOKENS, .capacity = capacity * BUDGET_UNIT, .keep = -1};
    for (int i = 0; i < REDIAL_CLASS_COUNT; i++) budget.cost[i] = 5 * BUDGET_UNIT;
    return budget;
}

Test(guards, a_budget_refuses_what_it_cannot_pay_in_full)
{
    struct budget budget = tokens(12);
    struct budget_state state = {0};
    cr_expect_not(budget_retry(&budget, &state, REDIAL_CLASS_TIMEOUT, began).refused);
    cr_expect_not(budget_retry(&budget, &state, REDIAL_CLASS_TIMEOUT, began).refused);
    struct budget_word word = budget_retry(&budget, &state, REDIAL_CLASS_TIMEOUT, began);
    cr_expect(word.refused);
    cr_expect_eq(word.before, 2 * BUDGET_UNIT);
    cr_expect_eq(word.after, 2 * BUDGET_UNIT);
}

Test(guards, a_budget_never_holds_more_than_its_capacity)
{
    struct budget budget = tokens(10);
    struct budget_state state = {0};
    budget.refund_first_try = 7 * BUDGET_UNIT;
    budget_retry(&budget, &state, REDIAL_CLASS_TIMEOUT, began);
    struct budget_word word = budget_success(&budget, &state, REDIAL_CLASS_NONE, began);
    cr_expect_eq(word.after, 10 * BUDGET_UNIT);
    budget.capacity = 3 * BUDGET_UNIT; /* as a reload may have it */
    cr_expect_eq(budget_left(&budget, &state, began), 3 * BUDGET_UNIT);
}

Test(guards, time_fills_a_budget_without_losing_fractions)
{
    struct budget budget = tokens(10);
    struct budget_state state = {0};
    budget.refill = BUDGET_UNIT / 10;
    cr_expect_eq(budget_left(&budget, &state, began), 10 * BUDGET_UNIT);
    budget_retry(&budget, &state, REDIAL_CLASS_TIMEOUT, began);
    for (int i = 1; i <= 3000; i++) budget_left(&budget, &state, at(i * 0.0033));
    cr_expect_eq(budget_left(&budget, &state, at(10)), 6 * BUDGET_UNIT);
    cr_expect_eq(budget_left(&budget, &state, INT64_MAX), 10 * BUDGET_UNIT);
    cr_expect_eq(budget_left(&budget, &state, began), 10 * BUDGET_UNIT, "time that goes back");
}

Test(guards, an_undone_retry_costs_nothing)
{
    struct budget budget = tokens(10);
    struct budget_state state = {0};
    budget_retry(&budget, &state, REDIAL_CLASS_TIMEOUT, began);
    budget_undo(&budget, &state, REDIAL_CLASS_TIMEOUT);
    cr_expect_eq(budget_left(&budget, &state, began), 10 * BUDGET_UNIT);
}

/* ---- Breakers and cooldowns */

Test(guards, a_late_result_of_an_open_breaker_changes_nothing)
{
    const struct breaker breaker = {.classes = 1u << REDIAL_CLASS_TIMEOUT,
                                    .failures = 1,
                                    .minimum = 1,
                                    .window = NS_PER_MINUTE,
                                    .open = NS_PER_SECOND,
                                    .probes = 1};
    struct breaker_state state = {0};
    bool probe;
    int64_t until;
    cr_expect_eq(breaker_saw(&breaker, &state, REDIAL_CLASS_TIMEOUT, false, began), BREAKER_OPENED);
    cr_expect_eq(breaker_saw(&breaker, &state, REDIAL_CLASS_TIMEOUT, false, at(0.9)),
                 BREAKER_AS_BEFORE);
    cr_expect_eq(breaker_saw(&breaker, &state, REDIAL_CLASS_NONE, false, at(0.9)),
                 BREAKER_AS_BEFORE);
    cr_expect_not(breaker_pass(&breaker, &state, at(0.9), &probe, &until));
    cr_expect_eq(until, at(1));
    cr_expect(breaker_pass(&breaker, &state, at(1), &probe, &until));
    cr_expect(probe);
    cr_expect_not(breaker_pass(&breaker, &state, at(1), &probe, &until), "single flight");
    cr_expect_eq(until, at(1.1));
    breaker_unprobe(&state);
    cr_expect(breaker_pass(&breaker, &state, at(1), &probe, &until));
    cr_expect_eq(breaker_saw(&breaker, &state, REDIAL_CLASS_NONE, true, at(1.5)), BREAKER_CLOSED);
    cr_expect(breaker_pass(&breaker, &state, at(1.5), &probe, &until));
    cr_expect_not(probe);
}

Test(guards, a_cooldown_takes_the_later_end)
{
    struct cooldown_state state = {0};
    cr_expect_eq(cooldown_extend(&state.until, at(5)), at(5));
    cr_expect_eq(cooldown_extend(&state.until, at(3)), at(5));
    cr_expect_eq(cooldown_extend(&state.until, at(7)), at(7));
}
