/* Scenarios from text, for tests: loaded against tests/golden/scenario/used/policy.yaml unless the
 * text begins with another policy (relative to tests/golden/scenario). */
#ifndef REDIAL_TESTS_SCENARIO_FROM_H
#define REDIAL_TESTS_SCENARIO_FROM_H

#include "simulator/observe/compare.h"
#include "simulator/run/runner.h"

struct scenario_from {
    struct arena *arena;
    struct diag_list *diags;
    struct scenario scenario;
    struct run run;
    struct text story;
    struct differences differences;
    size_t requests; /* counted by the transport */
};

/* `body` is what follows version, name and policy. Fails the test when it cannot be loaded. */
struct scenario_from scenario_from(const char *body);
/* Loads, runs on the virtual clock, compares. Fails the test when memory is out. */
struct scenario_from scenario_played(const char *body);
void scenario_from_clean_up(struct scenario_from *from);

#endif
