/* The incremental reader of AWS event streams, and the writer. It frames and checks; what a
 * message's headers and payload say is the reply reader's business. */
#include "platforms/event_stream.h"

#include <zlib.h>

#define PRELUDE_LEN       12u /* two lengths and their CRC */
#define CHECKED_BY_CRC    8u  /* of them, by the prelude's own */
#define CRC_LEN           4u
#define MESSAGE_MIN       (PRELUDE_LEN + CRC_LEN)
#define HEADER_NAME_MAX   255u
#define HEADER_VALUE_MAX  65535u
#define HEADER_BEFORE_MAX 2u /* bytes of a value's own length */

void event_stream_init(struct event_stream *stream)
{
    *stream = (struct event_stream){.message = TEXT_INIT};
}

void event_stream_clean_up(struct event_stream *stream)
{
    text_clean_up(&stream->message);
}

void event_stream_restart(struct event_stream *stream)
{
    struct text message = stream->message;

    event_stream_init(stream);
    stream->message = message;
    text_clear(&stream->message);
}

bool event_stream_is_within(const struct event_stream *stream)
{
    return stream->message.len > 0 && !stream->handed_on;
}

/* ---- Numbers */

static uint64_t read_number(const char *bytes, size_t len)
{
    uint64_t number = 0;

    for (size_t i = 0; i < len; i++) number = number << 8 | (unsigned char)bytes[i];
    return number;
}

static uint32_t read_u32(const char *bytes)
{
    return (uint32_t)read_number(bytes, sizeof(uint32_t));
}

/* Two's complement of `len` bytes. */
static int64_t read_signed(const char *bytes, size_t len)
{
    uint64_t sign = UINT64_C(1) << (len * 8 - 1);

    return (int64_t)((read_number(bytes, len) ^ sign) - sign);
}

static void append_number(struct text *out, uint64_t number, size_t len)
{
    for (size_t i = len; i-- > 0;) text_append_char(out, (char)(unsigned char)(number >> (i * 8)));
}

/* ---- Headers */

/* How long the value of a type is; COUNTED: two bytes before it say. */
#define COUNTED 0xffu
static const uint8_t value_lens[] = {
    [EVENT_STREAM_TRUE] = 0,        [EVENT_STREAM_FALSE] = 0,        [EVENT_STREAM_INT8] = 1,
    [EVENT_STREAM_INT16] = 2,       [EVENT_STREAM_INT32] = 4,        [EVENT_STREAM_INT64] = 8,
    [EVENT_STREAM_BYTES] = COUNTED, [EVENT_STREAM_STRING] = COUNTED, [EVENT_STREAM_TIMESTAMP] = 8,
    [EVENT_STREAM_UUID] = 16,
};

static bool cut(struct redial_str *from, size_t len, struct redial_str *piece)
{
    if (from->len < len) return false;
    *piece = str_take(*from, len);
    *from = str_skip(*from, len);
    return true;
}

static bool cut_number(struct redial_str *from, size_t len, size_t *number)
{
    struct redial_str bytes;

    if (!cut(from, len, &bytes)) return false;
    *number = (size_t)read_number(bytes.ptr, len);
    return true;
}

static bool is_numeric(enum event_stream_type type)
{
    return type == EVENT_STREAM_TIMESTAMP ||
           (type >= EVENT_STREAM_INT8 && type <= EVENT_STREAM_INT64);
}

bool event_stream_header(struct redial_str *headers, struct event_stream_header *header)
{
    size_t name_len, type, len;
    struct redial_str value;

    *header = (struct event_stream_header){0};
    if (!cut_number(headers, 1, &name_len) || !cut(headers, name_len, &header->name) ||
        !cut_number(headers, 1, &type) || type >= REDIAL_COUNT_OF(value_lens))
        return false;
    len = value_lens[type];
    if (len == COUNTED && !cut_number(headers, HEADER_BEFORE_MAX, &len)) return false;
    if (!cut(headers, len, &value)) return false;
    header->type = (enum event_stream_type)type;
    if (is_numeric(header->type)) {
        header->number = read_signed(value.ptr, value.len);
    } else if (len > 0 || value_lens[type] == COUNTED) {
        header->bytes = value;
    } else {
        header->number = header->type == EVENT_STREAM_TRUE;
    }
    return true;
}

static bool are_headers(struct redial_str headers)
{
    struct event_stream_header header;

    while (headers.len > 0)
        if (!event_stream_header(&headers, &header)) return false;
    return true;
}

struct redial_str event_stream_string(const struct event_stream_message *message, const char *name)
{
    struct redial_str rest = message->headers;
    struct event_stream_header header;

    while (event_stream_header(&rest, &header))
        if (header.type == EVENT_STREAM_STRING && str_is(header.name, name)) return header.bytes;
    return (struct redial_str){0};
}

/* ---- Reading */

static uint32_t crc_of(uint32_t crc, const char *bytes, size_t len)
{
    return (uint32_t)crc32_z(crc, (const unsigned char *)bytes, len);
}

static bool fail(struct event_stream *stream, const char *why)
{
    stream->wrong = why;
    return false;
}

/* Whether a message of this prelude may be waited for: nothing is kept on the word of a length that
 * its CRC does not vouch for. */
static bool check_prelude(struct event_stream *stream, const char *prelude, size_t *total)
{
    uint32_t headers = read_u32(prelude + 4);

    *total = read_u32(prelude);
    if (crc_of(0, prelude, CHECKED_BY_CRC) != read_u32(prelude + CHECKED_BY_CRC))
        return fail(stream, "the CRC of a message's lengths is wrong");
    if (*total > EVENT_STREAM_MESSAGE_MAX || headers > EVENT_STREAM_HEADERS_MAX)
        return fail(stream, "a message is longer than event streams allow");
    if (*total < MESSAGE_MIN || headers > *total - MESSAGE_MIN)
        return fail(stream, "a message's lengths contradict each other");
    return true;
}

/* `bytes`: one whole message whose prelude was checked. */
static bool read_message(struct event_stream *stream, struct redial_str bytes,
                         struct event_stream_message *message)
{
    size_t end = bytes.len - CRC_LEN, headers_len = read_u32(bytes.ptr + 4);
    struct redial_str inner = str_take(str_skip(bytes, PRELUDE_LEN), end - PRELUDE_LEN);

    if (crc_of(0, bytes.ptr, end) != read_u32(bytes.ptr + end))
        return fail(stream, "the CRC of a message is wrong");
    message->headers = str_take(inner, headers_len);
    message->payload = str_skip(inner, headers_len);
    return are_headers(message->headers) || fail(stream, "a message's headers cannot be read");
}

/* Moves bytes of the input into the buffer until it holds `len`. */
static bool gather(struct event_stream *stream, struct redial_str *input, size_t len)
{
    struct text *message = &stream->message;
    struct redial_str piece;

    if (message->len < len) {
        piece = str_take(*input, len - message->len);
        text_append(message, piece);
        *input = str_skip(*input, piece.len);
    }
    if (message->failed) return fail(stream, "memory is out");
    return message->len >= len;
}

/* The next message as it lies in the input, or in the buffer where its beginning came before. */
static bool take_message(struct event_stream *stream, struct redial_str *input,
                         struct redial_str *bytes)
{
    size_t total;

    if (stream->message.len == 0 && input->len >= PRELUDE_LEN) {
        if (!check_prelude(stream, input->ptr, &total)) return false;
        if (cut(input, total, bytes)) return true;
    }
    if (!gather(stream, input, PRELUDE_LEN) ||
        !check_prelude(stream, stream->message.ptr, &total) || !gather(stream, input, total))
        return false;
    stream->handed_on = true;
    *bytes = text_str(&stream->message);
    return true;
}

enum event_stream_result event_stream_next(struct event_stream *stream, struct redial_str *input,
                                           struct event_stream_message *message)
{
    struct redial_str bytes;

    if (stream->handed_on) text_clear(&stream->message);
    stream->handed_on = false;
    if (stream->wrong) return EVENT_STREAM_FAILED;
    if (take_message(stream, input, &bytes) && read_message(stream, bytes, message))
        return EVENT_STREAM_MESSAGE;
    return stream->wrong ? EVENT_STREAM_FAILED : EVENT_STREAM_MORE;
}

/* ---- Writing */

void event_stream_append(struct text *out, struct redial_str headers, struct redial_str payload)
{
    size_t begin = out->len;

    if (headers.len > EVENT_STREAM_HEADERS_MAX ||
        payload.len > EVENT_STREAM_MESSAGE_MAX - MESSAGE_MIN - headers.len)
        out->failed = true;
    append_number(out, MESSAGE_MIN + headers.len + payload.len, sizeof(uint32_t));
    append_number(out, headers.len, sizeof(uint32_t));
    if (out->failed) return;
    append_number(out, crc_of(0, out->ptr + begin, CHECKED_BY_CRC), CRC_LEN);
    text_append(out, headers);
    text_append(out, payload);
    if (!out->failed) append_number(out, crc_of(0, out->ptr + begin, out->len - begin), CRC_LEN);
}

void event_stream_header_append(struct text *out, const struct event_stream_header *header)
{
    size_t len = value_lens[header->type];

    if (header->name.len > HEADER_NAME_MAX || header->bytes.len > HEADER_VALUE_MAX)
        out->failed = true;
    append_number(out, header->name.len, 1);
    text_append(out, header->name);
    append_number(out, (uint64_t)header->type, 1);
    if (is_numeric(header->type)) {
        append_number(out, (uint64_t)header->number, len);
    } else if (len == COUNTED) {
        append_number(out, header->bytes.len, HEADER_BEFORE_MAX);
        text_append(out, header->bytes);
    } else if (header->type == EVENT_STREAM_UUID) {
        out->failed |= header->bytes.len != len;
        text_append(out, header->bytes);
    }
}
