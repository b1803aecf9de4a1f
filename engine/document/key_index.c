#include "document/key_index.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN 64u /* a power of two, like all that follow */

void key_index_clean_up(struct key_index *index)
{
    free(index->slots);
    *index = (struct key_index){0};
}

/* A table that one large mapping blew up is given back, or clearing it for each small one would
 * cost more than the search it saves. */
void key_index_clear(struct key_index *index)
{
    if (index->capacity > CAPACITY_MIN) {
        key_index_clean_up(index);
    } else if (index->capacity > 0) {
        memset(index->slots, 0, index->capacity * sizeof *index->slots);
        index->count = 0;
    }
}

static struct key_slot *slot_of(const struct key_index *index, struct redial_str key)
{
    size_t mask = index->capacity - 1, at = str_hash(key) & mask;
    while (index->slots[at].key.ptr && !str_eq(index->slots[at].key, key)) at = (at + 1) & mask;
    return &index->slots[at];
}

static bool grow(struct key_index *index)
{
    struct key_index larger = {.capacity = index->capacity ? index->capacity * 2 : CAPACITY_MIN};
    larger.slots = calloc(larger.capacity, sizeof *larger.slots);
    if (!larger.slots) return false;
    for (size_t i = 0; i < index->capacity; i++)
        if (index->slots[i].key.ptr) *slot_of(&larger, index->slots[i].key) = index->slots[i];
    larger.count = index->count;
    free(index->slots);
    *index = larger;
    return true;
}

size_t *key_index_put(struct key_index *index, struct redial_str key)
{
    if (index->count >= index->capacity / 2 && !grow(index)) return NULL;
    struct key_slot *slot = slot_of(index, key);
    if (!slot->key.ptr) {
        *slot = (struct key_slot){key, SIZE_MAX};
        index->count++;
    }
    return &slot->value;
}

const size_t *key_index_find(const struct key_index *index, struct redial_str key)
{
    if (index->count == 0) return NULL;
    const struct key_slot *slot = slot_of(index, key);
    return slot->key.ptr ? &slot->value : NULL;
}
