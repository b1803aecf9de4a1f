/* The events of a streamed reply, in Anthropic's words on every platform. */
#include "platforms/reader_parts.h"

static void keep_tokens(int64_t *known, const struct json *count)
{
    int64_t tokens = json_int(count, 0);

    if (tokens > 0) *known = tokens;
}

/* What was read from or written to the prompt cache is input too. */
void reader_read_usage(struct reply_reader *reader, const struct json *usage)
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

void reader_read_stop_reason(struct reply_reader *reader, const struct json *reason)
{
    struct redial_str word = json_text(reason);

    if (word.len == 0) return;
    text_clear(&reader->stop_reason);
    text_append(&reader->stop_reason, word);
    reader->failed |= reader->stop_reason.failed;
}

static unsigned read_message_start(struct reply_reader *reader, const struct json *data)
{
    reader_read_usage(reader, json_at(data, "message.usage"));
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
    reader_read_usage(reader, json_at(data, "usage"));
    reader_read_stop_reason(reader, json_at(data, "delta.stop_reason"));
    return 0;
}

static unsigned read_message_stop(struct reply_reader *reader, const struct json *data)
{
    (void)reader;
    (void)data;
    return REPLY_TERMINATED;
}

void reader_read_error(struct reply_reader *reader, const struct json *body,
                       enum redial_event_text name)
{
    struct error_facts facts = {0};
    struct redial_event *event = &reader->event;

    reader->wire->read_error(body, &facts);
    if (event->text[name].len == 0)
        event->text[name] = reader_bare_name(reader_keep(reader, facts.error));
    event->text[REDIAL_TEXT_ERROR_CODE] = reader_keep(reader, facts.error_code);
    event->message = reader_keep(reader, facts.message);
    if (event->request_id.len == 0) event->request_id = reader_keep(reader, facts.request_id);
}

static unsigned read_stream_error(struct reply_reader *reader, const struct json *data)
{
    reader_read_error(reader, data, REDIAL_TEXT_STREAM_ERROR);
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

static const struct stream_event *find_event(struct redial_str name)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(stream_events); i++)
        if (str_is(name, stream_events[i].name)) return &stream_events[i];
    return NULL;
}

static void hand_on(const struct reply_reader *reader, struct redial_str name,
                    struct redial_str data)
{
    if (reader->on_event) reader->on_event(reader->on_event_context, name, data);
}

/* Events of other names (ping, and what is invented later) are passed over unread. */
unsigned reader_read_event(struct reply_reader *reader, struct redial_str name,
                           struct redial_str data)
{
    const struct stream_event *known = find_event(name);
    struct json *parsed = known ? json_parse(data) : NULL;

    if (known && !parsed)
        return reader_refuse(reader, "the data of the stream's event '", name, "' is not JSON");
    hand_on(reader, name, data);
    unsigned progress = known ? known->read(reader, parsed) : 0;
    json_free(parsed);
    return progress;
}
