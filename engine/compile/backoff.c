/* Waits, computed once: a call looks its base up by number. Doubles are multiplied one after the
 * other, so powers of two are exact and every compiler gets the same nanoseconds. */
#include <math.h>

#include "compile/parts.h"

static int64_t capped(double value, int64_t cap)
{
    return value >= (double)cap ? cap : llround(value);
}

static void linear(struct backoff *backoff)
{
    int64_t step = 0;
    while (backoff->step_count < BACKOFF_STEPS_MAX && step < backoff->cap) {
        step = duration_add(step, backoff->base);
        if (step > backoff->cap) step = backoff->cap;
        backoff->steps[backoff->step_count++] = step;
    }
}

static void exponential(struct backoff *backoff)
{
    double value = (double)backoff->base;
    do {
        backoff->steps[backoff->step_count++] = capped(value, backoff->cap);
        value *= backoff->factor;
    } while (backoff->step_count < BACKOFF_STEPS_MAX &&
             backoff->steps[backoff->step_count - 1] < backoff->cap);
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
