/* What a reader of keys.h accepts, as data, for those who print it: the JSON Schema and the
 * reference. A reader's shape stands in a table beside it; a key has the shape of its reader, so
 * nothing is said twice.
 *
 *   const struct shape_row backoff_shapes[] = {
 *       {read_kind, AS_WORD(backoff_kind_names)},
 *       {read_backoffs, AS_NAMED(AS_KEYS(backoff_table))},
 *       {0},
 *   };
 *
 * A table counts once the schema of its language names it (config.c, scenario_schema.c). A
 * unit test names every key whose reader has no shape.
 */
#ifndef REDIAL_CONFIG_SHAPE_H
#define REDIAL_CONFIG_SHAPE_H

#include "config/keys.h"

enum shape_kind {
    SHAPE_ANYTHING, /* no shape is known */
    SHAPE_TEXT,     /* any scalar but nothing at all */
    SHAPE_BOOL,
    SHAPE_EXACTLY, /* the word `pattern` */
    SHAPE_MATCHES, /* a scalar that matches the regular expression `pattern` */
    SHAPE_NUMBER,  /* `low` to `high`, a fraction allowed */
    SHAPE_WHOLE,   /* `low` to `high`; underscores between digits */
    SHAPE_WORD,    /* of `names`, without the first `skip` */
    SHAPE_KEYS,    /* a mapping with the keys of `keys` */
    SHAPE_LIST,    /* a list of `of` */
    SHAPE_ITEMS,   /* `of`, or a list of them */
    SHAPE_NAMED,   /* a mapping of any names to `of` */
    SHAPE_BY_WORD, /* a mapping of words of `names` to `of` */
    SHAPE_SAME,    /* as `of` */
    SHAPE_CHOICE,  /* a word of `names`, or {word: parameter} by `parameters` */
};

struct shape {
    enum shape_kind kind;
    const struct names *names;
    size_t skip;
    const struct keys *keys;
    const struct shape *of;
    const struct shape *parameters; /* CHOICE: by row of `names`; ANYTHING takes none */
    const char *pattern;
    int64_t low, high;
    const struct shape * or ; /* what else is accepted; NULL nothing */
};

struct shape_row {
    read_fn *read; /* NULL ends a table */
    struct shape shape;
};

/* Initialisers. SHAPE(…) makes one a pointer, for `of` and `or`. */
#define SHAPE(...) (&(const struct shape)__VA_ARGS__)
#define AS_TEXT                                                                                    \
    {                                                                                              \
        .kind = SHAPE_TEXT                                                                         \
    }
#define AS_BOOL                                                                                    \
    {                                                                                              \
        .kind = SHAPE_BOOL                                                                         \
    }
#define AS_EXACTLY(word)                                                                           \
    {                                                                                              \
        .kind = SHAPE_EXACTLY, .pattern = (word)                                                   \
    }
#define AS_MATCHES(regex)                                                                          \
    {                                                                                              \
        .kind = SHAPE_MATCHES, .pattern = (regex)                                                  \
    }
#define AS_WORD(list)                                                                              \
    {                                                                                              \
        .kind = SHAPE_WORD, .names = &(list)                                                       \
    }
#define AS_WORD_FROM(list, first)                                                                  \
    {                                                                                              \
        .kind = SHAPE_WORD, .names = &(list), .skip = (first)                                      \
    }
#define AS_WHOLE(from, to)                                                                         \
    {                                                                                              \
        .kind = SHAPE_WHOLE, .low = (from), .high = (to)                                           \
    }
#define AS_KEYS(table)                                                                             \
    {                                                                                              \
        .kind = SHAPE_KEYS, .keys = &(table)                                                       \
    }
#define AS_LIST(...)                                                                               \
    {                                                                                              \
        .kind = SHAPE_LIST, .of = SHAPE(__VA_ARGS__)                                               \
    }
#define AS_ITEMS(...)                                                                              \
    {                                                                                              \
        .kind = SHAPE_ITEMS, .of = SHAPE(__VA_ARGS__)                                              \
    }
#define AS_NAMED(...)                                                                              \
    {                                                                                              \
        .kind = SHAPE_NAMED, .of = SHAPE(__VA_ARGS__)                                              \
    }
#define AS_KEYS_OR(table, ...)                                                                     \
    {                                                                                              \
        .kind = SHAPE_KEYS, .keys = &(table), .or = SHAPE(__VA_ARGS__)                             \
    }
#define AS_MATCHES_OR(regex, ...)                                                                  \
    {                                                                                              \
        .kind = SHAPE_MATCHES, .pattern = (regex), .or = SHAPE(__VA_ARGS__)                        \
    }
#define AS_WHOLE_OR(from, to, ...)                                                                 \
    {                                                                                              \
        .kind = SHAPE_WHOLE, .low = (from), .high = (to), .or = SHAPE(__VA_ARGS__)                 \
    }
#define AS_NUMBER_OR(from, to, ...)                                                                \
    {                                                                                              \
        .kind = SHAPE_NUMBER, .low = (from), .high = (to), .or = SHAPE(__VA_ARGS__)                \
    }

#define ONE_DURATION "([0-9]+(\\.[0-9]+)?[ \t]*(ns|us|ms|s|m|h|d)[ \t]*)+"
#define ONE_DECIMAL  "[0-9]{1,9}(\\.[0-9]{1,9})?"
#define AS_DURATION  AS_MATCHES("^" ONE_DURATION "$")
#define AS_COUNT     AS_WHOLE_OR(0, 1000000000, AS_EXACTLY("unlimited"))
#define AS_PERCENT   AS_MATCHES("^" ONE_DECIMAL "[ \t]*%$")
#define AS_SHARE     AS_NUMBER_OR(0, 1, AS_PERCENT)
#define AS_DECIMAL   AS_NUMBER_OR(0, 0, AS_MATCHES("^" ONE_DECIMAL "$"))

extern const struct shape_row value_shapes[]; /* of the readers that keys.h declares */

#endif
