/* Diagnostics: what is wrong, where, what was expected, the likely cure, and the other place where
 * two disagree. A list collects them, so several errors of one file are reported together:
 *
 *   policies/chat.yaml:14:7: error: unknown key 'retrys' in rule 'rate limited' [unknown-key]
 *      14 |       retrys: 3
 *         |       ^~~~~~
 *         = did you mean 'retries'?
 *   policies/chat.yaml:6:5: note: the rule begins here
 *       6 |     - when: rate_limited
 *         |     ^~~~~~~~~~~~~~~~~~~~
 */
#ifndef REDIAL_BASE_DIAG_H
#define REDIAL_BASE_DIAG_H

#include "base/arena.h"

/* One file's text, kept as long as anything points into it. */
struct source {
    struct redial_str path; /* as the user wrote it, or "<standard input>" */
    struct redial_str text;
};

/* A place in a source. line and column count from 1, columns in characters (UTF-8 code points);
 * source NULL: no place (the message stands alone); line 0: the file as a whole. */
struct span {
    const struct source *source;
    uint32_t line, column, length; /* length in characters, at least 1 where line > 0 */
    uint32_t begin, end;           /* byte offsets in source->text, for edits in place */
};
/* The span of the bytes from `begin` up to `end`. Counts from the start of the text: for single
 * places. */
struct span span_of(const struct source *source, size_t begin, size_t end);
/* The file as a whole. */
struct span span_whole(const struct source *source);

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE };

struct diag {
    enum severity severity;
    const char *code; /* a word such as "unknown-key"; static storage; NULL for notes */
    struct span span;
    struct redial_str message, cure; /* cure may be empty */
    struct diag *notes;              /* further places, in order */
    struct diag *next;
};

#define DIAG_SHOWN_MAX 50   /* more in one run help nobody; the rest is counted */
#define DIAG_KEPT_MAX  1000 /* so that a hopeless file cannot fill the memory */

struct diag_list;

struct diag_list *diag_list_new(void); /* NULL when memory is out */
void diag_list_destroy(struct diag_list *list);
/* Adds one. Returns it so that a cure and notes can follow; NULL when DIAG_KEPT_MAX are kept
 * already, or when memory is out, which the list remembers (`diag_out_of_memory_seen`); it is
 * counted all the same. The list copies the sources it points into, so it may outlive them. Every
 * function here takes a NULL list or diag and does nothing. */
struct diag *diag_error(struct diag_list *list, const char *code, struct span span,
                        const char *format, ...) REDIAL_PRINTF(4, 5);
struct diag *diag_warning(struct diag_list *list, const char *code, struct span span,
                          const char *format, ...) REDIAL_PRINTF(4, 5);
void diag_cure(struct diag_list *list, struct diag *diag, const char *format, ...)
    REDIAL_PRINTF(3, 4);
void diag_note(struct diag_list *list, struct diag *diag, struct span span, const char *format, ...)
    REDIAL_PRINTF(4, 5);
/* A plain out-of-memory error with no place, needing no memory of its own. */
void diag_out_of_memory(struct diag_list *list);

size_t diag_errors(const struct diag_list *list); /* running out of memory is one more */
size_t diag_warnings(const struct diag_list *list);
bool diag_out_of_memory_seen(const struct diag_list *list);
/* Sorted by place within one source, stable. Their spans point into the list's own copies. */
const struct diag *diag_first(const struct diag_list *list);
/* Renders all of them. `colour` adds ANSI sequences. Control characters and bytes that are not
 * UTF-8 are shown as '?', so that a file cannot drive the terminal; of a long line, what lies
 * around the caret. */
void diag_render(const struct diag_list *list, bool colour, struct text *out);

#endif
