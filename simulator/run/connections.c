#include "simulator/run/connections.h"

#include <stdlib.h>
#include <string.h>

void connections_clean_up(struct connections *connections)
{
    free(connections->idle);
    *connections = (struct connections){0};
}

uint32_t connections_take(struct connections *connections, bool fresh, bool *reused, int64_t *since)
{
    *reused = !fresh && connections->count > 0;
    if (!*reused) return connections->made++;
    struct idle_connection taken = connections->idle[0];
    connections->count--;
    memmove(connections->idle, connections->idle + 1, connections->count * sizeof taken);
    *since = taken.since;
    return taken.number;
}

bool connections_give(struct connections *connections, uint32_t number, int64_t now)
{
    if (connections->count == connections->capacity) {
        size_t capacity = connections->capacity ? 2 * connections->capacity : 8;
        struct idle_connection *idle = realloc(connections->idle, capacity * sizeof *idle);
        if (!idle) return false;
        connections->idle = idle;
        connections->capacity = capacity;
    }
    size_t at = connections->count++;
    for (; at > 0 && connections->idle[at - 1].number > number; at--)
        connections->idle[at] = connections->idle[at - 1];
    connections->idle[at] = (struct idle_connection){number, now};
    return true;
}
