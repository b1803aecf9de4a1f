/* A policy with hooks, from the code of its Lua file. */
#ifndef REDIAL_TESTS_HOOK_POLICY_H
#define REDIAL_TESTS_HOOK_POLICY_H

#include "model/policy.h"

/* A small policy whose hooks are {file: hooks/test.lua, `keys`}; fails the test when it cannot be
 * loaded. */
struct redial_policy *hook_policy(const char *code, const char *keys);
/* The decision on a 429 that the policy backs off, and what went wrong in its hooks. */
struct redial_decision hook_engine_ask(struct redial_engine *engine, struct redial_str *error);
/* The same on an engine of its own. */
struct redial_decision hook_policy_ask(struct redial_policy *policy, struct redial_str *error);

#endif
