/* A transport that tells a record what the one behind it did. */
#ifndef REDIAL_TESTS_RECORDING_H
#define REDIAL_TESTS_RECORDING_H

#include "simulator/record/record.h"
#include "simulator/run/scenario.h"
#include "simulator/run/transport.h"

/* Takes `inner` over; `record` is borrowed, and gets the scenario's calls and refreshes at once. */
struct transport *recording_new(struct transport *inner, struct record *record,
                                const struct scenario *scenario);

#endif
