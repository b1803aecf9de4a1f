/* Breakers, and the end of a cooldown.
 *
 *   closed ──failures──► open until t ──t──► half open ──probes succeed──► closed
 *                          ▲                     └──────a probe fails──────┐
 *                          └───────────────────────────────────────────────┘ */
#include <stdatomic.h>

#include "core/shared.h"

#define PROBE_SUCCEEDED (UINT64_C(1) << 32)

static uint32_t under_way(uint64_t probes)
{
    return (uint32_t)probes;
}

static uint32_t succeeded(uint64_t probes)
{
    return (uint32_t)(probes >> 32);
}

static bool take_probe(const struct breaker *breaker, struct breaker_state *state)
{
    uint64_t probes = state->probes;
    do
        if (under_way(probes) + succeeded(probes) >= (uint32_t)breaker->probes) return false;
    while (!atomic_compare_exchange_weak(&state->probes, &probes, probes + 1));
    return true;
}

bool breaker_pass(const struct breaker *breaker, struct breaker_state *state, int64_t now,
                  bool *probe, int64_t *until)
{
    int64_t open_until = state->open_until;
    *probe = false;
    if (open_until == 0) return true;
    *until = open_until;
    if (now < open_until) return false;
    if (take_probe(breaker, state)) {
        *probe = true;
        return true;
    }
    /* Nobody knows when the probes come back: ask again after a tenth of the open time. */
    int64_t pause = breaker->open / 10;
    *until = duration_add(now, pause > NS_PER_MS ? pause : NS_PER_MS);
    return false;
}

static void open_again(const struct breaker *breaker, struct breaker_state *state, int64_t now)
{
    state->probes = 0;
    tally_clear(&state->tally);
    state->open_until = duration_add(now, breaker->open);
}

static enum breaker_change probe_ended(const struct breaker *breaker, struct breaker_state *state,
                                       bool failed, int64_t now)
{
    if (failed) {
        open_again(breaker, state, now);
        return BREAKER_OPENED;
    }
    uint64_t old = state->probes, new;
    do new = old - (under_way(old) > 0) + PROBE_SUCCEEDED;
    while (!atomic_compare_exchange_weak(&state->probes, &old, new));
    if (succeeded(new) < (uint32_t)breaker->probes || state->open_until == 0)
        return BREAKER_AS_BEFORE;
    state->probes = 0;
    state->open_until = 0;
    return BREAKER_CLOSED;
}

static bool is_too_much(const struct breaker *breaker, const struct tally_counts *counts)
{
    uint64_t all = counts->first + counts->second;
    if (all < (uint64_t)breaker->minimum) return false;
    if (breaker->failures > 0) return counts->second >= (uint64_t)breaker->failures;
    return counts->second * 1000000 >= all * breaker->failure_ppm;
}

enum breaker_change breaker_saw(const struct breaker *breaker, struct breaker_state *state,
                                enum redial_class class, bool probe, int64_t now)
{
    bool failed = breaker->classes >> class & 1;
    if (probe) return probe_ended(breaker, state, failed, now);
    if (state->open_until != 0) return BREAKER_AS_BEFORE; /* sent before it opened */
    uint64_t part = tally_part(breaker->window, now);
    tally_add(&state->tally, part, (struct tally_counts){!failed, failed});
    if (!failed) return BREAKER_AS_BEFORE;
    struct tally_counts counts = tally_sum(&state->tally, part);
    int64_t closed = 0;
    if (!is_too_much(breaker, &counts)) return BREAKER_AS_BEFORE;
    state->probes = 0;
    if (!atomic_compare_exchange_strong(&state->open_until, &closed,
                                        duration_add(now, breaker->open)))
        return BREAKER_AS_BEFORE; /* another thread opened it */
    tally_clear(&state->tally);
    return BREAKER_OPENED;
}

void breaker_unprobe(struct breaker_state *state)
{
    uint64_t old = state->probes;
    while (under_way(old) > 0 && !atomic_compare_exchange_weak(&state->probes, &old, old - 1)) {}
}

int64_t cooldown_extend(_Atomic int64_t *end, int64_t until)
{
    int64_t old = *end;
    while (old < until)
        if (atomic_compare_exchange_weak(end, &old, until)) return until;
    return old;
}
