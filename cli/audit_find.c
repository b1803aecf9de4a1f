/* redial audit: what is stale, in doubt or lost, and the reports of it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/duration.h"
#include "cli/audit.h"
#include "cli/revision.h"

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

/* A file of that name, or else what git may know by it. */
static bool read_diff(const char *given, struct searched *searched, struct text *why)
{
    if (!given) return true;
    if (access(given, F_OK) != 0)
        return revision_range(str_of(given), &searched->since, &searched->until, why);
    searched->diff = given;
    return true;
}

bool searched_read(const struct args *args, struct searched *searched, struct text *why)
{
    *searched =
        (struct searched){.stale = -1, .max_unknown = UINT64_MAX, .max_disputed = UINT64_MAX};
    if (!read_diff(args_value(args, "diff"), searched, why) ||
        !read_stale(args_value(args, "stale"), &searched->stale, why) ||
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

#define A_QUARTER 90 /* days: what is older is to be looked up again */

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
static void compare(const struct searched *searched, const struct subject *before,
                    const struct subject *after, struct findings *findings)
{
    struct matrix old = before->matrix, new = after->matrix;
    if (!before->policy) new.tables[MATRIX_BASELINE].row_count = 0;
    if (!after->policy) old.tables[MATRIX_BASELINE].row_count = 0;
    audit_diff(&old, &new, findings);
    if (before->is_past)
        audit_became_stale(&old, &new, searched->stale >= 0 ? searched->stale : A_QUARTER,
                           findings);
    keep_sources(findings);
}

static bool look_back(const struct searched *searched, const struct args *args, const char *path,
                      const struct subject *subject, struct findings *findings,
                      struct output *output)
{
    struct subject before;
    const char *matrix = args_value(args, "matrix");
    int32_t today = subject->matrix.today;
    bool good = searched->diff
                    ? subject_begin(&before, searched->diff, matrix, today, output)
                    : subject_begin_then(&before, searched->since, path, matrix, today, output);
    if (good) compare(searched, &before, subject, findings);
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

int searched_run(const struct searched *searched, const struct args *args, const char *path,
                 const struct subject *subject, findings_print_fn *print, struct findings *findings,
                 struct output *output)
{
    bool in_git = searched->since.len > 0;
    if ((searched->diff || in_git) && !look_back(searched, args, path, subject, findings, output))
        return STATUS_UNUSABLE;
    if (searched->stale >= 0 && !in_git) audit_stale(&subject->matrix, searched->stale, findings);
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
