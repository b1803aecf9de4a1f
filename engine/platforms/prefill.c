#include "platforms/prefill.h"

#include "platforms/body.h"

/* The place behind a string that begins at `at`. */
static size_t skip_string(struct redial_str text, size_t at)
{
    for (at++; at < text.len && text.ptr[at] != '"'; at++)
        if (text.ptr[at] == '\\') at++;
    return at;
}

bool prefill_is(struct redial_str message)
{
    struct body_error error;
    struct body body;

    if (!body_scan(message, &body, &error)) return false;
    for (size_t i = 0; i < body.member_count; i++)
        if (str_is(body.members[i].name, "role"))
            return str_is(body.members[i].value, "\"assistant\"");
    return false;
}

/* Commas of the outer array part its messages; only the last one is looked into. */
size_t prefill_find(struct redial_str messages)
{
    size_t comma = SIZE_MAX, open = SIZE_MAX, close = SIZE_MAX, depth = 0;
    for (size_t at = 0; at < messages.len && close == SIZE_MAX; at++) {
        char c = messages.ptr[at];
        if (c == '"') {
            at = skip_string(messages, at);
        } else if (c == '[' || c == '{') {
            if (depth++ == 0) open = at;
        } else if (c == ']' || c == '}') {
            if (depth == 0) return SIZE_MAX;
            if (--depth == 0) close = at;
        } else if (c == ',' && depth == 1) {
            comma = at;
        }
    }
    if (close == SIZE_MAX || messages.ptr[open] != '[') return SIZE_MAX;
    size_t begin = (comma == SIZE_MAX ? open : comma) + 1;
    struct redial_str last = str_take(str_skip(messages, begin), close - begin);
    if (!prefill_is(last)) return SIZE_MAX;
    return comma == SIZE_MAX ? begin : comma;
}
