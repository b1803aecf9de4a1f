#include "simulator/judge/scorecard.h"

#include <inttypes.h>

#include "base/duration.h"

static const char *const colours[GRADE_COUNT] = {
    [GRADE_PASS] = "\033[32m",
    [GRADE_PARTIAL] = "\033[33m",
    [GRADE_SAFE] = "\033[36m",
    [GRADE_FAIL] = "\033[1;31m",
};

#define WORD_COLUMNS 9 /* of the longest grade, and two blanks */

size_t scorecard_with(const struct scorecard *card, enum grade grade)
{
    size_t count = 0;

    for (size_t i = 0; i < card->count; i++)
        count += card->trials[i].is_judged && card->trials[i].verdict.grade == grade;
    return count;
}

size_t scorecard_invalid(const struct scorecard *card)
{
    size_t count = 0;

    for (size_t i = 0; i < card->count; i++) count += !card->trials[i].is_judged;
    return count;
}

static size_t kept(const struct differences *differences)
{
    return differences->count < DIFFERENCES_KEPT ? differences->count : DIFFERENCES_KEPT;
}

/* ---- One trial ---- */

static void put_word(struct text *out, const struct report_style *style, const char *colour,
                     const char *word)
{
    int blanks = WORD_COLUMNS - (int)str_of(word).len;

    text_printf(out, "%s%s%s%*s", style->colour ? colour : "", word, style->colour ? "\033[0m" : "",
                blanks > 0 ? blanks : 1, "");
}

static void put_time(struct text *out, int64_t ns)
{
    struct text time = TEXT_INIT;

    duration_format((ns + NS_PER_MS / 2) / NS_PER_MS * NS_PER_MS, &time);
    text_append(out, text_str(&time));
    text_clean_up(&time);
}

static void put_figures(struct text *out, const struct trial *trial)
{
    const struct verdict *verdict = &trial->verdict;

    text_printf(out, "%*s%zu attempt%s", WORD_COLUMNS, "", verdict->attempts,
                verdict->attempts == 1 ? "" : "s");
    if (verdict->calls > 1) text_printf(out, " of %zu calls", verdict->calls);
    if (verdict->wait_count > 0) {
        text_append(out, REDIAL_STR(", waited "));
        put_time(out, verdict->total_wait);
    }
    if (verdict->refreshes > 0)
        text_printf(out, ", %" PRIu32 " refresh%s", verdict->refreshes,
                    verdict->refreshes == 1 ? "" : "es");
    if (trial->end.signal)
        text_printf(out, ", signal %d", trial->end.signal);
    else
        text_printf(out, ", exit status %d", trial->end.exit_status);
    text_append(out, REDIAL_STR(", "));
    put_time(out, trial->measured);
    text_append_char(out, '\n');
}

static void put_indented(struct text *out, struct redial_str lines)
{
    struct redial_str line;

    while (str_split(&lines, '\n', &line))
        if (line.len > 0) text_printf(out, "    %.*s\n", REDIAL_STR_ARG(line));
}

static void put_invalid(struct text *out, const struct report_style *style,
                        const struct trial *trial)
{
    put_word(out, style, colours[GRADE_FAIL], "INVALID");
    text_printf(out, "%.*s\n", REDIAL_STR_ARG(trial->path));
    put_indented(out, trial->trouble);
}

void trial_write_text(const struct trial *trial, const struct report_style *style, struct text *out)
{
    const struct verdict *verdict = &trial->verdict;
    const struct differences *broken = &verdict->differences;
    bool is_well = trial->is_judged && broken->count == 0;

    if (!trial->is_judged) {
        put_invalid(out, style, trial);
        return;
    }
    if (is_well && style->only_what_fails) return;
    put_word(out, style, colours[verdict->grade], grade_names.rows[verdict->grade].word);
    text_printf(out, "%.*s\n%*s%.*s\n", REDIAL_STR_ARG(trial->name), WORD_COLUMNS, "",
                REDIAL_STR_ARG(verdict->reason));
    put_figures(out, trial);
    if (!is_well || style->stories) put_indented(out, trial->course);
    report_text_differences(broken, style, out);
}

/* ---- The card ---- */

static void put_broken_checks(struct text *out, const struct scorecard *card)
{
    for (size_t check = 0; check < check_names.count; check++) {
        size_t trials = 0;
        for (size_t i = 0; i < card->count; i++) {
            const struct verdict *verdict = &card->trials[i].verdict;
            bool broke = false;
            for (size_t k = 0; card->trials[i].is_judged && k < kept(&verdict->differences); k++)
                broke |= verdict->broken[k].check == (int)check;
            trials += broke;
        }
        if (trials > 0)
            text_printf(out, "  %-14s broken in %zu: %s\n", check_names.rows[check].word, trials,
                        check_names.rows[check].doc);
    }
}

void scorecard_write_text(const struct scorecard *card, const struct report_style *style,
                          struct text *out)
{
    text_printf(out, "%zu scenario%s:", card->count, card->count == 1 ? "" : "s");
    for (int grade = 0; grade < GRADE_COUNT; grade++) {
        size_t count = scorecard_with(card, (enum grade)grade);
        if (count == 0) continue;
        text_printf(out, " %s%zu %s%s", style->colour ? colours[grade] : "", count,
                    grade_names.rows[grade].word, style->colour ? "\033[0m" : "");
    }
    if (scorecard_invalid(card) > 0) text_printf(out, " %zu invalid", scorecard_invalid(card));
    text_append(out, REDIAL_STR("; "));
    put_time(out, card->measured);
    text_append_char(out, '\n');
    if (card->count > 1) put_broken_checks(out, card);
    if (card->speed != 1)
        text_printf(out,
                    "the world's delays and hints were divided by %g (--speed); the client's "
                    "own waits are its own\n",
                    card->speed);
    if (card->interrupted) text_append(out, REDIAL_STR("interrupted: the rest was not run\n"));
}

/* ---- For CI servers ---- */

static bool result_of(const struct trial *trial, struct result *result)
{
    const struct verdict *verdict = &trial->verdict;
    bool is_well =
        trial->is_judged && (verdict->grade == GRADE_PASS || verdict->grade == GRADE_SAFE);

    *result = (struct result){
        .arena = trial->arena,
        .status = !trial->is_judged ? RESULT_INVALID
                  : is_well         ? RESULT_PASSED
                                    : RESULT_FAILED,
        .path = trial->path,
        .name = trial->name,
        .transport = "client",
        .diagnostics = trial->trouble,
        .story = trial->course,
        .measured = trial->measured,
        .attempts = (int64_t)verdict->attempts,
        .calls = verdict->calls,
        .waited = verdict->total_wait,
        .elapsed = verdict->elapsed,
    };
    if (trial->is_judged) result->differences = verdict->differences;
    return !trial->is_judged ||
           arena_printf(trial->arena, &result->about, "%s: %.*s",
                        grade_names.rows[verdict->grade].word, REDIAL_STR_ARG(verdict->reason));
}

bool scorecard_results(const struct scorecard *card, struct arena *arena, struct results *results)
{
    bool good = true;

    *results = (struct results){
        .suite = "redial run",
        .list = ARENA_ARRAY(arena, struct result, card->count),
        .count = card->count,
        .measured = card->measured,
        .interrupted = card->interrupted,
    };
    if (!results->list) return false;
    for (size_t i = 0; i < card->count; i++)
        good = result_of(&card->trials[i], &results->list[i]) && good;
    return good;
}
