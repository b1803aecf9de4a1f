/* `string`, bounded. What takes or gives long texts charges for them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hooks/hook_pattern.h"
#include "hooks/library.h"

#define BYTES_PER_UNIT 16 /* of copying or comparing: about what an instruction costs */

static const char *text_at(lua_State *lua, int index, size_t *len)
{
    const char *text = luaL_checklstring(lua, index, len);
    hook_charge(lua, *len / BYTES_PER_UNIT);
    return text;
}

/* Lua's positions: from 1, or from the end when negative; 0 and before become 1. */
static size_t begin_of(lua_Integer at, size_t len)
{
    if (at > 0) return (size_t)at;
    if (at == 0 || at < -(lua_Integer)len) return 1;
    return len + (size_t)at + 1;
}

static size_t end_of(lua_Integer at, size_t len)
{
    if (at > (lua_Integer)len) return len;
    if (at >= 0) return (size_t)at;
    return at < -(lua_Integer)len ? 0 : len + (size_t)at + 1;
}

static int string_len(lua_State *lua)
{
    size_t len;
    luaL_checklstring(lua, 1, &len);
    lua_pushinteger(lua, (lua_Integer)len);
    return 1;
}

static int string_sub(lua_State *lua)
{
    size_t len;
    const char *text = luaL_checklstring(lua, 1, &len);
    size_t begin = begin_of(luaL_checkinteger(lua, 2), len);
    size_t end = end_of(luaL_optinteger(lua, 3, -1), len);
    if (begin > end) return lua_pushliteral(lua, ""), 1;
    hook_charge(lua, (end - begin) / BYTES_PER_UNIT);
    lua_pushlstring(lua, text + begin - 1, end - begin + 1);
    return 1;
}

/* ASCII alone, whatever the process's locale. */
static int change_case(lua_State *lua, char from, char to)
{
    size_t len;
    const char *text = text_at(lua, 1, &len);
    luaL_Buffer buffer;
    char *out = luaL_buffinitsize(lua, &buffer, len);
    for (size_t i = 0; i < len; i++) {
        out[i] = text[i];
        if (text[i] >= from && text[i] <= from + 25) out[i] = (char)(text[i] - from + to);
    }
    luaL_pushresultsize(&buffer, len);
    return 1;
}

static int string_lower(lua_State *lua)
{
    return change_case(lua, 'A', 'a');
}

static int string_upper(lua_State *lua)
{
    return change_case(lua, 'a', 'A');
}

static int string_reverse(lua_State *lua)
{
    size_t len;
    const char *text = text_at(lua, 1, &len);
    luaL_Buffer buffer;
    char *out = luaL_buffinitsize(lua, &buffer, len);
    for (size_t i = 0; i < len; i++) out[i] = text[len - 1 - i];
    luaL_pushresultsize(&buffer, len);
    return 1;
}

static int string_rep(lua_State *lua)
{
    size_t len, between_len, size;
    const char *text = text_at(lua, 1, &len);
    lua_Integer count = luaL_checkinteger(lua, 2);
    const char *between = luaL_optlstring(lua, 3, "", &between_len);
    if (count <= 0) return lua_pushliteral(lua, ""), 1;
    if (__builtin_mul_overflow(len + between_len, (size_t)count, &size) || size > INT32_MAX)
        return luaL_error(lua, "rep would give a text of more than 2 GB");
    size -= between_len;
    hook_charge(lua, size / BYTES_PER_UNIT);
    luaL_Buffer buffer;
    char *out = luaL_buffinitsize(lua, &buffer, size);
    for (lua_Integer i = 0; i < count; i++) {
        memcpy(out, text, len);
        out += len;
        if (i + 1 == count || between_len == 0) continue;
        memcpy(out, between, between_len);
        out += between_len;
    }
    luaL_pushresultsize(&buffer, size);
    return 1;
}

#define BYTES_GIVEN_MAX 250

static int string_byte(lua_State *lua)
{
    size_t len;
    const char *text = luaL_checklstring(lua, 1, &len);
    lua_Integer first = luaL_optinteger(lua, 2, 1);
    size_t begin = begin_of(first, len), end = end_of(luaL_optinteger(lua, 3, first), len);
    if (begin > end) return 0;
    if (end - begin >= BYTES_GIVEN_MAX)
        return luaL_error(lua, "byte gives at most %d values", BYTES_GIVEN_MAX);
    luaL_checkstack(lua, (int)(end - begin + 1), "too many values");
    for (size_t i = begin; i <= end; i++) lua_pushinteger(lua, (unsigned char)text[i - 1]);
    return (int)(end - begin + 1);
}

static int string_char(lua_State *lua)
{
    int count = lua_gettop(lua);
    luaL_Buffer buffer;
    char *out = luaL_buffinitsize(lua, &buffer, (size_t)count);
    for (int i = 1; i <= count; i++) {
        lua_Integer byte = luaL_checkinteger(lua, i);
        luaL_argcheck(lua, byte >= 0 && byte <= 255, i, "a byte is 0 to 255");
        out[i - 1] = (char)byte;
    }
    luaL_pushresultsize(&buffer, (size_t)count);
    return 1;
}

/* ---- Patterns ---- */

static void begin_pattern(struct hook_pattern *pattern, lua_State *lua, const char *text,
                          size_t len, const char *end)
{
    pattern->lua = lua;
    pattern->text = text;
    pattern->text_end = text + len;
    pattern->end = end;
    pattern->depth = 0;
    pattern->level = 0;
}

static const char *match_from(struct hook_pattern *pattern, const char *at, const char *rest)
{
    pattern->level = 0;
    pattern->depth = 0;
    return hook_pattern_match(pattern, at, rest);
}

static int push_found(lua_State *lua, const char *text, const char *begin, size_t len)
{
    lua_pushinteger(lua, begin - text + 1);
    lua_pushinteger(lua, begin - text + (ptrdiff_t)len);
    return 2;
}

static int find_plain(lua_State *lua, const char *text, size_t len, size_t from,
                      struct redial_str wanted)
{
    const char *at = memmem(text + from, len - from, wanted.ptr, wanted.len);
    if (!at) return lua_pushnil(lua), 1;
    return push_found(lua, text, at, wanted.len);
}

static int find_or_match(lua_State *lua, bool find)
{
    size_t len, pattern_len;
    const char *text = text_at(lua, 1, &len), *rest = text_at(lua, 2, &pattern_len);
    size_t from = begin_of(luaL_optinteger(lua, 3, 1), len) - 1;
    struct hook_pattern pattern;
    if (from > len) return lua_pushnil(lua), 1;
    if (find && lua_toboolean(lua, 4))
        return find_plain(lua, text, len, from, (struct redial_str){rest, pattern_len});
    begin_pattern(&pattern, lua, text, len, rest + pattern_len);
    bool anchored = pattern_len > 0 && *rest == '^';
    rest += anchored;
    for (const char *at = text + from; at <= pattern.text_end; at++) {
        const char *end = match_from(&pattern, at, rest);
        if (end && !find) return hook_pattern_push_captures(&pattern, at, end);
        if (end) {
            push_found(lua, text, at, (size_t)(end - at));
            return 2 + hook_pattern_push_captures(&pattern, NULL, NULL);
        }
        if (anchored) break;
    }
    lua_pushnil(lua);
    return 1;
}

static int string_find(lua_State *lua)
{
    return find_or_match(lua, true);
}

static int string_match(lua_State *lua)
{
    return find_or_match(lua, false);
}

/* Upvalues: text, pattern, where to go on, where the last match ended (0 none). */
static int next_match(lua_State *lua)
{
    size_t len, pattern_len;
    const char *text = lua_tolstring(lua, lua_upvalueindex(1), &len);
    const char *rest = lua_tolstring(lua, lua_upvalueindex(2), &pattern_len);
    lua_Integer from = lua_tointeger(lua, lua_upvalueindex(3));
    lua_Integer last = lua_tointeger(lua, lua_upvalueindex(4));
    struct hook_pattern pattern;
    begin_pattern(&pattern, lua, text, len, rest + pattern_len);
    for (const char *at = text + from; at <= pattern.text_end; at++) {
        const char *end = match_from(&pattern, at, rest);
        if (!end || end - text + 1 == last) continue;
        lua_pushinteger(lua, end - text);
        lua_replace(lua, lua_upvalueindex(3));
        lua_pushinteger(lua, end - text + 1);
        lua_replace(lua, lua_upvalueindex(4));
        return hook_pattern_push_captures(&pattern, at, end);
    }
    return 0;
}

static int string_gmatch(lua_State *lua)
{
    size_t len;
    text_at(lua, 1, &len);
    text_at(lua, 2, &len);
    lua_settop(lua, 2);
    lua_pushinteger(lua, 0);
    lua_pushinteger(lua, 0);
    lua_pushcclosure(lua, next_match, 4);
    return 1;
}

/* "%1 was %0": the text that stands for a match. */
static void add_template(struct hook_pattern *pattern, luaL_Buffer *buffer, const char *begin,
                         const char *end)
{
    lua_State *lua = pattern->lua;
    size_t len;
    const char *template = lua_tolstring(lua, 3, &len);
    hook_charge(lua, 1 + len / BYTES_PER_UNIT);
    for (size_t i = 0; i < len; i++) {
        if (template[i] != '%') {
            luaL_addchar(buffer, template[i]);
            continue;
        }
        char c = 0;
        if (++i < len) c = template[i];
        if (c == '%') {
            luaL_addchar(buffer, '%');
        } else if (c == '0') {
            luaL_addlstring(buffer, begin, (size_t)(end - begin));
        } else if (c >= '1' && c <= '9') {
            hook_pattern_push_capture(pattern, c - '1', begin, end);
            luaL_tolstring(lua, -1, NULL);
            lua_remove(lua, -2);
            luaL_addvalue(buffer);
        } else {
            luaL_error(lua, "invalid use of '%%' in the replacement");
        }
        hook_charge(lua, (size_t)(end - begin) / BYTES_PER_UNIT);
    }
}

static void add_replacement(struct hook_pattern *pattern, luaL_Buffer *buffer, const char *begin,
                            const char *end)
{
    lua_State *lua = pattern->lua;
    int type = lua_type(lua, 3);
    if (type == LUA_TSTRING || type == LUA_TNUMBER) {
        add_template(pattern, buffer, begin, end);
        return;
    }
    if (type == LUA_TTABLE) {
        hook_pattern_push_capture(pattern, 0, begin, end);
        lua_gettable(lua, 3);
    } else {
        lua_pushvalue(lua, 3);
        lua_call(lua, hook_pattern_push_captures(pattern, begin, end), 1);
    }
    if (!lua_toboolean(lua, -1)) {
        lua_pop(lua, 1);
        luaL_addlstring(buffer, begin, (size_t)(end - begin));
    } else if (!lua_isstring(lua, -1)) {
        luaL_error(lua, "a match is replaced by a %s", luaL_typename(lua, -1));
    } else {
        luaL_addvalue(buffer);
    }
}

static int string_gsub(lua_State *lua)
{
    size_t len, pattern_len;
    const char *text = text_at(lua, 1, &len), *rest = text_at(lua, 2, &pattern_len);
    int type = lua_type(lua, 3);
    lua_Integer count = 0, count_max = luaL_optinteger(lua, 4, LUA_MAXINTEGER);
    luaL_argcheck(lua, lua_isstring(lua, 3) || type == LUA_TTABLE || type == LUA_TFUNCTION, 3,
                  "a text, table or function is expected");
    lua_settop(lua, 4);
    if (type == LUA_TNUMBER) lua_tostring(lua, 3);
    struct hook_pattern pattern;
    luaL_Buffer buffer;
    begin_pattern(&pattern, lua, text, len, rest + pattern_len);
    bool anchored = pattern_len > 0 && *rest == '^';
    rest += anchored;
    luaL_buffinit(lua, &buffer);
    const char *at = text, *last = NULL;
    while (count < count_max) {
        const char *end = match_from(&pattern, at, rest);
        if (end && end != last) {
            count++;
            add_replacement(&pattern, &buffer, at, end);
            at = last = end;
        } else if (at < pattern.text_end) {
            luaL_addchar(&buffer, *at++);
        } else {
            break;
        }
        if (anchored) break;
    }
    luaL_addlstring(&buffer, at, (size_t)(pattern.text_end - at));
    luaL_pushresult(&buffer);
    lua_pushinteger(lua, count);
    return 2;
}

/* ---- format ---- */

#define SPEC_MAX      16  /* "%-+ #0" and two digits, a point, two digits, "ll", the letter */
#define FORMATTED_MAX 512 /* "%99.99f" of the largest number has 409 characters */

/* Reads flags, width and precision up to the letter; gives the letter's place. */
static const char *read_spec(lua_State *lua, const char *p, const char *end, char *spec)
{
    const char *begin = p;
    size_t flags = strspn(p, "-+ #0");
    p += flags;
    for (int i = 0; i < 2 && p < end && *p >= '0' && *p <= '9'; i++) p++;
    if (p < end && *p == '.') {
        p++;
        for (int i = 0; i < 2 && p < end && *p >= '0' && *p <= '9'; i++) p++;
    }
    if (flags > 5 || p >= end || (*p >= '0' && *p <= '9'))
        luaL_error(lua, "format has no directive '%%%s'", begin);
    spec[0] = '%';
    memcpy(spec + 1, begin, (size_t)(p - begin));
    spec[1 + (p - begin)] = '\0';
    return p;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void add_whole(lua_State *lua, luaL_Buffer *buffer, int argument, char *spec, char letter)
{
    char out[FORMATTED_MAX];
    lua_Integer number = luaL_checkinteger(lua, argument);
    size_t len = strlen(spec);
    memcpy(spec + len, (char[]){'l', 'l', letter, '\0'}, 4);
    int written = snprintf(out, sizeof out, spec, (long long)number);
    luaL_addlstring(buffer, out, (size_t)written);
}

static void add_real(lua_State *lua, luaL_Buffer *buffer, int argument, char *spec, char letter)
{
    char out[FORMATTED_MAX];
    lua_Number number = luaL_checknumber(lua, argument);
    size_t len = strlen(spec);
    memcpy(spec + len, (char[]){letter, '\0'}, 2);
    int written = snprintf(out, sizeof out, spec, number);
    luaL_addlstring(buffer, out, (size_t)written);
}

static void add_text(lua_State *lua, luaL_Buffer *buffer, int argument, char *spec)
{
    char out[FORMATTED_MAX];
    size_t len;
    int type = lua_type(lua, argument);
    if (type == LUA_TSTRING || type == LUA_TNUMBER)
        lua_pushvalue(lua, argument);
    else if (type == LUA_TBOOLEAN)
        lua_pushstring(lua, lua_toboolean(lua, argument) ? "true" : "false");
    else /* no addresses */
        lua_pushstring(lua, type == LUA_TLIGHTUSERDATA ? "null" : lua_typename(lua, type));
    const char *text = lua_tolstring(lua, -1, &len);
    hook_charge(lua, len / BYTES_PER_UNIT);
    if (spec[1] == '\0' || len >= 100) {
        luaL_addvalue(buffer);
        return;
    }
    size_t end = strlen(spec);
    memcpy(spec + end, "s", 2);
    int written = snprintf(out, sizeof out, spec, text);
    lua_pop(lua, 1);
    luaL_addlstring(buffer, out, (size_t)written);
}

#pragma GCC diagnostic pop

static int string_format(lua_State *lua)
{
    size_t len;
    const char *p = text_at(lua, 1, &len), *end = p + len;
    int argument = 1, count = lua_gettop(lua);
    luaL_Buffer buffer;
    luaL_buffinit(lua, &buffer);
    while (p < end) {
        char spec[SPEC_MAX];
        if (*p != '%') {
            luaL_addchar(&buffer, *p++);
            continue;
        }
        if (++p < end && *p == '%') {
            luaL_addchar(&buffer, *p++);
            continue;
        }
        p = read_spec(lua, p, end, spec);
        if (++argument > count) luaL_argerror(lua, argument, "no value");
        hook_charge(lua, 8);
        if (strchr("diuxXo", *p))
            add_whole(lua, &buffer, argument, spec, *p);
        else if (strchr("eEfFgG", *p))
            add_real(lua, &buffer, argument, spec, *p);
        else if (*p == 's')
            add_text(lua, &buffer, argument, spec);
        else
            return luaL_error(lua, "format has no directive '%%%c'", *p);
        p++;
    }
    luaL_pushresult(&buffer);
    return 1;
}

const luaL_Reg library_strings[] = {
    {"byte", string_byte},       {"char", string_char},
    {"find", string_find},       {"format", string_format},
    {"gmatch", string_gmatch},   {"gsub", string_gsub},
    {"len", string_len},         {"lower", string_lower},
    {"match", string_match},     {"rep", string_rep},
    {"reverse", string_reverse}, {"sub", string_sub},
    {"upper", string_upper},     {NULL, NULL},
};
