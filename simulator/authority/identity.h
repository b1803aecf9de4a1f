/* Identity tokens that buy credentials: Anthropic's federation, AWS's web identity, Azure's
 * federated credential. */
#ifndef REDIAL_SIMULATOR_IDENTITY_H
#define REDIAL_SIMULATOR_IDENTITY_H

#include "simulator/authority/parts.h"

enum identity_fault {
    IDENTITY_GOOD,
    IDENTITY_MALFORMED,
    IDENTITY_FOREIGN,    /* another issuer's: nobody here can check it */
    IDENTITY_FORGED,     /* the signature is wrong */
    IDENTITY_EXPIRED,    /* or not yet valid */
    IDENTITY_FOR_OTHERS, /* its audience is another */
};

/* A token that is no JWT is a plain one, of somebody who tests without an issuer of identities: it
 * is good unless it is empty. */
enum identity_fault identity_check(struct answer *answer, struct redial_str token,
                                   const char *audience);

#endif
