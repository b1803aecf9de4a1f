/* Names of the command line that a policy must have. What it does not have is said with what it
 * has, or with what was perhaps meant. */
#ifndef REDIAL_CLI_KNOWN_H
#define REDIAL_CLI_KNOWN_H

#include "model/policy.h"

/* NO_INDEX after appending a sentence to `why`. */
uint16_t known_provider(const struct redial_policy *policy, struct redial_str name,
                        struct text *why);
/* False after appending one. A model that no file names may exist all the same; one that no
 * platform can know is a slip. */
bool known_model(const struct redial_policy *policy, uint16_t provider, struct redial_str name,
                 struct text *why);

#endif
