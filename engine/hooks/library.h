/* What a hook may call. Private to hooks. Everything here is bounded: what runs in C charges the
 * call's budget, since no count of instructions interrupts it; and everything gives the same
 * result in every state, so nothing tells addresses, orders of hashing, time or the machine. */
#ifndef REDIAL_HOOKS_LIBRARY_H
#define REDIAL_HOOKS_LIBRARY_H

#include "hooks/state.h"

/* Pushes the table of globals for the file; `string` becomes the methods of texts too. */
void library_open(lua_State *lua);

extern const luaL_Reg library_strings[], library_tables[], library_numbers[];
/* pairs, and the order in which it goes. */
int library_pairs(lua_State *lua);

/* Sorts the `count` topmost values of the stack, stable; `before` tells whether the value at the
 * first index goes before that at the second. */
typedef bool library_before_fn(lua_State *lua, int a, int b);
void library_sort(lua_State *lua, size_t count, library_before_fn *before);

#endif
