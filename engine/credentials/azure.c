/* Azure Foundry's credentials, from the environment: a key, and a token that something else has
 * obtained and keeps fresh. */
#include "credentials/links.h"

static enum flow_move begin_api_key(struct flow *flow)
{
    struct redial_str key = flow_env_secret(flow, "ANTHROPIC_FOUNDRY_API_KEY");
    if (key.len == 0) return flow_pass(flow, "it is not set");
    return flow_found(flow, &(struct credential){.form = CREDENTIAL_KEY,
                                                 .secret = key,
                                                 .expires_at = CREDENTIAL_NEVER});
}

static enum flow_move begin_auth_token(struct flow *flow)
{
    struct redial_str token = flow_env_secret(flow, "ANTHROPIC_FOUNDRY_AUTH_TOKEN");
    if (token.len == 0) return flow_pass(flow, "it is not set");
    return flow_found(flow, &(struct credential){.form = CREDENTIAL_BEARER,
                                                 .secret = token,
                                                 .expires_at = CREDENTIAL_NEVER});
}

static const struct source api_key_sources[] = {{"ANTHROPIC_FOUNDRY_API_KEY", begin_api_key}};
static const struct source chain_sources[] = {{"ANTHROPIC_FOUNDRY_AUTH_TOKEN", begin_auth_token}};

const struct link foundry_api_key_link = {api_key_sources, REDIAL_COUNT_OF(api_key_sources), 0, 0};
const struct link azure_chain_link = {chain_sources, REDIAL_COUNT_OF(chain_sources),
                                      5 * NS_PER_MINUTE, NS_PER_MINUTE};
