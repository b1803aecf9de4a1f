/* A matrix file to its structs: keys as tables, every wrong thing with its place. */
#include "audit/reading.h"
#include "config/betas.h"

/* What a row says for its cells. */
struct row_defaults {
    uint32_t sources;
    int32_t day;
    struct redial_str note;
    const struct node *all;
};

/* A cell as it is read: what it leaves out is still to come from its row. */
struct cell_reading {
    struct matrix_cell cell;
    uint32_t sources;
};

/* ---- Values */

static bool read_version(struct reading *reading, const struct node *value, void *target)
{
    (void)target;
    if (value->kind == NODE_SCALAR && str_is(value->text, "1")) return true;
    return reading_unexpected(reading, value, "version 1 of the matrix");
}

static bool read_day(struct reading *reading, const struct node *value, void *target)
{
    int32_t *day = target;
    if (value->kind != NODE_SCALAR || !matrix_day(value->text, day))
        return reading_unexpected(reading, value, "a date, such as 2026-09-01");
    int32_t today = matrix_of(reading)->matrix->today;
    if (*day <= today) return true;
    struct text words = TEXT_INIT;
    matrix_day_format(today, &words);
    struct redial_str now = text_str(&words), written = node_written(value);
    struct diag *diag = diag_error(reading->diags, "future-date", value->span,
                                   "'%.*s' lies in the future", REDIAL_STR_ARG(written));
    diag_cure(reading->diags, diag, "today is %.*s", REDIAL_STR_ARG(now));
    text_clean_up(&words);
    return false;
}

static bool read_support_word(struct reading *reading, const struct node *value, void *target)
{
    enum support *out = target;
    int row;
    if (!read_word(reading, value, &support_names, &row)) return false;
    *out = (enum support)row;
    return true;
}

static void suggest(struct reading *reading, struct diag *diag, const struct name_map *map,
                    struct redial_str name)
{
    struct redial_str closest = reading_suggestion(reading, map->names, map->count, name);
    if (closest.len > 0)
        diag_cure(reading->diags, diag, "did you mean '%.*s'?", REDIAL_STR_ARG(closest));
}

static bool read_sources_of(struct reading *reading, const struct node *value, void *target)
{
    const struct name_map *sources = &matrix_of(reading)->sources;
    uint32_t *mask = target;
    bool right = true;
    if (value->kind == NODE_MAPPING || items_count(value) == 0)
        return reading_unexpected(reading, value, "the name of a source, or a list of them");
    for (size_t i = 0; i < items_count(value); i++) {
        const struct node *item = items_at(value, i);
        size_t number =
            item->kind == NODE_SCALAR ? name_map_find(sources, item->text) : NAME_MAP_NONE;
        if (number != NAME_MAP_NONE) {
            *mask |= UINT32_C(1) << number;
            continue;
        }
        struct redial_str written = node_written(item);
        struct diag *diag = diag_error(reading->diags, "unknown-source", item->span,
                                       "unknown source '%.*s'", REDIAL_STR_ARG(written));
        suggest(reading, diag, sources, written);
        right = false;
    }
    return right;
}

/* ---- Sources and surfaces */

static const struct key source_keys[] = {
    {"title", read_text, offsetof(struct matrix_source, title), "what it is", "text", true},
    {"as_of", read_day, offsetof(struct matrix_source, day), "the day it was read", "date", true},
};
static const struct keys source_table = {"a source", source_keys, REDIAL_COUNT_OF(source_keys)};

/* Gives every key of a mapping a number. */
static bool declare(struct reading *reading, const struct node *value, struct name_map *map,
                    size_t most, const char *expected)
{
    if (value->kind != NODE_MAPPING) return reading_unexpected(reading, value, expected);
    if (value->count > most) {
        diag_error(reading->diags, "too-many", value->span, "more than %zu of these", most);
        return false;
    }
    for (size_t i = 0; i < value->count; i++) {
        struct redial_str name;
        size_t number;
        bool is_new;
        if (!arena_copy(reading->arena, value->keys[i]->text, &name) ||
            !name_map_add(map, reading->arena, name, &number, &is_new))
            return reading_out_of_memory(reading);
    }
    return true;
}

static bool read_sources(struct reading *reading, const struct node *value, void *target)
{
    struct matrix *matrix = target;
    struct name_map *map = &matrix_of(reading)->sources;
    if (!declare(reading, value, map, SOURCES_MAX, "sources by name: {overview: {title: …}}"))
        return false;
    matrix->sources = ARENA_ARRAY(reading->arena, struct matrix_source, value->count);
    if (!matrix->sources) return reading_out_of_memory(reading);
    bool right = map->count == value->count;
    for (size_t i = 0; i < map->count; i++) {
        struct matrix_source *source = &matrix->sources[i];
        source->name = map->names[i];
        source->span = value->keys[i]->span;
        right = keys_read(reading, &source_table, value->values[i], source) && right;
    }
    matrix->source_count = map->count;
    return right;
}

static bool read_platform_word(struct reading *reading, const struct node *value, void *target)
{
    int *platform = target;
    return read_word(reading, value, &platform_names, platform);
}

static const struct key surface_keys[] = {
    {"heading", read_text, offsetof(struct matrix_column, heading), "two letters for tables",
     "text", true},
    {"title", read_text, offsetof(struct matrix_column, title), "what it is called", "text", true},
    {"platform", read_platform_word, offsetof(struct matrix_column, platform),
     "the platform whose calls land here", "platform", false},
    {"use_when", read_text, offsetof(struct matrix_column, use_when), "when one would choose it",
     "text", false},
    {"endpoints", read_endpoints, 0, "what scopes of its cells may name", "list of names", false},
};
static const struct keys surface_table = {"a surface", surface_keys, REDIAL_COUNT_OF(surface_keys)};

static bool read_surfaces(struct reading *reading, const struct node *value, void *target)
{
    struct matrix *matrix = target;
    struct name_map *map = &matrix_of(reading)->surfaces;
    if (!declare(reading, value, map, SURFACES_MAX, "surfaces by name: {vertex: {heading: VX}}"))
        return false;
    struct matrix_column *columns = ARENA_ARRAY(reading->arena, struct matrix_column, map->count);
    if (!columns) return reading_out_of_memory(reading);
    bool right = map->count == value->count;
    for (size_t i = 0; i < map->count; i++) {
        columns[i] = (struct matrix_column){
            .name = map->names[i], .platform = -1, .span = value->keys[i]->span};
        right = keys_read(reading, &surface_table, value->values[i], &columns[i]) && right;
    }
    for (size_t s = MATRIX_FEATURES; s < MATRIX_SECTION_COUNT; s++) {
        matrix->tables[s].columns = columns;
        matrix->tables[s].column_count = map->count;
    }
    return right;
}

/* ---- Cells */

static const struct key claim_keys[] = {
    {"source", read_sources_of, offsetof(struct matrix_claim, sources), "who says so", "sources",
     true},
    {"support", read_support_word, offsetof(struct matrix_claim, support), "what it says",
     "kind of support", true},
    {"scope", read_scope, offsetof(struct matrix_claim, scope), "of what it says so", "scope",
     false},
    {"note", read_text, offsetof(struct matrix_claim, note), "what else to know", "text", false},
};
static const struct keys claim_table = {"a claim", claim_keys, REDIAL_COUNT_OF(claim_keys)};

static bool read_claims(struct reading *reading, const struct node *value, void *target)
{
    struct matrix_cell *cell = target;
    if (value->kind != NODE_SEQUENCE || value->count < 2)
        return reading_unexpected(reading, value, "both sides: [{source: …, support: …}, {…}]");
    struct matrix_claim *claims = ARENA_ARRAY(reading->arena, struct matrix_claim, value->count);
    if (!claims) return reading_out_of_memory(reading);
    bool right = true;
    for (size_t i = 0; i < value->count; i++)
        right = keys_read(reading, &claim_table, value->items[i], &claims[i]) && right;
    cell->claims = claims;
    cell->claim_count = value->count;
    return right;
}

#define OF_CELL(field) (offsetof(struct cell_reading, cell) + offsetof(struct matrix_cell, field))
static const struct key cell_keys[] = {
    {"support", read_support_word, OF_CELL(support), "how far it goes",
     "full, beta, limited, none, ignored, disabled, unknown or disputed", true},
    {"value", read_text, OF_CELL(value), "what tables print", "text", false},
    {"requires", read_text, OF_CELL(requires), "what it needs", "text", false},
    {"scope", read_scope, OF_CELL(scope), "for which models, on which endpoint", "scope", false},
    {"source", read_sources_of, offsetof(struct cell_reading, sources), "who says so",
     "source, or list of sources", false},
    {"as_of", read_day, OF_CELL(day), "since when, if not since the source's own day", "date",
     false},
    {"note", read_text, OF_CELL(note), "what else to know", "text", false},
    {"claims", read_claims, offsetof(struct cell_reading, cell), "the sides of a dispute",
     "list of claims", false},
};
static const struct keys cell_table = {"a cell", cell_keys, REDIAL_COUNT_OF(cell_keys)};

/* What is oldest among them: a cell is as good as the weakest of its words. */
static int32_t oldest(const struct matrix *matrix, uint32_t sources)
{
    int32_t day = DAY_NONE;
    for (size_t i = 0; i < matrix->source_count; i++)
        if (sources & UINT32_C(1) << i && (day == DAY_NONE || matrix->sources[i].day < day))
            day = matrix->sources[i].day;
    return day;
}

static bool check_scopes(struct reading *reading, const struct matrix_cell *cell,
                         const struct matrix_column *column)
{
    bool right = scope_fits(reading, &cell->scope, column);
    for (size_t i = 0; i < cell->claim_count; i++)
        right = scope_fits(reading, &cell->claims[i].scope, column) && right;
    return right;
}

static bool check_cell(struct reading *reading, const struct cell_reading *got)
{
    struct diag *diag = NULL;
    bool is_disputed = got->cell.support == SUPPORT_DISPUTED;
    if (got->sources == 0) {
        diag = diag_error(reading->diags, "no-source", got->cell.span, "a cell without a source");
        diag_cure(reading->diags, diag, "name it here or in its row: source: overview");
    } else if (is_disputed != (got->cell.claim_count > 0)) {
        diag = diag_error(reading->diags, "claims", got->cell.span,
                          is_disputed ? "a disputed cell without its sides"
                                      : "sides of a dispute in a cell that is not disputed");
        diag_cure(reading->diags, diag,
                  is_disputed ? "add claims: [{source: …, support: …}, {…}]"
                              : "write support: disputed");
    }
    return diag == NULL;
}

static bool read_cell(struct reading *reading, const struct row_defaults *row,
                      const struct node *value, size_t column, struct matrix_cell *cell)
{
    const struct matrix *matrix = matrix_of(reading)->matrix;
    const struct matrix_column *surface = &matrix->tables[MATRIX_FEATURES].columns[column];
    struct cell_reading got = {.cell = {.present = true, .day = DAY_NONE, .span = value->span}};
    bool right = value->kind == NODE_SCALAR ? read_support_word(reading, value, &got.cell.support)
                                            : keys_read(reading, &cell_table, value, &got);
    if (!right) return false;
    for (size_t i = 0; i < got.cell.claim_count; i++) got.sources |= got.cell.claims[i].sources;
    if (got.sources == 0) got.sources = row->sources;
    if (got.cell.note.len == 0) got.cell.note = row->note;
    if (got.cell.day == DAY_NONE) got.cell.day = row->day;
    if (got.cell.day == DAY_NONE) got.cell.day = oldest(matrix, got.sources);
    if (!check_cell(reading, &got) || !check_scopes(reading, &got.cell, surface)) return false;
    struct text sources = TEXT_INIT;
    matrix_sources(matrix, got.sources, &sources);
    *cell = got.cell;
    right = !sources.failed && arena_copy(reading->arena, text_str(&sources), &cell->source);
    text_clean_up(&sources);
    return right || reading_out_of_memory(reading);
}

/* ---- Rows */

/* Keys of a row that are no cells. */
struct row_reading {
    struct redial_str title;
    struct beta_flags betas;
    struct row_defaults defaults;
};

static bool keep_node(struct reading *reading, const struct node *value, void *target)
{
    (void)reading;
    const struct node **kept = target;
    *kept = value;
    return true;
}

#define OF_ROW(field)                                                                              \
    (offsetof(struct row_reading, defaults) + offsetof(struct row_defaults, field))
static const struct key row_keys[] = {
    {"title", read_text, offsetof(struct row_reading, title), "what tables call it", "text", true},
    {"source", read_sources_of, OF_ROW(sources), "of its cells", "source, or list of sources",
     false},
    {"as_of", read_day, OF_ROW(day), "of its cells", "date", false},
    {"note", read_text, OF_ROW(note), "on its cells", "text", false},
    {"betas", read_beta_globs, offsetof(struct row_reading, betas),
     "the beta flags that ask for it", "flag or list of flags", false},
    {"all", keep_node, OF_ROW(all), "the cell of every surface that is not named", "cell", false},
};

/* A row of keys and cells: the keys by their table, the rest are surfaces. */
static const struct key *row_key(struct redial_str name)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(row_keys); i++)
        if (str_is(name, row_keys[i].name)) return &row_keys[i];
    return NULL;
}

static bool read_row_keys(struct reading *reading, const struct node *value,
                          struct row_reading *row)
{
    bool right = true;
    for (size_t i = 0; i < value->count; i++) {
        const struct key *key = row_key(value->keys[i]->text);
        if (key) right = key->read(reading, value->values[i], (char *)row + key->offset) && right;
    }
    if (right && row->title.len == 0) {
        diag_error(reading->diags, "missing-key", value->span, "a row has no 'title'");
        right = false;
    }
    return right;
}

static bool read_row_cells(struct reading *reading, const struct node *value,
                           const struct row_reading *row, struct matrix_cell *cells)
{
    const struct name_map *surfaces = &matrix_of(reading)->surfaces;
    bool right = true;
    for (size_t i = 0; i < value->count; i++) {
        struct redial_str name = value->keys[i]->text;
        size_t number = name_map_find(surfaces, name);
        if (number != NAME_MAP_NONE) {
            right = read_cell(reading, &row->defaults, value->values[i], number, &cells[number]) &&
                    right;
        } else if (!row_key(name)) {
            struct redial_str written = node_written(value->keys[i]);
            struct diag *diag = diag_error(reading->diags, "unknown-surface", value->keys[i]->span,
                                           "unknown surface '%.*s'", REDIAL_STR_ARG(written));
            suggest(reading, diag, surfaces, written);
            right = false;
        }
    }
    for (size_t c = 0; right && c < surfaces->count; c++) {
        if (cells[c].present) continue;
        if (row->defaults.all) {
            right = read_cell(reading, &row->defaults, row->defaults.all, c, &cells[c]);
            continue;
        }
        struct redial_str name = surfaces->names[c];
        struct diag *diag = diag_error(reading->diags, "missing-cell", value->span,
                                       "the row has no cell for '%.*s'", REDIAL_STR_ARG(name));
        diag_cure(reading->diags, diag, "write `unknown` where nobody says");
        right = false;
    }
    return right;
}

static bool read_row(struct reading *reading, const struct node *name, const struct node *value,
                     struct matrix_row *row)
{
    size_t columns = matrix_of(reading)->surfaces.count;
    struct row_reading got = {.defaults = {.day = DAY_NONE}};
    row->span = name->span;
    if (!arena_copy(reading->arena, name->text, &row->name)) return reading_out_of_memory(reading);
    if (names_find(&feature_names, name->text) >= 0) {
        struct diag *diag = diag_error(reading->diags, "baseline-row", name->span,
                                       "this row is one of those that the engine acts on");
        diag_cure(reading->diags, diag, "its cells stand under `features` of each platform");
        return false;
    }
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "a row: {title: …, source: …, all: full}");
    row->cells = ARENA_ARRAY(reading->arena, struct matrix_cell, columns);
    if (!row->cells) return reading_out_of_memory(reading);
    if (!read_row_keys(reading, value, &got)) return false;
    row->title = got.title;
    row->betas = got.betas;
    return read_row_cells(reading, value, &got, row->cells);
}

static bool read_table(struct reading *reading, const struct node *value, void *target)
{
    struct matrix_table *table = target;
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "rows by name: {web_search: {title: …}}");
    table->rows = ARENA_ARRAY(reading->arena, struct matrix_row, value->count);
    if (!table->rows) return reading_out_of_memory(reading);
    bool right = true;
    for (size_t i = 0; i < value->count; i++)
        right = read_row(reading, value->keys[i], value->values[i], &table->rows[i]) && right;
    table->row_count = value->count;
    return right;
}

/* ---- The file */

/* Rows name sources, surfaces and models, which are therefore read first: see matrix_read. */
static bool read_before(struct reading *reading, const struct node *value, void *target)
{
    (void)reading;
    (void)value;
    (void)target;
    return true;
}

static const struct key matrix_keys[] = {
    {"matrix", read_version, 0, "format version", "1", true},
    {"about", read_text, offsetof(struct matrix, about), "what it describes", "text", false},
    {"sources", read_before, 0, "who says so, and when it was read", "mapping of names to sources",
     true},
    {"surfaces", read_before, 0, "the columns", "mapping of names to surfaces", true},
    {"models", read_before, 0, "what scopes may name besides the models of the platforms",
     "list of names", false},
    {"features", read_table, offsetof(struct matrix, tables[MATRIX_FEATURES]),
     "what a request may use", "mapping of names to rows", true},
    {"wire", read_table, offsetof(struct matrix, tables[MATRIX_WIRE]), "how one talks to a surface",
     "mapping of names to rows", false},
};
static const struct keys matrix_table_keys = {"a matrix", matrix_keys,
                                              REDIAL_COUNT_OF(matrix_keys)};

static bool read_document(struct matrix_reading *of, const struct node *document)
{
    struct reading *reading = &of->reading;
    const struct node *sources = node_get(document, "sources");
    const struct node *surfaces = node_get(document, "surfaces");
    const struct node *models = node_get(document, "models");
    if (sources && !read_sources(reading, sources, of->matrix)) return false;
    if (surfaces && !read_surfaces(reading, surfaces, of->matrix)) return false;
    if (models && !read_scope_models(reading, models, of->matrix)) return false;
    return keys_read(reading, &matrix_table_keys, document, of->matrix);
}

bool matrix_read(struct arena *arena, const char *path, const struct redial_policy *policy,
                 int32_t today, struct diag_list *diags, struct matrix *matrix)
{
    *matrix = (struct matrix){.today = today};
    const struct source *source = source_read(arena, path, diags);
    const struct node *document = source ? document_parse(arena, source, diags) : NULL;
    if (!document) return false;
    struct matrix_reading of = {
        .reading = {.arena = arena, .diags = diags}, .matrix = matrix, .policy = policy};
    of.reading.context = &of;
    matrix->path = source->path;
    matrix->tables[MATRIX_FEATURES].title = "features";
    matrix->tables[MATRIX_WIRE].title = "wire";
    return read_document(&of, document) && diag_errors(diags) == 0;
}
