/* Keys from the container's own endpoint (ECS, EKS Pod Identity): asked at an address that the
 * environment names, with a token where it names one. */
#include "credentials/aws.h"

#define CONTAINER_TIMEOUT NS_PER_SECOND
#define CONTAINER_PAUSE   NS_PER_SECOND
#define CONTAINER_TRIES   4u /* three retries */
#define ECS_HOST          "http://169.254.170.2"

static const struct aws_members members = {.id = "AccessKeyId",
                                           .secret = "SecretAccessKey",
                                           .token = "Token",
                                           .expiration = "Expiration",
                                           .needs_all = true};

/* Asking again can help: no answer, a server's own trouble, or an answer that was cut. */
static bool may_recover(const struct errand_answer *answer, const struct json *json)
{
    bool refused = answer->status >= 400 && answer->status < 500 && answer->status != 429;
    return answer->failed.len > 0 || (!json && !refused);
}

static enum flow_move read_keys(struct flow *flow, void *state, const struct errand_answer *answer)
{
    struct redial_str trouble = flow_trouble(flow, answer);
    const struct json *json = trouble.len == 0 ? flow_json(flow, answer->body) : NULL;
    (void)state;
    if (may_recover(answer, json) && flow->tries < CONTAINER_TRIES)
        return flow_ask_again(flow, CONTAINER_PAUSE);
    if (trouble.len > 0) {
        struct redial_str body = flow_excerpt(flow, answer->body);
        return flow_fail(flow, "%.*s%.*s (%u tries)", REDIAL_STR_ARG(trouble), REDIAL_STR_ARG(body),
                         flow->tries);
    }
    if (!json) {
        struct redial_str kind = aws_kind_of(flow, answer->body);
        return flow_fail(flow, "it answered with %.*s (%u tries)", REDIAL_STR_ARG(kind),
                         flow->tries);
    }
    return aws_found_json(flow, json, &members, (struct redial_str){0}, "its answer");
}

static enum flow_move ask_keys(struct flow *flow, struct redial_str url, struct redial_str token)
{
    struct http_request request = flow_request(flow, "GET", url, (struct redial_str){0});
    flow_header(flow, &request, "accept", REDIAL_STR("application/json"));
    if (token.len > 0) flow_header(flow, &request, "authorization", token);
    return flow_ask_http(flow, &request, CONTAINER_TIMEOUT, read_keys, NULL);
}

static enum flow_move read_token(struct flow *flow, void *state, const struct errand_answer *answer)
{
    const struct redial_str *url = state;
    struct redial_str trouble = flow_trouble(flow, answer);
    struct redial_str token = flow_copy(flow, str_trim(answer->body));
    flow_secret(flow, token);
    if (trouble.len > 0)
        return flow_fail(flow, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE '%.*s': %.*s",
                         REDIAL_STR_ARG(flow->errand.path), REDIAL_STR_ARG(trouble));
    if (token.len == 0)
        return flow_fail(flow, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE '%.*s' is empty",
                         REDIAL_STR_ARG(flow->errand.path));
    return ask_keys(flow, *url, token);
}

/* AWS allows plain http to the machine itself and to the two endpoints it documents. */
static bool may_be_asked(struct redial_str text)
{
    static const char *const hosts[] = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};
    struct url url;
    if (!url_split(text, &url) || !url_is_plain(&url) || url_is_loopback(&url)) return true;
    for (size_t i = 0; i < REDIAL_COUNT_OF(hosts); i++)
        if (str_eq_nocase(url.host, str_of(hosts[i]))) return true;
    return false;
}

static struct redial_str container_url(struct flow *flow)
{
    struct redial_str relative = flow_env(flow, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    if (relative.len == 0) return flow_env(flow, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    bool slash = relative.ptr[0] == '/';
    return flow_printf(flow, ECS_HOST "%s%.*s", slash ? "" : "/", REDIAL_STR_ARG(relative));
}

enum flow_move aws_container_begin(struct flow *flow)
{
    struct redial_str file = flow_env(flow, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    struct redial_str *url = ARENA_NEW(flow->arena, struct redial_str);
    struct url parts;
    if (!url) return flow_fail_memory(flow);
    *url = container_url(flow);
    if (url->len == 0)
        return flow_pass(flow, "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
                               "AWS_CONTAINER_CREDENTIALS_FULL_URI is set");
    if (url_split(*url, &parts))
        flow_source(flow, "container credentials at %.*s", REDIAL_STR_ARG(parts.authority));
    if (!may_be_asked(*url))
        return flow_fail(flow, "AWS_CONTAINER_CREDENTIALS_FULL_URI: plain http is allowed to "
                               "loopback, 169.254.170.2, 169.254.170.23 and [fd00:ec2::23] alone");
    if (file.len > 0) return flow_ask_file(flow, file, read_token, url);
    return ask_keys(flow, *url, flow_env_secret(flow, "AWS_CONTAINER_AUTHORIZATION_TOKEN"));
}
