/* What the calls of an engine share, and how a call takes hold of it. */
#ifndef REDIAL_CORE_ENGINE_H
#define REDIAL_CORE_ENGINE_H

#include "core/shared.h"
#include "redial/redial.h"

#define FAST_DISABLED INT64_MAX

/* Beginning calls pass through a stripe: in, read `current`, hold it, out. A reload that has put a
 * new one in `current` lets go of the old one once it has seen every stripe empty: whoever read the
 * old one holds it by then. Two sides take turns, so that a reload does not wait for new calls. */
struct engine_stripe {
    _Atomic uint32_t inside;
    uint8_t apart[60]; /* from the next, in the processors' caches */
};

struct redial_engine {
    _Atomic(struct shared *) current;
    _Atomic uint32_t side;
    struct engine_stripe stripes[2][SHARED_STRIPES];
    _Atomic int64_t fast_until;     /* the mode fast: 0 on, an instant, or FAST_DISABLED */
    _Atomic uint32_t reloading;     /* one reload at a time */
    redial_telemetry_fn *telemetry; /* NULL: nowhere */
    void *telemetry_context;
};

/* The current one, held in `*stripe`. Never NULL, never waits. */
struct shared *engine_hold(struct redial_engine *engine, uint8_t *stripe);
void engine_let_go(struct shared *shared, uint8_t stripe);
/* Frees it: nobody holds it any more. Filled by api. */
void engine_free_shared(struct shared *shared);

#endif
