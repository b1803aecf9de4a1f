/* One run of a scenario, over either transport: the clock, the event queue, the client's
 * connections and credentials, and the calls that share one engine. */
#ifndef REDIAL_SIMULATOR_RUNNER_H
#define REDIAL_SIMULATOR_RUNNER_H

#include <signal.h>

#include "simulator/observe/observation.h"
#include "simulator/run/scenario.h"
#include "simulator/run/transport.h"
#include "simulator/world/world.h"
#include "story/story.h"

#define RUN_BEGAN_AT      WORLD_BEGAN_AT
#define RUN_STEPS_MAX     1000000 /* a run that needs more has no end, or is no person's scenario */
#define RUN_PROMPT_TOKENS 12      /* of a call whose prompt nobody sized */
#define RUN_MAX_TOKENS    4096    /* of a call that does not say */

enum run_end {
    RUN_ENDED,       /* every call reached a reason, or an invariant tells which did not */
    RUN_TROUBLE,     /* it could not go on: `trouble` says why */
    RUN_INTERRUPTED, /* the person stopped it */
};

struct run {
    struct arena *arena;
    const struct scenario *scenario;
    struct story *story;
    struct observation observation;
    enum run_end end;
    struct world_trouble trouble;
    int64_t steps;
};

struct run_options {
    struct transport *transport; /* fresh: made for this run */
    uint64_t seed;
    bool realtime;                            /* sleeps until each event */
    const volatile sig_atomic_t *interrupted; /* may be NULL */
};

/* Runs to the end. False when memory is out (then, too, `run` is to be cleaned up). `scenario`
 * must outlive the run. */
bool run_scenario(struct run *run, const struct scenario *scenario,
                  const struct run_options *options);
void run_clean_up(struct run *run); /* after a failed run_scenario too */

#endif
