#include "hooks/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooks/freeze.h"
#include "hooks/library.h"
#include "hooks/views.h"

#define LOAD_INSTRUCTIONS     1000000
#define LOAD_MEMORY           ((size_t)16 << 20)
#define TAKEN_PER_USED        16 /* a call that fills its memory so often over is going in circles */
#define REFUSALS_MAX          64                 /* each costs a full collection */
#define GARBAGE_KEPT          ((size_t)64 << 10) /* between calls */
#define MEMORY_PER_BYTE       32 /* of input: a text, its table and the text that is made of it */
#define INSTRUCTIONS_PER_BYTE 16

/* ---- Memory ---- */

/* Lua answers every refusal with a full collection and asks again: refused often enough, a call has
 * spent its time on that, and is refused for good. */
static bool is_refused(struct hook_state *state, size_t grown)
{
    bool over = state->used + grown > state->used_max || state->taken + grown > state->taken_max ||
                state->refusals > REFUSALS_MAX;
    state->refusals += over;
    return over;
}

/* Lua takes it for granted that shrinking and freeing never fail. */
static void *take(void *context, void *block, size_t old_size, size_t size)
{
    struct hook_state *state = context;
    size_t old = block ? old_size : 0;
    if (size == 0) {
        state->used -= old;
        free(block);
        return NULL;
    }
    if (size > old && is_refused(state, size - old)) return NULL;
    void *moved = realloc(block, size);
    if (!moved) return size <= old ? block : NULL;
    if (size > old) state->taken += size - old;
    state->used = state->used - old + size;
    return moved;
}

/* ---- Budgets ---- */

static void instructions_out(lua_State *lua, lua_Debug *place)
{
    const struct hook_state *state = hook_state_of(lua);
    lua_getinfo(lua, "Sl", place);
    lua_pushfstring(lua, "%s:%d: the budget of %I instructions is used up", place->short_src,
                    place->currentline, (LUAI_UACINT)state->instructions);
    lua_error(lua);
}

void hook_charge(lua_State *lua, size_t units)
{
    struct hook_state *state = hook_state_of(lua);
    if (units < (size_t)state->work_left) {
        state->work_left -= (int64_t)units;
        return;
    }
    state->work_left = 0;
    luaL_error(lua, "the budget of %I instructions is used up", (LUAI_UACINT)state->instructions);
}

static void set_budgets(struct hook_state *state, int64_t instructions, size_t memory)
{
    int count = instructions < INT32_MAX ? (int)instructions : INT32_MAX;
    state->instructions = instructions;
    state->memory = memory;
    state->work_left = instructions;
    state->taken = 0;
    state->used_max = state->base + memory;
    state->taken_max = TAKEN_PER_USED * memory;
    state->refusals = 0;
    lua_sethook(state->lua, instructions_out, LUA_MASKCOUNT, count);
}

/* What a call leaves behind has no part in the next one's budget: the same call ends the same way
 * in every state, whatever the state did before. */
static void lift_budgets(struct hook_state *state)
{
    state->used_max = state->taken_max = SIZE_MAX;
    lua_sethook(state->lua, NULL, 0, 0);
}

static void tidy(struct hook_state *state)
{
    if (state->used > state->base + GARBAGE_KEPT) lua_gc(state->lua, LUA_GCCOLLECT);
}

/* ---- Errors ---- */

/* Every error becomes a text that begins with file and line, those of the innermost Lua function
 * where the error itself does not say. */
static int add_place(lua_State *lua)
{
    struct hook_state *state = hook_state_of(lua);
    lua_Debug place;
    int level = 0, type = lua_type(lua, 1);
    struct redial_str file = state->policy->hooks.file;
    if (type == LUA_TSTRING) {
        size_t len;
        const char *text = lua_tolstring(lua, 1, &len);
        if (str_starts_with((struct redial_str){text, len}, file)) return 1;
    } else {
        lua_pushfstring(lua, "an error was raised with a %s instead of a text",
                        lua_typename(lua, type));
        lua_replace(lua, 1);
    }
    while (lua_getstack(lua, level++, &place)) {
        lua_getinfo(lua, "Sl", &place);
        if (place.currentline <= 0) continue;
        lua_pushfstring(lua, "%s:%d: %s", place.short_src, place.currentline, lua_tostring(lua, 1));
        return 1;
    }
    return 1;
}

static void set_error(struct hook_state *state, const char *format, ...) REDIAL_PRINTF(2, 3);

static void set_error(struct hook_state *state, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(state->error, sizeof state->error, format, arguments);
    va_end(arguments);
    if (len >= (int)sizeof state->error) { /* cut between characters */
        struct redial_str text = {state->error, sizeof state->error - 1};
        state->error[str_utf8_valid_len(text)] = '\0';
    }
}

void hook_state_complain(struct hook_state *state, uint16_t function, const char *format, ...)
{
    char text[HOOK_ERROR_BYTES_MAX];
    const struct hooks_policy *hooks = &state->policy->hooks;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    set_error(state, "%.*s:%d: %.*s %s", REDIAL_STR_ARG(hooks->file), state->lines[function],
              REDIAL_STR_ARG(hooks->functions[function].name), text);
}

/* Takes the error value off the stack. Running out of memory has no place of its own. */
static void take_error(struct hook_state *state, int status, uint16_t function)
{
    lua_State *lua = state->lua;
    const struct hooks_policy *hooks = &state->policy->hooks;
    const char *text = lua_type(lua, -1) == LUA_TSTRING ? lua_tostring(lua, -1) : "";
    bool known = function < hooks->function_count;
    if (status == LUA_ERRMEM && state->refusals > 0)
        set_error(state, "%.*s:%d: %.*s the memory budget of %lld KB is used up",
                  REDIAL_STR_ARG(hooks->file), known ? state->lines[function] : 1,
                  known ? (int)hooks->functions[function].name.len : 0,
                  known ? hooks->functions[function].name.ptr : "",
                  (long long)(state->memory >> 10));
    else if (status == LUA_ERRMEM)
        set_error(state, "%.*s:%d: out of memory", REDIAL_STR_ARG(hooks->file),
                  known ? state->lines[function] : 1);
    else if (status == LUA_ERRERR)
        set_error(state, "%.*s:%d: calls nested too deep", REDIAL_STR_ARG(hooks->file),
                  known ? state->lines[function] : 1);
    else if (known)
        set_error(state, "%s (in %.*s)", text, REDIAL_STR_ARG(hooks->functions[function].name));
    else
        set_error(state, "%s", text);
    lua_pop(lua, 1);
}

/* ---- Calling ---- */

/* After every call: locals of the file back in place. */
static bool is_unchanged(struct hook_state *state, uint16_t function)
{
    const char *name = freeze_restore(state);
    if (!name) return true;
    hook_state_complain(state, function,
                        "changes '%s', a local of the file: a hook keeps nothing between calls",
                        name);
    return false;
}

bool hook_state_call(struct hook_state *state, uint16_t function, int count)
{
    lua_State *lua = state->lua;
    int base = lua_gettop(lua) - count;
    lua_pushcfunction(lua, add_place);
    lua_insert(lua, base + 1);
    lua_rawgeti(lua, LUA_REGISTRYINDEX, SLOT_FUNCTIONS);
    lua_rawgeti(lua, -1, function + 1);
    lua_insert(lua, base + 2);
    lua_pop(lua, 1);
    set_budgets(state, state->policy->hooks.instructions, (size_t)state->policy->hooks.memory);
    int status = lua_pcall(lua, count, 1, base + 1);
    lift_budgets(state);
    if (status != LUA_OK) take_error(state, status, function);
    bool unchanged = is_unchanged(state, function);
    if (status != LUA_OK || !unchanged) {
        lua_settop(lua, base);
        tidy(state);
        return false;
    }
    lua_remove(lua, base + 1);
    tidy(state);
    return true;
}

bool hook_state_run(struct hook_state *state, lua_CFunction work, uint16_t function, void *argument,
                    size_t extra)
{
    lua_State *lua = state->lua;
    const struct hooks_policy *hooks = &state->policy->hooks;
    int base = lua_gettop(lua);
    lua_pushcfunction(lua, add_place);
    lua_pushcfunction(lua, work);
    lua_pushlightuserdata(lua, argument);
    set_budgets(state, hooks->instructions + INSTRUCTIONS_PER_BYTE * (int64_t)extra,
                (size_t)hooks->memory + MEMORY_PER_BYTE * extra);
    int status = lua_pcall(lua, 1, 0, base + 1);
    lift_budgets(state);
    if (status != LUA_OK) take_error(state, status, function);
    bool unchanged = is_unchanged(state, function);
    lua_settop(lua, base);
    tidy(state);
    return status == LUA_OK && unchanged;
}

/* ---- Making one ---- */

struct making {
    struct hook_state *state;
    struct hook_trouble *trouble;
    bool whole; /* every function that the policy names is there */
};

static void make_slots(lua_State *lua)
{
    static const int slots[] = {SLOT_FUNCTIONS, SLOT_GUARDS, SLOT_FROZEN, SLOT_ARRAY, SLOT_VIEWS};
    for (size_t i = 0; i < REDIAL_COUNT_OF(slots); i++) {
        lua_newtable(lua);
        lua_rawseti(lua, LUA_REGISTRYINDEX, slots[i]);
    }
}

/* The file's own functions, for a suggestion. */
static void suggest(lua_State *lua, int env, struct redial_str name, char *out, size_t size)
{
    struct redial_str words[256];
    size_t count = 0;
    lua_pushnil(lua);
    while (lua_next(lua, env) && count < REDIAL_COUNT_OF(words)) {
        if (lua_type(lua, -2) == LUA_TSTRING && lua_isfunction(lua, -1) &&
            !lua_iscfunction(lua, -1))
            words[count++] = str_of(lua_tostring(lua, -2));
        lua_pop(lua, 1);
    }
    size_t closest = str_closest(words, count, name);
    if (closest != SIZE_MAX) snprintf(out, size, "%.*s", REDIAL_STR_ARG(words[closest]));
}

/* One function of the policy to its slot, from the top of the stack. */
static bool keep_function(lua_State *lua, struct making *making, int env, int functions, size_t i)
{
    struct hook_state *state = making->state;
    struct redial_str name = state->policy->hooks.functions[i].name;
    lua_Debug place;
    if (lua_isfunction(lua, -1) && !lua_iscfunction(lua, -1)) {
        lua_pushvalue(lua, -1);
        lua_getinfo(lua, ">S", &place);
        state->lines[i] = place.linedefined;
        lua_rawseti(lua, functions, (lua_Integer)i + 1);
        return true;
    }
    making->trouble->functions[i].missing = true;
    making->trouble->functions[i].no_function = !lua_isnil(lua, -1);
    suggest(lua, env, name, making->trouble->functions[i].suggestion,
            sizeof making->trouble->functions[i].suggestion);
    lua_pop(lua, 1);
    return false;
}

static bool find_functions(lua_State *lua, struct making *making, int env)
{
    const struct hooks_policy *hooks = &making->state->policy->hooks;
    bool all = true;
    lua_rawgeti(lua, LUA_REGISTRYINDEX, SLOT_FUNCTIONS);
    int functions = lua_gettop(lua);
    for (size_t i = 0; i < hooks->function_count; i++) {
        struct redial_str name = hooks->functions[i].name;
        lua_pushlstring(lua, name.ptr, name.len);
        lua_rawget(lua, env);
        all = keep_function(lua, making, env, functions, i) && all;
    }
    lua_settop(lua, functions - 1);
    making->whole = all;
    return all;
}

static int make(lua_State *lua)
{
    struct making *making = lua_touserdata(lua, 1);
    const struct hooks_policy *hooks = &making->state->policy->hooks;
    struct redial_str text = hooks->source->text;
    make_slots(lua);
    library_open(lua);
    int env = lua_gettop(lua);
    views_open(lua);
    lua_pushfstring(lua, "@%s", hooks->file.ptr);
    if (luaL_loadbufferx(lua, text.ptr, text.len, lua_tostring(lua, -1), "t") != LUA_OK)
        return lua_error(lua);
    lua_pushvalue(lua, env);
    lua_setupvalue(lua, -2, 1);
    lua_pushvalue(lua, -1);
    lua_call(lua, 0, 0);
    if (!find_functions(lua, making, env)) return 0;
    /* All functions of the file share the one upvalue that holds the globals. */
    lua_pushvalue(lua, env);
    freeze_value(lua);
    lua_setupvalue(lua, -2, 1);
    lua_pop(lua, 1);
    lua_rawgeti(lua, LUA_REGISTRYINDEX, SLOT_FUNCTIONS);
    for (size_t i = 0; i < hooks->function_count; i++) {
        lua_rawgeti(lua, -1, (lua_Integer)i + 1);
        freeze_value(lua);
        lua_pop(lua, 1);
    }
    lua_newtable(lua);
    lua_rawseti(lua, LUA_REGISTRYINDEX, SLOT_FROZEN);
    return 0;
}

/* "hooks/x.lua:12: …": the line, and what stands behind it. */
static void tell_trouble(struct hook_state *state, struct hook_trouble *trouble)
{
    struct redial_str rest = str_of(state->error);
    struct redial_str file = state->policy->hooks.file, number;
    if (str_starts_with(rest, file)) {
        rest = str_skip(rest, file.len);
        int64_t line;
        str_split(&rest, ':', &number); /* nothing: the file's name ends there */
        if (str_split(&rest, ':', &number) && str_to_int64(number, &line))
            trouble->line = (int)line;
        rest = str_trim(rest);
    }
    snprintf(trouble->text, sizeof trouble->text, "%.*s", REDIAL_STR_ARG(rest));
}

static bool make_protected(struct hook_state *state, struct hook_trouble *trouble)
{
    lua_State *lua = state->lua;
    struct making making = {.state = state, .trouble = trouble};
    *(struct hook_state **)lua_getextraspace(lua) = state;
    lua_pushcfunction(lua, add_place);
    lua_pushcfunction(lua, make);
    lua_pushlightuserdata(lua, &making);
    set_budgets(state, LOAD_INSTRUCTIONS, LOAD_MEMORY);
    int status = lua_pcall(lua, 1, 0, 1);
    lift_budgets(state);
    if (status != LUA_OK) {
        trouble->out_of_memory = status == LUA_ERRMEM && state->refusals == 0;
        take_error(state, status, NO_INDEX);
        tell_trouble(state, trouble);
    }
    lua_settop(lua, 0);
    lua_gc(lua, LUA_GCCOLLECT);
    lua_gc(lua, LUA_GCSTOP); /* from here on only `tidy` and refusals collect */
    state->base = state->used;
    return status == LUA_OK && making.whole;
}

struct hook_state *hook_state_new(const struct redial_policy *policy, struct hook_trouble *trouble)
{
    *trouble = (struct hook_trouble){.out_of_memory = true};
    struct hook_state *state = calloc(1, sizeof *state);
    if (!state) return NULL;
    state->policy = policy;
    state->used_max = state->taken_max = SIZE_MAX;
    state->lua = lua_newstate(take, state);
    if (state->lua) {
        trouble->out_of_memory = false;
        if (make_protected(state, trouble)) return state;
    }
    hook_state_destroy(state);
    return NULL;
}

void hook_state_destroy(struct hook_state *state)
{
    if (!state) return;
    if (state->lua) lua_close(state->lua);
    free(state->guards);
    free(state);
}
