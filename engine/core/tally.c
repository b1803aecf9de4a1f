/* Counting over a sliding window, without a lock. */
#include <stdatomic.h>

#include "core/shared.h"

/* number of the part (20 bits), second count (22), first count (22) */
#define COUNT_BITS 22
#define COUNT_MAX  ((UINT64_C(1) << COUNT_BITS) - 1)
#define STAMP_MASK UINT64_C(0xfffff)

uint64_t tally_part(int64_t window, int64_t now)
{
    int64_t length = window / TALLY_PARTS;
    return (uint64_t)(now > 0 ? now : 0) / (uint64_t)(length > 0 ? length : 1);
}

static uint64_t stamp_of(uint64_t part)
{
    return part >> 2 * COUNT_BITS;
}

static struct tally_counts counts_of(uint64_t part)
{
    return (struct tally_counts){part & COUNT_MAX, part >> COUNT_BITS & COUNT_MAX};
}

static uint64_t plus(uint64_t count, uint64_t more)
{
    return count + more < COUNT_MAX ? count + more : COUNT_MAX;
}

void tally_add(struct tally *tally, uint64_t number, struct tally_counts more)
{
    _Atomic uint64_t *part = &tally->parts[number % TALLY_PARTS];
    uint64_t old = *part, new;
    do {
        struct tally_counts counts = {0, 0};
        if (stamp_of(old) == (number & STAMP_MASK)) counts = counts_of(old);
        new = (number & STAMP_MASK) << 2 * COUNT_BITS |
              plus(counts.second, more.second) << COUNT_BITS | plus(counts.first, more.first);
    } while (!atomic_compare_exchange_weak(part, &old, new));
}

struct tally_counts tally_sum(const struct tally *tally, uint64_t number)
{
    struct tally_counts sum = {0, 0};
    for (size_t i = 0; i < TALLY_PARTS; i++) {
        uint64_t part = atomic_load_explicit(&tally->parts[i], memory_order_relaxed);
        if (((number - stamp_of(part)) & STAMP_MASK) >= TALLY_PARTS) continue;
        struct tally_counts counts = counts_of(part);
        sum.first += counts.first;
        sum.second += counts.second;
    }
    return sum;
}

void tally_clear(struct tally *tally)
{
    for (size_t i = 0; i < TALLY_PARTS; i++) tally->parts[i] = 0;
}
