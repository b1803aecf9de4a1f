/* A walk over a source that knows line, column and offset at once. libyaml counts its marks in
 * characters (behind a byte order mark), spans need bytes: both are ways to say where the cursor
 * shall go. */
#ifndef REDIAL_DOCUMENT_CURSOR_H
#define REDIAL_DOCUMENT_CURSOR_H

#include "base/diag.h"

struct place {
    size_t index, byte;    /* index: characters from the beginning, without the byte order mark */
    uint32_t line, column; /* from 1 */
};

struct cursor {
    const struct source *source; /* valid UTF-8 */
    struct place at;
};

struct cursor cursor_begin(const struct source *source);
/* Forward costs the way gone; back means from the beginning again. Past the end is the end. */
struct place cursor_to_index(struct cursor *cursor, size_t index);
struct place cursor_to_byte(struct cursor *cursor, size_t byte);
struct span span_between(const struct source *source, struct place begin, struct place end);

#endif
