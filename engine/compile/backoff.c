/* Waits, computed once: a call looks its base up by number. Doubles are multiplied one after the
 * other, so powers of two are exact and every compiler gets the same nanoseconds. */
#include <math.h>

#include "compile/parts.h"

static int64_t capped(double value, int64_t cap)
{
    if (value <= 0) return 0; /* an offset below zero may eat a wait */
    return value >= (double)cap ? cap : llround(value);
}

/* A late cap is applied to the jittered wait, so its steps grow on. */
static int64_t cap_of_steps(const struct backoff *backoff)
{
    return backoff->cap_after_jitter ? DURATION_MAX : backoff->cap;
}

static void linear(struct backoff *backoff)
{
    int64_t wait = backoff->base, cap = cap_of_steps(backoff);
    int64_t step = backoff->step_given ? backoff->step : backoff->base;
    do {
        backoff->steps[backoff->step_count++] = wait < cap ? wait : cap;
        wait = duration_add(wait, step);
    } while (backoff->step_count < BACKOFF_STEPS_MAX &&
             backoff->steps[backoff->step_count - 1] < cap);
}

static void exponential(struct backoff *backoff)
{
    double value = (double)backoff->base;
    int64_t cap = cap_of_steps(backoff);
    do {
        backoff->steps[backoff->step_count++] = capped(value + (double)backoff->offset, cap);
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
    case BACKOFF_DECORRELATED_V2:
    case BACKOFF_KIND_COUNT: backoff->steps[backoff->step_count++] = backoff->base; break;
    }
    if (!backoff->first_given) return;
    if (backoff->step_count == 1) backoff->steps[backoff->step_count++] = backoff->steps[0];
    backoff->steps[0] = backoff->first;
}
