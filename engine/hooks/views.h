/* What a hook sees: read-only views that are made once per state and read what the running call
 * looks at, field by field, when the hook asks for it. Private to hooks. */
#ifndef REDIAL_HOOKS_VIEWS_H
#define REDIAL_HOOKS_VIEWS_H

#include "hooks/state.h"

void views_open(lua_State *lua);
/* The event, the call and the rule, whatever the hook: its one argument, or its last. */
void views_push_context(lua_State *lua);
/* The list of candidates. */
void views_push_candidates(lua_State *lua);

#endif
