/* `extends`: a policy that builds on another is the other one with named parts changed. The trees
 * are joined before anything is read, and every node keeps its own place, so all that is said later
 * points at the file that says it.
 *
 *   rules              by name: the keys that are written change the rule where it stands; rules
 *                      with new names come before all inherited ones
 *   classify, transport  rows come before the inherited ones
 *   other sections     by key, and once more by key within a named part (a backoff, a provider)
 *   name, about        are each file's own
 */
#include "config/reader.h"

static struct node *node_like(struct config *config, const struct node *model, size_t room)
{
    struct arena *arena = config->nodes;
    struct node *node = ARENA_NEW(arena, struct node);
    if (!node) return NULL;
    *node = *model;
    node->count = 0;
    if (node->kind == NODE_SEQUENCE) {
        node->items = ARENA_ARRAY(arena, struct node *, room);
        return node->items ? node : NULL;
    }
    node->keys = ARENA_ARRAY(arena, struct node *, room);
    node->values = ARENA_ARRAY(arena, struct node *, room);
    return node->keys && node->values ? node : NULL;
}

static void add_pair(struct node *mapping, struct node *key, struct node *value)
{
    mapping->keys[mapping->count] = key;
    mapping->values[mapping->count++] = value;
}

typedef struct node *join_fn(struct config *config, struct node *base, struct node *over,
                             size_t depth);

/* The keys of `base` in their order, each joined with what `over` says of it, then its new ones.
 * NULL when memory is out. */
static struct node *join_mappings(struct config *config, struct node *base, struct node *over,
                                  size_t depth)
{
    if (depth == 0 || base->kind != NODE_MAPPING || over->kind != NODE_MAPPING) return over;
    struct node *joined = node_like(config, over, base->count + over->count);
    if (!joined) return NULL;
    for (size_t i = 0; i < base->count; i++) {
        struct node *value = base->values[i], *key = base->keys[i];
        for (size_t j = 0; value && j < over->count; j++)
            if (str_eq(over->keys[j]->text, base->keys[i]->text)) {
                value = join_mappings(config, value, over->values[j], depth - 1);
                key = over->keys[j];
            }
        if (!value) return NULL;
        add_pair(joined, key, value);
    }
    for (size_t i = 0; i < over->count; i++)
        if (!node_get(base, over->keys[i]->text.ptr))
            add_pair(joined, over->keys[i], over->values[i]);
    return joined;
}

static struct node *join_rows(struct config *config, struct node *base, struct node *over,
                              size_t depth)
{
    (void)depth;
    if (base->kind != NODE_SEQUENCE || over->kind != NODE_SEQUENCE) return over;
    struct node *joined = node_like(config, over, base->count + over->count);
    if (!joined) return NULL;
    for (size_t i = 0; i < over->count; i++) joined->items[joined->count++] = over->items[i];
    for (size_t i = 0; i < base->count; i++) joined->items[joined->count++] = base->items[i];
    return joined;
}

static const struct node *name_of(const struct node *rule)
{
    const struct node *name = node_get(rule, "name");
    return name && name->kind == NODE_SCALAR && name->text.len > 0 ? name : NULL;
}

/* Changes the inherited rules of the same names in `joined`, from number `first` on, and puts the
 * others before them. */
static bool change_rules(struct config *config, const struct node *over, struct node *joined,
                         const struct name_map *names, size_t first)
{
    size_t place = 0;
    for (size_t i = 0; i < over->count; i++) {
        const struct node *name = name_of(over->items[i]);
        size_t number = name ? name_map_find(names, name->text) : NAME_MAP_NONE;
        if (number == NAME_MAP_NONE) {
            joined->items[place++] = over->items[i];
            continue;
        }
        struct node **rule = &joined->items[first + number];
        *rule = join_mappings(config, *rule, over->items[i], 1);
        if (!*rule) return false;
    }
    return true;
}

static bool number_rules(struct config *config, const struct node *base, struct name_map *names)
{
    static const char *const odd =
        "\n"; /* no rule is called so: keeps numbers and places the same */
    for (size_t i = 0; i < base->count; i++) {
        const struct node *name = name_of(base->items[i]);
        size_t number;
        bool is_new = false;
        struct redial_str text = name ? name->text : str_of(odd);
        if (!name_map_add(names, config->nodes, text, &number, &is_new)) return false;
        if (!is_new) return true; /* a wrong file: told when it is read */
    }
    return true;
}

static struct node *join_rules(struct config *config, struct node *base, struct node *over,
                               size_t depth)
{
    (void)depth;
    if (base->kind != NODE_SEQUENCE || over->kind != NODE_SEQUENCE) return over;
    struct name_map names = {0};
    if (!number_rules(config, base, &names)) return NULL;
    size_t fresh = 0;
    for (size_t i = 0; i < over->count; i++) {
        const struct node *name = name_of(over->items[i]);
        fresh += !name || name_map_find(&names, name->text) == NAME_MAP_NONE;
    }
    struct node *joined = node_like(config, over, base->count + fresh);
    if (!joined) return NULL;
    joined->count = base->count + fresh;
    for (size_t i = 0; i < base->count; i++) joined->items[fresh + i] = base->items[i];
    return change_rules(config, over, joined, &names, fresh) ? joined : NULL;
}

static struct node *keep_own(struct config *config, struct node *base, struct node *over,
                             size_t depth)
{
    (void)config;
    (void)base;
    (void)depth;
    return over;
}

/* Sections that are not joined by key; what stands with NULL is not inherited at all. */
static const struct {
    const char *key;
    join_fn *join;
    bool inherited;
} sections[] = {
    {"rules", join_rules, true}, {"classify", join_rows, true}, {"transport", join_rows, true},
    {"uses", keep_own, false},   {"extends", keep_own, false},  {"name", keep_own, false},
    {"about", keep_own, false},
};

static struct node *join_section(struct config *config, struct redial_str key, struct node *base,
                                 struct node *over)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(sections); i++) {
        if (!str_is(key, sections[i].key)) continue;
        if (!over) return sections[i].inherited ? base : NULL;
        return sections[i].join(config, base, over, 0);
    }
    return over ? join_mappings(config, base, over, 2) : base;
}

struct node *config_join(struct config *config, struct node *base, struct node *over)
{
    struct node *joined = node_like(config, over, base->count + over->count);
    if (!joined) return NULL;
    for (size_t i = 0; i < base->count; i++) {
        struct node *own = node_get(over, base->keys[i]->text.ptr);
        struct node *value = join_section(config, base->keys[i]->text, base->values[i], own);
        if (!value && own) return NULL;
        if (value) add_pair(joined, base->keys[i], value);
    }
    for (size_t i = 0; i < over->count; i++)
        if (!node_get(base, over->keys[i]->text.ptr))
            add_pair(joined, over->keys[i], over->values[i]);
    return joined;
}
