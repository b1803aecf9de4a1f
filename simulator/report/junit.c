/* JUnit XML, as CI servers read it: names of passing cases too. */
#include "base/duration.h"
#include "simulator/report/report.h"

static void put_attribute(struct text *out, const char *name, struct redial_str value)
{
    text_printf(out, " %s=\"", name);
    text_append_xml(out, value);
    text_append_char(out, '"');
}

static void put_time(struct text *out, int64_t ns)
{
    text_printf(out, " time=\"%lld.%06lld\"", (long long)(ns / NS_PER_SECOND),
                (long long)(ns % NS_PER_SECOND / NS_PER_US));
}

static void put_failure(struct text *out, const struct result *result,
                        const struct difference *difference)
{
    struct text message = TEXT_INIT, body = TEXT_INIT;
    text_printf(&message, "%.*s: expected %.*s, got %.*s", REDIAL_STR_ARG(difference->what),
                REDIAL_STR_ARG(difference->expected), REDIAL_STR_ARG(difference->got));
    result_place(difference->span, &body);
    text_printf(&body, "\nexp: %.*s\ngot: %.*s\n", REDIAL_STR_ARG(difference->expected),
                REDIAL_STR_ARG(difference->got));
    if (result->replay_line.len)
        text_printf(&body, "replay: %.*s\n", REDIAL_STR_ARG(result->replay_line));
    text_printf(out, "      <failure");
    put_attribute(out, "type", difference->what);
    put_attribute(out, "message", text_str(&message));
    text_append_char(out, '>');
    text_append_xml(out, text_str(&body));
    text_printf(out, "</failure>\n");
    text_clean_up(&message);
    text_clean_up(&body);
}

static void put_case(struct text *out, const struct result *result)
{
    const struct differences *differences = &result->differences;
    size_t kept = differences->count < DIFFERENCES_KEPT ? differences->count : DIFFERENCES_KEPT;
    text_printf(out, "    <testcase");
    put_attribute(out, "name", result->name.len ? result->name : result->path);
    put_attribute(out, "classname", result->path);
    put_attribute(out, "file", result->path);
    put_time(out, result->measured);
    text_printf(out, ">\n");
    if (result->status == RESULT_FAILED)
        for (size_t i = 0; i < kept; i++) put_failure(out, result, &differences->list[i]);
    if (result->status == RESULT_INVALID) {
        text_printf(out, "      <error message=\"the scenario could not be run\">");
        text_append_xml(out, result->diagnostics);
        text_printf(out, "</error>\n");
    }
    if (result->status == RESULT_SKIPPED) text_printf(out, "      <skipped/>\n");
    if (result->about.len) {
        text_printf(out, "      <system-out>");
        text_append_xml(out, result->about);
        text_printf(out, "</system-out>\n");
    }
    text_printf(out, "    </testcase>\n");
}

void report_junit(const struct results *results, struct text *out)
{
    text_printf(out,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
                "  <testsuite name=\"%s\"",
                results->suite);
    text_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"",
                results->count, results_with(results, RESULT_FAILED),
                results_with(results, RESULT_INVALID), results_with(results, RESULT_SKIPPED));
    put_time(out, results->measured);
    text_printf(out, ">\n");
    for (size_t i = 0; i < results->count; i++) put_case(out, &results->list[i]);
    text_printf(out, "  </testsuite>\n</testsuites>\n");
}
