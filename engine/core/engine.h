/* What the calls of an engine share. */
#ifndef REDIAL_CORE_ENGINE_H
#define REDIAL_CORE_ENGINE_H

#include "model/policy.h"
#include "redial/redial.h"

struct redial_engine {
    const struct redial_policy *policy;
    redial_telemetry_fn *telemetry; /* NULL: nowhere */
    void *telemetry_context;
};

#endif
