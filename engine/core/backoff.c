#include "core/backoff.h"

#include "base/random.h"
#include "core/hint.h"

__extension__ typedef unsigned __int128 uint128;

/* U(0, amount): a fraction of it, in whole nanoseconds. */
static int64_t draw(int64_t amount, const struct backoff_input *input)
{
    uint64_t fraction =
        input->fixed_random ? input->fixed_random - 1 : random_fraction(input->random);
    return (int64_t)((uint128)amount * fraction >> 32);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t millionths(int64_t amount, uint32_t ppm)
{
    return (int64_t)((uint128)amount * ppm / 1000000);
}

static int64_t with_jitter(const struct backoff *backoff, int64_t base,
                           const struct backoff_input *input)
{
    int64_t part = millionths(base, backoff->jitter_ppm);
    switch (backoff->jitter) {
    case JITTER_FULL: return draw(base, input);
    case JITTER_EQUAL: return base / 2 + draw(base - base / 2, input);
    case JITTER_ADD: return duration_add(base, draw(part, input));
    case JITTER_SUBTRACT: return base - draw(part, input);
    case JITTER_SPREAD: return duration_add(base - part, draw(duration_add(part, part), input));
    case JITTER_NONE:
    case JITTER_KIND_COUNT: break;
    }
    return base;
}

/* min(cap, U(base, 3 × last)), AWS Architecture Blog "Exponential Backoff And Jitter". */
static int64_t decorrelated(const struct backoff *backoff, const struct backoff_input *input)
{
    int64_t last = input->last_wait > backoff->base ? input->last_wait : backoff->base;
    int64_t high = last > DURATION_MAX / 3 ? DURATION_MAX : 3 * last;
    int64_t delay = backoff->base + draw(high - backoff->base, input);
    return earlier(delay, backoff->cap);
}

static void by_formula(const struct backoff *backoff, const struct backoff_input *input,
                       struct backoff_wait *wait)
{
    if (backoff->kind == BACKOFF_DECORRELATED) {
        wait->base = backoff->base;
        wait->delay = decorrelated(backoff, input);
    } else {
        size_t step = (size_t)input->number < backoff->step_count ? (size_t)input->number
                                                                  : backoff->step_count;
        wait->base = backoff->steps[step - 1];
        wait->delay = with_jitter(backoff, wait->base, input);
        if (backoff->cap_after_jitter) {
            wait->base = earlier(wait->base, backoff->cap);
            wait->delay = earlier(wait->delay, backoff->cap);
        }
    }
    wait->jitter = wait->delay - wait->base;
}

struct backoff_wait backoff_wait(const struct backoff *backoff, const struct backoff_input *input)
{
    struct backoff_wait wait = {.kind = REDIAL_WAIT_HINT};
    wait.hint = hint_choose(&backoff->hint, input->hints, input->now, &wait.header);
    wait.delay = wait.hint;
    if (wait.hint > 0 && wait.hint <= backoff->hint.max) return wait;
    if (wait.hint > 0 && backoff->hint.above == HINT_CLAMP) {
        wait.kind = REDIAL_WAIT_HINT_CLAMPED;
        wait.delay = backoff->hint.max;
    } else if (wait.hint > 0 && backoff->hint.above != HINT_IGNORE) {
        wait.too_long = true;
    } else {
        wait.kind = wait.hint > 0 ? REDIAL_WAIT_HINT_IGNORED : REDIAL_WAIT_BACKOFF;
        by_formula(backoff, input, &wait);
    }
    return wait;
}
