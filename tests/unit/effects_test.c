/* What a fake's answer shows of cached prompts, and what it refuses. */
#include "simulator/serve/effects.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/duration.h"

#define MARKED ",\"cache_control\":{\"type\":\"ephemeral\"}"
#define HOUR   ",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}"

/* One cache, and requests that come to it. */
struct caching {
    struct arena *arena;
    struct effects_cache *cache;
    struct effects effects;
    uint8_t plays[PROBED_COUNT];
    uint64_t salt;
    int64_t now;
};

static struct caching begin(void)
{
    struct caching caching = {.arena = arena_new(), .now = NS_PER_DAY};
    caching.cache = ARENA_ARRAY(caching.arena, struct effects_cache, EFFECTS_CACHED_MAX);
    return caching;
}

/* A request of two blocks with so many words, each with what stands behind it. */
static void ask(struct caching *caching, int first, const char *after_first, int second,
                const char *after_second)
{
    struct text body = TEXT_INIT;
    text_append(&body, REDIAL_STR("{\"messages\":[{\"role\":\"user\",\"content\":["
                                  "{\"type\":\"text\",\"text\":\""));
    for (int i = 0; i < first; i++) text_append(&body, REDIAL_STR("a "));
    text_printf(&body, "\"%s},{\"type\":\"text\",\"text\":\"", after_first);
    for (int i = 0; i < second; i++) text_append(&body, REDIAL_STR("b "));
    text_printf(&body, "\"%s}]}]}", after_second);
    struct demand demand = {.body = json_parse(text_str(&body))};
    cr_assert(demand.body);
    demand.features = effects_find(demand.body);
    cr_assert(effects_make(&demand, PLATFORM_ANTHROPIC, caching->plays, caching->cache,
                           caching->salt, caching->now, caching->arena, &caching->effects));
    json_free(demand.body);
    text_clean_up(&body);
}

#define EXPECT(caching, read, written)                                                             \
    do {                                                                                           \
        cr_expect_eq((caching).effects.cache_read, (read), "%lld are read",                        \
                     (long long)(caching).effects.cache_read);                                     \
        cr_expect_eq((caching).effects.cache_written, (written), "%lld are written",               \
                     (long long)(caching).effects.cache_written);                                  \
    } while (0)

Test(effects, a_prompt_is_cached_up_to_its_mark_and_read_by_the_next)
{
    struct caching caching = begin();
    ask(&caching, 2000, MARKED, 10, "");
    EXPECT(caching, 0, 2000);
    ask(&caching, 2000, MARKED, 20, "");
    EXPECT(caching, 2000, 0);
    cr_expect_eq(caching.effects.cached_words, 2000);
    arena_destroy(caching.arena);
}

Test(effects, while_there_is_room_no_prompt_pushes_another_out)
{
    struct caching caching = begin();
    for (int round = 0; round < 2; round++)
        for (caching.salt = 0; caching.salt < 400; caching.salt += 2) {
            ask(&caching, 1100, MARKED, 1, "");
            EXPECT(caching, round == 0 ? 0 : 1100, round == 0 ? 1100 : 0);
        }
    arena_destroy(caching.arena);
}

Test(effects, a_mark_that_moves_on_adds_what_is_new)
{
    struct caching caching = begin();
    ask(&caching, 2000, MARKED, 500, "");
    ask(&caching, 2000, "", 500, MARKED);
    EXPECT(caching, 2000, 500);
    ask(&caching, 2000, "", 500, MARKED);
    EXPECT(caching, 2500, 0);
    arena_destroy(caching.arena);
}

Test(effects, other_words_another_model_and_short_prompts_read_nothing)
{
    struct caching caching = begin();
    ask(&caching, 2000, MARKED, 10, "");
    ask(&caching, 2001, MARKED, 10, "");
    EXPECT(caching, 0, 2001);
    caching.salt = 2;
    ask(&caching, 2000, MARKED, 10, "");
    EXPECT(caching, 0, 2000);
    ask(&caching, 1023, MARKED, 0, "");
    EXPECT(caching, 0, 0);
    arena_destroy(caching.arena);
}

Test(effects, five_minutes_or_an_hour_and_each_request_begins_them_anew)
{
    struct caching caching = begin();
    ask(&caching, 2000, MARKED, 10, "");
    caching.now += 4 * NS_PER_MINUTE;
    ask(&caching, 2000, MARKED, 10, "");
    EXPECT(caching, 2000, 0);
    caching.now += 4 * NS_PER_MINUTE;
    ask(&caching, 2000, MARKED, 10, "");
    EXPECT(caching, 2000, 0);
    caching.now += 5 * NS_PER_MINUTE;
    ask(&caching, 2000, HOUR, 10, "");
    EXPECT(caching, 0, 2000);
    cr_expect(caching.effects.hour);
    caching.now += 59 * NS_PER_MINUTE;
    ask(&caching, 2000, HOUR, 10, "");
    EXPECT(caching, 2000, 0);
    arena_destroy(caching.arena);
}

Test(effects, without_marks_nothing_is_cached_and_nothing_where_a_scenario_says_so)
{
    struct caching caching = begin();
    ask(&caching, 2000, "", 10, "");
    ask(&caching, 2000, "", 10, "");
    EXPECT(caching, 0, 0);
    caching.plays[PROBED_PROMPT_CACHE] = PLAY_IGNORED;
    ask(&caching, 2000, MARKED, 10, "");
    ask(&caching, 2000, MARKED, 10, "");
    EXPECT(caching, 0, 0);
    caching.plays[PROBED_PROMPT_CACHE] = PLAY_UNSAID;
    caching.plays[PROBED_CACHING_1H] = PLAY_IGNORED;
    ask(&caching, 2000, HOUR, 10, "");
    EXPECT(caching, 0, 0);
    arena_destroy(caching.arena);
}

Test(effects, a_refusal_names_the_member)
{
    struct arena *arena = arena_new();
    struct objection objection;
    uint8_t plays[PROBED_COUNT] = {
        [PROBED_THINKING] = PLAY_REFUSED, [PROBED_WEB_SEARCH] = PLAY_WORKS};
    uint32_t thinking = PROBED_BIT(PROBED_THINKING), search = PROBED_BIT(PROBED_WEB_SEARCH);
    cr_expect(effects_allow(thinking, PLATFORM_BEDROCK, NULL, arena, &objection));
    cr_expect_not(effects_allow(thinking, PLATFORM_BEDROCK, plays, arena, &objection));
    cr_expect(str_is(objection.message, "thinking: Extra inputs are not permitted"));
    cr_expect_eq(objection.status, 400);
    cr_expect_not(effects_allow(search, PLATFORM_BEDROCK, NULL, arena, &objection));
    cr_expect(effects_allow(search, PLATFORM_BEDROCK, plays, arena, &objection));
    arena_destroy(arena);
}
