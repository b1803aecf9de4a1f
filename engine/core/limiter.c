/* The client-side rate limiter of the AWS SDKs' adaptive mode: CUBIC growth, a token bucket, and a
 * gate that is open until the first throttling error. */
#include <math.h>
#include <stdatomic.h>

#include "core/shared.h"

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

static double lesser(double a, double b)
{
    return a < b ? a : b;
}

static double greater(double a, double b)
{
    return a > b ? a : b;
}

static void begin(struct limiter_state *state, int64_t now)
{
    int64_t none = 0;
    if (!atomic_compare_exchange_strong(&state->measured_at, &none, now - now % NS_PER_SECOND))
        return;
    state->throttled_at = now;
}

/* ---- The bucket */

static void fill(struct limiter_state *state, int64_t now)
{
    int64_t last = atomic_exchange(&state->filled_at, now);
    if (last == 0 || now <= last) return;
    double capacity = state->capacity + seconds(now - last) * state->rate;
    state->capacity = lesser(capacity, state->capacity_max);
}

static void set_rate(const struct limiter *limiter, struct limiter_state *state, double rate,
                     int64_t now)
{
    fill(state, now);
    state->rate = greater(rate, limiter->rate_min);
    state->capacity_max = greater(rate, limiter->capacity_min);
    state->capacity = lesser(state->capacity, state->capacity_max);
}

int64_t limiter_take(struct limiter_state *state, int64_t now)
{
    begin(state, now);
    if (!state->enabled) return 0;
    fill(state, now);
    double capacity = state->capacity;
    while (!atomic_compare_exchange_weak(&state->capacity, &capacity, capacity - 1)) {}
    double rate = state->rate;
    if (capacity >= 1 || rate <= 0) return 0;
    return (int64_t)ceil((1 - capacity) / rate * 1e9);
}

/* ---- The rate */

static void measure(const struct limiter *limiter, struct limiter_state *state, int64_t now)
{
    int64_t span = now - now % limiter->measure;
    int64_t last = state->measured_at;
    int64_t requests = ++state->requests;
    if (span <= last || !atomic_compare_exchange_strong(&state->measured_at, &last, span)) return;
    state->requests -= requests;
    double rate = (double)requests / seconds(span - last);
    state->measured = rate * limiter->smoothing + state->measured * (1 - limiter->smoothing);
}

/* The time that growth takes to come back to the rate at which it was throttled. */
static double way_back(const struct limiter *limiter, const struct limiter_state *state)
{
    return cbrt(state->rate_max * (1 - limiter->beta) / limiter->scale);
}

static double throttled_rate(const struct limiter *limiter, struct limiter_state *state,
                             int64_t now)
{
    double rate = state->measured;
    if (state->enabled) rate = lesser(rate, state->rate);
    state->rate_max = rate;
    state->throttled_at = now;
    state->enabled = true;
    return rate * limiter->beta;
}

static double grown_rate(const struct limiter *limiter, const struct limiter_state *state,
                         int64_t now)
{
    double t = seconds(now - state->throttled_at) - way_back(limiter, state);
    return limiter->scale * t * t * t + state->rate_max;
}

void limiter_saw(const struct limiter *limiter, struct limiter_state *state, bool throttled,
                 int64_t now)
{
    begin(state, now);
    measure(limiter, state, now);
    double rate = throttled ? throttled_rate(limiter, state, now) : grown_rate(limiter, state, now);
    set_rate(limiter, state, lesser(rate, 2 * state->measured), now);
}
