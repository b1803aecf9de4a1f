/* One Lua state with the policy's file in it, its budgets, and what a running call may look at.
 * Private to hooks. A state serves one thread at a time; nothing that a call does to it outlives
 * the call: tables of the file are frozen, its locals are put back. */
#ifndef REDIAL_HOOKS_STATE_H
#define REDIAL_HOOKS_STATE_H

#include <lauxlib.h>
#include <lua.h>

#include "core/hooks.h"

#define HOOK_ERROR_BYTES_MAX 400u /* of what a hook says when it goes wrong */

/* What lies at fixed places of the registry. */
enum hook_slot {
    SLOT_FUNCTIONS = LUA_RIDX_LAST + 1, /* array: the functions that the policy names */
    SLOT_GUARDS,                        /* array: function, value, function, value … */
    SLOT_FROZEN,                        /* while the file is frozen: original → frozen */
    SLOT_ARRAY,                         /* metatable of what was a JSON array */
    SLOT_VIEWS,                         /* array: the views, made once */
};

struct hook_guard {
    int upvalue;
};

struct hook_state {
    lua_State *lua;
    const struct redial_policy *policy;
    /* Memory: what is held, and what one call may hold and take in all. */
    size_t used, used_max, taken, taken_max;
    size_t base;   /* of `used`, as the file leaves it */
    int refusals;  /* requests for memory that the running call was refused */
    size_t memory; /* the running call's budgets */
    int64_t instructions;
    int64_t work_left; /* what library functions may still do in it */
    /* The file's locals: how many are guarded, and which upvalue each is. */
    struct hook_guard *guards;
    size_t guard_count, guard_capacity;
    /* What the running call may look at; NULL while the file is read. */
    struct hook_moment *moment;
    const uint16_t *candidates;
    size_t candidate_count;
    int lines[HOOK_FUNCTIONS_MAX]; /* where each function begins */
    char error[HOOK_ERROR_BYTES_MAX];
};

static inline struct hook_state *hook_state_of(lua_State *lua)
{
    return *(struct hook_state **)lua_getextraspace(lua);
}

/* What went wrong while a state was made. */
struct hook_trouble {
    bool out_of_memory;
    int line;                        /* of the Lua file, 0 unknown */
    char text[HOOK_ERROR_BYTES_MAX]; /* empty: functions are missing */
    struct {
        bool missing, no_function; /* no_function: there is something else of that name */
        char suggestion[64];
    } functions[HOOK_FUNCTIONS_MAX];
};

/* NULL with the reason in `trouble`. */
struct hook_state *hook_state_new(const struct redial_policy *policy, struct hook_trouble *trouble);
void hook_state_destroy(struct hook_state *state); /* NULL is fine */

/* Runs a C function with `argument` under the budgets, protected, for function `function` of the
 * policy, which errors name. `extra`: bytes of input that the budgets grow by. False with the
 * reason in state->error; the stack is as it was before, but for nothing. */
bool hook_state_run(struct hook_state *state, lua_CFunction work, uint16_t function, void *argument,
                    size_t extra);

/* Calls function `function` of the policy with the `count` topmost values of the stack; one result
 * is left there. False with the reason in state->error and no result. */
bool hook_state_call(struct hook_state *state, uint16_t function, int count);

/* Charges the running call for `units` of work that no instruction counts; raises an error when the
 * budget is used up. */
void hook_charge(lua_State *lua, size_t units);

/* Writes "hooks/x.lua:LINE: …" into state->error, for answers that are wrong. */
void hook_state_complain(struct hook_state *state, uint16_t function, const char *format, ...)
    REDIAL_PRINTF(3, 4);

#endif
