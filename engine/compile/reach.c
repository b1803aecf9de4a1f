/* Which rows can never match: those whose every key is already answered by an earlier row that
 * needs nothing but its key. */
#include "compile/parts.h"

/* Entries with one key and conditions besides it that are looked at: a longer chain is a tail of
 * patterns, and missing a warning there is cheaper than a load that takes its square. */
#define CHAIN_LOOK_MAX 64

static bool same_key(const struct match_entry *a, const struct match_entry *b, uint32_t mask)
{
    for (; mask; mask &= mask - 1) {
        int fact = __builtin_ctz(mask);
        if (a->key[fact] != b->key[fact]) return false;
    }
    return true;
}

static const struct match_entry *find(const struct matcher *matcher,
                                      const struct match_shape *shape,
                                      const struct match_entry *entry)
{
    uint64_t sum = 0;
    for (uint32_t mask = shape->mask; mask; mask &= mask - 1) {
        int fact = __builtin_ctz(mask);
        sum += match_mix((enum fact)fact, entry->key[fact]);
    }
    uint32_t slot = match_fold(sum) & (shape->slots - 1);
    for (;; slot = (slot + 1) & (shape->slots - 1)) {
        if (shape->table[slot] == MATCH_NONE) return NULL;
        const struct match_entry *found = &matcher->entries[shape->table[slot]];
        if (same_key(found, entry, shape->mask)) return found;
    }
}

const struct match_entry *reach_covering(const struct matcher *matcher,
                                         const struct match_entry *entry)
{
    for (size_t i = 0; i < matcher->shape_count; i++) {
        const struct match_shape *shape = &matcher->shapes[i];
        if (shape->mask & ~entry->mask || shape->first_row >= entry->row) continue;
        const struct match_entry *found = find(matcher, shape, entry);
        for (int looks = 0; found && looks < CHAIN_LOOK_MAX && found->row < entry->row; looks++) {
            if (!found->rest) return found;
            found = found->next == MATCH_NONE ? NULL : &matcher->entries[found->next];
        }
    }
    return NULL;
}
