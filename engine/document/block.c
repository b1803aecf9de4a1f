#include "document/block.h"

static size_t line_end(struct redial_str text, size_t at)
{
    size_t len = str_find(str_skip(text, at), REDIAL_STR("\n"));
    return len == SIZE_MAX ? text.len : at + len + 1;
}

static size_t leading_spaces(struct redial_str text, size_t at)
{
    size_t from = at;
    while (at < text.len && text.ptr[at] == ' ') at++;
    return at - from;
}

static bool is_line_empty(struct redial_str text, size_t at, size_t spaces)
{
    return at + spaces >= text.len || text.ptr[at + spaces] == '\n' ||
           text.ptr[at + spaces] == '\r';
}

/* The column of the content: what the indicator says, else what the first line that is not empty
 * has. 0: there is no content. */
static size_t content_column(struct redial_str text, struct redial_str header, size_t begin,
                             int64_t parent)
{
    for (size_t i = 0; i < header.len && header.ptr[i] != ' ' && header.ptr[i] != '#'; i++)
        if (header.ptr[i] >= '1' && header.ptr[i] <= '9')
            return (size_t)(header.ptr[i] - '0') + (parent > 0 ? (size_t)parent : 0);
    size_t column_min = parent >= 0 ? (size_t)parent + 1 : 1;
    for (size_t at = begin; at < text.len; at = line_end(text, at)) {
        size_t spaces = leading_spaces(text, at);
        if (!is_line_empty(text, at, spaces)) return spaces >= column_min ? spaces : 0;
    }
    return 0;
}

static size_t content_end(struct redial_str text, size_t begin, size_t column, bool keep)
{
    size_t end = begin;
    for (size_t at = begin; at < text.len; at = line_end(text, at)) {
        size_t spaces = leading_spaces(text, at);
        bool empty = is_line_empty(text, at, spaces);
        if (!empty && (spaces < column || column == 0)) break;
        if (!empty || keep || (column > 0 && spaces > column)) end = line_end(text, at);
    }
    return end;
}

struct block block_find(struct redial_str text, size_t indicator, int64_t parent)
{
    size_t begin = line_end(text, indicator);
    struct redial_str header = str_take(str_skip(text, indicator), begin - indicator);
    header = str_take(header, str_find(header, REDIAL_STR("#")));
    bool keep = str_find(header, REDIAL_STR("+")) != SIZE_MAX;
    size_t column = content_column(text, header, begin, parent);
    size_t end = content_end(text, begin, column, keep);
    if (column == 0) column = parent < 0 ? 2 : (size_t)parent + 2;
    return (struct block){begin, end, (uint32_t)column};
}
