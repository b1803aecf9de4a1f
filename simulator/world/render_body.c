/* Bodies that come whole: error shapes of the platforms, and messages. */
#include "simulator/world/render_parts.h"

/* ---- Messages ---- */

static bool append_number(const struct rendering *rendering, struct redial_str name,
                          struct text *out)
{
    const struct render_facts *facts = rendering->facts;
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {{"input", facts->input_tokens},
                   {"max_tokens", facts->max_tokens},
                   {"context", facts->context_tokens}};
    for (size_t i = 0; i < REDIAL_COUNT_OF(numbers); i++) {
        if (!str_is(name, numbers[i].name)) continue;
        text_printf(out, "%lld", (long long)numbers[i].value);
        return true;
    }
    return false;
}

/* Fills {input}, {max_tokens}, {context} and {model} in. */
static void fill(const struct rendering *rendering, struct redial_str pattern, struct text *out)
{
    while (pattern.len) {
        size_t open = str_find(pattern, REDIAL_STR("{"));
        size_t close = str_find(pattern, REDIAL_STR("}"));
        if (open == SIZE_MAX || close == SIZE_MAX || close < open) break;
        struct redial_str name = str_take(str_skip(pattern, open + 1), close - open - 1);
        text_append(out, str_take(pattern, open));
        if (str_is(name, "model"))
            text_append(out, rendering->facts->model);
        else if (!append_number(rendering, name, out))
            text_append(out, str_take(str_skip(pattern, open), close + 1 - open));
        pattern = str_skip(pattern, close + 1);
    }
    text_append(out, pattern);
}

/* As a JSON string, its quotes included. */
bool render_message(struct rendering *rendering, struct redial_str written, const char *typical,
                    struct text *out)
{
    if (written.len) {
        text_append_json(out, written);
        return true;
    }
    struct text filled = TEXT_INIT;
    fill(rendering, str_of(typical), &filled);
    text_append_json(out, text_str(&filled));
    bool fine = !filled.failed;
    text_clean_up(&filled);
    return fine || render_out_of_memory(rendering);
}

/* ---- Error shapes ---- */

struct error_words {
    struct redial_str type, code, message; /* message: a JSON string */
    struct redial_str request_id;
    uint16_t status;
};

static void write_anthropic(const struct error_words *words, struct text *out)
{
    text_printf(out, "{\"type\":\"error\",\"error\":{\"type\":");
    text_append_json(out, words->type);
    text_printf(out, ",\"message\":%.*s", REDIAL_STR_ARG(words->message));
    if (words->code.len) {
        text_printf(out, ",\"details\":{\"error_code\":");
        text_append_json(out, words->code);
        text_append_char(out, '}');
    }
    text_printf(out, "},\"request_id\":\"%.*s\"}", REDIAL_STR_ARG(words->request_id));
}

static void write_aws(const struct error_words *words, struct text *out)
{
    text_printf(out, "{\"message\":%.*s}", REDIAL_STR_ARG(words->message));
}

static void write_google(const struct error_words *words, struct text *out)
{
    text_printf(out, "{\"error\":{\"code\":%d,\"message\":%.*s,\"status\":", words->status,
                REDIAL_STR_ARG(words->message));
    text_append_json(out, words->type);
    if (words->code.len) {
        text_printf(out, ",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\","
                         "\"reason\":");
        text_append_json(out, words->code);
        text_printf(out, ",\"domain\":\"googleapis.com\"}]");
    }
    text_printf(out, "}}");
}

static void write_azure(const struct error_words *words, struct text *out)
{
    text_printf(out, "{\"error\":{\"code\":");
    text_append_json(out, words->type);
    text_printf(out, ",\"message\":%.*s}}", REDIAL_STR_ARG(words->message));
}

static void write_edge(const struct error_words *words, struct text *out)
{
    /* The words of an edge are not JSON: its quotes go. */
    text_append(out, str_take(str_skip(words->message, 1), words->message.len - 2));
}

typedef void write_fn(const struct error_words *words, struct text *out);
static const struct shape {
    write_fn *write;
    struct redial_str content_type;
} shapes[] = {
    [SHAPE_ANTHROPIC] = {write_anthropic, {"application/json", 16}},
    [SHAPE_AWS] = {write_aws, {"application/json", 16}},
    [SHAPE_GOOGLE] = {write_google, {"application/json; charset=UTF-8", 31}},
    [SHAPE_AZURE] = {write_azure, {"application/json", 16}},
    [SHAPE_EDGE] = {write_edge, {"text/plain; charset=UTF-8", 25}},
};

/* How each platform speaks itself, and what its request ids look like. */
static const struct voice {
    enum body_shape shape;
    const char *id_header, *id_prefix, *message_prefix;
    const char *model_prefix; /* of the id that the model itself gives, where it is another one */
} voices[PLATFORM_KIND_COUNT] = {
    [PLATFORM_ANTHROPIC] = {SHAPE_ANTHROPIC, "request-id", "req_01", "msg_01", NULL},
    [PLATFORM_BEDROCK] = {SHAPE_AWS, "x-amzn-requestid", "", "msg_bdrk_01", NULL},
    [PLATFORM_VERTEX] = {SHAPE_GOOGLE, NULL, "req_vrtx_01", "msg_vrtx_01", NULL},
    [PLATFORM_FOUNDRY] = {SHAPE_AZURE, "apim-request-id", "", "msg_01", "req_01"},
};

static bool make_request_id(struct rendering *rendering, struct redial_str *id)
{
    const struct voice *voice = &voices[rendering->facts->platform];
    struct text text = TEXT_INIT;
    text_printf(&text, "%s", voice->id_prefix);
    render_id(rendering->facts->id, &text);
    if (!render_keep(rendering, &text, id)) return false;
    return !voice->id_header || render_add_header(rendering, str_of(voice->id_header), *id);
}

static bool name_by_model(struct rendering *rendering, enum body_shape shape, struct redial_str *id)
{
    const char *prefix = voices[rendering->facts->platform].model_prefix;
    struct text text = TEXT_INIT;
    if (shape != SHAPE_ANTHROPIC || !prefix) return true;
    text_printf(&text, "%s", prefix);
    render_id(rendering->facts->id + 2, &text);
    return render_keep(rendering, &text, id);
}

static enum body_shape choose_shape(const struct rendering *rendering)
{
    const struct reply_script *reply = rendering->reply;
    enum body_shape own = voices[rendering->facts->platform].shape;
    if (!rendering->typical) return own;
    /* A scenario that names a type or message means an error of the platform itself. */
    bool edge = rendering->typical->shape == SHAPE_EDGE;
    return edge && (reply->error_type.len || reply->message.len) ? own : rendering->typical->shape;
}

bool render_error_body(struct rendering *rendering)
{
    const struct reply_script *reply = rendering->reply;
    const struct typical_reply *typical = rendering->typical;
    enum body_shape shape = choose_shape(rendering);
    struct error_words words = {.type = reply->error_type, .code = reply->error_code};
    struct text message = TEXT_INIT, body = TEXT_INIT;
    struct redial_str kept;
    words.status = rendering->status;
    if (typical && !words.type.len) words.type = str_of(typical->type);
    /* A finer code belongs to the words it came with. */
    if (typical && !words.code.len && !reply->message.len) words.code = str_of(typical->code);
    if (!make_request_id(rendering, &words.request_id) ||
        !name_by_model(rendering, shape, &words.request_id) ||
        !render_message(rendering, reply->message, typical ? typical->message : "", &message) ||
        !render_keep(rendering, &message, &words.message)) {
        text_clean_up(&message);
        return false;
    }
    shapes[shape].write(&words, &body);
    if (!render_keep(rendering, &body, &kept)) return false;
    if (shape == SHAPE_AWS && words.type.len)
        render_add_header(rendering, REDIAL_STR("x-amzn-errortype"), words.type);
    return render_add_header(rendering, REDIAL_STR("content-type"), shapes[shape].content_type) &&
           render_add_piece(rendering, kept, 0);
}

/* ---- Success ---- */

static const char *const answer_words[RENDER_OUTPUT_TOKENS] = {"The ",   "line ", "is ",  "clear ",
                                                               "again ", "and ",  "all ", "well."};

bool render_success_body(struct rendering *rendering)
{
    const struct render_facts *facts = rendering->facts;
    int64_t output = render_output_tokens(rendering->reply, facts);
    struct text body = TEXT_INIT;
    struct redial_str request_id, kept;
    if (!make_request_id(rendering, &request_id)) return false;
    text_printf(&body, "{\"id\":\"%s", voices[facts->platform].message_prefix);
    render_id(facts->id + 1, &body);
    text_printf(&body, "\",\"type\":\"message\",\"role\":\"assistant\",\"model\":");
    text_append_json(&body, facts->model);
    text_printf(&body, ",\"content\":[{\"type\":\"text\",\"text\":\"");
    for (size_t i = 0; i < RENDER_OUTPUT_TOKENS; i++) text_printf(&body, "%s", answer_words[i]);
    text_printf(&body, "\"}],\"stop_reason\":");
    text_append_json(&body, render_stop_reason(rendering));
    text_printf(&body,
                ",\"stop_sequence\":null,\"usage\":{\"input_tokens\":%lld,\"output_tokens\":%lld}}",
                (long long)facts->input_tokens, (long long)output);
    return render_keep(rendering, &body, &kept) &&
           render_add_header(rendering, REDIAL_STR("content-type"),
                             REDIAL_STR("application/json")) &&
           render_add_piece(rendering, kept, 0);
}
