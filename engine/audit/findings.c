/* What is old, in doubt, or changed. */
#include "audit/findings.h"

#include <inttypes.h>
#include <stdlib.h>

#include "audit/print.h"

static const struct name finding_rows[] = {
    [FINDING_STALE] = {"stale", "what the cell says is old: look it up again"},
    [FINDING_UNKNOWN] = {"unknown", "there are more unknown cells than allowed"},
    [FINDING_DISPUTED] = {"disputed", "there are more disputed cells than allowed"},
    [FINDING_LOST] = {"lost", "a feature that was served no longer is"},
    [FINDING_NARROWED] = {"narrowed",
                          "a feature is served with more conditions, or no longer surely"},
    [FINDING_GAINED] = {"gained", "a feature is served that was not, or with fewer conditions"},
    [FINDING_RESTATED] = {"restated", "the same support, said otherwise or by others"},
    [FINDING_UNSERVED] = {"unserved", "no configured provider can serve what is asked for"},
    [FINDING_NO_CREDENTIAL] = {"no-credential", "a configured provider has no credential"},
    [FINDING_NO_RESOURCE] = {"no-resource", "a configured provider has no address"},
    [FINDING_PLAIN_HTTP] = {"plain-http", "a credential would travel in the clear"},
    [FINDING_METADATA_TIMEOUT] = {"metadata-timeout",
                                  "without a project ID the metadata server is waited for"},
    [FINDING_TWO_ADDRESSES] = {"two-addresses", "a resource and a base URL are both set"},
    [FINDING_SHADOWED] = {"shadowed-region", "a region that is set does not hold"},
    [FINDING_KEY_AND_OAUTH] = {"two-credentials", "two kinds of credential are set"},
    [FINDING_PROFILE_AND_KEYS] = {"profile-and-keys", "clients differ in which of them they take"},
    [FINDING_TWO_PROVIDERS] = {"two-providers", "two providers are chosen"},
    [FINDING_EMPTY] = {"empty-value", "a variable is set, to nothing"},
    [FINDING_CREDENTIAL] = {"credential", "the search for a credential met something odd"},
    [FINDING_CONTRADICTED] = {"contradicted", "a platform does otherwise than is documented"},
    [FINDING_OBSERVED] = {"observed", "a probe shows what the documents leave open"},
    [FINDING_UNCLEAR] = {"unclear", "a probe got no answer that tells"},
};
const struct names finding_names = {"finding", finding_rows, FINDING_COUNT};

enum finding_level finding_level(enum finding_kind kind)
{
    static const enum finding_level levels[FINDING_COUNT] = {
        [FINDING_STALE] = LEVEL_WARNING,         [FINDING_UNKNOWN] = LEVEL_ERROR,
        [FINDING_DISPUTED] = LEVEL_ERROR,        [FINDING_LOST] = LEVEL_ERROR,
        [FINDING_NARROWED] = LEVEL_WARNING,      [FINDING_GAINED] = LEVEL_NOTE,
        [FINDING_RESTATED] = LEVEL_NOTE,         [FINDING_UNSERVED] = LEVEL_ERROR,
        [FINDING_NO_CREDENTIAL] = LEVEL_ERROR,   [FINDING_NO_RESOURCE] = LEVEL_ERROR,
        [FINDING_PLAIN_HTTP] = LEVEL_ERROR,      [FINDING_METADATA_TIMEOUT] = LEVEL_WARNING,
        [FINDING_TWO_ADDRESSES] = LEVEL_WARNING, [FINDING_SHADOWED] = LEVEL_WARNING,
        [FINDING_KEY_AND_OAUTH] = LEVEL_WARNING, [FINDING_PROFILE_AND_KEYS] = LEVEL_WARNING,
        [FINDING_TWO_PROVIDERS] = LEVEL_WARNING, [FINDING_EMPTY] = LEVEL_WARNING,
        [FINDING_CREDENTIAL] = LEVEL_WARNING,    [FINDING_CONTRADICTED] = LEVEL_ERROR,
        [FINDING_OBSERVED] = LEVEL_NOTE,         [FINDING_UNCLEAR] = LEVEL_WARNING,
    };
    return levels[kind];
}

/* ---- The list */

static struct finding *next_place(struct findings *findings)
{
    if (findings->count == findings->capacity) {
        size_t capacity = findings->capacity ? findings->capacity * 2 : 64;
        struct finding *list = realloc(findings->list, capacity * sizeof *list);
        if (!list) return NULL;
        findings->list = list;
        findings->capacity = capacity;
    }
    return &findings->list[findings->count];
}

void findings_add(struct findings *findings, enum finding_kind kind, struct span span,
                  const char *format, ...)
{
    struct finding *place = next_place(findings);
    va_list arguments;
    va_start(arguments, format);
    findings->of_kind[kind]++;
    if (place && arena_vprintf(findings->arena, &place->message, format, arguments)) {
        place->kind = kind;
        place->span = span;
        findings->count++;
    } else {
        findings->failed = true;
    }
    va_end(arguments);
}

bool findings_fail(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        if (finding_level(findings->list[i].kind) == LEVEL_ERROR) return true;
    return false;
}

void findings_clean_up(struct findings *findings)
{
    free(findings->list);
    *findings = (struct findings){0};
}

/* ---- Cells alike, once */

/* Whether the walk's cell is the first of its row that says this. */
static bool is_first(const struct matrix_walk *walk)
{
    for (const struct matrix_cell *cell = walk->row->cells; cell < walk->cell; cell++)
        if (matrix_same(cell, walk->cell)) return false;
    return true;
}

/* "web_search on VX, FA" */
static void put_where(const struct matrix_walk *walk, struct text *out)
{
    const struct matrix_table *table = &walk->matrix->tables[walk->section];
    const char *between = " on ";
    text_append(out, walk->row->name);
    for (size_t c = 0; c < table->column_count; c++)
        if (matrix_same(&walk->row->cells[c], walk->cell)) {
            text_printf(out, "%s%.*s", between, REDIAL_STR_ARG(table->columns[c].heading));
            between = ", ";
        }
}

/* ---- Age */

static bool is_stale(const struct matrix *matrix, const struct matrix_cell *cell, int32_t days)
{
    return cell->day == DAY_NONE || matrix->today - cell->day > days;
}

static void add_stale(const struct matrix_walk *walk, struct findings *findings)
{
    struct text where = TEXT_INIT, since = TEXT_INIT;
    put_where(walk, &where);
    matrix_day_format(walk->cell->day, &since);
    struct redial_str source = walk->cell->source, at = text_str(&where), old = text_str(&since);
    if (walk->cell->day == DAY_NONE)
        findings_add(findings, FINDING_STALE, walk->cell->span,
                     "%.*s: its source '%.*s' has no date in the matrix", REDIAL_STR_ARG(at),
                     REDIAL_STR_ARG(source));
    else
        findings_add(findings, FINDING_STALE, walk->cell->span,
                     "%.*s: as of %.*s (%.*s), %" PRId32 " days old", REDIAL_STR_ARG(at),
                     REDIAL_STR_ARG(old), REDIAL_STR_ARG(source),
                     walk->matrix->today - walk->cell->day);
    text_clean_up(&where);
    text_clean_up(&since);
}

void audit_stale(const struct matrix *matrix, int32_t days, struct findings *findings)
{
    struct matrix_walk walk = {.matrix = matrix};
    while (matrix_next(&walk))
        if (is_stale(matrix, walk.cell, days) && is_first(&walk)) add_stale(&walk, findings);
}

/* ---- Doubt */

void audit_doubts(const struct matrix *matrix, enum support support, uint64_t most,
                  struct findings *findings)
{
    enum finding_kind kind = support == SUPPORT_UNKNOWN ? FINDING_UNKNOWN : FINDING_DISPUTED;
    uint64_t count = 0;
    struct text text = TEXT_INIT, where = TEXT_INIT;
    struct matrix_walk counting = {.matrix = matrix}, walk = {.matrix = matrix};
    while (matrix_next(&counting)) count += counting.cell->support == support;
    if (count > most)
        findings_add(findings, kind, (struct span){0},
                     "%" PRIu64 " cells, where %" PRIu64 " are allowed", count, most);
    while (count > most && matrix_next(&walk)) {
        if (walk.cell->support != support || !is_first(&walk)) continue;
        put_where(&walk, &where);
        matrix_remark(matrix, walk.cell, &text);
        struct redial_str at = text_str(&where), remark = text_str(&text);
        findings_add(findings, kind, walk.cell->span, "%.*s%s%.*s", REDIAL_STR_ARG(at),
                     remark.len ? ": " : "", REDIAL_STR_ARG(remark));
        text_clear(&text);
        text_clear(&where);
    }
    text_clean_up(&text);
    text_clean_up(&where);
}

/* ---- Change */

/* How much a caller can rely on it. */
static int rank(const struct matrix_cell *cell)
{
    static const int ranks[SUPPORT_COUNT] = {
        [SUPPORT_FULL] = 4,    [SUPPORT_BETA] = 3,     [SUPPORT_LIMITED] = 3,
        [SUPPORT_NONE] = 0,    [SUPPORT_IGNORED] = 0,  [SUPPORT_DISABLED] = 0,
        [SUPPORT_UNKNOWN] = 1, [SUPPORT_DISPUTED] = 1,
    };
    return cell && cell->present ? ranks[cell->support] : 0;
}
#define RANK_SERVED 3

/* The cell of the same row and column in another matrix, or NULL. */
static const struct matrix_cell *counterpart(const struct matrix *in,
                                             const struct matrix_walk *walk)
{
    const struct matrix_table *table = &in->tables[walk->section];
    for (size_t r = 0; r < table->row_count; r++)
        for (size_t c = 0; c < table->column_count; c++)
            if (str_eq(table->rows[r].name, walk->row->name) &&
                str_eq(table->columns[c].name, walk->column->name))
                return table->rows[r].cells[c].present ? &table->rows[r].cells[c] : NULL;
    return NULL;
}

void audit_became_stale(const struct matrix *before, const struct matrix *after, int32_t days,
                        struct findings *findings)
{
    struct matrix_walk walk = {.matrix = after};
    while (matrix_next(&walk)) {
        if (!is_stale(after, walk.cell, days) || !is_first(&walk)) continue;
        const struct matrix_cell *cell = counterpart(before, &walk);
        if (!cell || !is_stale(before, cell, days)) add_stale(&walk, findings);
    }
}

static enum finding_kind judge(const struct matrix_cell *before, const struct matrix_cell *after)
{
    int from = rank(before), to = rank(after);
    if (from >= RANK_SERVED && to == 0) return FINDING_LOST;
    if (to < from) return FINDING_NARROWED;
    if (to > from) return FINDING_GAINED;
    return FINDING_RESTATED;
}

static bool is_restated(const struct matrix_cell *before, const struct matrix_cell *after)
{
    return before->support != after->support || !str_eq(before->value, after->value) ||
           !str_eq(before->note, after->note) || !str_eq(before->source, after->source) ||
           !str_eq(before->scope.models, after->scope.models) ||
           !str_eq(before->scope.endpoint, after->scope.endpoint);
}

static void add_change(const struct matrix_walk *walk, const struct matrix_cell *before,
                       const struct matrix_cell *after, struct findings *findings)
{
    static const struct redial_str nothing = REDIAL_STR_INIT("not in the matrix");
    struct redial_str row = walk->row->name, column = walk->column->heading;
    struct redial_str from = before ? matrix_word(before) : nothing;
    struct redial_str to = after ? matrix_word(after) : nothing;
    struct redial_str note = {"", 0};
    struct span span = {0};
    if (before) span = before->span;
    if (after) span = after->span;
    if (after) note = after->note;
    findings_add(findings, judge(before, after), span, "%.*s on %.*s: %.*s -> %.*s%s%.*s%s",
                 REDIAL_STR_ARG(row), REDIAL_STR_ARG(column), REDIAL_STR_ARG(from),
                 REDIAL_STR_ARG(to), note.len ? " (" : "", REDIAL_STR_ARG(note),
                 note.len ? ")" : "");
}

void audit_diff(const struct matrix *before, const struct matrix *after, struct findings *findings)
{
    struct matrix_walk old = {.matrix = before}, new = {.matrix = after};
    while (matrix_next(&old)) {
        const struct matrix_cell *cell = counterpart(after, &old);
        if (!cell || is_restated(old.cell, cell)) add_change(&old, old.cell, cell, findings);
    }
    while (matrix_next(&new))
        if (!counterpart(before, &new)) add_change(&new, NULL, new.cell, findings);
}
