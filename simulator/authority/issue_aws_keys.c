/* Where AWS's keys are fetched by a plain GET: the SSO portal, the instance metadata service in its
 * second version (the first is off), and the container endpoint. */
#include "simulator/authority/parts.h"

/* ---- SSO portal */

static bool refuse_sso(struct answer *answer, uint16_t status, const char *name,
                       const char *message)
{
    return answer_header(answer, "x-amzn-errortype", str_of(name)) &&
           answer_uuid_header(answer, "x-amzn-requestid") &&
           answer_json(answer, status, "{\"message\":\"%s\",\"__type\":\"%s\"}", message, name);
}

bool issue_aws_sso(struct answer *answer)
{
    struct redial_str token = request_header(answer->request, "x-amz-sso_bearer_token");
    const struct grant *grant;
    struct form form;

    if (!form_read(answer->arena, request_query(answer->request), &form)) return false;
    if (!str_eq(token, answer->authority->given[GIVEN_AWS_SSO]))
        return refuse_sso(answer, 401, "UnauthorizedException",
                          "Session token not found or invalid");
    if (!str_is(form_value(&form, "account_id"), AWS_ACCOUNT) ||
        !str_is(form_value(&form, "role_name"), AWS_ROLE_NAME))
        return refuse_sso(answer, 403, "ForbiddenException", "No access");
    grant = grant_signer(answer->authority, answer->now);
    return grant && answer_json(answer, 200,
                                "{\"roleCredentials\":{\"accessKeyId\":\"%.*s\","
                                "\"secretAccessKey\":\"%.*s\",\"sessionToken\":\"%.*s\","
                                "\"expiration\":%lld}}",
                                REDIAL_STR_ARG(grant->text), REDIAL_STR_ARG(grant->secret),
                                REDIAL_STR_ARG(grant->session),
                                (long long)(grant->expires_at / (NS_PER_SECOND / 1000)));
}

/* ---- Instance metadata */

#define NOT_HTML(status, words) answer_words(answer, status, "text/plain", words)

static bool give_session(struct answer *answer)
{
    struct redial_str seconds =
        request_header(answer->request, "x-aws-ec2-metadata-token-ttl-seconds");
    struct grant grant = {.kind = GRANT_SESSION, .platform = PLATFORM_BEDROCK}, *session;
    int64_t life = 0;
    struct text body = TEXT_INIT;

    if (!request_is(answer->request, "PUT")) return NOT_HTML(405, "");
    if (!str_to_int64(seconds, &life) || life < 1 || life > 21600) return NOT_HTML(400, "");
    /* Behind a proxy the token would belong to everybody. */
    if (request_header(answer->request, "x-forwarded-for").len > 0) return NOT_HTML(403, "");
    grant.expires_at = answer->now + life * NS_PER_SECOND;
    grant.requests_left = -1;
    session = grant_secret(answer->authority, &grant, "canary-imds-", 44, answer->now);
    if (!session) return false;
    text_append(&body, session->text);
    return answer_header(answer, "x-aws-ec2-metadata-token-ttl-seconds", seconds) &&
           answer_body(answer, 200, "text/plain", &body);
}

static bool give_role(struct answer *answer, bool container)
{
    const struct grant *grant = grant_signer(answer->authority, answer->now);
    char expiration[ISO_SIZE], updated[ISO_SIZE];

    if (!grant) return false;
    iso_write(grant->expires_at, expiration);
    iso_write(answer->now, updated);
    return answer_json(answer, 200,
                       "{%s%s%s\"AccessKeyId\":\"%.*s\",\"SecretAccessKey\":\"%.*s\","
                       "\"Token\":\"%.*s\",\"Expiration\":\"%s\"}",
                       container ? "\"RoleArn\":\"" AWS_ROLE_ARN "\","
                                 : "\"Code\":\"Success\",\"Type\":\"AWS-HMAC\",\"LastUpdated\":\"",
                       container ? "" : updated, container ? "" : "\",",
                       REDIAL_STR_ARG(grant->text), REDIAL_STR_ARG(grant->secret),
                       REDIAL_STR_ARG(grant->session), expiration);
}

static bool has_session(const struct answer *answer)
{
    struct redial_str token = request_header(answer->request, "x-aws-ec2-metadata-token");
    const struct grant *grant = grant_find(answer->authority, token);

    return grant && grant->kind == GRANT_SESSION && answer->now < grant->expires_at;
}

bool issue_aws_imds(struct answer *answer)
{
    struct redial_str path = request_path(answer->request);
    struct redial_str roles = REDIAL_STR("/latest/meta-data/iam/security-credentials");

    if (str_is(path, "/latest/api/token")) return give_session(answer);
    if (!request_is(answer->request, "GET")) return NOT_HTML(405, "");
    if (!has_session(answer)) return NOT_HTML(401, "");
    if (str_is(path, "/latest/meta-data/placement/region")) return NOT_HTML(200, AWS_REGION);
    if (!str_starts_with(path, roles)) return NOT_HTML(404, "");
    path = str_skip(path, roles.len);
    if (path.len == 0 || str_is(path, "/")) return NOT_HTML(200, AWS_ROLE_NAME);
    return str_is(path, "/" AWS_ROLE_NAME) ? give_role(answer, false) : NOT_HTML(404, "");
}

/* ---- Containers */

bool issue_aws_container(struct answer *answer)
{
    struct redial_str token = request_header(answer->request, "authorization");

    if (!request_is(answer->request, "GET"))
        return answer_json(answer, 405, "{\"message\":\"Method Not Allowed\"}");
    if (!str_eq(token, answer->authority->given[GIVEN_AWS_CONTAINER]))
        return answer_json(answer, 401,
                           "{\"code\":\"NotAuthorized\",\"message\":\"The Authorization header is "
                           "missing or not the one of this container\"}");
    return give_role(answer, true);
}
