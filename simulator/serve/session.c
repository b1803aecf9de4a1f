/* Tests that run side by side: each has its own world, made of the script that is served. */
#include <stdlib.h>

#include "simulator/run/functions.h"
#include "simulator/serve/serve_parts.h"

#define PAGE_BYTES_MAX ((size_t)64 << 20) /* the longest answer takes half of it */
#define PROBES_MAX     8u                 /* places where a conversation may lie */

/* ---- Pages of answers */

void page_let_go(struct page_of_answers *page)
{
    if (!page || --page->holders > 0) return;
    arena_destroy(page->arena);
    free(page);
}

static struct page_of_answers *page_new(void)
{
    struct page_of_answers *page = calloc(1, sizeof *page);

    if (!page) return NULL;
    page->holders = 1;
    page->arena = arena_new();
    if (page->arena) return page;
    free(page);
    return NULL;
}

struct page_of_answers *session_page(struct session *session)
{
    struct page_of_answers *fresh;

    if (arena_size(session->page->arena) > PAGE_BYTES_MAX && (fresh = page_new())) {
        world_renew(session->world, fresh->arena);
        page_let_go(session->page);
        session->page = fresh;
    }
    session->page->holders++;
    return session->page;
}

/* ---- Sessions */

/* Functions of the scenario's Lua file make some of its replies. */
static bool set_maker(struct session *session)
{
    const struct script *script = session->script;
    struct reply_maker *maker;

    if (!script->is_scenario || !script->scenario.functions) return true;
    maker = reply_maker_new(session->arena, &script->scenario);
    if (maker) world_set_maker(session->world, reply_maker_port(maker));
    return maker != NULL;
}

static bool session_fill(struct fakes *fakes, struct session *session, struct redial_str name)
{
    struct script *script = fakes->script;
    struct arena *arena = session->arena;
    uint64_t seed = fakes->options.seed_given ? fakes->options.seed : script->seed;
    int64_t now = fakes_world_now(fakes);

    session->script = script;
    script->holders++;
    session->page = page_new();
    if (!session->page || !arena_copy(arena, name, &session->name)) return false;
    session->conversations = ARENA_ARRAY(arena, struct conversation, CONVERSATIONS_MAX);
    session->newest_credential = ARENA_ARRAY(arena, uint32_t, script->policy->provider_count);
    session->quotas = session_quotas(arena, script->policy->provider_count, now);
    session->world = world_new(arena, script->policy, script->providers, script->provider_count,
                               script->span, CONVERSATIONS_MAX, seed, now);
    session->cache = ARENA_ARRAY(arena, struct effects_cache, EFFECTS_CACHED_MAX);
    if (!session->world || !session->conversations || !session->newest_credential ||
        !session->quotas || !session->cache)
        return false;
    world_renew(session->world, session->page->arena);
    stranger_welcome(session);
    return set_maker(session);
}

void session_destroy(struct session *session)
{
    if (!session) return;
    batches_destroy(session);
    world_clean_up(session->world);
    page_let_go(session->page);
    script_let_go(session->script);
    arena_destroy(session->arena);
    free(session);
}

static struct session *session_new(struct fakes *fakes, struct redial_str name)
{
    struct session *session = calloc(1, sizeof *session);

    if (!session) return NULL;
    session->arena = arena_new();
    if (session->arena && session_fill(fakes, session, name)) return session;
    session_destroy(session);
    return NULL;
}

struct session *session_find(struct fakes *fakes, struct redial_str name)
{
    struct session *session;

    for (size_t i = 0; i < fakes->session_count; i++)
        if (str_eq(fakes->sessions[i]->name, name)) return fakes->sessions[i];
    if (fakes->session_count == FAKES_SESSIONS_MAX) return NULL;
    session = session_new(fakes, name);
    if (session) fakes->sessions[fakes->session_count++] = session;
    return session;
}

/* ---- Conversations */

/* The place of `prompt`, or the one among its places that was untouched for longest. */
static struct conversation *place_of(struct session *session, uint64_t prompt)
{
    struct conversation *oldest = NULL;

    for (size_t i = 0; i < PROBES_MAX; i++) {
        size_t at = (size_t)(prompt + i) & (CONVERSATIONS_MAX - 1);
        struct conversation *place = &session->conversations[at];
        if (place->number && place->prompt == prompt) return place;
        if (!oldest || place->touched < oldest->touched) oldest = place;
    }
    return oldest;
}

/* The same prompt again is the same call, unless the call has its answer, or a client that counts
 * its retries says that it begins. */
static bool is_retry(const struct conversation *place, uint64_t prompt, int32_t retry_count)
{
    if (place->number == 0 || place->prompt != prompt || place->answered) return false;
    return retry_count != 0 || place->under_way == 0;
}

struct conversation *session_converse(struct fakes *fakes, struct session *session, uint64_t prompt,
                                      int32_t retry_count)
{
    struct conversation *place = place_of(session, prompt);

    if (!is_retry(place, prompt, retry_count)) {
        world_forget_call(session->world, 1 + (uint32_t)(place - session->conversations));
        *place = (struct conversation){.prompt = prompt, .number = ++fakes->conversations};
    }
    place->attempts++;
    place->touched = ++fakes->touches;
    return place;
}
