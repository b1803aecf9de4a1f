/* redial audit: what is stale, in doubt or lost, and the reports of it. */
#include <errno.h>
#include <string.h>

#include "base/duration.h"
#include "cli/audit.h"

/* ---- Flags ---- */

static bool read_stale(const char *given, int32_t *days, struct text *why)
{
    int64_t ns = 0;
    if (!given) return true;
    if (duration_parse(str_of(given), &ns) != DURATION_OK || ns < NS_PER_DAY ||
        ns % NS_PER_DAY != 0) {
        text_printf(why, "'%s' is no age; write whole days, such as 90d", given);
        return false;
    }
    *days = (int32_t)(ns / NS_PER_DAY);
    return true;
}

bool searched_read(const struct args *args, struct searched *searched, struct text *why)
{
    *searched = (struct searched){.diff = args_value(args, "diff"),
                                  .stale = -1,
                                  .max_unknown = UINT64_MAX,
                                  .max_disputed = UINT64_MAX};
    if (!read_stale(args_value(args, "stale"), &searched->stale, why) ||
        !args_number(args, "max-unknown", 0, 1000000, &searched->max_unknown, why) ||
        !args_number(args, "max-disputed", 0, 1000000, &searched->max_disputed, why))
        return false;
    static const char *const asking[] = {"diff",  "stale", "max-unknown", "max-disputed",
                                         "junit", "sarif", "github"};
    for (size_t i = 0; i < REDIAL_COUNT_OF(asking); i++)
        searched->any = searched->any || args_given(args, asking[i]);
    return true;
}

/* ---- Searching ---- */

/* Findings outlive what they were found in. */
static void keep_sources(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        struct span *span = &findings->list[i].span;
        struct source *copy = ARENA_NEW(findings->arena, struct source);
        if (!copy ||
            (span->source && !arena_copy(findings->arena, span->source->path, &copy->path)))
            findings->failed = true;
        if (span->source) span->source = findings->failed ? NULL : copy;
    }
}

/* The rows of a policy can be compared only with those of another policy. */
static bool compare(const struct searched *searched, const struct args *args,
                    const struct subject *subject, struct findings *findings, struct output *output)
{
    struct subject before;
    bool good = subject_begin(&before, searched->diff, args_value(args, "matrix"),
                              subject->matrix.today, output);
    if (good) {
        struct matrix after = subject->matrix;
        if (!before.policy) after.tables[MATRIX_BASELINE].row_count = 0;
        if (!subject->policy) before.matrix.tables[MATRIX_BASELINE].row_count = 0;
        audit_diff(&before.matrix, &after, findings);
        keep_sources(findings);
    }
    subject_end(&before);
    return good;
}

/* ---- Reports ---- */

static bool write_report(const char *path, findings_print_fn *print,
                         const struct findings *findings, struct output *output)
{
    struct text text = TEXT_INIT;
    if (!path) return true;
    print(findings, &text);
    FILE *file = fopen(path, "w");
    bool good = file && !text.failed;
    if (file) {
        output_quoting(file, &text);
        good = !ferror(file) && good;
        good = fclose(file) == 0 && good;
    }
    if (!good) fprintf(output->err, "redial audit: cannot write %s: %s\n", path, strerror(errno));
    text_clean_up(&text);
    return good;
}

static void print_findings(const struct findings *findings, findings_print_fn *print,
                           struct output *output)
{
    struct text text = TEXT_INIT;
    print(findings, &text);
    output_quoting(output->out, &text);
    text_clean_up(&text);
}

int searched_run(const struct searched *searched, const struct args *args,
                 const struct subject *subject, findings_print_fn *print, struct findings *findings,
                 struct output *output)
{
    if (searched->diff && !compare(searched, args, subject, findings, output))
        return STATUS_UNUSABLE;
    if (searched->stale >= 0) audit_stale(&subject->matrix, searched->stale, findings);
    if (searched->max_unknown != UINT64_MAX)
        audit_doubts(&subject->matrix, SUPPORT_UNKNOWN, searched->max_unknown, findings);
    if (searched->max_disputed != UINT64_MAX)
        audit_doubts(&subject->matrix, SUPPORT_DISPUTED, searched->max_disputed, findings);
    print_findings(findings, print, output);
    if (args_given(args, "github")) print_findings(findings, findings_print_github, output);
    bool written =
        write_report(args_value(args, "junit"), findings_print_junit, findings, output) &&
        write_report(args_value(args, "sarif"), findings_print_sarif, findings, output);
    if (!written || findings->failed) return STATUS_UNUSABLE;
    return findings_fail(findings) ? STATUS_FAILED : STATUS_OK;
}
