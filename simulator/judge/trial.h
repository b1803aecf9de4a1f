/* One trial: the fakes of a scenario around a client, and the verdict on it. */
#ifndef REDIAL_SIMULATOR_TRIAL_H
#define REDIAL_SIMULATOR_TRIAL_H

#include <signal.h>

#include "simulator/judge/scorecard.h"

struct trial_options {
    char *const *argv; /* the client, NULL-terminated */
    int64_t limit;     /* ns that it may take */
    const char *ways;  /* of getting credentials, as in fakes_options; may be NULL */
    double speed;      /* the world's delays and hints are divided by it */
    bool exact;        /* judge_input.exact */
    bool seed_given;
    uint64_t seed;                            /* instead of the scenario's own */
    bool wants_json;                          /* fill course_json */
    const volatile sig_atomic_t *interrupted; /* holds the signal that a person sent; may be NULL */
};

enum trial_status {
    TRIAL_DONE,        /* judged, or the scenario is invalid: `trial` says */
    TRIAL_INTERRUPTED, /* a person ended it: what was seen is judged */
    TRIAL_NOT_STARTED, /* the command, or the fakes, cannot be started: trial->trouble */
    TRIAL_OUT_OF_MEMORY,
};

/* Runs it to its end. trial->arena is made here and is the caller's to destroy, whatever comes. */
enum trial_status trial_run(const char *path, const struct trial_options *options,
                            struct trial *trial);

#endif
