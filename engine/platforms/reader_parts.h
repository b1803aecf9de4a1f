/* What the files of the reply reader share. Private to platforms/reader*.c. */
#ifndef REDIAL_PLATFORMS_READER_PARTS_H
#define REDIAL_PLATFORMS_READER_PARTS_H

#include "base/arena.h"
#include "platforms/event_stream.h"
#include "platforms/reader.h"
#include "platforms/sse.h"

enum body_kind { BODY_NONE, BODY_ERROR, BODY_MESSAGE, BODY_SSE, BODY_FRAMES, BODY_WRONG };

struct reply_reader {
    const struct platform_wire *wire;
    bool streamed;
    enum request_operation operation;
    enum body_kind kind;
    unsigned progress;         /* every REPLY_ bit seen so far */
    bool failed;               /* memory is out */
    struct redial_event event; /* the facts found so far */
    struct redial_str wrong;   /* why the reply is unreadable */
    struct arena *arena;       /* the head, and texts of the event */
    struct text body;          /* ERROR and MESSAGE: kept */
    struct text stop_reason;   /* a stream may tell it often: one place, not one per event */
    struct sse sse;
    struct event_stream frames;
    struct text chunk; /* FRAMES: the event that the present message wraps */
    reply_event_fn *on_event;
    void *on_event_context;
};

#define REPLY_OVER (REPLY_STREAM_ERROR | REPLY_UNREADABLE | REPLY_TERMINATED)

/* A copy in the reader's arena; empty when memory is out, which the reader remembers. */
struct redial_str reader_keep(struct reply_reader *reader, struct redial_str text);
/* Notes why no parser reads this: `before`, what the server sent, `after`. Gives
 * REPLY_UNREADABLE. */
unsigned reader_refuse(struct reply_reader *reader, const char *before, struct redial_str sent,
                       const char *after);
/* "aws.api#ThrottlingException:http://internal…" is ThrottlingException. */
struct redial_str reader_bare_name(struct redial_str name);

/* The facts of an error in JSON; its type goes to the event's text `name`, unless the head has
 * named it. */
void reader_read_error(struct reply_reader *reader, const struct json *body,
                       enum redial_event_text name);
void reader_read_usage(struct reply_reader *reader, const struct json *usage);
void reader_read_stop_reason(struct reply_reader *reader, const struct json *reason);

/* One event of a stream, whatever framed it: hands it on and reads it. What came of it. */
unsigned reader_read_event(struct reply_reader *reader, struct redial_str name,
                           struct redial_str data);

/* Bytes of a stream: of server-sent events, of AWS's event stream. */
unsigned reader_read_sse(struct reply_reader *reader, struct redial_str bytes);
unsigned reader_read_frames(struct reply_reader *reader, struct redial_str bytes);

#endif
