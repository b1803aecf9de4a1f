/* Waits, computed once: a call looks its base up by number. Doubles are multiplied one after the
 * other, so powers of two are exact and every compiler gets the same nanoseconds. */
#include <math.h>

#include "compile/parts.h"

static int64_t capped(double value, int64_t cap)
{
    return value >= (double)cap ? cap : llround(value);
}

/* A late cap is applied to the jittered wait, so its steps grow on. */
static int64_t cap_of_steps(const struct backoff *backoff)
{
    return backoff->cap_after_jitter ? DURATION_MAX : backoff->cap;
}

static void linear(struct backoff *backoff)
{
    int64_t step = 0, cap = cap_of_steps(backoff);
    while (backoff->step_count < BACKOFF_STEPS_MAX && step < cap) {
        step = duration_add(step, backoff->base);
        if (step > cap) step = cap;
        backoff->steps[backoff->step_count++] = step;
    }
}

static void exponential(struct backoff *backoff)
{
    double value = (double)backoff->base;
    int64_t cap = cap_of_steps(backoff);
    do {
        backoff->steps[backoff->step_count++] = capped(value, cap);
        value *= backoff->factor;
    } while (backoff->step_count < BACKOFF_STEPS_MAX &&
             backoff->steps[backoff->step_count - 1] < cap);
}

void compile_backoff(struct backoff *backoff)
{
    backoff->step_count = 0;
    switch (backoff->kind) {
    case BACKOFF_LINEAR: linear(backoff); break;
    case BACKOFF_EXPONENTIAL: exponential(backoff); break;
    case BACKOFF_CONSTANT:
    case BACKOFF_DECORRELATED: /* its base is the lower bound of every wait */
    case BACKOFF_KIND_COUNT: backoff->steps[backoff->step_count++] = backoff->base; break;
    }
}
