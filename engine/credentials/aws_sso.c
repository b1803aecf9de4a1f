/* Keys of IAM Identity Center: the token that `aws sso login` left in its cache is exchanged for
 * the keys of an account and a role. The browser's part is not ours: a token that has expired is
 * said so, with the command that renews it. */
#include <openssl/evp.h>

#include "credentials/aws.h"

static const struct aws_members members = {.id = "accessKeyId",
                                           .secret = "secretAccessKey",
                                           .token = "sessionToken",
                                           .expiration = "expiration",
                                           .needs_all = true,
                                           .in_milliseconds = true};

static enum flow_move fail_login(struct flow *flow, const struct aws_sso *sso, const char *what)
{
    return flow_fail(flow, "%s: run `aws sso login --profile %.*s`", what,
                     REDIAL_STR_ARG(sso->profile));
}

static enum flow_move read_keys(struct flow *flow, void *state, const struct errand_answer *answer)
{
    const struct aws_sso *sso = state;
    struct redial_str trouble = flow_trouble(flow, answer);
    if (answer->status == 401)
        return fail_login(flow, sso, "the SSO session is not accepted any more");
    const struct json *json = flow_json(flow, answer->body);
    if (trouble.len > 0) {
        struct redial_str said = json_text(json_at(json, "message"));
        struct redial_str message = flow_excerpt(flow, said.len > 0 ? said : answer->body);
        return flow_fail(flow, "the SSO portal: %.*s%.*s (account %.*s, role '%.*s')",
                         REDIAL_STR_ARG(trouble), REDIAL_STR_ARG(message),
                         REDIAL_STR_ARG(sso->account_id), REDIAL_STR_ARG(sso->role_name));
    }
    if (!json) {
        struct redial_str kind = aws_kind_of(flow, answer->body);
        return flow_fail(flow, "the SSO portal answered with %.*s", REDIAL_STR_ARG(kind));
    }
    return aws_found_json(flow, json_at(json, "roleCredentials"), &members, sso->profile_region,
                          "the SSO portal's answer");
}

static enum flow_move ask_keys(struct flow *flow, struct aws_sso *sso, struct redial_str token)
{
    struct text url = TEXT_INIT, query = TEXT_INIT;
    text_append(&url, aws_endpoint(flow, "AWS_ENDPOINT_URL_SSO", "portal.sso", sso->region));
    text_append(&url, REDIAL_STR("/federation/credentials?"));
    form_append(&query, "account_id", sso->account_id);
    form_append(&query, "role_name", sso->role_name);
    text_append(&url, text_str(&query));
    url.failed |= query.failed;
    text_clean_up(&query);
    struct http_request request =
        flow_request(flow, "GET", flow_settle(flow, &url), (struct redial_str){0});
    flow_header(flow, &request, "x-amz-sso_bearer_token", token);
    return flow_ask_http(flow, &request, FLOW_HTTP_TIMEOUT, read_keys, sso);
}

static enum flow_move read_cache(struct flow *flow, void *state, const struct errand_answer *answer)
{
    struct aws_sso *sso = state;
    struct redial_str trouble = flow_trouble(flow, answer);
    int64_t expires_at = 0;
    if (answer->missing) return fail_login(flow, sso, "nobody is logged in to SSO");
    if (trouble.len > 0)
        return flow_fail(flow, "the SSO cache '%.*s': %.*s", REDIAL_STR_ARG(flow->errand.path),
                         REDIAL_STR_ARG(trouble));
    const struct json *json = flow_json(flow, answer->body);
    struct redial_str token = json_text(json_at(json, "accessToken"));
    flow_secret(flow, token);
    if (token.len == 0 || !rfc3339_parse(json_text(json_at(json, "expiresAt")), &expires_at))
        return fail_login(flow, sso, "the SSO cache holds no accessToken with an expiresAt");
    if (expires_at <= flow->now) return fail_login(flow, sso, "the SSO session has expired");
    return ask_keys(flow, sso, token);
}

/* The file is named by the SHA-1 of the session's name, or of the start URL. */
static struct redial_str cache_path(struct flow *flow, struct redial_str name)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    size_t len = 0;
    struct text path = TEXT_INIT;
    if (!EVP_Q_digest(NULL, "SHA1", NULL, name.ptr, name.len, hash, &len))
        flow->out_of_memory = true;
    text_append(&path, REDIAL_STR("~/.aws/sso/cache/"));
    for (size_t i = 0; i < len; i++) text_printf(&path, "%02x", hash[i]);
    text_append(&path, REDIAL_STR(".json"));
    return flow_settle(flow, &path);
}

enum flow_move aws_sso_begin(struct flow *flow, const struct aws_sso *sso)
{
    struct aws_sso *own = ARENA_NEW(flow->arena, struct aws_sso);
    if (!own) return flow_fail_memory(flow);
    *own = *sso;
    return flow_ask_file(flow, cache_path(flow, sso->cache_name), read_cache, own);
}
