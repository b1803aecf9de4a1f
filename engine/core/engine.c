#include "core/engine.h"

/* Threads have stacks of their own, so the place of a local tells them apart well enough. */
static size_t stripe_of_thread(const void *local)
{
    uint64_t mixed = (uint64_t)(uintptr_t)local * UINT64_C(0x9e3779b97f4a7c15);
    return mixed >> 61 & (ENGINE_STRIPES - 1);
}

struct shared *engine_hold(struct redial_engine *engine)
{
    uint32_t side = engine->side & 1;
    _Atomic uint32_t *inside = &engine->stripes[side][stripe_of_thread(&side)].inside;
    ++*inside;
    struct shared *shared = engine->current;
    ++shared->references;
    --*inside;
    return shared;
}
