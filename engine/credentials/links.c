/* One row per link: the word of `credentials:` in a platform, what it stands for, and its sources.
 */
#include "credentials/links.h"

#include "base/names.h"

static const struct name rows[] = {
    {"anthropic_api_key", "the key in ANTHROPIC_API_KEY"},
    {"anthropic_oauth", "Anthropic's bearer tokens: ANTHROPIC_AUTH_TOKEN, OAuth, federation"},
    {"aws_bearer", "the Bedrock API key in AWS_BEARER_TOKEN_BEDROCK"},
    {"aws_chain", "AWS's default chain: environment, shared files, web identity, container, IMDS"},
    {"google_adc", "Google's application default credentials: files, then the metadata server"},
    {"foundry_api_key", "the key in ANTHROPIC_FOUNDRY_API_KEY"},
    {"azure_chain", "Microsoft Entra ID tokens, in the order of Azure's default chain"},
};

static const struct link *const links[] = {
    &anthropic_api_key_link, &anthropic_oauth_link, &aws_bearer_link,  &aws_chain_link,
    &google_adc_link,        &foundry_api_key_link, &azure_chain_link,
};

_Static_assert(REDIAL_COUNT_OF(rows) == REDIAL_COUNT_OF(links), "one name per link");

const struct names link_names = {"credential", rows, REDIAL_COUNT_OF(rows)};

const struct link *link_at(size_t row)
{
    return links[row];
}
