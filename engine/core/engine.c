#include "core/engine.h"

/* Threads have stacks of their own, so the place of a local tells them apart well enough. */
static uint8_t stripe_of_thread(const void *local)
{
    uint64_t mixed = ((uint64_t)(uintptr_t)local >> 12) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint8_t)(mixed >> 56 & (SHARED_STRIPES - 1));
}

struct shared *engine_hold(struct redial_engine *engine, uint8_t *stripe)
{
    uint32_t side = engine->side & 1;
    *stripe = stripe_of_thread(&side);
    _Atomic uint32_t *inside = &engine->stripes[side][*stripe].inside;
    ++*inside;
    struct shared *shared = engine->current;
    ++shared->stripes[*stripe].held;
    --*inside;
    return shared;
}

void engine_let_go(struct shared *shared, uint8_t stripe)
{
    bool retired = shared->stripes[stripe].held-- > SHARED_RETIRED / 2;
    if (retired && --shared->left == 0) engine_free_shared(shared);
}
