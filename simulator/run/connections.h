/* The client's kept-alive connections to one provider, as a model: whether an attempt finds one
 * idle, and since when that one has been. A request takes the one that was used last. */
#ifndef REDIAL_SIMULATOR_CONNECTIONS_H
#define REDIAL_SIMULATOR_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* All zero is an empty one. */
struct connections {
    int64_t *idle_since; /* ns, the one used last at the end */
    size_t count, capacity;
};

void connections_clean_up(struct connections *connections);
/* Whether the next request goes over an idle connection, and since when that was idle. */
bool connections_take(struct connections *connections, int64_t *since);
/* A reply ended and left its connection open. False when memory is out. */
bool connections_give(struct connections *connections, int64_t since) REDIAL_MUST_USE;

#endif
