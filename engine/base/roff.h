/* Text as roff (man(7)) takes it, for manual pages that are printed from tables. */
#ifndef REDIAL_BASE_ROFF_H
#define REDIAL_BASE_ROFF_H

#include "base/str.h"

/* Appends running text: what roff would take for its own is escaped, `words` become bold. */
void roff_text(struct redial_str piece, struct text *out);
/* The same without the meaning of backquotes: for what is typed or shown as it is. */
void roff_literal(struct redial_str piece, struct text *out);
/* A block of lines that are kept as they are (.nf). */
void roff_block(struct redial_str lines, struct text *out);

#endif
