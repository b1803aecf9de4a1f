#include "document/cursor.h"

struct cursor cursor_begin(const struct source *source)
{
    size_t mark = str_starts_with(source->text, REDIAL_STR("\xef\xbb\xbf")) ? 3 : 0;
    return (struct cursor){source, {.byte = mark, .line = 1, .column = 1}};
}

static void step(struct cursor *cursor)
{
    struct redial_str text = cursor->source->text;
    struct place *at = &cursor->at;
    if (text.ptr[at->byte] == '\n') {
        at->line++;
        at->column = 1;
    } else {
        at->column++;
    }
    size_t len = str_utf8_char_len(text, at->byte);
    at->byte += len ? len : 1;
    at->index++;
}

struct place cursor_to_index(struct cursor *cursor, size_t index)
{
    if (index < cursor->at.index) *cursor = cursor_begin(cursor->source);
    while (cursor->at.index < index && cursor->at.byte < cursor->source->text.len) step(cursor);
    return cursor->at;
}

struct place cursor_to_byte(struct cursor *cursor, size_t byte)
{
    if (byte < cursor->at.byte) *cursor = cursor_begin(cursor->source);
    while (cursor->at.byte < byte && cursor->at.byte < cursor->source->text.len) step(cursor);
    return cursor->at;
}

struct span span_between(const struct source *source, struct place begin, struct place end)
{
    size_t length = end.index > begin.index ? end.index - begin.index : 1;
    return (struct span){source,           begin.line,           begin.column,
                         (uint32_t)length, (uint32_t)begin.byte, (uint32_t)end.byte};
}
