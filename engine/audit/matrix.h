/* The feature matrix as plain structs: what each surface supports, who says so, and since when. The
 * rows that the engine acts on are the policy's own cells, so that the table cannot say one thing
 * and the behaviour another; the others come from a matrix file.
 *
 *   matrix ── tables[baseline, features, wire] ── columns[] (a platform, or one of its surfaces)
 *                                              └─ rows[] ── cells[], one per column ── claims[]
 */
#ifndef REDIAL_AUDIT_MATRIX_H
#define REDIAL_AUDIT_MATRIX_H

#include "model/policy.h"

#define SURFACES_MAX 12u
#define SOURCES_MAX  32u
#define DAY_NONE     INT32_MIN

enum matrix_section { MATRIX_BASELINE, MATRIX_FEATURES, MATRIX_WIRE, MATRIX_SECTION_COUNT };

struct matrix_source {
    struct redial_str name, title;
    int32_t day; /* days since 1970-01-01, like every day here */
    struct span span;
};

/* What a cell or a claim holds for; all empty: for every model on every endpoint. */
struct matrix_scope {
    struct redial_str models; /* "claude-opus-5, claude-opus-4-8" */
    struct redial_str endpoint;
    struct span endpoint_span;
};

/* One side of a dispute. */
struct matrix_claim {
    enum support support;
    uint32_t sources; /* bit per source of the matrix */
    struct matrix_scope scope;
    struct redial_str note;
};

struct matrix_cell {
    bool present;
    enum support support;
    struct redial_str value; /* said instead of the support's word; may be empty */
    struct redial_str requires, note;
    struct matrix_scope scope;
    struct redial_str source; /* "overview, bedrock" */
    int32_t day;              /* DAY_NONE: the source of a policy's cell that no matrix dates */
    const struct matrix_claim *claims;
    size_t claim_count;
    struct span span;
};

struct matrix_column {
    struct redial_str name, heading, title, use_when;
    int platform;                       /* enum platform_kind; -1: none that the engine speaks to */
    const struct redial_str *endpoints; /* that a scope may name */
    size_t endpoint_count;
    struct span span;
};

struct matrix_row {
    struct redial_str name, title;
    struct beta_flags betas;   /* patterns over the flags of anthropic-beta that ask for it */
    struct matrix_cell *cells; /* one per column of the table */
    struct span span;
};

struct matrix_table {
    const char *title;
    struct matrix_column *columns;
    size_t column_count;
    struct matrix_row *rows;
    size_t row_count;
};

struct matrix {
    struct redial_str about, path; /* of the matrix file; empty: there is none */
    struct matrix_source *sources;
    size_t source_count;
    struct matrix_table tables[MATRIX_SECTION_COUNT];
    int32_t today;
};

/* Reads a matrix file into `matrix`, all in `arena`. A cell without source or date, a date after
 * `today`, an unknown surface, word or source, and a scope that matches no model of `policy` (NULL:
 * nobody to ask) or no endpoint are errors in `diags`. False when anything was wrong: then `matrix`
 * may not be used. */
bool matrix_read(struct arena *arena, const char *path, const struct redial_policy *policy,
                 int32_t today, struct diag_list *diags, struct matrix *matrix) REDIAL_MUST_USE;
/* Takes the baseline from the policy, dated by the matrix's sources, and what the policy says of
 * its platforms. Texts are borrowed from the policy. False when memory is out. */
bool matrix_join(struct arena *arena, const struct redial_policy *policy,
                 struct matrix *matrix) REDIAL_MUST_USE;
/* The matrix file beside the platforms that the policy uses, or NULL when there is none. */
const char *matrix_beside(struct arena *arena, const struct redial_policy *policy);

/* The table whose columns say what surfaces there are and when one would choose them: the
 * features', or without a matrix file the baseline's. */
const struct matrix_table *matrix_surfaces(const struct matrix *matrix);

/* "yes", "no", "yes, with OAuth": what a table prints. */
struct redial_str matrix_word(const struct matrix_cell *cell);
/* Appends "overview, bedrock". */
void matrix_sources(const struct matrix *matrix, uint32_t sources, struct text *out);
/* "2026-09-01"; false when it is no day of the calendar. */
bool matrix_day(struct redial_str text, int32_t *day);
void matrix_day_format(int32_t day, struct text *out); /* "undated" for DAY_NONE */

/* The row by its name, in any table but the wire's; false, with a suggestion in `why`, when there
 * is none. */
bool matrix_find(const struct matrix *matrix, struct redial_str name,
                 const struct matrix_table **table, const struct matrix_row **row,
                 struct text *why);

/* Every cell that says something, in the order of the tables. Begin with a zeroed walk whose
 * `matrix` is set. */
struct matrix_walk {
    const struct matrix *matrix;
    size_t section, row_number, column_number;
    const struct matrix_row *row;
    const struct matrix_column *column;
    const struct matrix_cell *cell;
};
bool matrix_next(struct matrix_walk *walk);

#endif
