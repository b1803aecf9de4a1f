/* The matrix for programs: CSV and JSON, one line or object per cell. And Markdown. */
#include "audit/print.h"
#include "story/put.h"

/* ---- CSV (RFC 4180) */

/* A cell that a spreadsheet would take for a formula gets an apostrophe before it. */
static void put_field(struct text *out, struct redial_str field, char behind)
{
    text_append_char(out, '"');
    if (field.len > 0 && str_find(REDIAL_STR("=+-@"), str_take(field, 1)) != SIZE_MAX)
        text_append_char(out, '\'');
    for (size_t i = 0; i < field.len; i++) {
        if (field.ptr[i] == '"') text_append_char(out, '"');
        text_append_char(out, field.ptr[i]);
    }
    text_append_char(out, '"');
    text_append(out, behind == '\n' ? REDIAL_STR("\r\n") : REDIAL_STR(","));
}

/* When one would choose a surface is no cell, and yet belongs to it. */
static void put_use_when(const struct matrix_table *table, struct text *out)
{
    static const struct redial_str nothing = REDIAL_STR_INIT("");
    for (size_t c = 0; c < table->column_count; c++) {
        put_field(out, REDIAL_STR("surfaces"), ',');
        put_field(out, REDIAL_STR("use_when"), ',');
        put_field(out, REDIAL_STR("Used when"), ',');
        put_field(out, table->columns[c].name, ',');
        put_field(out, nothing, ',');
        put_field(out, table->columns[c].use_when, ',');
        put_field(out, nothing, ',');
        put_field(out, nothing, ',');
        put_field(out, table->columns[c].title, '\n');
    }
}

void matrix_print_csv(const struct matrix *matrix, const struct matrix_style *style,
                      struct text *out)
{
    struct text text = TEXT_INIT;
    (void)style;
    text_append(out,
                REDIAL_STR("section,feature,title,surface,support,value,as_of,source,note\r\n"));
    struct matrix_walk walk = {.matrix = matrix};
    while (matrix_next(&walk)) {
        put_field(out, str_of(matrix->tables[walk.section].title), ',');
        put_field(out, walk.row->name, ',');
        put_field(out, walk.row->title, ',');
        put_field(out, walk.column->name, ',');
        put_field(out, str_of(support_names.rows[walk.cell->support].word), ',');
        put_field(out, walk.cell->value, ',');
        matrix_day_format(walk.cell->day, &text);
        put_field(out, text_str(&text), ',');
        text_clear(&text);
        put_field(out, walk.cell->source, ',');
        matrix_remark(matrix, walk.cell, &text);
        put_field(out, text_str(&text), '\n');
        text_clear(&text);
    }
    text_clean_up(&text);
    put_use_when(matrix_surfaces(matrix), out);
}

/* ---- JSON */

static void put_day(struct text *out, int32_t day)
{
    struct text text = TEXT_INIT;
    matrix_day_format(day, &text);
    if (day != DAY_NONE) put_text(out, "as_of", text_str(&text));
    text_clean_up(&text);
}

static void put_claims(const struct matrix *matrix, const struct matrix_cell *cell,
                       struct text *out)
{
    struct text sources = TEXT_INIT;
    if (cell->claim_count == 0) return;
    put_key(out, "claims");
    for (size_t i = 0; i < cell->claim_count; i++) {
        const struct matrix_claim *claim = &cell->claims[i];
        text_append(out, i == 0 ? REDIAL_STR("[{") : REDIAL_STR(",{"));
        put_word(out, "support", support_names.rows[claim->support].word);
        matrix_sources(matrix, claim->sources, &sources);
        put_text(out, "source", text_str(&sources));
        text_clear(&sources);
        put_text(out, "models", claim->scope.models);
        put_text(out, "endpoint", claim->scope.endpoint);
        put_text(out, "note", claim->note);
        text_append_char(out, '}');
    }
    text_append_char(out, ']');
    text_clean_up(&sources);
}

static void put_cell(const struct matrix *matrix, const struct matrix_cell *cell, struct text *out)
{
    text_append_char(out, '{');
    put_word(out, "support", support_names.rows[cell->support].word);
    put_text(out, "value", cell->value);
    put_text(out, "requires", cell->requires);
    put_text(out, "models", cell->scope.models);
    put_text(out, "endpoint", cell->scope.endpoint);
    put_text(out, "source", cell->source);
    put_day(out, cell->day);
    put_text(out, "note", cell->note);
    put_claims(matrix, cell, out);
    put_place(out, "at", &cell->span);
    text_append_char(out, '}');
}

static void put_row(const struct matrix *matrix, const struct matrix_table *table,
                    const struct matrix_row *row, struct text *out)
{
    struct text name = TEXT_INIT;
    text_append_char(out, '{');
    put_text(out, "feature", row->name);
    put_text(out, "title", row->title);
    put_key(out, "cells");
    text_append_char(out, '{');
    for (size_t c = 0; c < table->column_count; c++) {
        if (!row->cells[c].present) continue;
        text_printf(&name, "%.*s", REDIAL_STR_ARG(table->columns[c].name));
        put_key(out, name.failed ? "" : name.ptr);
        put_cell(matrix, &row->cells[c], out);
        text_clear(&name);
    }
    text_append(out, REDIAL_STR("}}"));
    text_clean_up(&name);
}

static void put_columns(const struct matrix_table *table, struct text *out)
{
    put_key(out, "surfaces");
    text_append_char(out, '[');
    for (size_t c = 0; c < table->column_count; c++) {
        const struct matrix_column *column = &table->columns[c];
        text_append(out, c == 0 ? REDIAL_STR("{") : REDIAL_STR(",{"));
        put_text(out, "name", column->name);
        put_text(out, "heading", column->heading);
        put_text(out, "title", column->title);
        if (column->platform >= 0)
            put_word(out, "platform", platform_names.rows[column->platform].word);
        put_text(out, "use_when", column->use_when);
        text_append_char(out, '}');
    }
    text_append_char(out, ']');
}

void matrix_print_json(const struct matrix *matrix, const struct matrix_style *style,
                       struct text *out)
{
    (void)style;
    text_append_char(out, '{');
    put_text(out, "matrix", matrix->path);
    for (size_t s = 0; s < MATRIX_SECTION_COUNT; s++) {
        const struct matrix_table *table = &matrix->tables[s];
        if (table->row_count == 0) continue;
        put_key(out, table->title);
        text_append_char(out, '{');
        put_columns(table, out);
        put_key(out, "rows");
        for (size_t r = 0; r < table->row_count; r++) {
            text_append_char(out, r == 0 ? '[' : ',');
            put_row(matrix, table, &table->rows[r], out);
        }
        text_append(out, REDIAL_STR("]}"));
    }
    text_append(out, REDIAL_STR("}\n"));
}

/* ---- Markdown */

/* What a table or HTML within Markdown would take for its own. */
static void put_markdown(struct text *out, struct redial_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (str_find(REDIAL_STR("|<*_`[\\"), (struct redial_str){text.ptr + i, 1}) != SIZE_MAX)
            text_append_char(out, '\\');
        text_append_char(out, (char)(text.ptr[i] == '\n' ? ' ' : text.ptr[i]));
    }
}

static void put_remarks(const struct matrix *matrix, const struct matrix_table *table,
                        struct text *out)
{
    struct text text = TEXT_INIT;
    bool begun = false;
    for (size_t r = 0; r < table->row_count; r++)
        for (size_t c = 0; c < table->column_count; c++) {
            matrix_remark(matrix, &table->rows[r].cells[c], &text);
            if (text.len > 0) {
                if (!begun) text_append_char(out, '\n');
                begun = true;
                text_append(out, REDIAL_STR("- **"));
                put_markdown(out, table->rows[r].title);
                text_printf(out, "**, %.*s: ", REDIAL_STR_ARG(table->columns[c].heading));
                put_markdown(out, text_str(&text));
                text_append_char(out, '\n');
            }
            text_clear(&text);
        }
    text_clean_up(&text);
}

static void put_markdown_table(const struct matrix *matrix, const struct matrix_table *table,
                               struct text *out)
{
    text_printf(out, "%s## %c%s\n\n| feature |", out->len > 0 ? "\n" : "", table->title[0] - 32,
                table->title + 1);
    for (size_t c = 0; c < table->column_count; c++)
        text_printf(out, " %.*s |", REDIAL_STR_ARG(table->columns[c].heading));
    text_append(out, REDIAL_STR("\n|---|"));
    for (size_t c = 0; c < table->column_count; c++) text_append(out, REDIAL_STR("---|"));
    for (size_t r = 0; r < table->row_count; r++) {
        text_append(out, REDIAL_STR("\n| "));
        put_markdown(out, table->rows[r].title);
        text_append(out, REDIAL_STR(" |"));
        for (size_t c = 0; c < table->column_count; c++) {
            text_append_char(out, ' ');
            put_markdown(out, matrix_word(&table->rows[r].cells[c]));
            text_append(out, REDIAL_STR(" |"));
        }
    }
    text_append_char(out, '\n');
    put_remarks(matrix, table, out);
}

static void put_markdown_surfaces(const struct matrix_table *table, struct text *out)
{
    text_append(out, REDIAL_STR("\n## Surfaces\n\n| | surface | used when |\n|---|---|---|\n"));
    for (size_t c = 0; c < table->column_count; c++) {
        text_printf(out, "| %.*s | ", REDIAL_STR_ARG(table->columns[c].heading));
        put_markdown(out, table->columns[c].title);
        text_append(out, REDIAL_STR(" | "));
        put_markdown(out, table->columns[c].use_when);
        text_append(out, REDIAL_STR(" |\n"));
    }
}

void matrix_print_markdown(const struct matrix *matrix, const struct matrix_style *style,
                           struct text *out)
{
    (void)style;
    for (size_t s = 0; s < MATRIX_SECTION_COUNT; s++)
        if (matrix->tables[s].row_count > 0) put_markdown_table(matrix, &matrix->tables[s], out);
    put_markdown_surfaces(matrix_surfaces(matrix), out);
}
