#include "simulator/authority/authority.h"

#include <stdlib.h>

#include "base/names.h"
#include "base/random.h"
#include "simulator/authority/keys.h"
#include "simulator/authority/parts.h"

/* ---- One table of issuers */

static const struct name issuer_words[ISSUER_COUNT] = {
    [ISSUER_ANTHROPIC] = {"anthropic-oauth", "Anthropic's OAuth token endpoint"},
    [ISSUER_AWS_STS] = {"aws-sts", "AWS Security Token Service"},
    [ISSUER_AWS_SSO] = {"aws-sso", "AWS SSO portal"},
    [ISSUER_AWS_IMDS] = {"aws-imds", "EC2 instance metadata, version 2"},
    [ISSUER_AWS_CONTAINER] = {"aws-container", "ECS and EKS container credentials"},
    [ISSUER_GOOGLE_TOKEN] = {"google-token", "Google's OAuth token endpoint"},
    [ISSUER_GOOGLE_METADATA] = {"google-metadata", "Google's metadata server"},
    [ISSUER_AZURE_AUTHORITY] = {"azure-authority", "Microsoft Entra ID"},
    [ISSUER_AZURE_IMDS] = {"azure-imds", "Azure instance metadata"},
    [ISSUER_AZURE_APP_SERVICE] = {"azure-app-service", "App Service managed identity"},
};
const struct names issuer_names = {"issuer", issuer_words, ISSUER_COUNT};

static const struct served {
    struct redial_str begins, ends; /* of the path; both must hold */
    bool whole;                     /* `begins` is the whole path, a '/' at its end aside */
    struct redial_str path;         /* what a variable ends in */
    issuer_fn *answer;
} served[ISSUER_COUNT] = {
#define TEXT(literal) REDIAL_STR_INIT(literal)
    [ISSUER_ANTHROPIC] = {TEXT("/v1/oauth/token"), TEXT(""), true, TEXT(""), issue_anthropic},
    [ISSUER_AWS_STS] = {TEXT("/"), TEXT(""), true, TEXT(""), issue_aws_sts},
    [ISSUER_AWS_SSO] = {TEXT("/federation/credentials"), TEXT(""), true, TEXT(""), issue_aws_sso},
    [ISSUER_AWS_IMDS] = {TEXT("/latest/"), TEXT(""), false, TEXT(""), issue_aws_imds},
    [ISSUER_AWS_CONTAINER] = {TEXT("/v2/credentials/"), TEXT(""), false,
                              TEXT("/v2/credentials/redial"), issue_aws_container},
    [ISSUER_GOOGLE_TOKEN] = {TEXT("/token"), TEXT(""), true, TEXT(""), issue_google_token},
    [ISSUER_GOOGLE_METADATA] = {TEXT("/computeMetadata/"), TEXT(""), false, TEXT(""),
                                issue_google_metadata},
    [ISSUER_AZURE_AUTHORITY] = {TEXT("/"), TEXT("/v2.0/.well-known/openid-configuration"), false,
                                TEXT(""), issue_azure_authority},
    [ISSUER_AZURE_IMDS] = {TEXT("/metadata/identity/oauth2/token"), TEXT(""), true, TEXT(""),
                           issue_azure_imds},
    [ISSUER_AZURE_APP_SERVICE] = {TEXT("/msi/token"), TEXT(""), true, TEXT("/msi/token"),
                                  issue_azure_app_service},
#undef TEXT
};

bool authority_serves(enum issuer issuer, struct redial_str target)
{
    struct authority_request request = {.target = target};
    struct redial_str path = request_path(&request);
    const struct served *row = &served[issuer];

    if (issuer == ISSUER_AZURE_AUTHORITY && str_ends_with(path, REDIAL_STR("/oauth2/v2.0/token")))
        return true;
    if (issuer == ISSUER_GOOGLE_TOKEN &&
        (str_is(path, "/v1/token") || str_is(path, GOOGLE_IDENTITY_PATH) ||
         str_ends_with(path, REDIAL_STR(":generateAccessToken"))))
        return true;
    if (!row->whole) return str_starts_with(path, row->begins) && str_ends_with(path, row->ends);
    if (path.len > 1 && path.ptr[path.len - 1] == '/') path.len--;
    return str_eq(path, row->begins);
}

struct redial_str authority_path(enum issuer issuer)
{
    return served[issuer].path;
}

bool authority_answer(struct authority *authority, enum issuer issuer,
                      const struct authority_request *request, struct redial_str base_url,
                      int64_t now, struct arena *arena, struct authority_reply *reply)
{
    struct answer answer = {authority, request, base_url, now, arena, reply, NULL};

    *reply = (struct authority_reply){0};
    return served[issuer].answer(&answer);
}

/* ---- Its life */

struct authority *authority_new(const struct authority_options *options)
{
    struct authority *authority = calloc(1, sizeof *authority);

    if (!authority) return NULL;
    authority->options = *options;
    authority->random = random_fork(options->seed, 0xa07);
    for (size_t i = 0; i < PLATFORM_KIND_COUNT; i++)
        authority->issued[i].expired_to = authority->issued[i].revoked_to = -1;
    authority->arena = arena_new();
    if (authority->arena && given_make(authority)) return authority;
    authority_destroy(authority);
    return NULL;
}

void authority_destroy(struct authority *authority)
{
    if (!authority) return;
    rsa_key_destroy(authority->rsa);
    grants_clean_up(authority);
    arena_destroy(authority->arena);
    free(authority);
}

size_t authority_environment(const struct authority *authority, enum platform_kind platform,
                             const struct authority_secret **list)
{
    *list = authority->environment[platform];
    return authority->environment_count[platform];
}

void authority_expire(struct authority *authority, enum platform_kind platform, uint32_t generation,
                      bool revoked)
{
    struct issued *issued = &authority->issued[platform];
    int64_t *to = revoked ? &issued->revoked_to : &issued->expired_to;

    if (*to < generation) *to = generation;
}

bool authority_gave(const struct authority *authority, struct redial_str credential)
{
    bool gave = grant_find(authority, credential) != NULL;

    for (size_t i = 0; i < authority->begun_secrets && !gave; i++)
        gave = str_eq(authority->secrets[i], credential);
    return gave;
}

/* Whatever is given out later holds the word canary; of what is there to begin with, a few do not.
 */
size_t authority_secrets_in(const struct authority *authority, struct redial_str text,
                            struct redial_str *found, size_t room)
{
    bool marked = str_find(text, REDIAL_STR("canary")) != SIZE_MAX;
    size_t looked_at = marked ? authority->secret_count : authority->begun_secrets, count = 0;

    for (size_t i = 0; i < looked_at && count < room; i++) {
        struct redial_str secret = authority->secrets[i];
        if (secret.len > 0 && str_find(text, secret) != SIZE_MAX) found[count++] = secret;
    }
    return count;
}

size_t authority_secret_count(const struct authority *authority)
{
    return authority->secret_count;
}

struct redial_str authority_secret_at(const struct authority *authority, size_t index)
{
    return authority->secrets[index];
}
