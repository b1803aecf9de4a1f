/* `math`, with chance from the call's stream alone, and `table`. */
#include <math.h>

#include "base/random.h"
#include "hooks/freeze.h"
#include "hooks/library.h"

__extension__ typedef unsigned __int128 uint128;

/* ---- math ---- */

static int push_whole(lua_State *lua, lua_Number number)
{
    lua_Integer integer;
    if (lua_numbertointeger(number, &integer))
        lua_pushinteger(lua, integer);
    else
        lua_pushnumber(lua, number);
    return 1;
}

static int number_floor(lua_State *lua)
{
    if (lua_isinteger(lua, 1)) return lua_settop(lua, 1), 1;
    return push_whole(lua, floor(luaL_checknumber(lua, 1)));
}

static int number_ceil(lua_State *lua)
{
    if (lua_isinteger(lua, 1)) return lua_settop(lua, 1), 1;
    return push_whole(lua, ceil(luaL_checknumber(lua, 1)));
}

static int number_abs(lua_State *lua)
{
    if (lua_isinteger(lua, 1)) {
        lua_Integer number = lua_tointeger(lua, 1);
        lua_pushinteger(lua, number < 0 ? (lua_Integer)(0u - (lua_Unsigned)number) : number);
    } else {
        lua_pushnumber(lua, fabs(luaL_checknumber(lua, 1)));
    }
    return 1;
}

/* The argument that all others are not `past`. */
static int extreme(lua_State *lua, bool largest)
{
    int count = lua_gettop(lua), best = 1;
    luaL_checknumber(lua, 1);
    for (int i = 2; i <= count; i++) {
        luaL_checknumber(lua, i);
        if (lua_compare(lua, largest ? best : i, largest ? i : best, LUA_OPLT)) best = i;
    }
    hook_charge(lua, (size_t)count);
    lua_pushvalue(lua, best);
    return 1;
}

static int number_max(lua_State *lua)
{
    return extreme(lua, true);
}

static int number_min(lua_State *lua)
{
    return extreme(lua, false);
}

static int number_fmod(lua_State *lua)
{
    lua_pushnumber(lua, fmod(luaL_checknumber(lua, 1), luaL_checknumber(lua, 2)));
    return 1;
}

static int number_sqrt(lua_State *lua)
{
    lua_pushnumber(lua, sqrt(luaL_checknumber(lua, 1)));
    return 1;
}

static int number_exp(lua_State *lua)
{
    lua_pushnumber(lua, exp(luaL_checknumber(lua, 1)));
    return 1;
}

static int number_log(lua_State *lua)
{
    lua_Number number = log(luaL_checknumber(lua, 1));
    if (!lua_isnoneornil(lua, 2)) number /= log(luaL_checknumber(lua, 2));
    lua_pushnumber(lua, number);
    return 1;
}

static int number_tointeger(lua_State *lua)
{
    int whole;
    lua_Integer number = lua_tointegerx(lua, 1, &whole);
    luaL_checkany(lua, 1);
    if (whole)
        lua_pushinteger(lua, number);
    else
        lua_pushnil(lua);
    return 1;
}

static int number_type(lua_State *lua)
{
    luaL_checkany(lua, 1);
    if (lua_type(lua, 1) == LUA_TNUMBER)
        lua_pushstring(lua, lua_isinteger(lua, 1) ? "integer" : "float");
    else
        lua_pushnil(lua);
    return 1;
}

/* A fraction of RANDOM_ONE from the stream of the call, or the fixed draw of a test. */
static uint64_t draw(lua_State *lua)
{
    const struct hook_moment *moment = hook_state_of(lua)->moment;
    if (!moment)
        return (uint64_t)luaL_error(lua,
                                    "there is no chance while the file is read: draw in the hook");
    uint64_t fixed = moment->call->fixed_random;
    return fixed ? fixed - 1 : random_fraction(moment->random);
}

static int number_random(lua_State *lua)
{
    int count = lua_gettop(lua);
    uint64_t fraction = draw(lua);
    if (fraction >= RANDOM_ONE) fraction = RANDOM_ONE - 1;
    if (count == 0) {
        lua_pushnumber(lua, (lua_Number)fraction / (lua_Number)RANDOM_ONE);
        return 1;
    }
    lua_Integer low = count > 1 ? luaL_checkinteger(lua, 1) : 1;
    lua_Integer high = luaL_checkinteger(lua, count > 1 ? 2 : 1);
    luaL_argcheck(lua, low <= high, count > 1 ? 2 : 1, "the interval is empty");
    uint128 width = (uint128)((lua_Unsigned)high - (lua_Unsigned)low) + 1;
    lua_Unsigned offset = (lua_Unsigned)(width * fraction >> 32);
    lua_pushinteger(lua, (lua_Integer)((lua_Unsigned)low + offset));
    return 1;
}

const luaL_Reg library_numbers[] = {
    {"abs", number_abs},
    {"ceil", number_ceil},
    {"exp", number_exp},
    {"floor", number_floor},
    {"fmod", number_fmod},
    {"log", number_log},
    {"max", number_max},
    {"min", number_min},
    {"random", number_random},
    {"sqrt", number_sqrt},
    {"tointeger", number_tointeger},
    {"type", number_type},
    {NULL, NULL},
};

/* ---- table ---- */

static lua_Integer length_of(lua_State *lua)
{
    luaL_checktype(lua, 1, LUA_TTABLE);
    return luaL_len(lua, 1);
}

/* For functions that write: what is frozen raises its own error at the first write. */
static int table_insert(lua_State *lua)
{
    lua_Integer end = length_of(lua) + 1, at = end;
    int count = lua_gettop(lua);
    luaL_argcheck(lua, count == 2 || count == 3, count, "insert takes a table, a place, a value");
    if (count == 3) {
        at = luaL_checkinteger(lua, 2);
        luaL_argcheck(lua, at >= 1 && at <= end, 2, "out of range");
        hook_charge(lua, (size_t)(end - at));
        for (lua_Integer i = end; i > at; i--) {
            lua_geti(lua, 1, i - 1);
            lua_seti(lua, 1, i);
        }
    }
    lua_pushvalue(lua, count);
    lua_seti(lua, 1, at);
    return 0;
}

static int table_remove(lua_State *lua)
{
    lua_Integer size = length_of(lua), at = luaL_optinteger(lua, 2, size);
    if (size == 0 && at == 0) return lua_geti(lua, 1, 0), 1;
    luaL_argcheck(lua, at >= 1 && at <= size + 1, 2, "out of range");
    lua_geti(lua, 1, at);
    hook_charge(lua, (size_t)(size + 1 - at));
    for (; at < size; at++) {
        lua_geti(lua, 1, at + 1);
        lua_seti(lua, 1, at);
    }
    lua_pushnil(lua);
    lua_seti(lua, 1, at);
    return 1;
}

static int table_concat(lua_State *lua)
{
    size_t between_len;
    lua_Integer last = length_of(lua);
    const char *between = luaL_optlstring(lua, 2, "", &between_len);
    lua_Integer i = luaL_optinteger(lua, 3, 1);
    last = luaL_optinteger(lua, 4, last);
    luaL_Buffer buffer;
    luaL_buffinit(lua, &buffer);
    for (; i <= last; i++) {
        int type = lua_geti(lua, 1, i);
        if (type != LUA_TSTRING && type != LUA_TNUMBER)
            return luaL_error(lua, "concat cannot join a %s (at %I)", lua_typename(lua, type),
                              (LUAI_UACINT)i);
        hook_charge(lua, 2 + lua_rawlen(lua, -1) / 16);
        luaL_addvalue(&buffer);
        if (i == last) break;
        luaL_addlstring(&buffer, between, between_len);
        hook_charge(lua, between_len / 16);
    }
    luaL_pushresult(&buffer);
    return 1;
}

#define UNPACKED_MAX 250

static int table_unpack(lua_State *lua)
{
    lua_Integer size = length_of(lua);
    lua_Integer i = luaL_optinteger(lua, 2, 1), last = luaL_optinteger(lua, 3, size);
    if (i > last) return 0;
    lua_Unsigned count = (lua_Unsigned)last - (lua_Unsigned)i;
    if (count >= UNPACKED_MAX)
        return luaL_error(lua, "unpack gives at most %d values", UNPACKED_MAX);
    luaL_checkstack(lua, (int)count + 1, "too many values");
    hook_charge(lua, (size_t)count);
    for (; i < last; i++) lua_geti(lua, 1, i);
    lua_geti(lua, 1, last);
    return (int)count + 1;
}

static bool by_function(lua_State *lua, int a, int b)
{
    lua_pushvalue(lua, 2);
    lua_pushvalue(lua, a);
    lua_pushvalue(lua, b);
    lua_call(lua, 2, 1);
    bool before = lua_toboolean(lua, -1);
    lua_pop(lua, 1);
    return before;
}

static bool by_order(lua_State *lua, int a, int b)
{
    return lua_compare(lua, a, b, LUA_OPLT);
}

#define SORTED_MAX 100000

static int table_sort(lua_State *lua)
{
    lua_Integer size = length_of(lua);
    bool own = !lua_isnoneornil(lua, 2);
    if (own) luaL_checktype(lua, 2, LUA_TFUNCTION);
    if (size > SORTED_MAX) return luaL_error(lua, "sort takes at most %d values", SORTED_MAX);
    if (freeze_is_frozen(lua, 1)) {
        lua_pushnil(lua);
        lua_seti(lua, 1, 1); /* raises the error that every write raises */
    }
    lua_settop(lua, 2);
    luaL_checkstack(lua, (int)size + 8, "too many values to sort");
    hook_charge(lua, (size_t)size);
    for (lua_Integer i = 1; i <= size; i++) lua_geti(lua, 1, i);
    library_sort(lua, (size_t)size, own ? by_function : by_order);
    for (lua_Integer i = size; i >= 1; i--) lua_seti(lua, 1, i);
    return 0;
}

const luaL_Reg library_tables[] = {
    {"concat", table_concat}, {"insert", table_insert}, {"remove", table_remove},
    {"sort", table_sort},     {"unpack", table_unpack}, {NULL, NULL},
};
