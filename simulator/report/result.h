/* What came of one scenario, and of a whole replay: what every report is made from. */
#ifndef REDIAL_SIMULATOR_RESULT_H
#define REDIAL_SIMULATOR_RESULT_H

#include "simulator/observe/compare.h"

enum result_status {
    RESULT_PASSED,
    RESULT_FAILED,  /* an expectation or an invariant */
    RESULT_INVALID, /* it could not be read, or could not be run to its end */
    RESULT_SKIPPED, /* the replay was interrupted before or in it */
    RESULT_STATUS_COUNT
};
const char *result_status_name(enum result_status status); /* "passed" … */

struct result {
    struct arena *arena; /* all texts; the reports' own */
    enum result_status status;
    struct redial_str path, name; /* name empty where it could not be read */
    uint64_t seed;
    const char *transport;   /* "virtual", "wire"; "client": a client under test */
    struct redial_str about; /* one sentence on what came of it; may be empty */
    struct differences differences;
    struct redial_str diagnostics; /* warnings and errors, for people */
    struct redial_str story;       /* for people, as wide as asked for; may be empty */
    struct redial_str story_json;  /* JSON lines; only when asked for */
    struct redial_str replay_line; /* to paste: replays it as it was */
    size_t calls;
    int64_t attempts, retries, waited, elapsed; /* of the scenario's own clock, ns */
    uint16_t dropped;                           /* bit per feature that some leg went without */
    int64_t telemetry;                          /* records of attempts */
    int64_t measured;                           /* of the machine's clock, ns */
    bool updated;                               /* its story was rewritten */
};

struct results {
    const char *suite; /* what ran: "redial replay" */
    struct result *list;
    size_t count;
    int64_t measured; /* of the machine's clock, the whole replay */
    bool interrupted;
    bool over_wire;
};

size_t results_with(const struct results *results, enum result_status status);
/* Places as people and editors read them: "file:line:column"; empty for none. */
void result_place(struct span span, struct text *out);

#endif
