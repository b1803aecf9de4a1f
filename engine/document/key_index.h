/* Words to numbers, by hash: which key stands twice, which anchor an alias means. */
#ifndef REDIAL_DOCUMENT_KEY_INDEX_H
#define REDIAL_DOCUMENT_KEY_INDEX_H

#include "base/str.h"

struct key_slot {
    struct redial_str key; /* borrowed; ptr NULL: the slot is free */
    size_t value;
};

struct key_index {
    struct key_slot *slots;
    size_t count, capacity;
};

void key_index_clean_up(struct key_index *index);
void key_index_clear(
    struct key_index *index); /* costs what was in use, not what was ever reserved */
/* The value stored under `key`, which may be changed until the next call; put there with SIZE_MAX
 * when it is new. NULL when memory is out. key.ptr may not be NULL. */
size_t *key_index_put(struct key_index *index, struct redial_str key);
/* NULL when there is none. */
const size_t *key_index_find(const struct key_index *index, struct redial_str key);

#endif
