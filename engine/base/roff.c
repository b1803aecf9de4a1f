#include "base/roff.h"

static void put_char(char c, bool begins_line, struct text *out)
{
    if (begins_line && (c == '.' || c == '\'')) text_append(out, REDIAL_STR("\\&"));
    switch (c) {
    case '\\': text_append(out, REDIAL_STR("\\e")); break;
    case '-': text_append(out, REDIAL_STR("\\-")); break;
    case '\'': text_append(out, REDIAL_STR("\\(aq")); break;
    case '"': text_append(out, REDIAL_STR("\\(dq")); break;
    case '`': text_append(out, REDIAL_STR("\\(ga")); break;
    case '^': text_append(out, REDIAL_STR("\\(ha")); break;
    case '~': text_append(out, REDIAL_STR("\\(ti")); break;
    default: text_append_char(out, c);
    }
}

static bool begins_line(const struct text *out)
{
    return out->len == 0 || out->ptr[out->len - 1] == '\n';
}

void roff_literal(struct redial_str piece, struct text *out)
{
    for (size_t i = 0; i < piece.len; i++) put_char(piece.ptr[i], begins_line(out), out);
}

#define LINE_LONG 60u /* then the next blank ends it */
#define LINE_FULL 72u /* no word goes beyond it that fits on a line: escapes still fit in 80 */

static size_t column(const struct text *out)
{
    size_t begin = out->len;
    while (begin > 0 && out->ptr[begin - 1] != '\n') begin--;
    return out->len - begin;
}

/* At a blank: whether what comes behind it belongs on the next line. */
static bool ends_line(struct redial_str behind, const struct text *out)
{
    size_t word = str_find(behind, REDIAL_STR(" "));
    size_t at = column(out);
    return at > LINE_LONG || at + 1 + (word == SIZE_MAX ? behind.len : word) > LINE_FULL;
}

void roff_text(struct redial_str piece, struct text *out)
{
    bool bold = false;
    for (size_t i = 0; i < piece.len; i++) {
        if (piece.ptr[i] == ' ' && ends_line(str_skip(piece, i + 1), out)) {
            text_append_char(out, '\n');
        } else if (piece.ptr[i] != '`') {
            put_char(piece.ptr[i], begins_line(out), out);
        } else {
            bold = !bold;
            text_append(out, bold ? REDIAL_STR("\\fB") : REDIAL_STR("\\fP"));
        }
    }
    if (bold) text_append(out, REDIAL_STR("\\fP"));
}

/* No empty line: to some readers of roff it is a request. */
void roff_block(struct redial_str lines, struct text *out)
{
    struct redial_str line;
    text_append(out, REDIAL_STR(".nf\n"));
    while (str_split(&lines, '\n', &line)) {
        if (line.len == 0)
            text_append(out, REDIAL_STR(".sp"));
        else
            roff_literal(line, out);
        text_append_char(out, '\n');
    }
    text_append(out, REDIAL_STR(".fi\n"));
}
