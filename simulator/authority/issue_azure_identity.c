/* Azure's managed identity: the instance metadata service and App Service. Both give strings where
 * others give numbers. */
#include "simulator/authority/azure.h"

static bool give(struct answer *answer, struct redial_str resource)
{
    const struct grant *grant = azure_token(answer, resource);
    long long seconds = (long long)grant_seconds(answer->authority);
    long long until = (long long)(answer->now / SECOND) + seconds;
    struct text body = TEXT_INIT;

    if (!grant) return false;
    text_printf(&body,
                "{\"access_token\":\"%.*s\",\"client_id\":\"" AZURE_CLIENT "\",\"expires_in\":"
                "\"%lld\",\"expires_on\":\"%lld\",\"not_before\":\"%lld\",\"resource\":",
                REDIAL_STR_ARG(grant->text), seconds, until, (long long)(answer->now / SECOND));
    text_append_json(&body, resource);
    text_append(&body, REDIAL_STR(",\"token_type\":\"Bearer\"}"));
    return answer_body(answer, 200, "application/json; charset=utf-8", &body);
}

/* What both want of the query; true when all of it is there, or the answer is the refusal. */
static bool check_query(struct answer *answer, const char *version, struct redial_str *resource,
                        bool *done)
{
    struct form form;
    struct redial_str client;
    const char *fault = NULL;

    *done = false;
    if (!form_read(answer->arena, request_query(answer->request), &form)) return false;
    *resource = form_value(&form, "resource");
    client = form_value(&form, "client_id");
    if (form_value(&form, "api-version").len == 0)
        fault = "Required query variable 'api-version' is missing";
    else if (str_is(str_of(version), "2019-08-01") &&
             !str_is(form_value(&form, "api-version"), version))
        fault = "The api-version is not supported";
    else if (resource->len == 0)
        fault = "Required query variable 'resource' is missing";
    else if (client.len > 0 && !str_is(client, AZURE_CLIENT))
        fault = "Identity not found";
    else if (!azure_serves(*resource))
        fault = "AADSTS500011: The resource principal was not found in the tenant.";
    if (fault) *done = answer_oauth_error(answer, 400, "invalid_request", fault);
    return !fault;
}

bool issue_azure_imds(struct answer *answer)
{
    struct redial_str resource;
    bool done;

    if (!str_eq_nocase(request_header(answer->request, "metadata"), REDIAL_STR("true")))
        return answer_oauth_error(answer, 400, "invalid_request",
                                  "Required metadata header not specified");
    /* Behind a proxy the token would belong to everybody. */
    if (request_header(answer->request, "x-forwarded-for").len > 0)
        return answer_oauth_error(answer, 400, "invalid_request",
                                  "Requests with X-Forwarded-For are not accepted");
    return check_query(answer, "2018-02-01", &resource, &done) ? give(answer, resource) : done;
}

bool issue_azure_app_service(struct answer *answer)
{
    struct redial_str header = request_header(answer->request, "x-identity-header");
    struct redial_str resource;
    bool done;

    if (!str_eq(header, answer->authority->given[GIVEN_AZURE_HEADER]))
        return answer_json(answer, 401,
                           "{\"statusCode\":401,\"message\":\"The X-IDENTITY-HEADER is missing or "
                           "not the one of this app\"}");
    return check_query(answer, "2019-08-01", &resource, &done) ? give(answer, resource) : done;
}
