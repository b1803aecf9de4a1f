/* The client's kept-alive connections to one provider, as a model: which connection an attempt
 * takes, and how long that one has been idle. A request takes the idle connection that was made
 * first, as libcurl does. */
#ifndef REDIAL_SIMULATOR_CONNECTIONS_H
#define REDIAL_SIMULATOR_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct idle_connection {
    uint32_t number; /* in the order of making */
    int64_t since;   /* ns */
};
/* All zero is an empty one. */
struct connections {
    struct idle_connection *idle; /* a binary heap by number: calls may be many */
    size_t count, capacity;
    uint32_t made;
};

void connections_clean_up(struct connections *connections);
/* The number of the connection that the next request uses; `reused` says whether it was idle, and
 * then `since` since when. `fresh` asks for a new one whatever is idle. */
uint32_t connections_take(struct connections *connections, bool fresh, bool *reused,
                          int64_t *since);
/* The reply ended and left the connection open. False when memory is out. */
bool connections_give(struct connections *connections, uint32_t number,
                      int64_t since) REDIAL_MUST_USE;

#endif
