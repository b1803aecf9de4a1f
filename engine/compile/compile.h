/* Links a model: names to indices, symbols numbered, backoff steps computed, matchers built,
 * variants checked. After this the policy is immutable. */
#ifndef REDIAL_COMPILE_COMPILE_H
#define REDIAL_COMPILE_COMPILE_H

#include "model/policy.h"

/* False when something is wrong; all of it is in `diags`: names that do not exist (with a
 * suggestion), fallback cycles, contradicting steps, rules that can never match because an earlier
 * one always does. */
bool compile_policy(struct redial_policy *policy, struct diag_list *diags);
/* Warnings that do not stop a policy, with codes, silenced by `lint: ignore`. */
void compile_lint(const struct redial_policy *policy, struct diag_list *diags);

#endif
