/* Whole replies: the first byte chooses platform, stream and content type, the next two the status,
 * the rest is the body. Whatever the bytes, an event comes out, the same whole or byte by byte. */
#include <assert.h>
#include <stdlib.h>

#include "platforms/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct redial_header types[] = {
    {REDIAL_STR_INIT("content-type"), REDIAL_STR_INIT("application/vnd.amazon.eventstream")},
    {REDIAL_STR_INIT("content-type"), REDIAL_STR_INIT("text/event-stream; charset=utf-8")},
    {REDIAL_STR_INIT("content-type"), REDIAL_STR_INIT("application/json")},
    {REDIAL_STR_INIT("x-amzn-errortype"), REDIAL_STR_INIT("ThrottlingException:http://a/")},
};

static struct redial_event read_reply(struct reply_reader *reader, const uint8_t *data, size_t size,
                                      size_t piece_len)
{
    struct redial_str body = {(const char *)data + 3, size - 3};
    struct redial_event event = {0};

    reply_reader_begin(reader, (enum platform_kind)(data[0] % PLATFORM_KIND_COUNT), data[0] & 4);
    reply_reader_head(reader, (uint16_t)(data[1] * 4 + data[2] % 4),
                      &types[(data[0] >> 3) % REDIAL_COUNT_OF(types)], 1);
    for (; body.len > 0; body = str_skip(body, piece_len))
        (void)reply_reader_body(reader, str_take(body, piece_len));
    reply_reader_end(reader, data[0] & 128 ? REDIAL_CAUSE_ECONNRESET : REDIAL_CAUSE_NONE,
                     REDIAL_PHASE_NONE, &event);
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
