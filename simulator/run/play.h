/* One scenario from its file to its result: load, run, run again, compare. */
#ifndef REDIAL_SIMULATOR_PLAY_H
#define REDIAL_SIMULATOR_PLAY_H

#include "simulator/report/result.h"
#include "simulator/run/replay.h"

/* Fills `result`, whose arena is the caller's. False when memory is out. */
bool play_scenario(const char *path, const struct replay_options *options, struct result *result);

#endif
