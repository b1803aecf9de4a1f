/* The arithmetic of waits that decisions, explanations and checks share. */
#include "model/policy.h"

__extension__ typedef unsigned __int128 uint128;

static int64_t fraction_of(int64_t amount, uint64_t fraction)
{
    return (int64_t)((uint128)amount * fraction >> 32);
}

static int64_t millionths(int64_t amount, uint32_t ppm)
{
    uint128 product = (uint128)amount * ppm / 1000000;
    return product > DURATION_MAX ? DURATION_MAX : (int64_t)product;
}

int64_t jitter_apply(const struct jitter *jitter, int64_t wait, uint64_t fraction)
{
    int64_t part = jitter->span ? jitter->span : millionths(wait, jitter->ppm);
    int64_t low = wait, high = wait;
    switch (jitter->kind) {
    case JITTER_FULL: low = 0; break;
    case JITTER_EQUAL: low = wait / 2; break;
    case JITTER_ADD: high = duration_add(wait, part); break;
    case JITTER_SUBTRACT: /* the draw takes away: 0 leaves the wait as it is */
        part = fraction_of(part, fraction);
        return part < wait ? wait - part : 0;
    case JITTER_SPREAD:
        low = part < wait ? wait - part : 0;
        high = duration_add(wait, part);
        break;
    case JITTER_SCALE:
        low = millionths(wait, jitter->low_ppm);
        high = part;
        break;
    case JITTER_NONE:
    case JITTER_KIND_COUNT: break;
    }
    return low + fraction_of(high - low, fraction);
}

#define DRAW_HIGHEST (UINT64_C(1) << 32)

static int64_t within_bounds(const struct backoff *backoff, int64_t wait)
{
    if (backoff->cap_after_jitter && wait > backoff->cap) wait = backoff->cap;
    if (wait < backoff->floor) wait = backoff->floor;
    return duration_add(wait, backoff->plus);
}

void backoff_range(const struct backoff *backoff, int64_t base, int64_t *low, int64_t *high)
{
    int64_t at_lowest = within_bounds(backoff, jitter_apply(&backoff->jitter, base, 0));
    int64_t at_highest = within_bounds(backoff, jitter_apply(&backoff->jitter, base, DRAW_HIGHEST));
    *low = at_lowest < at_highest ? at_lowest : at_highest;
    *high = at_lowest < at_highest ? at_highest : at_lowest;
}

int64_t backoff_longest(const struct backoff *backoff)
{
    bool grows = backoff->kind != BACKOFF_CONSTANT;
    int64_t base = grows ? backoff->cap : backoff->base;
    int64_t low = base, high = base;
    bool by_steps = backoff->kind != BACKOFF_DECORRELATED &&
                    backoff->kind != BACKOFF_DECORRELATED_V2; /* the others are their own chance */
    if (by_steps)
        backoff_range(backoff, base, &low, &high);
    else
        high = within_bounds(backoff, base);
    return backoff->first_given && backoff->first > high ? backoff->first : high;
}

int64_t hint_longest(const struct backoff *backoff)
{
    const struct hint_policy *hint = &backoff->hint;
    if (hint->held) return duration_add(backoff_longest(backoff), hint->within);
    int64_t low = jitter_apply(&hint->jitter, hint->max, 0);
    int64_t high = jitter_apply(&hint->jitter, hint->max, DRAW_HIGHEST);
    return low > high ? low : high;
}
