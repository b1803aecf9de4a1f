/* Keys from EC2's instance metadata service: a session token (version 2), the name of the
 * instance's role, its keys. It is nobody's configuration, so a service that does not answer is
 * passed over. Keys that it could not renew in time serve on (static stability): Amazon's services
 * accept them. */
#include "base/random.h"
#include "credentials/aws.h"

#define IMDS_TIMEOUT   NS_PER_SECOND
#define IMDS_ROLES     "/latest/meta-data/iam/security-credentials/"
#define IMDS_EXTEND    (5 * NS_PER_MINUTE) /* and up to as much again, so that not all ask at once */
#define ROLE_BYTES_MAX 128u                /* IAM allows 64 */

static const struct aws_members members = {.id = "AccessKeyId",
                                           .secret = "SecretAccessKey",
                                           .token = "Token",
                                           .expiration = "Expiration",
                                           .needs_all = true};

struct imds {
    struct redial_str endpoint, token; /* the token may be empty: version 1 */
    struct redial_str role;
};

/* ---- Static stability */

static int64_t extended(struct flow *flow)
{
    int64_t more = (int64_t)(flow_random(flow) % (uint64_t)IMDS_EXTEND);
    return duration_add(flow->now, IMDS_EXTEND + more);
}

static enum flow_move found_extended(struct flow *flow, const struct credential *keys,
                                     const char *why)
{
    struct credential longer = *keys;
    longer.expires_at = extended(flow);
    flow_warn(flow, "%s: the instance's keys are used beyond their end for some minutes", why);
    return flow_found(flow, &longer);
}

/* What was found before serves on when the service is in trouble; else `passes` says whether other
 * sources may be asked. */
static enum flow_move give_up(struct flow *flow, bool passes, struct redial_str why)
{
    const struct credential *before = flow_previous(flow, flow->source);
    if (before && !flow->anew && !flow->frames)
        return found_extended(flow, before, "the metadata service did not renew the keys");
    if (passes) return flow_pass(flow, "%.*s", REDIAL_STR_ARG(why));
    return flow_fail(flow, "%.*s", REDIAL_STR_ARG(why));
}

/* ---- Keys */

static bool is_expired(struct flow *flow, const struct json *json)
{
    int64_t expires_at = INT64_MAX;
    bool dated = rfc3339_parse(json_text(json_at(json, "Expiration")), &expires_at);
    return dated && expires_at <= flow->now;
}

/* Expired keys are given for as long as the service cannot get new ones. */
static enum flow_move found_expired(struct flow *flow, const struct json *json)
{
    const struct credential keys = {.form = CREDENTIAL_AWS,
                                    .access_key_id = json_text(json_at(json, "AccessKeyId")),
                                    .secret = json_text(json_at(json, "SecretAccessKey")),
                                    .session_token = json_text(json_at(json, "Token")),
                                    .refreshable = true};
    return found_extended(flow, &keys, "the metadata service gives keys that have expired");
}

static enum flow_move read_keys(struct flow *flow, void *state, const struct errand_answer *answer)
{
    const struct imds *imds = state;
    struct redial_str trouble = flow_trouble(flow, answer);
    const struct json *json = trouble.len == 0 ? flow_json(flow, answer->body) : NULL;
    struct redial_str code = json_text(json_at(json, "Code"));
    if (trouble.len > 0)
        return give_up(flow, false,
                       flow_printf(flow, "role '%.*s': %.*s", REDIAL_STR_ARG(imds->role),
                                   REDIAL_STR_ARG(trouble)));
    if (!json) {
        struct redial_str kind = aws_kind_of(flow, answer->body);
        return give_up(flow, false,
                       flow_printf(flow, "it answered with %.*s", REDIAL_STR_ARG(kind)));
    }
    if (code.len > 0 && !str_is(code, "Success")) {
        struct redial_str message = flow_excerpt(flow, json_text(json_at(json, "Message")));
        return give_up(flow, false,
                       flow_printf(flow, "role '%.*s': %.*s%.*s", REDIAL_STR_ARG(imds->role),
                                   REDIAL_STR_ARG(code), REDIAL_STR_ARG(message)));
    }
    if (is_expired(flow, json)) return found_expired(flow, json);
    return aws_found_json(flow, json, &members, (struct redial_str){0}, "its answer");
}

/* ---- Role and token */

static enum flow_move ask(struct flow *flow, struct imds *imds, struct redial_str path,
                          flow_next_fn *next)
{
    struct redial_str url = flow_printf(flow, "%.*s" IMDS_ROLES "%.*s",
                                        REDIAL_STR_ARG(imds->endpoint), REDIAL_STR_ARG(path));
    struct http_request request = flow_request(flow, "GET", url, (struct redial_str){0});
    if (imds->token.len > 0) flow_header(flow, &request, "x-aws-ec2-metadata-token", imds->token);
    return flow_ask_http(flow, &request, IMDS_TIMEOUT, next, imds);
}

static enum flow_move read_role(struct flow *flow, void *state, const struct errand_answer *answer)
{
    struct imds *imds = state;
    struct redial_str trouble = flow_trouble(flow, answer), rest = str_trim(answer->body), role;
    if (answer->status == 404) return flow_pass(flow, "no IAM role is attached to this instance");
    if (trouble.len > 0) return give_up(flow, answer->failed.len > 0, trouble);
    if (!str_split(&rest, '\n', &role) || role.len > ROLE_BYTES_MAX || role.ptr[0] == '<')
        return give_up(flow, false, REDIAL_STR("it answered with no name of a role"));
    imds->role = flow_copy(flow, str_trim(role));
    return ask(flow, imds, imds->role, read_keys);
}

/* Version 1 asks without a token: where version 2 is not served, or its answer is lost on the way
 * into a container (its hop limit is 1 by default). */
static enum flow_move ask_without_token(struct flow *flow, struct imds *imds, struct redial_str why)
{
    if (flow_env_true(flow, "AWS_EC2_METADATA_V1_DISABLED"))
        return give_up(flow, true,
                       flow_printf(flow, "its token: %.*s, and AWS_EC2_METADATA_V1_DISABLED is set",
                                   REDIAL_STR_ARG(why)));
    return ask(flow, imds, (struct redial_str){0}, read_role);
}

static enum flow_move read_token(struct flow *flow, void *state, const struct errand_answer *answer)
{
    struct imds *imds = state;
    struct redial_str trouble = flow_trouble(flow, answer);
    bool timed_out = glob_match_nocase(REDIAL_STR("*timed out*"), answer->failed);
    bool unserved = answer->status == 403 || answer->status == 404 || answer->status == 405;
    if (timed_out || unserved) return ask_without_token(flow, imds, trouble);
    if (answer->failed.len > 0) return give_up(flow, true, trouble);
    if (trouble.len > 0)
        return give_up(flow, false, flow_printf(flow, "its token: %.*s", REDIAL_STR_ARG(trouble)));
    imds->token = flow_copy(flow, str_trim(answer->body));
    flow_secret(flow, imds->token);
    if (imds->token.len == 0) return give_up(flow, false, REDIAL_STR("its token is empty"));
    return ask(flow, imds, (struct redial_str){0}, read_role);
}

static struct redial_str endpoint_of(struct flow *flow)
{
    struct redial_str given = flow_env(flow, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
    struct redial_str mode = flow_env(flow, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    while (str_ends_with(given, REDIAL_STR("/"))) given.len--;
    if (given.len > 0) return given;
    return str_eq_nocase(mode, REDIAL_STR("ipv6")) ? REDIAL_STR("http://[fd00:ec2::254]")
                                                   : REDIAL_STR("http://169.254.169.254");
}

enum flow_move aws_imds_begin(struct flow *flow)
{
    struct imds *imds = ARENA_NEW(flow->arena, struct imds);
    struct url url;
    if (!imds) return flow_fail_memory(flow);
    if (flow_env_true(flow, "AWS_EC2_METADATA_DISABLED"))
        return flow_pass(flow, "AWS_EC2_METADATA_DISABLED is set");
    imds->endpoint = endpoint_of(flow);
    if (url_split(imds->endpoint, &url))
        flow_source(flow, "EC2 instance metadata at %.*s", REDIAL_STR_ARG(url.authority));
    struct http_request request = flow_request(
        flow, "PUT", flow_printf(flow, "%.*s/latest/api/token", REDIAL_STR_ARG(imds->endpoint)),
        (struct redial_str){0});
    flow_header(flow, &request, "x-aws-ec2-metadata-token-ttl-seconds", REDIAL_STR("21600"));
    return flow_ask_http(flow, &request, IMDS_TIMEOUT, read_token, imds);
}
