/* Replies of Bedrock as AWS event streams: each event of the model wrapped into a chunk, errors as
 * exceptions of the stream. And what a program that follows the events is given, on any platform.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <openssl/evp.h>
#include <string.h>

#include "platforms/event_stream.h"
#include "platforms/reader.h"
#include "tests/support/failing_memory.h"

static const struct redial_header frames_header = {
    REDIAL_STR_INIT("content-type"), REDIAL_STR_INIT("application/vnd.amazon.eventstream")};
static const struct redial_header sse_header = {REDIAL_STR_INIT("content-type"),
                                                REDIAL_STR_INIT("text/event-stream")};

static void put_string(struct text *headers, const char *name, const char *value)
{
    event_stream_header_append(headers, &(struct event_stream_header){.name = str_of(name),
                                                                      .type = EVENT_STREAM_STRING,
                                                                      .bytes = str_of(value)});
}

static void append_frame(struct text *out, const char *type, const char *kind, const char *name,
                         struct redial_str payload)
{
    struct text headers = TEXT_INIT;

    put_string(&headers, kind, name);
    put_string(&headers, ":content-type", "application/json");
    put_string(&headers, ":message-type", type);
    event_stream_append(out, text_str(&headers), payload);
    text_clean_up(&headers);
}

static void append_chunk(struct text *out, const char *event)
{
    unsigned char encoded[1024];
    struct text payload = TEXT_INIT;
    int len = EVP_EncodeBlock(encoded, (const unsigned char *)event, (int)strlen(event));

    text_printf(&payload, "{\"bytes\":\"%.*s\",\"p\":\"abcdefgh\"}", len, (const char *)encoded);
    append_frame(out, "event", ":event-type", "chunk", text_str(&payload));
    text_clean_up(&payload);
}

#define MESSAGE_START                                                                              \
    "{\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":10,"                     \
    "\"cache_read_input_tokens\":7,\"output_tokens\":1}}}"
#define DELTA "{\"type\":\"content_block_delta\",\"index\":0}"
#define MESSAGE_DELTA                                                                              \
    "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":"              \
    "{\"output_tokens\":42}}"
#define MESSAGE_STOP                                                                               \
    "{\"type\":\"message_stop\",\"amazon-bedrock-invocationMetrics\":{\"inputTokenCount\":10}}"

/* A script of frames, a letter each: s(tart), d(elta), m(essage delta), z (stop), p(ing),
 * e(xception), o(riginal status), r (error frame), i(nitial response), j (no JSON within), n(o
 * bytes), x (not base64), c (bad CRC), t(runcated), q (an exception that is no JSON), u (an error
 * of the model). */
static void append_letter(struct text *out, char letter)
{
    struct text cut = TEXT_INIT;

    switch (letter) {
    case 's': append_chunk(out, MESSAGE_START); break;
    case 'd': append_chunk(out, DELTA); break;
    case 'm': append_chunk(out, MESSAGE_DELTA); break;
    case 'z': append_chunk(out, MESSAGE_STOP); break;
    case 'p': append_chunk(out, "{\"type\":\"ping\"}"); break;
    case 'u':
        append_chunk(out, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
                          "\"message\":\"Overloaded\"}}");
        break;
    case 'e':
        append_frame(out, "exception", ":exception-type", "throttlingException",
                     REDIAL_STR("{\"message\":\"Too many \\\"tokens\\\", please wait\"}"));
        break;
    case 'o':
        append_frame(out, "exception", ":exception-type", "modelStreamErrorException",
                     REDIAL_STR("{\"message\":\"The model failed\",\"originalMessage\":\"no "
                                "room\",\"originalStatusCode\":529}"));
        break;
    case 'q':
        append_frame(out, "exception", ":exception-type", "internalServerException",
                     REDIAL_STR("no JSON"));
        break;
    case 'r': {
        struct text headers = TEXT_INIT;
        put_string(&headers, ":message-type", "error");
        put_string(&headers, ":error-code", "InternalError");
        put_string(&headers, ":error-message", "An internal error");
        event_stream_append(out, text_str(&headers), REDIAL_STR(""));
        text_clean_up(&headers);
        break;
    }
    case 'i':
        append_frame(out, "event", ":event-type", "initial-response", REDIAL_STR("{}"));
        break;
    case 'j': append_chunk(out, "not JSON"); break;
    case 'n':
        append_frame(out, "event", ":event-type", "chunk", REDIAL_STR("{\"p\":\"a\"}"));
        break;
    case 'x':
        append_frame(out, "event", ":event-type", "chunk", REDIAL_STR("{\"bytes\":\"a=b=\"}"));
        break;
    case 'c':
        append_chunk(out, DELTA);
        out->ptr[out->len - 20] ^= 1;
        break;
    case 't':
        append_chunk(&cut, MESSAGE_STOP);
        text_append(out, str_take(text_str(&cut), cut.len - 1));
        break;
    default: cr_assert_fail("no frame goes by '%c'", letter);
    }
    text_clean_up(&cut);
}

struct frames_case {
    char name[64];
    char script[12];
    enum redial_cause cause; /* what the transport saw */
    unsigned progress;
    enum redial_event_kind kind;
    enum redial_cause want_cause;
    char stream_error[32];
    char message[80];
};

ParameterizedTestParameters(reader_frames, reads_event_streams)
{
    static struct frames_case cases[] = {
        {"a whole stream is a reply", "sddmz", REDIAL_CAUSE_NONE, REPLY_OUTPUT | REPLY_TERMINATED,
         REDIAL_EVENT_REPLY, REDIAL_CAUSE_NONE, "", ""},
        {"what is not known is passed over", "ispdmz", REDIAL_CAUSE_NONE,
         REPLY_OUTPUT | REPLY_TERMINATED, REDIAL_EVENT_REPLY, REDIAL_CAUSE_NONE, "", ""},
        {"a stream without message_stop is cut", "sdm", REDIAL_CAUSE_NONE, REPLY_OUTPUT,
         REDIAL_EVENT_BROKEN, REDIAL_CAUSE_CUT, "", ""},
        {"a message without its end is cut", "sdmt", REDIAL_CAUSE_NONE, REPLY_OUTPUT,
         REDIAL_EVENT_BROKEN, REDIAL_CAUSE_CUT, "", ""},
        {"a reset before the end is a reset", "sd", REDIAL_CAUSE_ECONNRESET, REPLY_OUTPUT,
         REDIAL_EVENT_BROKEN, REDIAL_CAUSE_ECONNRESET, "", ""},
        {"an exception ends the attempt", "sdedz", REDIAL_CAUSE_NONE,
         REPLY_OUTPUT | REPLY_STREAM_ERROR, REDIAL_EVENT_STREAM_ERROR, REDIAL_CAUSE_NONE,
         "throttlingException", "Too many \"tokens\", please wait"},
        {"an exception before any output", "e", REDIAL_CAUSE_ECONNRESET, REPLY_STREAM_ERROR,
         REDIAL_EVENT_STREAM_ERROR, REDIAL_CAUSE_NONE, "throttlingException",
         "Too many \"tokens\", please wait"},
        {"a model's own error with what it was", "so", REDIAL_CAUSE_NONE, REPLY_STREAM_ERROR,
         REDIAL_EVENT_STREAM_ERROR, REDIAL_CAUSE_NONE, "modelStreamErrorException",
         "The model failed: no room (status 529)"},
        {"an exception that is no JSON", "q", REDIAL_CAUSE_NONE, REPLY_STREAM_ERROR,
         REDIAL_EVENT_STREAM_ERROR, REDIAL_CAUSE_NONE, "internalServerException", "no JSON"},
        {"an error of the stream itself", "sr", REDIAL_CAUSE_NONE, REPLY_STREAM_ERROR,
         REDIAL_EVENT_STREAM_ERROR, REDIAL_CAUSE_NONE, "InternalError", "An internal error"},
        {"an error event of the model in a chunk", "su", REDIAL_CAUSE_NONE, REPLY_STREAM_ERROR,
         REDIAL_EVENT_STREAM_ERROR, REDIAL_CAUSE_NONE, "overloaded_error", "Overloaded"},
        {"a wrong CRC is malformed", "scz", REDIAL_CAUSE_NONE, REPLY_UNREADABLE,
         REDIAL_EVENT_BROKEN, REDIAL_CAUSE_MALFORMED, "",
         "the event stream is broken: the CRC of a message is wrong"},
        {"a chunk that wraps no JSON", "sj", REDIAL_CAUSE_NONE, REPLY_UNREADABLE,
         REDIAL_EVENT_BROKEN, REDIAL_CAUSE_MALFORMED, "", "a chunk of the stream wraps no JSON"},
        {"a chunk without bytes", "sn", REDIAL_CAUSE_NONE, REPLY_UNREADABLE, REDIAL_EVENT_BROKEN,
         REDIAL_CAUSE_MALFORMED, "", "a chunk of the stream has no `bytes` in base64"},
        {"a chunk that is not base64", "sx", REDIAL_CAUSE_NONE, REPLY_UNREADABLE,
         REDIAL_EVENT_BROKEN, REDIAL_CAUSE_MALFORMED, "",
         "a chunk of the stream has no `bytes` in base64"},
    };
    return cr_make_param_array(struct frames_case, cases, REDIAL_COUNT_OF(cases));
}

static unsigned feed(struct reply_reader *reader, struct redial_str body, size_t size)
{
    unsigned progress = 0;

    for (; body.len > 0; body = str_skip(body, size))
        progress |= reply_reader_body(reader, str_take(body, size));
    return progress;
}

ParameterizedTest(struct frames_case *c, reader_frames, reads_event_streams)
{
    struct reply_reader *reader = reply_reader_new();
    struct text body = TEXT_INIT;
    struct redial_event event;

    for (const char *letter = c->script; *letter; letter++) append_letter(&body, *letter);
    for (size_t size = 1; size <= body.len; size += size < 20 ? 1 : body.len / 3) {
        reply_reader_begin(reader, PLATFORM_BEDROCK, true);
        reply_reader_head(reader, 200, &frames_header, 1);
        cr_expect_eq(reply_reader_phase(reader), REDIAL_PHASE_STREAM);
        cr_expect_eq(feed(reader, text_str(&body), size), c->progress, "%s by %zu", c->name, size);
        reply_reader_end(reader, c->cause, REDIAL_PHASE_NONE, &event);
        cr_expect_eq(event.kind, c->kind, "%s by %zu", c->name, size);
        cr_expect_eq(event.cause, c->want_cause, "%s by %zu", c->name, size);
        cr_expect(str_is(event.text[REDIAL_TEXT_STREAM_ERROR], c->stream_error), "%s: '%.*s'",
                  c->name, REDIAL_STR_ARG(event.text[REDIAL_TEXT_STREAM_ERROR]));
        cr_expect(str_is(event.message, c->message), "%s: '%.*s'", c->name,
                  REDIAL_STR_ARG(event.message));
    }
    text_clean_up(&body);
    reply_reader_destroy(reader);
}

Test(reader_frames, tells_stop_reason_and_usage)
{
    struct reply_reader *reader = reply_reader_new();
    struct text body = TEXT_INIT;
    struct redial_event event;

    for (const char *letter = "sdmz"; *letter; letter++) append_letter(&body, *letter);
    reply_reader_begin(reader, PLATFORM_BEDROCK, true);
    reply_reader_head(reader, 200, &frames_header, 1);
    (void)feed(reader, text_str(&body), 100);
    reply_reader_end(reader, REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE, &event);
    cr_expect(str_is(event.text[REDIAL_TEXT_STOP_REASON], "end_turn"));
    cr_expect_eq(event.input_tokens, 17);
    cr_expect_eq(event.output_tokens, 42);
    text_clean_up(&body);
    reply_reader_destroy(reader);
}

Test(reader_frames, bedrock_may_answer_with_server_sent_events)
{
    struct reply_reader *reader = reply_reader_new();
    struct redial_event event;

    reply_reader_begin(reader, PLATFORM_BEDROCK, true);
    reply_reader_head(reader, 200, &sse_header, 1);
    cr_expect_eq(feed(reader, REDIAL_STR("event: message_stop\ndata: " MESSAGE_STOP "\n\n"), 5),
                 REPLY_TERMINATED);
    reply_reader_end(reader, REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE, &event);
    cr_expect_eq(event.kind, REDIAL_EVENT_REPLY);
    reply_reader_destroy(reader);
}

struct type_case {
    enum platform_kind platform;
    char content_type[40];
    char message[128];
};

ParameterizedTestParameters(reader_frames, reads_no_stream_of_another_type)
{
    static struct type_case cases[] = {
        {PLATFORM_BEDROCK, "application/json",
         "a stream was asked for, and the reply is 'application/json', not "
         "application/vnd.amazon.eventstream"},
        {PLATFORM_VERTEX, "application/vnd.amazon.eventstream",
         "a stream was asked for, and the reply is 'application/vnd.amazon.eventstream', not "
         "text/event-stream"},
    };
    return cr_make_param_array(struct type_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct type_case *c, reader_frames, reads_no_stream_of_another_type)
{
    struct reply_reader *reader = reply_reader_new();
    struct redial_header header = {REDIAL_STR("content-type"), str_of(c->content_type)};
    struct redial_event event;

    reply_reader_begin(reader, c->platform, true);
    reply_reader_head(reader, 200, &header, 1);
    cr_expect_eq(feed(reader, REDIAL_STR("{}"), 1), REPLY_UNREADABLE);
    reply_reader_end(reader, REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE, &event);
    cr_expect_eq(event.cause, REDIAL_CAUSE_MALFORMED);
    cr_expect(str_is(event.message, c->message), "%.*s", REDIAL_STR_ARG(event.message));
    reply_reader_destroy(reader);
}

/* ---- Following the events */

static void write_down(void *context, struct redial_str name, struct redial_str data)
{
    struct text *out = context;

    text_append(out, name);
    text_append_char(out, '=');
    text_append(out, data);
    text_append_char(out, ';');
}

#define ERROR_EVENT                                                                                \
    "{\"type\":\"error\",\"error\":{\"type\":\"throttlingException\",\"message\":\"Too many "      \
    "\\\"tokens\\\", please wait\"}}"

Test(reader_frames, events_are_handed_on_alike_on_every_platform)
{
    struct reply_reader *reader = reply_reader_new();
    struct text frames = TEXT_INIT, bedrock = TEXT_INIT, vertex = TEXT_INIT;

    for (const char *letter = "spde"; *letter; letter++) append_letter(&frames, *letter);
    reply_reader_on_event(reader, write_down, &bedrock);
    reply_reader_begin(reader, PLATFORM_BEDROCK, true);
    reply_reader_head(reader, 200, &frames_header, 1);
    (void)feed(reader, text_str(&frames), 11);
    reply_reader_on_event(reader, write_down, &vertex);
    reply_reader_begin(reader, PLATFORM_VERTEX, true);
    reply_reader_head(reader, 200, &sse_header, 1);
    (void)feed(reader,
               REDIAL_STR("event: message_start\ndata: " MESSAGE_START
                          "\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\nevent: "
                          "content_block_delta\ndata: " DELTA "\n\nevent: error\ndata: " ERROR_EVENT
                          "\n\n"),
               11);
    cr_expect_str_eq(bedrock.ptr, "message_start=" MESSAGE_START ";ping={\"type\":\"ping\"};"
                                  "content_block_delta=" DELTA ";error=" ERROR_EVENT ";");
    cr_expect_str_eq(vertex.ptr, bedrock.ptr);
    text_clean_up(&frames);
    text_clean_up(&bedrock);
    text_clean_up(&vertex);
    reply_reader_destroy(reader);
}

Test(reader_frames, the_text_of_a_whole_message_can_be_had)
{
    struct reply_reader *reader = reply_reader_new();
    struct redial_event event;
    struct redial_str message = REDIAL_STR("{\"type\":\"message\",\"content\":[]}");

    reply_reader_begin(reader, PLATFORM_BEDROCK, false);
    reply_reader_head(reader, 200, NULL, 0);
    (void)feed(reader, message, 3);
    reply_reader_end(reader, REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE, &event);
    cr_expect(str_eq(reply_reader_text(reader), message));
    reply_reader_begin(reader, PLATFORM_BEDROCK, false);
    cr_expect_eq(reply_reader_text(reader).len, 0);
    reply_reader_destroy(reader);
}

/* ---- Counts of tokens */

struct count_case {
    enum platform_kind platform;
    char body[48];
    bool right;
};

ParameterizedTestParameters(reader_frames, reads_counts_of_tokens)
{
    static struct count_case cases[] = {
        {PLATFORM_ANTHROPIC, "{\"input_tokens\":14}", true},
        {PLATFORM_BEDROCK, "{\"inputTokens\":14}", true},
        {PLATFORM_VERTEX, "{\"type\":\"message\"}", false},
        {PLATFORM_FOUNDRY, "{\"input_tokens\":-1}", false},
    };
    return cr_make_param_array(struct count_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct count_case *c, reader_frames, reads_counts_of_tokens)
{
    struct reply_reader *reader = reply_reader_new();
    struct redial_event event;

    reply_reader_begin(reader, c->platform, false);
    reply_reader_expect(reader, REQUEST_COUNT_TOKENS);
    reply_reader_head(reader, 200, NULL, 0);
    (void)feed(reader, str_of(c->body), 7);
    reply_reader_end(reader, REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE, &event);
    cr_expect_eq(event.kind, c->right ? REDIAL_EVENT_REPLY : REDIAL_EVENT_BROKEN, "%s", c->body);
    cr_expect_eq(event.input_tokens, c->right ? 14 : 0, "%s", c->body);
    if (!c->right)
        cr_expect(str_starts_with(event.message,
                                  REDIAL_STR("the reply's body is not a count of tokens")));
    reply_reader_destroy(reader);
}

Test(reader_frames, survives_every_failed_allocation)
{
    struct text body = TEXT_INIT;
    bool failed = true;

    for (const char *letter = "sdo"; *letter; letter++) append_letter(&body, *letter);
    for (size_t nth = 1; failed; nth++) {
        struct redial_event event = {0};
        failing_memory_begin(nth);
        struct reply_reader *reader = reply_reader_new();
        if (reader) {
            reply_reader_begin(reader, PLATFORM_BEDROCK, true);
            reply_reader_head(reader, 200, &frames_header, 1);
            (void)feed(reader, text_str(&body), 50);
            reply_reader_end(reader, REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE, &event);
        }
        reply_reader_destroy(reader);
        failed = failing_memory_end();
        cr_assert_eq(event.kind == REDIAL_EVENT_STREAM_ERROR, !failed, "allocation %zu", nth);
        cr_assert_eq(failing_memory_live(), 0, "a leak when allocation %zu fails", nth);
    }
    text_clean_up(&body);
}
