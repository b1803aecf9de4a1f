/* The texts of a story, each kept once and free of secrets: what is recorded is a number. */
#ifndef REDIAL_STORY_TEXTS_H
#define REDIAL_STORY_TEXTS_H

#include "base/arena.h"

struct secrets;

struct texts {
    struct arena *arena; /* NULL until the first text */
    struct redial_str *rows;
    uint32_t *slots; /* open addressing over rows, 0 empty */
    uint32_t count, capacity, slot_count;
    struct text scratch; /* for redaction */
    bool failed;
};

/* The number of `text`, 0 for the empty one and when memory is out (`failed` tells). `last`
 * remembers what this place held before: the same reply over and over costs one comparison. */
uint32_t texts_add(struct texts *texts, struct redial_str text, const struct secrets *known,
                   uint32_t *last);
/* The text of a number; empty for 0. Valid until the next texts_forget. */
struct redial_str texts_get(const struct texts *texts, uint32_t number);
void texts_forget(struct texts *texts); /* all numbers become void; also frees */

#endif
