/* AWS event stream (application/vnd.amazon.eventstream): bytes in, messages out, whatever way the
 * bytes were cut. Both CRCs of a message are checked before anything of it is given.
 *
 *   u32 total length | u32 headers length | u32 CRC of those 8 bytes | headers | payload | u32 CRC
 *   header: u8 name length, name, u8 type, value          all numbers big-endian
 *
 *     while ((result = event_stream_next(&stream, &input, &message)) == EVENT_STREAM_MESSAGE)
 *         …
 *
 * What lies whole in the input is not copied. Memory is bounded by EVENT_STREAM_MESSAGE_MAX. */
#ifndef REDIAL_PLATFORMS_EVENT_STREAM_H
#define REDIAL_PLATFORMS_EVENT_STREAM_H

#include "base/str.h"

#define EVENT_STREAM_HEADERS_MAX (128u << 10)
#define EVENT_STREAM_MESSAGE_MAX ((16u << 20) + EVENT_STREAM_HEADERS_MAX + 16u)

enum event_stream_type {
    EVENT_STREAM_TRUE,
    EVENT_STREAM_FALSE,
    EVENT_STREAM_INT8,
    EVENT_STREAM_INT16,
    EVENT_STREAM_INT32,
    EVENT_STREAM_INT64,
    EVENT_STREAM_BYTES,
    EVENT_STREAM_STRING,
    EVENT_STREAM_TIMESTAMP, /* ms since the Unix epoch */
    EVENT_STREAM_UUID,
};

struct event_stream {
    struct text message; /* the beginning of a message whose end has not come */
    bool handed_on;      /* `message` was whole and is done with */
    const char *wrong;   /* FAILED: a sentence for people; static */
};

/* Views, valid until the next call, as far as the input is. */
struct event_stream_message {
    struct redial_str headers, payload;
};
struct event_stream_header {
    struct redial_str name;
    enum event_stream_type type;
    int64_t number;          /* of the integer types, the timestamp, and the two booleans */
    struct redial_str bytes; /* of BYTES, STRING and UUID */
};

enum event_stream_result {
    EVENT_STREAM_MORE,    /* the input is used up */
    EVENT_STREAM_MESSAGE, /* `message` is valid */
    EVENT_STREAM_FAILED,  /* a CRC or a length is wrong, or memory is out: nothing more will come */
};

void event_stream_init(struct event_stream *stream);
void event_stream_clean_up(struct event_stream *stream);
void event_stream_restart(struct event_stream *stream); /* a new stream; keeps the memory */
/* Takes bytes off the front of `input` up to the end of the next message. */
enum event_stream_result event_stream_next(struct event_stream *stream, struct redial_str *input,
                                           struct event_stream_message *message);
/* Takes the next header off `headers`; false at their end. The headers of a message that was given
 * are well-formed. */
bool event_stream_header(struct redial_str *headers, struct event_stream_header *header);
/* The string of that name, empty when there is none. */
struct redial_str event_stream_string(const struct event_stream_message *message, const char *name);
/* Whether a message is begun and not ended: the stream's end here would cut it. */
bool event_stream_is_within(const struct event_stream *stream);

/* Appends a whole message; `headers` as event_stream_header_append wrote them. */
void event_stream_append(struct text *out, struct redial_str headers, struct redial_str payload);
void event_stream_header_append(struct text *out, const struct event_stream_header *header);

#endif
