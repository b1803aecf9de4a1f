/* What Azure's issuers share: tokens, and which resources they are for. */
#ifndef REDIAL_SIMULATOR_AZURE_H
#define REDIAL_SIMULATOR_AZURE_H

#include "simulator/authority/parts.h"

/* A new token: a JWT to look at, whose signature nobody checks, for it is known by its text. NULL
 * when memory is out. */
const struct grant *azure_token(struct answer *answer, struct redial_str resource);
/* Whether tokens for such a resource open Foundry: "https://ai.azure.com" or
 * "https://cognitiveservices.azure.com", with or without a slash at its end. */
bool azure_serves(struct redial_str resource);

#endif
