/* AWS STS, the query protocol (version 2011-06-15): AssumeRole, which must be signed,
 * AssumeRoleWithWebIdentity, which brings an identity token instead, and GetCallerIdentity. */
#include "simulator/authority/identity.h"
#include "simulator/authority/signer.h"

#define XMLNS "https://sts.amazonaws.com/doc/2011-06-15/"

static bool refuse(struct answer *answer, uint16_t status, const char *code,
                   struct redial_str message)
{
    struct text body = TEXT_INIT;
    char id[UUID_SIZE];

    uuid_make(answer->authority, id);
    text_printf(&body,
                "<ErrorResponse xmlns=\"" XMLNS "\">\n  <Error>\n    <Type>Sender</Type>\n"
                "    <Code>%s</Code>\n    <Message>",
                code);
    text_append_xml(&body, message);
    text_printf(&body, "</Message>\n  </Error>\n  <RequestId>%s</RequestId>\n</ErrorResponse>\n",
                id);
    return answer_header(answer, "x-amzn-requestid", str_of(id)) &&
           answer_body(answer, status, "text/xml", &body);
}

/* ---- Credentials */

static void write_credentials(const struct grant *grant, struct text *body)
{
    char expiration[ISO_SIZE];

    iso_write(grant->expires_at, expiration);
    text_printf(body,
                "    <Credentials>\n      <AccessKeyId>%.*s</AccessKeyId>\n"
                "      <SecretAccessKey>%.*s</SecretAccessKey>\n"
                "      <SessionToken>%.*s</SessionToken>\n      <Expiration>%s</Expiration>\n"
                "    </Credentials>\n",
                REDIAL_STR_ARG(grant->text), REDIAL_STR_ARG(grant->secret),
                REDIAL_STR_ARG(grant->session), expiration);
}

static bool give(struct answer *answer, const struct form *form, const char *action)
{
    const struct grant *grant = grant_signer(answer->authority, answer->now);
    struct text body = TEXT_INIT;
    char id[UUID_SIZE];

    if (!grant) return false;
    uuid_make(answer->authority, id);
    text_printf(&body, "<%sResponse xmlns=\"" XMLNS "\">\n  <%sResult>\n", action, action);
    write_credentials(grant, &body);
    text_printf(&body, "    <AssumedRoleUser>\n      <AssumedRoleId>AROACANARY:");
    text_append_xml(&body, form_value(form, "RoleSessionName"));
    text_printf(&body, "</AssumedRoleId>\n      <Arn>");
    text_append_xml(&body, form_value(form, "RoleArn"));
    text_printf(&body, "/");
    text_append_xml(&body, form_value(form, "RoleSessionName"));
    text_printf(&body,
                "</Arn>\n    </AssumedRoleUser>\n  </%sResult>\n  <ResponseMetadata>\n"
                "    <RequestId>%s</RequestId>\n  </ResponseMetadata>\n</%sResponse>\n",
                action, id, action);
    return answer_header(answer, "x-amzn-requestid", str_of(id)) &&
           answer_body(answer, 200, "text/xml", &body);
}

/* ---- The actions */

static const struct refusal {
    uint16_t status;
    const char *code;
} refusals[SIGNER_PROBLEM_COUNT] = {
    [SIGNER_MISSING] = {403, "MissingAuthenticationToken"},
    [SIGNER_INCOMPLETE] = {400, "IncompleteSignature"},
    [SIGNER_UNKNOWN] = {403, "InvalidClientTokenId"},
    [SIGNER_EXPIRED] = {403, "ExpiredToken"},
    [SIGNER_MISMATCH] = {403, "SignatureDoesNotMatch"},
};

/* Whether it was signed; if not, the answer is the refusal and `done` whether that was made. */
static bool is_signed(struct answer *answer, bool *done)
{
    struct redial_str message = {"", 0};
    struct grant *grant = NULL;
    enum signer_problem problem = signer_find(answer, "sts", &grant, &message);

    if (problem == SIGNER_GOOD) return true;
    *done = problem != SIGNER_NO_MEMORY &&
            refuse(answer, refusals[problem].status, refusals[problem].code, message);
    return false;
}

static bool assume_role(struct answer *answer, const struct form *form)
{
    bool done = false;

    if (!is_signed(answer, &done)) return done;
    if (!str_is(form_value(form, "RoleArn"), AWS_ROLE_ARN))
        return refuse(answer, 403, "AccessDenied",
                      REDIAL_STR("User is not authorized to perform: sts:AssumeRole on this "
                                 "resource"));
    return give(answer, form, "AssumeRole");
}

static bool web_identity(struct answer *answer, const struct form *form)
{
    static const struct refusal faults[] = {
        [IDENTITY_GOOD] = {0, NULL},
        [IDENTITY_MALFORMED] = {400, "InvalidIdentityToken"},
        [IDENTITY_FOREIGN] = {400, "InvalidIdentityToken"},
        [IDENTITY_FORGED] = {400, "InvalidIdentityToken"},
        [IDENTITY_EXPIRED] = {400, "ExpiredTokenException"},
        [IDENTITY_FOR_OTHERS] = {400, "InvalidIdentityToken"},
    };
    static const char *const messages[] = {
        [IDENTITY_GOOD] = "",
        [IDENTITY_MALFORMED] = "The ID Token provided is not a valid JWT. (You may see this error "
                               "if you sent an Access Token)",
        [IDENTITY_FOREIGN] = "No OpenIDConnect provider found in your account for this issuer",
        [IDENTITY_FORGED] = "The web identity token's signature could not be validated",
        [IDENTITY_EXPIRED] = "Token expired: current date/time must be before the expiration "
                             "date/time",
        [IDENTITY_FOR_OTHERS] = "Incorrect token audience",
    };
    enum identity_fault fault =
        identity_check(answer, form_value(form, "WebIdentityToken"), "sts.amazonaws.com");

    if (!str_is(form_value(form, "RoleArn"), AWS_ROLE_ARN))
        return refuse(answer, 403, "AccessDenied",
                      REDIAL_STR("Not authorized to perform sts:AssumeRoleWithWebIdentity"));
    if (fault != IDENTITY_GOOD)
        return refuse(answer, faults[fault].status, faults[fault].code, str_of(messages[fault]));
    return give(answer, form, "AssumeRoleWithWebIdentity");
}

static bool caller_identity(struct answer *answer, const struct form *form)
{
    bool done = false;
    char id[UUID_SIZE];
    struct text body = TEXT_INIT;

    (void)form;
    if (!is_signed(answer, &done)) return done;
    uuid_make(answer->authority, id);
    text_printf(&body,
                "<GetCallerIdentityResponse xmlns=\"" XMLNS "\">\n  <GetCallerIdentityResult>\n"
                "    <Arn>" AWS_ROLE_ARN "</Arn>\n    <UserId>AROACANARY</UserId>\n"
                "    <Account>" AWS_ACCOUNT "</Account>\n  </GetCallerIdentityResult>\n"
                "  <ResponseMetadata>\n    <RequestId>%s</RequestId>\n  </ResponseMetadata>\n"
                "</GetCallerIdentityResponse>\n",
                id);
    return answer_body(answer, 200, "text/xml", &body);
}

static const struct action {
    const char *name;
    bool (*answer)(struct answer *answer, const struct form *form);
    const char *needs[4]; /* parameters, NULL-terminated */
} actions[] = {
    {"AssumeRole", assume_role, {"RoleArn", "RoleSessionName"}},
    {"AssumeRoleWithWebIdentity", web_identity, {"RoleArn", "RoleSessionName", "WebIdentityToken"}},
    {"GetCallerIdentity", caller_identity, {NULL}},
};

static bool act(struct answer *answer, const struct action *action, const struct form *form)
{
    struct redial_str message;

    for (const char *const *need = action->needs; *need; need++) {
        if (form_value(form, *need).len > 0) continue;
        if (!arena_printf(answer->arena, &message,
                          "1 validation error detected: Value null at '%s' failed to satisfy "
                          "constraint: Member must not be null",
                          *need))
            return false;
        return refuse(answer, 400, "ValidationError", message);
    }
    return action->answer(answer, form);
}

bool issue_aws_sts(struct answer *answer)
{
    const struct authority_request *request = answer->request;
    struct redial_str fields = request_is(request, "GET") ? request_query(request) : request->body;
    struct redial_str message;
    struct form form;

    if (!form_read(answer->arena, fields, &form)) return false;
    for (size_t i = 0; i < REDIAL_COUNT_OF(actions); i++)
        if (str_is(form_value(&form, "Action"), actions[i].name))
            return act(answer, &actions[i], &form);
    if (!arena_printf(answer->arena, &message, "Could not find operation %.*s for version %.*s",
                      REDIAL_STR_ARG(form_value(&form, "Action")),
                      REDIAL_STR_ARG(form_value(&form, "Version"))))
        return false;
    return refuse(answer, 400, "InvalidAction", message);
}
