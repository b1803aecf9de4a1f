/* The report for programs: one JSON object a line. Times are in nanoseconds. */
#include "simulator/report/report.h"

static void put_text(struct text *out, const char *key, struct redial_str value)
{
    text_printf(out, ",\"%s\":", key);
    text_append_json(out, value);
}

static void put_number(struct text *out, const char *key, int64_t value)
{
    text_printf(out, ",\"%s\":%lld", key, (long long)value);
}

static void put_difference(struct text *out, const struct difference *difference)
{
    text_printf(out, "{\"what\":");
    text_append_json(out, difference->what);
    put_text(out, "expected", difference->expected);
    put_text(out, "got", difference->got);
    if (difference->span.source) {
        put_text(out, "file", difference->span.source->path);
        put_number(out, "line", difference->span.line);
        put_number(out, "column", difference->span.column);
    }
    text_append_char(out, '}');
}

static void put_differences(struct text *out, const struct differences *differences)
{
    size_t kept = differences->count < DIFFERENCES_KEPT ? differences->count : DIFFERENCES_KEPT;
    text_printf(out, ",\"failures\":[");
    for (size_t i = 0; i < kept; i++) {
        if (i) text_append_char(out, ',');
        put_difference(out, &differences->list[i]);
    }
    text_append_char(out, ']');
    put_number(out, "failure_count", (int64_t)differences->count);
}

static void put_dropped(struct text *out, uint16_t features)
{
    if (features == 0) return;
    text_printf(out, ",\"dropped_features\":[");
    for (uint32_t left = features; left; left &= left - 1) {
        if (left != features) text_append_char(out, ',');
        text_append_json(out,
                         str_of(redial_feature_name((enum redial_feature)__builtin_ctz(left))));
    }
    text_append_char(out, ']');
}

void report_json_result(const struct result *result, bool stories, struct text *out)
{
    if (stories) {
        text_printf(out, "{\"type\":\"story\"");
        put_text(out, "path", result->path);
        text_printf(out, "}\n");
        text_append(out, result->story_json);
    }
    text_printf(out, "{\"type\":\"scenario\"");
    put_text(out, "path", result->path);
    put_text(out, "name", result->name);
    put_text(out, "status", str_of(result_status_name(result->status)));
    put_text(out, "transport", str_of(result->transport));
    text_printf(out, ",\"seed\":%llu", (unsigned long long)result->seed);
    put_number(out, "calls", (int64_t)result->calls);
    put_number(out, "attempts", result->attempts);
    put_number(out, "retries", result->retries);
    put_number(out, "telemetry", result->telemetry);
    put_dropped(out, result->dropped);
    put_number(out, "waited_ns", result->waited);
    put_number(out, "elapsed_ns", result->elapsed);
    put_number(out, "measured_ns", result->measured);
    if (result->diagnostics.len) put_text(out, "diagnostics", result->diagnostics);
    put_differences(out, &result->differences);
    if (result->replay_line.len) put_text(out, "replay", result->replay_line);
    text_printf(out, "}\n");
}

void report_json_totals(const struct results *results, struct text *out)
{
    text_printf(out, "{\"type\":\"replay\"");
    put_number(out, "scenarios", (int64_t)results->count);
    for (int status = 0; status < RESULT_STATUS_COUNT; status++)
        put_number(out, result_status_name((enum result_status)status),
                   (int64_t)results_with(results, (enum result_status)status));
    text_printf(out, ",\"interrupted\":%s", results->interrupted ? "true" : "false");
    put_number(out, "measured_ns", results->measured);
    text_printf(out, "}\n");
}
