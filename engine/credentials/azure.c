/* Azure Foundry's credentials: a token or a key of its own in the environment, or a token of
 * Microsoft Entra ID, found in the order of Azure's default chain. */
#include "credentials/azure.h"

#include "base/names.h"

/* ---- Foundry's own */

static enum flow_move begin_auth_token(struct flow *flow)
{
    struct redial_str token = flow_env_secret(flow, "ANTHROPIC_FOUNDRY_AUTH_TOKEN");
    if (token.len == 0) return flow_pass(flow, "it is not set");
    return flow_found(flow, &(struct credential){.form = CREDENTIAL_BEARER,
                                                 .secret = token,
                                                 .expires_at = CREDENTIAL_NEVER});
}

static enum flow_move begin_api_key(struct flow *flow)
{
    struct redial_str key = flow_env_secret(flow, "ANTHROPIC_FOUNDRY_API_KEY");
    if (key.len == 0) return flow_pass(flow, "it is not set");
    return flow_found(flow, &(struct credential){.form = CREDENTIAL_KEY,
                                                 .secret = key,
                                                 .expires_at = CREDENTIAL_NEVER});
}

/* ---- AZURE_TOKEN_CREDENTIALS */

#define BIT(source) (1u << AZURE_##source)

/* The words that the vendor's chain knows, and what is left of it; 0: not built here. */
static const struct name choice_rows[] = {
    {"prod", "what services have"},
    {"dev", "what people have"},
    {"EnvironmentCredential", "a client secret or certificate"},
    {"WorkloadIdentityCredential", "a token file of Kubernetes"},
    {"ManagedIdentityCredential", "the identity of the machine"},
    {"AzureCliCredential", "az login"},
    {"VisualStudioCodeCredential", "an editor's login"},
    {"AzurePowerShellCredential", "a shell's login"},
    {"AzureDeveloperCliCredential", "azd auth login"},
};
static const unsigned choice_sources[] = {
    BIT(ENVIRONMENT) | BIT(WORKLOAD) | BIT(MANAGED),
    BIT(CLI),
    BIT(ENVIRONMENT),
    BIT(WORKLOAD),
    BIT(MANAGED),
    BIT(CLI),
    0,
    0,
    0,
};
_Static_assert(REDIAL_COUNT_OF(choice_rows) == REDIAL_COUNT_OF(choice_sources),
               "one mask per word");
static const struct names choice_names = {"AZURE_TOKEN_CREDENTIALS", choice_rows,
                                          REDIAL_COUNT_OF(choice_rows)};

static int choice_of(struct redial_str word)
{
    for (size_t i = 0; i < choice_names.count; i++)
        if (str_eq_nocase(word, str_of(choice_rows[i].word))) return (int)i;
    return -1;
}

static enum flow_move unknown_choice(struct flow *flow, struct redial_str word)
{
    int closest = names_closest(&choice_names, word);
    struct text expected = TEXT_INIT;
    names_list(&choice_names, &expected);
    struct redial_str list = flow_settle(flow, &expected);
    if (closest >= 0)
        return flow_fail(flow, "AZURE_TOKEN_CREDENTIALS is '%.*s'; did you mean '%s'?",
                         REDIAL_STR_ARG(str_take(word, 60)), choice_rows[closest].word);
    return flow_fail(flow, "AZURE_TOKEN_CREDENTIALS is '%.*s'; expected %.*s",
                     REDIAL_STR_ARG(str_take(word, 60)), REDIAL_STR_ARG(list));
}

bool azure_wants(struct flow *flow, enum azure_source source, enum flow_move *move)
{
    struct redial_str word = str_trim(flow_env(flow, "AZURE_TOKEN_CREDENTIALS"));
    int choice = choice_of(word);
    if (word.len == 0) return true;
    if (choice >= 0 && choice_sources[choice] & 1u << source) return true;
    if (choice < 0)
        *move = unknown_choice(flow, word);
    else if (choice_sources[choice] == 0)
        *move = flow_fail(flow, "AZURE_TOKEN_CREDENTIALS is '%s', a login that cannot be used here",
                          choice_rows[choice].word);
    else
        *move = flow_pass(flow, "AZURE_TOKEN_CREDENTIALS is '%s'", choice_rows[choice].word);
    return false;
}

enum flow_move azure_found(struct flow *flow, const struct token_reply *reply)
{
    return flow_found(flow, &(struct credential){.form = CREDENTIAL_BEARER,
                                                 .secret = reply->token,
                                                 .expires_at = reply->expires_at,
                                                 .refreshable = true});
}

/* ---- Azure CLI: the login of the person at this machine */

#define CLI_TIMEOUT (30 * NS_PER_SECOND) /* a cold start of az takes many seconds */

/* What the vendor's chain calls unavailable is passed over: no az, no login, az is in trouble. */
static enum flow_move take_cli_token(struct flow *flow, void *state,
                                     const struct errand_answer *answer)
{
    struct token_reply reply;
    (void)state;
    if (answer->missing) return flow_pass(flow, "az is not installed");
    if (answer->failed.len > 0)
        return flow_pass(flow, "az did not answer: %.*s", REDIAL_STR_ARG(answer->failed));
    if (str_find(answer->errors, REDIAL_STR("az login")) != SIZE_MAX)
        return flow_pass(flow, "nobody is logged in: run `az login`");
    if (answer->exit_status != 0) {
        struct redial_str excerpt = flow_excerpt(flow, answer->errors);
        return flow_pass(flow, "az ended with exit status %d%.*s", answer->exit_status,
                         REDIAL_STR_ARG(excerpt));
    }
    if (token_reply_read(answer, flow->now, flow->arena, &reply) != TOKEN_GIVEN)
        return reply.why.len == 0 ? flow_fail_memory(flow)
                                  : flow_fail(flow, "az %.*s", REDIAL_STR_ARG(reply.why));
    return azure_found(flow, &reply);
}

static enum flow_move begin_cli(struct flow *flow)
{
    static const char *const argv[] = {"az",   "account",    "get-access-token", "--output",
                                       "json", "--resource", AZURE_RESOURCE,     NULL};
    enum flow_move move;
    if (!azure_wants(flow, AZURE_CLI, &move)) return move;
    return flow_ask_command(flow, REDIAL_STR(""), argv, CLI_TIMEOUT, take_cli_token, NULL);
}

/* ---- The links */

static const struct source foundry_sources[] = {
    {"ANTHROPIC_FOUNDRY_AUTH_TOKEN", begin_auth_token},
    {"ANTHROPIC_FOUNDRY_API_KEY", begin_api_key},
};
static const struct source chain_sources[] = {
    [AZURE_ENVIRONMENT] = {"Azure environment", azure_begin_environment},
    [AZURE_WORKLOAD] = {"Azure workload identity", azure_begin_workload},
    [AZURE_MANAGED] = {"Azure managed identity", azure_begin_managed},
    [AZURE_CLI] = {"Azure CLI", begin_cli},
};

const struct link foundry_api_key_link = {foundry_sources, REDIAL_COUNT_OF(foundry_sources), 0, 0};
/* Microsoft's libraries renew when less than five minutes are left. */
const struct link azure_chain_link = {chain_sources, REDIAL_COUNT_OF(chain_sources),
                                      5 * NS_PER_MINUTE, NS_PER_MINUTE};
