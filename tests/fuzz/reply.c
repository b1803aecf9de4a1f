/* Whole replies: the first byte chooses platform, stream and content type, the next two the status,
 * the rest is the body. Of an event stream each line becomes a frame, since random bytes have no
 * right CRC: its first character says what kind. Whatever the bytes, an event comes out, the same
 * whole or byte by byte. */
#include <assert.h>
#include <stdlib.h>

#include "base/base64.h"
#include "platforms/event_stream.h"
#include "platforms/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct redial_header types[] = {
    {REDIAL_STR_INIT("content-type"), REDIAL_STR_INIT("text/event-stream; charset=utf-8")},
    {REDIAL_STR_INIT("content-type"), REDIAL_STR_INIT("application/json")},
    {REDIAL_STR_INIT("x-amzn-errortype"), REDIAL_STR_INIT("ThrottlingException:http://a/")},
    {REDIAL_STR_INIT("content-type"), REDIAL_STR_INIT("application/vnd.amazon.eventstream")},
};
#define FRAMES 3

static void put_string(struct text *headers, const char *name, struct redial_str value)
{
    event_stream_header_append(headers, &(struct event_stream_header){.name = str_of(name),
                                                                      .type = EVENT_STREAM_STRING,
                                                                      .bytes = value});
}

static void append_chunk(struct redial_str event, struct text *payload)
{
    struct base64 base64 = {.rest_len = 0};

    text_append(payload, REDIAL_STR("{\"bytes\":\""));
    base64_append(&base64, event, payload);
    base64_end(&base64, payload);
    text_append(payload, REDIAL_STR("\"}"));
}

static void append_frame(char kind, struct redial_str line, struct text *out)
{
    struct text headers = TEXT_INIT, payload = TEXT_INIT;
    struct redial_str type = kind == 'e'   ? REDIAL_STR("exception")
                             : kind == 'r' ? REDIAL_STR("error")
                                           : REDIAL_STR("event");

    put_string(&headers, ":message-type", type);
    put_string(&headers, kind == 'e' ? ":exception-type" : ":event-type", REDIAL_STR("chunk"));
    if (kind == 'r') put_string(&headers, ":error-message", str_take(line, 1000));
    if (kind == 'c') append_chunk(line, &payload);
    event_stream_append(out, text_str(&headers), kind == 'c' ? text_str(&payload) : line);
    text_clean_up(&headers);
    text_clean_up(&payload);
}

static void append_frames(struct redial_str body, struct text *out)
{
    struct redial_str line;

    while (str_split(&body, '\n', &line))
        if (line.len > 0) append_frame(line.ptr[0], str_skip(line, 1), out);
}

static struct redial_event read_reply(struct reply_reader *reader, const uint8_t *data, size_t size,
                                      size_t piece_len)
{
    struct redial_str body = {(const char *)data + 3, size - 3};
    size_t type = (data[0] >> 3) % REDIAL_COUNT_OF(types);
    struct text frames = TEXT_INIT;
    struct redial_event event = {0};

    if (type == FRAMES) {
        append_frames(body, &frames);
        body = text_str(&frames);
        if (size == piece_len) piece_len = frames.len;
    }

    reply_reader_begin(reader, (enum platform_kind)(data[0] % PLATFORM_KIND_COUNT), data[0] & 4);
    reply_reader_head(reader, (uint16_t)(data[1] * 4 + data[2] % 4), &types[type], 1);
    for (; body.len > 0; body = str_skip(body, piece_len))
        (void)reply_reader_body(reader, str_take(body, piece_len));
    reply_reader_end(reader, data[0] & 128 ? REDIAL_CAUSE_ECONNRESET : REDIAL_CAUSE_NONE,
                     REDIAL_PHASE_NONE, &event);
    text_clean_up(&frames);
    return event;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4) return 0;
    struct reply_reader *one = reply_reader_new(), *other = reply_reader_new();
    assert(one && other);
    struct redial_event whole = read_reply(one, data, size, size);
    struct redial_event bytes = read_reply(other, data, size, 1);

    assert(whole.kind == REDIAL_EVENT_REPLY || whole.kind == REDIAL_EVENT_BROKEN ||
           whole.kind == REDIAL_EVENT_STREAM_ERROR);
    assert(whole.kind == bytes.kind && whole.cause == bytes.cause && whole.phase == bytes.phase);
    assert(str_eq(whole.message, bytes.message));
    assert(whole.input_tokens >= 0 && whole.output_tokens >= 0);
    for (int i = 0; i < REDIAL_TEXT_COUNT; i++) assert(str_eq(whole.text[i], bytes.text[i]));
    reply_reader_destroy(one);
    reply_reader_destroy(other);
    return 0;
}
