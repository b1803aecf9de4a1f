/* Who signed a request: the one place that AWS platforms and AWS's own issuers ask. */
#ifndef REDIAL_SIMULATOR_SIGNER_H
#define REDIAL_SIMULATOR_SIGNER_H

#include "simulator/authority/parts.h"

enum signer_problem {
    SIGNER_GOOD,
    SIGNER_MISSING,    /* not signed at all */
    SIGNER_INCOMPLETE, /* the Authorization header lacks a part */
    SIGNER_UNKNOWN,    /* the key id or its session token is none that was given out */
    SIGNER_EXPIRED,
    SIGNER_MISMATCH,
    SIGNER_NO_MEMORY,
    SIGNER_PROBLEM_COUNT
};

/* Sets `grant` when GOOD, and otherwise `message`, as AWS says it, and the answer's `why`. */
enum signer_problem signer_find(struct answer *answer, const char *service, struct grant **grant,
                                struct redial_str *message);

#endif
