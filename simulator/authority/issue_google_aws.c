/* What Google's token server makes of an identity of AWS: a request for sts:GetCallerIdentity that
 * is signed and was not sent. AWS would be asked; here the same authority answers for both. */
#include "base/url.h"
#include "document/json.h"
#include "simulator/authority/signer.h"

#define HEADERS_MAX 32u
#define MALFORMED   "Unable to parse the subject_token as a signed GetCallerIdentity request."

/* The token is percent-encoded once more than the form that brought it. */
static struct json *read_token(struct answer *answer, struct redial_str token)
{
    struct redial_str field;
    struct form form;

    if (!arena_printf(answer->arena, &field, "t=%.*s", REDIAL_STR_ARG(token)) ||
        !form_read(answer->arena, field, &form))
        return NULL;
    return json_parse(form_value(&form, "t"));
}

static bool read_headers(struct answer *answer, const struct json *list,
                         struct authority_request *request)
{
    struct redial_header *headers = ARENA_ARRAY(answer->arena, struct redial_header, HEADERS_MAX);
    size_t count = 0;

    if (!headers || !json_is_array(list) || json_count(list) > HEADERS_MAX) return false;
    for (const struct json *item = json_first(list); item; item = json_next(item), count++)
        if (!arena_copy(answer->arena, json_text(json_at(item, "key")), &headers[count].name) ||
            !arena_copy(answer->arena, json_text(json_at(item, "value")), &headers[count].value))
            return false;
    request->headers = headers;
    request->header_count = count;
    return true;
}

static bool read_request(struct answer *answer, const struct json *json,
                         struct authority_request *request)
{
    struct redial_str text;
    struct form query;
    struct url url;

    if (!arena_copy(answer->arena, json_text(json_at(json, "url")), &text)) return false;
    if (!url_split(text, &url) || url_is_plain(&url)) return false;
    if (!str_is(json_text(json_at(json, "method")), "POST")) return false;
    request->method = "POST";
    if (!form_read(answer->arena, url.query, &query) ||
        !str_is(form_value(&query, "Action"), "GetCallerIdentity"))
        return false;
    return arena_printf(answer->arena, &request->target, "%s%.*s?%.*s", url.path.len ? "" : "/",
                        REDIAL_STR_ARG(url.path), REDIAL_STR_ARG(url.query)) &&
           read_headers(answer, json_at(json, "headers"), request) &&
           str_eq(request_header(request, "host"), url.authority);
}

static const char *ask_aws(struct answer *answer, const struct authority_request *request)
{
    static const char *const codes[SIGNER_PROBLEM_COUNT] = {
        [SIGNER_MISSING] = "MissingAuthenticationToken",
        [SIGNER_INCOMPLETE] = "IncompleteSignature",
        [SIGNER_UNKNOWN] = "InvalidClientTokenId",
        [SIGNER_EXPIRED] = "ExpiredToken",
        [SIGNER_MISMATCH] = "SignatureDoesNotMatch",
        [SIGNER_NO_MEMORY] = "InternalFailure",
    };
    struct answer asked = *answer;
    struct redial_str message = {"", 0}, why;
    struct grant *grant = NULL;
    enum signer_problem problem;

    asked.request = request;
    problem = signer_find(&asked, "sts", &grant, &message);
    if (problem == SIGNER_GOOD) return NULL;
    if (!arena_printf(answer->arena, &why,
                      "Received invalid AWS response of type %s with error message: %.*s",
                      codes[problem], REDIAL_STR_ARG(message)))
        return "Internal error";
    return why.ptr;
}

/* The header that names whom the request is meant for may be signed, and need not be: Google's own
 * libraries add it afterwards. */
const char *google_aws_fault(struct answer *answer, struct redial_str token)
{
    struct json *json = read_token(answer, token);
    struct authority_request request = {0};
    bool read = json_is_object(json) && read_request(answer, json, &request);

    json_free(json);
    if (!read) return MALFORMED;
    if (!str_is(request_header(&request, "x-goog-cloud-target-resource"), GOOGLE_AUDIENCE))
        return "The value of the x-goog-cloud-target-resource header does not match the audience.";
    return ask_aws(answer, &request);
}
