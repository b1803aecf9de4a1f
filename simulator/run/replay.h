/* Replaying scenarios: the whole of `redial replay` but its flags. What is for machines goes to
 * `out`, everything for people to `err` once both are asked for; without `json` the report for
 * people goes to `out`. */
#ifndef REDIAL_SIMULATOR_REPLAY_H
#define REDIAL_SIMULATOR_REPLAY_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum replay_verbosity {
    REPLAY_SUMMARY, /* one line per scenario, failures in full, totals */
    REPLAY_STORIES, /* the same, with every scenario's story under its line */
    REPLAY_QUIET,   /* failures and totals only */
};

/* All zero, but for `paths`, `out` and `err`, is a sensible run. */
struct replay_options {
    const char *const *paths; /* scenario files, or folders: every *.yaml below, in sorted order */
    size_t path_count;
    bool wire;     /* over real sockets on loopback rather than on the virtual clock */
    bool realtime; /* waits really pass, and the clock is the machine's */
    bool update;   /* rewrite the `story` blocks of the scenarios with what happened */
    bool seed_given;
    uint64_t seed; /* instead of each scenario's own */
    enum replay_verbosity verbosity;
    bool json;              /* JSON lines on `out`: one object per scenario, then one for the run */
    const char *junit_path; /* also write a JUnit XML file; NULL none */
    bool github;            /* also annotations of a GitHub workflow, where the text goes */
    bool colour;            /* for what people read */
    uint32_t width;         /* columns for what people read; 0: as for a terminal of 80 */
    unsigned jobs;          /* scenarios at a time; 0 and 1: one after the other */
    FILE *out, *err;
    const volatile sig_atomic_t *interrupted; /* once not 0: no further scenario begins, and the
                                                 report tells what was done; may be NULL */
};

/* The exit status: 0 all passed; 1 an expectation or invariant failed, or the run was interrupted;
 * 2 a path, scenario or policy cannot be read, a world ran out of replies, a transport could not
 * start, or the JUnit file cannot be written. A 2 does not stop the other scenarios. */
int replay_run(const struct replay_options *options);

#endif
