#include "simulator/run/connections.h"

#include <stdlib.h>

void connections_clean_up(struct connections *connections)
{
    free(connections->idle_since);
    *connections = (struct connections){0};
}

bool connections_take(struct connections *connections, int64_t *since)
{
    if (connections->count == 0) return false;
    *since = connections->idle_since[--connections->count];
    return true;
}

bool connections_give(struct connections *connections, int64_t since)
{
    if (connections->count == connections->capacity) {
        size_t capacity = connections->capacity ? 2 * connections->capacity : 8;
        int64_t *idle_since = realloc(connections->idle_since, capacity * sizeof *idle_since);
        if (!idle_since) return false;
        connections->idle_since = idle_since;
        connections->capacity = capacity;
    }
    connections->idle_since[connections->count++] = since;
    return true;
}
