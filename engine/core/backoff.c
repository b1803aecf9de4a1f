#include "core/backoff.h"

#include <math.h>

#include "base/random.h"
#include "core/hint.h"

static uint64_t draw(const struct backoff_input *input)
{
    return input->fixed_random ? input->fixed_random - 1 : random_fraction(input->random);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t with_jitter(const struct jitter *jitter, int64_t wait,
                           const struct backoff_input *input)
{
    return jitter->kind == JITTER_NONE ? wait : jitter_apply(jitter, wait, draw(input));
}

/* ---- Formulas: each fills base and delay */

typedef void formula_fn(const struct backoff *backoff, const struct backoff_input *input,
                        struct backoff_wait *wait);

static void by_steps(const struct backoff *backoff, const struct backoff_input *input,
                     struct backoff_wait *wait)
{
    size_t step =
        (size_t)input->number < backoff->step_count ? (size_t)input->number : backoff->step_count;
    wait->base = backoff->steps[step - 1];
    wait->delay = with_jitter(&backoff->jitter, wait->base, input);
    if (!backoff->cap_after_jitter) return;
    wait->base = earlier(wait->base, backoff->cap);
    wait->delay = earlier(wait->delay, backoff->cap);
}

/* min(cap, U(base, 3 x last)), AWS Architecture Blog "Exponential Backoff And Jitter"; rising, as
 * Finagle has it: U(last, min(cap, 3 x last)). */
static void decorrelated(const struct backoff *backoff, const struct backoff_input *input,
                         struct backoff_wait *wait)
{
    static const struct jitter full = {.kind = JITTER_FULL};
    wait->base = wait->delay = backoff->first;
    if (input->number == 1 && backoff->first_given) return;
    int64_t last = later(input->last_wait, backoff->base);
    int64_t high = last > DURATION_MAX / 3 ? DURATION_MAX : 3 * last;
    wait->base = backoff->rising ? last : backoff->base;
    if (backoff->rising) high = later(earlier(high, backoff->cap), last);
    wait->delay = wait->base + jitter_apply(&full, high - wait->base, draw(input));
    wait->delay = earlier(wait->delay, backoff->cap);
}

/* Polly's DecorrelatedJitterBackoffV2, as cockatiel has it too: the n-th wait is what the curve
 * 2^t x tanh(sqrt(4 t)) rises between two random points, one in each unit of t, and 1/1.4 scales
 * the median of the first wait to the base. exp2, since compilers disagree on pow(2, t). */
static double curve(double t)
{
    return exp2(t) * tanh(sqrt(4.0 * t));
}

static double unit_of(uint64_t fraction)
{
    return (double)fraction / (double)RANDOM_ONE;
}

static void decorrelated_v2(const struct backoff *backoff, const struct backoff_input *input,
                            struct backoff_wait *wait)
{
    wait->drawn = draw(input);
    double t = (double)(input->number - 1), before = 0;
    if (input->number > 1) before = curve(t - 1 + unit_of(input->last_draw));
    double ns = (curve(t + unit_of(wait->drawn)) - before) * (1 / 1.4) * (double)backoff->base;
    wait->base = backoff->base;
    wait->delay = ns < (double)backoff->cap ? (int64_t)ns : backoff->cap; /* NaN is far out, too */
}

static formula_fn *const formulas[BACKOFF_KIND_COUNT] = {
    [BACKOFF_CONSTANT] = by_steps,
    [BACKOFF_LINEAR] = by_steps,
    [BACKOFF_EXPONENTIAL] = by_steps,
    [BACKOFF_DECORRELATED] = decorrelated,
    [BACKOFF_DECORRELATED_V2] = decorrelated_v2,
};

static void by_formula(const struct backoff *backoff, const struct backoff_input *input,
                       struct backoff_wait *wait)
{
    formulas[backoff->kind](backoff, input, wait);
    wait->delay = duration_add(later(wait->delay, backoff->floor), backoff->plus);
    wait->jitter = wait->delay - wait->base;
}

/* ---- Hints */

/* The hint as the policy bends it: raised to its minimum, jittered, held near the own wait. */
static void by_hint(const struct backoff *backoff, const struct backoff_input *input,
                    struct backoff_wait *wait)
{
    const struct hint_policy *hint = &backoff->hint;
    if (hint->held) {
        by_formula(backoff, input, wait);
        int64_t own = wait->delay;
        wait->delay = earlier(later(wait->hint, own), duration_add(own, hint->within));
    } else {
        wait->delay = with_jitter(&hint->jitter, later(wait->hint, hint->min), input);
    }
    wait->kind = wait->delay == wait->hint ? REDIAL_WAIT_HINT : REDIAL_WAIT_HINT_FITTED;
}

static void above_bound(const struct backoff *backoff, const struct backoff_input *input,
                        struct backoff_wait *wait)
{
    switch (backoff->hint.above) {
    case HINT_CLAMP:
        wait->kind = REDIAL_WAIT_HINT_CLAMPED;
        wait->delay = backoff->hint.max;
        break;
    case HINT_IGNORE:
        wait->kind = REDIAL_WAIT_HINT_IGNORED;
        by_formula(backoff, input, wait);
        break;
    case HINT_AT_ONCE:
        wait->kind = REDIAL_WAIT_HINT_FITTED;
        wait->delay = 0;
        break;
    case HINT_GIVE_UP:
    case HINT_FALLBACK:
    case HINT_ABOVE_COUNT: wait->too_long = true; break;
    }
}

struct backoff_wait backoff_wait(const struct backoff *backoff, const struct backoff_input *input)
{
    struct backoff_wait wait = {.kind = REDIAL_WAIT_HINT};
    struct hint_word word = hint_choose(&backoff->hint, input->hints, input->now);
    wait.header = word.header;
    wait.hint = wait.delay = word.delay;
    wait.vetoed = word.kind == HINT_WORD_VETO;
    if (word.kind == HINT_WORD_NOW) {
        wait.kind = REDIAL_WAIT_HINT;
    } else if (word.kind == HINT_WORD_NONE) {
        wait.kind = REDIAL_WAIT_BACKOFF;
        by_formula(backoff, input, &wait);
    } else if (wait.hint > backoff->hint.max) {
        above_bound(backoff, input, &wait);
    } else if (!wait.vetoed) {
        by_hint(backoff, input, &wait);
    }
    return wait;
}
