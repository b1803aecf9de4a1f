/* A view is a userdata without anything in it but its kind and number: its metatable reads the
 * fields from the moment that the state is in. Nothing can be written into it, and nothing is left
 * in it when the call of the hook is over. */
#include "hooks/views.h"

enum view_kind { VIEW_CONTEXT, VIEW_HEADERS, VIEW_CANDIDATES, VIEW_CANDIDATE, VIEW_FEATURES };

struct view {
    enum view_kind kind;
    uint16_t number; /* CANDIDATE and FEATURES: which one */
};

/* Places in SLOT_VIEWS. */
enum {
    PLACE_CONTEXT = 1,
    PLACE_HEADERS,
    PLACE_CANDIDATES,
    PLACE_CANDIDATE,
    PLACE_FEATURES = PLACE_CANDIDATE + HOOK_CANDIDATES_MAX
};

static void push_view(lua_State *lua, int place)
{
    lua_rawgeti(lua, LUA_REGISTRYINDEX, SLOT_VIEWS);
    lua_rawgeti(lua, -1, place);
    lua_remove(lua, -2);
}

static const struct hook_moment *moment_of(lua_State *lua)
{
    const struct hook_moment *moment = hook_state_of(lua)->moment;
    if (!moment) luaL_error(lua, "there is nothing to look at here");
    return moment;
}

static void push_text(lua_State *lua, struct redial_str text)
{
    if (text.len > 0)
        lua_pushlstring(lua, text.ptr, text.len);
    else
        lua_pushnil(lua);
}

static void push_seconds(lua_State *lua, int64_t ns)
{
    lua_pushnumber(lua, (lua_Number)ns / (lua_Number)NS_PER_SECOND);
}

static void push_known(lua_State *lua, int64_t number)
{
    if (number > 0)
        lua_pushinteger(lua, number);
    else
        lua_pushnil(lua);
}

/* ---- The context ---- */

typedef void field_fn(lua_State *lua, const struct hook_moment *moment);

static const struct redial_policy *policy_of(const struct hook_moment *moment)
{
    return moment->call->policy;
}

#define FIELD(name, push)                                                                          \
    static void field_##name(lua_State *lua, const struct hook_moment *moment)                     \
    {                                                                                              \
        push;                                                                                      \
    }
#define EVENT_TEXT(which) push_text(lua, moment->event->text[which])

FIELD(attempt, lua_pushinteger(lua, moment->call->attempts))
FIELD(retries, lua_pushinteger(lua, moment->call->leg_retries))
FIELD(waits, lua_pushinteger(lua, moment->call->leg_waits))
FIELD(leg, lua_pushinteger(lua, moment->call->leg))
FIELD(now, push_seconds(lua, moment->now))
FIELD(elapsed, push_seconds(lua, moment->now - moment->call->started_at))
FIELD(waited, push_seconds(lua, moment->call->waited))
FIELD(status, push_known(lua, moment->event->status))
FIELD(class, lua_pushstring(lua, redial_class_name((enum redial_class)moment->class)))
FIELD(error, EVENT_TEXT(REDIAL_TEXT_ERROR))
FIELD(error_code, EVENT_TEXT(REDIAL_TEXT_ERROR_CODE))
FIELD(stream_error, EVENT_TEXT(REDIAL_TEXT_STREAM_ERROR))
FIELD(stop_reason, EVENT_TEXT(REDIAL_TEXT_STOP_REASON))
FIELD(message, push_text(lua, moment->event->message))
FIELD(request_id, push_text(lua, moment->event->request_id))
FIELD(event, lua_pushstring(lua, redial_event_name(moment->event->kind)))
FIELD(cause, lua_pushstring(lua, redial_cause_name(moment->event->cause)))
FIELD(phase, lua_pushstring(lua, redial_phase_name(moment->event->phase)))
FIELD(query, lua_pushstring(lua, redial_query_name(moment->call->query)))
FIELD(model, push_text(lua, moment->call->model))
FIELD(provider, push_text(lua, policy_of(moment)->providers[moment->call->provider].name))
FIELD(platform, push_text(lua, policy_of(moment)->platforms[moment->call->platform].name))
FIELD(mode, push_text(lua, policy_of(moment)->variants[moment->call->variant].name))
FIELD(max_tokens, push_known(lua, moment->call->max_tokens))
FIELD(input_tokens, push_known(lua, moment->call->input_tokens))
FIELD(context_tokens, push_known(lua, moment->event->context_tokens))
FIELD(output_delivered, lua_pushboolean(lua, moment->call->delivered))

static void field_should_retry(lua_State *lua, const struct hook_moment *moment)
{
    if (moment->event->should_retry == 0)
        lua_pushnil(lua);
    else
        lua_pushboolean(lua, moment->event->should_retry > 0);
}

static void field_rule(lua_State *lua, const struct hook_moment *moment)
{
    const struct redial_policy *policy = policy_of(moment);
    if (moment->rule < policy->rule_count)
        push_text(lua, policy->variants[moment->call->variant].rules[moment->rule].name);
    else
        lua_pushnil(lua);
}

static void field_headers(lua_State *lua, const struct hook_moment *moment)
{
    (void)moment;
    push_view(lua, PLACE_HEADERS);
}

static const struct {
    const char *name;
    field_fn *push;
} fields[] = {
    {"attempt", field_attempt},
    {"class", field_class},
    {"cause", field_cause},
    {"context_tokens", field_context_tokens},
    {"elapsed", field_elapsed},
    {"error", field_error},
    {"error_code", field_error_code},
    {"event", field_event},
    {"headers", field_headers},
    {"input_tokens", field_input_tokens},
    {"leg", field_leg},
    {"max_tokens", field_max_tokens},
    {"message", field_message},
    {"mode", field_mode},
    {"model", field_model},
    {"now", field_now},
    {"output_delivered", field_output_delivered},
    {"phase", field_phase},
    {"platform", field_platform},
    {"provider", field_provider},
    {"query", field_query},
    {"request_id", field_request_id},
    {"retries", field_retries},
    {"rule", field_rule},
    {"should_retry", field_should_retry},
    {"status", field_status},
    {"stop_reason", field_stop_reason},
    {"stream_error", field_stream_error},
    {"waited", field_waited},
    {"waits", field_waits},
};

static int no_such_field(lua_State *lua, const char *what, const struct redial_str *words,
                         size_t count)
{
    if (lua_type(lua, 2) != LUA_TSTRING)
        return luaL_error(lua, "%s has fields by name, not by %s", what, luaL_typename(lua, 2));
    size_t len;
    const char *name = lua_tolstring(lua, 2, &len);
    size_t closest = str_closest(words, count, (struct redial_str){name, len});
    if (closest == SIZE_MAX) return luaL_error(lua, "%s has no field '%s'", what, name);
    return luaL_error(lua, "%s has no field '%s'; did you mean '%s'?", what, name,
                      words[closest].ptr);
}

/* Upvalue 1: from the name of a field to its place in `fields`. */
static int read_context(lua_State *lua)
{
    const struct hook_moment *moment = moment_of(lua);
    struct redial_str words[REDIAL_COUNT_OF(fields)];
    lua_pushvalue(lua, 2);
    lua_rawget(lua, lua_upvalueindex(1));
    int known;
    lua_Integer place = lua_tointegerx(lua, -1, &known);
    if (known) {
        fields[place].push(lua, moment);
        return 1;
    }
    for (size_t i = 0; i < REDIAL_COUNT_OF(fields); i++) words[i] = str_of(fields[i].name);
    return no_such_field(lua, "the context", words, REDIAL_COUNT_OF(words));
}

/* ---- Headers ---- */

static int read_header(lua_State *lua)
{
    const struct redial_event *event = moment_of(lua)->event;
    size_t len;
    const char *name = luaL_checklstring(lua, 2, &len);
    hook_charge(lua, event->header_count);
    for (uint32_t i = 0; i < event->header_count; i++)
        if (str_eq_nocase(event->headers[i].name, (struct redial_str){name, len})) {
            struct redial_str value = event->headers[i].value;
            lua_pushlstring(lua, value.ptr ? value.ptr : "", value.len);
            return 1;
        }
    lua_pushnil(lua);
    return 1;
}

/* ---- Candidates ---- */

static int read_candidates(lua_State *lua)
{
    const struct hook_state *state = hook_state_of(lua);
    lua_Integer place = lua_type(lua, 2) == LUA_TNUMBER ? lua_tointeger(lua, 2) : 0;
    moment_of(lua);
    if (place >= 1 && place <= (lua_Integer)state->candidate_count)
        push_view(lua, PLACE_CANDIDATE + (int)place - 1);
    else
        lua_pushnil(lua);
    return 1;
}

static int count_candidates(lua_State *lua)
{
    lua_pushinteger(lua, (lua_Integer)hook_state_of(lua)->candidate_count);
    return 1;
}

static const struct provider *provider_of(lua_State *lua, const struct view *view)
{
    const struct hook_state *state = hook_state_of(lua);
    moment_of(lua);
    if (view->number >= state->candidate_count) luaL_error(lua, "there is no such candidate");
    return &state->policy->providers[state->candidates[view->number]];
}

static const struct view *view_at_1(lua_State *lua)
{
    return lua_touserdata(lua, 1);
}

static void push_region(lua_State *lua, const struct provider *provider,
                        const struct platform *platform)
{
    push_text(lua, provider->region.len > 0 ? provider->region : platform->region);
}

static int read_candidate(lua_State *lua)
{
    static const struct redial_str names[] = {
        REDIAL_STR_INIT("name"),      REDIAL_STR_INIT("platform"), REDIAL_STR_INIT("region"),
        REDIAL_STR_INIT("residency"), REDIAL_STR_INIT("features"),
    };
    const struct view *view = view_at_1(lua);
    const struct provider *provider = provider_of(lua, view);
    const struct platform *platform = &hook_state_of(lua)->policy->platforms[provider->platform];
    struct redial_str name = {0};
    if (lua_type(lua, 2) == LUA_TSTRING) name.ptr = lua_tolstring(lua, 2, &name.len);
    if (str_eq(name, names[0]))
        push_text(lua, provider->name);
    else if (str_eq(name, names[1]))
        push_text(lua, platform->name);
    else if (str_eq(name, names[2]))
        push_region(lua, provider, platform);
    else if (str_eq(name, names[3]))
        push_text(lua, provider->residency);
    else if (str_eq(name, names[4]))
        push_view(lua, PLACE_FEATURES + view->number);
    else
        return no_such_field(lua, "a candidate", names, REDIAL_COUNT_OF(names));
    return 1;
}

/* "full", "none" …; "unknown" where the platform's file has no cell for it. */
static int read_feature(lua_State *lua)
{
    const struct provider *provider = provider_of(lua, view_at_1(lua));
    struct redial_str name = {0};
    if (lua_type(lua, 2) == LUA_TSTRING) name.ptr = lua_tolstring(lua, 2, &name.len);
    int row = names_find(&feature_names, name);
    if (row < 0) {
        struct redial_str words[REDIAL_FEATURE_COUNT];
        for (int i = 0; i < REDIAL_FEATURE_COUNT; i++)
            words[i] = str_of(feature_names.rows[i].word);
        return no_such_field(lua, "the feature list", words, REDIAL_FEATURE_COUNT);
    }
    const struct feature_cell *cell =
        &hook_state_of(lua)->policy->platforms[provider->platform].features[row];
    enum support support = cell->present ? cell->support : SUPPORT_UNKNOWN;
    lua_pushstring(lua, support_names.rows[support].word);
    return 1;
}

/* ---- Making them ---- */

static int refuse_write(lua_State *lua)
{
    return luaL_error(lua, "what a hook is given is read-only");
}

static int no_length(lua_State *lua)
{
    return luaL_error(lua, "this has no length");
}

static const struct {
    lua_CFunction read, length;
} kinds[] = {
    [VIEW_CONTEXT] = {read_context, no_length},
    [VIEW_HEADERS] = {read_header, no_length},
    [VIEW_CANDIDATES] = {read_candidates, count_candidates},
    [VIEW_CANDIDATE] = {read_candidate, no_length},
    [VIEW_FEATURES] = {read_feature, no_length},
};

static void push_metatable(lua_State *lua, enum view_kind kind)
{
    lua_createtable(lua, 0, 3);
    if (kind == VIEW_CONTEXT) {
        lua_createtable(lua, 0, (int)REDIAL_COUNT_OF(fields));
        for (size_t i = 0; i < REDIAL_COUNT_OF(fields); i++) {
            lua_pushinteger(lua, (lua_Integer)i);
            lua_setfield(lua, -2, fields[i].name);
        }
        lua_pushcclosure(lua, kinds[kind].read, 1);
    } else {
        lua_pushcfunction(lua, kinds[kind].read);
    }
    lua_setfield(lua, -2, "__index");
    lua_pushcfunction(lua, refuse_write);
    lua_setfield(lua, -2, "__newindex");
    lua_pushcfunction(lua, kinds[kind].length);
    lua_setfield(lua, -2, "__len");
}

/* `count` views of one kind, from `place` on. */
static void add_views(lua_State *lua, enum view_kind kind, int place, uint16_t count)
{
    push_metatable(lua, kind);
    lua_rawgeti(lua, LUA_REGISTRYINDEX, SLOT_VIEWS);
    for (uint16_t i = 0; i < count; i++) {
        struct view *view = lua_newuserdatauv(lua, sizeof *view, 0);
        *view = (struct view){kind, i};
        lua_pushvalue(lua, -3);
        lua_setmetatable(lua, -2);
        lua_rawseti(lua, -2, place + i);
    }
    lua_pop(lua, 2);
}

void views_open(lua_State *lua)
{
    add_views(lua, VIEW_CONTEXT, PLACE_CONTEXT, 1);
    add_views(lua, VIEW_HEADERS, PLACE_HEADERS, 1);
    add_views(lua, VIEW_CANDIDATES, PLACE_CANDIDATES, 1);
    add_views(lua, VIEW_CANDIDATE, PLACE_CANDIDATE, HOOK_CANDIDATES_MAX);
    add_views(lua, VIEW_FEATURES, PLACE_FEATURES, HOOK_CANDIDATES_MAX);
}

void views_push_context(lua_State *lua)
{
    push_view(lua, PLACE_CONTEXT);
}

void views_push_candidates(lua_State *lua)
{
    push_view(lua, PLACE_CANDIDATES);
}
