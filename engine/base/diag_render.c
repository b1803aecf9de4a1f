/* How diagnostics look; the picture is in diag.h. Everything printed here came out of a file that
 * may be hostile, so it passes through append_visible. */
#include "base/diag.h"
#include "base/redact.h"

#include <string.h>

#define LINE_CHARS_MAX   100u /* a longer source line is cut to what lies around the caret */
#define LINE_CHARS_AHEAD 30u  /* of which so many stay before the caret */

#define COLOUR_BOLD  "\x1b[1m"
#define COLOUR_CARET "\x1b[1;32m"
#define COLOUR_OFF   "\x1b[0m"

static const struct {
    const char *word, *colour;
} severities[] = {
    [SEVERITY_ERROR] = {"error", "\x1b[1;31m"},
    [SEVERITY_WARNING] = {"warning", "\x1b[1;35m"},
    [SEVERITY_NOTE] = {"note", "\x1b[1;36m"},
};

struct render {
    struct text *out;
    bool colour;
};

static void append_colour(struct render r, const char *sequence)
{
    if (r.colour) text_append(r.out, str_of(sequence));
}

/* Bytes of the character at `at`; one that is broken counts as a character of one byte. */
static size_t char_len(struct redial_str s, size_t at)
{
    size_t len = str_utf8_char_len(s, at);
    return len ? len : 1;
}

static bool is_shown(struct redial_str character)
{
    unsigned char c = (unsigned char)character.ptr[0];
    if (character.len == 1) return c >= 0x20 && c < 0x7f;
    return !(c == 0xc2 &&
             (unsigned char)character.ptr[1] < 0xa0); /* U+0080 to U+009F are controls too */
}

static void append_visible(struct text *out, struct redial_str s)
{
    for (size_t at = 0, len = 0; at < s.len; at += len) {
        len = char_len(s, at);
        struct redial_str character = {s.ptr + at, len};
        if (is_shown(character)) {
            text_append(out, character);
        } else {
            text_append_char(out, character.ptr[0] == '\t' ? ' ' : '?');
        }
    }
}

static size_t count_chars(struct redial_str s)
{
    size_t count = 0;
    for (size_t at = 0; at < s.len; at += char_len(s, at)) count++;
    return count;
}

static struct redial_str skip_chars(struct redial_str s, size_t count)
{
    size_t at = 0;
    while (count-- > 0 && at < s.len) at += char_len(s, at);
    return str_skip(s, at);
}

static struct redial_str line_at(struct redial_str text, size_t begin)
{
    if (begin > text.len) begin = text.len;
    const char *before = begin ? memrchr(text.ptr, '\n', begin) : NULL;
    size_t start = before ? (size_t)(before - text.ptr) + 1 : 0;
    struct redial_str line = str_skip(text, start);
    const char *end = line.len ? memchr(line.ptr, '\n', line.len) : NULL;
    if (end) line.len = (size_t)(end - line.ptr);
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') line.len--;
    return start == 0 && str_starts_with(line, REDIAL_STR("\xef\xbb\xbf")) ? str_skip(line, 3)
                                                                           : line;
}

/* The part of a line that is shown, and the caret in it, in characters. */
struct excerpt {
    struct redial_str shown;
    bool cut_before, cut_behind;
    size_t caret, length;
};

static struct excerpt excerpt_of(struct redial_str line, const struct span *span)
{
    size_t chars = count_chars(line), caret = span->column > 0 ? span->column - 1 : 0,
           length = span->length;
    struct redial_str marked = skip_chars(line, caret);
    /* a span of whole lines points at their text, not at their indentation */
    while (length > 1 && marked.len > 0 && (marked.ptr[0] == ' ' || marked.ptr[0] == '\t')) {
        marked = str_skip(marked, 1);
        caret++;
        length--;
    }
    size_t from = 0, to = chars;
    if (chars > LINE_CHARS_MAX) {
        from = caret + LINE_CHARS_AHEAD > LINE_CHARS_MAX ? caret - LINE_CHARS_AHEAD : 0;
        if (from > chars - LINE_CHARS_MAX) from = chars - LINE_CHARS_MAX;
        to = from + LINE_CHARS_MAX;
    }
    if (caret > to) caret = to;
    if (length > to - caret) length = to - caret;
    struct redial_str shown = skip_chars(line, from);
    shown.len -= skip_chars(shown, to - from).len;
    return (struct excerpt){shown, from > 0, to < chars, caret - from + (from > 0),
                            length ? length : 1};
}

static void append_repeated(struct text *out, char c, size_t count)
{
    while (count-- > 0) text_append_char(out, c);
}

static void render_excerpt(struct render r, const struct span *span)
{
    if (!span->source || span->line == 0) return;
    struct excerpt excerpt = excerpt_of(line_at(span->source->text, span->begin), span);
    size_t start = r.out->len;
    text_printf(r.out, "%5u", span->line);
    size_t gutter = r.out->len - start; /* wider than 5 from line 100000 on */
    text_append(r.out, REDIAL_STR(" |"));
    if (excerpt.shown.len > 0) text_append_char(r.out, ' ');
    if (excerpt.cut_before) text_append(r.out, REDIAL_STR("…"));
    append_visible(r.out, excerpt.shown);
    if (excerpt.cut_behind) text_append(r.out, REDIAL_STR("…"));
    text_append_char(r.out, '\n');
    append_repeated(r.out, ' ', gutter);
    text_append(r.out, REDIAL_STR(" | "));
    append_repeated(r.out, ' ', excerpt.caret);
    append_colour(r, COLOUR_CARET);
    text_append_char(r.out, '^');
    append_repeated(r.out, '~', excerpt.length - 1);
    append_colour(r, COLOUR_OFF);
    text_append_char(r.out, '\n');
}

static void render_place(struct render r, const struct span *span)
{
    if (!span->source) return;
    append_colour(r, COLOUR_BOLD);
    append_visible(r.out, span->source->path);
    if (span->line > 0) text_printf(r.out, ":%u:%u", span->line, span->column);
    text_append_char(r.out, ':');
    append_colour(r, COLOUR_OFF);
    text_append_char(r.out, ' ');
}

static void render_severity(struct render r, enum severity severity)
{
    append_colour(r, severities[severity].colour);
    text_printf(r.out, "%s:", severities[severity].word);
    append_colour(r, COLOUR_OFF);
    text_append_char(r.out, ' ');
}

static void render_cure(struct render r, struct redial_str cure)
{
    struct redial_str line;
    for (bool first = true; str_split(&cure, '\n', &line); first = false) {
        text_append(r.out, first ? REDIAL_STR("      = ") : REDIAL_STR("        "));
        append_visible(r.out, line);
        text_append_char(r.out, '\n');
    }
}

static void render_diag(struct render r, const struct diag *diag)
{
    render_place(r, &diag->span);
    render_severity(r, diag->severity);
    append_visible(r.out, diag->message);
    if (diag->code) text_printf(r.out, " [%s]", diag->code);
    text_append_char(r.out, '\n');
    render_excerpt(r, &diag->span);
    render_cure(r, diag->cure);
}

static void render_list(const struct diag_list *list, struct render r)
{
    size_t shown = 0;
    for (const struct diag *diag = diag_first(list); diag && shown < DIAG_SHOWN_MAX;
         diag = diag->next) {
        render_diag(r, diag);
        for (const struct diag *note = diag->notes; note; note = note->next) render_diag(r, note);
        shown++;
    }
    bool out_of_memory = diag_out_of_memory_seen(list);
    size_t more = diag_errors(list) - out_of_memory + diag_warnings(list) - shown;
    if (more > 0) text_printf(r.out, "… and %zu more\n", more);
    if (!out_of_memory) return;
    render_severity(r, SEVERITY_ERROR);
    text_append(r.out, REDIAL_STR("out of memory\n"));
}

/* A key that somebody pasted into a file stands in the file, and nowhere in what is said of it. */
void diag_render(const struct diag_list *list, bool colour, struct text *out)
{
    if (!list) return;
    struct text whole = TEXT_INIT;
    render_list(list, (struct render){&whole, colour});
    redact(text_str(&whole), NULL, out);
    if (whole.failed) out->failed = true;
    text_clean_up(&whole);
}
