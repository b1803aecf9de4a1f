/* How long to wait: hint, else backoff with jitter. */
#ifndef REDIAL_CORE_BACKOFF_H
#define REDIAL_CORE_BACKOFF_H

#include "model/policy.h"

struct backoff_input {
    const struct redial_hint *hints; /* of the failure */
    int32_t number;                  /* of this wait in the leg, from 1 */
    int64_t last_wait;               /* ns, 0 none yet */
    uint64_t last_draw;              /* `drawn` of the last wait: decorrelated_v2 goes on from it */
    int64_t now;
    uint64_t *random;
    uint64_t fixed_random; /* as in struct redial_call_options */
};

struct backoff_wait {
    int64_t delay; /* ns */
    int64_t base,
        jitter; /* BACKOFF and HINT_IGNORED: capped base, and what jitter and a late cap changed */
    int64_t hint;   /* what the server asked for, 0 none */
    uint64_t drawn; /* decorrelated_v2: the chance in it, 0..2^32 */
    uint8_t header; /* which hint header, REDIAL_HINTS_MAX none */
    enum redial_wait_kind kind;
    bool too_long; /* the hint is above its bound, and the policy says give_up or fallback: no wait
                    */
    bool vetoed;   /* the hint forbids the retry: no wait */
};

struct backoff_wait backoff_wait(const struct backoff *backoff, const struct backoff_input *input);

#endif
