/* The smallest policy that requests can be built from: four platforms, one provider of each by the
 * same name, two models. For tests of what lies below the policy language. */
#ifndef REDIAL_TESTS_SMALL_POLICY_H
#define REDIAL_TESTS_SMALL_POLICY_H

#include "model/policy.h"

/* Static, and the same for all: change nothing in it. Platform k has index k, so has its provider.
 */
const struct redial_policy *small_policy(void);

#endif
