#include "simulator/world/frame.h"

#include "base/base64.h"
#include "platforms/event_stream.h"
#include "simulator/world/typical.h"

/* ---- Server-sent events */

static void write_sse(struct text *out, struct redial_str name, struct redial_str data)
{
    text_printf(out, "event: %.*s\ndata: ", REDIAL_STR_ARG(name));
    text_append(out, data);
    text_append(out, REDIAL_STR("\n\n"));
}

static void write_sse_error(struct text *out, const struct frame_error *error)
{
    text_append(out, REDIAL_STR("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":"));
    text_append_json(out, error->type);
    text_append(out, REDIAL_STR(",\"message\":"));
    text_append(out, error->message);
    if (error->code.len) {
        text_append(out, REDIAL_STR(",\"details\":{\"error_code\":"));
        text_append_json(out, error->code);
        text_append_char(out, '}');
    }
    text_append(out, REDIAL_STR("}}\n\n"));
}

/* The words are Anthropic's own on every platform that streams so. */
static const char *typical_sse(uint8_t class, struct redial_str *type)
{
    const struct typical_reply *typical =
        typical_by_class(PLATFORM_ANTHROPIC, (enum redial_class) class);
    if (type->len == 0) *type = str_of(typical ? typical->type : "api_error");
    if (class == REDIAL_CLASS_NONE) return "Internal server error";
    return typical ? typical->message : NULL;
}

/* ---- AWS event stream */

static void add_header(struct text *headers, const char *name, struct redial_str value)
{
    event_stream_header_append(headers, &(struct event_stream_header){.name = str_of(name),
                                                                      .type = EVENT_STREAM_STRING,
                                                                      .bytes = value});
}

static void append_message(struct text *out, struct text *headers, struct text *payload)
{
    event_stream_append(out, text_str(headers), text_str(payload));
    out->failed |= headers->failed || payload->failed;
    text_clean_up(headers);
    text_clean_up(payload);
}

/* `p` pads what would else tell the length of the event to who listens. */
static void write_chunk(struct text *out, struct redial_str name, struct redial_str data)
{
    struct text headers = TEXT_INIT, payload = TEXT_INIT;
    struct base64 base64 = {0};
    (void)name; /* the event says it itself */
    add_header(&headers, ":event-type", REDIAL_STR("chunk"));
    add_header(&headers, ":content-type", REDIAL_STR("application/json"));
    add_header(&headers, ":message-type", REDIAL_STR("event"));
    text_append(&payload, REDIAL_STR("{\"bytes\":\""));
    base64_append(&base64, data, &payload);
    base64_end(&base64, &payload);
    text_printf(&payload, "\",\"p\":\"%.*s\"}", (int)(data.len % 26), "abcdefghijklmnopqrstuvwxyz");
    append_message(out, &headers, &payload);
}

static void write_exception(struct text *out, const struct frame_error *error)
{
    struct text headers = TEXT_INIT, payload = TEXT_INIT;
    add_header(&headers, ":exception-type", error->type);
    add_header(&headers, ":content-type", REDIAL_STR("application/json"));
    add_header(&headers, ":message-type", REDIAL_STR("exception"));
    text_printf(&payload, "{\"message\":%.*s}", REDIAL_STR_ARG(error->message));
    append_message(out, &headers, &payload);
}

/* The exceptions that Bedrock's model of the operation names. */
static const char *typical_exception(uint8_t class, struct redial_str *type)
{
    static const char *const types[REDIAL_CLASS_COUNT] = {
        [REDIAL_CLASS_NONE] = "internalServerException",
        [REDIAL_CLASS_SERVER_ERROR] = "internalServerException",
        [REDIAL_CLASS_RATE_LIMITED] = "throttlingException",
        [REDIAL_CLASS_OVERLOADED] = "serviceUnavailableException",
        [REDIAL_CLASS_TIMEOUT] = "modelTimeoutException",
        [REDIAL_CLASS_INVALID_REQUEST] = "validationException",
        [REDIAL_CLASS_PROMPT_TOO_LONG] = "validationException",
    };
    enum redial_class words = class ? (enum redial_class) class : REDIAL_CLASS_SERVER_ERROR;
    if (!types[class]) return NULL;
    if (type->len == 0) *type = str_of(types[class]);
    return typical_by_class(PLATFORM_BEDROCK, words)->message;
}

/* ---- Which */

static const struct frame sse = {
    .content_type = "text/event-stream; charset=utf-8",
    .uncached = true,
    .pings = true,
    .event = write_sse,
    .error = write_sse_error,
    .typical = typical_sse,
};
static const struct frame event_stream = {
    .content_type = "application/vnd.amazon.eventstream",
    .event = write_chunk,
    .error = write_exception,
    .typical = typical_exception,
};

const struct frame *frame_of(enum platform_kind platform)
{
    return platform == PLATFORM_BEDROCK ? &event_stream : &sse;
}
