/* How guards and modes stand, for `expect.state`. Private to run. */
#ifndef REDIAL_SIMULATOR_STATE_H
#define REDIAL_SIMULATOR_STATE_H

#include "simulator/observe/expect.h"
#include "simulator/observe/observation.h"

struct redial_engine;

/* Fills observation->states, in its arena. A guard that tells calls apart is looked at as `last`
 * meets it, the call that began last; NULL none. False when memory is out. */
bool state_observe(struct redial_engine *engine, const struct expect *expect,
                   const struct redial_call *last, int64_t now, struct observation *observation);

#endif
