/* Features and residency as a call may name them: in a policy's `call`, and in a scenario's. */
#ifndef REDIAL_CONFIG_FEATURES_H
#define REDIAL_CONFIG_FEATURES_H

#include "config/keys.h"
#include "model/policy.h"

read_fn read_feature_set; /* struct feature_set: a list of features */
read_fn read_residency;   /* struct residency: a list of globs */

#endif
