/* The reply reader. The head decides what kind of body follows; a stream is framed and read event
 * by event, any other body is kept and read at its end.
 *
 *   kind      head says                                       body
 *   ERROR     a status other than 2xx                         kept up to REPLY_KEPT_MAX
 *   MESSAGE   2xx, no stream was asked for                    kept up to JSON_BYTES_MAX
 *   STREAM    2xx, asked for, and text/event-stream           framed and let go
 *   WRONG     2xx, a stream was asked for, something else     let go
 */
#include "platforms/reader.h"

#include <stdlib.h>

#include "base/arena.h"
#include "platforms/platform.h"
#include "platforms/sizes.h"
#include "platforms/sse.h"

enum body_kind { BODY_NONE, BODY_ERROR, BODY_MESSAGE, BODY_STREAM, BODY_WRONG };

#define FIRST_LINE_MAX                                                                             \
    200 /* of a body that no parser reads: enough to recognise an edge's page                      \
         */

struct reply_reader {
    const struct platform_wire *wire;
    bool streamed;
    enum body_kind kind;
    unsigned progress;         /* every REPLY_ bit seen so far */
    bool failed;               /* memory is out */
    struct redial_event event; /* the facts found so far */
    struct redial_str wrong;   /* why the reply is unreadable */
    struct arena *arena;       /* the head, and texts of the event */
    struct text body;          /* ERROR and MESSAGE: kept */
    struct text stop_reason;   /* a stream may tell it often: one place, not one per event */
    struct sse sse;
};

struct reply_reader *reply_reader_new(void)
{
    struct reply_reader *reader = calloc(1, sizeof *reader);

    if (reader) sse_init(&reader->sse);
    return reader;
}

void reply_reader_destroy(struct reply_reader *reader)
{
    if (!reader) return;
    arena_destroy(reader->arena);
    text_clean_up(&reader->body);
    text_clean_up(&reader->stop_reason);
    sse_clean_up(&reader->sse);
    free(reader);
}

static void text_restart(struct text *text)
{
    text_clear(text);
    text->failed = false;
}

void reply_reader_begin(struct reply_reader *reader, enum platform_kind platform, bool streamed)
{
    arena_destroy(reader->arena);
    reader->arena = arena_new();
    reader->failed = reader->arena == NULL;
    reader->wire = platform_wire(platform);
    reader->streamed = streamed && reader->wire->streams;
    reader->kind = BODY_NONE;
    reader->progress = 0;
    reader->event = (struct redial_event){0};
    reader->wrong = (struct redial_str){0};
    text_restart(&reader->body);
    text_restart(&reader->stop_reason);
    sse_restart(&reader->sse);
}

static struct redial_str keep(struct reply_reader *reader, struct redial_str text)
{
    struct redial_str copy = {0};

    if (text.len > 0 && !(reader->arena && arena_copy(reader->arena, text, &copy)))
        reader->failed = true;
    return copy;
}

/* ---- The head */

static void copy_headers(struct reply_reader *reader, const struct redial_header *headers,
                         size_t count)
{
    struct redial_header *copies =
        reader->arena ? ARENA_ARRAY(reader->arena, struct redial_header, count) : NULL;

    if (!copies) {
        reader->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        copies[i].name = keep(reader, headers[i].name);
        copies[i].value = keep(reader, headers[i].value);
    }
    reader->event.headers = copies;
    reader->event.header_count = (uint32_t)count;
}

/* The first header of that name; empty when there is none, or no name is asked for. */
static struct redial_str header(const struct reply_reader *reader, const char *name)
{
    for (uint32_t i = 0; name && i < reader->event.header_count; i++)
        if (str_eq_nocase(reader->event.headers[i].name, str_of(name)))
            return str_trim(reader->event.headers[i].value);
    return REDIAL_STR("");
}

/* "aws.api#ThrottlingException:http://internal…" is ThrottlingException. */
static struct redial_str bare_error_name(struct redial_str name)
{
    size_t hash = str_find(name, REDIAL_STR("#"));

    if (hash != SIZE_MAX) name = str_skip(name, hash + 1);
    return str_trim(str_take(name, str_find(name, REDIAL_STR(":"))));
}

static struct redial_str media_type(const struct reply_reader *reader)
{
    struct redial_str type = header(reader, "content-type");

    return str_trim(str_take(type, str_find(type, REDIAL_STR(";"))));
}

static int8_t read_should_retry(const struct reply_reader *reader)
{
    struct redial_str word = header(reader, "x-should-retry");

    if (str_eq_nocase(word, REDIAL_STR("true"))) return 1;
    return str_eq_nocase(word, REDIAL_STR("false")) ? -1 : 0;
}

/* Notes why no parser reads this: `before`, what the server sent, `after`. */
static void refuse(struct reply_reader *reader, const char *before, struct redial_str sent,
                   const char *after)
{
    if (!reader->arena || !arena_printf(reader->arena, &reader->wrong, "%s%.*s%s", before,
                                        REDIAL_STR_ARG(sent), after))
        reader->failed = true;
    reader->progress |= REPLY_UNREADABLE;
}

static enum body_kind judge_head(struct reply_reader *reader)
{
    if (reader->event.status < 200 || reader->event.status > 299) return BODY_ERROR;
    if (!reader->streamed) return BODY_MESSAGE;
    if (str_eq_nocase(media_type(reader), REDIAL_STR("text/event-stream"))) return BODY_STREAM;
    refuse(reader, "a stream was asked for, and the reply is '", str_take(media_type(reader), 64),
           "', not text/event-stream");
    return BODY_WRONG;
}

void reply_reader_head(struct reply_reader *reader, uint16_t status,
                       const struct redial_header *headers, size_t count)
{
    struct redial_event *event = &reader->event;

    copy_headers(reader, headers, count);
    event->status = status;
    event->should_retry = read_should_retry(reader);
    for (size_t i = 0; i < REDIAL_COUNT_OF(reader->wire->request_id_headers); i++)
        if (event->request_id.len == 0)
            event->request_id = header(reader, reader->wire->request_id_headers[i]);
    event->text[REDIAL_TEXT_ERROR] = bare_error_name(header(reader, reader->wire->error_header));
    reader->kind = judge_head(reader);
}

/* ---- A stream's events */

static void keep_tokens(int64_t *known, const struct json *count)
{
    int64_t tokens = json_int(count, 0);

    if (tokens > 0) *known = tokens;
}

/* What was read from or written to the prompt cache is input too. */
static void read_usage(struct reply_reader *reader, const struct json *usage)
{
    static const char *const parts[] = {"input_tokens", "cache_creation_input_tokens",
                                        "cache_read_input_tokens"};
    int64_t input = 0;

    for (size_t i = 0; i < REDIAL_COUNT_OF(parts); i++) {
        int64_t part = json_int(json_at(usage, parts[i]), 0);
        if (part > 0 && part < INT64_MAX - input) input += part;
    }
    if (input > 0) reader->event.input_tokens = input;
    keep_tokens(&reader->event.output_tokens, json_at(usage, "output_tokens"));
}

static void read_stop_reason(struct reply_reader *reader, const struct json *reason)
{
    struct redial_str word = json_text(reason);

    if (word.len == 0) return;
    text_clear(&reader->stop_reason);
    text_append(&reader->stop_reason, word);
    reader->failed |= reader->stop_reason.failed;
}

static unsigned read_message_start(struct reply_reader *reader, const struct json *data)
{
    read_usage(reader, json_at(data, "message.usage"));
    return 0;
}

static unsigned read_delta(struct reply_reader *reader, const struct json *data)
{
    (void)reader;
    (void)data;
    return REPLY_OUTPUT;
}

static unsigned read_message_delta(struct reply_reader *reader, const struct json *data)
{
    read_usage(reader, json_at(data, "usage"));
    read_stop_reason(reader, json_at(data, "delta.stop_reason"));
    return 0;
}

static unsigned read_message_stop(struct reply_reader *reader, const struct json *data)
{
    (void)reader;
    (void)data;
    return REPLY_TERMINATED;
}

static void read_error_facts(struct reply_reader *reader, const struct json *body,
                             enum redial_event_text name)
{
    struct error_facts facts = {0};
    struct redial_event *event = &reader->event;

    reader->wire->read_error(body, &facts);
    if (event->text[name].len == 0) event->text[name] = bare_error_name(keep(reader, facts.error));
    event->text[REDIAL_TEXT_ERROR_CODE] = keep(reader, facts.error_code);
    event->message = keep(reader, facts.message);
    if (event->request_id.len == 0) event->request_id = keep(reader, facts.request_id);
}

static unsigned read_stream_error(struct reply_reader *reader, const struct json *data)
{
    read_error_facts(reader, data, REDIAL_TEXT_STREAM_ERROR);
    return REPLY_STREAM_ERROR;
}

static const struct stream_event {
    const char *name;
    unsigned (*read)(struct reply_reader *reader, const struct json *data);
} stream_events[] = {
    {"content_block_delta", read_delta},   {"message_start", read_message_start},
    {"message_delta", read_message_delta}, {"message_stop", read_message_stop},
    {"error", read_stream_error},
};

/* Events of other names (ping, and what is invented later) are passed over unread. */
static unsigned read_event(struct reply_reader *reader, const struct sse_event *event)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(stream_events); i++) {
        struct json *data;
        unsigned progress;

        if (!str_is(event->name, stream_events[i].name)) continue;
        data = json_parse(event->data);
        if (!data) {
            refuse(reader, "the data of the stream's event '", event->name, "' is not JSON");
            return REPLY_UNREADABLE;
        }
        progress = stream_events[i].read(reader, data);
        json_free(data);
        return progress;
    }
    return 0;
}

#define REPLY_OVER (REPLY_STREAM_ERROR | REPLY_UNREADABLE | REPLY_TERMINATED)

static unsigned read_stream(struct reply_reader *reader, struct redial_str bytes)
{
    struct sse_event event;
    enum sse_result result = SSE_EVENT;
    unsigned progress = 0;

    while (!(reader->progress & REPLY_OVER)) {
        result = sse_next(&reader->sse, &bytes, &event);
        if (result != SSE_EVENT) break;
        progress |= read_event(reader, &event);
        reader->progress |= progress;
    }
    if (result == SSE_FAILED) {
        refuse(reader, "an event of the stream is longer", REDIAL_STR(""), " than any platform's");
        reader->failed |= reader->sse.line.failed || reader->sse.data.failed;
        progress |= REPLY_UNREADABLE;
    }
    return progress;
}

/* ---- The body */

/* What is beyond the bound is let go; a text that was cut is then read as far as it can be. */
static void keep_body(struct reply_reader *reader, struct redial_str bytes, size_t max)
{
    text_append(&reader->body, str_take(bytes, max - reader->body.len));
    reader->failed |= reader->body.failed;
}

unsigned reply_reader_body(struct reply_reader *reader, struct redial_str bytes)
{
    if (reader->kind == BODY_STREAM) return read_stream(reader, bytes);
    if (reader->kind == BODY_ERROR) keep_body(reader, bytes, REPLY_KEPT_MAX);
    if (reader->kind == BODY_MESSAGE) keep_body(reader, bytes, JSON_BYTES_MAX);
    return reader->progress & REPLY_UNREADABLE;
}

enum redial_phase reply_reader_phase(const struct reply_reader *reader)
{
    static const enum redial_phase phases[] = {
        [BODY_NONE] = REDIAL_PHASE_WAIT,    [BODY_ERROR] = REDIAL_PHASE_BODY,
        [BODY_MESSAGE] = REDIAL_PHASE_BODY, [BODY_STREAM] = REDIAL_PHASE_STREAM,
        [BODY_WRONG] = REDIAL_PHASE_BODY,
    };
    return phases[reader->kind];
}

/* ---- The end */

/* An edge in front of the platform (a CDN's 413, a proxy's 502) answers in its own words. */
static struct redial_str first_line(struct redial_str body)
{
    struct redial_str line = str_trim(body);

    line = str_trim(str_take(line, str_find(line, REDIAL_STR("\n"))));
    if (line.len > FIRST_LINE_MAX) {
        line = str_take(line, FIRST_LINE_MAX);
        while (line.len > 0 && ((unsigned char)line.ptr[line.len] & 0xc0u) == 0x80u) line.len--;
    }
    return line;
}

static void read_error_body(struct reply_reader *reader)
{
    struct json *body = json_parse(text_str(&reader->body));

    if (body) read_error_facts(reader, body, REDIAL_TEXT_ERROR);
    json_free(body);
    if (reader->event.message.len == 0)
        reader->event.message = keep(reader, first_line(text_str(&reader->body)));
    sizes_read(&reader->event);
}

/* A 200 may hold an error object all the same: proxies do that. */
static void read_message_body(struct reply_reader *reader)
{
    struct json *body = json_parse(text_str(&reader->body));

    if (str_is(json_text(json_at(body, "type")), "message")) {
        read_usage(reader, json_at(body, "usage"));
        read_stop_reason(reader, json_at(body, "stop_reason"));
    } else if (str_is(json_text(json_at(body, "type")), "error")) {
        read_error_facts(reader, body, REDIAL_TEXT_ERROR);
    } else {
        refuse(reader, "the reply's body is not a message in JSON: '",
               first_line(text_str(&reader->body)), "'");
    }
    json_free(body);
}

static void read_whole(struct reply_reader *reader)
{
    if (reader->kind == BODY_ERROR) read_error_body(reader);
    if (reader->kind == BODY_MESSAGE) read_message_body(reader);
    if (reader->progress & REPLY_STREAM_ERROR) sizes_read(&reader->event);
}

static void break_off(struct redial_event *event, enum redial_cause cause, enum redial_phase phase,
                      struct redial_str message)
{
    event->kind = REDIAL_EVENT_BROKEN;
    event->cause = (uint8_t)cause;
    event->phase = (uint8_t)phase;
    event->message = message;
}

/* What the reply itself says goes before what became of the connection afterwards. */
static void judge_end(struct reply_reader *reader, enum redial_cause cause, enum redial_phase phase)
{
    struct redial_event *event = &reader->event;
    bool cut = reader->kind == BODY_NONE ||
               (reader->kind == BODY_STREAM && !(reader->progress & REPLY_TERMINATED));

    if (phase == REDIAL_PHASE_NONE) phase = reply_reader_phase(reader);
    if (reader->failed) {
        break_off(event, REDIAL_CAUSE_OTHER, phase,
                  REDIAL_STR("memory is out: the reply could not be read"));
    } else if (reader->progress & REPLY_STREAM_ERROR) {
        event->kind = REDIAL_EVENT_STREAM_ERROR;
    } else if (reader->progress & REPLY_UNREADABLE) {
        break_off(event, REDIAL_CAUSE_MALFORMED, reply_reader_phase(reader), reader->wrong);
    } else if (cause != REDIAL_CAUSE_NONE && !(reader->progress & REPLY_TERMINATED)) {
        break_off(event, cause, phase, (struct redial_str){0});
    } else if (cut) {
        break_off(event, REDIAL_CAUSE_CUT, phase, (struct redial_str){0});
    } else {
        event->kind = REDIAL_EVENT_REPLY;
        event->complete = true;
    }
}

void reply_reader_end(struct reply_reader *reader, enum redial_cause cause, enum redial_phase phase,
                      struct redial_event *event)
{
    if (cause == REDIAL_CAUSE_NONE || reader->progress & REPLY_STREAM_ERROR) read_whole(reader);
    if (reader->stop_reason.len > 0)
        reader->event.text[REDIAL_TEXT_STOP_REASON] = text_str(&reader->stop_reason);
    judge_end(reader, cause, phase);
    *event = reader->event;
}
