#include <criterion/criterion.h>

#include "base/duration.h"
#include "simulator/world/bucket.h"

static const struct rate_script fifty_a_minute = {50, NS_PER_MINUTE};

Test(bucket, a_full_bucket_gives_its_limit_at_once_and_then_makes_wait)
{
    struct bucket bucket = bucket_init(fifty_a_minute, 0);
    for (int i = 0; i < 50; i++) {
        cr_assert_eq(bucket_wait(&bucket, 1, 0), 0, "request %d", i);
        bucket_take(&bucket, 1);
    }
    cr_assert_eq(bucket_left(&bucket), 0);
    cr_assert_eq(bucket_wait(&bucket, 1, 0), NS_PER_MINUTE / 50);
}

Test(bucket, after_the_wait_it_tells_there_is_exactly_enough)
{
    struct bucket bucket = bucket_init((struct rate_script){7, NS_PER_MINUTE}, 0);
    bucket_take(&bucket, 7);
    int64_t wait = bucket_wait(&bucket, 3, 0);
    cr_assert_gt(bucket_wait(&bucket, 3, wait - 1), 0);
    cr_assert_eq(bucket_wait(&bucket, 3, wait), 0);
}

Test(bucket, it_never_holds_more_than_its_limit_however_long_nobody_asks)
{
    struct bucket bucket = bucket_init((struct rate_script){RATE_LIMIT_MAX, NS_PER_MINUTE}, 0);
    bucket_take(&bucket, RATE_LIMIT_MAX);
    cr_assert_eq(bucket_wait(&bucket, 1, 100 * 365 * NS_PER_DAY), 0);
    cr_assert_eq(bucket_left(&bucket), RATE_LIMIT_MAX);
}

Test(bucket, more_than_a_full_bucket_is_waited_for_as_a_full_one)
{
    struct bucket bucket = bucket_init(fifty_a_minute, 0);
    cr_assert_eq(bucket_wait(&bucket, 5000, 0), 0);
    bucket_take(&bucket, 5000);
    cr_assert_eq(bucket_wait(&bucket, 5000, 0), NS_PER_MINUTE);
}

Test(bucket, no_limit_is_never_waited_for)
{
    struct bucket bucket = bucket_init((struct rate_script){0}, 0);
    bucket_take(&bucket, 5);
    cr_assert_eq(bucket_wait(&bucket, INT64_MAX, 5), 0);
}
