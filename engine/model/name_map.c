#include "model/name_map.h"

#include <string.h>

#define SLOTS_FIRST 32

/* The slot that holds `name`, or the empty one where it belongs. The map has an empty slot. */
static size_t slot_of(const struct name_map *map, struct redial_str name)
{
    size_t slot = (size_t)str_hash(name) & (map->slot_count - 1);
    while (map->slots[slot] != 0 && !str_eq(map->names[map->slots[slot] - 1], name))
        slot = (slot + 1) & (map->slot_count - 1);
    return slot;
}

size_t name_map_find(const struct name_map *map, struct redial_str name)
{
    if (map->slot_count == 0) return NAME_MAP_NONE;
    uint32_t number = map->slots[slot_of(map, name)];
    return number == 0 ? NAME_MAP_NONE : number - 1;
}

/* The old memory stays in the arena: all doublings together are no larger than the last. */
static bool grow(struct name_map *map, struct arena *arena)
{
    struct name_map larger = {.slot_count =
                                  map->slot_count == 0 ? SLOTS_FIRST : map->slot_count * 2};
    larger.count = map->count;
    larger.capacity = larger.slot_count / 2;
    larger.names = ARENA_ARRAY(arena, struct redial_str, larger.capacity);
    larger.slots = ARENA_ARRAY(arena, uint32_t, larger.slot_count);
    if (!larger.names || !larger.slots) return false;
    if (map->count > 0) memcpy(larger.names, map->names, map->count * sizeof(*map->names));
    for (size_t i = 0; i < map->count; i++)
        larger.slots[slot_of(&larger, larger.names[i])] = (uint32_t)(i + 1);
    *map = larger;
    return true;
}

bool name_map_add(struct name_map *map, struct arena *arena, struct redial_str name, size_t *number,
                  bool *is_new)
{
    if (map->count == map->capacity && !grow(map, arena)) return false;
    size_t slot = slot_of(map, name);
    *is_new = map->slots[slot] == 0;
    if (*is_new) {
        map->names[map->count++] = name;
        map->slots[slot] = (uint32_t)map->count;
    }
    *number = map->slots[slot] - 1;
    return true;
}
