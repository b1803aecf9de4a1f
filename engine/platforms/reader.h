/* Reads one reply of a platform, piece by piece as it comes from the wire (or from a scripted
 * exchange: the same bytes), into raw facts. It names nothing: what a fact means is the policy's
 * data. Bounded memory: an error body is kept up to REPLY_KEPT_MAX, a streamed or successful one is
 * scanned and let go. */
#ifndef REDIAL_PLATFORMS_READER_H
#define REDIAL_PLATFORMS_READER_H

#include "platforms/platform.h"

#define REPLY_KEPT_MAX (1u << 20)

struct reply_reader;

struct reply_reader *reply_reader_new(void); /* NULL when memory is out */
void reply_reader_destroy(struct reply_reader *reader);
/* Ready for the next attempt. `streamed`: the request asked for a stream. Texts of earlier events
 * become invalid. */
void reply_reader_begin(struct reply_reader *reader, enum platform_kind platform, bool streamed);

/* What the request asked for; REQUEST_MESSAGES unless said, after each begin. */
void reply_reader_expect(struct reply_reader *reader, enum request_operation operation);

/* Called with each event of a streamed reply as it is read: its name and its JSON, alike on every
 * platform. Pings and events of unknown names are given too, and an exception of Bedrock's event
 * stream as the event `error` that Anthropic would have sent. Both texts are valid for the call
 * only. Stays set until it is set again; NULL for none. */
typedef void reply_event_fn(void *context, struct redial_str name, struct redial_str data);
void reply_reader_on_event(struct reply_reader *reader, reply_event_fn *call, void *context);

/* The reply's head is complete. Names and values are copied. */
void reply_reader_head(struct reply_reader *reader, uint16_t status,
                       const struct redial_header *headers, size_t count);

/* What came of the bytes; several may come of one piece. */
enum reply_progress {
    REPLY_OUTPUT = 1,       /* content deltas for the caller */
    REPLY_STREAM_ERROR = 2, /* an error event: the attempt is over, `reply_reader_event` has it */
    REPLY_UNREADABLE = 4,   /* no parser reads this: the attempt is over */
    REPLY_TERMINATED = 8,   /* the stream's own end (message_stop) */
};
unsigned reply_reader_body(struct reply_reader *reader, struct redial_str bytes);

/* The body of a reply that is no stream, as far as it was kept: an error's up to REPLY_KEPT_MAX, a
 * message whole. Valid until the next begin; empty for a stream. */
struct redial_str reply_reader_text(const struct reply_reader *reader);

/* How far the reply had come, for the phase of a broken attempt: WAIT before the head, then BODY or
 * STREAM. */
enum redial_phase reply_reader_phase(const struct reply_reader *reader);

/* The attempt is over. `cause` NONE: the transport saw an orderly end; otherwise what broke it and
 * in which phase
 * (`phase` NONE: as reply_reader_phase). Fills `event`: REPLY for a whole reply, STREAM_ERROR after
 * an error event, BROKEN otherwise (a clean end without message_stop is CUT, a body that cannot be
 * read MALFORMED). Its texts belong to the reader until the next begin. The event is not prepared.
 */
void reply_reader_end(struct reply_reader *reader, enum redial_cause cause, enum redial_phase phase,
                      struct redial_event *event);

#endif
