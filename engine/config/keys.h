/* Keys as tables: the one way in which a mapping of nodes is read. The scenario reader uses it too.
 *
 *   static const struct key limits_keys[] = {
 *       {"retries",  read_count,    offsetof(struct limits, retries),  "retries of one leg"},
 *       {"deadline", read_duration, offsetof(struct limits, deadline), "time for the whole call"},
 *   };
 */
#ifndef REDIAL_CONFIG_KEYS_H
#define REDIAL_CONFIG_KEYS_H

#include "base/names.h"
#include "document/node.h"

struct reading {
    struct arena *arena;
    struct diag_list *diags;
    void *context; /* the reader's own: what is being built */
    bool out_of_memory;
};

/* Reads `value` into `target` (the struct's address plus the key's offset). False when it was wrong
 * and explained. */
typedef bool read_fn(struct reading *reading, const struct node *value, void *target);

struct key {
    const char *name;
    read_fn *read;
    size_t offset;
    const char *doc;  /* one line, for reference and schema */
    const char *type; /* how the reference calls its value: "duration", "list of classes" */
    bool required;
};

struct keys {
    const char *what; /* "a rule", "limits": for messages */
    const struct key *rows;
    size_t count;
};

/* Reads every pair of a mapping by its row. Unknown keys are errors with a suggestion; missing
 * required keys point at the mapping. Reports all that is wrong and returns whether nothing was. */
bool keys_read(struct reading *reading, const struct keys *keys, const struct node *mapping,
               void *target);

/* Readers of plain values; each explains itself with the place, what was expected and the likely
 * cure. */
read_fn read_text;     /* struct redial_str, in the arena */
read_fn read_bool;     /* bool: true, false */
read_fn read_duration; /* int64_t ns, a unit is required */
read_fn read_count;    /* int32_t, 0 and above, or `unlimited` */
read_fn read_tokens;   /* int64_t, 0 and above; 200k and 64_000 are understood */
bool read_word(struct reading *reading, const struct node *value, const struct names *names,
               int *row);
/* A percentage "25%" or a fraction 0.25, in millionths. */
read_fn read_share; /* uint32_t */

#endif
