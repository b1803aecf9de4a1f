#include "simulator/report/result.h"

const char *result_status_name(enum result_status status)
{
    static const char *const names[RESULT_STATUS_COUNT] = {
        [RESULT_PASSED] = "passed",
        [RESULT_FAILED] = "failed",
        [RESULT_INVALID] = "invalid",
        [RESULT_SKIPPED] = "skipped",
    };
    return names[status];
}

size_t results_with(const struct results *results, enum result_status status)
{
    size_t count = 0;
    for (size_t i = 0; i < results->count; i++) count += results->list[i].status == status;
    return count;
}

void result_place(struct span span, struct text *out)
{
    if (!span.source) return;
    text_printf(out, "%.*s:%u", REDIAL_STR_ARG(span.source->path), span.line);
    if (span.column) text_printf(out, ":%u", span.column);
}
