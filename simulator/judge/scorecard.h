/* Verdicts for people and machines: one scenario, or a card over many. */
#ifndef REDIAL_SIMULATOR_SCORECARD_H
#define REDIAL_SIMULATOR_SCORECARD_H

#include "simulator/judge/judge.h"
#include "simulator/report/report.h"

/* One scenario that a client was held against. */
struct trial {
    struct arena *arena; /* all texts */
    struct redial_str path, name;
    bool is_judged; /* else `trouble` says why not */
    struct verdict verdict;
    struct client_end end;
    struct redial_str course;      /* its attempts, a line each, for people */
    struct redial_str course_json; /* the same as a JSON array */
    struct redial_str trouble;     /* diagnostics, for people */
    int64_t measured;              /* ns, by the machine's clock */
};

struct scorecard {
    struct trial *trials;
    size_t count;
    struct redial_str command; /* as a person typed it */
    double speed;              /* by how much the world's delays and hints were shortened; 1: not */
    int64_t measured;
    bool interrupted;
};

size_t scorecard_with(const struct scorecard *card, enum grade grade);
size_t scorecard_invalid(const struct scorecard *card);

/* The attempts of a journal, a line each. */
void course_write_text(const struct journal *journal, const struct redial_policy *policy,
                       struct text *out);

/* One trial: a line, the course, what is broken. `style->only_what_fails` leaves out what is well;
 * `style->stories` shows the course of those that pass, too. */
void trial_write_text(const struct trial *trial, const struct report_style *style,
                      struct text *out);
/* The totals, and, of more than one trial, which checks were broken how often. */
void scorecard_write_text(const struct scorecard *card, const struct report_style *style,
                          struct text *out);
void trial_write_json(const struct trial *trial, struct text *out); /* one line */
void scorecard_write_json(const struct scorecard *card, struct text *out);
/* What the reports for CI servers are made from: pass and safe pass there, partial and fail do not.
 * In `arena`; false when memory is out. */
bool scorecard_results(const struct scorecard *card, struct arena *arena, struct results *results);

#endif
