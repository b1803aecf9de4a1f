#include "hooks/prompt.h"

#include <math.h>

#include "hooks/freeze.h"
#include "hooks/library.h"

/* ---- JSON to Lua ---- */

static void push_number(lua_State *lua, double number)
{
    lua_Integer whole;
    if (number == floor(number) && fabs(number) < 9007199254740992.0 &&
        lua_numbertointeger(number, &whole))
        lua_pushinteger(lua, whole);
    else
        lua_pushnumber(lua, number);
}

static void push_children(lua_State *lua, const struct json *value, bool array)
{
    lua_Integer place = 0;
    lua_newtable(lua);
    if (array) {
        lua_rawgeti(lua, LUA_REGISTRYINDEX, SLOT_ARRAY);
        lua_setmetatable(lua, -2);
    }
    for (const struct json *child = json_first(value); child; child = json_next(child)) {
        if (!array) lua_pushlstring(lua, json_name(child).ptr, json_name(child).len);
        prompt_push(lua, child);
        if (array)
            lua_rawseti(lua, -2, ++place);
        else
            lua_rawset(lua, -3);
    }
}

void prompt_push(lua_State *lua, const struct json *value)
{
    luaL_checkstack(lua, 6, "the prompt is nested too deep");
    switch (json_kind(value)) {
    case JSON_NULL: lua_pushlightuserdata(lua, NULL); break;
    case JSON_FALSE: lua_pushboolean(lua, false); break;
    case JSON_TRUE: lua_pushboolean(lua, true); break;
    case JSON_NUMBER: push_number(lua, json_number(value)); break;
    case JSON_STRING: lua_pushlstring(lua, json_text(value).ptr, json_text(value).len); break;
    case JSON_ARRAY: push_children(lua, value, true); break;
    case JSON_OBJECT: push_children(lua, value, false); break;
    }
}

/* ---- Lua to JSON ---- */

static void write_value(lua_State *lua, int index, struct text *out, unsigned depth);

static void write_number(lua_State *lua, int index, struct text *out)
{
    lua_Number number = lua_tonumber(lua, index);
    if (lua_isinteger(lua, index))
        text_printf(out, "%lld", (long long)lua_tointeger(lua, index));
    else if (isfinite(number))
        text_printf(out, "%.17g", number);
    else
        luaL_error(lua, "JSON has no such number");
}

/* What was an array stays one even when it is empty. */
static bool is_array(lua_State *lua, int table)
{
    if (lua_rawlen(lua, table) > 0) return true;
    if (!lua_getmetatable(lua, table)) return false;
    lua_rawgeti(lua, LUA_REGISTRYINDEX, SLOT_ARRAY);
    bool array = lua_rawequal(lua, -1, -2);
    lua_pop(lua, 2);
    return array;
}

static void write_array(lua_State *lua, int table, struct text *out, unsigned depth)
{
    lua_Integer count = (lua_Integer)lua_rawlen(lua, table);
    text_append_char(out, '[');
    for (lua_Integer i = 1; i <= count; i++) {
        if (i > 1) text_append_char(out, ',');
        lua_rawgeti(lua, table, i);
        write_value(lua, lua_gettop(lua), out, depth);
        lua_pop(lua, 1);
    }
    text_append_char(out, ']');
}

/* Keys in an order of their own, so that the same prompt is always the same bytes. */
static void write_object(lua_State *lua, int table, struct text *out, unsigned depth)
{
    char before = '{';
    lua_pushcfunction(lua, library_pairs);
    lua_pushvalue(lua, table);
    lua_call(lua, 1, 1);
    int next = lua_gettop(lua);
    for (;;) {
        lua_pushvalue(lua, next);
        lua_call(lua, 0, 2);
        if (lua_isnil(lua, -2)) break;
        if (lua_type(lua, -2) != LUA_TSTRING)
            luaL_error(lua, "a JSON object has no %s as a key", luaL_typename(lua, -2));
        struct redial_str name;
        name.ptr = lua_tolstring(lua, -2, &name.len);
        text_append_char(out, before);
        text_append_json(out, name);
        text_append_char(out, ':');
        write_value(lua, lua_gettop(lua), out, depth);
        lua_pop(lua, 2);
        before = ',';
    }
    lua_settop(lua, next - 1);
    if (before == '{') text_append_char(out, '{');
    text_append_char(out, '}');
}

static void write_table(lua_State *lua, int index, struct text *out, unsigned depth)
{
    if (depth >= JSON_DEPTH_MAX) luaL_error(lua, "the answer is nested too deep");
    luaL_checkstack(lua, 10, "the answer is nested too deep");
    freeze_behind(lua, index);
    int table = lua_gettop(lua);
    if (is_array(lua, table))
        write_array(lua, table, out, depth + 1);
    else
        write_object(lua, table, out, depth + 1);
    lua_settop(lua, table - 1);
}

static void write_value(lua_State *lua, int index, struct text *out, unsigned depth)
{
    struct redial_str text;
    hook_charge(lua, 4);
    switch (lua_type(lua, index)) {
    case LUA_TLIGHTUSERDATA: text_append(out, REDIAL_STR("null")); break;
    case LUA_TBOOLEAN:
        text_append(out, str_of(lua_toboolean(lua, index) ? "true" : "false"));
        break;
    case LUA_TNUMBER: write_number(lua, index, out); break;
    case LUA_TSTRING:
        text.ptr = lua_tolstring(lua, index, &text.len);
        hook_charge(lua, text.len);
        text_append_json(out, text);
        break;
    case LUA_TTABLE: write_table(lua, index, out, depth); break;
    default: luaL_error(lua, "the answer has a %s in it", luaL_typename(lua, index));
    }
    if (out->len > JSON_BYTES_MAX) luaL_error(lua, "the answer is too long");
}

void prompt_write(lua_State *lua, int index, struct text *out)
{
    write_value(lua, lua_absindex(lua, index), out, 0);
}

/* ---- What a platform would say ---- */

static bool is_block(const struct json *block, const char *type)
{
    return str_is(json_text(json_at(block, "type")), type);
}

static const struct json *blocks_of(const struct json *message)
{
    const struct json *content = message ? json_at(message, "content") : NULL;
    return json_is_array(content) ? json_first(content) : NULL;
}

/* Whether `message` has a block of `type` whose `key` is `id`. */
static bool has_block(const struct json *message, const char *type, const char *key,
                      struct redial_str id)
{
    for (const struct json *block = blocks_of(message); block; block = json_next(block))
        if (is_block(block, type) && str_eq(json_text(json_at(block, key)), id)) return true;
    return false;
}

static const char *pair_complaint(const struct json *before, const struct json *message,
                                  const struct json *after)
{
    for (const struct json *block = blocks_of(message); block; block = json_next(block)) {
        if (is_block(block, "tool_result") &&
            !has_block(before, "tool_use", "id", json_text(json_at(block, "tool_use_id"))))
            return "leaves a tool_result without its tool_use before it";
        if (is_block(block, "tool_use") &&
            !has_block(after, "tool_result", "tool_use_id", json_text(json_at(block, "id"))))
            return "leaves a tool_use without its tool_result behind it";
    }
    return NULL;
}

static bool has_content(const struct json *message)
{
    const struct json *content = json_at(message, "content");
    return json_is_array(content) ? json_count(content) > 0 : json_text(content).len > 0;
}

const char *prompt_complaint(const struct json *messages)
{
    const struct json *before = NULL;
    const char *complaint = NULL;
    if (!json_is_array(messages) || json_count(messages) == 0) return "gives no list of messages";
    for (const struct json *message = json_first(messages); message && !complaint;
         message = json_next(message)) {
        struct redial_str role = json_text(json_at(message, "role"));
        const char *wanted =
            before && str_is(json_text(json_at(before, "role")), "user") ? "assistant" : "user";
        if (!str_is(role, wanted))
            return before ? "leaves two messages of one role after each other"
                          : "begins with a message that is not the user's";
        if (!has_content(message)) return "leaves a message without content";
        complaint = pair_complaint(before, message, json_next(message));
        before = message;
    }
    return complaint;
}
