#include "core/engine.h"

#include <stdlib.h>

#include "redial/redial.h"

struct redial_engine *redial_engine_new(const struct redial_policy *policy)
{
    struct redial_engine *engine = calloc(1, sizeof *engine);
    if (!engine) return NULL;
    redial_policy_acquire(policy);
    engine->policy = policy;
    return engine;
}

void redial_engine_set_telemetry(struct redial_engine *engine, redial_telemetry_fn *sink,
                                 void *context)
{
    engine->telemetry = sink;
    engine->telemetry_context = context;
}

void redial_engine_destroy(struct redial_engine *engine)
{
    if (!engine) return;
    redial_policy_release(engine->policy);
    free(engine);
}
