/* Tokens of Microsoft Entra ID for an application: it proves itself by a secret, by a certificate
 * (RFC 7523 §2.2), or by the token of the cluster that it runs in. The tenant's OpenID document
 * says where tokens are.
 *
 * AZURE_AUTHORITY_HOST must be https, as Microsoft's libraries require; a server on this machine
 * may be plain http, so that tests can stand in for it. */
#include "base/base64.h"
#include "credentials/azure.h"
#include "credentials/jwt.h"
#include "credentials/secret_file.h"

#define AUTHORITY       "https://login.microsoftonline.com"
#define ASSERTION_LIFE  600 /* s */
#define JWT_BEARER_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

struct application {
    struct redial_str authority, tenant, client;
    struct redial_str secret;         /* environment secret */
    struct redial_str path, password; /* of the certificate; path of the token file */
    struct redial_str contents;       /* of the certificate file */
    struct redial_str token_url;
    flow_next_fn *read_file; /* NULL: the secret is all there is */
};

static const struct token_server entra = {REDIAL_STR_INIT("Microsoft Entra ID"), NULL};

/* ---- The question for a token */

static enum flow_move take_token(struct flow *flow, void *state, const struct errand_answer *answer)
{
    struct token_reply reply;
    enum flow_move move;
    (void)state;
    if (!token_taken(flow, answer, &entra, &reply, &move)) return move;
    return azure_found(flow, &reply);
}

static struct redial_str uuid(struct flow *flow)
{
    unsigned long long a = flow_random(flow), b = flow_random(flow);
    return flow_printf(flow, "%08llx-%04llx-4%03llx-%04llx-%012llx", a >> 32, a >> 16 & 0xffff,
                       a & 0xfff, 0x8000 | (b >> 48 & 0x3fff), b & 0xffffffffffff);
}

static enum flow_move post(struct flow *flow, const struct application *application,
                           const char *proof, struct redial_str value)
{
    struct text form = TEXT_INIT;
    form_append(&form, "client_id", application->client);
    form_append(&form, "scope", REDIAL_STR(AZURE_SCOPE));
    form_append(&form, "grant_type", REDIAL_STR("client_credentials"));
    form_append(&form, proof, value);
    if (application->read_file)
        form_append(&form, "client_assertion_type", REDIAL_STR(JWT_BEARER_TYPE));
    struct http_request request =
        flow_request(flow, "POST", application->token_url, flow_settle(flow, &form));
    flow_header(flow, &request, "content-type", REDIAL_STR("application/x-www-form-urlencoded"));
    flow_header(flow, &request, "accept", REDIAL_STR("application/json"));
    flow_header(flow, &request, "client-request-id", uuid(flow));
    return flow_ask_http(flow, &request, FLOW_HTTP_TIMEOUT, take_token, NULL);
}

/* ---- Proof by certificate */

static struct redial_str assertion_header(struct flow *flow, const struct signing_key *key)
{
    struct text header = TEXT_INIT;
    text_append(&header, REDIAL_STR("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"x5t\":\""));
    base64url_append(&header, signing_key_sha1(key));
    text_append(&header, REDIAL_STR("\",\"x5t#S256\":\""));
    base64url_append(&header, signing_key_sha256(key));
    text_append(&header, REDIAL_STR("\"}"));
    return flow_settle(flow, &header);
}

static struct redial_str assertion_claims(struct flow *flow, const struct application *application)
{
    long long now = flow->now / NS_PER_SECOND;
    struct redial_str id = uuid(flow);
    struct text claims = TEXT_INIT;
    text_append(&claims, REDIAL_STR("{\"aud\":"));
    text_append_json(&claims, application->token_url);
    text_append(&claims, REDIAL_STR(",\"iss\":"));
    text_append_json(&claims, application->client);
    text_append(&claims, REDIAL_STR(",\"sub\":"));
    text_append_json(&claims, application->client);
    text_printf(&claims, ",\"jti\":\"%.*s\",\"nbf\":%lld,\"iat\":%lld,\"exp\":%lld}",
                REDIAL_STR_ARG(id), now, now, now + ASSERTION_LIFE);
    return flow_settle(flow, &claims);
}

static enum flow_move post_signed(struct flow *flow, const struct application *application,
                                  const struct signing_key *key)
{
    struct text assertion = TEXT_INIT, ends = TEXT_INIT;
    if (signing_key_ends_at(key) <= flow->now) {
        rfc3339_format(signing_key_ends_at(key), &ends);
        struct redial_str when = flow_settle(flow, &ends);
        return flow_fail(flow,
                         "the certificate of %.*s ended at %.*s: issue a new one (or is the "
                         "clock of this machine right?)",
                         REDIAL_STR_ARG(application->path), REDIAL_STR_ARG(when));
    }
    bool right =
        jwt_sign(key, assertion_header(flow, key), assertion_claims(flow, application), &assertion);
    struct redial_str proof = flow_settle(flow, &assertion);
    if (!right && !flow->out_of_memory)
        return flow_fail(flow, "the private key of %.*s signs nothing",
                         REDIAL_STR_ARG(application->path));
    flow_secret(flow, proof);
    return post(flow, application, "client_assertion", proof);
}

static enum flow_move prove_by_certificate(struct flow *flow, const struct application *application)
{
    struct redial_str why;
    struct signing_key *key =
        signing_key_read_certified(application->contents, application->password, &why);
    if (!key)
        return flow_fail(flow, "the certificate file %.*s %.*s", REDIAL_STR_ARG(application->path),
                         REDIAL_STR_ARG(why));
    enum flow_move move = post_signed(flow, application, key);
    signing_key_destroy(key);
    return move;
}

/* ---- Where tokens are */

static enum flow_move go_on_at(struct flow *flow, struct application *application)
{
    if (application->contents.len > 0) return prove_by_certificate(flow, application);
    if (application->read_file)
        return post(flow, application, "client_assertion", application->secret);
    return post(flow, application, "client_secret", application->secret);
}

static enum flow_move take_discovery(struct flow *flow, void *state,
                                     const struct errand_answer *answer)
{
    struct application *application = state;
    struct token_reply reply = {0};
    enum token_verdict verdict = token_reply_judge(answer, flow->arena, &reply);
    if (verdict == TOKEN_LATER && flow->tries < TOKEN_TRIES_MAX)
        return flow_ask_again(flow, TOKEN_PAUSE << (flow->tries - 1));
    const struct json *root = verdict == TOKEN_GIVEN ? flow_json(flow, answer->body) : NULL;
    application->token_url = flow_copy(flow, json_text(json_at(root, "token_endpoint")));
    if (application->token_url.len > 0) return go_on_at(flow, application);
    if (verdict == TOKEN_GIVEN && !root) token_reply_not_json(answer, flow->arena, &reply);
    if (reply.why.len == 0) reply.why = REDIAL_STR("names no token_endpoint");
    return flow_fail(flow, "the OpenID document of tenant %.*s at %.*s %.*s",
                     REDIAL_STR_ARG(application->tenant), REDIAL_STR_ARG(application->authority),
                     REDIAL_STR_ARG(reply.why));
}

static enum flow_move discover(struct flow *flow, struct application *application)
{
    struct redial_str url =
        flow_printf(flow, "%.*s/%.*s/v2.0/.well-known/openid-configuration",
                    REDIAL_STR_ARG(application->authority), REDIAL_STR_ARG(application->tenant));
    struct http_request request = flow_request(flow, "GET", url, REDIAL_STR(""));
    flow_header(flow, &request, "accept", REDIAL_STR("application/json"));
    return flow_ask_http(flow, &request, FLOW_HTTP_TIMEOUT, take_discovery, application);
}

/* ---- What is needed of every application */

static bool is_tenant(struct redial_str tenant)
{
    for (size_t i = 0; i < tenant.len; i++) {
        char c = tenant.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '-' || c == '.'))
            return false;
    }
    return tenant.len > 0;
}

static enum flow_move begin(struct flow *flow, struct application *application)
{
    struct redial_str authority = flow_env(flow, "AZURE_AUTHORITY_HOST");
    struct url url;
    if (authority.len == 0) authority = REDIAL_STR(AUTHORITY);
    while (authority.len > 0 && authority.ptr[authority.len - 1] == '/') authority.len--;
    application->authority = authority;
    if (!is_tenant(application->tenant))
        return flow_fail(flow,
                         "AZURE_TENANT_ID is '%.*s', which is no tenant: expected an ID or a "
                         "domain",
                         REDIAL_STR_ARG(str_take(application->tenant, 60)));
    if (!url_split(authority, &url) || (url_is_plain(&url) && !url_is_loopback(&url)))
        return flow_fail(flow,
                         "AZURE_AUTHORITY_HOST is '%.*s': expected a URL that begins with "
                         "https://",
                         REDIAL_STR_ARG(str_take(authority, 120)));
    if (application->read_file)
        return flow_ask_file(flow, application->path, application->read_file, application);
    return discover(flow, application);
}

static const char *missing_id(const struct application *application)
{
    if (application->tenant.len == 0) return "AZURE_TENANT_ID";
    return application->client.len == 0 ? "AZURE_CLIENT_ID" : NULL;
}

static struct application *application_new(struct flow *flow)
{
    struct application *application = ARENA_NEW(flow->arena, struct application);
    if (!application) return NULL;
    application->tenant = flow_env(flow, "AZURE_TENANT_ID");
    application->client = flow_env(flow, "AZURE_CLIENT_ID");
    return application;
}

/* ---- Environment */

static enum flow_move read_certificate(struct flow *flow, void *state,
                                       const struct errand_answer *answer)
{
    struct application *application = state;
    struct redial_str contents;
    enum flow_move move;
    if (!secret_file_taken(flow, answer, application->path, "certificate file", &contents, &move))
        return move;
    application->contents = flow_copy(flow, contents);
    return discover(flow, application);
}

enum flow_move azure_begin_environment(struct flow *flow)
{
    struct redial_str secret = flow_env_secret(flow, "AZURE_CLIENT_SECRET");
    struct redial_str path = flow_env(flow, "AZURE_CLIENT_CERTIFICATE_PATH");
    const char *set = secret.len > 0 ? "AZURE_CLIENT_SECRET" : "AZURE_CLIENT_CERTIFICATE_PATH";
    enum flow_move move;
    if (!azure_wants(flow, AZURE_ENVIRONMENT, &move)) return move;
    if (secret.len == 0 && path.len == 0)
        return flow_pass(flow,
                         "neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set");
    struct application *application = application_new(flow);
    if (!application) return flow_fail_memory(flow);
    const char *missing = missing_id(application);
    if (missing) return flow_pass(flow, "%s is set, but %s is not", set, missing);
    application->secret = secret;
    flow_source(flow, "%s of Azure application %.*s",
                secret.len > 0 ? "client secret" : "certificate",
                REDIAL_STR_ARG(application->client));
    if (secret.len == 0) {
        application->path = path;
        application->password = flow_env_secret(flow, "AZURE_CLIENT_CERTIFICATE_PASSWORD");
        application->read_file = read_certificate;
    }
    return begin(flow, application);
}

/* ---- Workload identity */

static enum flow_move read_federated(struct flow *flow, void *state,
                                     const struct errand_answer *answer)
{
    struct application *application = state;
    enum flow_move move;
    if (!token_file_taken(flow, answer, application->path, "federated token file",
                          &application->secret, &move))
        return move;
    return discover(flow, application);
}

enum flow_move azure_begin_workload(struct flow *flow)
{
    struct redial_str path = flow_env(flow, "AZURE_FEDERATED_TOKEN_FILE");
    enum flow_move move;
    if (!azure_wants(flow, AZURE_WORKLOAD, &move)) return move;
    if (path.len == 0) return flow_pass(flow, "AZURE_FEDERATED_TOKEN_FILE is not set");
    struct application *application = application_new(flow);
    if (!application) return flow_fail_memory(flow);
    const char *missing = missing_id(application);
    if (missing)
        return flow_pass(flow, "AZURE_FEDERATED_TOKEN_FILE is set, but %s is not", missing);
    flow_source(flow, "workload identity of Azure application %.*s",
                REDIAL_STR_ARG(application->client));
    application->path = path;
    application->read_file = read_federated;
    return begin(flow, application);
}
