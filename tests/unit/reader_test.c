/* Replies as the platforms send them: bodies are those of public documents and reports. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "platforms/reader.h"
#include "tests/support/failing_memory.h"

struct reply_case {
    char name[72];
    enum platform_kind platform;
    uint16_t status;
    char header_name[24], header_value[80];
    char body[640];
    char error[48], error_code[40], message[220], request_id[24];
    int64_t input_tokens, context_tokens;
};

ParameterizedTestParameters(reader, reads_errors)
{
    static struct reply_case cases[] = {
        {"Anthropic: type, message and request id", PLATFORM_ANTHROPIC, 529, "request-id",
         "req_head",
         "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"},"
         "\"request_id\":\"req_body\"}",
         "overloaded_error", "", "Overloaded", "req_head", 0, 0},
        {"Anthropic: a code among the details, the id from the body", PLATFORM_ANTHROPIC, 429, "",
         "",
         "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"No\","
         "\"details\":{\"error_code\":\"enforced_spend_limit_reached\"}},\"request_id\":\"req_1\"}",
         "rate_limit_error", "enforced_spend_limit_reached", "No", "req_1", 0, 0},
        {"Anthropic: sizes of a prompt that is too long", PLATFORM_ANTHROPIC, 400, "", "",
         "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":"
         "\"prompt is too long: 200251 tokens > 200000 maximum\"}}",
         "invalid_request_error", "", "prompt is too long: 200251 tokens > 200000 maximum", "",
         200251, 200000},
        {"Anthropic: sizes of a context overflow", PLATFORM_ANTHROPIC, 400, "", "",
         "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"input "
         "length and `max_tokens` exceed context limit: 174167 + 64000 > 200000, decrease\"}}",
         "invalid_request_error", "",
         "input length and `max_tokens` exceed context limit: 174167 + 64000 > 200000, decrease",
         "", 174167, 200000},
        {"Bedrock: the header names the error, up to the colon", PLATFORM_BEDROCK, 429,
         "x-amzn-ErrorType",
         "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/",
         "{\"message\":\"Too many tokens, please wait before trying again.\"}",
         "ThrottlingException", "", "Too many tokens, please wait before trying again.", "", 0, 0},
        {"Bedrock: without the header the body names it, behind the hash", PLATFORM_BEDROCK, 400,
         "x-amzn-requestid", "aws-1",
         "{\"__type\":\"com.amazon.coral#ValidationException\",\"message\":\"The model returned "
         "the following errors: prompt is too long: 200049 tokens > 200000 maximum\"}",
         "ValidationException", "",
         "The model returned the following errors: prompt is too long: 200049 tokens > 200000 "
         "maximum",
         "aws-1", 200049, 200000},
        {"Bedrock: old services write Message", PLATFORM_BEDROCK, 403, "", "",
         "{\"code\":\"AccessDeniedException\",\"Message\":\"No\"}", "AccessDeniedException", "",
         "No", "", 0, 0},
        {"Vertex: the status word and the reason", PLATFORM_VERTEX, 401, "", "",
         "{\"error\":{\"code\":401,\"message\":\"Request had invalid credentials.\",\"status\":"
         "\"UNAUTHENTICATED\",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.Help\"},"
         "{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":"
         "\"ACCESS_TOKEN_EXPIRED\"}]}}",
         "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED", "Request had invalid credentials.", "", 0, 0},
        {"Vertex: the same wrapped in an array", PLATFORM_VERTEX, 429, "", "",
         "[{\"error\":{\"code\":429,\"message\":\"Quota exceeded\",\"status\":"
         "\"RESOURCE_EXHAUSTED\"}}]",
         "RESOURCE_EXHAUSTED", "", "Quota exceeded", "", 0, 0},
        {"Vertex: a model behind it speaks Anthropic's shape", PLATFORM_VERTEX, 529, "", "",
         "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}"
         "}",
         "overloaded_error", "", "Overloaded", "", 0, 0},
        {"Foundry: the gateway's code", PLATFORM_FOUNDRY, 404, "apim-request-id", "apim-1",
         "{\"error\":{\"code\":\"DeploymentNotFound\",\"message\":\"No such deployment\"}}",
         "DeploymentNotFound", "", "No such deployment", "apim-1", 0, 0},
        {"Foundry: the gateway counts its errors", PLATFORM_FOUNDRY, 401, "apim-request-id",
         "apim-2",
         "{\"error\":{\"code\":\"401\",\"message\":\"Access denied due to invalid subscription key "
         "or wrong API endpoint.\"}}",
         "401", "", "Access denied due to invalid subscription key or wrong API endpoint.",
         "apim-2", 0, 0},
        {"an edge's page: its first line", PLATFORM_ANTHROPIC, 413, "content-type", "text/html",
         "  \r\n<html><head><title>413 Request Entity Too Large</title>\r\n<body>", "", "",
         "<html><head><title>413 Request Entity Too Large</title>", "", 0, 0},
        {"JSON of no known shape: its first line", PLATFORM_FOUNDRY, 502, "", "", "{\"oops\":true}",
         "", "", "{\"oops\":true}", "", 0, 0},
        {"a long line is cut at 200 bytes, not within a character", PLATFORM_ANTHROPIC, 502, "", "",
         "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
         "8901234567890123456789012345678901234567890123456789012345678901234567890123456789012345"
         "67890123456789012345678\xc3\xa9 and more",
         "", "",
         "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
         "8901234567890123456789012345678901234567890123456789012345678901234567890123456789012345"
         "67890123456789012345678",
         "", 0, 0},
        {"an empty body says nothing", PLATFORM_VERTEX, 503, "", "", "", "", "", "", "", 0, 0},
    };
    return cr_make_param_array(struct reply_case, cases, REDIAL_COUNT_OF(cases));
}

static void expect_text(const char *name, const char *what, struct redial_str got, const char *want)
{
    cr_expect(str_is(got, want), "%s: %s is '%.*s', not '%s'", name, what, REDIAL_STR_ARG(got),
              want);
}

ParameterizedTest(struct reply_case *c, reader, reads_errors)
{
    struct reply_reader *reader = reply_reader_new();
    struct redial_header header = {str_of(c->header_name), str_of(c->header_value)};
    struct redial_event event;

    reply_reader_begin(reader, c->platform, false);
    reply_reader_head(reader, c->status, &header, c->header_name[0] != '\0');
    for (size_t i = 0; c->body[i] != '\0'; i++)
        cr_assert_eq(reply_reader_body(reader, (struct redial_str){&c->body[i], 1}), 0u);
    reply_reader_end(reader, REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE, &event);
    cr_expect_eq(event.kind, REDIAL_EVENT_REPLY, "%s", c->name);
    cr_expect(event.complete, "%s", c->name);
    cr_expect_eq(event.status, c->status, "%s", c->name);
    expect_text(c->name, "error", event.text[REDIAL_TEXT_ERROR], c->error);
    expect_text(c->name, "code", event.text[REDIAL_TEXT_ERROR_CODE], c->error_code);
    expect_text(c->name, "message", event.message, c->message);
    expect_text(c->name, "request id", event.request_id, c->request_id);
    cr_expect_eq(event.input_tokens, c->input_tokens, "%s", c->name);
    cr_expect_eq(event.context_tokens, c->context_tokens, "%s", c->name);
    reply_reader_destroy(reader);
}

/* ---- Streams */

#define MESSAGE_START                                                                              \
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":"              \
    "{\"input_tokens\":10,\"cache_read_input_tokens\":7,\"output_tokens\":1}}}\n\n"
#define PING  "event: ping\ndata: {\"type\":\"ping\"}\n\n"
#define DELTA "event: content_block_delta\ndata: {\"type\":\"content_block_delta\"}\n\n"
#define MESSAGE_DELTA                                                                              \
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"          \
    "\"max_tokens\"},\"usage\":{\"output_tokens\":42}}\n\n"
#define MESSAGE_STOP "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
#define STREAM_ERROR                                                                               \
    "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","            \
    "\"message\":\"Overloaded\"}}\n\n"

struct stream_case {
    char name[64];
    char body[1024];
    enum redial_cause cause; /* what the transport saw */
    unsigned progress;
    enum redial_event_kind kind;
    enum redial_cause want_cause;
    enum redial_phase want_phase;
};

ParameterizedTestParameters(reader, reads_streams)
{
    static struct stream_case cases[] = {
        {"a whole stream is a reply", MESSAGE_START PING DELTA MESSAGE_DELTA MESSAGE_STOP,
         REDIAL_CAUSE_NONE, REPLY_OUTPUT | REPLY_TERMINATED, REDIAL_EVENT_REPLY, REDIAL_CAUSE_NONE,
         REDIAL_PHASE_NONE},
        {"a stream without message_stop is cut", MESSAGE_START DELTA MESSAGE_DELTA,
         REDIAL_CAUSE_NONE, REPLY_OUTPUT, REDIAL_EVENT_BROKEN, REDIAL_CAUSE_CUT,
         REDIAL_PHASE_STREAM},
        {"pings and starts are no output", MESSAGE_START PING, REDIAL_CAUSE_ECONNRESET, 0,
         REDIAL_EVENT_BROKEN, REDIAL_CAUSE_ECONNRESET, REDIAL_PHASE_STREAM},
        {"an error event ends the attempt", MESSAGE_START DELTA STREAM_ERROR DELTA,
         REDIAL_CAUSE_NONE, REPLY_OUTPUT | REPLY_STREAM_ERROR, REDIAL_EVENT_STREAM_ERROR,
         REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE},
        {"after message_stop a reset is nobody's loss", DELTA MESSAGE_STOP, REDIAL_CAUSE_ECONNRESET,
         REPLY_OUTPUT | REPLY_TERMINATED, REDIAL_EVENT_REPLY, REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE},
        {"data that is no JSON is malformed", "event: content_block_delta\ndata: {\"ty\n\n",
         REDIAL_CAUSE_NONE, REPLY_UNREADABLE, REDIAL_EVENT_BROKEN, REDIAL_CAUSE_MALFORMED,
         REDIAL_PHASE_STREAM},
        {"unknown events are passed over unread", "event: new\ndata: {\"ty\n\n" MESSAGE_STOP,
         REDIAL_CAUSE_NONE, REPLY_TERMINATED, REDIAL_EVENT_REPLY, REDIAL_CAUSE_NONE,
         REDIAL_PHASE_NONE},
        {"an error in a stream's end is read whole", STREAM_ERROR, REDIAL_CAUSE_ECONNRESET,
         REPLY_STREAM_ERROR, REDIAL_EVENT_STREAM_ERROR, REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE},
    };
    return cr_make_param_array(struct stream_case, cases, REDIAL_COUNT_OF(cases));
}

static const struct redial_header stream_header = {
    REDIAL_STR_INIT("Content-Type"), REDIAL_STR_INIT("Text/Event-Stream; charset=utf-8")};

/* Feeds `body` in pieces of `size` bytes. */
static unsigned feed(struct reply_reader *reader, struct redial_str body, size_t size)
{
    unsigned progress = 0;

    for (; body.len > 0; body = str_skip(body, size))
        progress |= reply_reader_body(reader, str_take(body, size));
    return progress;
}

ParameterizedTest(struct stream_case *c, reader, reads_streams)
{
    struct reply_reader *reader = reply_reader_new();
    struct redial_event event;

    for (size_t size = 1; size < sizeof c->body; size *= 3) {
        reply_reader_begin(reader, PLATFORM_VERTEX, true);
        cr_expect_eq(reply_reader_phase(reader), REDIAL_PHASE_WAIT);
        reply_reader_head(reader, 200, &stream_header, 1);
        cr_expect_eq(reply_reader_phase(reader), REDIAL_PHASE_STREAM);
        cr_expect_eq(feed(reader, str_of(c->body), size), c->progress, "%s", c->name);
        reply_reader_end(reader, c->cause, REDIAL_PHASE_NONE, &event);
        cr_expect_eq(event.kind, c->kind, "%s", c->name);
        cr_expect_eq(event.cause, c->want_cause, "%s", c->name);
        cr_expect_eq(event.phase, c->want_phase, "%s", c->name);
        cr_expect_eq(event.complete, c->kind == REDIAL_EVENT_REPLY, "%s", c->name);
    }
    reply_reader_destroy(reader);
}

Test(reader, tells_stop_reason_and_usage_of_a_stream)
{
    struct reply_reader *reader = reply_reader_new();
    struct redial_event event;

    reply_reader_begin(reader, PLATFORM_ANTHROPIC, true);
    reply_reader_head(reader, 200, &stream_header, 1);
    feed(reader, REDIAL_STR(MESSAGE_START DELTA MESSAGE_DELTA MESSAGE_STOP), 7);
    reply_reader_end(reader, REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE, &event);
    cr_expect(str_is(event.text[REDIAL_TEXT_STOP_REASON], "max_tokens"));
    cr_expect_eq(event.input_tokens, 17, "what came from the cache is input too");
    cr_expect_eq(event.output_tokens, 42);
    reply_reader_destroy(reader);
}

Test(reader, names_the_error_of_a_stream_apart)
{
    struct reply_reader *reader = reply_reader_new();
    struct redial_event event;

    reply_reader_begin(reader, PLATFORM_FOUNDRY, true);
    reply_reader_head(reader, 200, &stream_header, 1);
    feed(reader, REDIAL_STR(STREAM_ERROR), 5);
    reply_reader_end(reader, REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE, &event);
    cr_expect(str_is(event.text[REDIAL_TEXT_STREAM_ERROR], "overloaded_error"));
    cr_expect_eq(event.text[REDIAL_TEXT_ERROR].len, 0);
    cr_expect(str_is(event.message, "Overloaded"));
    cr_expect_eq(event.status, 200);
    reply_reader_destroy(reader);
}

/* ---- Whole replies and broken ones */

#define MESSAGE                                                                                    \
    "{\"type\":\"message\",\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":3,"            \
    "\"output_tokens\":5}}"

struct body_case {
    char name[72];
    char content_type[24];
    char body[200];
    bool streamed;
    enum redial_event_kind kind;
    enum redial_cause cause;
    char message[120];
};

ParameterizedTestParameters(reader, judges_successful_replies)
{
    static struct body_case cases[] = {
        {"a message is a reply", "application/json", MESSAGE, false, REDIAL_EVENT_REPLY,
         REDIAL_CAUSE_NONE, ""},
        {"half a message is malformed", "application/json", "{\"type\":\"mess", false,
         REDIAL_EVENT_BROKEN, REDIAL_CAUSE_MALFORMED,
         "the reply's body is not a message in JSON: '{\"type\":\"mess'"},
        {"JSON that is no message is malformed", "application/json", "{}", false,
         REDIAL_EVENT_BROKEN, REDIAL_CAUSE_MALFORMED,
         "the reply's body is not a message in JSON: '{}'"},
        {"no body at all is malformed", "application/json", "", false, REDIAL_EVENT_BROKEN,
         REDIAL_CAUSE_MALFORMED, "the reply's body is not a message in JSON: ''"},
        {"a page instead of a stream is malformed", "text/html; q", "<html>", true,
         REDIAL_EVENT_BROKEN, REDIAL_CAUSE_MALFORMED,
         "a stream was asked for, and the reply is 'text/html', not text/event-stream"},
        {"an error in a 200 is told", "application/json",
         "{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"hm\"}}", false,
         REDIAL_EVENT_REPLY, REDIAL_CAUSE_NONE, "hm"},
    };
    return cr_make_param_array(struct body_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct body_case *c, reader, judges_successful_replies)
{
    struct reply_reader *reader = reply_reader_new();
    struct redial_header header = {REDIAL_STR("content-type"), str_of(c->content_type)};
    struct redial_event event;

    reply_reader_begin(reader, PLATFORM_ANTHROPIC, c->streamed);
    reply_reader_head(reader, 200, &header, 1);
    cr_expect_eq(feed(reader, str_of(c->body), 9), c->streamed ? REPLY_UNREADABLE : 0u, "%s",
                 c->name);
    reply_reader_end(reader, REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE, &event);
    cr_expect_eq(event.kind, c->kind, "%s", c->name);
    cr_expect_eq(event.cause, c->cause, "%s", c->name);
    expect_text(c->name, "message", event.message, c->message);
    reply_reader_destroy(reader);
}

Test(reader, believes_a_broken_connection_before_a_body_that_is_half_there)
{
    struct reply_reader *reader = reply_reader_new();
    struct redial_event event;

    reply_reader_begin(reader, PLATFORM_ANTHROPIC, false);
    reply_reader_head(reader, 200, NULL, 0);
    feed(reader, REDIAL_STR("{\"type\":\"mess"), 4);
    reply_reader_end(reader, REDIAL_CAUSE_ECONNRESET, REDIAL_PHASE_NONE, &event);
    cr_expect_eq(event.kind, REDIAL_EVENT_BROKEN);
    cr_expect_eq(event.cause, REDIAL_CAUSE_ECONNRESET);
    cr_expect_eq(event.phase, REDIAL_PHASE_BODY);
    cr_expect_eq(event.status, 200);
    reply_reader_destroy(reader);
}

Test(reader, reads_the_veto)
{
    static const struct {
        struct redial_str value;
        int8_t want;
    } rows[] = {{REDIAL_STR_INIT("true"), 1},
                {REDIAL_STR_INIT(" false "), -1},
                {REDIAL_STR_INIT("perhaps"), 0}};
    struct reply_reader *reader = reply_reader_new();
    struct redial_event event;

    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++) {
        struct redial_header header = {REDIAL_STR("X-Should-Retry"), rows[i].value};
        reply_reader_begin(reader, PLATFORM_ANTHROPIC, false);
        reply_reader_head(reader, 500, &header, 1);
        reply_reader_end(reader, REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE, &event);
        cr_expect_eq(event.should_retry, rows[i].want);
    }
    reply_reader_destroy(reader);
}

Test(reader, keeps_a_bounded_part_of_an_endless_error_body)
{
    static char much[1 << 16];
    struct reply_reader *reader = reply_reader_new();
    struct redial_event event;

    memset(much, 'x', sizeof much);
    reply_reader_begin(reader, PLATFORM_ANTHROPIC, false);
    reply_reader_head(reader, 500, NULL, 0);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(reply_reader_body(reader, (struct redial_str){much, sizeof much}), 0u);
    reply_reader_end(reader, REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE, &event);
    cr_expect_eq(event.kind, REDIAL_EVENT_REPLY);
    cr_expect_eq(event.message.len, 200);
    reply_reader_destroy(reader);
}

static void read_one(void)
{
    struct reply_reader *reader = reply_reader_new();
    struct redial_event event;

    if (!reader) return;
    for (int streamed = 0; streamed < 2; streamed++) {
        reply_reader_begin(reader, PLATFORM_ANTHROPIC, streamed);
        reply_reader_head(reader, streamed ? 200 : 400, &stream_header, 1);
        feed(reader, REDIAL_STR(MESSAGE_START MESSAGE_DELTA STREAM_ERROR), 11);
        reply_reader_end(reader, REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE, &event);
        cr_assert_neq(event.kind, REDIAL_EVENT_START);
    }
    reply_reader_destroy(reader);
}

Test(reader, survives_every_failed_allocation)
{
    bool failed = true;

    for (size_t nth = 1; failed; nth++) {
        failing_memory_begin(nth);
        read_one();
        failed = failing_memory_end();
        cr_assert_eq(failing_memory_live(), 0, "a leak when allocation %zu fails", nth);
    }
}
