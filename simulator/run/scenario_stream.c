/* Streamed replies as a scenario writes them: so many tokens at a pace, or event by event. */
#include "simulator/run/scenario_parts.h"
#include "simulator/world/render.h"

static bool read_tokens_bounded(struct reading *reading, const struct node *value, void *target)
{
    return read_whole(reading, value, 0, STREAM_TOKENS_MAX, target);
}

#define AT(field) offsetof(struct stream_script, field)
static const struct key stream_keys[] = {
    {"tokens", read_tokens_bounded, AT(tokens), "so many deltas, one token each", "number", false},
    {"pace", read_duration, AT(pace), "time before each of them", "duration", false},
};
#undef AT
static const struct keys keys = {"a stream", stream_keys, REDIAL_COUNT_OF(stream_keys)};

#define AT(field) offsetof(struct stream_event, field)
static const struct key event_keys[] = {
    {"event", read_text, AT(name), "its name; content_block_delta unless said", "name", false},
    {"text", read_text, AT(text), "the delta's text", "text", false},
    {"data", read_text, AT(data), "its data as it is, instead of the usual", "text", false},
    {"after", read_duration, AT(after), "time since the event before it", "duration", false},
};
#undef AT
static const struct keys one_event_keys = {"a stream's event", event_keys,
                                           REDIAL_COUNT_OF(event_keys)};

static bool read_event(struct reading *reading, const struct node *value,
                       struct stream_event *event)
{
    *event = (struct stream_event){.name = REDIAL_STR("content_block_delta"), .span = value->span};
    bool right = value->kind == NODE_SCALAR ? read_text(reading, value, &event->name)
                                            : keys_read(reading, &one_event_keys, value, event);
    if (!right || event->data.len || render_knows_event(event->name)) return right;
    struct diag *diag =
        diag_error(reading->diags, "unknown-word", value->span,
                   "no usual data is known for the event '%.*s'", REDIAL_STR_ARG(event->name));
    diag_cure(reading->diags, diag,
              "known are message_start, content_block_start, content_block_delta, "
              "content_block_stop, message_delta, message_stop, ping; write others with their "
              "`data`");
    return false;
}

static bool read_events(struct reading *reading, const struct node *value,
                        struct stream_script *stream)
{
    stream->events = scenario_array(reading, value->count, sizeof *stream->events);
    if (!stream->events) return false;
    stream->event_count = value->count;
    bool right = true;
    for (size_t i = 0; i < value->count; i++)
        right = read_event(reading, value->items[i], &stream->events[i]) && right;
    return right;
}

bool scenario_read_stream(struct reading *reading, const struct node *value, void *target)
{
    struct stream_script *stream = target;
    *stream = (struct stream_script){.given = true, .tokens = RENDER_OUTPUT_TOKENS};
    if (value->kind == NODE_SEQUENCE) return read_events(reading, value, stream);
    if (value->kind == NODE_SCALAR)
        return reading_unexpected(reading, value,
                                  "a stream: {tokens: 40, pace: 20ms}, or a list of events");
    return keys_read(reading, &keys, value, stream);
}

/* ---- Shapes ---- */

const struct shape_row scenario_stream_shapes[] = {
    {read_tokens_bounded, AS_WHOLE(0, STREAM_TOKENS_MAX)},
    {scenario_read_stream, AS_KEYS_OR(keys, AS_LIST(AS_KEYS_OR(one_event_keys, AS_TEXT)))},
    {0},
};
