/* Streams as bytes: server-sent events carry Anthropic's events as they are; a message of AWS's
 * event stream wraps one in base64, or says itself what went wrong:
 *
 *   :message-type  event      :event-type chunk, payload {"bytes": "…", "p": padding}
 *                  exception  :exception-type throttlingException, payload {"message": "…"}
 *                  error      :error-code, :error-message
 */
#include "base/base64.h"
#include "platforms/reader_parts.h"

unsigned reader_read_sse(struct reply_reader *reader, struct redial_str bytes)
{
    struct sse_event event;
    enum sse_result result = SSE_EVENT;
    unsigned progress = 0;

    while (!(reader->progress & REPLY_OVER)) {
        result = sse_next(&reader->sse, &bytes, &event);
        if (result != SSE_EVENT) break;
        progress |= reader_read_event(reader, event.name, event.data);
        reader->progress |= progress;
    }
    if (result == SSE_FAILED) {
        reader->failed |= reader->sse.line.failed || reader->sse.data.failed;
        progress |= reader_refuse(reader, "an event of the stream is longer", REDIAL_STR(""),
                                  " than any platform's");
    }
    return progress;
}

/* ---- AWS event streams */

/* `data` is one of Anthropic's events, named by its own type. */
static unsigned read_unwrapped(struct reply_reader *reader, struct redial_str data)
{
    struct json *event = json_parse(data);
    struct redial_str name = json_text(json_at(event, "type"));
    unsigned progress =
        event ? reader_read_event(reader, name, data)
              : reader_refuse(reader, "a chunk of the stream", REDIAL_STR(""), " wraps no JSON");

    json_free(event);
    return progress;
}

static unsigned read_chunk(struct reply_reader *reader, const struct event_stream_message *message)
{
    struct json *payload = json_parse(message->payload);
    struct redial_str wrapped = json_text(json_at(payload, "bytes"));
    unsigned progress;

    text_clear(&reader->chunk);
    if (wrapped.len > 0 && base64_decode(wrapped, &reader->chunk)) {
        progress = read_unwrapped(reader, text_str(&reader->chunk));
    } else {
        reader->failed |= reader->chunk.failed;
        progress = reader_refuse(reader, "a chunk of the stream", REDIAL_STR(""),
                                 " has no `bytes` in base64");
    }
    json_free(payload);
    return progress;
}

/* An error of the stream, said once more in Anthropic's shape for who follows its events. */
static unsigned say_error(struct reply_reader *reader, struct redial_str type,
                          struct redial_str message)
{
    struct text *said = &reader->chunk;

    if (type.len == 0) type = REDIAL_STR("Unknown");
    text_clear(said);
    text_append(said, REDIAL_STR("{\"type\":\"error\",\"error\":{\"type\":"));
    text_append_json(said, type);
    text_append(said, REDIAL_STR(",\"message\":"));
    text_append_json(said, message);
    text_append(said, REDIAL_STR("}}"));
    reader->failed |= said->failed;
    return reader->failed ? REPLY_UNREADABLE
                          : reader_read_event(reader, REDIAL_STR("error"), text_str(said));
}

/* "message: original message (status 429)": a model's own error, which the stream passes on. */
static void write_message(const struct json *payload, struct text *out)
{
    struct redial_str message = json_text(json_at(payload, "message"));
    struct redial_str original = json_text(json_at(payload, "originalMessage"));
    int64_t status = json_int(json_at(payload, "originalStatusCode"), 0);

    if (message.len == 0) message = json_text(json_at(payload, "Message"));
    text_append(out, message);
    if (message.len > 0 && original.len > 0) text_append(out, REDIAL_STR(": "));
    text_append(out, original);
    if (status != 0) text_printf(out, " (status %lld)", (long long)status);
}

static unsigned read_exception(struct reply_reader *reader,
                               const struct event_stream_message *message)
{
    struct json *payload = json_parse(message->payload);
    struct text told = TEXT_INIT;

    if (payload) {
        write_message(payload, &told);
    } else {
        text_append(&told, message->payload);
    }
    reader->failed |= told.failed;
    unsigned progress =
        say_error(reader, event_stream_string(message, ":exception-type"), text_str(&told));
    text_clean_up(&told);
    json_free(payload);
    return progress;
}

static unsigned read_error(struct reply_reader *reader, const struct event_stream_message *message)
{
    return say_error(reader, event_stream_string(message, ":error-code"),
                     event_stream_string(message, ":error-message"));
}

/* What other events mean (initial-response, and what is invented later) is passed over. */
static unsigned read_frame(struct reply_reader *reader, const struct event_stream_message *message)
{
    struct redial_str type = event_stream_string(message, ":message-type");

    if (str_is(type, "exception")) return read_exception(reader, message);
    if (str_is(type, "error")) return read_error(reader, message);
    if (str_is(event_stream_string(message, ":event-type"), "chunk"))
        return read_chunk(reader, message);
    return 0;
}

unsigned reader_read_frames(struct reply_reader *reader, struct redial_str bytes)
{
    struct event_stream_message message;
    enum event_stream_result result = EVENT_STREAM_MESSAGE;
    unsigned progress = 0;

    while (!(reader->progress & REPLY_OVER)) {
        result = event_stream_next(&reader->frames, &bytes, &message);
        if (result != EVENT_STREAM_MESSAGE) break;
        progress |= read_frame(reader, &message);
        reader->progress |= progress;
    }
    if (result == EVENT_STREAM_FAILED) {
        reader->failed |= reader->frames.message.failed;
        progress |=
            reader_refuse(reader, "the event stream is broken: ", str_of(reader->frames.wrong), "");
    }
    return progress;
}
