/* Core's port, answered by Lua. Each question takes a state, pushes what the hook sees, calls it
 * under its budgets, and reads the answer like anything else that a person wrote: a wrong type, a
 * name that does not exist or a number out of bounds is an error of the hook, with its place. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hooks/open.h"
#include "hooks/pool.h"
#include "hooks/prompt.h"
#include "hooks/views.h"

/* ---- Asking ---- */

static enum hook_answer failed(struct hooks *hooks, struct hook_moment *moment, const char *text)
{
    if (moment->error.len == 0) moment->error = pool_keep_error(hooks, text);
    return HOOK_SILENT;
}

/* Reads the answer at the top of the stack; false when it is wrong, which is then complained of. */
typedef bool read_answer_fn(struct hook_state *state, uint16_t function, void *out);

struct question {
    uint16_t function;
    const uint16_t *candidates;
    size_t candidate_count;
    read_answer_fn *read;
    void *out;
};

static enum hook_answer ask_state(struct hooks *hooks, struct hook_state *state,
                                  struct hook_moment *moment, const struct question *question)
{
    lua_State *lua = state->lua;
    state->moment = moment;
    state->candidates = question->candidates;
    state->candidate_count = question->candidate_count;
    if (question->candidates) views_push_candidates(lua);
    views_push_context(lua);
    bool good = hook_state_call(state, question->function, question->candidates ? 2 : 1);
    bool silent = good && lua_isnil(lua, -1);
    if (good && !silent) good = question->read(state, question->function, question->out);
    lua_settop(lua, 0);
    state->moment = NULL;
    state->candidates = NULL;
    state->candidate_count = 0;
    if (!good) return failed(hooks, moment, state->error);
    return silent ? HOOK_SILENT : HOOK_ANSWERED;
}

static enum hook_answer ask(struct hooks *hooks, struct hook_moment *moment,
                            const struct question *question)
{
    struct hook_state *state = pool_take(hooks);
    if (!state) return failed(hooks, moment, "there is no memory for a Lua state");
    enum hook_answer answer = ask_state(hooks, state, moment, question);
    pool_give(hooks, state);
    return answer;
}

/* ---- Answers ---- */

static bool wrong_type(struct hook_state *state, uint16_t function, const char *wanted)
{
    hook_state_complain(state, function, "answered with a %s, not %s",
                        luaL_typename(state->lua, -1), wanted);
    return false;
}

/* Text at the top of the stack, cut to what a message can show. */
static bool read_name(struct hook_state *state, uint16_t function, const char *wanted,
                      struct redial_str *name)
{
    if (lua_type(state->lua, -1) != LUA_TSTRING) return wrong_type(state, function, wanted);
    name->ptr = lua_tolstring(state->lua, -1, &name->len);
    return true;
}

static bool read_class(struct hook_state *state, uint16_t function, void *out)
{
    enum redial_class *class = out;
    struct redial_str name;
    if (!read_name(state, function, "a class or nil", &name)) return false;
    int row = names_find(&class_names, name);
    if (row >= 0) {
        *class = (enum redial_class)row;
        return true;
    }
    int closest = names_closest(&class_names, name);
    struct redial_str shown = str_take(name, 60);
    hook_state_complain(state, function, "answered '%.*s', which is no class%s%s%s",
                        REDIAL_STR_ARG(shown), closest < 0 ? "" : "; did you mean '",
                        closest < 0 ? "" : class_names.rows[closest].word, closest < 0 ? "" : "'?");
    return false;
}

static bool read_truth(struct hook_state *state, uint16_t function, void *out)
{
    bool *holds = out;
    if (lua_type(state->lua, -1) != LUA_TBOOLEAN)
        return wrong_type(state, function, "true, false or nil");
    *holds = lua_toboolean(state->lua, -1);
    return true;
}

/* Seconds, a fraction allowed, to whole nanoseconds. */
static bool read_seconds(struct hook_state *state, uint16_t function, void *out)
{
    int64_t *delay = out;
    if (lua_type(state->lua, -1) != LUA_TNUMBER)
        return wrong_type(state, function, "a number of seconds or nil");
    double seconds = lua_tonumber(state->lua, -1);
    if (isnan(seconds)) {
        hook_state_complain(state, function, "answered NaN (not a number), not seconds");
    } else if (seconds < 0) {
        hook_state_complain(state, function, "answered %g seconds: a wait is 0 or more", seconds);
    } else if (seconds > (double)HOOK_DELAY_MAX / (double)NS_PER_SECOND) {
        hook_state_complain(state, function, "answered %g seconds: a wait is at most a day (86400)",
                            seconds);
    } else {
        *delay = llround(seconds * (double)NS_PER_SECOND);
        return true;
    }
    return false;
}

static bool read_step(struct hook_state *state, uint16_t function, void *out)
{
    struct hook_step *step = out;
    *step = (struct hook_step){0};
    if (lua_type(state->lua, -1) == LUA_TBOOLEAN) {
        step->fail = !lua_toboolean(state->lua, -1);
        return true;
    }
    if (lua_type(state->lua, -1) != LUA_TNUMBER)
        return wrong_type(state, function, "seconds to wait, false to end the call, true or nil");
    return read_seconds(state, function, &step->wait);
}

static bool read_choice(struct hook_state *state, uint16_t function, void *out)
{
    size_t *chosen = out;
    struct redial_str name, words[HOOK_CANDIDATES_MAX];
    if (!read_name(state, function, "the name of a candidate or nil", &name)) return false;
    for (size_t i = 0; i < state->candidate_count; i++) {
        words[i] = state->policy->providers[state->candidates[i]].name;
        if (!str_eq(words[i], name)) continue;
        *chosen = i;
        return true;
    }
    size_t closest = str_closest(words, state->candidate_count, name);
    struct redial_str shown = str_take(name, 60);
    struct redial_str likely = closest == SIZE_MAX ? (struct redial_str){"", 0} : words[closest];
    hook_state_complain(state, function, "answered '%.*s', which is no candidate%s%.*s%s",
                        REDIAL_STR_ARG(shown), likely.len ? "; did you mean '" : "",
                        REDIAL_STR_ARG(likely), likely.len ? "'?" : "");
    return false;
}

/* {max_tokens = N}: a table of changes, of which there is one so far. */
static bool read_changes(struct hook_state *state, uint16_t function, void *out)
{
    lua_State *lua = state->lua;
    int64_t *max_tokens = out;
    bool known = false;
    if (lua_type(lua, -1) != LUA_TTABLE)
        return wrong_type(state, function, "a table such as {max_tokens = 4096} or nil");
    lua_pushnil(lua);
    while (lua_next(lua, -2)) {
        known =
            lua_type(lua, -2) == LUA_TSTRING && strcmp(lua_tostring(lua, -2), "max_tokens") == 0;
        if (!known || !lua_isinteger(lua, -1) || lua_tointeger(lua, -1) < 1) {
            hook_state_complain(state, function,
                                "answered a table with something else in it than max_tokens, a "
                                "whole number above 0");
            return false;
        }
        *max_tokens = lua_tointeger(lua, -1);
        lua_pop(lua, 1);
    }
    if (!known) hook_state_complain(state, function, "answered an empty table; say nil instead");
    return known;
}

/* ---- The port ---- */

static enum hook_answer port_classify(struct hooks *hooks, struct hook_moment *moment,
                                      enum redial_class *class)
{
    return ask(hooks, moment,
               &(struct question){.function = hooks->policy->hooks.point[HOOK_CLASSIFY],
                                  .read = read_class,
                                  .out = class});
}

static enum hook_answer port_condition(struct hooks *hooks, struct hook_moment *moment,
                                       uint16_t function, bool *holds)
{
    return ask(hooks, moment,
               &(struct question){.function = function, .read = read_truth, .out = holds});
}

static enum hook_answer port_delay(struct hooks *hooks, struct hook_moment *moment, int64_t *delay)
{
    return ask(hooks, moment,
               &(struct question){.function = hooks->policy->hooks.point[HOOK_DELAY],
                                  .read = read_seconds,
                                  .out = delay});
}

static enum hook_answer port_step(struct hooks *hooks, struct hook_moment *moment,
                                  uint16_t function, struct hook_step *step)
{
    return ask(hooks, moment,
               &(struct question){.function = function, .read = read_step, .out = step});
}

static enum hook_answer port_choose(struct hooks *hooks, struct hook_moment *moment,
                                    const uint16_t *candidates, size_t count, size_t *chosen)
{
    return ask(hooks, moment,
               &(struct question){.function = hooks->policy->hooks.point[HOOK_CHOOSE],
                                  .candidates = candidates,
                                  .candidate_count = count,
                                  .read = read_choice,
                                  .out = chosen});
}

static enum hook_answer port_adapt(struct hooks *hooks, struct hook_moment *moment,
                                   int64_t *max_tokens)
{
    return ask(hooks, moment,
               &(struct question){.function = hooks->policy->hooks.point[HOOK_ADAPT],
                                  .read = read_changes,
                                  .out = max_tokens});
}

/* ---- Compaction ---- */

struct compaction {
    const struct hook_prompt *prompt;
    const struct json *messages;
    struct text *out;
    bool silent;
};

static void push_tokens(lua_State *lua, int64_t tokens, const char *field)
{
    if (tokens <= 0) return;
    lua_pushinteger(lua, tokens);
    lua_setfield(lua, -2, field);
}

/* compact({messages = …, tokens = …, bytes = …}, excess) → messages */
static int compact(lua_State *lua)
{
    struct compaction *work = lua_touserdata(lua, 1);
    const struct hooks_policy *hooks = &hook_state_of(lua)->policy->hooks;
    lua_rawgeti(lua, LUA_REGISTRYINDEX, SLOT_FUNCTIONS);
    lua_rawgeti(lua, -1, hooks->point[HOOK_COMPACT] + 1);
    lua_createtable(lua, 0, 3);
    prompt_push(lua, work->messages);
    lua_setfield(lua, -2, "messages");
    push_tokens(lua, work->prompt->input_tokens, "tokens");
    push_tokens(lua, (int64_t)work->prompt->messages.len, "bytes");
    if (work->prompt->excess > 0)
        lua_pushinteger(lua, work->prompt->excess);
    else
        lua_pushnil(lua);
    lua_call(lua, 2, 1);
    work->silent = lua_isnil(lua, -1);
    if (work->silent) return 0;
    if (lua_type(lua, -1) != LUA_TTABLE)
        return luaL_error(lua, "compact answered with a %s, not a list of messages or nil",
                          luaL_typename(lua, -1));
    prompt_write(lua, -1, work->out);
    return 0;
}

/* What came back is read again as a platform would read it. */
static bool is_valid(struct hook_state *state, const struct compaction *work, size_t begin)
{
    uint16_t function = state->policy->hooks.point[HOOK_COMPACT];
    struct redial_str written = str_skip(text_str(work->out), begin);
    struct json *messages = work->out->failed ? NULL : json_parse(written);
    const char *complaint = work->out->failed ? "ran out of memory"
                            : !messages       ? "gives no list of messages"
                                              : prompt_complaint(messages);
    if (!complaint && written.len >= work->prompt->messages.len)
        complaint = "gives messages that are no shorter";
    if (complaint) hook_state_complain(state, function, "%s", complaint);
    json_free(messages);
    return complaint == NULL;
}

static bool compact_in(struct hooks *hooks, struct hook_state *state, struct hook_moment *moment,
                       struct compaction *work)
{
    size_t begin = work->out->len;
    state->moment = moment;
    uint16_t function = hooks->policy->hooks.point[HOOK_COMPACT];
    bool good = hook_state_run(state, compact, function, work, work->prompt->messages.len) &&
                (work->silent || is_valid(state, work, begin));
    state->moment = NULL;
    if (!good) failed(hooks, moment, state->error);
    if (good && !work->silent) return true;
    work->out->len = begin;
    return false;
}

static bool port_compact(struct hooks *hooks, struct hook_moment *moment,
                         const struct hook_prompt *prompt, struct text *out)
{
    struct json *messages = json_parse(prompt->messages);
    struct compaction work = {.prompt = prompt, .messages = messages, .out = out};
    struct hook_state *state = messages ? pool_take(hooks) : NULL;
    bool good = state && compact_in(hooks, state, moment, &work);
    if (!state)
        failed(hooks, moment,
               messages ? "there is no memory for a Lua state" : "the messages are no JSON");
    if (state) pool_give(hooks, state);
    json_free(messages);
    return good;
}

static void port_close(struct hooks *hooks)
{
    pool_clean_up(hooks);
    free(hooks);
}

/* ---- Opening ---- */

/* The line as a place in the file; the whole file when it is not known. */
static struct span line_of(const struct source *source, int line)
{
    size_t begin = 0;
    for (int i = 1; i < line; i++) {
        struct redial_str rest = str_skip(source->text, begin);
        size_t end = str_find(rest, REDIAL_STR("\n"));
        if (end == SIZE_MAX) return span_whole(source);
        begin += end + 1;
    }
    struct redial_str rest = str_skip(source->text, begin);
    size_t end = str_find(rest, REDIAL_STR("\n"));
    if (end == SIZE_MAX) end = rest.len;
    size_t indent = 0;
    while (indent < end && (rest.ptr[indent] == ' ' || rest.ptr[indent] == '\t')) indent++;
    if (line <= 0 || indent == end) return span_whole(source);
    return span_of(source, begin + indent, begin + end);
}

static void explain_missing(const struct redial_policy *policy, size_t number,
                            const struct hook_trouble *trouble, struct diag_list *diags)
{
    const struct hooks_policy *hooks = &policy->hooks;
    const struct hook_function *function = &hooks->functions[number];
    struct redial_str name = function->name;
    struct diag *diag =
        diag_error(diags, "no-function", function->span, "%.*s has no function '%.*s'",
                   REDIAL_STR_ARG(hooks->file), REDIAL_STR_ARG(name));
    if (trouble->functions[number].no_function)
        diag_cure(diags, diag, "'%.*s' is there, but it is no function", REDIAL_STR_ARG(name));
    else if (trouble->functions[number].suggestion[0])
        diag_cure(diags, diag, "did you mean '%s'?", trouble->functions[number].suggestion);
    else
        diag_cure(diags, diag, "add `function %.*s(...) ... end`; a local function is not found",
                  REDIAL_STR_ARG(name));
    diag_note(diags, diag, hooks->span, "the file is named here");
}

static void explain_trouble(const struct redial_policy *policy, const struct hook_trouble *trouble,
                            struct diag_list *diags)
{
    const struct hooks_policy *hooks = &policy->hooks;
    if (trouble->out_of_memory) {
        diag_out_of_memory(diags);
        return;
    }
    for (size_t i = 0; i < hooks->function_count; i++)
        if (trouble->functions[i].missing) explain_missing(policy, i, trouble, diags);
    if (trouble->text[0] == '\0') return;
    struct diag *diag =
        diag_error(diags, "bad-hook", line_of(hooks->source, trouble->line), "%s", trouble->text);
    diag_note(diags, diag, hooks->span, "the file is named here");
}

static const struct hook_port functions = {
    .classify = port_classify,
    .condition = port_condition,
    .delay = port_delay,
    .step = port_step,
    .choose = port_choose,
    .adapt = port_adapt,
    .compact = port_compact,
    .close = port_close,
};

bool hooks_open(struct redial_policy *policy, struct diag_list *diags)
{
    struct hook_trouble trouble;
    if (!policy->hooks.source) return true;
    struct hooks *hooks = calloc(1, sizeof *hooks);
    if (!hooks) {
        diag_out_of_memory(diags);
        return false;
    }
    hooks->policy = policy;
    struct hook_state *state = hook_state_new(policy, &trouble);
    if (!state) {
        free(hooks);
        explain_trouble(policy, &trouble, diags);
        return false;
    }
    pool_give(hooks, state);
    hooks->port = functions;
    hooks->port.hooks = hooks;
    policy->hooks.port = &hooks->port;
    return true;
}
