#include "story/say.h"

#include <inttypes.h>

#define MESSAGE_BYTES 200u
#define HINT_BYTES    48u

/* ---- Lines ---- */

static const char *const tones[] = {
    [TONE_PLAIN] = "",        [TONE_SEND] = "\033[36m", [TONE_GOOD] = "\033[32m",
    [TONE_BAD] = "\033[31m",  [TONE_WAIT] = "\033[33m", [TONE_CHANGE] = "\033[35m",
    [TONE_FAINT] = "\033[2m",
};

static void colour(struct writer *writer, enum tone tone)
{
    if (writer->style->colour && tone != TONE_PLAIN) text_append(writer->out, str_of(tones[tone]));
}

static void colour_off(struct writer *writer, enum tone tone)
{
    if (writer->style->colour && tone != TONE_PLAIN)
        text_append(writer->out, REDIAL_STR("\033[0m"));
}

/* `columns` wide, but a blank behind it at least. */
static void pad_from(struct text *out, size_t begin, size_t columns)
{
    size_t len = out->len - begin;
    words_pad(out, len < columns ? columns - len : 1);
}

static void write_time(struct writer *writer, const struct story_entry *entry)
{
    colour(writer, TONE_FAINT);
    size_t begin = writer->out->len;
    words_time(entry->at - writer->story->began_at, writer->out);
    pad_from(writer->out, begin, TIME_COLUMNS);
    colour_off(writer, TONE_FAINT);
}

static void write_call(struct writer *writer, const struct story_entry *entry)
{
    if (writer->call_columns == 0) return;
    size_t begin = writer->out->len;
    if (entry->call_number > 0) text_printf(writer->out, "#%" PRIu32, entry->call_number);
    pad_from(writer->out, begin, writer->call_columns);
}

void say_line(struct writer *writer, const struct story_entry *entry, enum tone tone,
              const char *word)
{
    write_time(writer, entry);
    write_call(writer, entry);
    colour(writer, tone);
    size_t begin = writer->out->len;
    text_append(writer->out, str_of(word));
    pad_from(writer->out, begin, WORD_COLUMNS);
    colour_off(writer, tone);
    words_wrap(text_str(&writer->line), TIME_COLUMNS + writer->call_columns + WORD_COLUMNS,
               writer->style->width, writer->out);
    text_append_char(writer->out, '\n');
    if (writer->line.failed) writer->out->failed = true;
    text_clear(&writer->line);
}

/* ---- Pieces of a line ---- */

void say(struct writer *writer, const char *text)
{
    text_append(&writer->line, str_of(text));
}

void say_text(struct writer *writer, uint32_t number)
{
    words_said(texts_get(&writer->story->texts, number), MESSAGE_BYTES, &writer->line);
}

void say_name(struct writer *writer, struct redial_str name)
{
    words_said(name, MESSAGE_BYTES, &writer->line);
}

/* Where the rule has no limit of its own, the leg's is what counts. */
static void say_retries(struct writer *writer, const struct redial_decision *decision)
{
    bool used_up = decision->in_then || decision->reason == REDIAL_REASON_RULE_LIMIT;
    if (used_up) {
        text_printf(&writer->line, " %" PRId32 "/%" PRId32 " used", decision->rule_max,
                    decision->rule_max);
    } else if (decision->rule_used > 0 && decision->rule_max != REDIAL_UNLIMITED) {
        text_printf(&writer->line, " %" PRId32 "/%" PRId32, decision->rule_used,
                    decision->rule_max);
    } else if (decision->leg_retries > 0 && decision->leg_retries_max != REDIAL_UNLIMITED) {
        text_printf(&writer->line, " leg %" PRId32 "/%" PRId32, decision->leg_retries,
                    decision->leg_retries_max);
    } else if (decision->leg_retries > 0) {
        text_printf(&writer->line, " %" PRId32 "/unlimited", decision->rule_used);
    }
}

void say_rule(struct writer *writer, const struct redial_decision *decision)
{
    if (decision->rule >= writer->policy->rule_count) return;
    const struct rule *rule = &writer->policy->variants[VARIANT_PLAIN].rules[decision->rule];
    say(writer, "  rule=\"");
    say_name(writer, rule->name);
    say(writer, "\"");
    if (decision->rule_used > 0) say_retries(writer, decision);
}

void say_hint(struct writer *writer, const struct call_view *view, size_t header)
{
    if (header >= writer->policy->hint_header_count || !view->told) return;
    words_said(writer->policy->hint_headers[header].name, HINT_BYTES, &writer->line);
    say(writer, ": ");
    words_said(texts_get(&writer->story->texts, view->told->hint_text[header]), HINT_BYTES,
               &writer->line);
}

void say_useless_hints(struct writer *writer, const struct call_view *view)
{
    static const char *const why[] = {
        [HINT_SAID_NOTHING] = NULL,       [HINT_SAID_UNREADABLE] = " is unreadable",
        [HINT_SAID_ZERO] = " is no wait", [HINT_SAID_PAST] = " is past",
        [HINT_SAID_WAIT] = NULL,
    };
    if (!view->told) return;
    for (size_t i = 0; i < writer->policy->hint_header_count; i++) {
        if (!why[view->told->hint[i]]) continue;
        say(writer, "; ");
        say_hint(writer, view, i);
        say(writer, why[view->told->hint[i]]);
    }
}

void say_bound(struct writer *writer, const struct story_entry *entry,
               const struct redial_decision *rule)
{
    if (rule->rule >= writer->policy->rule_count) return;
    const struct variant *variant = &writer->policy->variants[entry->variant];
    const struct rule *row = &variant->rules[rule->rule];
    const struct backoff *backoff =
        words_backoff_of(writer->policy, variant, rule->in_then ? &row->then : &row->steps);
    if (!backoff) return;
    say(writer, " ");
    words_time(backoff->hint.max, &writer->line);
}

void say_backoff(struct writer *writer, const struct redial_decision *decision)
{
    say(writer, "backoff ");
    words_time(decision->delay_base, &writer->line);
    int64_t jitter = decision->delay_jitter;
    if (jitter == 0) return;
    say(writer, jitter < 0 ? " - jitter " : " + jitter ");
    words_time(jitter < 0 ? -jitter : jitter, &writer->line);
}
