/* A run against what its scenario expects: every difference with its place, as `exp:` and `got:`.
 */
#ifndef REDIAL_SIMULATOR_COMPARE_H
#define REDIAL_SIMULATOR_COMPARE_H

#include "simulator/observe/expect.h"
#include "simulator/observe/observation.h"

struct difference {
    struct redial_str what; /* "attempts", "waits[2]", an invariant's name */
    struct span span;       /* of the expectation; source NULL: an invariant of every run */
    struct redial_str expected, got; /* one line each */
    struct redial_str about;         /* more, for people; may be empty */
};

#define DIFFERENCES_KEPT 32 /* in one scenario: more show nothing new */

struct differences {
    struct arena *arena;
    struct difference list[DIFFERENCES_KEPT];
    size_t count; /* all, kept or not */
};

/* Adds one; the texts are copied. */
void difference_add(struct differences *differences, const char *what, struct span span,
                    struct redial_str expected, struct redial_str got);

struct compare_input {
    const struct redial_policy *policy;
    const struct expect *expect;
    const struct observation *observation;
    int64_t began_at;
    struct redial_str story;      /* its text, every line unwrapped */
    struct redial_str story_json; /* the same as JSON lines */
    bool measured;                /* by the machine's clock: story and elapsed are not compared */
};

/* Expectations, and the invariants that broke. */
void compare_run(const struct compare_input *input, struct differences *differences);
/* Two stories line by line: the first that differs. `what` and `span` as above, NULL source for
 * two runs. */
void compare_stories(const char *what, struct span span, struct redial_str expected,
                     struct redial_str got, struct differences *differences);

#endif
