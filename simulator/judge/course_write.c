/* A client's requests as people and machines read them:
 *
 *   #1  0ms     anthropic  claude-opus-4-6  new connection    529 overloaded
 *   #2  612ms   anthropic  claude-opus-4-6  waited 571ms      200
 */
#include <inttypes.h>

#include "base/duration.h"
#include "redial/call.h"
#include "simulator/judge/scorecard.h"

static struct redial_str place_of(const struct journal_entry *entry,
                                  const struct redial_policy *policy)
{
    if (entry->provider < policy->provider_count) return policy->providers[entry->provider].name;
    return str_of(entry->server);
}

static void put_time(struct text *out, int64_t ns)
{
    struct text time = TEXT_INIT;

    duration_format((ns + NS_PER_MS / 2) / NS_PER_MS * NS_PER_MS, &time);
    text_printf(out, "%-8.*s", REDIAL_STR_ARG(text_str(&time)));
    text_clean_up(&time);
}

static void put_reply(struct text *out, const struct journal_entry *entry)
{
    if (entry->status) text_printf(out, "  %u", entry->status);
    if (entry->class != REDIAL_CLASS_NONE)
        text_printf(out, " %s", redial_class_name((enum redial_class)entry->class));
    if (entry->fault != FAULT_NONE)
        text_printf(out, "  %s", reply_fault_names.rows[entry->fault].word);
    else if (entry->end != JOURNAL_ANSWERED)
        text_printf(out, "  %s", journal_end_names.rows[entry->end].doc);
    if (entry->stream && entry->deltas > 0)
        text_printf(out, "  %" PRId32 " delta%s", entry->deltas, entry->deltas == 1 ? "" : "s");
    if (entry->hint >= 0) {
        text_append(out, REDIAL_STR("  asks to wait "));
        put_time(out, entry->hint);
    }
    if (entry->why.len > 0) text_printf(out, "  (%.*s)", REDIAL_STR_ARG(entry->why));
}

void course_write_text(const struct journal *journal, const struct redial_policy *policy,
                       struct text *out)
{
    for (size_t i = 0; i < journal_count(journal); i++) {
        const struct journal_entry *entry = journal_at(journal, i);
        text_printf(out, "#%-3" PRIu32 " ", entry->number);
        put_time(out, entry->arrived_at);
        text_printf(out, "  %.*s", REDIAL_STR_ARG(place_of(entry, policy)));
        if (!str_is(entry->operation, "messages"))
            text_printf(out, " %.*s", REDIAL_STR_ARG(entry->operation));
        if (entry->model.len > 0) text_printf(out, " %.*s", REDIAL_STR_ARG(entry->model));
        text_printf(out, "  %s connection", entry->reused ? "reused" : "new");
        if (entry->credential > 0) text_printf(out, "  credential %" PRIu32, entry->credential);
        put_reply(out, entry);
        while (out->len > 0 && out->ptr[out->len - 1] == ' ') out->ptr[--out->len] = '\0';
        text_append_char(out, '\n');
    }
}
