/* Which rules of a policy the scenarios of a folder come to. */
#ifndef REDIAL_SIMULATOR_REACH_H
#define REDIAL_SIMULATOR_REACH_H

#include "model/policy.h"

/* Plays every scenario of `folder` that names this policy's file, on the virtual clock, and sets
 * reached[i] for each rule i that decided a failure there. Scenarios that are wrong reach nothing:
 * replay tells what is wrong with them. False, with a sentence in `why` (static, or in `arena`),
 * when the folder cannot be read, no scenario in it names the policy, or memory is out. */
bool reach_rules(const struct redial_policy *policy, const char *folder, struct arena *arena,
                 bool reached[], struct redial_str *why);

#endif
