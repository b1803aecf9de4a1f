#include "simulator/serve/answer.h"

#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "base/random.h"
#include "simulator/endpoints/unconst.h"
#include "simulator/serve/answer_parts.h"
#include "simulator/world/render.h"

#define REQUEST_ID_MAX 64

/* ---- How each platform marks its replies */

static const struct voice {
    const char *message_prefix, *id_prefix;
    const char *id_headers[2];
    bool uuid; /* the request id is one */
} voices[PLATFORM_KIND_COUNT] = {
    [PLATFORM_ANTHROPIC] = {"msg_01", "req_01", {"request-id", NULL}, false},
    [PLATFORM_BEDROCK] = {"msg_bdrk_01", "", {"x-amzn-requestid", NULL}, true},
    [PLATFORM_VERTEX] = {"msg_vrtx_01", "req_vrtx_01", {"request-id", NULL}, false},
    [PLATFORM_FOUNDRY] = {"msg_01", "", {"apim-request-id", "request-id"}, true},
};

const char *answer_message_prefix(enum platform_kind platform)
{
    return voices[platform].message_prefix;
}

void answer_write_id(const char *prefix, uint64_t id, struct text *out)
{
    text_append(out, str_of(prefix));
    render_id(id, out);
}

/* As the platform writes it. */
static struct redial_str write_request_id(enum platform_kind platform, uint64_t id,
                                          char room[REQUEST_ID_MAX])
{
    size_t len = strlen(voices[platform].id_prefix);
    uint64_t state = id, high, low;

    if (!voices[platform].uuid) {
        memcpy(room, voices[platform].id_prefix, len);
        render_id_into(id, room + len);
        return (struct redial_str){room, len + RENDER_ID_LEN};
    }
    high = random_next(&state), low = random_next(&state);
    snprintf(room, REQUEST_ID_MAX, "%08x-%04x-4%03x-8%03x-%012llx", (unsigned)(high >> 32),
             (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xfff), (unsigned)(low >> 52),
             (unsigned long long)(low & 0xffffffffffff));
    return str_of(room);
}

/* ---- Exchanges */

#define HEADERS_MAX 8

static bool add_ids(struct arena *arena, enum platform_kind platform, uint64_t id,
                    struct redial_header headers[HEADERS_MAX], size_t *count)
{
    char room[REQUEST_ID_MAX];
    struct redial_str value;

    if (!arena_copy(arena, write_request_id(platform, id, room), &value)) return false;
    for (size_t i = 0; i < 2 && voices[platform].id_headers[i]; i++)
        headers[(*count)++] = (struct redial_header){str_of(voices[platform].id_headers[i]), value};
    return true;
}

struct exchange *answer_exchange(struct arena *arena, enum platform_kind platform, uint16_t status,
                                 const char *content_type, uint64_t id)
{
    struct exchange *exchange = ARENA_NEW(arena, struct exchange);
    struct redial_header *headers = ARENA_ARRAY(arena, struct redial_header, HEADERS_MAX);
    size_t count = 0;

    if (!exchange || !headers) return NULL;
    headers[count++] = (struct redial_header){REDIAL_STR("content-type"), str_of(content_type)};
    if (!add_ids(arena, platform, id, headers, &count)) return NULL;
    if (platform == PLATFORM_ANTHROPIC)
        headers[count++] =
            (struct redial_header){REDIAL_STR("anthropic-organization-id"),
                                   REDIAL_STR("5111a7ed-0000-4000-8000-000000000001")};
    *exchange = (struct exchange){.status = status, .headers = headers, .header_count = count};
    return exchange;
}

/* Head, body and end at one moment. */
static bool say_whole(struct arena *arena, struct redial_str body, int64_t after,
                      struct exchange *exchange)
{
    struct act *acts = ARENA_ARRAY(arena, struct act, 3);

    if (!acts) return false;
    acts[0] = (struct act){ACT_HEAD, after, {0}};
    acts[1] = (struct act){ACT_BODY, after, body};
    acts[2] = (struct act){ACT_END, after, {0}};
    exchange->acts = acts;
    exchange->act_count = 3;
    exchange->body_length = body.len;
    return true;
}

/* Takes `text` into the arena and says it. */
static const struct exchange *say_text(struct arena *arena, struct text *text, int64_t after,
                                       struct exchange *exchange)
{
    struct redial_str body;
    bool fine = exchange && !text->failed && arena_copy(arena, text_str(text), &body) &&
                say_whole(arena, body, after, exchange);

    text_clean_up(text);
    return fine ? exchange : NULL;
}

const struct exchange *answer_with_json(struct arena *arena, enum platform_kind platform,
                                        uint16_t status, struct redial_str body, uint64_t id)
{
    struct exchange *exchange = answer_exchange(arena, platform, status, "application/json", id);

    return exchange && say_whole(arena, body, 0, exchange) ? exchange : NULL;
}

/* ---- Refusals */

static bool write_by_model(struct arena *arena, const struct objection *objection, uint64_t id,
                           struct redial_str *body)
{
    struct text text = TEXT_INIT;
    bool fine;

    text_append(&text, REDIAL_STR("{\"type\":\"error\",\"error\":{\"type\":"
                                  "\"invalid_request_error\",\"message\":"));
    text_append_json(&text, objection->message);
    text_append(&text, REDIAL_STR("},\"request_id\":\""));
    answer_write_id("req_01", id, &text);
    text_append(&text, REDIAL_STR("\"}"));
    fine = !text.failed && arena_copy(arena, text_str(&text), body);
    text_clean_up(&text);
    return fine;
}

const struct exchange *answer_objection(struct arena *arena, enum platform_kind platform,
                                        const struct objection *objection, uint64_t id)
{
    struct reply_script reply = {.at = -1,
                                 .repeat = 1,
                                 .retry_after = -1,
                                 .status = objection->status,
                                 .error_type = str_of(objection->type),
                                 .message = objection->message};
    const struct render_facts facts = {.platform = platform, .id = id};
    struct exchange *exchange = ARENA_NEW(arena, struct exchange);
    struct redial_str why = {0}, cure = {0}, body;

    if (!exchange) return NULL;
    if (objection->by_model && platform != PLATFORM_BEDROCK) {
        if (!write_by_model(arena, objection, id, &body)) return NULL;
        return answer_with_json(arena, platform, objection->status, body, id);
    }
    return render_reply(arena, &reply, &facts, exchange, &why, &cure) ? exchange : NULL;
}

/* ---- Messages */

void answer_write_usage(const struct answer_options *options, int64_t output, struct text *out)
{
    const struct effects none = {.shown = PROBED_BIT(PROBED_FAST_MODE)};
    const struct effects *effects = options->effects ? options->effects : &none;
    bool fast = options->demand->fast && effects_show(effects, PROBED_FAST_MODE);
    const char *tier = effects_show(effects, PROBED_PRIORITY_TIER) ? "priority" : "standard";

    text_printf(out,
                "{\"input_tokens\":%lld,\"cache_creation_input_tokens\":%lld,"
                "\"cache_read_input_tokens\":%lld,\"output_tokens\":%lld,"
                "\"service_tier\":\"%s\"%s",
                (long long)(options->demand->input_tokens - effects->cached_words),
                (long long)effects->cache_written, (long long)effects->cache_read,
                (long long)output, tier, fast ? ",\"speed\":\"fast\"" : "");
    effects_write_usage(effects, out);
    text_append_char(out, '}');
}

static void write_content(const struct answer_options *options, const struct said *said,
                          struct text *out)
{
    const struct effect_block *block;
    struct text text = TEXT_INIT;

    for (size_t at = 0; (block = effects_block(options->effects, &at));) {
        effects_write(block->whole, options->id + 3, out);
        text_append_char(out, ',');
    }
    if (said->tool) {
        text_append(out, REDIAL_STR("{\"type\":\"tool_use\",\"id\":\""));
        answer_write_id("toolu_01", options->id + 2, out);
        text_append(out, REDIAL_STR("\",\"name\":"));
        text_append_json(out, json_text(json_at(said->tool, "name")));
        text_append(out, REDIAL_STR(",\"input\":"));
        answer_write_input(said->tool, out);
        text_append_char(out, '}');
        return;
    }
    for (size_t i = 0; i < said->word_count; i++) text_append(&text, str_of(said->words[i]));
    text_append(out, REDIAL_STR("{\"type\":\"text\",\"text\":"));
    text_append_json(out, text_str(&text));
    if (effects_show(options->effects, PROBED_CITATIONS))
        text_printf(out, ",\"citations\":[%s]", effects_citation);
    text_append_char(out, '}');
    if (text.failed) out->failed = true;
    text_clean_up(&text);
}

void answer_write_message(const struct answer_options *options, struct text *out)
{
    struct said said = answer_choose(options);

    text_append(out, REDIAL_STR("{\"id\":\""));
    answer_write_id(answer_message_prefix(options->route->platform), options->id + 1, out);
    text_append(out, REDIAL_STR("\",\"type\":\"message\",\"role\":\"assistant\",\"model\":"));
    text_append_json(out, options->model);
    text_append(out, REDIAL_STR(",\"content\":["));
    write_content(options, &said, out);
    text_append(out, REDIAL_STR("],\"stop_reason\":\""));
    text_append(out, str_of(said.stop_reason));
    text_append(out, REDIAL_STR("\",\"stop_sequence\":null,\"usage\":"));
    answer_write_usage(options, said.output_tokens, out);
    effects_write_edits(options->effects, out);
    text_append_char(out, '}');
}

static bool add_token_counts(struct arena *arena, const struct answer_options *options,
                             int64_t output, struct exchange *exchange)
{
    struct redial_header *headers = unconst(exchange->headers);
    size_t at = exchange->header_count;

    if (options->route->manner != MANNER_INVOKE) return true;
    headers[at].name = REDIAL_STR("x-amzn-bedrock-input-token-count");
    headers[at + 1].name = REDIAL_STR("x-amzn-bedrock-output-token-count");
    exchange->header_count += 2;
    return arena_printf(arena, &headers[at].value, "%lld",
                        (long long)options->demand->input_tokens) &&
           arena_printf(arena, &headers[at + 1].value, "%lld", (long long)output);
}

const struct exchange *answer_message(struct arena *arena, const struct answer_options *options)
{
    enum platform_kind platform = options->route->platform;
    struct said said = answer_choose(options);
    struct text body = TEXT_INIT;
    struct exchange *exchange;

    if (options->demand->stream) {
        bool framed = options->route->manner == MANNER_INVOKE;
        exchange = answer_exchange(arena, platform, 200,
                                   framed ? "application/vnd.amazon.eventstream"
                                          : "text/event-stream; charset=utf-8",
                                   options->id);
        return exchange && answer_stream(arena, options, &said, exchange) ? exchange : NULL;
    }
    exchange = answer_exchange(arena, platform, 200, "application/json", options->id);
    if (!exchange || !add_token_counts(arena, options, said.output_tokens, exchange)) return NULL;
    answer_write_message(options, &body);
    return say_text(arena, &body, options->after, exchange);
}

const struct exchange *answer_count(struct arena *arena, const struct answer_options *options)
{
    bool aws = options->route->manner == MANNER_INVOKE;
    struct text body = TEXT_INIT;

    text_printf(&body, aws ? "{\"inputTokens\":%lld}" : "{\"input_tokens\":%lld}",
                (long long)options->demand->input_tokens);
    return say_text(
        arena, &body, 0,
        answer_exchange(arena, options->route->platform, 200, "application/json", options->id));
}
