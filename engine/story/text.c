/* The story as text: for each step the line of what happened, then the lines of what was decided.
 *
 *   time     word     what                         columns of nine, then free text
 */
#include <stdlib.h>

#include "story/say.h"

static uint32_t last_call_of(const struct story *story)
{
    uint32_t last = 0;
    for (size_t i = 0; i < story_count(story); i++) {
        uint32_t number = story_entry_at(story, i)->call_number;
        if (number > last) last = number;
    }
    return last;
}

static size_t columns_of_calls(uint32_t last)
{
    size_t columns = 4; /* '#', one digit, two blanks */
    for (; last >= 10; last /= 10) columns++;
    return columns;
}

static void write_entry(struct writer *writer, const struct story_entry *entry)
{
    struct call_view *view = &writer->views[entry->call_number];
    if (entry->policy) writer->policy = entry->policy; /* a reload may have changed it */
    if (entry->kind == ENTRY_NOTE) {
        say_text(writer, entry->note);
        say_line(writer, entry, TONE_PLAIN, "note");
        return;
    }
    tell_event(writer, entry, view);
    tell_decision(writer, entry, view);
}

void story_write_text(const struct story *story, const struct redial_policy *policy,
                      const struct story_style *style, struct text *out)
{
    uint32_t last_call = last_call_of(story);
    struct writer writer = {
        .story = story,
        .policy = policy,
        .style = style,
        .out = out,
        .views = calloc((size_t)last_call + 1, sizeof(struct call_view)),
        .call_columns = style->many_calls ? columns_of_calls(last_call) : 0,
    };
    if (!writer.views) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < story_count(story); i++) write_entry(&writer, story_entry_at(story, i));
    free(writer.views);
    text_clean_up(&writer.line);
}
