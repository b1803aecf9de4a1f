/* Timers in one heap: they ring in their order, whatever was set, moved and stopped before. */
#include <criterion/criterion.h>

#include "base/random.h"
#include "client/timers.h"

#define MANY 300

static int64_t rung[MANY];
static size_t rung_count;

static void note(void *context)
{
    rung[rung_count++] = ((struct timer *)context)->at;
}

static void prepare(struct timer *timer)
{
    *timer = (struct timer){.ring = note, .context = timer};
}

Test(timers, ring_in_the_order_of_their_instants)
{
    static struct timer many[MANY];
    struct timers timers = {0};
    uint64_t chance = 7;
    size_t set = MANY;

    rung_count = 0;
    for (int i = 0; i < MANY; i++) {
        prepare(&many[i]);
        timer_set(&timers, &many[i], (int64_t)(random_next(&chance) % 1000));
    }
    for (int i = 0; i < MANY; i += 3) timer_set(&timers, &many[i], (int64_t)(i * 5 % 1000));
    for (int i = 1; i < MANY; i += 7) {
        timer_stop(&timers, &many[i]);
        set--;
    }
    timers_ring(&timers, 499);
    size_t by_half = rung_count;
    for (size_t i = 0; i < by_half; i++) cr_expect_leq(rung[i], 499);
    cr_expect_gt(timers_due(&timers), 499);
    timers_ring(&timers, 1000);
    cr_expect_eq(rung_count, set);
    for (size_t i = 1; i < rung_count; i++) cr_expect_leq(rung[i - 1], rung[i]);
    cr_expect_eq(timers_due(&timers), INT64_MAX);
}

static struct timers shared;
static struct timer again;
static int times;

static void set_again(void *context)
{
    times++;
    timer_set(context, &again, 10 + times);
}

Test(timers, one_that_sets_itself_anew_rings_when_that_is_due)
{
    again = (struct timer){.ring = set_again, .context = &shared};
    timer_set(&shared, &again, 5);
    timers_ring(&shared, 10);
    cr_expect_eq(times, 1);
    cr_expect_eq(timers_due(&shared), 11);
    timers_ring(&shared, 12);
    cr_expect_eq(times, 3);
    timer_stop(&shared, &again);
    timer_stop(&shared, &again);
    cr_expect_eq(timers_due(&shared), INT64_MAX);
}
