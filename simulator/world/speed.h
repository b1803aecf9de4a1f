/* A world in a hurry: every span that a script states is divided by a factor, hints included, so
 * that a client with waits of its own meets in seconds what the script spreads over minutes. What
 * is written by hand (`headers`, `body`) stays as it is. */
#ifndef REDIAL_SIMULATOR_SPEED_H
#define REDIAL_SIMULATOR_SPEED_H

#include "simulator/world/script.h"

/* `factor` above 0. A retry-after, being whole seconds, is rounded up. */
void scripts_hurry(struct provider_script *scripts, size_t count, double factor);

#endif
