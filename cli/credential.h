/* Which credential a provider would be called with, as far as this machine knows without asking
 * anybody. */
#ifndef REDIAL_CLI_CREDENTIAL_H
#define REDIAL_CLI_CREDENTIAL_H

#include "audit/setup.h"

/* Runs the provider's chain (credentials/chain.h): the environment and files are read for real;
 * a request, a command or a write is not made, and the search ends there, saying what would be
 * asked. */
setup_credential_fn credential_look;

#endif
