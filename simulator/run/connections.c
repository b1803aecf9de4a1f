#include "simulator/run/connections.h"

#include <stdlib.h>

void connections_clean_up(struct connections *connections)
{
    free(connections->idle);
    *connections = (struct connections){0};
}

static void swap(struct idle_connection *a, struct idle_connection *b)
{
    struct idle_connection kept = *a;
    *a = *b;
    *b = kept;
}

static void sift_down(struct idle_connection *idle, size_t count)
{
    for (size_t at = 0, child = 1; child < count; at = child, child = 2 * at + 1) {
        if (child + 1 < count && idle[child + 1].number < idle[child].number) child++;
        if (idle[at].number <= idle[child].number) return;
        swap(&idle[at], &idle[child]);
    }
}

uint32_t connections_take(struct connections *connections, bool fresh, bool *reused, int64_t *since)
{
    *reused = !fresh && connections->count > 0;
    if (!*reused) return connections->made++;
    struct idle_connection taken = connections->idle[0];
    connections->idle[0] = connections->idle[--connections->count];
    sift_down(connections->idle, connections->count);
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
    struct idle_connection *idle = connections->idle;
    size_t at = connections->count++;
    idle[at] = (struct idle_connection){number, now};
    for (; at > 0 && idle[at].number < idle[(at - 1) / 2].number; at = (at - 1) / 2)
        swap(&idle[at], &idle[(at - 1) / 2]);
    return true;
}
