/* The reply reader. The head decides what kind of body follows; a stream is framed and read event
 * by event, any other body is kept and read at its end.
 *
 *   kind      head says                                       body
 *   ERROR     a status other than 2xx                         kept up to REPLY_KEPT_MAX
 *   MESSAGE   2xx, no stream was asked for                    kept up to JSON_BYTES_MAX
 *   SSE       2xx, asked for, and text/event-stream           framed and let go
 *   FRAMES    2xx, asked for, and the platform's own stream   framed, unwrapped and let go
 *   WRONG     2xx, a stream was asked for, something else     let go
 */
#include "platforms/reader.h"

#include <stdlib.h>

#include "platforms/reader_parts.h"
#include "platforms/sizes.h"

#define FIRST_LINE_MAX                                                                             \
    200 /* of a body that no parser reads: enough to recognise an edge's page                      \
         */

struct reply_reader *reply_reader_new(void)
{
    struct reply_reader *reader = calloc(1, sizeof *reader);

    if (!reader) return NULL;
    sse_init(&reader->sse);
    event_stream_init(&reader->frames);
    return reader;
}

void reply_reader_destroy(struct reply_reader *reader)
{
    if (!reader) return;
    arena_destroy(reader->arena);
    text_clean_up(&reader->body);
    text_clean_up(&reader->stop_reason);
    text_clean_up(&reader->chunk);
    sse_clean_up(&reader->sse);
    event_stream_clean_up(&reader->frames);
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
    reader->streamed = streamed;
    reader->operation = REQUEST_MESSAGES;
    reader->kind = BODY_NONE;
    reader->progress = 0;
    reader->event = (struct redial_event){0};
    reader->wrong = (struct redial_str){0};
    text_restart(&reader->body);
    text_restart(&reader->stop_reason);
    text_restart(&reader->chunk);
    sse_restart(&reader->sse);
    event_stream_restart(&reader->frames);
}

void reply_reader_expect(struct reply_reader *reader, enum request_operation operation)
{
    reader->operation = operation;
}

void reply_reader_on_event(struct reply_reader *reader, reply_event_fn *call, void *context)
{
    reader->on_event = call;
    reader->on_event_context = context;
}

struct redial_str reader_keep(struct reply_reader *reader, struct redial_str text)
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
        copies[i].name = reader_keep(reader, headers[i].name);
        copies[i].value = reader_keep(reader, headers[i].value);
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

struct redial_str reader_bare_name(struct redial_str name)
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

unsigned reader_refuse(struct reply_reader *reader, const char *before, struct redial_str sent,
                       const char *after)
{
    if (!reader->arena || !arena_printf(reader->arena, &reader->wrong, "%s%.*s%s", before,
                                        REDIAL_STR_ARG(sent), after))
        reader->failed = true;
    reader->progress |= REPLY_UNREADABLE;
    return REPLY_UNREADABLE;
}

static enum body_kind judge_head(struct reply_reader *reader)
{
    struct redial_str sse = REDIAL_STR("text/event-stream");
    struct redial_str frames = str_of(reader->wire->frames_type);

    if (reader->event.status < 200 || reader->event.status > 299) return BODY_ERROR;
    if (!reader->streamed) return BODY_MESSAGE;
    if (str_eq_nocase(media_type(reader), sse)) return BODY_SSE;
    if (frames.len > 0 && str_eq_nocase(media_type(reader), frames)) return BODY_FRAMES;
    reader_refuse(
        reader, "a stream was asked for, and the reply is '", str_take(media_type(reader), 64),
        frames.len > 0 ? "', not application/vnd.amazon.eventstream" : "', not text/event-stream");
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
    event->text[REDIAL_TEXT_ERROR] = reader_bare_name(header(reader, reader->wire->error_header));
    reader->kind = judge_head(reader);
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
    if (reader->kind == BODY_SSE) return reader_read_sse(reader, bytes);
    if (reader->kind == BODY_FRAMES) return reader_read_frames(reader, bytes);
    if (reader->kind == BODY_ERROR) keep_body(reader, bytes, REPLY_KEPT_MAX);
    if (reader->kind == BODY_MESSAGE) keep_body(reader, bytes, JSON_BYTES_MAX);
    return reader->progress & REPLY_UNREADABLE;
}

struct redial_str reply_reader_text(const struct reply_reader *reader)
{
    return text_str(&reader->body);
}

enum redial_phase reply_reader_phase(const struct reply_reader *reader)
{
    static const enum redial_phase phases[] = {
        [BODY_NONE] = REDIAL_PHASE_WAIT,     [BODY_ERROR] = REDIAL_PHASE_BODY,
        [BODY_MESSAGE] = REDIAL_PHASE_BODY,  [BODY_SSE] = REDIAL_PHASE_STREAM,
        [BODY_FRAMES] = REDIAL_PHASE_STREAM, [BODY_WRONG] = REDIAL_PHASE_BODY,
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

    if (body) reader_read_error(reader, body, REDIAL_TEXT_ERROR);
    json_free(body);
    if (reader->event.message.len == 0)
        reader->event.message = reader_keep(reader, first_line(text_str(&reader->body)));
    sizes_read(&reader->event);
}

static bool read_message(struct reply_reader *reader, const struct json *body)
{
    if (!str_is(json_text(json_at(body, "type")), "message")) return false;
    reader_read_usage(reader, json_at(body, "usage"));
    reader_read_stop_reason(reader, json_at(body, "stop_reason"));
    return true;
}

static bool read_count(struct reply_reader *reader, const struct json *body)
{
    int64_t tokens = json_int(json_at(body, "input_tokens"), -1);

    if (tokens < 0) tokens = json_int(json_at(body, "inputTokens"), -1); /* Bedrock's */

    if (tokens >= 0) reader->event.input_tokens = tokens;
    return tokens >= 0;
}

static const struct {
    bool (*read)(struct reply_reader *reader, const struct json *body);
    const char *otherwise;
} answers[REQUEST_OPERATION_COUNT] = {
    [REQUEST_MESSAGES] = {read_message, "the reply's body is not a message in JSON: '"},
    [REQUEST_COUNT_TOKENS] = {read_count, "the reply's body is not a count of tokens in JSON: '"},
};

/* A 200 may hold an error object all the same: proxies do that. */
static void read_answer(struct reply_reader *reader)
{
    struct json *body = json_parse(text_str(&reader->body));

    if (str_is(json_text(json_at(body, "type")), "error")) {
        reader_read_error(reader, body, REDIAL_TEXT_ERROR);
    } else if (!answers[reader->operation].read(reader, body)) {
        reader_refuse(reader, answers[reader->operation].otherwise,
                      first_line(text_str(&reader->body)), "'");
    }
    json_free(body);
}

static void read_whole(struct reply_reader *reader)
{
    if (reader->kind == BODY_ERROR) read_error_body(reader);
    if (reader->kind == BODY_MESSAGE) read_answer(reader);
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
    bool stream = reader->kind == BODY_SSE || reader->kind == BODY_FRAMES;
    bool cut = reader->kind == BODY_NONE || (stream && !(reader->progress & REPLY_TERMINATED));

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
