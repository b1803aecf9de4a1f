/* The record of an attempt that has just ended. Private to core. */
#ifndef REDIAL_CORE_TELEMETRY_H
#define REDIAL_CORE_TELEMETRY_H

#include "core/turn.h"

/* Where the attempt was, before the decision on its end moves the call. */
struct telemetry_origin {
    uint16_t provider, platform;
    struct redial_str model;
    int32_t attempt;
    int64_t sent_at;
};

static inline struct telemetry_origin telemetry_origin(const struct redial_call *call)
{
    return (struct telemetry_origin){call->provider, call->platform, call->model, call->attempts,
                                     call->sent_at};
}

/* Hands the record to the engine's sink, which there is, unless the platform's telemetry is off. */
void telemetry_emit(const struct turn *turn, const struct telemetry_origin *origin);

#endif
