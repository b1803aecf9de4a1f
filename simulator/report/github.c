/* Annotations of a GitHub workflow. */
#include "simulator/report/report.h"

static void put_annotation(struct text *out, const struct results *results,
                           const struct result *result, const struct difference *difference)
{
    struct redial_str path = result->path;
    uint32_t line = 1;

    if (difference && difference->span.source) {
        path = difference->span.source->path;
        line = difference->span.line;
    }
    text_printf(out, "::error title=%s,file=", results->suite);
    text_append_annotation(out, path, true);
    text_printf(out, ",line=%u::", line);
    text_append_annotation(out, result->name.len ? result->name : result->path, false);
    if (difference) {
        text_append(out, REDIAL_STR(": "));
        text_append_annotation(out, difference->what, false);
        text_append(out, REDIAL_STR(": expected "));
        text_append_annotation(out, difference->expected, false);
        text_append(out, REDIAL_STR(", got "));
        text_append_annotation(out, difference->got, false);
    } else {
        text_append(out, REDIAL_STR(": could not be run"));
    }
    text_append_char(out, '\n');
}

void report_github(const struct results *results, struct text *out)
{
    for (size_t i = 0; i < results->count; i++) {
        const struct result *result = &results->list[i];
        const struct differences *differences = &result->differences;
        if (result->status == RESULT_INVALID) put_annotation(out, results, result, NULL);
        if (result->status != RESULT_FAILED) continue;
        for (size_t k = 0; k < differences->count && k < DIFFERENCES_KEPT; k++)
            put_annotation(out, results, result, &differences->list[k]);
    }
}
