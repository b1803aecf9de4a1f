/* The states of one policy and what went wrong in them. Private to hooks. */
#ifndef REDIAL_HOOKS_POOL_H
#define REDIAL_HOOKS_POOL_H

#include <stdatomic.h>

#include "hooks/state.h"

#define POOL_STATES_MAX 64 /* kept; more threads than that make and drop their own */
#define POOL_ERRORS_MAX 64 /* different texts; a hook that says more has said enough */

struct hook_error {
    struct hook_error *next;
    size_t len;
    char text[];
};

struct hooks {
    const struct redial_policy *policy;
    _Atomic(struct hook_state *) states[POOL_STATES_MAX];
    _Atomic(struct hook_error *) errors;
    _Atomic size_t error_count;
    struct hook_port port;
};

/* A state of one's own until it is given back; never waits. NULL when memory is out. */
struct hook_state *pool_take(struct hooks *hooks);
void pool_give(struct hooks *hooks, struct hook_state *state);
/* The same text for as long as the policy lives, so that decisions may point to it. */
struct redial_str pool_keep_error(struct hooks *hooks, const char *text);
void pool_clean_up(struct hooks *hooks);

#endif
