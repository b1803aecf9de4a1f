/* One attempt as a scripted reply. The platform's own reader says what the bytes meant; what is
 * written down is the shortest script that makes it say so again, at the same moments. */
#include "base/duration.h"
#include "base/http.h"
#include "document/json.h"
#include "platforms/reader.h"
#include "simulator/record/record_parts.h"
#include "simulator/world/render.h"
#include "simulator/world/world.h"

#define BYTES_MAX      16  /* where a body breaks off: a simulated one is longer than that */
#define FIRST_LINE_MAX 200 /* of a body that no platform wrote */
#define EVENTS_MAX     STREAM_TOKENS_MAX

/* An event of a stream, when it had come whole. */
struct told_event {
    struct redial_str name;
    int64_t at; /* ns since the request was sent */
};

struct telling {
    const struct record_attempt *attempt;
    const struct secrets *secrets;
    struct arena *arena;
    struct reply_reader *reader;
    struct redial_event end; /* what the reader makes of it */
    int64_t now;             /* of the piece being read */
    struct told_event *events;
    size_t event_count, event_capacity;
    struct text *out;
    size_t from; /* where the mapping's first key goes */
    bool failed;
};

/* ---- Reading it once more */

static void keep_event(struct telling *telling, struct redial_str name)
{
    if (telling->event_count == telling->event_capacity) {
        size_t capacity = telling->event_capacity ? 2 * telling->event_capacity : 32;
        struct told_event *events = ARENA_ARRAY(telling->arena, struct told_event, capacity);
        telling->failed |= !events;
        if (!events) return;
        for (size_t i = 0; i < telling->event_count; i++) events[i] = telling->events[i];
        telling->events = events;
        telling->event_capacity = capacity;
    }
    struct told_event *event = &telling->events[telling->event_count++];
    event->at = telling->now;
    telling->failed |= !arena_copy(telling->arena, name, &event->name);
}

static void take_event(void *context, struct redial_str name, struct redial_str data)
{
    struct telling *telling = context;
    (void)data; /* the words of an answer are nobody's business here */
    if (!str_is(name, "error") && telling->event_count < EVENTS_MAX) keep_event(telling, name);
}

static bool read_again(struct telling *telling)
{
    const struct record_attempt *attempt = telling->attempt;
    telling->arena = arena_new();
    telling->reader = reply_reader_new();
    if (!telling->arena || !telling->reader) return false;
    reply_reader_begin(telling->reader, attempt->platform, attempt->stream_asked);
    reply_reader_on_event(telling->reader, take_event, telling);
    if (attempt->head_at >= 0)
        reply_reader_head(telling->reader, attempt->status, attempt->headers,
                          attempt->header_count);
    for (size_t i = 0; i < attempt->piece_count; i++) {
        telling->now = attempt->pieces[i].at;
        reply_reader_body(telling->reader, attempt->pieces[i].bytes);
    }
    reply_reader_end(telling->reader, attempt->cause, attempt->phase, &telling->end);
    return !telling->failed;
}

/* ---- Headers: the hints, in the scenario's own time */

static struct redial_str find_header(const struct record_attempt *attempt, const char *name)
{
    const struct redial_header *header =
        http_find_header(attempt->headers, attempt->header_count, str_of(name));
    return header ? header->value : (struct redial_str){0};
}

static bool is_hint(struct redial_str name)
{
    static const char *const hints[] = {
        "retry-after*",      "x-ms-retry-after*", "x-should-retry",       "*ratelimit*",
        "x-amz-retry-after", "grpc-retry-*",      "anthropic-fast-mode*",
    };
    for (size_t i = 0; i < REDIAL_COUNT_OF(hints); i++)
        if (glob_match_nocase(str_of(hints[i]), name)) return true;
    return false;
}

/* A moment says how long after the reply it lies: dates of the day it was recorded would all be
 * past, or far ahead, when it is replayed. */
static bool is_moment(struct redial_str value, int64_t *at)
{
    return http_date_parse(value, at) || rfc3339_parse(value, at);
}

static void write_value(struct telling *telling, struct redial_str value)
{
    int64_t sent, at;
    struct text moved = TEXT_INIT;
    bool known = http_date_parse(find_header(telling->attempt, "date"), &sent);
    if (known && is_moment(value, &at) && at >= sent) {
        bool is_date = str_ends_with(value, REDIAL_STR("GMT"));
        at += WORLD_BEGAN_AT - sent + telling->attempt->sent_at + telling->attempt->head_at;
        if (is_date)
            http_date_format(at, &moved);
        else
            rfc3339_format(at, &moved);
        value = text_str(&moved);
    }
    record_text(telling->out, value, telling->secrets);
    telling->failed |= moved.failed;
    text_clean_up(&moved);
}

static bool is_first(const struct record_attempt *attempt, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (str_eq_nocase(attempt->headers[i].name, attempt->headers[index].name)) return false;
    return true;
}

static void write_headers(struct telling *telling)
{
    const struct record_attempt *attempt = telling->attempt;
    size_t from = 0;
    for (size_t i = 0; i < attempt->header_count; i++) {
        if (!is_hint(attempt->headers[i].name) || !is_first(attempt, i)) continue;
        if (from == 0) {
            record_key(telling->out, telling->from, "headers");
            text_append_char(telling->out, '{');
            from = telling->out->len;
        }
        if (telling->out->len > from) text_append(telling->out, REDIAL_STR(", "));
        record_text(telling->out, attempt->headers[i].name, NULL);
        text_append(telling->out, REDIAL_STR(": "));
        write_value(telling, attempt->headers[i].value);
    }
    if (from > 0) text_append_char(telling->out, '}');
}

/* ---- Plain replies */

static void write_text(struct telling *telling, const char *key, struct redial_str text)
{
    if (text.len == 0) return;
    record_key(telling->out, telling->from, key);
    record_text(telling->out, text, telling->secrets);
}

static void write_status(struct telling *telling)
{
    record_key(telling->out, telling->from, "status");
    text_printf(telling->out, "%u", telling->attempt->status);
}

static void write_after(struct telling *telling, int64_t at)
{
    if (at > 0) record_duration(telling->out, telling->from, "after", at);
}

/* The words of something in front of the platform: its first line is all that is judged. */
static void write_hand_written(struct telling *telling)
{
    struct redial_str line = str_trim(reply_reader_text(telling->reader));
    line = str_trim(str_take(line, str_find(line, REDIAL_STR("\n"))));
    line = str_take(line, FIRST_LINE_MAX);
    line.len = str_utf8_valid_len(line);
    record_key(telling->out, telling->from, "body");
    record_text(telling->out, line, telling->secrets);
}

static bool is_json(const struct telling *telling)
{
    struct json *body = json_parse(reply_reader_text(telling->reader));
    bool is = json_is_object(body);
    json_free(body);
    return is;
}

static void write_error(struct telling *telling)
{
    const struct redial_event *end = &telling->end;
    write_status(telling);
    write_after(telling, telling->attempt->ended_at);
    if (end->text[REDIAL_TEXT_ERROR].len == 0 || !is_json(telling)) {
        write_hand_written(telling);
    } else {
        write_text(telling, "error_type", end->text[REDIAL_TEXT_ERROR]);
        write_text(telling, "error_code", end->text[REDIAL_TEXT_ERROR_CODE]);
        write_text(telling, "message", end->message.len ? end->message : REDIAL_STR(" "));
    }
    write_headers(telling);
}

/* An error that came as a success. */
static void write_error_in_200(struct telling *telling)
{
    struct text body = TEXT_INIT;
    text_append(&body, REDIAL_STR("{\"type\":\"error\",\"error\":{\"type\":"));
    text_append_json(&body, telling->end.text[REDIAL_TEXT_ERROR]);
    text_append(&body, REDIAL_STR(",\"message\":"));
    text_append_json(&body, telling->end.message);
    text_append(&body, REDIAL_STR("}}"));
    write_status(telling);
    write_after(telling, telling->attempt->ended_at);
    write_text(telling, "body", text_str(&body));
    telling->failed |= body.failed;
    text_clean_up(&body);
}

static void write_success(struct telling *telling)
{
    struct redial_str reason = telling->end.text[REDIAL_TEXT_STOP_REASON];
    write_status(telling);
    write_after(telling, telling->attempt->ended_at);
    if (!str_is(reason, "end_turn")) write_text(telling, "stop_reason", reason);
    write_headers(telling);
}

/* ---- Streams */

static void write_event(struct telling *telling, struct redial_str name, int64_t wait)
{
    bool plain = wait <= 0 && render_knows_event(name);
    if (plain) {
        text_append(telling->out, name);
        return;
    }
    text_append(telling->out, REDIAL_STR("{event: "));
    record_text(telling->out, name, telling->secrets);
    if (!render_knows_event(name)) text_append(telling->out, REDIAL_STR(", data: \"{}\""));
    if (wait > 0) text_append(telling->out, REDIAL_STR(", after: "));
    if (wait > 0) duration_format(wait, telling->out);
    text_append_char(telling->out, '}');
}

/* Gives the events up to the end; `quiet`: what came between the last of them and the end is
 * bridged by a ping, so that the end comes at its own moment. */
static size_t write_events(struct telling *telling, bool quiet)
{
    const struct record_attempt *attempt = telling->attempt;
    struct redial_str reason = telling->end.text[REDIAL_TEXT_STOP_REASON];
    int64_t last = attempt->head_at;
    size_t count = telling->event_count;
    write_after(telling, attempt->head_at);
    if (!str_is(reason, "end_turn")) write_text(telling, "stop_reason", reason);
    record_key(telling->out, telling->from, "stream");
    text_append_char(telling->out, '[');
    for (size_t i = 0; i < count; i++) {
        text_append(telling->out, i ? REDIAL_STR(",\n           ") : REDIAL_STR("\n           "));
        write_event(telling, telling->events[i].name, telling->events[i].at - last);
        last = telling->events[i].at;
    }
    if (quiet && attempt->ended_at > last) {
        text_append(telling->out, count++ ? REDIAL_STR(",\n           ") : REDIAL_STR(""));
        write_event(telling, REDIAL_STR("ping"), attempt->ended_at - last);
    }
    text_append_char(telling->out, ']');
    return count;
}

/* The end is seen a moment after the last event has come, and in a scenario with it. */
static void write_stream(struct telling *telling)
{
    if (telling->event_count > 0)
        telling->events[telling->event_count - 1].at = telling->attempt->ended_at;
    (void)write_events(telling, false);
    write_headers(telling);
}

static void write_stream_error(struct telling *telling)
{
    const struct record_attempt *attempt = telling->attempt;
    size_t count = write_events(telling, false);
    int64_t last = count ? telling->events[count - 1].at : attempt->head_at;
    record_key(telling->out, telling->from, "then");
    text_append_char(telling->out, '{');
    size_t from = telling->from;
    telling->from = telling->out->len;
    write_text(telling, "error_type", telling->end.text[REDIAL_TEXT_STREAM_ERROR]);
    write_text(telling, "error_code", telling->end.text[REDIAL_TEXT_ERROR_CODE]);
    write_text(telling, "message", telling->end.message);
    write_after(telling, attempt->ended_at - last);
    telling->from = from;
    text_append_char(telling->out, '}');
}

/* ---- What broke off */

/* Before a head came. Zero rows are what a server can do to a request: close it. */
static const struct broken_row {
    enum redial_cause cause;
    enum redial_phase phase; /* NONE: any other */
    const char *script;
    bool timed; /* at its end; otherwise the client's own limit ends it */
} headless[] = {
    {REDIAL_CAUSE_ENOTFOUND, REDIAL_PHASE_NONE, "dns: fail", true},
    {REDIAL_CAUSE_ECONNREFUSED, REDIAL_PHASE_NONE, "refuse: connect", true},
    {REDIAL_CAUSE_EHOSTUNREACH, REDIAL_PHASE_NONE, "refuse: connect", true},
    {REDIAL_CAUSE_PROXY, REDIAL_PHASE_NONE, "refuse: connect", true}, /* no scenario has a proxy */
    {REDIAL_CAUSE_TLS, REDIAL_PHASE_NONE, "tls: bad_certificate", true},
    {REDIAL_CAUSE_ECONNRESET, REDIAL_PHASE_RESOLVE, "reset: tls", true},
    {REDIAL_CAUSE_ECONNRESET, REDIAL_PHASE_CONNECT, "reset: tls", true},
    {REDIAL_CAUSE_ECONNRESET, REDIAL_PHASE_TLS, "reset: tls", true},
    {REDIAL_CAUSE_ECONNRESET, REDIAL_PHASE_SEND, "reset: connect", true},
    {REDIAL_CAUSE_ECONNRESET, REDIAL_PHASE_NONE, "reset: request", true},
    {REDIAL_CAUSE_EPIPE, REDIAL_PHASE_NONE, "broken_pipe: request", true},
    {REDIAL_CAUSE_MALFORMED, REDIAL_PHASE_NONE, "garbage: \"not HTTP\"", true},
    {REDIAL_CAUSE_ETIMEDOUT, REDIAL_PHASE_NONE, "hang: forever", false},
    {REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE, "hang: forever", false}, /* its caller went away */
};

static void write_headless(struct telling *telling)
{
    const struct record_attempt *attempt = telling->attempt;
    struct broken_row row = {.script = "close: request", .timed = true};
    for (size_t i = 0; i < REDIAL_COUNT_OF(headless); i++) {
        const struct broken_row *known = &headless[i];
        if (known->cause != attempt->cause) continue;
        if (known->phase != REDIAL_PHASE_NONE && known->phase != attempt->phase) continue;
        row = *known;
        break;
    }
    text_append(telling->out, str_of(row.script));
    if (row.timed) write_after(telling, attempt->ended_at);
}

static const char *break_word(enum redial_cause cause)
{
    bool reset = cause == REDIAL_CAUSE_ECONNRESET || cause == REDIAL_CAUSE_EPIPE;
    return reset ? "reset" : cause == REDIAL_CAUSE_ETIMEDOUT ? "stall" : "close";
}

static void write_point(struct telling *telling, const char *unit, size_t count)
{
    enum redial_cause cause = (enum redial_cause)telling->end.cause;
    record_key(telling->out, telling->from, break_word(cause));
    text_printf(telling->out, "{%s: %zu}", unit, count);
}

static void write_broken_stream(struct telling *telling)
{
    bool bedrock = telling->attempt->platform == PLATFORM_BEDROCK;
    size_t count = write_events(telling, telling->end.cause != REDIAL_CAUSE_ETIMEDOUT);
    bool malformed = telling->end.cause == REDIAL_CAUSE_MALFORMED;
    if (!malformed && telling->attempt->cause != REDIAL_CAUSE_NONE)
        write_point(telling, "after_events", count); /* otherwise HTTP ended it in order */
    if (malformed) {
        record_key(telling->out, telling->from, "malformed");
        text_append(telling->out, bedrock ? REDIAL_STR("event_stream_crc") : REDIAL_STR("sse"));
    }
    write_headers(telling);
}

/* Of a body that was cut nothing is judged, so nothing of it is kept. */
static void write_broken_body(struct telling *telling)
{
    const struct record_attempt *attempt = telling->attempt;
    size_t came = 0;
    for (size_t i = 0; i < attempt->piece_count; i++) came += attempt->pieces[i].bytes.len;
    bool error = attempt->status >= 300;
    write_status(telling);
    write_after(telling, telling->end.cause == REDIAL_CAUSE_ETIMEDOUT ? attempt->head_at
                                                                      : attempt->ended_at);
    if (error) write_text(telling, "message", REDIAL_STR("the rest was never seen"));
    if (attempt->cause == REDIAL_CAUSE_MALFORMED) {
        record_key(telling->out, telling->from, "malformed");
        text_append(telling->out, REDIAL_STR("chunk"));
    } else {
        write_point(telling, "after_bytes", came < BYTES_MAX ? came : BYTES_MAX);
    }
    write_headers(telling);
}

/* Whole as HTTP sees it, and no parser reads it. */
static void write_unreadable(struct telling *telling)
{
    struct redial_str body = str_trim(reply_reader_text(telling->reader));
    write_status(telling);
    write_after(telling, telling->attempt->ended_at);
    if (str_starts_with(body, REDIAL_STR("{"))) {
        record_key(telling->out, telling->from, "malformed");
        text_append(telling->out, REDIAL_STR("json"));
    } else {
        write_hand_written(telling);
    }
}

/* ---- All of it */

typedef void tell_fn(struct telling *telling);

static tell_fn *choose(const struct telling *telling)
{
    const struct record_attempt *attempt = telling->attempt;
    const struct redial_event *end = &telling->end;
    bool stream = reply_reader_phase(telling->reader) == REDIAL_PHASE_STREAM;
    bool success = attempt->status >= 200 && attempt->status < 300;
    if (attempt->head_at < 0 || attempt->status < 200 || attempt->status > 599)
        return write_headless;
    if (end->kind == REDIAL_EVENT_STREAM_ERROR) return write_stream_error;
    if (end->kind == REDIAL_EVENT_BROKEN && stream) return write_broken_stream;
    if (end->kind == REDIAL_EVENT_BROKEN)
        return attempt->cause == REDIAL_CAUSE_NONE ? write_unreadable : write_broken_body;
    if (!success) return write_error;
    if (end->text[REDIAL_TEXT_ERROR].len) return write_error_in_200;
    return stream ? write_stream : write_success;
}

bool record_write_reply(const struct record_attempt *attempt, const struct secrets *secrets,
                        struct text *out)
{
    struct telling telling = {.attempt = attempt, .secrets = secrets, .out = out};
    bool read = read_again(&telling);
    text_append_char(out, '{');
    telling.from = out->len;
    if (read) choose (&telling)(&telling);
    text_append_char(out, '}');
    reply_reader_destroy(telling.reader);
    arena_destroy(telling.arena);
    return read && !telling.failed && !out->failed;
}
