/* A prompt as Lua tables and back, for the hook `compact`. Private to hooks. */
#ifndef REDIAL_HOOKS_PROMPT_H
#define REDIAL_HOOKS_PROMPT_H

#include "document/json.h"
#include "hooks/state.h"

/* Pushes a JSON value as Lua values: arrays are numbered from 1, null is the global `null`. */
void prompt_push(lua_State *lua, const struct json *value);
/* Appends the value at `index` as JSON; raises an error for what JSON cannot say. */
void prompt_write(lua_State *lua, int index, struct text *out);
/* What is wrong with messages as a platform would see it, or NULL: roles, order, tool pairs. */
const char *prompt_complaint(const struct json *messages);

#endif
