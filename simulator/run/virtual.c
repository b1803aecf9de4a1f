/* Attempts on the virtual clock: no sockets, the same bytes. What the client would see of an
 * exchange is worked out once, by feeding its acts to the reply reader, and replayed from then on.
 */
#include <stdlib.h>

#include "platforms/reader.h"
#include "simulator/run/transport.h"

/* What the client sees of one act. */
enum { SEES_OUTPUT = 1, SEES_END = 2 };

struct rehearsal {
    uint8_t *seen; /* per act, NULL: not worked out yet */
    struct redial_event end;
};

struct virtual_transport {
    struct transport transport;
    const struct redial_policy *policy;
    struct arena *arena;
    struct reply_reader *reader;
    struct rehearsal *rehearsals; /* by the exchange's number */
    size_t rehearsal_count, requests;
};

/* ---- What the client sees ---- */

/* A broken connection as the client's system tells it. */
struct broken {
    enum redial_cause cause;
    enum redial_phase phase; /* NONE: as far as the reader had come */
};
static const struct broken request_faults[REQUEST_FAULT_COUNT] = {
    [REQUEST_REFUSED] = {REDIAL_CAUSE_ECONNREFUSED, REDIAL_PHASE_CONNECT},
    [REQUEST_UNRESOLVED] = {REDIAL_CAUSE_ENOTFOUND, REDIAL_PHASE_RESOLVE},
    [REQUEST_RESET_CONNECT] = {REDIAL_CAUSE_ECONNRESET, REDIAL_PHASE_SEND},
    [REQUEST_BROKEN_PIPE] = {REDIAL_CAUSE_EPIPE, REDIAL_PHASE_SEND},
    [REQUEST_RESET_TLS] = {REDIAL_CAUSE_ECONNRESET, REDIAL_PHASE_TLS},
    [REQUEST_BAD_CERTIFICATE] = {REDIAL_CAUSE_TLS, REDIAL_PHASE_TLS},
};

struct progress {
    bool head;
    size_t body; /* bytes */
};

static struct broken end_of(const struct exchange *exchange, enum act_kind kind,
                            const struct progress *progress)
{
    bool whole = progress->head && !exchange->chunked && progress->body >= exchange->body_length;
    switch (kind) {
    case ACT_RAW:
        return (struct broken){REDIAL_CAUSE_MALFORMED,
                               progress->head ? REDIAL_PHASE_NONE : REDIAL_PHASE_HEADERS};
    case ACT_CLOSE:
        if (!progress->head) return (struct broken){REDIAL_CAUSE_EMPTY_REPLY, REDIAL_PHASE_NONE};
        return (struct broken){whole ? REDIAL_CAUSE_NONE : REDIAL_CAUSE_CUT, REDIAL_PHASE_NONE};
    case ACT_RESET:
        return (struct broken){whole ? REDIAL_CAUSE_NONE : REDIAL_CAUSE_ECONNRESET,
                               REDIAL_PHASE_NONE};
    case ACT_HEAD:
    case ACT_BODY:
    case ACT_END: break;
    }
    return (struct broken){REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE};
}

/* One act through the reader; with SEES_END, `event` is the attempt's end. */
static unsigned see_act(struct reply_reader *reader, const struct exchange *exchange,
                        const struct act *act, struct progress *progress,
                        struct redial_event *event)
{
    unsigned seen = 0;
    if (act->kind == ACT_HEAD) {
        reply_reader_head(reader, exchange->status, exchange->headers, exchange->header_count);
        progress->head = true;
        return 0;
    }
    if (act->kind == ACT_BODY) {
        unsigned came = reply_reader_body(reader, act->bytes);
        progress->body += act->bytes.len;
        if (came & REPLY_OUTPUT) seen |= SEES_OUTPUT;
        if (!(came & (REPLY_STREAM_ERROR | REPLY_UNREADABLE))) return seen;
    }
    struct broken broken = end_of(exchange, act->kind, progress);
    reply_reader_end(reader, broken.cause, broken.phase, event);
    return seen | SEES_END;
}

/* ---- Rehearsals ---- */

static bool keep_text(struct arena *arena, struct redial_str *text)
{
    return arena_copy(arena, *text, text);
}

/* The reader's texts last until its next attempt, a rehearsal lasts as long as the transport. */
static bool keep_event(struct arena *arena, struct redial_event *event)
{
    struct redial_header *headers = ARENA_ARRAY(arena, struct redial_header, event->header_count);
    if (!headers || !keep_text(arena, &event->message) || !keep_text(arena, &event->request_id))
        return false;
    for (int i = 0; i < REDIAL_TEXT_COUNT; i++)
        if (!keep_text(arena, &event->text[i])) return false;
    for (uint32_t i = 0; i < event->header_count; i++) {
        headers[i] = event->headers[i];
        if (!keep_text(arena, &headers[i].name) || !keep_text(arena, &headers[i].value))
            return false;
    }
    event->headers = headers;
    return true;
}

static bool work_out(struct virtual_transport *self, const struct attempt *attempt,
                     struct rehearsal *rehearsal)
{
    const struct exchange *exchange = attempt->exchange;
    struct progress progress = {0};
    uint8_t *seen = ARENA_ARRAY(self->arena, uint8_t, exchange->act_count);
    if (!seen) return false;
    reply_reader_begin(self->reader, attempt->platform, attempt->request.stream);
    for (size_t i = 0; i < exchange->act_count; i++) {
        seen[i] = (uint8_t)see_act(self->reader, exchange, &exchange->acts[i], &progress,
                                   &rehearsal->end);
        if (seen[i] & SEES_END) break;
    }
    if (!keep_event(self->arena, &rehearsal->end)) return false;
    redial_event_prepare(self->policy, &rehearsal->end);
    rehearsal->seen = seen;
    return true;
}

static bool make_room(struct virtual_transport *self, size_t number)
{
    if (number < self->rehearsal_count) return true;
    size_t count = self->rehearsal_count ? self->rehearsal_count : 16;
    while (count <= number) count *= 2;
    struct rehearsal *rehearsals = realloc(self->rehearsals, count * sizeof *rehearsals);
    if (!rehearsals) return false;
    for (size_t i = self->rehearsal_count; i < count; i++) rehearsals[i] = (struct rehearsal){0};
    self->rehearsals = rehearsals;
    self->rehearsal_count = count;
    return true;
}

/* ---- The transport ---- */

static bool virtual_begin(struct transport *transport, struct attempt *attempt,
                          struct request_seen *seen, struct redial_event *event, size_t *count,
                          struct redial_str *why)
{
    struct virtual_transport *self = (struct virtual_transport *)transport;
    const struct exchange *exchange = attempt->exchange;
    const struct fast_mode *fast = &self->policy->fast;
    *seen = attempt->request;
    *count = 0;
    /* A platform goes by the words that the policy sends, as on the wire. */
    seen->fast = seen->fast && str_is(fast->speed, "fast") && fast->beta.len > 0;
    if (exchange->fault != REQUEST_READ || attempt->idle_died) {
        const struct broken *broken = &request_faults[exchange->fault];
        *event = (struct redial_event){.kind = REDIAL_EVENT_BROKEN};
        event->cause = attempt->idle_died ? REDIAL_CAUSE_ECONNRESET : (uint8_t)broken->cause;
        event->phase = attempt->idle_died ? REDIAL_PHASE_WAIT : (uint8_t)broken->phase;
        redial_event_prepare(self->policy, event);
        self->requests += attempt->idle_died;
        *count = 1;
        return true;
    }
    self->requests++;
    if (make_room(self, exchange->number) &&
        (self->rehearsals[exchange->number].seen ||
         work_out(self, attempt, &self->rehearsals[exchange->number])))
        return true;
    *why = REDIAL_STR("out of memory");
    return false;
}

static bool virtual_perform(struct transport *transport, struct attempt *attempt,
                            const struct act *act, struct redial_event events[2], size_t *count,
                            struct redial_str *why)
{
    const struct virtual_transport *self = (const struct virtual_transport *)transport;
    const struct rehearsal *rehearsal = &self->rehearsals[attempt->exchange->number];
    uint8_t seen = rehearsal->seen[act - attempt->exchange->acts];
    (void)why;
    *count = 0;
    if (seen & SEES_OUTPUT) {
        events[*count] = (struct redial_event){.kind = REDIAL_EVENT_OUTPUT};
        redial_event_prepare(self->policy, &events[(*count)++]);
    }
    if (seen & SEES_END) events[(*count)++] = rehearsal->end;
    return true;
}

/* Rare enough to read the reply so far once more. */
static void virtual_abandon(struct transport *transport, struct attempt *attempt,
                            struct redial_event *event)
{
    struct virtual_transport *self = (struct virtual_transport *)transport;
    const struct exchange *exchange = attempt->exchange;
    struct progress progress = {0};
    if (!event) return;
    reply_reader_begin(self->reader, attempt->platform, attempt->request.stream);
    for (size_t i = 0; i < attempt->act_next; i++)
        see_act(self->reader, exchange, &exchange->acts[i], &progress, event);
    reply_reader_end(self->reader, REDIAL_CAUSE_ETIMEDOUT, REDIAL_PHASE_NONE, event);
}

static size_t virtual_requests_counted(const struct transport *transport)
{
    return ((const struct virtual_transport *)transport)->requests;
}

static void virtual_destroy(struct transport *transport)
{
    struct virtual_transport *self = (struct virtual_transport *)transport;
    if (!self) return;
    reply_reader_destroy(self->reader);
    arena_destroy(self->arena);
    free(self->rehearsals);
    free(self);
}

struct transport *transport_virtual_new(const struct redial_policy *policy)
{
    struct virtual_transport *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    self->transport = (struct transport){
        .name = "virtual",
        .begin = virtual_begin,
        .perform = virtual_perform,
        .abandon = virtual_abandon,
        .requests_counted = virtual_requests_counted,
        .destroy = virtual_destroy,
    };
    self->policy = policy;
    self->arena = arena_new();
    self->reader = reply_reader_new();
    if (self->arena && self->reader) return &self->transport;
    virtual_destroy(&self->transport);
    return NULL;
}
