/* Config, compile and lint joined, for those who collect diagnostics themselves (the simulator and
 * the command). */
#ifndef REDIAL_API_LOAD_H
#define REDIAL_API_LOAD_H

#include "base/diag.h"

struct redial_env;
struct redial_policy;

/* One reference is the caller's. NULL when there are errors, explained in `diags`. Warnings are in
 * `diags` too. */
struct redial_policy *policy_load(const char *path, const struct redial_env *environment,
                                  struct diag_list *diags);

#endif
