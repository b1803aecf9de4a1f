/* Server-sent events: bytes in, events out, whatever way the bytes were cut (WHATWG HTML §9.2.6).
 *
 *     while ((result = sse_next(&sse, &input, &event)) == SSE_EVENT)
 *         …
 *
 * A line ends in LF, CRLF or CR; an empty line ends an event. What lies whole in the input is not
 * copied. Fields other than `event` and `data`, and comments, are passed over. */
#ifndef REDIAL_PLATFORMS_SSE_H
#define REDIAL_PLATFORMS_SSE_H

#include "base/str.h"

#define SSE_EVENT_MAX (16u << 20) /* bytes of a line, and of an event's data */
#define SSE_NAME_MAX  64u         /* the longest name that is told apart; longer ones are cut */

struct sse {
    struct text line;            /* the beginning of a line whose end has not come */
    struct text data;            /* of the event being read, where it had to be copied */
    struct redial_str data_view; /* the same where it is one line of the present input */
    char name[SSE_NAME_MAX];
    size_t name_len;
    bool has_data;       /* a `data` field was seen: an empty line gives an event */
    bool begun;          /* the first line, which may begin with a byte order mark, was read */
    bool after_cr;       /* a LF here belongs to the CR before it */
    bool line_handed_on; /* `line` was whole and is done with */
    bool event_handed_on;
    bool too_long;
};

struct sse_event {
    struct redial_str name; /* empty when the stream names none */
    struct redial_str data;
};

enum sse_result {
    SSE_MORE,   /* the input is used up */
    SSE_EVENT,  /* `event` is valid until the next call, as far as the input is */
    SSE_FAILED, /* an event longer than SSE_EVENT_MAX, or memory is out: nothing more will come */
};

void sse_init(struct sse *sse);
void sse_clean_up(struct sse *sse);
void sse_restart(struct sse *sse); /* a new stream; keeps the memory */
/* Takes bytes off the front of `input` up to the end of the next event. An event that the stream's
 * end cuts off is never given. */
enum sse_result sse_next(struct sse *sse, struct redial_str *input, struct sse_event *event);

#endif
