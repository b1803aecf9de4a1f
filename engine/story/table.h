/* A table of texts in columns that wrap within themselves, so that it fits a terminal. */
#ifndef REDIAL_STORY_TABLE_H
#define REDIAL_STORY_TABLE_H

#include "base/arena.h"

#define TABLE_COLUMNS_MAX 8

struct table {
    struct arena *arena; /* of the cells; not owned */
    size_t columns, cells, capacity;
    struct redial_str *texts; /* row by row, the headings first */
    bool right[TABLE_COLUMNS_MAX];
    bool failed;
};

/* Every row gets as many cells as there are headings. A heading that begins with '>' aligns its
 * column to the right; when all are empty, no headings are written. */
void table_begin(struct table *table, struct arena *arena, const char *const headings[],
                 size_t columns);
/* The next cell; cells fill row after row. */
void table_cell(struct table *table, struct redial_str text);
void table_cell_from(struct table *table, struct text *text); /* and clears `text` */
void table_printf(struct table *table, const char *format, ...) REDIAL_PRINTF(2, 3);
size_t table_rows(const struct table *table); /* without the headings */
/* Writes it `indent` columns in, wrapped to `width` (0: not), without columns that say nothing.
 * Once; then only table_end. */
void table_write(struct table *table, size_t indent, size_t width, struct text *out);
void table_end(struct table *table);

#endif
