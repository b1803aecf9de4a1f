/* The arithmetic of waiting: every jitter kind, caps before and after, hints inside and above their
 * bound. */
#include "core/backoff.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "base/random.h"

#define MS NS_PER_MS

/* 500 ms doubling, the way the compile layer fills it. */
static struct backoff doubling(enum jitter_kind jitter, uint32_t ppm, int64_t cap,
                               bool cap_after_jitter)
{
    struct backoff backoff = {.kind = BACKOFF_EXPONENTIAL,
                              .base = 500 * MS,
                              .factor = 2,
                              .cap = cap,
                              .jitter = {.kind = jitter, .ppm = ppm},
                              .step_count = 10};
    for (size_t i = 0; i < backoff.step_count; i++) {
        int64_t step = (500 * MS) << i;
        backoff.steps[i] = step < cap || cap_after_jitter ? step : cap;
    }
    backoff.cap_after_jitter = cap_after_jitter;
    return backoff;
}

struct delay_case {
    char name[72];
    enum jitter_kind jitter;
    uint32_t ppm;
    int32_t number;
    double draw; /* of 0..1 */
    int64_t want_ms;
    bool cap_after_jitter;
};

ParameterizedTestParameters(backoff, delay)
{
    static struct delay_case cases[] = {
        {"the first wait is the base", JITTER_NONE, 0, 1, 0, 500, false},
        {"each wait doubles", JITTER_NONE, 0, 3, 0, 2000, false},
        {"the cap holds", JITTER_NONE, 0, 8, 0, 32000, false},
        {"a huge number stays at the cap", JITTER_NONE, 0, INT32_MAX, 0, 32000, false},
        {"add: nothing at a draw of 0", JITTER_ADD, 250000, 1, 0, 500, false},
        {"add: a quarter at a draw of 1", JITTER_ADD, 250000, 1, 1, 625, false},
        {"add: after the cap, up to 40 s", JITTER_ADD, 250000, 8, 1, 40000, false},
        {"add: a late cap takes it away again", JITTER_ADD, 250000, 8, 1, 32000, true},
        {"subtract: a late cap cuts what the jitter left", JITTER_SUBTRACT, 250000, 8, 1, 32000,
         true},
        {"subtract: a quarter less at a draw of 1", JITTER_SUBTRACT, 250000, 2, 1, 750, false},
        {"spread: lowest at a draw of 0", JITTER_SPREAD, 200000, 2, 0, 800, false},
        {"spread: highest at a draw of 1", JITTER_SPREAD, 200000, 2, 1, 1200, false},
        {"full: zero at a draw of 0", JITTER_FULL, 0, 2, 0, 0, false},
        {"full: all of it at a draw of 1", JITTER_FULL, 0, 2, 1, 1000, false},
        {"equal: half at a draw of 0", JITTER_EQUAL, 0, 2, 0, 500, false},
        {"equal: all of it at a draw of 1", JITTER_EQUAL, 0, 2, 1, 1000, false},
    };
    return cr_make_param_array(struct delay_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct delay_case *c, backoff, delay)
{
    struct backoff backoff = doubling(c->jitter, c->ppm, 32000 * MS, c->cap_after_jitter);
    struct redial_hint hints[REDIAL_HINTS_MAX] = {0};
    struct backoff_input input = {.hints = hints,
                                  .number = c->number,
                                  .fixed_random = 1 + (uint64_t)(c->draw * (double)RANDOM_ONE)};
    struct backoff_wait wait = backoff_wait(&backoff, &input);
    cr_expect_eq(wait.delay, c->want_ms * MS, "%s: %lld ns", c->name, (long long)wait.delay);
    cr_expect_eq(wait.base + wait.jitter, wait.delay, "%s: the record adds up", c->name);
    cr_expect_eq(wait.kind, REDIAL_WAIT_BACKOFF);
}

Test(backoff, the_specifications_sequence_sums_to_159_5_s_and_at_most_199_375_s)
{
    struct backoff backoff = doubling(JITTER_ADD, 250000, 32000 * MS, false);
    struct redial_hint hints[REDIAL_HINTS_MAX] = {0};
    int64_t base = 0, most = 0;
    for (int32_t number = 1; number <= 10; number++) {
        struct backoff_input input = {
            .hints = hints, .number = number, .fixed_random = 1 + RANDOM_ONE};
        struct backoff_wait wait = backoff_wait(&backoff, &input);
        base += wait.base;
        most += wait.delay;
    }
    cr_expect_eq(base, 159500 * MS);
    cr_expect_eq(most, 199375 * MS);
}

Test(backoff, drawn_jitter_stays_within_a_quarter_and_varies)
{
    struct backoff backoff = doubling(JITTER_ADD, 250000, 32000 * MS, false);
    struct redial_hint hints[REDIAL_HINTS_MAX] = {0};
    uint64_t stream = 7;
    int64_t lowest = INT64_MAX, highest = 0;
    for (int i = 0; i < 10000; i++) {
        struct backoff_input input = {.hints = hints, .number = 1, .random = &stream};
        int64_t delay = backoff_wait(&backoff, &input).delay;
        cr_assert(delay >= 500 * MS && delay <= 625 * MS);
        lowest = delay < lowest ? delay : lowest;
        highest = delay > highest ? delay : highest;
    }
    cr_expect_lt(lowest, 501 * MS);
    cr_expect_gt(highest, 624 * MS);
}

Test(backoff, decorrelated_draws_between_the_base_and_three_times_the_last_wait)
{
    struct backoff backoff = {.kind = BACKOFF_DECORRELATED, .base = 100 * MS, .cap = 1000 * MS};
    struct redial_hint hints[REDIAL_HINTS_MAX] = {0};
    struct backoff_input low = {
        .hints = hints, .number = 2, .last_wait = 200 * MS, .fixed_random = 1};
    struct backoff_input high = {
        .hints = hints, .number = 2, .last_wait = 200 * MS, .fixed_random = 1 + RANDOM_ONE};
    struct backoff_input capped = {
        .hints = hints, .number = 9, .last_wait = 900 * MS, .fixed_random = 1 + RANDOM_ONE};
    cr_expect_eq(backoff_wait(&backoff, &low).delay, 100 * MS);
    cr_expect_eq(backoff_wait(&backoff, &high).delay, 600 * MS);
    cr_expect_eq(backoff_wait(&backoff, &capped).delay, 1000 * MS);
}

struct above_case {
    char name[72];
    int64_t hint_ms;
    enum hint_above above;
    enum redial_wait_kind kind;
    int64_t want_ms;
    bool too_long;
};

ParameterizedTestParameters(backoff, hints_and_their_bound)
{
    static struct above_case cases[] = {
        {"a hint replaces the wait exactly", 2000, HINT_GIVE_UP, REDIAL_WAIT_HINT, 2000, false},
        {"even when it is shorter", 3, HINT_GIVE_UP, REDIAL_WAIT_HINT, 3, false},
        {"and at its bound", 60000, HINT_GIVE_UP, REDIAL_WAIT_HINT, 60000, false},
        {"above the bound: give up", 60001, HINT_GIVE_UP, REDIAL_WAIT_HINT, 60001, true},
        {"above the bound: fall back", 60001, HINT_FALLBACK, REDIAL_WAIT_HINT, 60001, true},
        {"above the bound: clamp", 60001, HINT_CLAMP, REDIAL_WAIT_HINT_CLAMPED, 60000, false},
        {"above the bound: ignore", 60001, HINT_IGNORE, REDIAL_WAIT_HINT_IGNORED, 500, false},
    };
    return cr_make_param_array(struct above_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct above_case *c, backoff, hints_and_their_bound)
{
    struct backoff backoff = doubling(JITTER_NONE, 0, 32000 * MS, false);
    backoff.hint =
        (struct hint_policy){.from = {0}, .count = 1, .max = 60000 * MS, .above = c->above};
    struct redial_hint hints[REDIAL_HINTS_MAX] = {
        {.kind = REDIAL_HINT_DELAY, .value = c->hint_ms * MS}};
    struct backoff_input input = {.hints = hints, .number = 1, .fixed_random = 1};
    struct backoff_wait wait = backoff_wait(&backoff, &input);
    cr_expect_eq(wait.too_long, c->too_long, "%s", c->name);
    cr_expect_eq(wait.delay, c->want_ms * MS, "%s: %lld", c->name, (long long)wait.delay);
    if (!c->too_long) cr_expect_eq(wait.kind, c->kind, "%s", c->name);
    cr_expect_eq(wait.hint, c->hint_ms * MS, "%s: the record keeps what was asked", c->name);
}
