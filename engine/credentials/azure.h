/* What Azure's sources share. The order is that of Azure's own default chain, less the credentials
 * of editors and shells that only people at a keyboard have: environment, workload identity,
 * managed identity, Azure CLI. AZURE_TOKEN_CREDENTIALS narrows it, as there. */
#ifndef REDIAL_CREDENTIALS_AZURE_H
#define REDIAL_CREDENTIALS_AZURE_H

#include "credentials/links.h"
#include "credentials/token_reply.h"

/* What tokens are for: Foundry. As a scope of Entra ID, as a resource of the other sources. */
#define AZURE_RESOURCE "https://ai.azure.com"
#define AZURE_SCOPE    AZURE_RESOURCE "/.default"

enum azure_source {
    AZURE_ENVIRONMENT,
    AZURE_WORKLOAD,
    AZURE_MANAGED,
    AZURE_CLI,
    AZURE_SOURCE_COUNT
};

/* Whether AZURE_TOKEN_CREDENTIALS leaves this source in. False: `*move` is what `begin` returns. */
bool azure_wants(struct flow *flow, enum azure_source source, enum flow_move *move) REDIAL_MUST_USE;

enum flow_move azure_found(struct flow *flow, const struct token_reply *reply) REDIAL_MUST_USE;

enum flow_move azure_begin_environment(struct flow *flow); /* azure_entra.c */
enum flow_move azure_begin_workload(struct flow *flow);
enum flow_move azure_begin_managed(struct flow *flow); /* azure_managed.c */

#endif
