/* Names numbered from 0 in the order in which they were added, found again by hashing: what makes
 * ten thousand rules link without comparing each with each. Open addressing, linear probing; a slot
 * holds a number plus one, 0 is empty. Lives in an arena. */
#ifndef REDIAL_MODEL_NAME_MAP_H
#define REDIAL_MODEL_NAME_MAP_H

#include "base/arena.h"

struct name_map {
    struct redial_str *names; /* borrowed texts: whoever adds one keeps it alive */
    size_t count, capacity;
    uint32_t *slots;
    size_t slot_count; /* a power of two, at least twice `count`; 0 while empty */
};

#define NAME_MAP_NONE SIZE_MAX

/* The number of a name, or NAME_MAP_NONE. */
size_t name_map_find(const struct name_map *map, struct redial_str name);
/* Adds a name unless it is there, and gives its number and whether it is new. False when memory is
 * out. */
bool name_map_add(struct name_map *map, struct arena *arena, struct redial_str name, size_t *number,
                  bool *is_new) REDIAL_MUST_USE;

#endif
