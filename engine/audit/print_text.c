/* The matrix on a terminal: as many surfaces as fit, those of the policy's platforms first. */
#include "audit/print.h"
#include "story/table.h"

#define INDENT        2u
#define FEATURE_WIDTH 26u
#define COLUMN_WIDTH  10u /* "disputed" and a gap */

/* ---- Words on a cell */

static void put_part(struct text *out, size_t before, const char *name, struct redial_str value)
{
    if (value.len == 0) return;
    text_printf(out, "%s%s%.*s", out->len > before ? "; " : "", name, REDIAL_STR_ARG(value));
}

static void put_scope(const struct matrix_scope *scope, struct text *out)
{
    if (scope->models.len > 0) text_printf(out, " (%.*s)", REDIAL_STR_ARG(scope->models));
    if (scope->endpoint.len > 0) text_printf(out, " (%.*s)", REDIAL_STR_ARG(scope->endpoint));
}

void matrix_remark(const struct matrix *matrix, const struct matrix_cell *cell, struct text *out)
{
    size_t before = out->len;
    put_part(out, before, "needs ", cell->requires);
    put_part(out, before, "models: ", cell->scope.models);
    put_part(out, before, "endpoint: ", cell->scope.endpoint);
    put_part(out, before, "", cell->note);
    for (size_t i = 0; i < cell->claim_count; i++) {
        const struct matrix_claim *claim = &cell->claims[i];
        text_append(out, out->len > before ? REDIAL_STR("; ") : REDIAL_STR(""));
        matrix_sources(matrix, claim->sources, out);
        text_printf(out, ": %s", support_names.rows[claim->support].word);
        put_scope(&claim->scope, out);
        if (claim->note.len > 0) text_printf(out, " (%.*s)", REDIAL_STR_ARG(claim->note));
    }
}

bool matrix_same(const struct matrix_cell *a, const struct matrix_cell *b)
{
    return a->present == b->present && a->support == b->support && a->day == b->day &&
           a->claims == b->claims && str_eq(a->value, b->value) && str_eq(a->source, b->source) &&
           str_eq(a->note, b->note) && str_eq(a->requires, b->requires) &&
           str_eq(a->scope.models, b->scope.models) && str_eq(a->scope.endpoint, b->scope.endpoint);
}

/* ---- Which columns */

struct choice {
    const struct matrix_table *table;
    size_t columns[SURFACES_MAX], count;
};

static void choose(struct choice *choice, bool of_platforms, size_t room)
{
    const struct matrix_table *table = choice->table;
    for (size_t c = 0; c < table->column_count && choice->count < room; c++)
        if ((table->columns[c].platform >= 0) == of_platforms) choice->columns[choice->count++] = c;
}

/* In the order of the file, whatever the order of choosing. */
static void sort(struct choice *choice)
{
    for (size_t i = 1; i < choice->count; i++)
        for (size_t k = i; k > 0 && choice->columns[k] < choice->columns[k - 1]; k--) {
            size_t column = choice->columns[k];
            choice->columns[k] = choice->columns[k - 1];
            choice->columns[k - 1] = column;
        }
}

static struct choice choose_columns(const struct matrix_table *table,
                                    const struct matrix_style *style)
{
    struct choice choice = {.table = table};
    size_t room = TABLE_COLUMNS_MAX - 1, taken = INDENT + FEATURE_WIDTH;
    if (!style->wide && style->width > 0) {
        size_t fitting = style->width > taken ? (style->width - taken) / COLUMN_WIDTH : 1;
        if (fitting < room) room = fitting;
    }
    choose(&choice, true, room);
    choose(&choice, false, room);
    sort(&choice);
    return choice;
}

static bool is_chosen(const struct choice *choice, size_t column)
{
    for (size_t i = 0; i < choice->count; i++)
        if (choice->columns[i] == column) return true;
    return false;
}

/* ---- Tables */

/* A value that is longer than a column would take the room of others: `--wide` has it. */
static struct redial_str word_of(const struct matrix_cell *cell, bool narrow)
{
    if (narrow && cell->value.len > COLUMN_WIDTH - 2)
        return str_of(support_names.rows[cell->support].word);
    return matrix_word(cell);
}

static void write_table(const struct matrix_table *of, const struct choice *choice, bool narrow,
                        const struct matrix_style *style, struct text *out)
{
    const char *names[TABLE_COLUMNS_MAX] = {"feature"};
    struct arena *arena = arena_new();
    struct table table;
    for (size_t i = 0; arena && i < choice->count; i++) {
        struct redial_str name;
        if (!arena_copy(arena, of->columns[choice->columns[i]].heading, &name)) out->failed = true;
        names[i + 1] = out->failed ? "" : name.ptr;
    }
    if (!arena || out->failed) {
        out->failed = true;
        arena_destroy(arena);
        return;
    }
    table_begin(&table, arena, names, choice->count + 1);
    for (size_t r = 0; r < of->row_count; r++) {
        table_cell(&table, of->rows[r].title);
        for (size_t i = 0; i < choice->count; i++)
            table_cell(&table, word_of(&of->rows[r].cells[choice->columns[i]], narrow));
    }
    table_write(&table, INDENT, style->wide ? 0 : style->width, out);
    table_end(&table);
    arena_destroy(arena);
}

static void write_baseline(const struct matrix *matrix, const struct matrix_style *style,
                           struct text *out)
{
    const struct matrix_table *table = &matrix->tables[MATRIX_BASELINE];
    if (table->row_count == 0) return;
    struct choice choice = {.table = table};
    choose(&choice, true, TABLE_COLUMNS_MAX - 1);
    text_append(out, REDIAL_STR("baseline (what the engine acts on):\n"));
    write_table(table, &choice, false, style, out);
}

/* ---- What is behind the words */

/* All of them, also those whose column did not fit. */
static void write_surfaces(const struct matrix_table *table, const struct matrix_style *style,
                           struct text *out)
{
    struct arena *arena = arena_new();
    struct table lines;
    if (!arena) {
        out->failed = true;
        return;
    }
    text_append(out, REDIAL_STR("\nsurfaces:\n"));
    table_begin(&lines, arena, (const char *const[]){"", "surface", "used when"}, 3);
    for (size_t c = 0; c < table->column_count; c++) {
        table_cell(&lines, table->columns[c].heading);
        table_cell(&lines, table->columns[c].title);
        table_cell(&lines, table->columns[c].use_when);
    }
    table_write(&lines, INDENT, style->wide ? 0 : style->width, out);
    table_end(&lines);
    arena_destroy(arena);
}

/* The columns whose cells say the same as that of `column`, if it is the first of them. */
static bool put_alike(const struct matrix_table *table, const struct matrix_row *row, size_t column,
                      struct text *out)
{
    for (size_t c = 0; c < column; c++)
        if (matrix_same(&row->cells[c], &row->cells[column])) return false;
    for (size_t c = column; c < table->column_count; c++)
        if (matrix_same(&row->cells[c], &row->cells[column]))
            text_printf(out, "%s%.*s", out->len > 0 ? " " : "",
                        REDIAL_STR_ARG(table->columns[c].heading));
    return true;
}

static void put_source_rows(const struct matrix *matrix, const struct matrix_table *of,
                            struct table *lines)
{
    struct text text = TEXT_INIT;
    for (size_t r = 0; r < of->row_count; r++)
        for (size_t c = 0; c < of->column_count; c++) {
            const struct matrix_cell *cell = &of->rows[r].cells[c];
            if (!cell->present || !put_alike(of, &of->rows[r], c, &text)) continue;
            table_cell(lines, of->rows[r].title);
            table_cell_from(lines, &text);
            table_cell(lines, matrix_word(cell));
            matrix_day_format(cell->day, &text);
            table_cell_from(lines, &text);
            table_cell(lines, cell->source);
            matrix_remark(matrix, cell, &text);
            table_cell_from(lines, &text);
        }
    text_clean_up(&text);
}

static void write_sources(const struct matrix *matrix, struct text *out)
{
    struct arena *arena = arena_new();
    struct table lines;
    if (!arena) {
        out->failed = true;
        return;
    }
    text_append(out, REDIAL_STR("\nsources:\n"));
    table_begin(&lines, arena,
                (const char *const[]){"feature", "of", "says", "as of", "source", "note"}, 6);
    for (size_t s = 0; s < MATRIX_SECTION_COUNT; s++)
        put_source_rows(matrix, &matrix->tables[s], &lines);
    table_write(&lines, INDENT, 0, out);
    table_end(&lines);
    arena_destroy(arena);
}

static void write_left_out(const struct matrix *matrix, const struct choice *choice,
                           struct text *out)
{
    const struct matrix_table *table = choice->table;
    text_append(out, REDIAL_STR("\nleft out: "));
    for (size_t c = 0; c < table->column_count; c++)
        if (!is_chosen(choice, c))
            text_printf(out, "%.*s, ", REDIAL_STR_ARG(table->columns[c].heading));
    text_printf(out, "%zu rows about the wire, sources and notes; --wide has them\n",
                matrix->tables[MATRIX_WIRE].row_count);
}

void matrix_print_text(const struct matrix *matrix, const struct matrix_style *style,
                       struct text *out)
{
    const struct matrix_table *table = &matrix->tables[MATRIX_FEATURES];
    struct choice choice = choose_columns(table, style);
    write_baseline(matrix, style, out);
    if (table->row_count > 0) {
        text_printf(out, "%sfeatures by surface (%.*s):\n", out->len > 0 ? "\n" : "",
                    REDIAL_STR_ARG(matrix->path));
        write_table(table, &choice, !style->wide, style, out);
    }
    if (style->wide && matrix->tables[MATRIX_WIRE].row_count > 0) {
        text_append(out, REDIAL_STR("\nwire:\n"));
        write_table(&matrix->tables[MATRIX_WIRE], &choice, false, style, out);
    }
    write_surfaces(matrix_surfaces(matrix), style, out);
    if (style->wide)
        write_sources(matrix, out);
    else if (table->row_count > 0)
        write_left_out(matrix, &choice, out);
}
