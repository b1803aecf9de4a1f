/* What a scenario's own functions are asked while it runs. Private to run. */
#ifndef REDIAL_SIMULATOR_RUN_FUNCTIONS_H
#define REDIAL_SIMULATOR_RUN_FUNCTIONS_H

#include "simulator/observe/compare.h"
#include "simulator/run/runner.h"

/* Makes replies for the world of a run; all of it lives in `arena`. NULL when memory is out. */
struct reply_maker *reply_maker_new(struct arena *arena, const struct scenario *scenario);
struct world_maker reply_maker_port(struct reply_maker *maker);

/* Asks `expect.lua`, if there is one, and adds what it has against the run. */
void functions_compare(const struct run *run, struct redial_str story,
                       struct differences *differences);

#endif
