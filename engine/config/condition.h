/* Building conditions, and reading the facts they look at. Private to config. */
#ifndef REDIAL_CONFIG_CONDITION_H
#define REDIAL_CONFIG_CONDITION_H

#include "config/reader.h"

/* NULL when memory is out, which is then known. */
struct condition *condition_new(struct reading *reading, enum condition_kind kind, enum fact fact,
                                const struct node *value, size_t count);
/* Room for `count` children; NULL when memory is out. */
const struct condition **condition_children(struct reading *reading, size_t count);
/* One condition of several: the only one itself, or all or any of them. */
bool condition_join(struct reading *reading, enum condition_kind kind, const struct node *value,
                    const struct condition **parts, size_t count, const struct condition **out);
/* Says so when a list is empty: it would match nothing. */
bool condition_has_items(struct reading *reading, const struct node *value);

/* A list of exact values while it is read, each with the word it was written as. */
struct words {
    uint32_t *values;
    struct redial_str *words;
    size_t count;
};

bool words_begin(struct reading *reading, size_t room, struct words *list);
bool words_add(struct reading *reading, struct words *list, const struct node *item,
               uint32_t value);
bool words_end(struct reading *reading, const struct words *list, enum fact fact,
               const struct node *value, const struct condition **out);

/* Readers of what stands behind a fact's key; the target is a `const struct condition *`. */
typedef bool fact_read_fn(struct reading *reading, const struct node *value, enum fact fact,
                          void *target);
fact_read_fn fact_read_words;   /* of a closed list */
fact_read_fn fact_read_symbols; /* texts, exactly */
fact_read_fn fact_read_names;   /* platforms, providers, models */
fact_read_fn fact_read_should_retry;
fact_read_fn fact_read_globs;
fact_read_fn fact_read_models; /* names and patterns */
fact_read_fn fact_read_header;
fact_read_fn fact_read_status;
fact_read_fn fact_read_numbers;
fact_read_fn fact_read_span; /* durations */
fact_read_fn fact_read_hint;
fact_read_fn fact_read_delivered;
fact_read_fn fact_read_lua; /* the name of a function */

#endif
