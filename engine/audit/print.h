/* The matrix for people and for programs. Nothing here fails but for memory, which `out->failed`
 * tells. */
#ifndef REDIAL_AUDIT_PRINT_H
#define REDIAL_AUDIT_PRINT_H

#include "audit/matrix.h"

struct matrix_style {
    uint32_t width; /* columns of the terminal, 0 unlimited */
    bool wide;      /* all surfaces, the wire, and every cell's source, whatever the width */
};

typedef void matrix_print_fn(const struct matrix *matrix, const struct matrix_style *style,
                             struct text *out);
matrix_print_fn matrix_print_text;     /* tables that fit the width, and what they leave out */
matrix_print_fn matrix_print_markdown; /* for a pull request or a wiki */
matrix_print_fn matrix_print_csv;      /* RFC 4180: one line per cell */
matrix_print_fn matrix_print_json;     /* one object */
matrix_print_fn matrix_print_html;     /* one page that needs nothing else */

/* What a cell says beyond its word, as one sentence; nothing when that is all. */
void matrix_remark(const struct matrix *matrix, const struct matrix_cell *cell, struct text *out);
/* Whether two cells of a row say the same, from the same sources. */
bool matrix_same(const struct matrix_cell *a, const struct matrix_cell *b);

#endif
