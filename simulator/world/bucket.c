#include "simulator/world/bucket.h"

static int64_t capacity(const struct bucket *bucket)
{
    return bucket->rate.limit * bucket->rate.period;
}

struct bucket bucket_init(struct rate_script rate, int64_t now)
{
    struct bucket bucket = {.rate = rate, .filled_at = now};
    bucket.level = rate.limit ? capacity(&bucket) : 0;
    return bucket;
}

static void refill(struct bucket *bucket, int64_t now)
{
    int64_t passed = now - bucket->filled_at;
    bucket->filled_at = now;
    int64_t missing = capacity(bucket) - bucket->level;
    if (passed >= missing / bucket->rate.limit + 1) /* no product that could overflow */
        bucket->level = capacity(bucket);
    else
        bucket->level += passed * bucket->rate.limit;
    if (bucket->level > capacity(bucket)) bucket->level = capacity(bucket);
}

int64_t bucket_wait(struct bucket *bucket, int64_t tokens, int64_t now)
{
    if (bucket->rate.limit == 0) return 0;
    refill(bucket, now);
    int64_t wanted = tokens < bucket->rate.limit ? tokens : bucket->rate.limit;
    int64_t missing = wanted * bucket->rate.period - bucket->level;
    if (missing <= 0) return 0;
    return (missing + bucket->rate.limit - 1) / bucket->rate.limit;
}

void bucket_take(struct bucket *bucket, int64_t tokens)
{
    if (bucket->rate.limit == 0) return;
    int64_t most = tokens < bucket->rate.limit ? tokens : bucket->rate.limit;
    bucket->level -= most * bucket->rate.period;
    if (bucket->level < -capacity(bucket)) bucket->level = -capacity(bucket);
}

int64_t bucket_left(const struct bucket *bucket)
{
    return bucket->level > 0 ? bucket->level / bucket->rate.period : 0;
}

int64_t bucket_full_in(const struct bucket *bucket)
{
    int64_t missing = capacity(bucket) - bucket->level;
    return (missing + bucket->rate.limit - 1) / bucket->rate.limit;
}
