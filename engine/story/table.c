#include "story/table.h"

#include <stdlib.h>

#include "story/words.h"

#define GAP 2u

static void push(struct table *table, struct redial_str text)
{
    if (table->failed) return;
    if (table->cells == table->capacity) {
        size_t capacity = table->capacity ? table->capacity * 2 : 64;
        struct redial_str *texts = realloc(table->texts, capacity * sizeof *texts);
        if (!texts) {
            table->failed = true;
            return;
        }
        table->texts = texts;
        table->capacity = capacity;
    }
    table->texts[table->cells++] = text;
}

void table_begin(struct table *table, struct arena *arena, const char *const headings[],
                 size_t columns)
{
    *table = (struct table){.arena = arena, .columns = columns};
    for (size_t i = 0; i < columns; i++) {
        table->right[i] = headings[i][0] == '>';
        push(table, str_of(headings[i] + table->right[i]));
    }
}

void table_cell(struct table *table, struct redial_str text)
{
    struct redial_str copy = {"", 0};
    if (!arena_copy(table->arena, text, &copy)) table->failed = true;
    push(table, copy);
}

void table_cell_from(struct table *table, struct text *text)
{
    table_cell(table, text_str(text));
    if (text->failed) table->failed = true;
    text_clear(text);
}

void table_printf(struct table *table, const char *format, ...)
{
    struct text text = TEXT_INIT;
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&text, format, arguments);
    va_end(arguments);
    table_cell_from(table, &text);
    text_clean_up(&text);
}

size_t table_rows(const struct table *table)
{
    return table->cells > table->columns ? table->cells / table->columns - 1 : 0;
}

/* ---- Words: what a line may not be broken within ---- */

/* Blanks separate words, and a '|' ends one. */
static struct redial_str first_word(struct redial_str text)
{
    size_t len = 0;
    while (len < text.len && text.ptr[len] != ' ')
        if (text.ptr[len++] == '|') break;
    return str_take(text, len);
}

static size_t blanks_at(struct redial_str text)
{
    size_t len = 0;
    while (len < text.len && text.ptr[len] == ' ') len++;
    return len;
}

static size_t longest_word(struct redial_str text)
{
    size_t longest = 0;
    while (text.len > 0) {
        struct redial_str word = first_word(text);
        size_t columns = words_columns(word);
        if (columns > longest) longest = columns;
        text = str_skip(text, word.len);
        text = str_skip(text, blanks_at(text));
    }
    return longest;
}

/* ---- Widths ---- */

/* The widest column that can still be made narrower; `columns` when none can. */
static size_t widest(const size_t widths[], const size_t least[], size_t columns)
{
    size_t best = columns;
    for (size_t i = 0; i < columns; i++)
        if (widths[i] > least[i] && (best == columns || widths[i] > widths[best])) best = i;
    return best;
}

static void measure(const struct table *table, size_t room, size_t widths[])
{
    size_t least[TABLE_COLUMNS_MAX] = {0}, total = GAP * (table->columns - 1);
    for (size_t c = 0; c < table->columns; c++) widths[c] = 0;
    for (size_t i = 0; i < table->cells; i++) {
        size_t column = i % table->columns;
        size_t columns = words_columns(table->texts[i]), word = longest_word(table->texts[i]);
        if (columns > widths[column]) widths[column] = columns;
        if (word > least[column]) least[column] = word;
    }
    for (size_t c = 0; c < table->columns; c++) total += widths[c];
    for (; room > 0 && total > room; total--) {
        size_t column = widest(widths, least, table->columns);
        if (column == table->columns) break;
        widths[column]--;
    }
}

/* ---- Rows ---- */

/* Cuts what fits into `width` columns off the front: whole words, or one that is longer. */
static struct redial_str take_line(struct redial_str *rest, size_t width)
{
    size_t len = 0, columns = 0;
    while (len < rest->len) {
        struct redial_str next = str_skip(*rest, len);
        size_t blanks = blanks_at(next);
        struct redial_str word = first_word(str_skip(next, blanks));
        columns += blanks + words_columns(word);
        if (len > 0 && columns > width) break;
        len += blanks + word.len;
    }
    struct redial_str line = str_take(*rest, len);
    *rest = str_skip(*rest, len);
    *rest = str_skip(*rest, blanks_at(*rest));
    return line;
}

static void write_cell(const struct table *table, size_t column, struct redial_str line,
                       size_t width, struct text *out)
{
    size_t columns = words_columns(line);
    size_t space = columns < width ? width - columns : 0;
    bool last = column + 1 == table->columns;
    if (table->right[column]) words_pad(out, space);
    text_append(out, line);
    if (!last) words_pad(out, (table->right[column] ? 0 : space) + GAP);
}

/* Columns that a line leaves empty at its end write no blanks there. */
static size_t last_used(const struct redial_str rest[], size_t columns)
{
    while (columns > 0 && rest[columns - 1].len == 0) columns--;
    return columns;
}

static void trim_end(struct text *out)
{
    while (out->len > 0 && out->ptr[out->len - 1] == ' ') out->ptr[--out->len] = '\0';
}

static void write_row(const struct table *table, const struct redial_str cells[], size_t indent,
                      const size_t widths[], struct text *out)
{
    struct redial_str rest[TABLE_COLUMNS_MAX];
    for (size_t c = 0; c < table->columns; c++) rest[c] = cells[c];
    for (size_t used; (used = last_used(rest, table->columns)) > 0;) {
        words_pad(out, indent);
        for (size_t c = 0; c < used; c++)
            write_cell(table, c, take_line(&rest[c], widths[c]), widths[c], out);
        trim_end(out);
        text_append_char(out, '\n');
    }
}

/* Whether a column says anything below its heading. */
static bool column_used(const struct table *table, size_t column)
{
    for (size_t i = table->columns + column; i < table->cells; i += table->columns)
        if (table->texts[i].len > 0) return true;
    return false;
}

static void drop_empty_columns(struct table *table)
{
    size_t columns = table->columns, kept = 0, cells = 0;
    bool used[TABLE_COLUMNS_MAX];
    if (columns == 0) return;
    for (size_t c = 0; c < columns; c++) used[c] = column_used(table, c);
    for (size_t i = 0; i < table->cells; i++)
        if (used[i % columns]) table->texts[cells++] = table->texts[i];
    for (size_t c = 0; c < columns; c++)
        if (used[c]) table->right[kept++] = table->right[c];
    table->columns = kept;
    table->cells = cells;
}

void table_write(struct table *table, size_t indent, size_t width, struct text *out)
{
    size_t widths[TABLE_COLUMNS_MAX];
    if (table->failed) {
        out->failed = true;
        return;
    }
    drop_empty_columns(table);
    if (table->columns == 0) return;
    measure(table, width > indent ? width - indent : width, widths);
    for (size_t i = 0; i + table->columns <= table->cells; i += table->columns)
        write_row(table, &table->texts[i], indent, widths, out);
}

void table_end(struct table *table)
{
    free(table->texts);
    *table = (struct table){0};
}
