#include "story/words.h"

#include <inttypes.h>

/* Seconds with as many decimals of the milliseconds as are needed. */
static void seconds(int64_t ms, struct text *out)
{
    text_printf(out, "%" PRId64, ms / 1000);
    int64_t rest = ms % 1000;
    if (rest % 10)
        text_printf(out, ".%03" PRId64, rest);
    else if (rest % 100)
        text_printf(out, ".%02" PRId64, rest / 10);
    else if (rest)
        text_printf(out, ".%" PRId64, rest / 100);
    text_append_char(out, 's');
}

static int64_t rounded_ms(int64_t ns)
{
    return ns / NS_PER_MS + (ns % NS_PER_MS * 2 >= NS_PER_MS);
}

void words_seconds(int64_t ns, struct text *out)
{
    seconds(rounded_ms(ns), out);
}

void words_time(int64_t ns, struct text *out)
{
    if (ns == DURATION_MAX) {
        text_append(out, REDIAL_STR("unlimited"));
        return;
    }
    int64_t ms = rounded_ms(ns);
    if (ms < INT64_C(10000)) {
        text_printf(out, "%" PRId64 "ms", ms);
        return;
    }
    int64_t hours = ms / 3600000, minutes = ms / 60000 % 60, rest = ms % 60000;
    if (hours) text_printf(out, "%" PRId64 "h", hours);
    if (minutes || (hours && rest)) text_printf(out, "%" PRId64 "m", minutes);
    if (rest) seconds(rest, out);
}

void words_said(struct redial_str said, size_t most, struct text *out)
{
    for (size_t at = 0, len; at < said.len; at += len) {
        len = str_utf8_char_len(said, at);
        if (at + len > most) {
            text_append(out, REDIAL_STR("..."));
            return;
        }
        unsigned char c = (unsigned char)said.ptr[at];
        /* C1 controls are two bytes in UTF-8, and drive some terminals too */
        bool control =
            c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)said.ptr[at + 1] < 0xa0);
        if (len == 0 || control)
            text_append_char(out, c == '\n' || c == '\t' ? ' ' : '?');
        else if (c == '"')
            text_append_char(out, '\'');
        else
            text_append(out, (struct redial_str){said.ptr + at, len});
        if (len == 0) len = 1;
    }
}

void words_count(int32_t count, struct text *out)
{
    if (count == REDIAL_UNLIMITED)
        text_append(out, REDIAL_STR("unlimited"));
    else
        text_printf(out, "%" PRId32, count);
}

const struct backoff *words_backoff_of(const struct redial_policy *policy,
                                       const struct variant *variant, const struct steps *steps)
{
    for (size_t i = 0; i < steps->count; i++) {
        if (steps->list[i].kind != REDIAL_STEP_BACKOFF) continue;
        uint16_t index = steps->list[i].backoff;
        return &policy->backoffs[index == BACKOFF_DEFAULT ? variant->default_backoff : index];
    }
    return NULL;
}

size_t words_columns(struct redial_str text)
{
    size_t columns = 0;
    for (size_t i = 0; i < text.len; i++)
        if (((unsigned char)text.ptr[i] & 0xc0) != 0x80) columns++;
    return columns;
}

void words_pad(struct text *out, size_t columns)
{
    for (size_t i = 0; i < columns; i++) text_append_char(out, ' ');
}

/* The blanks before the next word, and the word. */
static bool next_word(struct redial_str *line, size_t *blanks, struct redial_str *word)
{
    *blanks = 0;
    while (*blanks < line->len && line->ptr[*blanks] == ' ') ++*blanks;
    *line = str_skip(*line, *blanks);
    if (line->len == 0) return false;
    size_t len = str_find(*line, REDIAL_STR(" "));
    *word = str_take(*line, len == SIZE_MAX ? line->len : len);
    *line = str_skip(*line, word->len);
    return true;
}

void words_wrap(struct redial_str line, size_t indent, size_t width, struct text *out)
{
    size_t column = indent, blanks = 0;
    struct redial_str word;
    while (next_word(&line, &blanks, &word)) {
        size_t columns = words_columns(word);
        if (column > indent && width > 0 && column + blanks + columns > width) {
            text_append_char(out, '\n');
            words_pad(out, indent);
            column = indent;
        } else if (column > indent) {
            words_pad(out, blanks);
            column += blanks;
        }
        text_append(out, word);
        column += columns;
    }
}
