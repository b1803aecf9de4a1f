#include "compile/matcher.h"

#include <stdlib.h>

/* One conjunction of a row: the lists of values that become its key, and whether they say all. */
struct conjunction {
    const struct condition
        *lists[FACT_KEYS]; /* ONE_OF conditions, one per fact, in the order of their length */
    size_t list_count;
    uint32_t mask;
    uint64_t message_bits; /* of the first pattern over messages that it needs, 0 none */
    bool exact;
};

struct build {
    struct match_entry *entries; /* malloc'd until counted */
    size_t count, capacity;
    struct match_shape *shapes;
    size_t shape_count, shape_capacity;
    uint32_t *shape_of; /* per entry */
    bool failed;
};

/* ---- What a key can say of a condition */

static void insert_by_length(struct conjunction *conjunction, const struct condition *list)
{
    size_t at = conjunction->list_count++;
    for (; at > 0 && conjunction->lists[at - 1]->count > list->count; at--)
        conjunction->lists[at] = conjunction->lists[at - 1];
    conjunction->lists[at] = list;
}

static void add_conjunct(struct conjunction *conjunction, const struct condition *condition)
{
    bool indexed =
        condition->kind == CONDITION_ONE_OF && condition->fact < FACT_KEYS && condition->count > 0;
    if (indexed && !(conjunction->mask & 1u << condition->fact)) {
        conjunction->mask |= 1u << condition->fact;
        insert_by_length(conjunction, condition);
    } else if (condition->kind != CONDITION_ALWAYS) {
        conjunction->exact = false;
        if (!conjunction->message_bits && condition->kind == CONDITION_GLOB &&
            condition->fact == FACT_MESSAGE)
            conjunction->message_bits = condition->message_bits;
    }
}

/* Lists that would expand to too many keys are dropped, the longest first. */
static void bound_product(struct conjunction *conjunction)
{
    size_t product = 1;
    for (size_t i = 0; i < conjunction->list_count; i++) {
        const struct condition *list = conjunction->lists[i];
        if (product * list->count <= MATCH_PRODUCT_MAX) {
            product *= list->count;
            continue;
        }
        for (size_t dropped = i; dropped < conjunction->list_count; dropped++)
            conjunction->mask &= ~(1u << conjunction->lists[dropped]->fact);
        conjunction->list_count = i;
        conjunction->exact = false;
    }
}

static struct conjunction conjunction_of(const struct condition *condition)
{
    struct conjunction conjunction = {.exact = true};
    if (condition->kind == CONDITION_ALL)
        for (size_t i = 0; i < condition->count; i++)
            add_conjunct(&conjunction, condition->children[i]);
    else
        add_conjunct(&conjunction, condition);
    bound_product(&conjunction);
    return conjunction;
}

/* ---- Entries */

static bool grow(void **array, size_t *capacity, size_t size)
{
    size_t wanted = *capacity ? 2 * *capacity : 64;
    void *grown = realloc(*array, wanted * size);
    if (!grown) return false;
    *array = grown;
    *capacity = wanted;
    return true;
}

static uint32_t shape_number(struct build *build, uint32_t mask, uint32_t row)
{
    for (size_t i = 0; i < build->shape_count; i++)
        if (build->shapes[i].mask == mask) return (uint32_t)i;
    if (build->shape_count == build->shape_capacity) {
        void *shapes = build->shapes;
        if (!grow(&shapes, &build->shape_capacity, sizeof *build->shapes)) {
            build->failed = true;
            return 0;
        }
        build->shapes = shapes;
    }
    build->shapes[build->shape_count] = (struct match_shape){.mask = mask, .first_row = row};
    return (uint32_t)build->shape_count++;
}

static bool room_for_entry(struct build *build)
{
    if (build->count < build->capacity) return true;
    void *entries = build->entries, *shape_of = build->shape_of;
    size_t capacity = build->capacity;
    bool grown = grow(&entries, &capacity, sizeof *build->entries);
    build->entries = entries;
    capacity = build->capacity;
    grown = grown && grow(&shape_of, &capacity, sizeof *build->shape_of);
    build->shape_of = shape_of;
    if (grown) build->capacity = capacity;
    return grown;
}

/* One entry for each combination of the lists' values. */
static void add_entries(struct build *build, const struct conjunction *conjunction,
                        const struct condition *rest, uint32_t row)
{
    size_t product = 1;
    for (size_t i = 0; i < conjunction->list_count; i++) product *= conjunction->lists[i]->count;
    uint32_t shape = shape_number(build, conjunction->mask, row);
    for (size_t combination = 0; combination < product && !build->failed; combination++) {
        if (!room_for_entry(build)) {
            build->failed = true;
            return;
        }
        struct match_entry *entry = &build->entries[build->count];
        *entry = (struct match_entry){.mask = conjunction->mask,
                                      .row = row,
                                      .rest = rest,
                                      .next = MATCH_NONE,
                                      .message_bits = conjunction->message_bits};
        size_t digits = combination;
        for (size_t i = 0; i < conjunction->list_count; i++) {
            const struct condition *list = conjunction->lists[i];
            entry->key[list->fact] = list->values[digits % list->count];
            digits /= list->count;
        }
        build->shape_of[build->count++] = shape;
    }
}

static void add_row(struct build *build, const struct condition *condition, uint32_t row)
{
    size_t count = condition->kind == CONDITION_ANY ? condition->count : 1;
    for (size_t i = 0; i < count; i++) {
        const struct condition *way =
            condition->kind == CONDITION_ANY ? condition->children[i] : condition;
        struct conjunction conjunction = conjunction_of(way);
        add_entries(build, &conjunction, conjunction.exact ? NULL : condition, row);
    }
}

/* ---- Tables */

static uint32_t hash_of(const struct match_entry *entry, uint32_t mask)
{
    uint64_t sum = 0;
    for (uint32_t bits = mask; bits; bits &= bits - 1) {
        int fact = __builtin_ctz(bits);
        sum += match_mix((enum fact)fact, entry->key[fact]);
    }
    return match_fold(sum);
}

static bool same_key(const struct match_entry *a, const struct match_entry *b)
{
    for (size_t fact = 0; fact < FACT_KEYS; fact++)
        if (a->key[fact] != b->key[fact]) return false;
    return true;
}

/* Entries come last row first: each goes in front of those with its key, and one that its key says
 * all of hides them. */
static void put(struct match_entry *entries, uint32_t number, const struct match_shape *shape,
                uint32_t *table)
{
    struct match_entry *entry = &entries[number];
    uint32_t slot = hash_of(entry, shape->mask) & (shape->slots - 1);
    while (table[slot] != MATCH_NONE && !same_key(&entries[table[slot]], entry))
        slot = (slot + 1) & (shape->slots - 1);
    if (entry->rest) entry->next = table[slot];
    table[slot] = number;
}

static bool make_table(struct arena *arena, struct build *build, uint32_t shape_number,
                       struct match_entry *entries)
{
    struct match_shape *shape = &build->shapes[shape_number];
    size_t count = 0;
    for (size_t i = 0; i < build->count; i++) count += build->shape_of[i] == shape_number;
    shape->slots = 2;
    while (shape->slots < 2 * count) shape->slots *= 2;
    uint32_t *table = ARENA_ARRAY(arena, uint32_t, shape->slots);
    if (!table) return false;
    for (uint32_t slot = 0; slot < shape->slots; slot++) table[slot] = MATCH_NONE;
    for (size_t i = build->count; i-- > 0;)
        if (build->shape_of[i] == shape_number) put(entries, (uint32_t)i, shape, table);
    shape->table = table;
    return true;
}

static int by_first_row(const void *a, const void *b)
{
    uint32_t x = ((const struct match_shape *)a)->first_row,
             y = ((const struct match_shape *)b)->first_row;
    return (x > y) - (x < y);
}

static bool finish(struct arena *arena, struct build *build, size_t rows, struct matcher *matcher)
{
    struct match_entry *entries = ARENA_ARRAY(arena, struct match_entry, build->count);
    struct match_shape *shapes = ARENA_ARRAY(arena, struct match_shape, build->shape_count);
    if (build->failed || !entries || !shapes) return false;
    for (size_t i = 0; i < build->count; i++) entries[i] = build->entries[i];
    for (uint32_t i = 0; i < build->shape_count; i++) {
        if (!make_table(arena, build, i, entries)) return false;
        shapes[i] = build->shapes[i];
    }
    if (build->shape_count) qsort(shapes, build->shape_count, sizeof *shapes, by_first_row);
    *matcher = (struct matcher){.rows = rows,
                                .shape_count = build->shape_count,
                                .entry_count = build->count,
                                .shapes = shapes,
                                .entries = entries};
    return true;
}

bool matcher_build(struct arena *arena, const struct condition *const *rows, size_t count,
                   struct matcher *matcher)
{
    struct build build = {0};
    for (size_t row = 0; row < count && !build.failed; row++)
        if (rows[row]) add_row(&build, rows[row], (uint32_t)row);
    bool built = finish(arena, &build, count, matcher);
    free(build.entries);
    free(build.shapes);
    free(build.shape_of);
    return built;
}
