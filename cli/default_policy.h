/* The policy of a command line that names none: this folder's, or else the installed one. */
#ifndef REDIAL_CLI_DEFAULT_POLICY_H
#define REDIAL_CLI_DEFAULT_POLICY_H

#include "base/arena.h"

#define DEFAULT_POLICY "policies/claude-code.yaml"

/* The path of DEFAULT_POLICY below the current folder; where there is none, below share/redial of
 * the place that this program is installed in. A literal or in the arena, which may be NULL (memory
 * is out). NULL when neither is there, with a sentence in `why` that names both. */
const char *default_policy(struct arena *arena, struct text *why);

#endif
