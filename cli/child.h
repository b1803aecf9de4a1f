/* Another program, run to its end: what it prints is collected, and it has a time to end in. */
#ifndef REDIAL_CLI_CHILD_H
#define REDIAL_CLI_CHILD_H

#include "base/str.h"

struct child {
    const char *const *argv;     /* argv[0] is looked up in PATH; ends with NULL */
    const char *const *settings; /* "NAME=value" on top of the environment; ends with NULL */
    struct redial_str input;     /* of its standard input */
    int64_t timeout;             /* ns for all of it; then it and its children are killed */
};

/* Appends its standard output to `out`. True when it ended with status 0. Else a sentence in `why`:
 * the last line of its standard error, or what kept it from running or ending. The process ignores
 * SIGPIPE (output_init): a program need not read its input. */
bool child_run(const struct child *child, struct text *out, struct text *why);

#endif
