/* Chooses what a reply says: success, a typical error, a stream, or the scenario's own bytes. */
#include "simulator/world/render.h"

#include "base/random.h"
#include "simulator/world/render_parts.h"

bool render_out_of_memory(struct rendering *rendering)
{
    *rendering->why = REDIAL_STR("out of memory");
    *rendering->cure = REDIAL_STR("");
    return false;
}

bool render_fail(struct rendering *rendering, struct redial_str why, const char *cure, ...)
{
    struct text text = TEXT_INIT;
    va_list arguments;
    va_start(arguments, cure);
    text_vprintf(&text, cure, arguments);
    va_end(arguments);
    if (!render_keep(rendering, &text, rendering->cure)) return false;
    *rendering->why = why;
    return false;
}

bool render_keep(struct rendering *rendering, struct text *text, struct redial_str *kept)
{
    bool fine = !text->failed && arena_copy(rendering->arena, text_str(text), kept);
    text_clean_up(text);
    return fine || render_out_of_memory(rendering);
}

static bool is_scripted(const struct rendering *rendering, struct redial_str name)
{
    for (size_t i = 0; i < rendering->reply->header_count; i++)
        if (str_eq_nocase(rendering->reply->headers[i].name, name)) return true;
    return false;
}

/* A header that the scenario writes itself replaces the platform's own. */
bool render_add_header(struct rendering *rendering, struct redial_str name, struct redial_str value)
{
    if (is_scripted(rendering, name)) return true;
    rendering->headers[rendering->header_count++] = (struct redial_header){name, value};
    return true;
}

bool render_add_piece(struct rendering *rendering, struct redial_str bytes, int64_t wait)
{
    if (rendering->piece_count == rendering->piece_capacity) {
        size_t capacity = rendering->piece_capacity ? 2 * rendering->piece_capacity : 16;
        struct piece *pieces = ARENA_ARRAY(rendering->arena, struct piece, capacity);
        if (!pieces) return render_out_of_memory(rendering);
        for (size_t i = 0; i < rendering->piece_count; i++) pieces[i] = rendering->pieces[i];
        rendering->pieces = pieces;
        rendering->piece_capacity = capacity;
    }
    rendering->pieces[rendering->piece_count++] = (struct piece){bytes, wait};
    return true;
}

void render_id_into(uint64_t id, char out[RENDER_ID_LEN])
{
    static const char digits[] = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    uint64_t state = id;
    for (int i = 0; i < RENDER_ID_LEN; i++)
        out[i] = digits[random_next(&state) % (sizeof digits - 1)];
}

void render_id(uint64_t id, struct text *out)
{
    char letters[RENDER_ID_LEN];
    render_id_into(id, letters);
    text_append(out, (struct redial_str){letters, sizeof letters});
}

/* ---- What the reply says ---- */

static bool choose_typical(struct rendering *rendering)
{
    const struct reply_script *reply = rendering->reply;
    enum platform_kind platform = rendering->facts->platform;
    if (reply->class != REDIAL_CLASS_NONE) {
        rendering->typical = typical_by_class(platform, reply->class);
        if (!rendering->typical)
            return render_fail(rendering,
                               REDIAL_STR("the platform has no typical reply of this class"),
                               "write status and message, or the whole body, by hand");
        rendering->status = rendering->typical->status;
        return true;
    }
    rendering->status = reply->status ? reply->status : 200;
    if (reply->body_given || (rendering->status >= 200 && rendering->status < 300)) return true;
    rendering->typical =
        typical_by_status(platform, rendering->status, rendering->facts->static_key);
    if (rendering->typical || reply->message.len) return true;
    return render_fail(rendering, REDIAL_STR("the platform documents no reply with this status"),
                       "write its message, or the whole body, by hand");
}

/* Where a message compares the request with the context window, the comparison must be true. */
static bool check_numbers(struct rendering *rendering)
{
    const struct render_facts *facts = rendering->facts;
    if (!rendering->typical || rendering->reply->message.len) return true;
    if (rendering->typical->class == REDIAL_CLASS_PROMPT_TOO_LONG &&
        facts->input_tokens <= facts->context_tokens)
        return render_fail(rendering, REDIAL_STR("the prompt is not too long for this model"),
                           "give the call input_tokens above %lld, not %lld",
                           (long long)facts->context_tokens, (long long)facts->input_tokens);
    if (rendering->typical->class == REDIAL_CLASS_CONTEXT_OVERFLOW &&
        facts->input_tokens + facts->max_tokens <= facts->context_tokens)
        return render_fail(rendering,
                           REDIAL_STR("prompt and output limit fit into this model's context"),
                           "give the call input_tokens above %lld, so that with max_tokens %lld "
                           "they exceed %lld",
                           (long long)(facts->context_tokens - facts->max_tokens),
                           (long long)facts->max_tokens, (long long)facts->context_tokens);
    return true;
}

static bool check_stream(struct rendering *rendering)
{
    const struct reply_script *reply = rendering->reply;
    bool malformed = reply->fault == FAULT_MALFORMED;
    bool crc = malformed && reply->malformed == MALFORMED_CRC;
    bool streams = reply->stream.given || crc || (malformed && reply->malformed == MALFORMED_SSE);
    if (streams && !rendering->facts->stream)
        return render_fail(rendering, REDIAL_STR("the request did not ask for a stream"),
                           "say `stream: true` in the call");
    if (crc && (rendering->facts->platform != PLATFORM_BEDROCK || rendering->facts->plain))
        return render_fail(rendering, REDIAL_STR("only Bedrock's streams have checksums"),
                           "write malformed: sse");
    return true;
}

static bool is_success(const struct rendering *rendering)
{
    return rendering->typical ? rendering->typical->shape == SHAPE_STOP
                              : rendering->status >= 200 && rendering->status < 300;
}

static bool render_hand_written(struct rendering *rendering)
{
    struct redial_str body = rendering->reply->body, trimmed = str_trim(body);
    bool json = trimmed.len && (trimmed.ptr[0] == '{' || trimmed.ptr[0] == '[');
    return render_add_header(rendering, REDIAL_STR("content-type"),
                             json ? REDIAL_STR("application/json")
                                  : REDIAL_STR("text/plain; charset=utf-8")) &&
           render_add_piece(rendering, body, 0);
}

static bool render_content(struct rendering *rendering)
{
    if (rendering->reply->body_given) return render_hand_written(rendering);
    if (!is_success(rendering)) return render_error_body(rendering);
    if (!rendering->facts->stream) return render_success_body(rendering);
    rendering->streamed = true;
    return render_stream_body(rendering);
}

static bool render_retry_after(struct rendering *rendering)
{
    if (rendering->reply->retry_after < 0) return true;
    struct redial_str value;
    if (!arena_printf(rendering->arena, &value, "%lld",
                      (long long)(rendering->reply->retry_after / NS_PER_SECOND)))
        return render_out_of_memory(rendering);
    return render_add_header(rendering, REDIAL_STR("retry-after"), value);
}

/* Faults before the request was read whole leave nothing to say. */
static bool render_request_fault(const struct reply_script *reply, struct exchange *exchange)
{
    static const enum request_fault faults[FAULT_COUNT] = {
        [FAULT_BROKEN_PIPE] = REQUEST_BROKEN_PIPE,
        [FAULT_REFUSE] = REQUEST_REFUSED,
        [FAULT_DNS] = REQUEST_UNRESOLVED,
        [FAULT_TLS] = REQUEST_BAD_CERTIFICATE,
    };
    exchange->fault = faults[reply->fault];
    if (reply->fault == FAULT_RESET && reply->point == POINT_CONNECT)
        exchange->fault = REQUEST_RESET_CONNECT;
    if (reply->fault == FAULT_RESET && reply->point == POINT_TLS)
        exchange->fault = REQUEST_RESET_TLS;
    exchange->fault_at = reply->after;
    return exchange->fault != REQUEST_READ;
}

bool render_reply(struct arena *arena, const struct reply_script *reply,
                  const struct render_facts *facts, struct exchange *exchange,
                  struct redial_str *why, struct redial_str *cure)
{
    struct rendering rendering = {
        .arena = arena, .reply = reply, .facts = facts, .why = why, .cure = cure};
    *exchange = (struct exchange){0};
    if (render_request_fault(reply, exchange)) return true;
    if (!check_stream(&rendering) || !choose_typical(&rendering) || !check_numbers(&rendering))
        return false;
    if (reply->fault == FAULT_GARBAGE) return render_acts(&rendering, exchange);
    return render_content(&rendering) && render_retry_after(&rendering) &&
           render_acts(&rendering, exchange);
}

struct redial_str render_stop_reason(const struct rendering *rendering)
{
    if (rendering->reply->stop_reason.len) return rendering->reply->stop_reason;
    if (rendering->typical) return str_of(rendering->typical->type);
    return REDIAL_STR("end_turn");
}

int64_t render_output_tokens(const struct reply_script *reply, const struct render_facts *facts)
{
    bool stopped =
        reply->class == REDIAL_CLASS_OUTPUT_LIMIT || str_is(reply->stop_reason, "max_tokens");
    if (stopped) return facts->max_tokens;
    if (reply->class != REDIAL_CLASS_NONE && reply->class != REDIAL_CLASS_REFUSAL) return 0;
    if (reply->status >= 300) return 0;
    if (reply->stream.given && !reply->stream.events) return reply->stream.tokens;
    return RENDER_OUTPUT_TOKENS;
}
