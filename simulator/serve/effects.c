/* Which features a request uses, and what an answer shows of them. */
#include "simulator/serve/effects.h"

#include "base/base64.h"
#include "simulator/serve/answer_parts.h"
#include "simulator/serve/effects_cache.h"

/* ---- What a request uses, by its shape */

enum place_in_request { IN_BODY, IN_TOOL, IN_MESSAGE, IN_BLOCK, PLACE_COUNT };

/* A NULL value is anything but null and false; otherwise a glob over a text. */
static const struct {
    const char *path, *value;
    enum place_in_request where;
    enum probed feature;
} uses[] = {
    {"messages", NULL, IN_BODY, PROBED_MESSAGES},
    {"cache_control", NULL, IN_BODY, PROBED_AUTOMATIC_CACHING},
    {"thinking.type", "enabled", IN_BODY, PROBED_THINKING},
    {"thinking.type", "adaptive", IN_BODY, PROBED_THINKING},
    {"output_config.format", NULL, IN_BODY, PROBED_STRUCTURED_OUTPUTS},
    {"output_format", NULL, IN_BODY, PROBED_STRUCTURED_OUTPUTS},
    {"context_management", NULL, IN_BODY, PROBED_CONTEXT_MANAGEMENT},
    {"inference_geo", NULL, IN_BODY, PROBED_INFERENCE_GEO},
    {"speed", "fast", IN_BODY, PROBED_FAST_MODE},
    {"service_tier", "auto", IN_BODY, PROBED_PRIORITY_TIER},
    {"cache_control", NULL, IN_TOOL, PROBED_PROMPT_CACHE},
    {"eager_input_streaming", NULL, IN_TOOL, PROBED_FINE_GRAINED_STREAMING},
    {"type", "web_search_*", IN_TOOL, PROBED_WEB_SEARCH},
    {"type", "web_fetch_*", IN_TOOL, PROBED_WEB_FETCH},
    {"type", "code_execution_*", IN_TOOL, PROBED_CODE_EXECUTION},
    {"type", "tool_search_tool_*", IN_TOOL, PROBED_TOOL_SEARCH},
    {"type", "computer_*", IN_TOOL, PROBED_COMPUTER_USE},
    {"type", "bash_*", IN_TOOL, PROBED_CLIENT_TOOLS},
    {"type", "text_editor_*", IN_TOOL, PROBED_CLIENT_TOOLS},
    {"type", "memory_*", IN_TOOL, PROBED_CLIENT_TOOLS},
    {"role", "system", IN_MESSAGE, PROBED_MID_CONVERSATION_SYSTEM},
    {"cache_control", NULL, IN_BLOCK, PROBED_PROMPT_CACHE},
    {"cache_control.ttl", "5m", IN_BLOCK, PROBED_CACHING_5M},
    {"cache_control.ttl", "1h", IN_BLOCK, PROBED_CACHING_1H},
    {"citations.enabled", NULL, IN_BLOCK, PROBED_CITATIONS},
    {"source.media_type", "application/pdf", IN_BLOCK, PROBED_PDF_INPUT},
    {"source.type", "url", IN_BLOCK, PROBED_URL_SOURCES},
};

static bool is_there(const struct json *value, const char *glob)
{
    if (!value) return false;
    if (glob) return glob_match(str_of(glob), json_text(value));
    return json_kind(value) != JSON_NULL && json_kind(value) != JSON_FALSE;
}

static uint32_t find_in(enum place_in_request where, const struct json *value)
{
    uint32_t found = 0;

    for (size_t i = 0; i < REDIAL_COUNT_OF(uses); i++)
        if (uses[i].where == where && is_there(json_at(value, uses[i].path), uses[i].value))
            found |= PROBED_BIT(uses[i].feature);
    return found;
}

static uint32_t find_in_all(enum place_in_request where, const struct json *list)
{
    uint32_t found = 0;

    for (const struct json *one = json_is_array(list) ? json_first(list) : NULL; one;
         one = json_next(one))
        found |= find_in(where, one);
    return found;
}

uint32_t effects_find(const struct json *body)
{
    const struct json *messages = json_at(body, "messages");
    uint32_t found = find_in(IN_BODY, body) | find_in_all(IN_TOOL, json_at(body, "tools")) |
                     find_in_all(IN_BLOCK, json_at(body, "system")) |
                     find_in_all(IN_MESSAGE, messages);

    for (const struct json *message = json_is_array(messages) ? json_first(messages) : NULL;
         message; message = json_next(message))
        found |= find_in_all(IN_BLOCK, json_at(message, "content"));
    return found;
}

/* ---- What the platform does about it */

#define A (1u << PLATFORM_ANTHROPIC)
#define B (1u << PLATFORM_BEDROCK)
#define V (1u << PLATFORM_VERTEX)
#define F (1u << PLATFORM_FOUNDRY)
/* Platforms that lack a feature, as the matrix has it, and how each feature's refusal begins. */
static const struct {
    unsigned lacked_by;
    const char *refusal;
} features[PROBED_COUNT] = {
    [PROBED_MESSAGES] = {0, "messages: not available"},
    [PROBED_PROMPT_CACHE] = {0, "messages.0.content.0.cache_control"},
    [PROBED_CACHING_5M] = {0, "messages.0.content.0.cache_control.ttl"},
    [PROBED_CACHING_1H] = {0, "messages.0.content.0.cache_control.ttl"},
    [PROBED_AUTOMATIC_CACHING] = {B, "cache_control"},
    [PROBED_THINKING] = {0, "thinking"},
    [PROBED_STRUCTURED_OUTPUTS] = {0, "output_config.format"},
    [PROBED_CITATIONS] = {0, "messages.0.content.0.citations"},
    [PROBED_PDF_INPUT] = {0, "messages.0.content.0.source.media_type"},
    [PROBED_URL_SOURCES] = {B | V, "messages.0.content.0.source.type"},
    [PROBED_WEB_SEARCH] = {B, "tools.0.type"},
    [PROBED_WEB_FETCH] = {B | V, "tools.0.type"},
    [PROBED_CODE_EXECUTION] = {B | V, "tools.0.type"},
    [PROBED_TOOL_SEARCH] = {0, "tools.0.type"},
    [PROBED_CLIENT_TOOLS] = {0, "tools.0.type"},
    [PROBED_COMPUTER_USE] = {0, "tools.0.type"},
    [PROBED_CONTEXT_MANAGEMENT] = {0, "context_management"},
    [PROBED_FINE_GRAINED_STREAMING] = {0, "tools.0.eager_input_streaming"},
    [PROBED_MID_CONVERSATION_SYSTEM] = {V | F, "messages.1.role"},
    [PROBED_INFERENCE_GEO] = {B | V | F, "inference_geo"},
    [PROBED_FAST_MODE] = {B | F, "speed"},
    [PROBED_PRIORITY_TIER] = {0, "service_tier"},
};
#undef A
#undef B
#undef V
#undef F

enum feature_play effects_play(enum platform_kind platform, enum probed feature,
                               const uint8_t *plays)
{
    if (plays && plays[feature] != PLAY_UNSAID) return (enum feature_play)plays[feature];
    if (features[feature].lacked_by & (1u << platform)) return PLAY_REFUSED;
    /* Nobody has bought the capacity unless a scenario says so. */
    return feature == PROBED_PRIORITY_TIER ? PLAY_IGNORED : PLAY_WORKS;
}

bool effects_allow(uint32_t used, enum platform_kind platform, const uint8_t *plays,
                   struct arena *arena, struct objection *objection)
{
    for (int i = 0; i < PROBED_COUNT; i++)
        if ((used & PROBED_BIT(i)) && effects_play(platform, (enum probed)i, plays) == PLAY_REFUSED)
            return objection_make(arena, objection, "%s: Extra inputs are not permitted",
                                  features[i].refusal);
    return true;
}

/* ---- What is said */

/* The last word of a text, without its full stop. */
static struct redial_str last_word(struct redial_str text)
{
    text = str_trim(text);
    if (str_ends_with(text, REDIAL_STR("."))) text.len--;
    size_t begin = text.len;
    while (begin > 0 && text.ptr[begin - 1] != ' ' && text.ptr[begin - 1] != '\n') begin--;
    return str_skip(text, begin);
}

/* The model obeys a system message that ends in what it shall say. */
static struct redial_str obey(const struct json *messages)
{
    struct redial_str word = {"", 0};

    for (const struct json *message = demand_first(messages); message;
         message = json_next(message)) {
        const struct json *content = json_at(message, "content");
        if (!str_is(json_text(json_at(message, "role")), "system")) continue;
        word = last_word(json_text(json_is_array(content) ? json_at(content, "0.text") : content));
    }
    return word;
}

/* What stands between the last parentheses of a PDF's plain text: "(word) Tj". */
static bool read_pdf(struct redial_str encoded, struct text *word)
{
    struct text pdf = TEXT_INIT;
    bool read = base64_decode(encoded, &pdf);
    size_t end = read ? str_find(text_str(&pdf), REDIAL_STR(") Tj")) : SIZE_MAX;

    if (end != SIZE_MAX) {
        size_t begin = end;
        while (begin > 0 && pdf.ptr[begin - 1] != '(') begin--;
        text_append(word, (struct redial_str){pdf.ptr + begin, end - begin});
    }
    text_clean_up(&pdf);
    return word->len > 0;
}

static bool read_pdfs(const struct json *messages, struct text *word)
{
    for (const struct json *message = demand_first(messages); message;
         message = json_next(message)) {
        const struct json *content = json_at(message, "content");
        for (const struct json *block = json_is_array(content) ? json_first(content) : NULL; block;
             block = json_next(block))
            if (str_is(json_text(json_at(block, "source.media_type")), "application/pdf") &&
                read_pdf(json_text(json_at(block, "source.data")), word))
                return true;
    }
    return false;
}

/* By a schema, else what a document holds, else what a system message orders. */
static bool choose_words(const struct json *body, struct arena *arena, struct effects *effects)
{
    const struct json *schema = json_at(body, "output_config.format.schema");
    const struct json *messages = json_at(body, "messages");
    struct text words = TEXT_INIT;
    struct redial_str copy = {"", 0};

    if (!schema) schema = json_at(body, "output_format.schema");
    if (effects_show(effects, PROBED_STRUCTURED_OUTPUTS) && schema)
        answer_write_by_schema(schema, &words);
    else if (effects_show(effects, PROBED_PDF_INPUT))
        read_pdfs(messages, &words);
    else if (effects_show(effects, PROBED_MID_CONVERSATION_SYSTEM))
        text_append(&words, obey(messages));
    bool good = !words.failed && (words.len == 0 || arena_copy(arena, text_str(&words), &copy));
    if (good && words.len > 0) effects->own = copy.ptr;
    text_clean_up(&words);
    return good;
}

bool effects_make(const struct demand *demand, enum platform_kind platform, const uint8_t *plays,
                  struct effects_cache *cache, uint64_t salt, int64_t now, struct arena *arena,
                  struct effects *effects)
{
    *effects = (struct effects){0};
    for (int i = 0; i < PROBED_COUNT; i++) {
        enum feature_play play = effects_play(platform, (enum probed)i, plays);
        if (!(demand->features & PROBED_BIT(i))) continue;
        if (play == PLAY_WORKS) effects->shown |= PROBED_BIT(i);
        if (play == PLAY_IGNORED) effects->ignored |= PROBED_BIT(i);
    }
    if (effects_caches(effects)) effects_use_cache(demand->body, cache, salt, now, effects);
    return choose_words(demand->body, arena, effects);
}

bool effects_show(const struct effects *effects, enum probed feature)
{
    return effects && (effects->shown & PROBED_BIT(feature));
}

bool effects_is_server_tool(const struct json *tool)
{
    return find_in(IN_TOOL, tool) &
           (PROBED_BIT(PROBED_WEB_SEARCH) | PROBED_BIT(PROBED_WEB_FETCH) |
            PROBED_BIT(PROBED_CODE_EXECUTION) | PROBED_BIT(PROBED_TOOL_SEARCH));
}
