/* The matrix whole: the policy's own rows joined with those of the file, and ways to look at it. */
#include "audit/matrix.h"

#include <unistd.h>

/* ---- Days */

bool matrix_day(struct redial_str text, int32_t *day)
{
    int64_t ns;
    char instant[32];
    if (text.len != sizeof "2026-09-01" - 1) return false;
    size_t len = 0;
    for (; len < text.len; len++) instant[len] = text.ptr[len];
    for (const char *rest = "T00:00:00Z"; *rest; rest++) instant[len++] = *rest;
    if (!rfc3339_parse((struct redial_str){instant, len}, &ns)) return false;
    *day = (int32_t)(ns / NS_PER_DAY);
    return true;
}

void matrix_day_format(int32_t day, struct text *out)
{
    if (day == DAY_NONE) {
        text_append(out, REDIAL_STR("undated"));
        return;
    }
    struct text instant = TEXT_INIT;
    rfc3339_format(day * NS_PER_DAY, &instant);
    text_append(out, str_take(text_str(&instant), sizeof "2026-09-01" - 1));
    if (instant.failed) out->failed = true;
    text_clean_up(&instant);
}

/* ---- Words */

struct redial_str matrix_word(const struct matrix_cell *cell)
{
    if (!cell->present) return REDIAL_STR("-");
    if (cell->value.len > 0) return cell->value;
    if (cell->support == SUPPORT_FULL) return REDIAL_STR("yes");
    if (cell->support == SUPPORT_NONE) return REDIAL_STR("no");
    return str_of(support_names.rows[cell->support].word);
}

void matrix_sources(const struct matrix *matrix, uint32_t sources, struct text *out)
{
    const char *between = "";
    for (size_t i = 0; i < matrix->source_count; i++) {
        if (!(sources & UINT32_C(1) << i)) continue;
        text_printf(out, "%s%.*s", between, REDIAL_STR_ARG(matrix->sources[i].name));
        between = ", ";
    }
}

/* ---- The baseline */

static const struct {
    struct redial_str platform, cloud;
} headings[PLATFORM_KIND_COUNT] = {
    [PLATFORM_ANTHROPIC] = {REDIAL_STR_INIT("Anthropic"), REDIAL_STR_INIT("Anthropic (direct)")},
    [PLATFORM_BEDROCK] = {REDIAL_STR_INIT("Bedrock"), REDIAL_STR_INIT("AWS Bedrock")},
    [PLATFORM_VERTEX] = {REDIAL_STR_INIT("Vertex"), REDIAL_STR_INIT("GCP Vertex")},
    [PLATFORM_FOUNDRY] = {REDIAL_STR_INIT("Foundry"), REDIAL_STR_INIT("Azure Foundry")},
};

/* As the specification words them. */
static const struct redial_str titles[] = {
    [REDIAL_FEATURE_TEAM_MEMORY_SYNC] = REDIAL_STR_INIT("Team memory sync"),
    [REDIAL_FEATURE_PROMPT_CACHE] = REDIAL_STR_INIT("Prompt cache"),
    [REDIAL_FEATURE_CUSTOM_HEADERS] = REDIAL_STR_INIT("Custom headers"),
    [REDIAL_FEATURE_CLIENT_REQUEST_ID] = REDIAL_STR_INIT("Client request ID"),
    [REDIAL_FEATURE_TELEMETRY] = REDIAL_STR_INIT("Telemetry (Datadog)"),
    [REDIAL_FEATURE_DATA_RESIDENCY] = REDIAL_STR_INIT("Data residency"),
};
_Static_assert(REDIAL_COUNT_OF(titles) == REDIAL_FEATURE_COUNT, "one title per feature");

static int32_t day_of_source(const struct matrix *matrix, struct redial_str name)
{
    for (size_t i = 0; i < matrix->source_count; i++)
        if (str_eq(matrix->sources[i].name, name)) return matrix->sources[i].day;
    return DAY_NONE;
}

static struct matrix_cell cell_of(const struct matrix *matrix, const struct feature_cell *cell)
{
    const char *credential = cell->requires == REDIAL_CREDENTIAL_PLATFORM
                                 ? ""
                                 : credential_names.rows[cell->requires].word;
    return (struct matrix_cell){
        .requires = str_of(credential),
        .present = cell->present,
        .support = cell->support,
        .value = cell->value,
        .source = cell->source,
        .note = cell->note,
        .day = day_of_source(matrix, cell->source),
        .span = cell->span,
    };
}

static void take_columns(const struct redial_policy *policy, struct matrix_column *columns)
{
    for (size_t i = 0; i < policy->platform_count; i++) {
        const struct platform *platform = &policy->platforms[i];
        columns[i] = (struct matrix_column){.name = platform->name,
                                            .heading = headings[platform->kind].platform,
                                            .title = headings[platform->kind].cloud,
                                            .use_when = platform->use_when,
                                            .platform = (int)platform->kind,
                                            .span = platform->span};
    }
}

static void take_use_when(const struct redial_policy *policy, struct matrix_table *table)
{
    for (size_t c = 0; c < table->column_count; c++)
        for (size_t i = 0; i < policy->platform_count; i++)
            if (table->columns[c].platform == (int)policy->platforms[i].kind &&
                table->columns[c].use_when.len == 0)
                table->columns[c].use_when = policy->platforms[i].use_when;
}

bool matrix_join(struct arena *arena, const struct redial_policy *policy, struct matrix *matrix)
{
    struct matrix_table *table = &matrix->tables[MATRIX_BASELINE];
    size_t columns = policy->platform_count;
    *table = (struct matrix_table){
        .title = "baseline",
        .columns = ARENA_ARRAY(arena, struct matrix_column, columns),
        .column_count = columns,
        .rows = ARENA_ARRAY(arena, struct matrix_row, REDIAL_FEATURE_COUNT),
        .row_count = REDIAL_FEATURE_COUNT,
    };
    if (!table->columns || !table->rows) return false;
    take_columns(policy, table->columns);
    for (size_t f = 0; f < REDIAL_FEATURE_COUNT; f++) {
        struct matrix_row *row = &table->rows[f];
        row->name = str_of(feature_names.rows[f].word);
        row->title = titles[f];
        row->cells = ARENA_ARRAY(arena, struct matrix_cell, columns);
        if (!row->cells) return false;
        for (size_t c = 0; c < columns; c++)
            row->cells[c] = cell_of(matrix, &policy->platforms[c].features[f]);
    }
    take_use_when(policy, &matrix->tables[MATRIX_FEATURES]);
    return true;
}

const char *matrix_beside(struct arena *arena, const struct redial_policy *policy)
{
    struct redial_str folder = policy->path, path;
    for (size_t i = 0; i < policy->platform_count; i++)
        for (size_t f = 0; f < REDIAL_FEATURE_COUNT; f++) {
            const struct feature_cell *cell = &policy->platforms[i].features[f];
            if (cell->present && cell->span.source) folder = cell->span.source->path;
        }
    while (folder.len > 0 && folder.ptr[folder.len - 1] != '/') folder.len--;
    if (!arena_printf(arena, &path, "%.*smatrix.yaml", REDIAL_STR_ARG(folder))) return NULL;
    return access(path.ptr, R_OK) == 0 ? path.ptr : NULL;
}

/* ---- Looking */

const struct matrix_table *matrix_surfaces(const struct matrix *matrix)
{
    const struct matrix_table *features = &matrix->tables[MATRIX_FEATURES];
    return features->row_count > 0 ? features : &matrix->tables[MATRIX_BASELINE];
}

bool matrix_find(const struct matrix *matrix, struct redial_str name,
                 const struct matrix_table **table, const struct matrix_row **row, struct text *why)
{
    struct redial_str best = {"", 0};
    for (size_t s = MATRIX_BASELINE; s < MATRIX_WIRE; s++) {
        const struct matrix_table *in = &matrix->tables[s];
        for (size_t r = 0; r < in->row_count; r++) {
            if (str_eq(in->rows[r].name, name)) {
                *table = in;
                *row = &in->rows[r];
                return true;
            }
            struct redial_str pair[] = {best, in->rows[r].name};
            size_t closest = str_closest(pair, REDIAL_COUNT_OF(pair), name);
            if (closest != SIZE_MAX) best = pair[closest];
        }
    }
    text_printf(why, "unknown feature '%.*s'", REDIAL_STR_ARG(name));
    if (best.len > 0) text_printf(why, "; did you mean '%.*s'?", REDIAL_STR_ARG(best));
    return false;
}

bool matrix_next(struct matrix_walk *walk)
{
    for (; walk->section < MATRIX_SECTION_COUNT; walk->section++, walk->row_number = 0) {
        const struct matrix_table *table = &walk->matrix->tables[walk->section];
        for (; walk->row_number < table->row_count; walk->row_number++, walk->column_number = 0) {
            walk->row = &table->rows[walk->row_number];
            while (walk->column_number < table->column_count) {
                walk->column = &table->columns[walk->column_number];
                walk->cell = &walk->row->cells[walk->column_number++];
                if (walk->cell->present) return true;
            }
        }
    }
    return false;
}
