/* Config, compile and lint joined, for those who collect diagnostics themselves (the simulator and
 * the command). */
#ifndef REDIAL_API_LOAD_H
#define REDIAL_API_LOAD_H

#include "base/diag.h"

struct redial_env;
struct redial_policy;

/* One reference is the caller's. NULL when anything is wrong: then `diags` has more errors than
 * before. Warnings are in `diags` too. */
struct redial_policy *policy_load(const char *path, const struct redial_env *environment,
                                  struct diag_list *diags);
/* The same from memory; both texts are copied. Files that it uses are found relative to `path`. */
struct redial_policy *policy_load_text(struct redial_str path, struct redial_str text,
                                       const struct redial_env *environment,
                                       struct diag_list *diags);

/* The end of a policy that nobody holds any more. */
void policy_destroy(const struct redial_policy *policy);

#endif
