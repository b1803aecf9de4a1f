/* Makes a model that was read ready for use: waits computed, fallbacks checked, matchers built.
 * After this the policy is immutable. */
#ifndef REDIAL_COMPILE_COMPILE_H
#define REDIAL_COMPILE_COMPILE_H

#include "model/policy.h"

/* False when something is wrong; all of it is in `diags`: fallbacks that form a cycle, more
 * models in fallbacks than a call can remember, memory out. */
bool compile_policy(struct redial_policy *policy, struct diag_list *diags);
/* Warnings that do not stop a policy, with codes, silenced by `lint: ignore`. For a policy that
 * compile_policy was content with. */
void compile_lint(const struct redial_policy *policy, struct diag_list *diags);
/* The same for rules of the plain policy that were not reached, `reached[i]` for rule i. */
void compile_lint_reach(const struct redial_policy *policy, const bool reached[],
                        struct diag_list *diags);
/* The codes, each with the sentence that explains it. */
extern const struct names lint_codes;

#endif
