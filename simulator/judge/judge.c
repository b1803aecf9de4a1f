#include "simulator/judge/judge.h"

#include "base/duration.h"
#include "simulator/judge/checks.h"

static const struct name grade_rows[GRADE_COUNT] = {
    [GRADE_PASS] = {"pass", "it reached what the scenario expects and broke no check"},
    [GRADE_PARTIAL] = {"partial", "it reached it, at a price: a soft check is broken"},
    [GRADE_SAFE] = {"safe", "it did not reach it, and gave up cleanly"},
    [GRADE_FAIL] = {"fail", "a hard check is broken, or it did not reach it and broke a soft one"},
};
const struct names grade_names = {"grade", grade_rows, GRADE_COUNT};

/* ---- What it did ---- */

static bool measure_waits(const struct course *course, struct arena *arena, struct verdict *verdict)
{
    verdict->waits = ARENA_ARRAY(arena, int64_t, course->count);
    if (!verdict->waits) return false;
    for (size_t i = 0; i < course->count; i++) {
        int64_t wait = attempt_wait(&course->attempts[i]);
        if (wait < 0) continue;
        verdict->waits[verdict->wait_count++] = wait;
        verdict->total_wait = duration_add(verdict->total_wait, wait);
    }
    return true;
}

static bool measure(const struct judging *judging)
{
    const struct course *course = &judging->course;
    struct verdict *verdict = judging->verdict;

    verdict->calls = course->calls;
    verdict->attempts = course->count;
    verdict->refreshes = course->refreshes;
    verdict->other_requests = course->others;
    if (course->calls > 0) verdict->amplification = (int64_t)(course->count * 1000 / course->calls);
    if (course->count > 0)
        verdict->elapsed = judging->input->end->ended_at - course->attempts[0].entry->arrived_at;
    return measure_waits(course, judging->arena, verdict);
}

/* ---- What it is worth ---- */

/* A scenario that does not say how its calls end means well. */
static bool expects_success(const struct expect *expect)
{
    bool all = true;

    for (size_t i = 0; i < expect->outcome.count; i++)
        all = all && expect->outcome.list[i].row == REDIAL_REASON_SUCCESS;
    return all;
}

static bool was_answered(const struct course *course)
{
    bool answered = false;

    for (size_t i = 0; i < course->count; i++)
        answered = answered || attempt_succeeded(course->attempts[i].entry);
    return answered;
}

static size_t broken_with(const struct verdict *verdict, enum weight weight)
{
    size_t all = verdict->differences.count, count = 0;

    for (size_t i = 0; i < all && i < DIFFERENCES_KEPT; i++)
        count += verdict->broken[i].weight == weight;
    return count;
}

static void give_grade(const struct judging *judging)
{
    struct verdict *verdict = judging->verdict;
    bool told_success = judging->input->end->exit_status == 0;
    bool answered = was_answered(&judging->course);

    verdict->reached =
        verdict->expected_success ? told_success && answered : !told_success || answered;
    if (broken_with(verdict, WEIGHT_HARD) > 0)
        verdict->grade = GRADE_FAIL;
    else if (broken_with(verdict, WEIGHT_SOFT) == 0)
        verdict->grade = verdict->reached ? GRADE_PASS : GRADE_SAFE;
    else
        verdict->grade = verdict->reached ? GRADE_PARTIAL : GRADE_FAIL;
}

static const char *end_in_words(const struct judging *judging)
{
    const struct verdict *verdict = judging->verdict;

    if (judging->input->end->interrupted) return "it was interrupted";
    if (verdict->expected_success)
        return verdict->reached ? "it got its answer" : "it gave up without an answer";
    return was_answered(&judging->course) ? "it got an answer where the policy gives up"
                                          : "it gave up, as it should";
}

static bool give_reason(const struct judging *judging)
{
    struct verdict *verdict = judging->verdict;
    const char *end = end_in_words(judging);
    size_t broken = verdict->differences.count;

    if (broken == 0)
        return arena_printf(judging->arena, &verdict->reason, "%s after %zu attempt%s", end,
                            verdict->attempts, verdict->attempts == 1 ? "" : "s");
    const char *promise = check_names.rows[verdict->broken[0].check].doc;
    if (broken == 1)
        return arena_printf(judging->arena, &verdict->reason, "%s; broken: %s", end, promise);
    return arena_printf(judging->arena, &verdict->reason, "%s; broken: %s, and %zu more", end,
                        promise, broken - 1);
}

/* The places of what is broken outlive the scenario that they are in. */
static bool keep_source(const struct judging *judging)
{
    const struct source *source = judging->input->scenario->source;
    struct differences *differences = &judging->verdict->differences;
    struct source *kept = ARENA_NEW(judging->arena, struct source);

    if (!kept || !arena_copy(judging->arena, source->path, &kept->path) ||
        !arena_copy(judging->arena, source->text, &kept->text))
        return false;
    for (size_t i = 0; i < differences->count && i < DIFFERENCES_KEPT; i++)
        if (differences->list[i].span.source) differences->list[i].span.source = kept;
    return true;
}

bool judge(const struct judge_input *input, struct arena *arena, struct verdict *verdict)
{
    struct judging judging = {.input = input, .arena = arena, .verdict = verdict};

    *verdict = (struct verdict){.differences = {.arena = arena}};
    verdict->expected_success = expects_success(&input->scenario->expect);
    if (!course_read(input->journal, arena, &judging.course) || !measure(&judging)) return false;
    checks_run(&judging);
    give_grade(&judging);
    return keep_source(&judging) && give_reason(&judging) && !judging.failed;
}
