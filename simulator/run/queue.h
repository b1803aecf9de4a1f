/* The event queue of a run: a binary heap by time, then by the order of entry, so that the same
 * script gives the same order everywhere. */
#ifndef REDIAL_SIMULATOR_QUEUE_H
#define REDIAL_SIMULATOR_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct queue_entry {
    int64_t at;       /* ns since the Unix epoch */
    uint64_t number;  /* the queue's: order of entry */
    uint32_t subject; /* whose event it is */
    uint32_t kind;
    uint64_t ticket; /* the owner's: tells a cancelled entry from the one that replaced it */
};

struct queue {
    struct queue_entry *heap;
    size_t count, capacity;
    uint64_t entered;
};

void queue_clean_up(struct queue *queue);
/* `entry.number` is set here. False when memory is out. */
bool queue_push(struct queue *queue, struct queue_entry entry) REDIAL_MUST_USE;
/* The earliest; false when there is none. */
bool queue_pop(struct queue *queue, struct queue_entry *entry);

#endif
