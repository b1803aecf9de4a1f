#include "simulator/run/queue.h"

#include <stdlib.h>

void queue_clean_up(struct queue *queue)
{
    free(queue->heap);
    *queue = (struct queue){0};
}

static bool earlier(const struct queue_entry *a, const struct queue_entry *b)
{
    return a->at != b->at ? a->at < b->at : a->number < b->number;
}

static bool make_room(struct queue *queue)
{
    if (queue->count < queue->capacity) return true;
    size_t capacity = queue->capacity ? 2 * queue->capacity : 64;
    struct queue_entry *heap = realloc(queue->heap, capacity * sizeof *heap);
    if (!heap) return false;
    queue->heap = heap;
    queue->capacity = capacity;
    return true;
}

bool queue_push(struct queue *queue, struct queue_entry entry)
{
    if (!make_room(queue)) return false;
    entry.number = queue->entered++;
    size_t at = queue->count++;
    while (at > 0 && earlier(&entry, &queue->heap[(at - 1) / 2])) {
        queue->heap[at] = queue->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    queue->heap[at] = entry;
    return true;
}

bool queue_pop(struct queue *queue, struct queue_entry *entry)
{
    if (queue->count == 0) return false;
    *entry = queue->heap[0];
    struct queue_entry last = queue->heap[--queue->count];
    size_t at = 0;
    for (size_t child = 1; child < queue->count; child = 2 * at + 1) {
        if (child + 1 < queue->count && earlier(&queue->heap[child + 1], &queue->heap[child]))
            child++;
        if (!earlier(&queue->heap[child], &last)) break;
        queue->heap[at] = queue->heap[child];
        at = child;
    }
    queue->heap[at] = last;
    return true;
}
