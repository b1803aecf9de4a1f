#include "base/random.h"

#include <criterion/criterion.h>

Test(random, gives_the_numbers_of_splitmix64)
{
    /* the first five for the seed 1234567, as its author's reference code prints them */
    static const uint64_t want[] = {
        UINT64_C(6457827717110365317),  UINT64_C(3203168211198807973),
        UINT64_C(9817491932198370423),  UINT64_C(4593380528125082431),
        UINT64_C(16408922859458223821),
    };
    uint64_t state = 1234567;
    for (int i = 0; i < 5; i++) cr_expect_eq(random_next(&state), want[i], "number %d", i);
}

Test(random, a_fraction_stays_below_one_and_covers_the_range)
{
    uint64_t state = 1, low = RANDOM_ONE, high = 0;
    for (int i = 0; i < 10000; i++) {
        uint64_t fraction = random_fraction(&state);
        cr_assert_lt(fraction, RANDOM_ONE);
        if (fraction < low) low = fraction;
        if (fraction > high) high = fraction;
    }
    cr_expect_lt(low, RANDOM_ONE / 1000);
    cr_expect_gt(high, RANDOM_ONE - RANDOM_ONE / 1000);
}

Test(random, forks_of_one_seed_differ_and_can_be_repeated)
{
    for (uint64_t i = 0; i < 100; i++) {
        cr_expect_eq(random_fork(7, i), random_fork(7, i));
        cr_expect_neq(random_fork(7, i), random_fork(7, i + 1));
        cr_expect_neq(random_fork(7, i), random_fork(8, i));
    }
}
