/* AWS's credentials: the Bedrock API key, and the sources of the default chain in AWS's order. */
#include "credentials/links.h"

static enum flow_move begin_bearer(struct flow *flow)
{
    struct redial_str token = flow_env_secret(flow, "AWS_BEARER_TOKEN_BEDROCK");
    if (token.len == 0) return flow_pass(flow, "it is not set");
    return flow_found(flow, &(struct credential){.form = CREDENTIAL_BEARER,
                                                 .secret = token,
                                                 .expires_at = CREDENTIAL_NEVER});
}

static enum flow_move begin_environment(struct flow *flow)
{
    struct redial_str id = flow_env(flow, "AWS_ACCESS_KEY_ID");
    struct redial_str secret = flow_env_secret(flow, "AWS_SECRET_ACCESS_KEY");
    if (id.len == 0 && secret.len == 0)
        return flow_pass(flow, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
    if (id.len == 0 || secret.len == 0)
        return flow_pass(flow, "%s is set, but %s is not",
                         id.len ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                         id.len ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
    return flow_found(
        flow, &(struct credential){.form = CREDENTIAL_AWS,
                                   .access_key_id = id,
                                   .secret = secret,
                                   .session_token = flow_env_secret(flow, "AWS_SESSION_TOKEN"),
                                   .expires_at = CREDENTIAL_NEVER});
}

static const struct source bearer_sources[] = {{"AWS_BEARER_TOKEN_BEDROCK", begin_bearer}};
static const struct source chain_sources[] = {{"environment keys", begin_environment}};

const struct link aws_bearer_link = {bearer_sources, REDIAL_COUNT_OF(bearer_sources), 0, 0};
/* AWS's clients renew below 300 s. */
const struct link aws_chain_link = {chain_sources, REDIAL_COUNT_OF(chain_sources),
                                    5 * NS_PER_MINUTE, NS_PER_MINUTE};
