/* The one YAML reader: libyaml events become nodes with spans. YAML 1.2 core schema: `on`, `yes`,
 * `no` are plain text. Aliases share their anchor's node; merge keys (<<) are not part of the
 * language. */
#ifndef REDIAL_DOCUMENT_NODE_H
#define REDIAL_DOCUMENT_NODE_H

#include "base/diag.h"

enum node_kind { NODE_SCALAR, NODE_SEQUENCE, NODE_MAPPING };

struct node {
    enum node_kind kind;
    bool plain;       /* a scalar without quotes: may be read as a number, null or boolean */
    struct span span; /* of the scalar, or of the collection's first character up to its last */
    struct redial_str text; /* NODE_SCALAR: in the arena */
    size_t count;           /* items of a sequence, pairs of a mapping */
    struct node **items;    /* NODE_SEQUENCE */
    struct node **keys;     /* NODE_MAPPING: always scalars, no key twice */
    struct node **values;
    /* NODE_SCALAR in block style ('|', '>'): column (0-based) of its content; else 0. Its span then
     * covers the content lines whole, from the first one's indentation to the last one's line break
     * (if the file has it), without the indicator line, and without blank lines behind unless '+'
     * keeps them. Empty content: an empty span where it would begin, and the column for it. */
    uint32_t block_indent;
};

#define DOCUMENT_BYTES_MAX (4u << 20) /* a person's file; a 100 MB one is a mistake */
#define DOCUMENT_DEPTH_MAX 64u
#define DOCUMENT_NODES_MAX 1000000u /* with aliases expanded: anchors that explode end here */

/* Reads a whole file into the arena. "-" is standard input. A missing, unreadable, too large or
 * non-UTF-8 file, or a directory, is an error in `diags` (with the place of the first bad byte) and
 * NULL. */
const struct source *source_read(struct arena *arena, const char *path, struct diag_list *diags);
/* The same from memory; both texts are copied. */
const struct source *source_of(struct arena *arena, struct redial_str path, struct redial_str text,
                               struct diag_list *diags);

/* Parses exactly one document. NULL when it is not well-formed (explained in `diags`); an empty
 * document is an error too. Duplicate keys are reported with both places, and are the only error
 * after which a tree is still returned, so that other errors can be reported with them;
 * diag_errors() tells. */
struct node *document_parse(struct arena *arena, const struct source *source,
                            struct diag_list *diags);

/* The value under `key` in a mapping, or NULL. */
struct node *node_get(const struct node *mapping, const char *key);
bool node_is_null(const struct node *node); /* plain "", "~", "null", "Null", "NULL" */
/* "a list", "a mapping", "text", "a number", "true or false", "nothing", for messages. */
const char *node_kind_name(const struct node *node);

#endif
