/* What a client is given to begin with: the secrets, the environment variables that carry them, and
 * the files that those name. */
#include "simulator/authority/jwt.h"
#include "simulator/authority/parts.h"

/* ---- The secrets */

/* How each of them begins and how many letters follow; what it opens at a platform, if anything. */
static const struct recipe {
    const char *stem;
    size_t length;
    bool opens;
    enum grant_kind kind;
    enum platform_kind platform;
} recipes[GIVEN_COUNT] = {
    [GIVEN_ANTHROPIC_KEY] = {"sk-ant-api03-canary-", 60, true, GRANT_KEY, PLATFORM_ANTHROPIC},
    [GIVEN_ANTHROPIC_TOKEN] = {"sk-ant-oat01-canary-", 60, true, GRANT_TOKEN, PLATFORM_ANTHROPIC},
    [GIVEN_ANTHROPIC_REFRESH] = {"sk-ant-ort01-canary-", 60, true, GRANT_REFRESH,
                                 PLATFORM_ANTHROPIC},
    [GIVEN_AWS_SECRET] = {"canary/", 33, false, GRANT_KEY, PLATFORM_BEDROCK},
    [GIVEN_AWS_BEARER] = {"ABSKcanary", 50, true, GRANT_KEY, PLATFORM_BEDROCK},
    [GIVEN_AWS_CONTAINER] = {"canary-container-", 40, false, GRANT_KEY, PLATFORM_BEDROCK},
    [GIVEN_AWS_SSO] = {"canary-sso-", 40, false, GRANT_KEY, PLATFORM_BEDROCK},
    [GIVEN_GOOGLE_REFRESH] = {"1//canary-", 50, false, GRANT_KEY, PLATFORM_VERTEX},
    [GIVEN_GOOGLE_CLIENT_SECRET] = {"GOCSPX-canary-", 24, false, GRANT_KEY, PLATFORM_VERTEX},
    [GIVEN_FOUNDRY_KEY] = {"canaryfoundry", 71, true, GRANT_KEY, PLATFORM_FOUNDRY},
    [GIVEN_FOUNDRY_TOKEN] = {"canary-azure-", 60, true, GRANT_TOKEN, PLATFORM_FOUNDRY},
    [GIVEN_AZURE_SECRET] = {"canary~", 33, false, GRANT_KEY, PLATFORM_FOUNDRY},
    [GIVEN_AZURE_HEADER] = {"canary-identity-", 36, false, GRANT_KEY, PLATFORM_FOUNDRY},
};

static bool open_with(struct authority *authority, const struct recipe *recipe,
                      struct redial_str text)
{
    struct grant grant = {text, .kind = recipe->kind, .platform = recipe->platform};
    bool lives = grant.kind == GRANT_TOKEN;

    grant.expires_at = lives && authority->options.token_life > 0 ? FROM_FIRST_USE : INT64_MAX;
    grant.requests_left = -1;
    if (lives && authority->options.token_requests > 0)
        grant.requests_left = authority->options.token_requests;
    return grant_begin_with(authority, &grant) != NULL;
}

static bool make_secrets(struct authority *authority)
{
    for (size_t i = 0; i < GIVEN_COUNT; i++) {
        const struct recipe *recipe = &recipes[i];
        if (!recipe->stem) continue;
        if (!secret_make(authority, recipe->stem, recipe->length, &authority->given[i]))
            return false;
        if (recipe->opens && !open_with(authority, recipe, authority->given[i])) return false;
    }
    return true;
}

/* The id of static keys is no secret, and looks like one: it is not kept among them. */
static bool make_signer(struct authority *authority)
{
    struct grant grant = {.kind = GRANT_SIGNER, .platform = PLATFORM_BEDROCK};

    if (!arena_copy(authority->arena, REDIAL_STR("AKIACANARY2345672345"), &grant.text))
        return false;
    authority->given[GIVEN_AWS_KEY_ID] = grant.text;
    grant.secret = authority->given[GIVEN_AWS_SECRET];
    grant.expires_at = INT64_MAX;
    grant.requests_left = -1;
    return grant_begin_with(authority, &grant) != NULL;
}

#define IDENTITY(audience)                                                                         \
    "{\"iss\":\"" IDENTITY_ISSUER "\",\"sub\":\"" IDENTITY_SUBJECT "\",\"aud\":\"" audience        \
    "\",\"iat\":1700000000,\"exp\":4102444800}"

/* Signed with a secret of the authority's own, which is no client's business. */
static bool make_identities(struct authority *authority)
{
    static const struct {
        enum given given;
        struct redial_str claims;
    } identities[] = {
        {GIVEN_ANTHROPIC_IDENTITY, REDIAL_STR_INIT(IDENTITY("https://api.anthropic.com"))},
        {GIVEN_AWS_IDENTITY, REDIAL_STR_INIT(IDENTITY("sts.amazonaws.com"))},
        {GIVEN_GOOGLE_IDENTITY, REDIAL_STR_INIT(IDENTITY(GOOGLE_AUDIENCE))},
        {GIVEN_AZURE_IDENTITY, REDIAL_STR_INIT(IDENTITY("api://AzureADTokenExchange"))},
    };
    for (size_t i = 0; i < REDIAL_COUNT_OF(identities); i++) {
        struct redial_str *token = &authority->given[identities[i].given];
        if (!authority_jwt_sign(authority->arena, identities[i].claims,
                                authority->given[GIVEN_NOTHING], token) ||
            !secret_keep(authority, *token))
            return false;
    }
    return true;
}

/* ---- The environment */

struct row {
    enum platform_kind platform;
    const char *way, *name, *file;
    /* What stands there; <n> is the n-th of `given`. */
    const char *value;
    enum given given[2];
};

#define OAUTH_PROFILE                                                                              \
    "{\"version\":\"1.0\",\"organization_id\":\"" ANTHROPIC_ORGANIZATION                           \
    "\",\"authentication\":{\"type\":\"user_oauth\",\"client_id\":\"" ANTHROPIC_CLIENT_ID "\"}}\n"
#define OAUTH_CREDENTIALS                                                                          \
    "{\"version\":\"1.0\",\"type\":\"oauth_token\",\"access_token\":\"<1>\","                      \
    "\"refresh_token\":\"<2>\"}\n"
/* AWS's shared configuration. The cache of SSO is named by the SHA-1 of the start URL. */
#define SSO_START "https://redial-canary.awsapps.com/start"
#define SSO_FILE  "home/.aws/sso/cache/5f79545e161c0bb1f7a36c1e1912161b4c61a2f4.json"
#define SSO_CONFIG                                                                                 \
    "[default]\nregion = " AWS_REGION "\nsso_start_url = " SSO_START "\nsso_region = " AWS_REGION  \
    "\nsso_account_id = " AWS_ACCOUNT "\nsso_role_name = " AWS_ROLE_NAME "\n"
#define ASSUME_CONFIG                                                                              \
    "[profile redial]\nregion = " AWS_REGION "\nrole_arn = " AWS_ROLE_ARN                          \
    "\nrole_session_name = redial\nsource_profile = keys\n\n[profile keys]\n"                      \
    "aws_access_key_id = <1>\naws_secret_access_key = <2>\n"
#define SSO_CACHE "{\"accessToken\":\"<1>\",\"expiresAt\":\"2099-12-31T00:00:00Z\"}\n"

/* clang-format off */
static const struct row rows[] = {
    {PLATFORM_ANTHROPIC, "key",        "ANTHROPIC_API_KEY",    "", "<1>", {GIVEN_ANTHROPIC_KEY}},
    {PLATFORM_ANTHROPIC, "bearer",     "ANTHROPIC_AUTH_TOKEN", "", "<1>", {GIVEN_ANTHROPIC_TOKEN}},
    {PLATFORM_ANTHROPIC, "oauth",      "ANTHROPIC_CONFIG_DIR", "anthropic/configs/default.json", OAUTH_PROFILE, {0}},
    {PLATFORM_ANTHROPIC, "oauth",      "ANTHROPIC_CONFIG_DIR", "anthropic/credentials/default.json", OAUTH_CREDENTIALS,
        {GIVEN_ANTHROPIC_TOKEN, GIVEN_ANTHROPIC_REFRESH}},
    {PLATFORM_ANTHROPIC, "federation", "ANTHROPIC_FEDERATION_RULE_ID",   "", ANTHROPIC_RULE, {0}},
    {PLATFORM_ANTHROPIC, "federation", "ANTHROPIC_ORGANIZATION_ID",      "", ANTHROPIC_ORGANIZATION, {0}},
    {PLATFORM_ANTHROPIC, "federation", "ANTHROPIC_SERVICE_ACCOUNT_ID",   "", ANTHROPIC_ACCOUNT, {0}},
    {PLATFORM_ANTHROPIC, "federation", "ANTHROPIC_IDENTITY_TOKEN_FILE",  "anthropic-identity-token", "<1>",
        {GIVEN_ANTHROPIC_IDENTITY}},

    {PLATFORM_BEDROCK,   "",           "AWS_REGION",               "", AWS_REGION, {0}},
    {PLATFORM_BEDROCK,   "keys",       "AWS_ACCESS_KEY_ID",        "", "<1>", {GIVEN_AWS_KEY_ID}},
    {PLATFORM_BEDROCK,   "keys",       "AWS_SECRET_ACCESS_KEY",    "", "<1>", {GIVEN_AWS_SECRET}},
    {PLATFORM_BEDROCK,   "bearer",     "AWS_BEARER_TOKEN_BEDROCK", "", "<1>", {GIVEN_AWS_BEARER}},
    {PLATFORM_BEDROCK,   "container",  "AWS_CONTAINER_AUTHORIZATION_TOKEN", "", "<1>", {GIVEN_AWS_CONTAINER}},
    {PLATFORM_BEDROCK,   "web identity", "AWS_ROLE_ARN",           "", AWS_ROLE_ARN, {0}},
    {PLATFORM_BEDROCK,   "web identity", "AWS_ROLE_SESSION_NAME",  "", "redial", {0}},
    {PLATFORM_BEDROCK,   "web identity", "AWS_WEB_IDENTITY_TOKEN_FILE", "aws-web-identity-token", "<1>", {GIVEN_AWS_IDENTITY}},
    {PLATFORM_BEDROCK,   "sso",        "HOME",                     SSO_FILE, SSO_CACHE, {GIVEN_AWS_SSO}},
    {PLATFORM_BEDROCK,   "sso",        "AWS_CONFIG_FILE",          "aws-sso-config", SSO_CONFIG, {0}},
    {PLATFORM_BEDROCK,   "assume role", "AWS_PROFILE",             "", "redial", {0}},
    {PLATFORM_BEDROCK,   "assume role", "AWS_CONFIG_FILE",         "aws-assume-role-config", ASSUME_CONFIG,
        {GIVEN_AWS_KEY_ID, GIVEN_AWS_SECRET}},
    {PLATFORM_BEDROCK,   "imds",       "AWS_EC2_METADATA_V1_DISABLED", "", "true", {0}},

    {PLATFORM_VERTEX,    "",           "ANTHROPIC_VERTEX_PROJECT_ID", "", GOOGLE_PROJECT, {0}},
    {PLATFORM_VERTEX,    "",           "CLOUD_ML_REGION",          "", "us-east5", {0}},
    {PLATFORM_VERTEX,    "metadata",   "METADATA_SERVER_DETECTION", "", "assume-present", {0}},

    {PLATFORM_FOUNDRY,   "key",        "ANTHROPIC_FOUNDRY_API_KEY", "", "<1>", {GIVEN_FOUNDRY_KEY}},
    {PLATFORM_FOUNDRY,   "bearer",     "ANTHROPIC_FOUNDRY_AUTH_TOKEN", "", "<1>", {GIVEN_FOUNDRY_TOKEN}},
    {PLATFORM_FOUNDRY,   "secret",     "AZURE_TENANT_ID",          "", AZURE_TENANT, {0}},
    {PLATFORM_FOUNDRY,   "secret",     "AZURE_CLIENT_ID",          "", AZURE_CLIENT, {0}},
    {PLATFORM_FOUNDRY,   "secret",     "AZURE_CLIENT_SECRET",      "", "<1>", {GIVEN_AZURE_SECRET}},
    {PLATFORM_FOUNDRY,   "certificate", "AZURE_TENANT_ID",         "", AZURE_TENANT, {0}},
    {PLATFORM_FOUNDRY,   "certificate", "AZURE_CLIENT_ID",         "", AZURE_CLIENT, {0}},
    {PLATFORM_FOUNDRY,   "workload identity", "AZURE_TENANT_ID",   "", AZURE_TENANT, {0}},
    {PLATFORM_FOUNDRY,   "workload identity", "AZURE_CLIENT_ID",   "", AZURE_CLIENT, {0}},
    {PLATFORM_FOUNDRY,   "workload identity", "AZURE_FEDERATED_TOKEN_FILE", "azure-identity-token", "<1>", {GIVEN_AZURE_IDENTITY}},
    {PLATFORM_FOUNDRY,   "imds",       "AZURE_TOKEN_CREDENTIALS",  "", "ManagedIdentityCredential", {0}},
    {PLATFORM_FOUNDRY,   "app service", "AZURE_TOKEN_CREDENTIALS", "", "ManagedIdentityCredential", {0}},
    {PLATFORM_FOUNDRY,   "app service", "IDENTITY_HEADER",         "", "<1>", {GIVEN_AZURE_HEADER}},
};
/* clang-format on */

#define GOOGLE_FILE "GOOGLE_APPLICATION_CREDENTIALS", "google-credentials.json"

static const struct made_row {
    enum platform_kind platform;
    enum authority_file made;
    const char *way, *name, *file;
} made_rows[] = {
    {PLATFORM_VERTEX, AUTHORITY_AUTHORISED_USER, "authorized user", GOOGLE_FILE},
    {PLATFORM_VERTEX, AUTHORITY_SERVICE_ACCOUNT, "service account", GOOGLE_FILE},
    {PLATFORM_VERTEX, AUTHORITY_IMPERSONATED, "impersonation", GOOGLE_FILE},
    {PLATFORM_VERTEX, AUTHORITY_EXTERNAL_ACCOUNT, "external account", GOOGLE_FILE},
    {PLATFORM_VERTEX, AUTHORITY_EXTERNAL_AWS, "aws identity", GOOGLE_FILE},
    {PLATFORM_FOUNDRY, AUTHORITY_CLIENT_CERTIFICATE, "certificate", "AZURE_CLIENT_CERTIFICATE_PATH",
     "azure-certificate.pem"},
};

#define ANY_ROWS (REDIAL_COUNT_OF(rows) + REDIAL_COUNT_OF(made_rows))

static bool fill(struct authority *authority, const struct row *row, struct redial_str *out)
{
    struct redial_str rest = str_of(row->value);
    struct text text = TEXT_INIT;
    bool done;

    for (size_t at; (at = str_find(rest, REDIAL_STR("<"))) != SIZE_MAX;) {
        size_t number = (size_t)(rest.ptr[at + 1] - '1');
        text_append(&text, str_take(rest, at));
        text_append(&text, authority->given[row->given[number]]);
        rest = str_skip(rest, at + 3);
    }
    text_append(&text, rest);
    done = !text.failed && arena_copy(authority->arena, text_str(&text), out);
    text_clean_up(&text);
    return done;
}

/* Row `i` of both tables. */
static struct made_row any_row(size_t i)
{
    if (i >= REDIAL_COUNT_OF(rows)) return made_rows[i - REDIAL_COUNT_OF(rows)];
    return (struct made_row){.platform = rows[i].platform, .way = rows[i].way};
}

static bool is_first_of_way(size_t index)
{
    struct made_row row = any_row(index);

    for (size_t i = 0; i < index; i++)
        if (any_row(i).platform == row.platform && str_is(str_of(any_row(i).way), row.way))
            return false;
    return row.way[0] != '\0';
}

void authority_list_ways(struct text *out)
{
    for (int platform = 0; platform < PLATFORM_KIND_COUNT; platform++) {
        const char *between = platform > 0 ? "; " : "";
        for (size_t i = 0; i < ANY_ROWS; i++) {
            if ((int)any_row(i).platform != platform || !is_first_of_way(i)) continue;
            text_printf(out, "%s%s", between, any_row(i).way);
            between = ", ";
        }
    }
}

bool authority_knows_way(struct redial_str way)
{
    for (size_t i = 0; i < ANY_ROWS; i++)
        if (way.len > 0 && str_is(way, any_row(i).way)) return true;
    return false;
}

static struct authority_secret *next_secret(struct authority *authority,
                                            enum platform_kind platform)
{
    return &authority->environment[platform][authority->environment_count[platform]++];
}

static bool make_environment(struct authority *authority)
{
    for (size_t i = 0; i < PLATFORM_KIND_COUNT; i++) {
        authority->environment[i] =
            ARENA_ARRAY(authority->arena, struct authority_secret, ANY_ROWS);
        if (!authority->environment[i]) return false;
    }
    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++) {
        const struct row *row = &rows[i];
        struct authority_secret *secret = next_secret(authority, row->platform);
        *secret = (struct authority_secret){
            .name = str_of(row->name), .file = str_of(row->file), .way = str_of(row->way)};
        if (!fill(authority, row, &secret->value)) return false;
    }
    for (size_t i = 0; i < REDIAL_COUNT_OF(made_rows); i++) {
        const struct made_row *row = &made_rows[i];
        *next_secret(authority, row->platform) = (struct authority_secret){
            .name = str_of(row->name),
            .file = str_of(row->file),
            .way = str_of(row->way),
            .made = row->made,
        };
    }
    return true;
}

bool given_make(struct authority *authority)
{
    /* GIVEN_NOTHING holds the secret that signs identity tokens: nobody is given it. */
    bool made = secret_make(authority, "canary-signs-", 43, &authority->given[GIVEN_NOTHING]) &&
                make_secrets(authority) && make_signer(authority) && make_identities(authority) &&
                make_environment(authority);

    authority->begun_secrets = authority->secret_count;
    return made;
}
