/* What the files of `redial audit` share. */
#ifndef REDIAL_CLI_AUDIT_H
#define REDIAL_CLI_AUDIT_H

#include "audit/findings.h"
#include "cli/verbs.h"

/* What is audited: a policy and its matrix, or a matrix alone. */
struct subject {
    struct arena *arena;
    struct redial_policy *policy; /* NULL: a matrix alone */
    struct matrix matrix;
    bool is_past; /* as git has it: the matrix's today is the day of then */
};

/* Reads `path`, and the matrix beside its platforms unless `matrix` names one. False after saying
 * why on standard error. Then, too, subject_end. */
bool subject_begin(struct subject *subject, const char *path, const char *matrix, int32_t today,
                   struct output *output);
/* The same as the repository of `path` had it then: a date or a revision. */
bool subject_begin_then(struct subject *subject, struct redial_str then, const char *path,
                        const char *matrix, int32_t today, struct output *output);
void subject_end(struct subject *subject);

/* What the flags ask to be found, checked before anything is done. */
struct searched {
    const char *diff;                   /* a file, NULL none */
    struct redial_str since, until;     /* dates or revisions; `until` empty: the file as it is */
    int32_t stale;                      /* days, -1 not asked */
    uint64_t max_unknown, max_disputed; /* UINT64_MAX not asked */
    bool any;                           /* something is to be found or reported */
};
bool searched_read(const struct args *args, struct searched *searched, struct text *why);
/* `path` is the subject's. Searches, prints the findings in this form and writes the reports that
 * the flags name. Findings that are there already are reported with the rest. Returns the exit
 * status. */
int searched_run(const struct searched *searched, const struct args *args, const char *path,
                 const struct subject *subject, findings_print_fn *print, struct findings *findings,
                 struct output *output);

#endif
