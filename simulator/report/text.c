/* The report for people. */
#include "base/duration.h"
#include "simulator/report/report.h"

#define STORY_LINES_SHOWN 40 /* of a failed scenario, when stories were not asked for */

static const struct look {
    const char *word, *colour;
} looks[RESULT_STATUS_COUNT] = {
    [RESULT_PASSED] = {"ok", "\033[32m"},
    [RESULT_FAILED] = {"FAIL", "\033[1;31m"},
    [RESULT_INVALID] = {"INVALID", "\033[1;31m"},
    [RESULT_SKIPPED] = {"skipped", "\033[33m"},
};

static void put(struct text *out, const struct report_style *style, const char *colour,
                const char *word)
{
    text_printf(out, "%s%s%s", style->colour ? colour : "", word, style->colour ? "\033[0m" : "");
}

/* Columns of UTF-8 text: its characters, as nothing here is wide. */
static uint32_t columns(struct redial_str text)
{
    uint32_t count = 0;
    for (size_t i = 0; i < text.len; i++) count += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return count;
}

/* `text` with an indent, cut at blanks so that no line is longer than the style is wide. */
static void put_wrapped(struct text *out, const struct report_style *style, uint32_t indent,
                        struct redial_str text)
{
    struct redial_str word;
    uint32_t column = indent;
    bool first = true;
    while (str_split(&text, ' ', &word)) {
        uint32_t wide = columns(word);
        if (!first && column + 1 + wide > style->width) {
            text_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (!first) {
            text_append_char(out, ' ');
            column++;
        }
        text_append(out, word);
        column += wide;
        first = false;
    }
    text_append_char(out, '\n');
}

/* ---- One scenario ---- */

static void put_numbers(struct text *out, const struct result *result)
{
    struct text elapsed = TEXT_INIT;
    if (result->calls == 0) return;
    duration_format((result->elapsed + NS_PER_MS / 2) / NS_PER_MS * NS_PER_MS, &elapsed);
    text_printf(out, "%lld attempt%s", (long long)result->attempts,
                result->attempts == 1 ? "" : "s");
    if (result->calls > 1) text_printf(out, " of %zu calls", result->calls);
    text_printf(out, ", %s", elapsed.failed ? "" : elapsed.ptr);
    if (str_is(str_of(result->transport), "wire")) {
        text_printf(out, " (measured %lld ms)", (long long)(result->measured / NS_PER_MS));
    }
    text_clean_up(&elapsed);
}

static void put_headline(struct text *out, const struct result *result,
                         const struct report_style *style)
{
    const struct look *look = &looks[result->status];
    struct redial_str title = result->name.len ? result->name : result->path;
    struct text numbers = TEXT_INIT, line = TEXT_INIT;
    if (result->status != RESULT_INVALID) put_numbers(&numbers, result);
    put(out, style, look->colour, look->word);
    size_t lead = str_of(look->word).len;
    for (size_t i = lead; i < 6; i++) text_append_char(out, ' ');
    if (lead >= 6) text_append_char(out, ' ');
    uint32_t used = (uint32_t)(lead < 6 ? 6 : lead + 1);
    struct redial_str tail = text_str(&numbers);
    bool fits = used + columns(title) + 2 + columns(tail) <= style->width;
    if (!fits || tail.len == 0) {
        put_wrapped(out, style, used, title);
        if (tail.len) text_printf(out, "%*s%.*s\n", (int)used, "", REDIAL_STR_ARG(tail));
    } else {
        int gap = (int)(style->width - used - columns(title) - columns(tail));
        text_printf(out, "%.*s%*s%.*s\n", REDIAL_STR_ARG(title), gap, "", REDIAL_STR_ARG(tail));
    }
    text_clean_up(&numbers);
    text_clean_up(&line);
}

static void put_difference(struct text *out, const struct difference *difference,
                           const struct report_style *style)
{
    struct text place = TEXT_INIT;
    result_place(difference->span, &place);
    text_printf(out, "  ");
    if (place.len) text_printf(out, "%s: ", place.ptr);
    put(out, style, "\033[1m", difference->what.ptr);
    text_printf(out, "\n    exp: ");
    put_wrapped(out, style, 9, difference->expected);
    text_printf(out, "    got: ");
    put_wrapped(out, style, 9, difference->got);
    text_clean_up(&place);
}

static void put_story(struct text *out, const struct result *result, size_t lines_max)
{
    struct redial_str rest = result->story, line;
    size_t shown = 0, left = 0;
    while (str_split(&rest, '\n', &line)) {
        if (line.len == 0 && rest.len == 0) break;
        if (shown < lines_max) {
            text_printf(out, "  %.*s\n", REDIAL_STR_ARG(line));
            shown++;
        } else {
            left++;
        }
    }
    if (left) text_printf(out, "  … and %zu more lines; --story prints them all\n", left);
}

void report_text_differences(const struct differences *differences,
                             const struct report_style *style, struct text *out)
{
    size_t kept = differences->count < DIFFERENCES_KEPT ? differences->count : DIFFERENCES_KEPT;
    for (size_t i = 0; i < kept; i++) put_difference(out, &differences->list[i], style);
    if (kept < differences->count)
        text_printf(out, "  … and %zu more differences\n", differences->count - kept);
}

static void put_failures(struct text *out, const struct result *result,
                         const struct report_style *style)
{
    report_text_differences(&result->differences, style, out);
    if (result->replay_line.len)
        text_printf(out, "  replay: %.*s\n", REDIAL_STR_ARG(result->replay_line));
}

void report_text_result(const struct result *result, const struct report_style *style,
                        struct text *out)
{
    bool fails = result->status == RESULT_FAILED || result->status == RESULT_INVALID;
    if (style->only_what_fails && !fails) return;
    put_headline(out, result, style);
    text_append(out, result->diagnostics);
    if (result->updated) text_printf(out, "  its story was rewritten: review the change\n");
    if (style->stories)
        put_story(out, result, SIZE_MAX);
    else if (fails || result->status == RESULT_SKIPPED)
        put_story(out, result, STORY_LINES_SHOWN);
    if (fails) put_failures(out, result, style);
    if (fails || style->stories) text_append_char(out, '\n');
}

/* ---- The whole replay ---- */

void report_text_totals(const struct results *results, const struct report_style *style,
                        struct text *out)
{
    int64_t attempts = 0;
    bool first = true;
    for (size_t i = 0; i < results->count; i++) attempts += results->list[i].attempts;
    text_printf(out, "%zu scenario%s %s: ", results->count, results->count == 1 ? "" : "s",
                results->over_wire ? "on real sockets" : "on the virtual clock");
    for (int status = 0; status < RESULT_STATUS_COUNT; status++) {
        size_t count = results_with(results, (enum result_status)status);
        if (count == 0) continue;
        struct text part = TEXT_INIT;
        text_printf(&part, "%s%zu %s", first ? "" : ", ", count,
                    result_status_name((enum result_status)status));
        put(out, style, looks[status].colour, part.failed ? "" : part.ptr);
        text_clean_up(&part);
        first = false;
    }
    text_printf(out, "%s%lld attempt%s in %lld ms\n", first ? "" : "; ", (long long)attempts,
                attempts == 1 ? "" : "s", (long long)(results->measured / NS_PER_MS));
    if (results->interrupted) text_printf(out, "interrupted: the rest was not run\n");
}
