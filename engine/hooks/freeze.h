/* Nothing is kept between calls. Private to hooks. */
#ifndef REDIAL_HOOKS_FREEZE_H
#define REDIAL_HOOKS_FREEZE_H

#include "hooks/state.h"

/* Replaces the value at the top by one that no hook can change: tables by read-only ones, all the
 * way down; functions keep their place, and the file's locals that they use are frozen and
 * guarded. Raises an error for what cannot be frozen. */
void freeze_value(lua_State *lua);
/* The table behind a frozen one at `index`, pushed; anything else is pushed as it is. */
void freeze_behind(lua_State *lua, int index);
bool freeze_is_frozen(lua_State *lua, int index);
/* Puts every guarded local back. Gives the name of one that had changed, or NULL. */
const char *freeze_restore(struct hook_state *state);

#endif
