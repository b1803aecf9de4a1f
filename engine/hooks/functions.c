#include "hooks/functions.h"

#include <stdlib.h>

#include "hooks/open.h"
#include "hooks/pool.h"
#include "hooks/prompt.h"

/* The sandbox wants a policy; of this one it looks at nothing but its hooks. */
struct functions {
    struct redial_policy policy;
    struct hooks *hooks;
};

struct functions *functions_open(const struct source *source, struct redial_str file,
                                 struct span span, struct hook_function *names, size_t count,
                                 struct diag_list *diags)
{
    struct functions *functions = calloc(1, sizeof *functions);
    if (!functions) {
        diag_out_of_memory(diags);
        return NULL;
    }
    functions->policy.hooks = (struct hooks_policy){
        .source = source,
        .file = file,
        .span = span,
        .functions = names,
        .function_count = count,
        .instructions = FUNCTION_INSTRUCTIONS,
        .memory = FUNCTION_MEMORY,
    };
    for (int i = 0; i < HOOK_POINT_COUNT; i++) functions->policy.hooks.point[i] = NO_INDEX;
    if (hooks_open(&functions->policy, diags)) {
        functions->hooks = functions->policy.hooks.port->hooks;
        return functions;
    }
    free(functions);
    return NULL;
}

void functions_close(struct functions *functions)
{
    if (!functions) return;
    functions->policy.hooks.port->close(functions->hooks);
    free(functions);
}

int functions_line(struct functions *functions, size_t number)
{
    struct hook_state *state = pool_take(functions->hooks);
    int line = state ? state->lines[number] : 0;
    if (state) pool_give(functions->hooks, state);
    return line;
}

/* ---- Asking */

struct asking {
    size_t number;
    const struct json *argument;
    struct text *answer;
};

static int call(lua_State *lua)
{
    struct asking *asking = lua_touserdata(lua, 1);
    lua_rawgeti(lua, LUA_REGISTRYINDEX, SLOT_FUNCTIONS);
    lua_rawgeti(lua, -1, (lua_Integer)asking->number + 1);
    prompt_push(lua, asking->argument);
    lua_call(lua, 1, 1);
    if (lua_isnil(lua, -1))
        text_append(asking->answer, REDIAL_STR("null"));
    else
        prompt_write(lua, -1, asking->answer);
    return 0;
}

static bool ask(struct functions *functions, struct asking *asking, size_t extra,
                struct redial_str *why)
{
    struct hook_state *state = pool_take(functions->hooks);
    size_t begin = asking->answer->len;
    if (!state) {
        *why = REDIAL_STR("there is no memory for a Lua state");
        return false;
    }
    bool good = hook_state_run(state, call, (uint16_t)asking->number, asking, extra);
    if (!good) *why = pool_keep_error(functions->hooks, state->error);
    if (good && asking->answer->failed) *why = REDIAL_STR("out of memory");
    pool_give(functions->hooks, state);
    if (good && !asking->answer->failed) return true;
    asking->answer->len = begin;
    return false;
}

bool functions_ask(struct functions *functions, size_t number, struct redial_str argument,
                   struct text *answer, struct redial_str *why)
{
    struct json *value = json_parse(argument);
    struct asking asking = {.number = number, .argument = value, .answer = answer};
    bool good = value && ask(functions, &asking, argument.len, why);
    if (!value) *why = REDIAL_STR("out of memory");
    json_free(value);
    return good;
}
