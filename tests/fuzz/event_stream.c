/* Event streams: the same messages and the same end, whole or in pieces; and what was read, written
 * again, is the same bytes. Random bytes have no right CRC, so the input is also wrapped into
 * messages of its own: its headers, its payload. */
#include <assert.h>
#include <stdlib.h>

#include "platforms/event_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_message(struct event_stream_message message, struct text *out)
{
    struct text headers = TEXT_INIT;
    struct event_stream_header header;
    struct redial_str rest = message.headers;

    while (event_stream_header(&rest, &header)) event_stream_header_append(&headers, &header);
    assert(rest.len == 0 && str_eq(text_str(&headers), message.headers));
    event_stream_append(out, message.headers, message.payload);
    text_clean_up(&headers);
}

static struct text read_in_pieces(struct redial_str input, size_t piece_len)
{
    struct text messages = TEXT_INIT;
    struct event_stream_message message;
    struct event_stream stream;

    event_stream_init(&stream);
    for (; input.len > 0; input = str_skip(input, piece_len)) {
        struct redial_str piece = str_take(input, piece_len);
        while (event_stream_next(&stream, &piece, &message) == EVENT_STREAM_MESSAGE)
            write_message(message, &messages);
        assert(piece.len == 0 || stream.wrong);
    }
    text_printf(&messages, "%s %d", stream.wrong ? stream.wrong : "",
                !stream.wrong && event_stream_is_within(&stream));
    event_stream_clean_up(&stream);
    return messages;
}

static void compare(struct redial_str input)
{
    struct text whole = read_in_pieces(input, input.len), bytes = read_in_pieces(input, 1),
                sevens = read_in_pieces(input, 7);

    assert(str_eq(text_str(&whole), text_str(&bytes)));
    assert(str_eq(text_str(&whole), text_str(&sevens)));
    text_clean_up(&whole);
    text_clean_up(&bytes);
    text_clean_up(&sevens);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redial_str input = {(const char *)data, size};
    size_t headers = size > 0 ? data[0] : 0;
    struct text wrapped = TEXT_INIT;

    compare(input);
    event_stream_append(&wrapped, str_take(input, headers), str_skip(input, headers));
    event_stream_append(&wrapped, REDIAL_STR(""), input);
    compare(text_str(&wrapped));
    text_clean_up(&wrapped);
    return 0;
}
