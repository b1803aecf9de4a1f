#include "simulator/run/connections.h"

#include <stdlib.h>

void connections_clean_up(struct connections *connections)
{
    free(connections->idle);
    *connections = (struct connections){0};
}

uint32_t connections_take(struct connections *connections, bool fresh, bool *reused, int64_t *since)
{
    struct idle_connection *idle = connections->idle;
    *reused = !fresh && connections->count > 0;
    if (!*reused) return connections->made++;
    struct idle_connection taken = idle[0], last = idle[--connections->count];
    size_t at = 0;
    for (size_t child = 1; child < connections->count; child = 2 * at + 1) {
        if (child + 1 < connections->count && idle[child + 1].number < idle[child].number) child++;
        if (last.number < idle[child].number) break;
        idle[at] = idle[child];
        at = child;
    }
    idle[at] = last;
    *since = taken.since;
    return taken.number;
}

bool connections_give(struct connections *connections, uint32_t number, int64_t since)
{
    if (connections->count == connections->capacity) {
        size_t capacity = connections->capacity ? 2 * connections->capacity : 8;
        struct idle_connection *grown = realloc(connections->idle, capacity * sizeof *grown);
        if (!grown) return false;
        connections->idle = grown;
        connections->capacity = capacity;
    }
    struct idle_connection *idle = connections->idle;
    size_t at = connections->count++;
    for (; at > 0 && idle[(at - 1) / 2].number > number; at = (at - 1) / 2)
        idle[at] = idle[(at - 1) / 2];
    idle[at] = (struct idle_connection){number, since};
    return true;
}
