/* What an audit finds wanting, one place each, and the forms in which CI servers read it. */
#ifndef REDIAL_AUDIT_FINDINGS_H
#define REDIAL_AUDIT_FINDINGS_H

#include "audit/matrix.h"

enum finding_kind {
    FINDING_STALE,    /* a cell older than was asked for */
    FINDING_UNKNOWN,  /* more unknown cells than allowed */
    FINDING_DISPUTED, /* more disputed cells than allowed */
    FINDING_LOST,     /* a feature that was served, and no longer is */
    FINDING_NARROWED, /* served with more conditions than before, or no longer surely */
    FINDING_GAINED,
    FINDING_RESTATED, /* another source, note or value */
    FINDING_UNSERVED, /* what was asked for, no provider can serve */
    /* of a setup */
    FINDING_NO_CREDENTIAL,
    FINDING_NO_RESOURCE,
    FINDING_PLAIN_HTTP,
    FINDING_METADATA_TIMEOUT,
    FINDING_TWO_ADDRESSES,
    FINDING_SHADOWED,
    FINDING_KEY_AND_OAUTH,
    FINDING_PROFILE_AND_KEYS,
    FINDING_TWO_PROVIDERS,
    FINDING_EMPTY,
    FINDING_CREDENTIAL, /* what the search for a credential warns of */
    /* of probes */
    FINDING_CONTRADICTED, /* observed otherwise than documented */
    FINDING_OBSERVED,     /* what no document had settled */
    FINDING_UNCLEAR,      /* a probe that learnt nothing */
    FINDING_COUNT
};
extern const struct names finding_names;

enum finding_level { LEVEL_NOTE, LEVEL_WARNING, LEVEL_ERROR };
enum finding_level finding_level(enum finding_kind kind);

struct finding {
    enum finding_kind kind;
    struct span span; /* source NULL: no place */
    struct redial_str message;
};
struct findings {
    struct arena *arena; /* of the messages; not owned */
    struct finding *list;
    size_t count, capacity;
    size_t of_kind[FINDING_COUNT];
    bool failed; /* memory ran out: the list is not whole */
};

void findings_add(struct findings *findings, enum finding_kind kind, struct span span,
                  const char *format, ...) REDIAL_PRINTF(4, 5);
/* Whether any of them is a failure, not only worth knowing: a loss, or a bound that is passed. */
bool findings_fail(const struct findings *findings);
void findings_clean_up(struct findings *findings);

/* Cells older than `days`, counted from the matrix's today, and those without a day. */
void audit_stale(const struct matrix *matrix, int32_t days, struct findings *findings);
/* Cells that were not yet as old on the day of `before` and are on that of `after`. */
void audit_became_stale(const struct matrix *before, const struct matrix *after, int32_t days,
                        struct findings *findings);
/* Names every cell with this support, when there are more than `most`. */
void audit_doubts(const struct matrix *matrix, enum support support, uint64_t most,
                  struct findings *findings);
/* What changed from `before` to `after`: rows and surfaces by name, cells by what they say. */
void audit_diff(const struct matrix *before, const struct matrix *after, struct findings *findings);

typedef void findings_print_fn(const struct findings *findings, struct text *out);
findings_print_fn findings_print_text;     /* a line each, then the totals */
findings_print_fn findings_print_markdown; /* a table, for a pull request */
findings_print_fn findings_print_json;     /* JSON lines */
findings_print_fn findings_print_junit;    /* a failing test each */
findings_print_fn findings_print_sarif;    /* SARIF 2.1.0 */
findings_print_fn findings_print_github;   /* workflow commands: annotations at the lines */

#endif
