/* The search: source after source, errand after errand, and what was found before. A search lives
 * in an arena of its own; what it finds is copied out, so that a renewal that fails leaves the
 * credential that is there. */
#include "credentials/chain.h"

#include <stdlib.h>

#include "base/names.h"
#include "base/random.h"
#include "credentials/links.h"

#define LINKS_MAX 16u /* more than there are */
#define RENEWAL_PAUSE                                                                              \
    (5 * NS_PER_SECOND) /* after one that failed while the old one still serves                    \
                         */
#define KEEPSAKES_MAX 4u

/* A credential that was found, with the arena of its texts. */
struct held {
    struct arena *arena;
    struct credential credential;
    int64_t stale, spent;
    bool refused;        /* CHAIN_ANEW was asked for: serves nobody any more */
    int64_t renew_after; /* no renewal ahead of time before this */
};

struct keepsake {
    const char *name;
    struct text value;
};

struct chain {
    struct arena *arena; /* options and their texts */
    struct chain_options options;
    const struct link *links[LINKS_MAX];
    struct flow flow;
    size_t link, source; /* being tried */
    enum chain_state state;
    enum chain_use use;
    struct held held;
    struct text why, source_name, warnings;
    struct keepsake keepsakes[KEEPSAKES_MAX];
    uint64_t random;
};

/* ---- New and gone */

/* There is no chain that could own the sentence. */
static struct redial_str unknown_link(struct redial_str word)
{
    static _Thread_local char buffer[256];
    int near = names_closest(&link_names, word);
    struct text text = TEXT_INIT;
    text_printf(&text, "unknown credential '%.*s': ", (int)(word.len < 60 ? word.len : 60),
                word.ptr);
    if (near >= 0) {
        text_printf(&text, "did you mean '%s'?", link_names.rows[near].word);
    } else {
        text_append(&text, REDIAL_STR("expected "));
        names_list(&link_names, &text);
    }
    size_t len = text.len < sizeof buffer ? text.len : sizeof buffer;
    for (size_t i = 0; i < len; i++) buffer[i] = text.ptr[i];
    bool failed = text.failed;
    text_clean_up(&text);
    return failed ? REDIAL_STR("memory is out") : (struct redial_str){buffer, len};
}

static bool copy_options(struct chain *chain, const struct chain_options *options)
{
    struct chain_options *own = &chain->options;
    *own = *options;
    own->links = NULL; /* resolved into chain->links */
    return arena_copy(chain->arena, options->home, &own->home) &&
           arena_copy(chain->arena, options->region, &own->region) &&
           arena_copy(chain->arena, options->base_url, &own->base_url);
}

static bool find_links(struct chain *chain, const struct chain_options *options,
                       struct redial_str *why)
{
    for (size_t i = 0; i < options->link_count; i++) {
        int row = names_find(&link_names, options->links[i]);
        if (row < 0) {
            *why = unknown_link(options->links[i]);
            return false;
        }
        if (i == LINKS_MAX) {
            *why = REDIAL_STR("more than 16 credentials in one chain");
            return false;
        }
        chain->links[i] = link_at((size_t)row);
    }
    return true;
}

struct chain *chain_new(const struct chain_options *options, struct redial_str *why)
{
    struct chain *chain = calloc(1, sizeof *chain);
    *why = REDIAL_STR("memory is out");
    if (!chain) return NULL;
    chain->state = CHAIN_FAILED;
    chain->random = options->seed;
    chain->arena = arena_new();
    if (chain->arena && copy_options(chain, options) && find_links(chain, options, why))
        return chain;
    chain_destroy(chain);
    return NULL;
}

static void search_clean_up(struct chain *chain)
{
    for (struct flow_json *json = chain->flow.jsons; json; json = json->next) json_free(json->root);
    arena_destroy(chain->flow.arena);
    chain->flow = (struct flow){0};
}

void chain_destroy(struct chain *chain)
{
    if (!chain) return;
    search_clean_up(chain);
    arena_destroy(chain->held.arena);
    arena_destroy(chain->arena);
    text_clean_up(&chain->why);
    text_clean_up(&chain->source_name);
    text_clean_up(&chain->warnings);
    for (size_t i = 0; i < KEEPSAKES_MAX; i++) text_clean_up(&chain->keepsakes[i].value);
    free(chain);
}

/* ---- What was found */

static bool credential_copy(struct arena *arena, const struct credential *from,
                            struct credential *to)
{
    *to = *from;
    return arena_copy(arena, from->secret, &to->secret) &&
           arena_copy(arena, from->access_key_id, &to->access_key_id) &&
           arena_copy(arena, from->session_token, &to->session_token) &&
           arena_copy(arena, from->region, &to->region) &&
           arena_copy(arena, from->project, &to->project) &&
           arena_copy(arena, from->quota_project, &to->quota_project) &&
           arena_copy(arena, from->beta, &to->beta) && arena_copy(arena, from->source, &to->source);
}

static bool hold(struct chain *chain)
{
    const struct link *link = chain->links[chain->link];
    struct held held = {.arena = arena_new(), .stale = link->stale, .spent = link->spent};
    if (!held.arena || !credential_copy(held.arena, &chain->flow.found, &held.credential)) {
        arena_destroy(held.arena);
        return false;
    }
    arena_destroy(chain->held.arena);
    chain->held = held;
    return true;
}

static int64_t left(const struct chain *chain, int64_t now)
{
    int64_t expires_at = chain->held.credential.expires_at;
    return expires_at == CREDENTIAL_NEVER ? INT64_MAX : duration_add(expires_at, -now);
}

enum chain_age chain_age(const struct chain *chain, int64_t now)
{
    const struct held *held = &chain->held;
    int64_t rest = left(chain, now);
    if (!held->arena || held->refused || rest <= 0) return CHAIN_SPENT;
    if (rest == INT64_MAX || now < held->renew_after || rest > held->stale) return CHAIN_GOOD;
    return rest > held->spent ? CHAIN_STALE : CHAIN_SPENT;
}

/* A key that cannot change and was refused is no other key. */
static bool is_refused_again(const struct chain *chain)
{
    const struct credential *old = &chain->held.credential, *new = &chain->flow.found;
    return chain->held.arena && chain->held.refused && !new->refreshable && !old->refreshable &&
           old->form == new->form &&str_eq(old->secret, new->secret) &&
           str_eq(old->access_key_id, new->access_key_id);
}

/* ---- Ends of a search */

static enum chain_state enter(struct chain *chain, enum chain_state state)
{
    chain->state = state;
    if (state != CHAIN_ASKS) search_clean_up(chain);
    return state;
}

static void name_source(struct chain *chain, struct redial_str name)
{
    text_clear(&chain->source_name);
    text_append(&chain->source_name, name);
}

static void list_passed(struct chain *chain)
{
    for (const struct flow_passed *passed = chain->flow.passed; passed; passed = passed->next)
        text_printf(&chain->why, "%s%.*s (%.*s)", passed == chain->flow.passed ? "" : "; ",
                    REDIAL_STR_ARG(passed->source), REDIAL_STR_ARG(passed->why));
}

static void say_broken(struct chain *chain)
{
    const struct flow *flow = &chain->flow;
    text_printf(&chain->why, "%.*s: %.*s", REDIAL_STR_ARG(flow->source), REDIAL_STR_ARG(flow->why));
    if (!flow->passed) return;
    text_append(&chain->why, REDIAL_STR(" [looked before it, in this order: "));
    list_passed(chain);
    text_append_char(&chain->why, ']');
}

static void say_exhausted(struct chain *chain)
{
    text_append(&chain->why, REDIAL_STR("no credential found; looked, in this order: "));
    list_passed(chain);
    if (!chain->flow.passed) text_append(&chain->why, REDIAL_STR("nowhere, no source is named"));
}

/* A renewal ahead of time that fails is no harm as long as the old credential is good. */
static bool serve_old(struct chain *chain)
{
    if (chain->use != CHAIN_FROM_CACHE || !chain->held.arena || chain->held.refused) return false;
    if (left(chain, chain->flow.now) <= 0) return false;
    chain->held.renew_after = duration_add(chain->flow.now, RENEWAL_PAUSE);
    flow_warn(&chain->flow,
              "the credential could not be renewed and is used until it expires: %.*s",
              REDIAL_STR_ARG(text_str(&chain->why)));
    text_clear(&chain->why);
    name_source(chain, chain->held.credential.source);
    return true;
}

static enum chain_state fail(struct chain *chain, void (*say)(struct chain *chain))
{
    name_source(chain, chain->flow.source);
    if (chain->flow.out_of_memory) {
        text_append(&chain->why, REDIAL_STR("memory is out"));
    } else {
        say(chain);
    }
    return enter(chain, serve_old(chain) ? CHAIN_READY : CHAIN_FAILED);
}

static void say_refused_again(struct chain *chain)
{
    text_printf(&chain->why, "%.*s still gives what was refused",
                REDIAL_STR_ARG(chain->flow.source));
}

static enum chain_state end_found(struct chain *chain)
{
    if (is_refused_again(chain)) return fail(chain, say_refused_again);
    if (!hold(chain)) {
        chain->flow.out_of_memory = true;
        return fail(chain, say_broken);
    }
    name_source(chain, chain->held.credential.source);
    return enter(chain, CHAIN_READY);
}

/* ---- The search */

static const struct source *source_at(const struct chain *chain)
{
    const struct link *link =
        chain->link < chain->options.link_count ? chain->links[chain->link] : NULL;
    return link && chain->source < link->source_count ? &link->sources[chain->source] : NULL;
}

static const struct source *next_source(struct chain *chain)
{
    chain->source++;
    while (chain->link < chain->options.link_count && !source_at(chain)) {
        chain->link++;
        chain->source = 0;
    }
    return source_at(chain);
}

static void remember_passed(struct flow *flow)
{
    struct flow_passed *passed = ARENA_NEW(flow->arena, struct flow_passed);
    if (!passed) {
        flow->out_of_memory = true;
        return;
    }
    *passed = (struct flow_passed){flow->source, flow->why, NULL};
    *flow->passed_end = passed;
    flow->passed_end = &passed->next;
}

static enum flow_move begin_source(struct flow *flow, const struct source *source)
{
    flow->source = str_of(source->name);
    flow->why = (struct redial_str){0};
    return source->begin(flow);
}

static enum flow_move hand_over(struct flow *flow)
{
    struct flow_frame *frame = flow->frames;
    struct credential found = flow->found;
    flow->frames = frame->below;
    return frame->with(flow, frame->state, &found);
}

static enum chain_state go_on(struct chain *chain, enum flow_move move)
{
    struct flow *flow = &chain->flow;
    for (;;) {
        const struct source *source;
        if (flow->out_of_memory || move == FLOW_FAILED) return fail(chain, say_broken);
        switch (move) {
        case FLOW_ASKS: name_source(chain, flow->source); return enter(chain, CHAIN_ASKS);
        case FLOW_FOUND:
            if (!flow->frames) return end_found(chain);
            move = hand_over(flow);
            break;
        case FLOW_PASSED:
            if (flow->frames) return fail(chain, say_broken);
            remember_passed(flow);
            source = next_source(chain);
            if (!source) return fail(chain, say_exhausted);
            move = begin_source(flow, source);
            break;
        case FLOW_FAILED: break; /* above */
        }
    }
}

static bool search_init(struct chain *chain, int64_t now)
{
    search_clean_up(chain);
    chain->flow = (struct flow){.arena = arena_new(),
                                .options = &chain->options,
                                .chain = chain,
                                .now = now,
                                .anew = chain->use == CHAIN_ANEW,
                                .warnings = &chain->warnings};
    chain->flow.passed_end = &chain->flow.passed;
    return chain->flow.arena != NULL;
}

enum chain_state chain_begin(struct chain *chain, int64_t now, enum chain_use use)
{
    text_clear(&chain->why);
    text_clear(&chain->warnings);
    chain->use = use;
    if (use == CHAIN_ANEW) chain->held.refused = true;
    if (use == CHAIN_FROM_CACHE && chain_age(chain, now) == CHAIN_GOOD) {
        name_source(chain, chain->held.credential.source);
        return enter(chain, CHAIN_READY);
    }
    chain->link = 0;
    chain->source = 0;
    if (!search_init(chain, now)) {
        text_append(&chain->why, REDIAL_STR("memory is out"));
        return enter(chain, CHAIN_FAILED);
    }
    const struct source *source = source_at(chain);
    return source ? go_on(chain, begin_source(&chain->flow, source)) : fail(chain, say_exhausted);
}

enum chain_state chain_answer(struct chain *chain, const struct errand_answer *answer, int64_t now)
{
    struct flow *flow = &chain->flow;
    if (chain->state != CHAIN_ASKS) return chain->state;
    flow->now = now;
    if (flow->pausing) {
        flow->pausing = false;
        flow->errand = flow->paused;
        return CHAIN_ASKS;
    }
    return go_on(chain, flow->next(flow, flow->state, answer));
}

/* ---- What it tells */

const struct errand *chain_errand(const struct chain *chain)
{
    return &chain->flow.errand;
}

const struct credential *chain_credential(const struct chain *chain)
{
    return chain->held.arena && !chain->held.refused ? &chain->held.credential : NULL;
}

struct redial_str chain_why(const struct chain *chain)
{
    return chain->why.failed ? REDIAL_STR("memory is out") : text_str(&chain->why);
}

struct redial_str chain_source(const struct chain *chain)
{
    return text_str(&chain->source_name);
}

struct redial_str chain_warnings(const struct chain *chain)
{
    return text_str(&chain->warnings);
}

/* ---- What a search knows of its chain */

const struct credential *flow_previous(const struct flow *flow, struct redial_str source)
{
    const struct held *held = &flow->chain->held;
    return held->arena && str_eq(held->credential.source, source) ? &held->credential : NULL;
}

uint64_t flow_random(struct flow *flow)
{
    return random_next(&flow->chain->random);
}

void flow_keep(struct flow *flow, const char *name, struct redial_str value)
{
    for (size_t i = 0; i < KEEPSAKES_MAX; i++) {
        struct keepsake *kept = &flow->chain->keepsakes[i];
        if (kept->name && !str_is(str_of(name), kept->name)) continue;
        struct text fresh = TEXT_INIT;
        text_append(&fresh, value);
        if (fresh.failed) flow->out_of_memory = true;
        text_clean_up(&kept->value);
        *kept = (struct keepsake){name, fresh};
        return;
    }
}

struct redial_str flow_kept(const struct flow *flow, const char *name)
{
    for (size_t i = 0; i < KEEPSAKES_MAX; i++) {
        const struct keepsake *kept = &flow->chain->keepsakes[i];
        if (kept->name && str_is(str_of(name), kept->name)) return text_str(&kept->value);
    }
    return (struct redial_str){0};
}
