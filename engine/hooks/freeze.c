/* The globals of a file are tables and functions; both may hold more of either. Each table is put
 * behind an empty one that reads through it and refuses to be written. A local of the file lives on
 * in the functions that use it: it is remembered here and put back after every call. */
#include "hooks/freeze.h"

#include <stdlib.h>

#define DEPTH_MAX 32

static int refuse_write(lua_State *lua)
{
    if (lua_type(lua, 2) == LUA_TSTRING)
        return luaL_error(lua, "'%s' is read-only here: a hook keeps nothing between calls",
                          lua_tostring(lua, 2));
    return luaL_error(lua, "this table is read-only here: a hook keeps nothing between calls");
}

static int length_behind(lua_State *lua)
{
    freeze_behind(lua, 1);
    lua_pushinteger(lua, (lua_Integer)lua_rawlen(lua, -1));
    return 1;
}

bool freeze_is_frozen(lua_State *lua, int index)
{
    if (lua_type(lua, index) != LUA_TTABLE || !lua_getmetatable(lua, index)) return false;
    lua_pushliteral(lua, "__index");
    bool frozen = lua_rawget(lua, -2) == LUA_TTABLE;
    lua_pop(lua, 2);
    return frozen;
}

void freeze_behind(lua_State *lua, int index)
{
    if (lua_type(lua, index) == LUA_TTABLE && lua_getmetatable(lua, index)) {
        lua_pushliteral(lua, "__index");
        if (lua_rawget(lua, -2) == LUA_TTABLE) {
            lua_remove(lua, -2);
            return;
        }
        lua_pop(lua, 2);
    }
    lua_pushvalue(lua, index);
}

static void freeze(lua_State *lua, int depth);

/* table → frozen table; the pair is remembered before what is in it is looked at. */
static void freeze_table(lua_State *lua, int depth)
{
    int table = lua_gettop(lua);
    lua_createtable(lua, 0, 0);
    lua_createtable(lua, 0, 4);
    lua_pushvalue(lua, table);
    lua_setfield(lua, -2, "__index");
    lua_pushcfunction(lua, refuse_write);
    lua_setfield(lua, -2, "__newindex");
    lua_pushcfunction(lua, length_behind);
    lua_setfield(lua, -2, "__len");
    lua_setmetatable(lua, -2);
    lua_rawgeti(lua, LUA_REGISTRYINDEX, SLOT_FROZEN);
    lua_pushvalue(lua, table);
    lua_pushvalue(lua, -3);
    lua_rawset(lua, -3);
    lua_pushvalue(lua, -2); /* and what is frozen stays as it is */
    lua_pushvalue(lua, -3);
    lua_rawset(lua, -3);
    lua_pop(lua, 1);
    lua_pushnil(lua);
    while (lua_next(lua, table)) {
        int key = lua_type(lua, -2);
        if (key != LUA_TSTRING && key != LUA_TNUMBER && key != LUA_TBOOLEAN)
            luaL_error(lua, "a table of the file has a %s as a key", lua_typename(lua, key));
        freeze(lua, depth + 1);
        lua_pushvalue(lua, -2);
        lua_insert(lua, -2);
        lua_rawset(lua, table);
    }
    lua_remove(lua, table);
}

static void guard(lua_State *lua, int function, int upvalue)
{
    struct hook_state *state = hook_state_of(lua);
    if (state->guard_count == state->guard_capacity) {
        size_t capacity = state->guard_capacity ? 2 * state->guard_capacity : 16;
        struct hook_guard *guards = realloc(state->guards, capacity * sizeof *guards);
        if (!guards) {
            luaL_error(lua, "out of memory");
            return;
        }
        state->guards = guards;
        state->guard_capacity = capacity;
    }
    lua_Integer place = 2 * (lua_Integer)state->guard_count + 1;
    state->guards[state->guard_count++].upvalue = upvalue;
    lua_rawgeti(lua, LUA_REGISTRYINDEX, SLOT_GUARDS);
    lua_pushvalue(lua, function);
    lua_rawseti(lua, -2, place);
    lua_pushvalue(lua, -2);
    lua_rawseti(lua, -2, place + 1);
    lua_pop(lua, 1);
}

/* A local that several functions share is frozen once. */
static bool is_new_upvalue(lua_State *lua, int function, int upvalue)
{
    lua_rawgeti(lua, LUA_REGISTRYINDEX, SLOT_FROZEN);
    bool new = lua_rawgetp(lua, -1, lua_upvalueid(lua, function, upvalue)) == LUA_TNIL;
    lua_pop(lua, 1);
    lua_pushboolean(lua, true);
    lua_rawsetp(lua, -2, lua_upvalueid(lua, function, upvalue));
    lua_pop(lua, 1);
    return new;
}

static void freeze_function(lua_State *lua, int depth)
{
    int function = lua_gettop(lua);
    lua_rawgeti(lua, LUA_REGISTRYINDEX, SLOT_FROZEN);
    lua_pushvalue(lua, function);
    lua_pushvalue(lua, function);
    lua_rawset(lua, -3);
    lua_pop(lua, 1);
    if (lua_iscfunction(lua, function)) return;
    for (int n = 1; lua_getupvalue(lua, function, n); n++) {
        if (!is_new_upvalue(lua, function, n)) {
            lua_pop(lua, 1);
            continue;
        }
        freeze(lua, depth + 1);
        guard(lua, function, n);
        lua_setupvalue(lua, function, n);
    }
}

static void freeze(lua_State *lua, int depth)
{
    int type = lua_type(lua, -1);
    if (type != LUA_TTABLE && type != LUA_TFUNCTION) return;
    if (depth > DEPTH_MAX) luaL_error(lua, "the file's tables are nested too deep");
    luaL_checkstack(lua, 12, "the file's tables are nested too deep");
    lua_rawgeti(lua, LUA_REGISTRYINDEX, SLOT_FROZEN);
    lua_pushvalue(lua, -2);
    if (lua_rawget(lua, -2) != LUA_TNIL) {
        lua_replace(lua, -3);
        lua_pop(lua, 1);
        return;
    }
    lua_pop(lua, 2);
    if (type == LUA_TTABLE)
        freeze_table(lua, depth);
    else
        freeze_function(lua, depth);
}

void freeze_value(lua_State *lua)
{
    freeze(lua, 0);
}

/* Not a number differs from itself: it counts as unchanged. */
static bool is_same(lua_State *lua)
{
    if (lua_rawequal(lua, -1, -2)) return true;
    bool numbers = lua_type(lua, -1) == LUA_TNUMBER && lua_type(lua, -2) == LUA_TNUMBER;
    return numbers && !lua_rawequal(lua, -1, -1) && !lua_rawequal(lua, -2, -2);
}

const char *freeze_restore(struct hook_state *state)
{
    lua_State *lua = state->lua;
    const char *changed = NULL;
    lua_rawgeti(lua, LUA_REGISTRYINDEX, SLOT_GUARDS);
    int guards = lua_gettop(lua);
    for (size_t i = 0; i < state->guard_count; i++) {
        lua_rawgeti(lua, guards, 2 * (lua_Integer)i + 1);
        const char *name = lua_getupvalue(lua, -1, state->guards[i].upvalue);
        lua_rawgeti(lua, guards, 2 * (lua_Integer)i + 2);
        if (!is_same(lua)) {
            changed = name;
            lua_remove(lua, -2);
            lua_setupvalue(lua, -2, state->guards[i].upvalue);
        }
        lua_settop(lua, guards);
    }
    lua_settop(lua, guards - 1);
    return changed;
}
