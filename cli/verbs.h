/* The verbs of the command, each in a file of its own. */
#ifndef REDIAL_CLI_VERBS_H
#define REDIAL_CLI_VERBS_H

#include "cli/args.h"
#include "cli/output.h"

extern const struct verb verb_audit, verb_call, verb_check, verb_explain, verb_fake, verb_replay,
    verb_run, verb_schema;

/* All verbs, in the order of the help; ends with NULL. */
extern const struct verb *const verbs[];

/* The whole command: what main does. Returns the exit status. */
int verbs_run(int argc, char *const argv[], struct output *output);

#endif
