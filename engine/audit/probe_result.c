/* What was observed beside what is documented. */
#include "audit/probe.h"
#include "model/policy.h"
#include "story/put.h"
#include "story/table.h"

/* ---- What the matrix says */

/* The columns on which the provider's calls land. The newer surface of Bedrock has one of its own
 * where a table tells the two apart. */
static bool is_column(const struct matrix_table *table, size_t column,
                      const struct redial_policy *policy, uint16_t provider)
{
    static const struct redial_str mantle = REDIAL_STR_INIT("bedrock_messages");
    const struct provider *of = &policy->providers[provider];

    if (of->surface == BEDROCK_MANTLE)
        for (size_t c = 0; c < table->column_count; c++)
            if (str_eq(table->columns[c].name, mantle)) return c == column;
    return table->columns[column].platform == (int)policy->platforms[of->platform].kind;
}

/* A heading tells surfaces apart where there are several. */
static void say_cell(const struct matrix_column *column, const struct matrix_cell *cell, bool alone,
                     struct text *says)
{
    struct redial_str word = matrix_word(cell);

    if (says->len > 0) text_append(says, REDIAL_STR(", "));
    if (!alone) text_printf(says, "%.*s ", REDIAL_STR_ARG(column->heading));
    text_append(says, word);
}

/* One surface that does as observed is enough: nobody knows on which the call landed. */
static void weigh_cell(const struct matrix_cell *cell, bool first, struct probe_result *result)
{
    enum probe_accord accord = probe_compare(result->verdict, cell->support);

    if (first || accord == ACCORD_AGREES ||
        (accord == ACCORD_NEW && result->accord == ACCORD_CONTRADICTS))
        result->accord = accord;
}

static bool set_sources(struct arena *arena, const struct matrix_cell *cell,
                        struct probe_result *result)
{
    struct text day = TEXT_INIT;
    bool good;

    matrix_day_format(cell->day, &day);
    result->span = cell->span;
    good =
        arena_printf(arena, &result->sources, "%.*s%s%.*s", REDIAL_STR_ARG(cell->source),
                     cell->source.len > 0 ? ", as of " : "as of ", REDIAL_STR_ARG(text_str(&day)));
    text_clean_up(&day);
    return good;
}

#define CELLS_MAX SURFACES_MAX

static bool document_row(struct arena *arena, const struct matrix_table *table,
                         const struct matrix_row *row, const struct redial_policy *policy,
                         uint16_t provider, struct probe_result *result)
{
    size_t columns[CELLS_MAX], count = 0;
    struct text says = TEXT_INIT;
    bool good;

    for (size_t c = 0; c < table->column_count && count < CELLS_MAX; c++)
        if (row->cells[c].present && is_column(table, c, policy, provider)) columns[count++] = c;
    if (count == 0) return true;
    for (size_t i = 0; i < count; i++) {
        say_cell(&table->columns[columns[i]], &row->cells[columns[i]], count == 1, &says);
        weigh_cell(&row->cells[columns[i]], i == 0, result);
    }
    good = !says.failed && arena_copy(arena, text_str(&says), &result->documented) &&
           set_sources(arena, &row->cells[columns[0]], result);
    text_clean_up(&says);
    return good;
}

bool probe_document(struct arena *arena, const struct matrix *matrix,
                    const struct redial_policy *policy, uint16_t provider,
                    struct probe_result *result)
{
    const struct matrix_table *table;
    const struct matrix_row *row;
    struct text unheard = TEXT_INIT;
    bool found = matrix_find(matrix, str_of(probed_names.rows[result->feature].word), &table, &row,
                             &unheard);

    text_clean_up(&unheard);
    result->accord = result->verdict == PROBE_UNCLEAR ? ACCORD_OPEN : ACCORD_NEW;
    result->documented = REDIAL_STR("nobody says");
    return !found || document_row(arena, table, row, policy, provider, result);
}

/* ---- Findings */

static void report(const struct probe_result *result, enum finding_kind kind,
                   struct findings *findings)
{
    struct redial_str sources = result->sources;

    findings_add(findings, kind, result->span,
                 "%.*s: %s: documented %.*s%s%.*s%s, observed %s: %.*s%s%.*s%s",
                 REDIAL_STR_ARG(result->provider), probed_names.rows[result->feature].word,
                 REDIAL_STR_ARG(result->documented), sources.len > 0 ? " (" : "",
                 REDIAL_STR_ARG(sources), sources.len > 0 ? ")" : "",
                 probe_verdict_names.rows[result->verdict].word, REDIAL_STR_ARG(result->shown),
                 result->model.len > 0 ? " (" : "", REDIAL_STR_ARG(result->model),
                 result->model.len > 0 ? ")" : "");
}

void probe_report(const struct probe_result *results, size_t count, struct findings *findings)
{
    for (size_t i = 0; i < count; i++) {
        if (results[i].accord == ACCORD_CONTRADICTS)
            report(&results[i], FINDING_CONTRADICTED, findings);
        if (results[i].accord == ACCORD_NEW) report(&results[i], FINDING_OBSERVED, findings);
        if (results[i].accord == ACCORD_OPEN) report(&results[i], FINDING_UNCLEAR, findings);
    }
}

/* ---- Printing */

/* Rows of the matrix that no request can show. */
static const struct matrix_row *next_impossible(struct matrix_walk *walk)
{
    const struct matrix_row *before = walk->row;

    while (matrix_next(walk))
        if (walk->row != before && walk->section != MATRIX_WIRE &&
            probe_impossible(walk->row->name))
            return walk->row;
    return NULL;
}

static void put_impossible(const struct matrix *matrix, struct arena *arena, uint32_t width,
                           struct text *out)
{
    struct matrix_walk walk = {.matrix = matrix};
    struct table table;
    const struct matrix_row *row;

    table_begin(&table, arena, (const char *const[]){"not probed", "because"}, 2);
    while ((row = next_impossible(&walk))) {
        table_cell(&table, row->name);
        table_cell(&table, str_of(probe_impossible(row->name)));
    }
    text_append_char(out, '\n');
    table_write(&table, 0, width, out);
    table_end(&table);
}

static void put_row(const struct probe_result *result, struct table *table)
{
    table_cell(table, str_of(probed_names.rows[result->feature].word));
    table_cell(table, str_of(probe_verdict_names.rows[result->verdict].word));
    table_cell(table, result->documented);
    table_cell(table, str_of(probe_accord_names.rows[result->accord].word));
    table_cell(table, result->shown);
}

static size_t put_provider(const struct probe_result *results, size_t count, struct arena *arena,
                           uint32_t width, struct text *out)
{
    struct table table;
    size_t of_it = 0;

    text_printf(out, "%.*s:\n", REDIAL_STR_ARG(results->provider));
    table_begin(&table, arena,
                (const char *const[]){"feature", "observed", "documented", "", "because"}, 5);
    while (of_it < count && str_eq(results[of_it].provider, results->provider))
        put_row(&results[of_it++], &table);
    table_write(&table, 2, width, out);
    table_end(&table);
    return of_it;
}

void probe_print_text(const struct probe_result *results, size_t count, const struct matrix *matrix,
                      bool all, uint32_t width, struct text *out)
{
    struct arena *arena = arena_new();

    if (!arena) {
        out->failed = true;
        return;
    }
    for (size_t at = 0; at < count;) {
        if (at > 0) text_append_char(out, '\n');
        at += put_provider(&results[at], count - at, arena, width, out);
    }
    if (all) put_impossible(matrix, arena, width, out);
    text_append_char(out, '\n');
    arena_destroy(arena);
}

/* A bar would end the cell. */
static void put_cell(struct redial_str text, struct text *out)
{
    struct redial_str piece;

    text_append_char(out, ' ');
    for (const char *between = ""; str_split(&text, '|', &piece); between = "\\|")
        text_printf(out, "%s%.*s", between, REDIAL_STR_ARG(piece));
    text_append(out, REDIAL_STR(" |"));
}

void probe_print_markdown(const struct probe_result *results, size_t count,
                          const struct matrix *matrix, bool all, uint32_t width, struct text *out)
{
    struct matrix_walk walk = {.matrix = matrix};
    const struct matrix_row *row;

    (void)width;
    text_append(out, REDIAL_STR("| provider | feature | observed | documented | so | because |\n"
                                "|---|---|---|---|---|---|\n"));
    for (size_t i = 0; i < count; i++) {
        text_append_char(out, '|');
        put_cell(results[i].provider, out);
        put_cell(str_of(probed_names.rows[results[i].feature].word), out);
        put_cell(str_of(probe_verdict_names.rows[results[i].verdict].word), out);
        put_cell(results[i].documented, out);
        put_cell(str_of(probe_accord_names.rows[results[i].accord].word), out);
        put_cell(results[i].shown, out);
        text_append_char(out, '\n');
    }
    text_append_char(out, '\n');
    while (all && (row = next_impossible(&walk)))
        text_printf(out, "- %.*s is not probed: %s\n", REDIAL_STR_ARG(row->name),
                    probe_impossible(row->name));
    if (all) text_append_char(out, '\n');
}

void probe_print_json(const struct probe_result *results, size_t count, const struct matrix *matrix,
                      bool all, uint32_t width, struct text *out)
{
    struct matrix_walk walk = {.matrix = matrix};
    const struct matrix_row *row;

    (void)width;
    for (size_t i = 0; i < count; i++) {
        text_append_char(out, '{');
        put_word(out, "probe", probed_names.rows[results[i].feature].word);
        put_text(out, "provider", results[i].provider);
        put_text(out, "model", results[i].model);
        put_word(out, "observed", probe_verdict_names.rows[results[i].verdict].word);
        put_text(out, "because", results[i].shown);
        put_text(out, "documented", results[i].documented);
        put_text(out, "sources", results[i].sources);
        put_word(out, "accord", probe_accord_names.rows[results[i].accord].word);
        put_place(out, "at", &results[i].span);
        text_append(out, REDIAL_STR("}\n"));
    }
    while (all && (row = next_impossible(&walk))) {
        text_append_char(out, '{');
        put_text(out, "not_probed", row->name);
        put_word(out, "because", probe_impossible(row->name));
        text_append(out, REDIAL_STR("}\n"));
    }
}
