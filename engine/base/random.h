/* The random stream of a call: SplitMix64 (Steele, Lea, Flood 2014), eight bytes of state, the same
 * numbers on every machine and compiler. Chance is an argument: nothing here reads a device. */
#ifndef REDIAL_BASE_RANDOM_H
#define REDIAL_BASE_RANDOM_H

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* A stream of its own for the index-th thing made from `seed` (call, provider, outage window). */
static inline uint64_t random_fork(uint64_t seed, uint64_t index)
{
    uint64_t state = seed ^ (index * UINT64_C(0xd1342543de82ef95));
    return random_next(&state);
}

#define RANDOM_ONE (UINT64_C(1) << 32)
/* A fraction of RANDOM_ONE, 0 .. RANDOM_ONE - 1. */
static inline uint64_t random_fraction(uint64_t *state)
{
    return random_next(state) >> 32;
}

#endif
