#include "client/vault.h"

#include <stdlib.h>

#include "base/random.h"

#define FAILED_REST NS_PER_MINUTE /* after a renewal beside its use went wrong, until the next */

/* Everything that a chain depends on, besides the environment. */
struct vault_key {
    struct redial_str provider, region, base_url;
    const struct redial_str *links;
    size_t link_count;
    bool wants_project;
};

struct vault_place {
    struct vault *vault;
    struct vault_place *next;
    struct arena *arena; /* the key */
    struct vault_key key;
    struct chain *chain; /* NULL: the platform's list is empty, a gateway authenticates */
    struct errand_run run;
    struct vault_wait *waits;
    struct arena *found_arena; /* what follows, copied */
    struct credential found;
    struct redial_str warnings;
    struct text why;     /* of the last search that failed */
    uint32_t generation; /* 0: none was found yet */
    bool searching, failed;
    int64_t rest_until; /* on clock_steady */
};

struct vault {
    struct errands *errands;
    struct vault_place *places;
    uint64_t seed;
};

/* ---- What was found */

static bool copy_texts(struct arena *arena, struct credential *credential)
{
    struct redial_str *texts[] = {&credential->secret,        &credential->access_key_id,
                                  &credential->session_token, &credential->project,
                                  &credential->quota_project, &credential->beta,
                                  &credential->source};

    for (size_t i = 0; i < REDIAL_COUNT_OF(texts); i++)
        if (!arena_copy(arena, *texts[i], texts[i])) return false;
    return true;
}

static void fail(struct vault_place *place, struct redial_str why)
{
    place->failed = true;
    text_clear(&place->why);
    text_append(&place->why, why);
}

static void keep_found(struct vault_place *place)
{
    struct arena *arena = arena_new();
    struct credential found = *chain_credential(place->chain);
    struct redial_str warnings = chain_warnings(place->chain);

    if (!arena || !copy_texts(arena, &found) || !arena_copy(arena, warnings, &warnings)) {
        arena_destroy(arena);
        fail(place, REDIAL_STR("memory is out"));
        return;
    }
    bool same = place->generation > 0 && str_eq(found.secret, place->found.secret) &&
                str_eq(found.session_token, place->found.session_token);
    arena_destroy(place->found_arena);
    place->found_arena = arena;
    place->found = found;
    place->warnings = warnings;
    text_clear(&place->why);
    place->failed = false;
    if (!same) place->generation++;
}

/* ---- Searching */

static void tell_waiting(struct vault_place *place)
{
    while (place->waits) {
        struct vault_wait *wait = place->waits;
        vault_stop_waiting(wait);
        wait->came(wait->context);
    }
}

static void end_search(struct vault_place *place, enum chain_state state)
{
    place->searching = false;
    if (state == CHAIN_READY)
        keep_found(place);
    else
        fail(place, chain_why(place->chain));
    if (place->failed || chain_age(place->chain, clock_wall()) != CHAIN_GOOD)
        place->rest_until = duration_add(clock_steady(), FAILED_REST);
}

/* Errands that are answered at once go round here; others come back in `go_on`. */
static void run_errands(struct vault_place *place, enum chain_state state)
{
    while (state == CHAIN_ASKS) {
        if (!errand_begin(&place->run, chain_errand(place->chain))) return;
        state = chain_answer(place->chain, &place->run.answer, clock_wall());
    }
    end_search(place, state);
}

static void go_on(void *context)
{
    struct vault_place *place = context;

    run_errands(place, chain_answer(place->chain, &place->run.answer, clock_wall()));
    if (!place->searching) tell_waiting(place);
}

static void search(struct vault_place *place, enum chain_use use)
{
    place->searching = true;
    place->failed = false;
    run_errands(place, chain_begin(place->chain, clock_wall(), use));
}

/* ---- Asking */

static enum vault_state wait_for(struct vault_place *place, struct vault_wait *wait)
{
    wait->next = place->waits;
    wait->link = &place->waits;
    if (wait->next) wait->next->link = &wait->next;
    place->waits = wait;
    return VAULT_COMING;
}

void vault_stop_waiting(struct vault_wait *wait)
{
    if (!wait->link) return;
    *wait->link = wait->next;
    if (wait->next) wait->next->link = wait->link;
    wait->next = NULL;
    wait->link = NULL;
}

enum vault_state vault_answer(const struct vault_place *place)
{
    return place->failed ? VAULT_FAILED : VAULT_READY;
}

static bool is_spent(const struct vault_place *place)
{
    return place->found.expires_at <= clock_wall();
}

/* While a search is under way its chain has no credential whose age could be told. */
static enum chain_age age_of(const struct vault_place *place)
{
    if (place->searching || place->failed) return is_spent(place) ? CHAIN_SPENT : CHAIN_GOOD;
    return chain_age(place->chain, clock_wall());
}

/* Renews one that is still good. That this went wrong is no failure yet. */
static void renew_beside(struct vault_place *place)
{
    if (clock_steady() < place->rest_until) return;
    search(place, CHAIN_FROM_CACHE);
}

enum vault_state vault_ask(struct vault_place *place, struct vault_wait *wait)
{
    if (!place->chain) return VAULT_READY;
    enum chain_age age = place->generation > 0 ? age_of(place) : CHAIN_SPENT;
    if (age == CHAIN_STALE) renew_beside(place);
    if (age != CHAIN_SPENT) return VAULT_READY;
    if (!place->searching) search(place, CHAIN_FROM_CACHE);
    return place->searching ? wait_for(place, wait) : vault_answer(place);
}

static const char *why_static(const struct vault_place *place)
{
    if (place->chain && place->generation == 0)
        return "nothing to refresh: no credential was found";
    return place->found.form == CREDENTIAL_KEY ? "nothing to refresh: the API key is static"
                                               : "nothing to refresh: the credential is static";
}

enum vault_state vault_ask_anew(struct vault_place *place, uint32_t refused,
                                struct vault_wait *wait)
{
    if (place->generation > refused) return VAULT_READY; /* another call has renewed it */
    if (!place->searching && (!place->chain || !place->found.refreshable)) {
        fail(place, str_of(why_static(place)));
        return VAULT_FAILED;
    }
    if (!place->searching) search(place, CHAIN_ANEW);
    return place->searching ? wait_for(place, wait) : vault_answer(place);
}

const struct credential *vault_credential(const struct vault_place *place)
{
    return &place->found;
}

uint32_t vault_generation(const struct vault_place *place)
{
    return place->generation;
}

struct redial_str vault_why(const struct vault_place *place)
{
    if (place->failed && place->why.len == 0) return REDIAL_STR("memory is out");
    return text_str(&place->why);
}

struct redial_str vault_warnings(const struct vault_place *place)
{
    return place->warnings;
}

/* ---- Places */

static bool links_equal(const struct vault_key *a, const struct vault_key *b)
{
    bool equal = a->link_count == b->link_count;

    for (size_t i = 0; equal && i < a->link_count; i++) equal = str_eq(a->links[i], b->links[i]);
    return equal;
}

static bool keys_equal(const struct vault_key *a, const struct vault_key *b)
{
    return str_eq(a->provider, b->provider) && str_eq(a->region, b->region) &&
           str_eq(a->base_url, b->base_url) && a->wants_project == b->wants_project &&
           links_equal(a, b);
}

static struct vault_key key_of(const struct redial_policy *policy, uint16_t index)
{
    const struct provider *provider = &policy->providers[index];
    const struct platform *platform = &policy->platforms[provider->platform];
    bool has_project = provider->project.len > 0 || platform->project.len > 0;

    return (struct vault_key){
        .provider = provider->name,
        .region = policy_region(policy, index, REDIAL_STR("")),
        .base_url = provider->base_url.len > 0 ? provider->base_url : platform->base_url,
        .links = platform->credentials,
        .link_count = platform->credential_count,
        .wants_project = platform->kind == PLATFORM_VERTEX && !has_project,
    };
}

static bool copy_key(struct vault_place *place, const struct vault_key *key)
{
    struct arena *arena = place->arena;
    struct redial_str *links = ARENA_ARRAY(arena, struct redial_str, key->link_count);

    if (!links) return false;
    place->key = *key;
    place->key.links = links;
    for (size_t i = 0; i < key->link_count; i++)
        if (!arena_copy(arena, key->links[i], &links[i])) return false;
    return arena_copy(arena, key->provider, &place->key.provider) &&
           arena_copy(arena, key->region, &place->key.region) &&
           arena_copy(arena, key->base_url, &place->key.base_url);
}

static bool make_chain(struct vault_place *place, struct redial_str *why)
{
    const struct vault_key *key = &place->key;
    const struct chain_options options = {
        .links = key->links,
        .link_count = key->link_count,
        .environment = place->vault->errands->environment,
        .region = key->region,
        .base_url = key->base_url,
        .wants_project = key->wants_project,
        .seed = random_fork(place->vault->seed, str_hash(key->provider)),
    };

    if (key->link_count == 0) return true;
    place->chain = chain_new(&options, why);
    return place->chain != NULL;
}

static void place_destroy(struct vault_place *place)
{
    if (!place) return;
    errand_clean_up(&place->run);
    chain_destroy(place->chain);
    text_clean_up(&place->why);
    arena_destroy(place->found_arena);
    arena_destroy(place->arena);
    free(place);
}

static struct vault_place *place_new(struct vault *vault, const struct vault_key *key,
                                     struct redial_str *why)
{
    struct vault_place *place = calloc(1, sizeof *place);

    if (!place) return NULL;
    place->vault = vault;
    place->run = (struct errand_run){.errands = vault->errands, .done = go_on, .context = place};
    place->arena = arena_new();
    place->found_arena = arena_new();
    if (place->arena && place->found_arena && copy_key(place, key) && make_chain(place, why))
        return place;
    place_destroy(place);
    return NULL;
}

struct vault_place *vault_place(struct vault *vault, const struct redial_policy *policy,
                                uint16_t provider, struct redial_str *why)
{
    const struct vault_key key = key_of(policy, provider);

    for (struct vault_place *place = vault->places; place; place = place->next)
        if (keys_equal(&place->key, &key)) return place;
    *why = REDIAL_STR("memory is out");
    struct vault_place *place = place_new(vault, &key, why);
    if (!place) return NULL;
    place->next = vault->places;
    vault->places = place;
    return place;
}

/* ---- Making and unmaking */

struct vault *vault_new(struct errands *errands, uint64_t seed)
{
    struct vault *vault = calloc(1, sizeof *vault);

    if (!vault) return NULL;
    vault->errands = errands;
    vault->seed = seed;
    return vault;
}

void vault_destroy(struct vault *vault)
{
    if (!vault) return;
    while (vault->places) {
        struct vault_place *place = vault->places;
        vault->places = place->next;
        place_destroy(place);
    }
    free(vault);
}
