/* The reports: text for people, JSON lines, JUnit XML. All append to `out`, whose `failed` tells
 * when memory ran out. */
#ifndef REDIAL_SIMULATOR_REPORT_H
#define REDIAL_SIMULATOR_REPORT_H

#include "simulator/report/result.h"

struct report_style {
    bool colour;
    uint32_t width;       /* columns, 80 where nobody knows */
    bool stories;         /* every scenario's story under its line */
    bool only_what_fails; /* no line for a scenario that passed */
};

/* One scenario as people read it: a line, then its story and its failures in full. */
void report_text_result(const struct result *result, const struct report_style *style,
                        struct text *out);
/* Each difference with its place, as exp: and got:. */
void report_text_differences(const struct differences *differences,
                             const struct report_style *style, struct text *out);
void report_text_totals(const struct results *results, const struct report_style *style,
                        struct text *out);
/* One JSON object and a newline; `stories`: preceded by the story's own lines. */
void report_json_result(const struct result *result, bool stories, struct text *out);
void report_json_totals(const struct results *results, struct text *out);
/* Annotations of a GitHub workflow: one error for each difference, at its place. */
void report_github(const struct results *results, struct text *out);
/* A whole JUnit document: one suite, a case per scenario, a failure per difference. */
void report_junit(const struct results *results, struct text *out);

#endif
