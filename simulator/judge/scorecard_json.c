/* Verdicts as JSON, one object a line. */
#include <inttypes.h>

#include "simulator/judge/scorecard.h"

static void put_text(struct text *out, const char *name, struct redial_str value)
{
    text_printf(out, ",\"%s\":", name);
    text_append_json(out, value);
}

static void put_number(struct text *out, const char *name, int64_t value)
{
    text_printf(out, ",\"%s\":%" PRId64, name, value);
}

static void put_broken(struct text *out, const struct verdict *verdict)
{
    const struct differences *broken = &verdict->differences;
    struct text place = TEXT_INIT;

    text_append(out, REDIAL_STR(",\"broken\":["));
    for (size_t i = 0; i < broken->count && i < DIFFERENCES_KEPT; i++) {
        const struct difference *difference = &broken->list[i];
        bool is_hard = verdict->broken[i].weight == WEIGHT_HARD;
        text_printf(out, "%s{\"weight\":\"%s\"", i ? "," : "", is_hard ? "hard" : "soft");
        put_text(out, "check", difference->what);
        put_number(out, "request", verdict->broken[i].entry);
        put_text(out, "expected", difference->expected);
        put_text(out, "got", difference->got);
        text_clear(&place);
        result_place(difference->span, &place);
        put_text(out, "place", text_str(&place));
        text_append_char(out, '}');
    }
    text_append_char(out, ']');
    text_clean_up(&place);
}

static void put_waits(struct text *out, const struct verdict *verdict)
{
    text_append(out, REDIAL_STR(",\"waits_ns\":["));
    for (size_t i = 0; i < verdict->wait_count; i++)
        text_printf(out, "%s%" PRId64, i ? "," : "", verdict->waits[i]);
    text_append_char(out, ']');
}

static void put_verdict(struct text *out, const struct trial *trial)
{
    const struct verdict *verdict = &trial->verdict;

    put_text(out, "reason", verdict->reason);
    text_printf(out, ",\"expected_success\":%s,\"reached\":%s",
                verdict->expected_success ? "true" : "false", verdict->reached ? "true" : "false");
    put_number(out, "exit_status", trial->end.exit_status);
    put_number(out, "signal", trial->end.signal);
    put_number(out, "calls", (int64_t)verdict->calls);
    put_number(out, "attempts", (int64_t)verdict->attempts);
    put_number(out, "amplification_thousandths", verdict->amplification);
    put_number(out, "refreshes", verdict->refreshes);
    put_number(out, "other_requests", verdict->other_requests);
    put_number(out, "total_wait_ns", verdict->total_wait);
    put_number(out, "elapsed_ns", verdict->elapsed);
    put_waits(out, verdict);
    put_broken(out, verdict);
    text_append(out, REDIAL_STR(",\"requests\":"));
    text_append(out, trial->course_json);
}

void trial_write_json(const struct trial *trial, struct text *out)
{
    text_printf(out, "{\"kind\":\"verdict\",\"grade\":\"%s\"",
                trial->is_judged ? grade_names.rows[trial->verdict.grade].word : "invalid");
    put_text(out, "scenario", trial->name);
    put_text(out, "path", trial->path);
    if (trial->is_judged)
        put_verdict(out, trial);
    else
        put_text(out, "trouble", trial->trouble);
    text_append(out, REDIAL_STR("}\n"));
}

void scorecard_write_json(const struct scorecard *card, struct text *out)
{
    text_printf(out, "{\"kind\":\"scorecard\",\"scenarios\":%zu", card->count);
    for (int grade = 0; grade < GRADE_COUNT; grade++)
        put_number(out, grade_names.rows[grade].word,
                   (int64_t)scorecard_with(card, (enum grade)grade));
    put_number(out, "invalid", (int64_t)scorecard_invalid(card));
    text_printf(out, ",\"speed\":%g,\"interrupted\":%s", card->speed,
                card->interrupted ? "true" : "false");
    put_text(out, "command", card->command);
    put_number(out, "measured_ns", card->measured);
    text_append(out, REDIAL_STR("}\n"));
}
