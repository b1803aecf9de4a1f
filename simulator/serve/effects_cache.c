/* Cached prompts: a prompt is read from the cache up to the longest beginning that was cached, and
 * cached up to its last mark. Words are tokens, as everywhere here; those of tools count nothing.
 */
#include "simulator/serve/effects_cache.h"

#include "base/duration.h"
#include "simulator/world/conversation.h"

#define CACHED_WORDS_MIN 1024 /* a shorter prompt is not cached */
#define CACHED_TOGETHER  16u  /* rows that share a place of the table; a power of two */

/* A prompt as it is walked through. */
struct prompt {
    struct effects_cache *cache;
    struct effects *effects;
    int64_t now;
    uint64_t hash;
    int64_t words, own_words; /* so far; those of messages */
    int64_t read, own_read, marked, own_marked;
};

bool effects_caches(const struct effects *effects)
{
    return effects_show(effects, PROBED_PROMPT_CACHE) ||
           effects_show(effects, PROBED_AUTOMATIC_CACHING);
}

/* Where the prompt is cached, or is to be: in place of what lives shortest of the few that its hash
 * leaves it. */
static struct effects_cache *place_of(const struct prompt *prompt)
{
    size_t few = (prompt->hash ^ prompt->hash >> 32) % (EFFECTS_CACHED_MAX / CACHED_TOGETHER);
    struct effects_cache *rows = &prompt->cache[few * CACHED_TOGETHER], *place = rows;

    for (size_t i = 0; i < CACHED_TOGETHER; i++) {
        if (rows[i].prefix == prompt->hash) return &rows[i];
        if (rows[i].until < place->until) place = &rows[i];
    }
    return place;
}

/* ---- Marks */

/* A scenario may have the platform ignore one of the two spans alone. */
static bool is_marked(const struct effects *effects, const struct json *control, bool *hour)
{
    struct redial_str ttl = json_text(json_at(control, "ttl"));

    *hour = str_is(ttl, "1h");
    if (!json_is_object(control)) return false;
    if (*hour) return !(effects->ignored & PROBED_BIT(PROBED_CACHING_1H));
    return ttl.len == 0 || !(effects->ignored & PROBED_BIT(PROBED_CACHING_5M));
}

static void mark(struct prompt *prompt, bool hour)
{
    int64_t until = duration_add(prompt->now, hour ? NS_PER_HOUR : 5 * NS_PER_MINUTE);

    if (prompt->words < CACHED_WORDS_MIN) return;
    prompt->marked = prompt->words;
    prompt->own_marked = prompt->own_words;
    prompt->effects->hour = hour;
    *place_of(prompt) = (struct effects_cache){prompt->hash, until};
}

/* What was cached by an earlier request; what this one marks comes after. */
static void look(struct prompt *prompt)
{
    const struct effects_cache *place = place_of(prompt);

    if (place->prefix != prompt->hash || place->until <= prompt->now) return;
    prompt->read = prompt->words;
    prompt->own_read = prompt->own_words;
}

/* ---- Blocks */

/* Marks may move from turn to turn: the same words without them are the same prompt. */
static void mix_block(struct prompt *prompt, const struct json *block)
{
    if (json_kind(block) == JSON_STRING) {
        prompt->hash = demand_mix(prompt->hash, str_hash(json_text(block)));
        return;
    }
    for (const struct json *member = json_first(block); member; member = json_next(member)) {
        if (str_is(json_name(member), "cache_control")) continue;
        prompt->hash = demand_mix(prompt->hash, str_hash(json_name(member)));
        prompt->hash = demand_mix(prompt->hash, demand_hash(member));
    }
}

static void pass_block(struct prompt *prompt, const struct json *block, bool own)
{
    bool hour;
    int64_t words = conversation_block_words(block);

    mix_block(prompt, block);
    prompt->words += words;
    prompt->own_words += own ? words : 0;
    look(prompt);
    if (effects_show(prompt->effects, PROBED_PROMPT_CACHE) && json_is_object(block) &&
        is_marked(prompt->effects, json_at(block, "cache_control"), &hour))
        mark(prompt, hour);
}

/* A text is one block. */
static void pass_content(struct prompt *prompt, const struct json *content, bool own)
{
    if (json_kind(content) == JSON_STRING) pass_block(prompt, content, own);
    for (const struct json *block = json_is_array(content) ? json_first(content) : NULL; block;
         block = json_next(block))
        if (json_is_object(block)) pass_block(prompt, block, own);
}

static void pass_messages(struct prompt *prompt, const struct json *messages)
{
    for (const struct json *message = json_is_array(messages) ? json_first(messages) : NULL;
         message; message = json_next(message)) {
        const struct json *content = json_at(message, "content");
        prompt->hash = demand_mix(prompt->hash, str_hash(json_text(json_at(message, "role"))));
        if (content) pass_content(prompt, content, true);
    }
}

void effects_use_cache(const struct json *body, struct effects_cache *cache, uint64_t salt,
                       int64_t now, struct effects *effects)
{
    struct prompt prompt = {.cache = cache, .effects = effects, .now = now, .hash = salt | 1};
    const struct json *tools = json_at(body, "tools"), *system = json_at(body, "system");
    bool hour;

    if (json_is_array(tools)) pass_content(&prompt, tools, false);
    if (system) pass_content(&prompt, system, false);
    pass_messages(&prompt, json_at(body, "messages"));
    if (effects_show(effects, PROBED_AUTOMATIC_CACHING) &&
        is_marked(effects, json_at(body, "cache_control"), &hour))
        mark(&prompt, hour);
    effects->cache_read = prompt.read;
    effects->cache_written = prompt.marked > prompt.read ? prompt.marked - prompt.read : 0;
    effects->cached_words =
        prompt.own_marked > prompt.own_read ? prompt.own_marked : prompt.own_read;
}
