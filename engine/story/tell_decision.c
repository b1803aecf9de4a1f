/* What was decided, and why: a line per decision, and one for each change of leg or request. */
#include <inttypes.h>

#include "story/say.h"

static void say_model(struct writer *writer, uint16_t index)
{
    if (index < writer->policy->model_count) say_name(writer, writer->policy->models[index].name);
}

static void say_provider(struct writer *writer, uint16_t index)
{
    if (index < writer->policy->provider_count)
        say_name(writer, writer->policy->providers[index].name);
}

/* The leg changed: to another provider, another model, or both. */
static void tell_fallback(struct writer *writer, const struct story_entry *entry,
                          struct call_view *view)
{
    const struct redial_decision *decision = &entry->decision;
    bool provider = decision->from_provider != decision->provider;
    bool model = decision->from_model != decision->model_index;
    if (!provider && !model) return;
    if (provider) {
        say_provider(writer, decision->from_provider);
        say(writer, " -> ");
        say_provider(writer, decision->provider);
        if (model) say(writer, "  ");
    }
    if (model) {
        say_model(writer, decision->from_model);
        say(writer, " -> ");
        say_model(writer, decision->model_index);
    }
    say_rule(writer, decision);
    if (decision->chosen_by_hook) say(writer, "  chosen by the hook");
    if (decision->delay_hint > 0) {
        say(writer, "  ");
        say_hint(writer, view, decision->hint);
        say(writer, " is above the bound");
        say_bound(writer, entry, decision);
    }
    say_line(writer, entry, TONE_CHANGE, "fallback");
}

/* A retry without a wait before it, or a request that is sent otherwise than the last one. */
static void tell_retry(struct writer *writer, const struct story_entry *entry,
                       struct call_view *view)
{
    const struct redial_decision *decision = &entry->decision;
    bool first = entry->event == REDIAL_EVENT_START;
    bool resized = view->max_tokens > 0 && decision->max_tokens != view->max_tokens;
    bool fell_back = decision->from_provider != decision->provider ||
                     decision->from_model != decision->model_index;
    if (first || (!resized && !decision->fresh_connection && (!decision->judged || fell_back)))
        return;
    if (resized)
        text_printf(&writer->line, "max_tokens %" PRId64 " -> %" PRId64, view->max_tokens,
                    decision->max_tokens);
    if (resized && decision->fresh_connection) say(writer, ", ");
    if (decision->fresh_connection) say(writer, "keep-alive off");
    if (writer->line.len == 0) say(writer, "at once");
    if (decision->judged && !fell_back) {
        say_rule(writer, decision);
    }
    say_line(writer, entry, TONE_CHANGE, "retry");
}

static void tell_send(struct writer *writer, const struct story_entry *entry,
                      struct call_view *view)
{
    static const char *const connections[] = {
        [CONNECTION_UNKNOWN] = "",
        [CONNECTION_NEW] = " connection=new",
        [CONNECTION_REUSED] = " connection=reused",
    };
    const struct redial_decision *decision = &entry->decision;
    if (decision->restart) {
        say(writer, "the output so far is void, the reply begins anew");
        say_line(writer, entry, TONE_CHANGE, "restart");
    }
    tell_retry(writer, entry, view);
    view->max_tokens = decision->max_tokens;
    say_provider(writer, decision->provider);
    say(writer, " ");
    say_text(writer, entry->model);
    text_printf(&writer->line, " attempt=%" PRId32, decision->attempt);
    say(writer, connections[entry->connection]);
    if (entry->client_request_id) {
        say(writer, " id=");
        say_text(writer, entry->client_request_id);
    }
    bool first = entry->event == REDIAL_EVENT_START;
    if (first && entry->query == REDIAL_QUERY_BACKGROUND) say(writer, " query=background");
    if (first && entry->variant == VARIANT_UNATTENDED) say(writer, " mode=unattended");
    if (decision->shared.fast) say(writer, " speed=fast");
    say_line(writer, entry, TONE_SEND, "send");
}

static void say_hook_wait(struct writer *writer, const struct redial_decision *decision)
{
    say(writer, "hook");
    if (decision->delay == decision->delay_hint) return;
    say(writer, " ");
    words_time(decision->delay_hint, &writer->line);
    say(writer, " cut to the bound");
}

static void say_why_wait(struct writer *writer, const struct story_entry *entry,
                         const struct call_view *view)
{
    const struct redial_decision *decision = &entry->decision;
    switch ((enum redial_wait_kind)decision->wait) {
    case REDIAL_WAIT_BACKOFF:
        say_backoff(writer, decision);
        say_useless_hints(writer, view);
        break;
    case REDIAL_WAIT_HINT: say_hint(writer, view, decision->hint); break;
    case REDIAL_WAIT_HINT_CLAMPED:
        say_hint(writer, view, decision->hint);
        say(writer, " cut to the bound");
        say_bound(writer, entry, &view->rule);
        break;
    case REDIAL_WAIT_HINT_IGNORED:
        say_backoff(writer, decision);
        say(writer, "; ");
        say_hint(writer, view, decision->hint);
        say(writer, " is above the bound");
        say_bound(writer, entry, &view->rule);
        break;
    case REDIAL_WAIT_HINT_FITTED:
        say_hint(writer, view, decision->hint);
        say(writer, " as the policy bends it");
        break;
    case REDIAL_WAIT_FIXED: say(writer, "fixed"); break;
    case REDIAL_WAIT_HOOK: say_hook_wait(writer, decision); break;
    case REDIAL_WAIT_GUARD: say_holder(writer, decision); break;
    case REDIAL_WAIT_REST: say(writer, "the rest, the timer rang early"); break;
    case REDIAL_WAIT_NONE:
    case REDIAL_WAIT_COUNT: break;
    }
}

static void tell_wait(struct writer *writer, const struct story_entry *entry,
                      struct call_view *view)
{
    bool beats = entry->decision.wait == REDIAL_WAIT_REST &&
                 writer->policy->variants[entry->variant].heartbeat < DURATION_MAX;
    words_time(entry->decision.delay, &writer->line);
    if (beats) say(writer, " left");
    if (view->judged) say_rule(writer, &view->rule);
    if (!beats) say(writer, "  ");
    if (!beats) say_why_wait(writer, entry, view);
    say_line(writer, entry, beats ? TONE_FAINT : TONE_WAIT, beats ? "waiting" : "wait");
}

static void tell_repair(struct writer *writer, const struct story_entry *entry,
                        struct call_view *view)
{
    view->repair = entry->decision.repair;
    say(writer, redial_step_name(entry->decision.repair));
    say_rule(writer, &view->rule);
    say_line(writer, entry, TONE_CHANGE, "repair");
}

static void say_totals(struct writer *writer, const struct story_entry *entry)
{
    text_printf(&writer->line, "attempts=%" PRId32 " waited=", entry->attempts);
    words_time(entry->waited, &writer->line);
}

static void say_why_finish(struct writer *writer, const struct story_entry *entry,
                           const struct call_view *view)
{
    const struct redial_decision *decision = &entry->decision;
    if (decision->class != REDIAL_CLASS_NONE) {
        say(writer, " ");
        say(writer, redial_class_name(decision->class));
    }
    say_rule(writer, decision);
    if (decision->shared.held_by != REDIAL_GUARD_NONE) {
        say(writer, "  ");
        say_holder(writer, decision);
    }
    if (decision->reason == REDIAL_REASON_HINT_TOO_LONG && decision->hint < REDIAL_HINTS_MAX) {
        say(writer, "  ");
        say_hint(writer, view, decision->hint);
        say(writer, " is above the bound");
        say_bound(writer, entry, decision);
    } else if (decision->reason == REDIAL_REASON_DEADLINE && decision->delay > 0) {
        say(writer, "  a wait of ");
        words_time(decision->delay, &writer->line);
        say(writer, " would pass it");
    }
}

static void tell_finish(struct writer *writer, const struct story_entry *entry,
                        struct call_view *view)
{
    bool success = entry->decision.reason == REDIAL_REASON_SUCCESS;
    say(writer, redial_reason_name(entry->decision.reason));
    if (success) {
        say(writer, "  model=");
        say_text(writer, entry->model);
        say(writer, " ");
    } else {
        say_why_finish(writer, entry, view);
        say(writer, "  ");
    }
    say_totals(writer, entry);
    say_line(writer, entry, success ? TONE_GOOD : TONE_BAD, "finish");
}

static void tell_misuse(struct writer *writer, const struct story_entry *entry,
                        struct call_view *view)
{
    (void)view;
    text_printf(&writer->line, "event '%s' cannot happen while %s", redial_event_name(entry->event),
                redial_state_name(entry->state));
    say_line(writer, entry, TONE_BAD, "misuse");
}

static void tell_nothing(struct writer *writer, const struct story_entry *entry,
                         struct call_view *view)
{
    (void)writer, (void)entry, (void)view;
}

typedef void decided_fn(struct writer *writer, const struct story_entry *entry,
                        struct call_view *view);

static decided_fn *const decides[REDIAL_DECISION_COUNT] = {
    [REDIAL_DECISION_NOTHING] = tell_nothing, [REDIAL_DECISION_SEND] = tell_send,
    [REDIAL_DECISION_WAIT] = tell_wait,       [REDIAL_DECISION_REPAIR] = tell_repair,
    [REDIAL_DECISION_FINISH] = tell_finish,   [REDIAL_DECISION_MISUSE] = tell_misuse,
};

/* What went wrong in a hook, and whose condition or step it was. */
static void tell_hook_error(struct writer *writer, const struct story_entry *entry)
{
    if (entry->note == 0) return;
    say_text(writer, entry->note);
    if (entry->decision.hook_rule < writer->policy->rule_count) {
        say(writer, "  rule=\"");
        say_name(writer,
                 writer->policy->variants[VARIANT_PLAIN].rules[entry->decision.hook_rule].name);
        say(writer, "\"");
    }
    say_line(writer, entry, TONE_BAD, "hook");
}

void tell_decision(struct writer *writer, const struct story_entry *entry, struct call_view *view)
{
    tell_hook_error(writer, entry);
    tell_shared(writer, entry);
    tell_passed_over(writer, entry);
    tell_fallback(writer, entry, view);
    tell_dropped(writer, entry);
    decides[entry->decision.kind](writer, entry, view);
}
