/* Keys of a role from STS: AssumeRole, signed by other keys, and AssumeRoleWithWebIdentity, by a
 * token in a file. Both ask with a form and are answered in XML. */
#include <string.h>

#include "credentials/aws.h"
#include "credentials/sigv4.h"
#include "credentials/xml.h"

#define STS_TRIES       3u
#define STS_PAUSE       NS_PER_SECOND
#define TOKEN_BYTES_MAX 20000u /* what STS takes as WebIdentityToken */

/* ---- The answer */

enum { ID, SECRET, TOKEN, EXPIRATION, KEYS };
enum { CODE, MESSAGE, PROBLEM };

static enum flow_move found_role(struct flow *flow, const struct aws_role *role,
                                 const struct errand_answer *answer)
{
    /* <Action>Response / <Action>Result */
    struct xml_want wants[KEYS] = {
        [ID] = {"*/*/Credentials/AccessKeyId", {0}},
        [SECRET] = {"*/*/Credentials/SecretAccessKey", {0}},
        [TOKEN] = {"*/*/Credentials/SessionToken", {0}},
        [EXPIRATION] = {"*/*/Credentials/Expiration", {0}},
    };
    struct credential keys = {.region = role->profile_region, .refreshable = true};
    if (!xml_read(flow->arena, answer->body, wants, REDIAL_COUNT_OF(wants)))
        return flow_fail(flow, "STS answered with %s",
                         str_trim(answer->body).len == 0 ? "nothing" : "no well-formed XML");
    for (size_t i = 0; i < KEYS; i++)
        if (wants[i].text.len == 0)
            return flow_fail(flow, "STS's answer lacks %s",
                             wants[i].path + strlen("*/*/Credentials/"));
    keys.access_key_id = wants[ID].text;
    keys.secret = wants[SECRET].text;
    keys.session_token = wants[TOKEN].text;
    if (!rfc3339_parse(wants[EXPIRATION].text, &keys.expires_at))
        return flow_fail(flow, "STS's answer has an Expiration, but it is no date");
    return aws_found_keys(flow, &keys, "what STS gave");
}

/* "HTTP 403 AccessDenied: "not authorized to perform …"", or the beginning of whatever came. */
static enum flow_move fail_refused(struct flow *flow, const struct aws_role *role,
                                   const struct errand_answer *answer, struct redial_str trouble)
{
    struct xml_want wants[PROBLEM] = {{"*/Error/Code", {0}}, {"*/Error/Message", {0}}};
    bool told = answer->failed.len == 0 &&
                xml_read(flow->arena, answer->body, wants, REDIAL_COUNT_OF(wants)) &&
                wants[CODE].text.len > 0;
    struct redial_str said = flow_excerpt(flow, told ? wants[MESSAGE].text : answer->body);
    return flow_fail(flow, "STS for role %.*s: %.*s%s%.*s%.*s", REDIAL_STR_ARG(role->arn),
                     REDIAL_STR_ARG(trouble), told ? " " : "",
                     REDIAL_STR_ARG(told ? wants[CODE].text : (struct redial_str){0}),
                     REDIAL_STR_ARG(said));
}

/* STS's own trouble, its throttle, and an identity provider that it could not reach. */
static bool may_recover(const struct errand_answer *answer)
{
    return answer->failed.len > 0 || answer->status >= 500 || answer->status == 429 ||
           str_find(answer->body, REDIAL_STR("IDPCommunicationError")) != SIZE_MAX;
}

static enum flow_move read_answer(struct flow *flow, void *state,
                                  const struct errand_answer *answer)
{
    const struct aws_role *role = state;
    struct redial_str trouble = flow_trouble(flow, answer);
    if (trouble.len == 0) return found_role(flow, role, answer);
    if (may_recover(answer) && flow->tries < STS_TRIES) return flow_ask_again(flow, STS_PAUSE);
    return fail_refused(flow, role, answer, trouble);
}

/* ---- The question */

static void append_role(struct flow *flow, const struct aws_role *role, struct text *form)
{
    struct redial_str name = role->session_name;
    if (name.len == 0) name = flow_printf(flow, "redial-%lld", (long long)(flow->now / NS_PER_MS));
    form_append(form, "Version", REDIAL_STR("2011-06-15"));
    form_append(form, "RoleArn", role->arn);
    form_append(form, "RoleSessionName", name);
    if (role->duration > 0)
        form_append(form, "DurationSeconds", flow_printf(flow, "%lld", (long long)role->duration));
}

static struct http_request sts_request(struct flow *flow, const struct aws_role *role,
                                       struct text *form)
{
    struct redial_str region = aws_region(flow, role->region);
    struct redial_str endpoint = aws_endpoint(flow, "AWS_ENDPOINT_URL_STS", "sts", region);
    struct http_request request =
        flow_request(flow, "POST", flow_printf(flow, "%.*s/", REDIAL_STR_ARG(endpoint)),
                     flow_settle(flow, form));
    flow_header(flow, &request, "content-type",
                REDIAL_STR("application/x-www-form-urlencoded; charset=utf-8"));
    return request;
}

static void name_role(struct flow *flow, const struct aws_role *role)
{
    struct redial_str by = flow->source;
    flow_source(flow, "role %.*s by %.*s", REDIAL_STR_ARG(role->arn), REDIAL_STR_ARG(by));
}

enum flow_move aws_assume_role(struct flow *flow, const struct aws_role *role,
                               const struct credential *by)
{
    struct text form = TEXT_INIT;
    struct redial_str why = {0};
    struct aws_role *own = ARENA_NEW(flow->arena, struct aws_role);
    if (!own) return flow_fail_memory(flow);
    *own = *role;
    name_role(flow, role);
    form_append(&form, "Action", REDIAL_STR("AssumeRole"));
    append_role(flow, role, &form);
    if (role->external_id.len > 0) form_append(&form, "ExternalId", role->external_id);
    struct http_request request = sts_request(flow, role, &form);
    const struct sigv4 keys = {.access_key_id = by->access_key_id,
                               .secret_access_key = by->secret,
                               .session_token = by->session_token,
                               .region = aws_region(flow, role->region),
                               .service = REDIAL_STR("sts"),
                               .now = flow->now};
    if (flow->out_of_memory) return flow_fail_memory(flow);
    if (!sigv4_sign(flow->arena, &keys, &request, NULL, &why))
        return flow_fail(flow, "the request for role %.*s cannot be signed: %.*s",
                         REDIAL_STR_ARG(role->arn), REDIAL_STR_ARG(why));
    return flow_ask_http(flow, &request, FLOW_HTTP_TIMEOUT, read_answer, own);
}

/* ---- Web identity */

static enum flow_move read_token(struct flow *flow, void *state, const struct errand_answer *answer)
{
    struct aws_role *role = state;
    struct redial_str trouble = flow_trouble(flow, answer), token = str_trim(answer->body);
    struct text form = TEXT_INIT;
    flow_secret(flow, token);
    if (trouble.len > 0)
        return flow_fail(flow, "the web identity token file '%.*s': %.*s",
                         REDIAL_STR_ARG(flow->errand.path), REDIAL_STR_ARG(trouble));
    if (token.len == 0 || token.len > TOKEN_BYTES_MAX)
        return flow_fail(flow, "the web identity token file '%.*s' %s",
                         REDIAL_STR_ARG(flow->errand.path),
                         token.len == 0 ? "is empty" : "is longer than any token (20,000 bytes)");
    form_append(&form, "Action", REDIAL_STR("AssumeRoleWithWebIdentity"));
    append_role(flow, role, &form);
    form_append(&form, "WebIdentityToken", token);
    struct http_request request = sts_request(flow, role, &form);
    return flow_ask_http(flow, &request, FLOW_HTTP_TIMEOUT, read_answer, role);
}

enum flow_move aws_assume_role_with_web_identity(struct flow *flow, const struct aws_role *role)
{
    struct aws_role *own = ARENA_NEW(flow->arena, struct aws_role);
    if (!own) return flow_fail_memory(flow);
    *own = *role;
    name_role(flow, role);
    return flow_ask_file(flow, role->token_file, read_token, own);
}

enum flow_move aws_web_identity_begin(struct flow *flow)
{
    const struct aws_role role = {.arn = flow_env(flow, "AWS_ROLE_ARN"),
                                  .session_name = flow_env(flow, "AWS_ROLE_SESSION_NAME"),
                                  .token_file = flow_env(flow, "AWS_WEB_IDENTITY_TOKEN_FILE")};
    if (role.token_file.len == 0) return flow_pass(flow, "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
    if (role.arn.len == 0)
        return flow_pass(flow, "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
    return aws_assume_role_with_web_identity(flow, &role);
}
