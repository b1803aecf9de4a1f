/* Environment values from a given list, or from the process when the list is NULL. */
#ifndef REDIAL_BASE_ENVIRONMENT_H
#define REDIAL_BASE_ENVIRONMENT_H

#include "base/str.h"

struct redial_env;

/* The value of `name`; empty when it is unset or empty, which are the same here. */
struct redial_str environment_get(const struct redial_env *environment, struct redial_str name);

#endif
