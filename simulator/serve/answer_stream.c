/* Streams of the fake's own: server-sent events, or AWS event stream where Bedrock frames them. */
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/duration.h"
#include "platforms/event_stream.h"
#include "simulator/serve/answer_parts.h"

struct stream {
    struct arena *arena;
    const struct answer_options *options;
    const struct said *said;
    struct text payload; /* of the event being written */
    struct text bytes;   /* framed, not yet an act */
    struct act *acts;
    size_t act_count;
    unsigned index; /* of the block being written */
    int64_t at, flushed_at;
    bool framed, failed;
};

/* ---- Framing */

static void frame_aws(struct stream *stream)
{
    static const struct event_stream_header headers[] = {
        {REDIAL_STR_INIT(":event-type"), EVENT_STREAM_STRING, 0, REDIAL_STR_INIT("chunk")},
        {REDIAL_STR_INIT(":content-type"), EVENT_STREAM_STRING, 0,
         REDIAL_STR_INIT("application/json")},
        {REDIAL_STR_INIT(":message-type"), EVENT_STREAM_STRING, 0, REDIAL_STR_INIT("event")},
    };
    struct text head = TEXT_INIT, payload = TEXT_INIT;
    unsigned char *coded = malloc(stream->payload.len / 3 * 4 + 8);

    if (coded) {
        int len = EVP_EncodeBlock(coded, (const unsigned char *)stream->payload.ptr,
                                  (int)stream->payload.len);
        text_printf(&payload, "{\"bytes\":\"%.*s\",\"p\":\"abcd\"}", len, (const char *)coded);
    }
    for (size_t i = 0; i < REDIAL_COUNT_OF(headers); i++)
        event_stream_header_append(&head, &headers[i]);
    event_stream_append(&stream->bytes, text_str(&head), text_str(&payload));
    if (!coded || head.failed || payload.failed) stream->failed = true;
    free(coded);
    text_clean_up(&head);
    text_clean_up(&payload);
}

static void flush(struct stream *stream)
{
    struct act *act = &stream->acts[stream->act_count];

    if (stream->bytes.len == 0) return;
    *act = (struct act){ACT_BODY, stream->flushed_at, {0}};
    if (stream->bytes.failed || !arena_copy(stream->arena, text_str(&stream->bytes), &act->bytes))
        stream->failed = true;
    stream->act_count++;
    text_clear(&stream->bytes);
}

/* What is said at one moment goes out together. */
static void end_event(struct stream *stream, const char *name)
{
    if (stream->at != stream->flushed_at) flush(stream);
    stream->flushed_at = stream->at;
    if (stream->payload.failed) stream->failed = true;
    if (stream->framed) {
        frame_aws(stream);
    } else {
        text_printf(&stream->bytes, "event: %s\ndata: %.*s\n\n", name,
                    REDIAL_STR_ARG(text_str(&stream->payload)));
    }
    text_clear(&stream->payload);
}

static void say(struct stream *stream, const char *name, const char *payload)
{
    text_append(&stream->payload, str_of(payload));
    end_event(stream, name);
}

/* ---- Events */

static void start_message(struct stream *stream)
{
    struct text *out = &stream->payload;

    text_append(out, REDIAL_STR("{\"type\":\"message_start\",\"message\":{\"id\":\""));
    answer_write_id(answer_message_prefix(stream->options->route->platform),
                    stream->options->id + 1, out);
    text_append(out, REDIAL_STR("\",\"type\":\"message\",\"role\":\"assistant\",\"model\":"));
    text_append_json(out, stream->options->model);
    text_append(out, REDIAL_STR(",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,"
                                "\"usage\":"));
    answer_write_usage(stream->options, 1, out);
    text_append(out, REDIAL_STR("}}"));
    end_event(stream, "message_start");
}

static void begin_block(struct stream *stream)
{
    text_printf(&stream->payload,
                "{\"type\":\"content_block_start\",\"index\":%u,\"content_block\":", stream->index);
}

static void begin_delta(struct stream *stream)
{
    text_printf(&stream->payload,
                "{\"type\":\"content_block_delta\",\"index\":%u,\"delta\":", stream->index);
}

static void stop_block(struct stream *stream)
{
    text_printf(&stream->payload, "{\"type\":\"content_block_stop\",\"index\":%u}",
                stream->index++);
    end_event(stream, "content_block_stop");
}

/* What a feature shows before the text. */
static void say_effects(struct stream *stream)
{
    const struct effect_block *block;

    for (size_t at = 0; (block = effects_block(stream->options->effects, &at));) {
        begin_block(stream);
        effects_write(block->start, stream->options->id + 3, &stream->payload);
        say(stream, "content_block_start", "}");
        for (size_t i = 0; i < REDIAL_COUNT_OF(block->deltas) && block->deltas[i]; i++) {
            begin_delta(stream);
            text_append(&stream->payload, str_of(block->deltas[i]));
            say(stream, "content_block_delta", "}");
        }
        stop_block(stream);
    }
}

static void start_block(struct stream *stream)
{
    struct text *out = &stream->payload;

    begin_block(stream);
    if (!stream->said->tool) {
        say(stream, "content_block_start", "{\"type\":\"text\",\"text\":\"\"}}");
        return;
    }
    text_append(out, REDIAL_STR("{\"type\":\"tool_use\",\"id\":\""));
    answer_write_id("toolu_01", stream->options->id + 2, out);
    text_append(out, REDIAL_STR("\",\"name\":"));
    text_append_json(out, json_text(json_at(stream->said->tool, "name")));
    text_append(out, REDIAL_STR(",\"input\":{}}}"));
    end_event(stream, "content_block_start");
}

/* Bedrock sends no pings. */
static void ping(struct stream *stream)
{
    if (!stream->framed) say(stream, "ping", "{\"type\":\"ping\"}");
}

static void say_delta(struct stream *stream, const char *kind, const char *member,
                      struct redial_str text)
{
    int64_t next = duration_add(stream->at, stream->options->pace);

    while (next - stream->at > ANSWER_PING_AFTER) {
        stream->at += ANSWER_PING_AFTER;
        ping(stream);
    }
    stream->at = next;
    begin_delta(stream);
    text_printf(&stream->payload, "{\"type\":\"%s\",\"%s\":", kind, member);
    text_append_json(&stream->payload, text);
    text_append(&stream->payload, REDIAL_STR("}}"));
    end_event(stream, "content_block_delta");
}

static void say_input(struct stream *stream)
{
    struct text input = TEXT_INIT;
    size_t half;

    answer_write_input(stream->said->tool, &input);
    if (input.failed) stream->failed = true;
    half = input.len / 2;
    say_delta(stream, "input_json_delta", "partial_json", (struct redial_str){"", 0});
    say_delta(stream, "input_json_delta", "partial_json", str_take(text_str(&input), half));
    say_delta(stream, "input_json_delta", "partial_json", str_skip(text_str(&input), half));
    text_clean_up(&input);
}

static void say_content(struct stream *stream)
{
    if (stream->said->tool) {
        say_input(stream);
        return;
    }
    for (size_t i = 0; i < stream->said->word_count; i++)
        say_delta(stream, "text_delta", "text", str_of(stream->said->words[i]));
    if (!effects_show(stream->options->effects, PROBED_CITATIONS)) return;
    begin_delta(stream);
    text_printf(&stream->payload, "{\"type\":\"citations_delta\",\"citation\":%s}",
                effects_citation);
    say(stream, "content_block_delta", "}");
}

static void end_message(struct stream *stream)
{
    struct text *out = &stream->payload;

    stop_block(stream);
    text_printf(out,
                "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"%s\","
                "\"stop_sequence\":null},\"usage\":",
                stream->said->stop_reason);
    answer_write_usage(stream->options, stream->said->output_tokens, out);
    effects_write_edits(stream->options->effects, out);
    text_append_char(out, '}');
    end_event(stream, "message_delta");
    text_append(out, REDIAL_STR("{\"type\":\"message_stop\""));
    if (stream->framed)
        text_printf(out,
                    ",\"amazon-bedrock-invocationMetrics\":{\"inputTokenCount\":%lld,"
                    "\"outputTokenCount\":%lld,\"invocationLatency\":%lld,"
                    "\"firstByteLatency\":%lld}",
                    (long long)stream->options->demand->input_tokens,
                    (long long)stream->said->output_tokens, (long long)(stream->at / NS_PER_MS),
                    (long long)(stream->options->after / NS_PER_MS));
    text_append_char(out, '}');
    end_event(stream, "message_stop");
}

/* ---- The whole of it */

/* Events and pings: a stream is no longer than its words, a few events and its pings. */
static size_t count_acts(const struct answer_options *options, const struct said *said)
{
    size_t deltas = said->tool ? 3 : said->word_count;
    size_t pings = (size_t)(options->pace / ANSWER_PING_AFTER) + 1;

    return 10 + deltas * (1 + pings);
}

bool answer_stream(struct arena *arena, const struct answer_options *options,
                   const struct said *said, struct exchange *exchange)
{
    struct stream stream = {.arena = arena,
                            .options = options,
                            .said = said,
                            .at = options->after,
                            .flushed_at = options->after,
                            .framed = options->route->manner == MANNER_INVOKE};

    stream.acts = ARENA_ARRAY(arena, struct act, count_acts(options, said));
    if (!stream.acts) return false;
    stream.acts[stream.act_count++] = (struct act){ACT_HEAD, options->after, {0}};
    start_message(&stream);
    say_effects(&stream);
    start_block(&stream);
    ping(&stream);
    say_content(&stream);
    end_message(&stream);
    flush(&stream);
    stream.acts[stream.act_count++] = (struct act){ACT_END, stream.at, {0}};
    exchange->acts = stream.acts;
    exchange->act_count = stream.act_count;
    exchange->chunked = true;
    text_clean_up(&stream.payload);
    text_clean_up(&stream.bytes);
    return !stream.failed;
}
