/* Streamed replies, one piece for each event, so that faults can strike between any two. What an
 * event says is the same on every platform; Bedrock frames it in its own way. */
#include "simulator/world/frame.h"
#include "simulator/world/render_parts.h"

struct stream {
    struct rendering *rendering;
    const struct frame *frame;
    struct text text; /* the data of the event being written */
    int64_t output;   /* tokens of the whole answer */
};

/* ---- The payloads of the events that a reply is made of ---- */

static void write_message_start(struct stream *stream, const struct stream_event *event)
{
    const struct render_facts *facts = stream->rendering->facts;
    (void)event;
    text_printf(&stream->text, "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_01");
    render_id(facts->id + 1, &stream->text);
    text_printf(&stream->text, "\",\"type\":\"message\",\"role\":\"assistant\",\"model\":");
    text_append_json(&stream->text, facts->model);
    text_printf(&stream->text,
                ",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":"
                "{\"input_tokens\":%lld,\"output_tokens\":1}}}",
                (long long)facts->input_tokens);
}

static void write_block_start(struct stream *stream, const struct stream_event *event)
{
    (void)event;
    text_printf(&stream->text, "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":"
                               "{\"type\":\"text\",\"text\":\"\"}}");
}

static void write_delta(struct stream *stream, const struct stream_event *event)
{
    text_printf(&stream->text, "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
                               "{\"type\":\"text_delta\",\"text\":");
    text_append_json(&stream->text, event->text.len ? event->text : REDIAL_STR("word "));
    text_printf(&stream->text, "}}");
}

static void write_block_stop(struct stream *stream, const struct stream_event *event)
{
    (void)event;
    text_printf(&stream->text, "{\"type\":\"content_block_stop\",\"index\":0}");
}

static void write_message_delta(struct stream *stream, const struct stream_event *event)
{
    (void)event;
    text_printf(&stream->text, "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":");
    text_append_json(&stream->text, render_stop_reason(stream->rendering));
    text_printf(&stream->text, ",\"stop_sequence\":null},\"usage\":{\"output_tokens\":%lld}}",
                (long long)stream->output);
}

static void write_message_stop(struct stream *stream, const struct stream_event *event)
{
    (void)event;
    text_printf(&stream->text, "{\"type\":\"message_stop\"}");
}

static void write_ping(struct stream *stream, const struct stream_event *event)
{
    (void)event;
    text_printf(&stream->text, "{\"type\":\"ping\"}");
}

typedef void payload_fn(struct stream *stream, const struct stream_event *event);
static const struct payload {
    const char *name;
    payload_fn *write;
} payloads[] = {
    {"message_start", write_message_start},     {"ping", write_ping},
    {"content_block_start", write_block_start}, {"content_block_delta", write_delta},
    {"content_block_stop", write_block_stop},   {"message_delta", write_message_delta},
    {"message_stop", write_message_stop},
};

/* ---- One event ---- */

static payload_fn *payload_of(struct redial_str name)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(payloads); i++)
        if (str_is(name, payloads[i].name)) return payloads[i].write;
    return NULL;
}

static bool end_event(struct stream *stream, struct redial_str name, int64_t wait)
{
    struct text framed = TEXT_INIT;
    struct redial_str kept;
    stream->frame->event(&framed, name, text_str(&stream->text));
    framed.failed |= stream->text.failed;
    text_clean_up(&stream->text);
    return render_keep(stream->rendering, &framed, &kept) &&
           render_add_piece(stream->rendering, kept, wait);
}

static bool add_event(struct stream *stream, const struct stream_event *event)
{
    payload_fn *write = payload_of(event->name);
    stream->text = TEXT_INIT;
    if (event->data.len || !write)
        text_append(&stream->text, event->data);
    else
        write(stream, event);
    return end_event(stream, event->name, event->after);
}

static bool add_named(struct stream *stream, const char *name, int64_t wait)
{
    return add_event(stream, &(struct stream_event){.name = str_of(name), .after = wait});
}

/* An error after HTTP 200. */
static bool add_error(struct stream *stream, const struct reply_script *then)
{
    struct frame_error error = {.type = then->error_type, .code = then->error_code};
    struct text message = TEXT_INIT, framed = TEXT_INIT;
    struct redial_str kept;
    const char *typical = stream->frame->typical(then->class, &error.type);
    if (!render_message(stream->rendering, then->message, typical, &message)) {
        text_clean_up(&message);
        return false;
    }
    error.message = text_str(&message);
    stream->frame->error(&framed, &error);
    framed.failed |= message.failed;
    text_clean_up(&message);
    return render_keep(stream->rendering, &framed, &kept) &&
           render_add_piece(stream->rendering, kept, then->after);
}

/* A half-written delta: framed as an event, and no JSON. */
static bool add_malformed(struct stream *stream)
{
    return add_event(
        stream, &(struct stream_event){
                    .name = REDIAL_STR("content_block_delta"),
                    .data = REDIAL_STR("{\"type\":\"content_block_delta\",\"index\":0,\"del")});
}

/* A whole delta, and one bit of its checksum fell over on the way. */
static bool add_bad_checksum(struct stream *stream)
{
    if (!add_named(stream, "content_block_delta", 0)) return false;
    struct piece *piece = &stream->rendering->pieces[stream->rendering->piece_count - 1];
    struct redial_str whole = piece->bytes, last = str_skip(whole, whole.len - 1);
    char fallen = (char)(last.ptr[0] ^ 1);
    struct text text = TEXT_INIT;
    text_append(&text, str_take(whole, whole.len - 1));
    text_append_char(&text, fallen);
    return render_keep(stream->rendering, &text, &piece->bytes);
}

static bool add_answer(struct stream *stream, const struct stream_script *script, int64_t tokens)
{
    if (!add_named(stream, "message_start", 0) || !add_named(stream, "content_block_start", 0))
        return false;
    if (stream->frame->pings && !add_named(stream, "ping", 0)) return false;
    for (int64_t i = 0; i < tokens; i++)
        if (!add_named(stream, "content_block_delta", script->pace)) return false;
    return true;
}

static bool add_end(struct stream *stream)
{
    return add_named(stream, "content_block_stop", 0) && add_named(stream, "message_delta", 0) &&
           add_named(stream, "message_stop", 0);
}

bool render_stream_body(struct rendering *rendering)
{
    const struct reply_script *reply = rendering->reply;
    const struct stream_script *script = &reply->stream;
    const struct render_facts *facts = rendering->facts;
    enum platform_kind platform = facts->plain ? PLATFORM_ANTHROPIC : facts->platform;
    struct stream stream = {.rendering = rendering, .frame = frame_of(platform)};
    stream.output = render_output_tokens(reply, rendering->facts);
    int64_t tokens = script->given ? script->tokens : RENDER_OUTPUT_TOKENS;
    render_add_header(rendering, REDIAL_STR("content-type"), str_of(stream.frame->content_type));
    if (stream.frame->uncached)
        render_add_header(rendering, REDIAL_STR("cache-control"), REDIAL_STR("no-cache"));
    for (size_t i = 0; i < script->event_count; i++)
        if (!add_event(&stream, &script->events[i])) return false;
    if (!script->events && !add_answer(&stream, script, tokens)) return false;
    if (reply->fault == FAULT_MALFORMED && reply->malformed == MALFORMED_SSE)
        return add_malformed(&stream);
    if (reply->fault == FAULT_MALFORMED && reply->malformed == MALFORMED_CRC)
        return add_bad_checksum(&stream);
    if (reply->then) return add_error(&stream, reply->then);
    return script->events || add_end(&stream);
}

bool render_knows_event(struct redial_str name)
{
    return payload_of(name) != NULL;
}
