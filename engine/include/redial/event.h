/* What happened to a call: raw facts in the field's words. What a fact *means* is decided by the
 * policy. */
#ifndef REDIAL_EVENT_H
#define REDIAL_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "redial/words.h"

#pragma GCC visibility push(default)

#define REDIAL_EVENT_MAP(X)                                                                        \
    X(START, "start", "the caller wants the call to begin")                                        \
    X(REPLY, "reply", "a whole reply arrived: status, headers, body")                              \
    X(OUTPUT, "output", "a content delta was handed to the caller")                                \
    X(BROKEN, "broken", "the attempt broke: refused, reset, cut, timed out, unreadable")           \
    X(STREAM_ERROR, "stream_error", "an error event inside a streamed reply, after HTTP 200")      \
    X(REPAIRED, "repaired", "the repair that the last decision asked for is done")                 \
    X(REPAIR_FAILED, "repair_failed", "that repair failed; message says why")                      \
    X(TIMER, "timer", "the wait that the last decision asked for is over")                         \
    X(CANCEL, "cancel", "the caller wants the call to end")

enum redial_event_kind {
#define X(name, word, doc) REDIAL_EVENT_##name,
    REDIAL_EVENT_MAP(X)
#undef X
        REDIAL_EVENT_COUNT
};
const char *redial_event_name(enum redial_event_kind value);

struct redial_header {
    struct redial_str name, value; /* names compare without case (RFC 9110 §5.1) */
};

#define REDIAL_HINTS_MAX 8 /* different hint headers that one policy reads */

/* A server's word on waiting, read from one header and still unbounded. */
enum redial_hint_kind {
    REDIAL_HINT_ABSENT,     /* no such header in the reply */
    REDIAL_HINT_UNREADABLE, /* not a number or date, NaN, infinite, negative */
    REDIAL_HINT_DELAY,      /* value is a span in ns, 0 allowed, saturated at INT64_MAX */
    REDIAL_HINT_INSTANT,    /* value is an instant, ns since the Unix epoch */
};
struct redial_hint {
    int64_t value;
    uint8_t kind; /* enum redial_hint_kind */
};

/* The texts that rules can name exactly; each has a symbol once the event is prepared. */
enum redial_event_text {
    REDIAL_TEXT_ERROR,        /* the platform's error type or name: "overloaded_error",
                                 "ThrottlingException",        "RESOURCE_EXHAUSTED", "DeploymentNotFound"
                               */
    REDIAL_TEXT_ERROR_CODE,   /* Anthropic error.details.error_code and the like */
    REDIAL_TEXT_STREAM_ERROR, /* the type inside a stream's error event or exception frame */
    REDIAL_TEXT_STOP_REASON,
    REDIAL_TEXT_COUNT
};

/* Make one with `struct redial_event event = {.kind = …}`: all zero means "not told" for every
 * other field, except the token counts, for which 0 also means unknown. All texts are borrowed for
 * the step only. */
struct redial_event {
    uint8_t kind; /* enum redial_event_kind */
    uint8_t cause, phase;
    int8_t should_retry; /* x-should-retry: 0 absent, 1 true, -1 false */
    uint16_t status;     /* HTTP, 0 when none arrived */
    bool
        complete; /* REPLY: the reply is whole (JSON read to its end, stream with its terminator) */
    struct redial_str text[REDIAL_TEXT_COUNT];
    struct redial_str
        message; /* the error's sentence, as the server wrote it; REPAIR_FAILED: why */
    struct redial_str request_id; /* the platform's */
    const struct redial_header *headers;
    uint32_t header_count;
    int32_t os_errno; /* BROKEN: as the system gave it, for people; never compared */
    /* Sizes the reply or its error message tells ("prompt is too long: 200251 tokens > 200000
     * maximum"). */
    int64_t input_tokens, output_tokens, context_tokens;
    int64_t compacted_tokens; /* REPAIRED after `compact`: the new input size, 0 unknown */

    /* Filled by redial_event_prepare; leave zero. */
    uint32_t prepared_for; /* the policy's id */
    uint32_t
        symbol[REDIAL_TEXT_COUNT]; /* the texts as the policy numbers them, 0: no rule names it */
    uint64_t message_matches;      /* bit per pattern of the policy that the message matches */
    struct redial_hint hint[REDIAL_HINTS_MAX];
};

struct redial_policy;
/* Turns the texts into the policy's symbols and reads its hint headers, once, so that a step on
 * this event is only arithmetic. redial_call_step does it by itself on a copy when it was not done.
 * Thread-safe. */
void redial_event_prepare(const struct redial_policy *policy, struct redial_event *event);

#pragma GCC visibility pop

#endif
