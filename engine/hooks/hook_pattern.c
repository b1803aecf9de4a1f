/* The grammar is that of Lua 5.4 §6.4.1: classes %a %d …, sets, * + - ?, %b, %f, captures,
 * positions, back references and the anchors. */
#include "hooks/hook_pattern.h"

#include <ctype.h>
#include <string.h>

#define DEPTH_MAX 200 /* of the matcher's own calls */

static void malformed(const struct hook_pattern *pattern, const char *why)
{
    luaL_error(pattern->lua, "malformed pattern (%s)", why);
}

/* ---- One character ---- */

static const char *class_end(const struct hook_pattern *pattern, const char *p)
{
    char first = *p++;
    if (first == '%') {
        if (p == pattern->end) malformed(pattern, "ends with '%'");
        return p + 1;
    }
    if (first != '[') return p;
    if (p < pattern->end && *p == '^') p++;
    do { /* a ']' that comes first stands for itself */
        if (p == pattern->end) malformed(pattern, "missing ']'");
        if (*p++ == '%') {
            if (p == pattern->end) malformed(pattern, "missing ']'");
            p++;
        }
    } while (p == pattern->end || *p != ']');
    return p + 1;
}

static bool in_class(int c, int class)
{
    bool in;
    switch (tolower(class)) {
    case 'a': in = isalpha(c); break;
    case 'c': in = iscntrl(c); break;
    case 'd': in = isdigit(c); break;
    case 'g': in = isgraph(c); break;
    case 'l': in = islower(c); break;
    case 'p': in = ispunct(c); break;
    case 's': in = isspace(c); break;
    case 'u': in = isupper(c); break;
    case 'w': in = isalnum(c); break;
    case 'x': in = isxdigit(c); break;
    default: return class == c;
    }
    return isupper(class) ? !in : in;
}

/* `set` at '[', `last` at its ']'. */
static bool in_set(int c, const char *set, const char *last)
{
    bool in = true;
    if (set[1] == '^') {
        in = false;
        set++;
    }
    while (++set < last) {
        if (*set == '%') {
            set++;
            if (in_class(c, (unsigned char)*set)) return in;
        } else if (set[1] == '-' && set + 2 < last) {
            set += 2;
            if ((unsigned char)set[-2] <= c && c <= (unsigned char)*set) return in;
        } else if ((unsigned char)*set == c) {
            return in;
        }
    }
    return !in;
}

static bool single_matches(const struct hook_pattern *pattern, const char *s, const char *p,
                           const char *after)
{
    if (s >= pattern->text_end) return false;
    int c = (unsigned char)*s;
    hook_charge(pattern->lua, *p == '[' ? (size_t)(after - p) : 1);
    switch (*p) {
    case '.': return true;
    case '%': return in_class(c, (unsigned char)p[1]);
    case '[': return in_set(c, p, after - 1);
    default: return (unsigned char)*p == c;
    }
}

/* ---- More than one ---- */

static const char *match_balance(const struct hook_pattern *pattern, const char *s, const char *p)
{
    if (pattern->end - p < 2) malformed(pattern, "missing arguments to '%b'");
    if (s >= pattern->text_end || *s != *p) return NULL;
    char open = p[0], close = p[1];
    for (size_t depth = 1; ++s < pattern->text_end;) {
        hook_charge(pattern->lua, 1);
        if (*s == close) {
            if (--depth == 0) return s + 1;
        } else if (*s == open) {
            depth++;
        }
    }
    return NULL;
}

static const char *match_most(struct hook_pattern *pattern, const char *s, const char *p,
                              const char *after)
{
    ptrdiff_t count = 0;
    while (single_matches(pattern, s + count, p, after)) count++;
    for (; count >= 0; count--) {
        const char *end = hook_pattern_match(pattern, s + count, after + 1);
        if (end) return end;
    }
    return NULL;
}

static const char *match_fewest(struct hook_pattern *pattern, const char *s, const char *p,
                                const char *after)
{
    for (;; s++) {
        const char *end = hook_pattern_match(pattern, s, after + 1);
        if (end) return end;
        if (!single_matches(pattern, s, p, after)) return NULL;
    }
}

/* ---- Captures ---- */

static const char *begin_capture(struct hook_pattern *pattern, const char *s, const char *p,
                                 ptrdiff_t what)
{
    if (pattern->level >= PATTERN_CAPTURES_MAX) malformed(pattern, "too many captures");
    pattern->captures[pattern->level++] = (struct hook_capture){s, what};
    const char *end = hook_pattern_match(pattern, s, p);
    if (!end) pattern->level--;
    return end;
}

static const char *end_capture(struct hook_pattern *pattern, const char *s, const char *p)
{
    int open = pattern->level - 1;
    while (open >= 0 && pattern->captures[open].len != CAPTURE_UNFINISHED) open--;
    if (open < 0) {
        malformed(pattern, "a ')' without its '('");
        return NULL;
    }
    pattern->captures[open].len = s - pattern->captures[open].begin;
    const char *end = hook_pattern_match(pattern, s, p);
    if (!end) pattern->captures[open].len = CAPTURE_UNFINISHED;
    return end;
}

static const char *match_reference(const struct hook_pattern *pattern, const char *s, char digit)
{
    int number = digit - '1';
    if (number < 0 || number >= pattern->level || pattern->captures[number].len < 0) {
        malformed(pattern, "a reference to a capture that is not there");
        return NULL;
    }
    const struct hook_capture *capture = &pattern->captures[number];
    hook_charge(pattern->lua, 1 + (size_t)capture->len / 16);
    if (pattern->text_end - s < capture->len ||
        memcmp(capture->begin, s, (size_t)capture->len) != 0)
        return NULL;
    return s + capture->len;
}

/* ---- The matcher ---- */

static const char *match_frontier(const struct hook_pattern *pattern, const char *s,
                                  const char *set)
{
    if (set == pattern->end || *set != '[') malformed(pattern, "missing '[' after '%f'");
    const char *after = class_end(pattern, set);
    int before = s == pattern->text ? '\0' : (unsigned char)s[-1];
    int here = s < pattern->text_end ? (unsigned char)*s : '\0';
    hook_charge(pattern->lua, (size_t)(after - set));
    return !in_set(before, set, after - 1) && in_set(here, set, after - 1) ? after : NULL;
}

/* One item at `*p`, moving both on. False: no match. `*found` set: the rest is decided. */
static bool match_item(struct hook_pattern *pattern, const char **s, const char **p,
                       const char **found)
{
    const char *after = class_end(pattern, *p);
    char suffix = 0;
    if (after < pattern->end) suffix = *after;
    if (suffix == '*' || suffix == '-' || suffix == '+') {
        const char *from = *s;
        if (suffix == '+') {
            if (!single_matches(pattern, from, *p, after)) return false;
            from++;
        }
        *found = suffix == '-' ? match_fewest(pattern, from, *p, after)
                               : match_most(pattern, from, *p, after);
        return *found != NULL;
    }
    bool one = single_matches(pattern, *s, *p, after);
    if (suffix == '?') {
        if (one && (*found = hook_pattern_match(pattern, *s + 1, after + 1))) return true;
        *p = after + 1;
        return true;
    }
    if (!one) return false;
    ++*s;
    *p = after;
    return true;
}

/* %b, %f and references; false when `*p` is none of them. */
static bool match_special(struct hook_pattern *pattern, const char **s, const char **p,
                          bool *failed)
{
    const char *next = *p + 1;
    if (**p != '%' || next >= pattern->end) return false;
    if (*next == 'b') {
        *s = match_balance(pattern, *s, next + 1);
        *p = next + 3;
    } else if (*next == 'f') {
        const char *after = match_frontier(pattern, *s, next + 1);
        *s = after ? *s : NULL;
        *p = after;
    } else if (*next >= '0' && *next <= '9') {
        *s = match_reference(pattern, *s, *next);
        *p = next + 1;
    } else {
        return false;
    }
    *failed = *s == NULL;
    return true;
}

static const char *match_here(struct hook_pattern *pattern, const char *s, const char *p)
{
    while (p != pattern->end) {
        const char *found = NULL;
        bool failed = false;
        hook_charge(pattern->lua, 1);
        if (*p == '(') {
            bool position = p + 1 < pattern->end && p[1] == ')';
            return begin_capture(pattern, s, p + (position ? 2 : 1),
                                 position ? CAPTURE_POSITION : CAPTURE_UNFINISHED);
        }
        if (*p == ')') return end_capture(pattern, s, p + 1);
        if (*p == '$' && p + 1 == pattern->end) return s == pattern->text_end ? s : NULL;
        if (match_special(pattern, &s, &p, &failed)) {
            if (failed) return NULL;
            continue;
        }
        if (!match_item(pattern, &s, &p, &found)) return NULL;
        if (found) return found;
    }
    return s;
}

const char *hook_pattern_match(struct hook_pattern *pattern, const char *at, const char *rest)
{
    if (++pattern->depth > DEPTH_MAX) luaL_error(pattern->lua, "the pattern is too complex");
    const char *end = match_here(pattern, at, rest);
    pattern->depth--;
    return end;
}

/* ---- What was found ---- */

void hook_pattern_push_capture(struct hook_pattern *pattern, int index, const char *begin,
                               const char *end)
{
    if (index >= pattern->level) {
        if (index != 0) luaL_error(pattern->lua, "there is no capture %%%d", index + 1);
        lua_pushlstring(pattern->lua, begin, (size_t)(end - begin));
        return;
    }
    const struct hook_capture *capture = &pattern->captures[index];
    if (capture->len == CAPTURE_UNFINISHED) malformed(pattern, "a '(' without its ')'");
    if (capture->len == CAPTURE_POSITION)
        lua_pushinteger(pattern->lua, capture->begin - pattern->text + 1);
    else
        lua_pushlstring(pattern->lua, capture->begin, (size_t)capture->len);
}

int hook_pattern_push_captures(struct hook_pattern *pattern, const char *begin, const char *end)
{
    int count = pattern->level == 0 && begin ? 1 : pattern->level;
    luaL_checkstack(pattern->lua, count, "too many captures");
    for (int i = 0; i < count; i++) hook_pattern_push_capture(pattern, i, begin, end);
    return count;
}
