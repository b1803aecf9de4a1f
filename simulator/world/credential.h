/* Simulated credentials: made from their generation, so that the fake can tell an old token from
 * the new one, and recognisable as canaries, so that a test can look for them wherever they must
 * not appear. */
#ifndef REDIAL_SIMULATOR_CREDENTIAL_H
#define REDIAL_SIMULATOR_CREDENTIAL_H

#include "model/policy.h"

#define SIMULATED_CREDENTIAL_SIZE 64

/* "canary-anthropic-token-0", with a NUL. */
void simulated_credential(enum platform_kind platform, uint32_t generation,
                          char out[SIMULATED_CREDENTIAL_SIZE]);
/* The generation of a presented credential; false when it is none of `platform`. */
bool simulated_credential_generation(enum platform_kind platform, struct redial_str presented,
                                     uint32_t *generation);

#endif
