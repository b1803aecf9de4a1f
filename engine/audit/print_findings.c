/* Findings for people, and in the forms that CI servers read. */
#include <inttypes.h>

#include "audit/findings.h"
#include "story/put.h"

static const char *word_of(const struct finding *finding)
{
    return finding_names.rows[finding->kind].word;
}

static bool is_failure(enum finding_kind kind)
{
    return finding_level(kind) == LEVEL_ERROR;
}

/* "warning" is what is worth a look, "note" what is merely so. */
static const char *level_of(enum finding_kind kind)
{
    static const char *const words[] = {"note", "warning", "error"};
    return words[finding_level(kind)];
}

static void put_span(const struct span *span, struct text *out)
{
    if (!span->source) return;
    text_printf(out, "%.*s:%" PRIu32 ":%" PRIu32 ": ", REDIAL_STR_ARG(span->source->path),
                span->line, span->column);
}

/* "2 lost, 1 gained" */
static void put_totals(const struct findings *findings, struct text *out)
{
    const char *between = "";
    for (size_t k = 0; k < FINDING_COUNT; k++) {
        if (findings->of_kind[k] == 0) continue;
        text_printf(out, "%s%zu %s", between, findings->of_kind[k], finding_names.rows[k].word);
        between = ", ";
    }
    if (findings->count == 0) text_append(out, REDIAL_STR("nothing found"));
    text_append_char(out, '\n');
}

void findings_print_text(const struct findings *findings, struct text *out)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        put_span(&finding->span, out);
        text_printf(out, "%s: %.*s\n", word_of(finding), REDIAL_STR_ARG(finding->message));
    }
    put_totals(findings, out);
    if (findings->failed) out->failed = true;
}

void findings_print_markdown(const struct findings *findings, struct text *out)
{
    if (findings->count > 0)
        text_append(out, REDIAL_STR("| finding | what | where |\n|---|---|---|\n"));
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        struct redial_str rest = finding->message, piece;
        text_printf(out, "| %s | ", word_of(finding));
        for (const char *between = ""; str_split(&rest, '|', &piece); between = "\\|")
            text_printf(out, "%s%.*s", between, REDIAL_STR_ARG(piece));
        text_append(out, REDIAL_STR(" | "));
        if (finding->span.source)
            text_printf(out, "%.*s:%" PRIu32, REDIAL_STR_ARG(finding->span.source->path),
                        finding->span.line);
        text_append(out, REDIAL_STR(" |\n"));
    }
    if (findings->count > 0) text_append_char(out, '\n');
    put_totals(findings, out);
    if (findings->failed) out->failed = true;
}

void findings_print_json(const struct findings *findings, struct text *out)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        text_append_char(out, '{');
        put_word(out, "finding", word_of(finding));
        put_word(out, "level", level_of(finding->kind));
        put_text(out, "message", finding->message);
        put_place(out, "at", &finding->span);
        text_append(out, REDIAL_STR("}\n"));
    }
    if (findings->failed) out->failed = true;
}

/* ---- JUnit */

static void put_case(const struct finding *finding, struct text *out)
{
    text_printf(out, "    <testcase classname=\"%s\" name=\"", word_of(finding));
    text_append_xml(out, finding->message);
    if (finding->span.source) {
        text_append(out, REDIAL_STR("\" file=\""));
        text_append_xml(out, finding->span.source->path);
        text_printf(out, "\" line=\"%" PRIu32, finding->span.line);
    }
    if (!is_failure(finding->kind)) {
        text_append(out, REDIAL_STR("\"/>\n"));
        return;
    }
    text_printf(out, "\">\n      <failure type=\"%s\" message=\"%s\"/>\n    </testcase>\n",
                word_of(finding), finding_names.rows[finding->kind].doc);
}

void findings_print_junit(const struct findings *findings, struct text *out)
{
    size_t failures = 0;
    for (size_t i = 0; i < findings->count; i++) failures += is_failure(findings->list[i].kind);
    size_t tests = findings->count > 0 ? findings->count : 1;
    text_printf(out,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
                "  <testsuite name=\"redial audit\" tests=\"%zu\" failures=\"%zu\">\n",
                tests, failures);
    for (size_t i = 0; i < findings->count; i++) put_case(&findings->list[i], out);
    if (findings->count == 0)
        text_append(out,
                    REDIAL_STR("    <testcase classname=\"audit\" name=\"nothing found\"/>\n"));
    text_append(out, REDIAL_STR("  </testsuite>\n</testsuites>\n"));
    if (findings->failed) out->failed = true;
}

/* ---- SARIF */

static void put_rules(struct text *out)
{
    put_key(out, "rules");
    for (size_t k = 0; k < FINDING_COUNT; k++) {
        text_append(out, k == 0 ? REDIAL_STR("[{") : REDIAL_STR(",{"));
        put_word(out, "id", finding_names.rows[k].word);
        put_key(out, "shortDescription");
        text_append_char(out, '{');
        put_word(out, "text", finding_names.rows[k].doc);
        text_append(out, REDIAL_STR("}}"));
    }
    text_append_char(out, ']');
}

static void put_location(const struct span *span, struct text *out)
{
    if (!span->source) return;
    put_key(out, "locations");
    text_append(out, REDIAL_STR("[{\"physicalLocation\":{\"artifactLocation\":{"));
    put_text(out, "uri", span->source->path);
    text_append_char(out, '}');
    if (span->line > 0)
        text_printf(out, ",\"region\":{\"startLine\":%" PRIu32 ",\"startColumn\":%" PRIu32 "}",
                    span->line, span->column);
    text_append(out, REDIAL_STR("}}]"));
}

void findings_print_sarif(const struct findings *findings, struct text *out)
{
    text_append(out, REDIAL_STR("{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\","
                                "\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{"));
    put_word(out, "name", "redial audit");
    put_rules(out);
    text_append(out, REDIAL_STR("}},\"results\":["));
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        text_append(out, i == 0 ? REDIAL_STR("{") : REDIAL_STR(",\n{"));
        put_word(out, "ruleId", word_of(finding));
        put_word(out, "level", level_of(finding->kind));
        put_key(out, "message");
        text_append_char(out, '{');
        put_text(out, "text", finding->message);
        text_append_char(out, '}');
        put_location(&finding->span, out);
        text_append_char(out, '}');
    }
    text_append(out, REDIAL_STR("]}]}\n"));
    if (findings->failed) out->failed = true;
}

/* ---- GitHub */

/* A command ends at its line, and its properties at ',' and ':'. */
void findings_print_github(const struct findings *findings, struct text *out)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        const char *level = level_of(finding->kind);
        text_printf(out, "::%s title=audit %s", str_is(str_of(level), "note") ? "notice" : level,
                    word_of(finding));
        if (finding->span.source) {
            text_append(out, REDIAL_STR(",file="));
            text_append_annotation(out, finding->span.source->path, true);
            text_printf(out, ",line=%" PRIu32 ",col=%" PRIu32, finding->span.line,
                        finding->span.column);
        }
        text_append(out, REDIAL_STR("::"));
        text_append_annotation(out, finding->message, false);
        text_append_char(out, '\n');
    }
    if (findings->failed) out->failed = true;
}
