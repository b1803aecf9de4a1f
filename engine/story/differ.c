#include "story/differ.h"

#include "story/course.h"

/* ---- The list ---- */

static struct difference *find(const struct differ *differ, const struct course_text course[])
{
    for (struct difference *known = differ->list; known; known = known->next)
        if (str_eq(known->whole[DIFFER_A], text_str(&course[DIFFER_A].whole)) &&
            str_eq(known->whole[DIFFER_B], text_str(&course[DIFFER_B].whole)))
            return known;
    return NULL;
}

static struct difference *add(struct differ *differ, const struct course_text course[])
{
    struct arena *arena = differ->probes.arena;
    struct difference *difference = ARENA_NEW(arena, struct difference), **end = &differ->list;
    for (size_t side = 0; difference && side < DIFFER_SIDES; side++)
        if (!arena_copy(arena, text_str(&course[side].whole), &difference->whole[side]) ||
            !arena_copy(arena, text_str(&course[side].shown), &difference->shown[side]))
            difference = NULL;
    if (!difference) {
        differ->failed = true;
        return NULL;
    }
    difference->attempt = course_parts_at(&course[DIFFER_A], &course[DIFFER_B]);
    while (*end) end = &(*end)->next;
    *end = difference;
    differ->count++;
    return difference;
}

static bool is_alike(const struct differ_place *a, const struct differ_place *b)
{
    for (size_t side = 0; side < DIFFER_SIDES; side++)
        if (a->class[side] != b->class[side] || !str_eq(a->rule[side], b->rule[side])) return false;
    return true;
}

/* On how many sides two places are not the same; `*side` is the last of them. */
static size_t sides_apart(const struct differ_place *a, const struct differ_place *b, size_t *side)
{
    size_t apart = 0;
    for (size_t i = 0; i < PLACE_SIDES; i++) {
        if (a->bits[i] == b->bits[i]) continue;
        apart++;
        *side = i;
    }
    return apart;
}

static void add_such_as(struct differ_place *place, const struct probe *probe)
{
    for (size_t i = 0; i < place->such_as_count; i++)
        if (str_eq(place->such_as[i]->says, probe->says)) return;
    if (place->such_as_count < DIFFER_SAYS_MAX) place->such_as[place->such_as_count++] = probe;
}

static void join(struct differ_place *into, const struct differ_place *other)
{
    for (size_t i = 0; i < PLACE_SIDES; i++) into->bits[i] |= other->bits[i];
    for (size_t i = 0; i < other->such_as_count; i++) add_such_as(into, other->such_as[i]);
}

static void add_place(struct differ *differ, struct difference *difference,
                      const struct differ_place *place)
{
    struct differ_place **end = &difference->places;
    size_t side = 0;
    for (; *end; end = &(*end)->next)
        if (is_alike(*end, place) && sides_apart(*end, place, &side) == 0) {
            join(*end, place);
            return;
        }
    *end = ARENA_NEW(differ->probes.arena, struct differ_place);
    if (*end)
        **end = *place;
    else
        differ->failed = true;
}

/* Joins two places that are apart on one side only, and says whether there were such. */
static bool join_two(struct difference *difference)
{
    for (struct differ_place *a = difference->places; a; a = a->next)
        for (struct differ_place **b = &a->next; *b; b = &(*b)->next) {
            size_t side = 0;
            if (!is_alike(a, *b) || sides_apart(a, *b, &side) > 1) continue;
            join(a, *b);
            *b = (*b)->next;
            return true;
        }
    return false;
}

/* ---- Asking ---- */

static struct redial_str provider_on(const struct redial_policy *policy, uint32_t kind)
{
    for (size_t i = 0; i < policy->provider_count; i++)
        if ((uint32_t)policy->platforms[policy->providers[i].platform].kind == kind)
            return policy->providers[i].name;
    return (struct redial_str){0};
}

static void take(struct differ *differ, const struct course_text course[],
                 struct differ_place *place)
{
    differ->asked++;
    if (course_parts_at(&course[DIFFER_A], &course[DIFFER_B]) == 0) return;
    differ->parted++;
    struct difference *difference = find(differ, course);
    if (!difference) difference = add(differ, course);
    for (size_t side = 0; side < DIFFER_SIDES; side++) {
        place->class[side] = course[side].class;
        place->rule[side] = course[side].rule;
    }
    if (difference) add_place(differ, difference, place);
}

static void ask(struct differ *differ, const struct probe *probe, const uint32_t at[],
                struct course_text course[])
{
    struct differ_place place = {.such_as = {probe}, .such_as_count = 1};
    struct redial_str model = {0}, why;
    bool begun = true;
    for (size_t side = 0; side < DIFFER_SIDES && model.len == 0; side++)
        if (differ->policies[side]->model_count > 0) model = differ->policies[side]->models[0].name;
    for (size_t side = 0; begun && side < DIFFER_SIDES; side++) {
        struct explain_facts facts = probe->facts;
        facts.delivered = at[PLACE_DELIVERED] > 0;
        facts.options = (struct redial_call_options){
            .provider = provider_on(differ->policies[side], at[PLACE_PLATFORM]),
            .model = model,
            .query = (uint8_t)at[PLACE_QUERY],
            .query_given = true,
            .unattended = at[PLACE_MODE] == VARIANT_UNATTENDED,
        };
        begun = course_follow(differ->policies[side], &facts, &course[side], &why);
        differ->failed = differ->failed || course[side].whole.failed || course[side].shown.failed;
    }
    for (size_t i = 0; i < PLACE_SIDES; i++) place.bits[i] = 1u << at[i];
    if (begun) take(differ, course, &place);
}

static bool is_in_either(const struct differ *differ, uint32_t variant)
{
    return differ->policies[DIFFER_A]->variants[variant].present ||
           differ->policies[DIFFER_B]->variants[variant].present;
}

static void ask_everywhere(struct differ *differ, const struct probe *probe,
                           struct course_text course[])
{
    static const uint32_t counts[PLACE_SIDES] = {PLATFORM_KIND_COUNT, REDIAL_QUERY_COUNT,
                                                 VARIANT_COUNT, 2};
    uint32_t platforms =
        probe->platforms & differ->platforms[DIFFER_A] & differ->platforms[DIFFER_B];
    uint32_t total = 1;
    for (size_t i = 0; i < PLACE_SIDES; i++) total *= counts[i];
    for (uint32_t number = 0; number < total && !differ->failed; number++) {
        uint32_t at[PLACE_SIDES], rest = number;
        for (size_t i = PLACE_SIDES; i-- > 0; rest /= counts[i]) at[i] = rest % counts[i];
        if (platforms & 1u << at[PLACE_PLATFORM] && is_in_either(differ, at[PLACE_MODE]))
            ask(differ, probe, at, course);
    }
}

/* ---- All of it ---- */

void differ_begin(struct differ *differ, const struct redial_policy *a,
                  const struct redial_policy *b)
{
    *differ = (struct differ){.policies = {a, b}};
    probes_begin(&differ->probes);
    for (size_t side = 0; side < DIFFER_SIDES; side++) {
        const struct redial_policy *policy = differ->policies[side];
        probes_add(&differ->probes, policy);
        for (size_t i = 0; i < policy->provider_count; i++)
            differ->platforms[side] |= 1u << policy->platforms[policy->providers[i].platform].kind;
    }
    differ->failed = differ->probes.failed;
}

bool differ_find(struct differ *differ)
{
    struct course_text course[DIFFER_SIDES] = {0};
    for (size_t i = 0; i < differ->probes.count && !differ->failed; i++)
        ask_everywhere(differ, differ->probes.list[i], course);
    for (struct difference *difference = differ->list; difference; difference = difference->next)
        while (join_two(difference)) {}
    for (size_t side = 0; side < DIFFER_SIDES; side++) course_clean_up(&course[side]);
    return !differ->failed;
}

void differ_end(struct differ *differ)
{
    probes_end(&differ->probes);
}
