/* The port through which a decision asks the policy's own functions. Core knows nothing of the
 * language they are written in: whoever opens the file fills a struct hook_port and puts it into
 * policy.hooks.port; without one, nothing here is ever called.
 *
 * Every function is given the moment and answers with plain values that it has checked: a class
 * that exists, a candidate that was offered, a wait within bounds. Where a hook went wrong it says
 * so in moment->error and the answer is HOOK_SILENT. Thread-safe. */
#ifndef REDIAL_CORE_HOOKS_H
#define REDIAL_CORE_HOOKS_H

#include "model/policy.h"

/* What a hook may look at, and its chance. */
struct hook_moment {
    const struct redial_call *call;
    const struct redial_event *event; /* prepared */
    int64_t now;
    uint8_t class;           /* enum redial_class, as far as it is known */
    uint64_t *random;        /* the call's stream */
    uint16_t rule;           /* whose condition or step asks; NO_INDEX none */
    struct redial_str error; /* the first thing that went wrong, with file and line; lives as long
                                as the policy. Empty: nothing */
};

enum hook_answer {
    HOOK_SILENT,   /* nil: as if there were no hook */
    HOOK_ANSWERED, /* the out parameter says what */
};

#define HOOK_DELAY_MAX      (24 * NS_PER_HOUR) /* a hook that asks for more has miscounted */
#define HOOK_CANDIDATES_MAX 16u

/* What a step of `do` answered: a wait first, or the end of the call. */
struct hook_step {
    int64_t wait; /* ns */
    bool fail;
};

/* A prompt to be made shorter. */
struct hook_prompt {
    struct redial_str messages; /* JSON array */
    int64_t input_tokens;       /* what the platform counted, 0 unknown */
    int64_t excess;             /* tokens that must go, 0 unknown */
};

struct hooks;
struct hook_port {
    struct hooks *hooks;
    enum hook_answer (*classify)(struct hooks *hooks, struct hook_moment *moment,
                                 enum redial_class *class);
    enum hook_answer (*condition)(struct hooks *hooks, struct hook_moment *moment,
                                  uint16_t function, bool *holds);
    enum hook_answer (*delay)(struct hooks *hooks, struct hook_moment *moment, int64_t *delay);
    enum hook_answer (*step)(struct hooks *hooks, struct hook_moment *moment, uint16_t function,
                             struct hook_step *step);
    enum hook_answer (*choose)(struct hooks *hooks, struct hook_moment *moment,
                               const uint16_t *candidates, size_t count, size_t *chosen);
    enum hook_answer (*adapt)(struct hooks *hooks, struct hook_moment *moment, int64_t *max_tokens);
    /* For drivers: what the step `compact` does. Appends the shorter messages to `out`; false, with
     * the reason in moment->error (empty: the hook says that nothing can go). */
    bool (*compact)(struct hooks *hooks, struct hook_moment *moment,
                    const struct hook_prompt *prompt, struct text *out);
    void (*close)(struct hooks *hooks); /* with the policy */
};

/* Tokens by which a call's prompt exceeds what fits, as far as its last failure and the platform's
 * file tell; 0 unknown. For drivers. */
int64_t hooks_excess(const struct redial_call *call);

static inline bool hooks_have(const struct redial_policy *policy, enum hook_point point)
{
    return policy->hooks.port && policy->hooks.point[point] != NO_INDEX;
}

#endif
