#include "simulator/endpoints/asked.h"

#include <string.h>

#include "document/json.h"
#include "simulator/endpoints/endpoint.h"
#include "simulator/world/conversation.h"

/* ---- The model's place */

/* What stands behind `before` and in front of the last `after`: an ARN may hold either. */
static struct redial_str between(struct redial_str path, struct redial_str before, char after)
{
    size_t begin = str_find(path, before);
    struct redial_str rest = str_skip(path, begin == SIZE_MAX ? path.len : begin + before.len);
    const char *end = rest.len > 0 ? memrchr(rest.ptr, after, rest.len) : NULL;

    return str_take(rest, end ? (size_t)(end - rest.ptr) : 0);
}

static struct redial_str model_in_body(struct redial_str path, const struct json *body)
{
    (void)path;
    return json_text(json_at(body, "model"));
}

static struct redial_str model_before_invoke(struct redial_str path, const struct json *body)
{
    (void)body;
    return between(path, REDIAL_STR("/model/"), '/');
}

static struct redial_str model_before_verb(struct redial_str path, const struct json *body)
{
    (void)body;
    return between(path, REDIAL_STR("/models/"), ':');
}

static struct redial_str (*const find_model[PLATFORM_KIND_COUNT])(struct redial_str path,
                                                                  const struct json *body) = {
    [PLATFORM_ANTHROPIC] = model_in_body,
    [PLATFORM_BEDROCK] = model_before_invoke,
    [PLATFORM_VERTEX] = model_before_verb,
    [PLATFORM_FOUNDRY] = model_in_body,
};

/* ---- The credential */

static struct redial_str header(const struct arrival *arrival, struct redial_str name)
{
    for (size_t i = 0; i < arrival->header_count; i++)
        if (str_eq_nocase(arrival->headers[i].name, name)) return arrival->headers[i].value;
    return (struct redial_str){"", 0};
}

static struct redial_str find_credential(const struct arrival *arrival)
{
    struct redial_str bearer = header(arrival, REDIAL_STR("authorization"));

    if (str_starts_with(bearer, REDIAL_STR("Bearer "))) return str_trim(str_skip(bearer, 7));
    return header(arrival, REDIAL_STR("x-api-key"));
}

static bool read_betas(const struct arrival *arrival, const struct json *body, struct arena *arena,
                       struct redial_str *betas)
{
    const struct json *list = json_at(body, "anthropic_beta");
    struct text joined = TEXT_INIT;

    text_append(&joined, header(arrival, REDIAL_STR("anthropic-beta")));
    for (const struct json *flag = list ? json_first(list) : NULL; flag; flag = json_next(flag)) {
        if (joined.len > 0) text_append_char(&joined, ',');
        text_append(&joined, json_text(flag));
    }
    bool kept = !joined.failed && arena_copy(arena, text_str(&joined), betas);
    text_clean_up(&joined);
    return kept;
}

enum asked_fault asked_read(enum platform_kind platform, const struct arrival *arrival,
                            struct arena *arena, struct asked *asked)
{
    struct json *body;
    bool read;

    *asked = (struct asked){.credential = find_credential(arrival)};
    if (asked->credential.len == 0) return ASKED_WITHOUT_CREDENTIAL;
    body = json_parse(arrival->body);
    asked->max_tokens = json_int(json_at(body, "max_tokens"), 0);
    asked->fast = str_is(json_text(json_at(body, "speed")), "fast") &&
                  header(arrival, REDIAL_STR("anthropic-beta")).len > 0;
    asked->stream = json_true(json_at(body, "stream")) ||
                    str_ends_with(arrival->path, REDIAL_STR("/invoke-with-response-stream"));
    asked->input_tokens = conversation_words(json_at(body, "messages"));
    asked->prefill = conversation_has_prefill(json_at(body, "messages"));
    read = json_is_object(body) && read_betas(arrival, body, arena, &asked->betas) &&
           arena_copy(arena, find_model[platform](arrival->path, body), &asked->model);
    json_free(body);
    return read ? ASKED_WELL : ASKED_WITHOUT_JSON;
}

/* ---- Refusals */

#define NO_CREDENTIAL "the request holds no credential"
#define NO_JSON       "the request's body is no JSON object"
#define ANTHROPIC_BAD_JSON                                                                         \
    "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"The request " \
    "body is not valid JSON\"}}"

static const struct asked_refusal refusals[PLATFORM_KIND_COUNT][ASKED_FAULT_COUNT] = {
    [PLATFORM_ANTHROPIC] =
        {[ASKED_WITHOUT_CREDENTIAL] = {NO_CREDENTIAL, 401, NULL, NULL,
                                       "{\"type\":\"error\",\"error\":{\"type\":\"authentication_"
                                       "error\",\"message\":\"x-api-key header is required\"}}"},
         [ASKED_WITHOUT_JSON] = {NO_JSON, 400, NULL, NULL, ANTHROPIC_BAD_JSON}},
    [PLATFORM_BEDROCK] =
        {[ASKED_WITHOUT_CREDENTIAL] = {NO_CREDENTIAL, 403, "x-amzn-errortype",
                                       "MissingAuthenticationTokenException",
                                       "{\"message\":\"Missing Authentication Token\"}"},
         [ASKED_WITHOUT_JSON] = {NO_JSON, 400, "x-amzn-errortype", "ValidationException",
                                 "{\"message\":\"Malformed input request, please reformat your "
                                 "input and try again.\"}"}},
    [PLATFORM_VERTEX] =
        {[ASKED_WITHOUT_CREDENTIAL] = {NO_CREDENTIAL, 401, NULL, NULL,
                                       "{\"error\":{\"code\":401,\"message\":\"Request is missing "
                                       "required authentication credential.\",\"status\":"
                                       "\"UNAUTHENTICATED\"}}"},
         [ASKED_WITHOUT_JSON] = {NO_JSON, 400, NULL, NULL,
                                 "{\"error\":{\"code\":400,\"message\":\"Invalid JSON payload "
                                 "received.\",\"status\":\"INVALID_ARGUMENT\"}}"}},
    [PLATFORM_FOUNDRY] =
        {[ASKED_WITHOUT_CREDENTIAL] = {NO_CREDENTIAL, 401, NULL, NULL,
                                       "{\"error\":{\"code\":\"401\",\"message\":\"Access denied "
                                       "due to invalid subscription key or wrong API endpoint. "
                                       "Make sure to provide a valid key for an active "
                                       "subscription and use a correct regional API endpoint for "
                                       "your resource.\"}}"},
         [ASKED_WITHOUT_JSON] = {NO_JSON, 400, NULL, NULL, ANTHROPIC_BAD_JSON}},
};

const struct asked_refusal *asked_refusal(enum platform_kind platform, enum asked_fault fault)
{
    return &refusals[platform][fault];
}
