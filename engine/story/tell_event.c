/* What happened, a line per event. */
#include <inttypes.h>

#include "story/say.h"

static void say_class(struct writer *writer, const struct redial_decision *decision)
{
    if (!decision->judged)
        say(writer, "  late, ignored");
    else if (decision->class != REDIAL_CLASS_NONE) {
        say(writer, " -> ");
        say(writer, redial_class_name(decision->class));
    }
}

static void say_message(struct writer *writer, struct call_view *view, uint32_t message)
{
    if (message == 0 || message == view->message) return;
    view->message = message;
    say(writer, "  \"");
    say_text(writer, message);
    say(writer, "\"");
}

static void say_error(struct writer *writer, const struct story_facts *facts,
                      enum redial_event_text error)
{
    if (facts->text[error]) {
        say(writer, " ");
        say_text(writer, facts->text[error]);
    }
    if (facts->text[REDIAL_TEXT_ERROR_CODE]) {
        say(writer, " (");
        say_text(writer, facts->text[REDIAL_TEXT_ERROR_CODE]);
        say(writer, ")");
    }
}

static void tell_reply(struct writer *writer, const struct story_entry *entry,
                       const struct story_facts *facts, struct call_view *view)
{
    text_printf(&writer->line, "%u", (unsigned)facts->status);
    say_error(writer, facts, REDIAL_TEXT_ERROR);
    if (facts->text[REDIAL_TEXT_STOP_REASON]) {
        say(writer, " ");
        say_text(writer, facts->text[REDIAL_TEXT_STOP_REASON]);
    }
    if (facts->should_retry)
        say(writer, facts->should_retry < 0 ? " x-should-retry=false" : " x-should-retry=true");
    say_class(writer, &entry->decision);
    say_message(writer, view, facts->message);
    bool fine = entry->decision.class == REDIAL_CLASS_NONE;
    say_line(writer, entry, fine ? TONE_GOOD : TONE_BAD, "reply");
}

/* The message of a broken attempt is the machine's own, so it stands in the JSON form only. */
static void tell_broken(struct writer *writer, const struct story_entry *entry,
                        const struct story_facts *facts, struct call_view *view)
{
    (void)view;
    text_printf(&writer->line, "%s phase=%s", redial_cause_name(facts->cause),
                redial_phase_name(facts->phase));
    say_class(writer, &entry->decision);
    say_line(writer, entry, TONE_BAD, "broken");
}

static void tell_stream_error(struct writer *writer, const struct story_entry *entry,
                              const struct story_facts *facts, struct call_view *view)
{
    say(writer, "in the stream");
    say_error(writer, facts, REDIAL_TEXT_STREAM_ERROR);
    say_class(writer, &entry->decision);
    say_message(writer, view, facts->message);
    say_line(writer, entry, TONE_BAD, "error");
}

static void tell_repaired(struct writer *writer, const struct story_entry *entry,
                          const struct story_facts *facts, struct call_view *view)
{
    say(writer, redial_step_name(view->repair));
    if (view->repair == REDIAL_STEP_REFRESH)
        text_printf(&writer->line, "  credential=%" PRIu32, entry->credential);
    if (facts->compacted_tokens > 0)
        text_printf(&writer->line, "  input=%" PRId64, facts->compacted_tokens);
    say_line(writer, entry, TONE_GOOD, "repaired");
}

static void tell_repair_failed(struct writer *writer, const struct story_entry *entry,
                               const struct story_facts *facts, struct call_view *view)
{
    say(writer, redial_step_name(view->repair));
    if (facts->message) {
        say(writer, ": ");
        say_text(writer, facts->message);
    }
    say_line(writer, entry, TONE_BAD, "failed");
}

typedef void tell_fn(struct writer *writer, const struct story_entry *entry,
                     const struct story_facts *facts, struct call_view *view);

/* Events without a row speak through the decision that follows. */
static tell_fn *const tells[REDIAL_EVENT_COUNT] = {
    [REDIAL_EVENT_REPLY] = tell_reply,
    [REDIAL_EVENT_BROKEN] = tell_broken,
    [REDIAL_EVENT_STREAM_ERROR] = tell_stream_error,
    [REDIAL_EVENT_REPAIRED] = tell_repaired,
    [REDIAL_EVENT_REPAIR_FAILED] = tell_repair_failed,
};

void tell_event(struct writer *writer, const struct story_entry *entry, struct call_view *view)
{
    const struct story_facts *facts = story_facts_of(writer->story, entry);
    if (entry->decision.judged) {
        view->rule = entry->decision;
        view->judged = true;
        view->told = facts;
    }
    if (entry->event == REDIAL_EVENT_OUTPUT && entry->decision.kind == REDIAL_DECISION_NOTHING) {
        say(writer, "begins to reach the caller");
        say_line(writer, entry, TONE_GOOD, "output");
    } else if (facts && tells[entry->event]) {
        tells[entry->event](writer, entry, facts, view);
    }
}
