#include "hooks/library.h"

#include <string.h>

#include "hooks/freeze.h"

/* ---- Errors ---- */

/* error(message, level), with the position as Lua itself puts it. */
static int library_error(lua_State *lua)
{
    lua_Integer level = luaL_optinteger(lua, 2, 1);
    lua_settop(lua, 1);
    if (lua_type(lua, 1) == LUA_TSTRING && level > 0) {
        luaL_where(lua, level > 2 ? 2 : (int)level);
        lua_pushvalue(lua, 1);
        lua_concat(lua, 2);
    }
    return lua_error(lua);
}

static int library_assert(lua_State *lua)
{
    luaL_checkany(lua, 1);
    if (lua_toboolean(lua, 1)) return lua_gettop(lua);
    if (lua_type(lua, 2) == LUA_TSTRING) return luaL_error(lua, "%s", lua_tostring(lua, 2));
    return luaL_error(lua, "assertion failed");
}

/* ---- Values ---- */

static int library_type(lua_State *lua)
{
    luaL_checkany(lua, 1);
    lua_pushstring(lua, luaL_typename(lua, 1));
    return 1;
}

/* Tables and functions have no address here: it would differ from run to run. */
static int library_tostring(lua_State *lua)
{
    int type = lua_type(lua, 1);
    luaL_checkany(lua, 1);
    if (type == LUA_TNUMBER || type == LUA_TSTRING) {
        lua_pushvalue(lua, 1);
        lua_tostring(lua, -1);
    } else if (type == LUA_TBOOLEAN) {
        lua_pushstring(lua, lua_toboolean(lua, 1) ? "true" : "false");
    } else {
        lua_pushstring(lua, type == LUA_TLIGHTUSERDATA ? "null" : lua_typename(lua, type));
    }
    return 1;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'z') return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
    return 36;
}

static bool to_integer(struct redial_str text, lua_Integer base, lua_Integer *number)
{
    lua_Unsigned sum = 0;
    bool negative = false;
    text = str_trim(text);
    if (text.len > 0 && text.ptr[0] == '-') {
        negative = true;
        text = str_skip(text, 1);
    }
    if (text.len == 0 || text.len > 64) return false;
    for (size_t i = 0; i < text.len; i++) {
        int digit = digit_of(text.ptr[i]);
        if (digit >= base) return false;
        sum = sum * (lua_Unsigned)base + (lua_Unsigned)digit;
    }
    *number = (lua_Integer)(negative ? 0 - sum : sum);
    return true;
}

static int library_tonumber(lua_State *lua)
{
    luaL_checkany(lua, 1);
    if (!lua_isnoneornil(lua, 2)) {
        size_t len;
        lua_Integer base = luaL_checkinteger(lua, 2), number;
        const char *text = luaL_checklstring(lua, 1, &len);
        luaL_argcheck(lua, base >= 2 && base <= 36, 2, "a base is 2 to 36");
        if (!to_integer((struct redial_str){text, len}, base, &number)) return lua_pushnil(lua), 1;
        lua_pushinteger(lua, number);
        return 1;
    }
    if (lua_type(lua, 1) == LUA_TNUMBER) return lua_settop(lua, 1), 1;
    size_t len;
    const char *text = lua_type(lua, 1) == LUA_TSTRING ? lua_tolstring(lua, 1, &len) : NULL;
    if (text) hook_charge(lua, len / 8);
    if (!text || lua_stringtonumber(lua, text) != len + 1) lua_pushnil(lua);
    return 1;
}

static int library_select(lua_State *lua)
{
    int count = lua_gettop(lua);
    if (lua_type(lua, 1) == LUA_TSTRING && strcmp(lua_tostring(lua, 1), "#") == 0) {
        lua_pushinteger(lua, count - 1);
        return 1;
    }
    lua_Integer from = luaL_checkinteger(lua, 1);
    if (from < 0) from = count + from;
    luaL_argcheck(lua, from >= 1, 1, "out of range");
    hook_charge(lua, (size_t)count);
    return from >= count ? 0 : count - (int)from;
}

/* ---- Going over tables ---- */

static int next_item(lua_State *lua)
{
    lua_Integer i = luaL_checkinteger(lua, 2);
    if (i == LUA_MAXINTEGER) return 0;
    lua_pushinteger(lua, i + 1);
    return lua_geti(lua, 1, i + 1) == LUA_TNIL ? 1 : 2;
}

static int library_ipairs(lua_State *lua)
{
    luaL_checkany(lua, 1);
    lua_pushcfunction(lua, next_item);
    lua_pushvalue(lua, 1);
    lua_pushinteger(lua, 0);
    return 3;
}

/* Booleans, then numbers, then texts by their bytes. */
static bool key_before(lua_State *lua, int a, int b)
{
    int left = lua_type(lua, a), right = lua_type(lua, b);
    if (left != right) return left < right; /* LUA_TBOOLEAN < LUA_TNUMBER < LUA_TSTRING */
    if (left == LUA_TSTRING) {
        size_t m, n;
        const char *x = lua_tolstring(lua, a, &m), *y = lua_tolstring(lua, b, &n);
        int order = memcmp(x, y, m < n ? m : n);
        return order != 0 ? order < 0 : m < n;
    }
    if (left == LUA_TBOOLEAN) return lua_toboolean(lua, a) < lua_toboolean(lua, b);
    return lua_compare(lua, a, b, LUA_OPLT);
}

static int next_pair(lua_State *lua)
{
    lua_Integer i = lua_tointeger(lua, lua_upvalueindex(2)) + 1;
    lua_pushinteger(lua, i);
    lua_replace(lua, lua_upvalueindex(2));
    if (lua_rawgeti(lua, lua_upvalueindex(1), i) == LUA_TNIL) return 1;
    lua_pushvalue(lua, -1);
    lua_rawget(lua, lua_upvalueindex(3));
    return 2;
}

/* Lua's own order depends on a seed that is new in every state; this one is always the same. */
int library_pairs(lua_State *lua)
{
    luaL_checktype(lua, 1, LUA_TTABLE);
    freeze_behind(lua, 1);
    int table = lua_gettop(lua);
    size_t count = 0;
    lua_pushnil(lua);
    while (lua_next(lua, table)) {
        int type = lua_type(lua, -2);
        if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TBOOLEAN)
            return luaL_error(lua, "pairs knows no order for keys that are a %s",
                              lua_typename(lua, type));
        hook_charge(lua, 2);
        luaL_checkstack(lua, 4, "too many keys");
        lua_pop(lua, 1);
        lua_pushvalue(lua, -1); /* one stays, one is what lua_next goes on from */
        count++;
    }
    library_sort(lua, count, key_before);
    lua_createtable(lua, (int)count, 0);
    int keys = lua_gettop(lua);
    for (size_t i = 0; i < count; i++) {
        lua_pushvalue(lua, table + 1 + (int)i);
        lua_rawseti(lua, keys, (lua_Integer)i + 1);
    }
    lua_pushinteger(lua, 0);
    lua_pushvalue(lua, table);
    lua_pushcclosure(lua, next_pair, 3);
    return 1;
}

/* ---- Sorting ---- */

static void merge(lua_State *lua, int base, const int *from, int *to, size_t begin, size_t middle,
                  size_t end, library_before_fn *before)
{
    size_t left = begin, right = middle;
    for (size_t i = begin; i < end; i++) {
        bool take_right =
            left == middle || (right < end && before(lua, base + from[right], base + from[left]));
        to[i] = take_right ? from[right++] : from[left++];
    }
}

/* Merge sort of their numbers: stable, and a `before` that contradicts itself does no harm. */
void library_sort(lua_State *lua, size_t count, library_before_fn *before)
{
    if (count < 2) return;
    int base = lua_gettop(lua) - (int)count + 1;
    luaL_checkstack(lua, (int)count + 8, "too many values to sort");
    int *numbers = lua_newuserdatauv(lua, 2 * count * sizeof *numbers, 0);
    int *from = numbers, *to = numbers + count;
    for (size_t i = 0; i < count; i++) from[i] = (int)i;
    for (size_t width = 1; width < count; width *= 2) {
        hook_charge(lua, 4 * count);
        for (size_t begin = 0; begin < count; begin += 2 * width) {
            size_t middle = begin + width < count ? begin + width : count;
            size_t end = begin + 2 * width < count ? begin + 2 * width : count;
            merge(lua, base, from, to, begin, middle, end, before);
        }
        int *other = from;
        from = to;
        to = other;
    }
    for (size_t i = 0; i < count; i++) lua_pushvalue(lua, base + from[i]);
    for (size_t i = count; i-- > 0;) lua_replace(lua, base + (int)i);
    lua_pop(lua, 1);
}

/* ---- The table of globals ---- */

static const luaL_Reg globals[] = {
    {"assert", library_assert},     {"error", library_error},   {"ipairs", library_ipairs},
    {"pairs", library_pairs},       {"select", library_select}, {"tonumber", library_tonumber},
    {"tostring", library_tostring}, {"type", library_type},     {NULL, NULL},
};

static void add_library(lua_State *lua, const char *name, const luaL_Reg *functions)
{
    lua_newtable(lua);
    luaL_setfuncs(lua, functions, 0);
    lua_setfield(lua, -2, name);
}

void library_open(lua_State *lua)
{
    lua_newtable(lua);
    luaL_setfuncs(lua, globals, 0);
    add_library(lua, "string", library_strings);
    add_library(lua, "table", library_tables);
    add_library(lua, "math", library_numbers);
    lua_getfield(lua, -1, "math");
    lua_pushnumber(lua, 3.141592653589793);
    lua_setfield(lua, -2, "pi");
    lua_pushnumber(lua, (lua_Number)__builtin_inf());
    lua_setfield(lua, -2, "huge");
    lua_pushinteger(lua, LUA_MAXINTEGER);
    lua_setfield(lua, -2, "maxinteger");
    lua_pushinteger(lua, LUA_MININTEGER);
    lua_setfield(lua, -2, "mininteger");
    lua_pop(lua, 1);
    lua_pushlightuserdata(lua, NULL); /* JSON's null, which is no nil */
    lua_setfield(lua, -2, "null");
    /* ("x"):rep(3) finds the bounded functions, and nothing leads from a text to its metatable. */
    lua_pushliteral(lua, "");
    lua_createtable(lua, 0, 1);
    lua_getfield(lua, -3, "string");
    lua_setfield(lua, -2, "__index");
    lua_setmetatable(lua, -2);
    lua_pop(lua, 1);
}
