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

/* Reads every pair of a mapping by its row, in the order of the file. Unknown keys are errors with
 * a suggestion; missing required keys point at the mapping. Reports all that is wrong and returns
 * whether nothing was. */
bool keys_read(struct reading *reading, const struct keys *keys, const struct node *mapping,
               void *target);

/* "Lists mean one of": a list's items, or the value itself as the only one. */
size_t items_count(const struct node *value);
const struct node *items_at(const struct node *value, size_t index);

/* The text of a value as the file writes it, for messages: what an environment reference stands
 * for may be a secret and is never printed. Cut to a readable length. */
struct redial_str node_written(const struct node *value);
/* Reports "expected `expected`, found …" at the value; always false. */
bool reading_unexpected(struct reading *reading, const struct node *value, const char *expected);
/* Names the environment variable behind a wrong value, if there is one; its value is not shown. */
void reading_blame_variable(struct reading *reading, struct diag *diag, const struct node *value);
/* Remembers that memory is out; always false. */
bool reading_out_of_memory(struct reading *reading);
/* The closest of `words` to a name nobody declared, or the empty text. Costs nothing once more
 * errors are known than anybody reads. */
struct redial_str reading_suggestion(const struct reading *reading, const struct redial_str *words,
                                     size_t count, struct redial_str name);

/* Readers of plain values; each explains itself with the place, what was expected and the likely
 * cure. */
read_fn read_text;     /* struct redial_str, in the arena */
read_fn read_bool;     /* bool: true, false */
read_fn read_duration; /* int64_t ns, a unit is required */
read_fn read_bound;    /* int64_t ns as above, or `unlimited`: DURATION_MAX */
read_fn read_count;    /* int32_t, 0 and above, or `unlimited` */
read_fn read_tokens;   /* int64_t, 0 and above; 200k and 64_000 are understood */
bool read_word(struct reading *reading, const struct node *value, const struct names *names,
               int *row);
/* A percentage "25%" or a fraction 0.25, in millionths; 100 % at most. */
read_fn read_share; /* uint32_t */
/* A factor such as 0.8 or 1.3 in millionths, 0 to 1000. */
read_fn read_scale; /* uint32_t */
/* A decimal number above 0, such as 2 or 1.5. */
read_fn read_factor; /* double */
/* A whole number from `low` to `high`; underscores between digits are allowed (64_000). */
bool read_whole(struct reading *reading, const struct node *value, int64_t low, int64_t high,
                int64_t *number);

#endif
