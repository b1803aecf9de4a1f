/* Policies for tests, from text in the test itself. */
#ifndef REDIAL_TESTS_POLICY_FROM_H
#define REDIAL_TESTS_POLICY_FROM_H

#include "base/environment.h"
#include "model/policy.h"

/* Loads `text` (without its `redial:`, `name:` and `uses:` lines, which are added) with the shipped
 * platforms file, or ends the test with the diagnostics. Release it with redial_policy_release. */
struct redial_policy *policy_from(const char *text);
/* The same where the environment says something. */
struct redial_policy *policy_from_in(const char *text, const struct redial_env *environment);

#endif
