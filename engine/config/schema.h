/* A language printed from its key tables: as JSON Schema for editors and validators, as a reference
 * for people. */
#ifndef REDIAL_CONFIG_SCHEMA_H
#define REDIAL_CONFIG_SCHEMA_H

#include "config/shape.h"

/* One kind of file of the language. */
struct schema_root {
    const struct keys *keys;
    const char *with; /* a file with this key is of this kind; NULL: any other file */
    bool changes;     /* it changes another file: no key of its parts is required */
};

struct schema {
    const char *id;    /* where it is published in the project, "policies/policy.schema.json" */
    const char *title; /* "Redial policy" */
    const char *about; /* one line */
    const struct schema_root *roots; /* the first that a file fits decides; the last fits all */
    size_t root_count;
    const struct shape_row *const *shapes; /* ends with NULL */
    bool environment;                      /* a value may be a reference such as ${NAME} */
};

/* The policy language. */
extern const struct schema
    policy_schema; /* NOLINT(readability-redundant-declaration): api shows it too */

/* JSON Schema, draft 2020-12, indented; Markdown with a table per part; sections of a man page. */
void schema_json(const struct schema *schema, struct text *out);
void schema_markdown(const struct schema *schema, struct text *out);
void schema_man(const struct schema *schema, struct text *out);
/* A line per key whose reader has no shape: "a rule: max". */
void schema_without_shape(const struct schema *schema, struct text *out);

/* The shape of a key's reader, or NULL. */
const struct shape *schema_shape_of(const struct schema *schema, const struct key *key);

/* Every table that can be reached from the roots, in reading order, each once. */
#define SCHEMA_TABLES_MAX 128u
struct schema_tables {
    const struct keys *list[SCHEMA_TABLES_MAX];
    size_t count;
};
void schema_tables(const struct schema *schema, struct schema_tables *tables);
/* Every closed list of words that a key of the tables takes, each once. */
#define SCHEMA_WORDS_MAX 64u
struct schema_words {
    const struct names *names[SCHEMA_WORDS_MAX];
    size_t skip[SCHEMA_WORDS_MAX]; /* its first words are not part of the language */
    size_t count;
};
void schema_words(const struct schema *schema, struct schema_words *words);
/* How a table is called: "rule", and "bound-2" where two are called alike. */
void schema_table_name(const struct schema_tables *tables, const struct keys *keys,
                       struct text *out);

#endif
