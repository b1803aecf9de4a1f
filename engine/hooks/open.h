/* Opening the Lua file of a policy. */
#ifndef REDIAL_HOOKS_OPEN_H
#define REDIAL_HOOKS_OPEN_H

#include "model/policy.h"

/* Reads the file that the policy's hooks name, once, in a sandbox, and checks that every function
 * the policy names is there; fills policy->hooks.port. True at once for a policy without hooks.
 * False when anything is wrong, explained in `diags`; then the port is NULL. */
bool hooks_open(struct redial_policy *policy, struct diag_list *diags);

#endif
