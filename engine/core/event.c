/* Preparing an event: texts to symbols, headers to hints, once for however many steps read it. */
#include "core/hint.h"
#include "core/match.h"

static void read_hints(const struct redial_policy *policy, struct redial_event *event)
{
    for (size_t i = 0; i < policy->hint_header_count; i++) {
        event->hint[i] = (struct redial_hint){0};
        for (uint32_t h = 0; h < event->header_count; h++)
            if (str_eq_nocase(event->headers[h].name, policy->hint_headers[i].name)) {
                event->hint[i] = hint_read(event->headers[h].value, policy->hint_headers[i].unit);
                break;
            }
    }
}

static uint64_t match_message(const struct redial_policy *policy, struct redial_str message)
{
    uint64_t matches = 0;
    for (size_t i = 0; message.len && i < policy->message_glob_count; i++)
        matches |= (uint64_t)glob_holds(&policy->message_globs[i], message, false) << i;
    return matches;
}

static int8_t read_should_retry(const struct redial_event *event)
{
    for (uint32_t h = 0; h < event->header_count; h++)
        if (str_eq_nocase(event->headers[h].name, REDIAL_STR("x-should-retry"))) {
            if (str_eq_nocase(str_trim(event->headers[h].value), REDIAL_STR("true"))) return 1;
            if (str_eq_nocase(str_trim(event->headers[h].value), REDIAL_STR("false"))) return -1;
        }
    return 0;
}

void redial_event_prepare(const struct redial_policy *policy, struct redial_event *event)
{
    if (event->prepared_for == policy->id) return;
    for (int i = 0; i < REDIAL_TEXT_COUNT; i++)
        event->symbol[i] = event->text[i].len ? policy_symbol(policy, event->text[i]) : 0;
    event->message_matches = match_message(policy, event->message);
    read_hints(policy, event);
    if (event->should_retry == 0) event->should_retry = read_should_retry(event);
    event->prepared_for = policy->id;
}
