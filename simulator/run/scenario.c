/* A scenario file: its top level, its environment, and its policy. */
#include "simulator/run/scenario.h"

#include "api/load.h"
#include "base/random.h"
#include "config/betas.h"
#include "config/features.h"
#include "hooks/functions.h"
#include "simulator/run/scenario_parts.h"

void *scenario_array(struct reading *reading, size_t count, size_t size)
{
    void *array = arena_alloc(reading->arena, count, size);
    if (!array) reading_out_of_memory(reading);
    return array;
}

bool scenario_conflict(struct reading *reading, struct span span, const char *message,
                       const char *cure)
{
    struct diag *diag = diag_error(reading->diags, "contradiction", span, "%s", message);
    diag_cure(reading->diags, diag, "%s", cure);
    return false;
}

/* ---- Keys ---- */

static bool read_version(struct reading *reading, const struct node *value, void *target)
{
    (void)target;
    if (value->kind == NODE_SCALAR && str_is(value->text, "1")) return true;
    struct redial_str written = node_written(value);
    struct diag *diag =
        diag_error(reading->diags, "unknown-version", value->span,
                   "unknown version '%.*s' of the scenario language", REDIAL_STR_ARG(written));
    diag_cure(reading->diags, diag, "this program reads `scenario: 1`");
    return false;
}

static bool read_policy_path(struct reading *reading, const struct node *value, void *target)
{
    struct scenario *scenario = target;
    scenario->policy_span = value->span;
    return read_text(reading, value, &scenario->policy_path);
}

static bool read_seed(struct reading *reading, const struct node *value, void *target)
{
    uint64_t *seed = target;
    int64_t number;
    if (!read_whole(reading, value, 0, INT64_MAX, &number)) return false;
    *seed = (uint64_t)number;
    return true;
}

/* `random: 1.0`: every draw is this one, and 1.0 is the upper end itself. */
static bool read_random(struct reading *reading, const struct node *value, void *target)
{
    uint64_t *fixed = target;
    uint32_t ppm;
    if (!read_share(reading, value, &ppm)) return false;
    *fixed = 1 + ppm * RANDOM_ONE / 1000000;
    return true;
}

static bool read_env_value(struct reading *reading, const struct node *value, const char **out)
{
    struct redial_str text = {0};
    if (!node_is_null(value) && !read_text(reading, value, &text)) return false;
    *out = text.len ? text.ptr : "";
    return true;
}

static bool read_env(struct reading *reading, const struct node *value, void *target)
{
    struct redial_env **out = target;
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "variables as a mapping (NAME: value)");
    struct redial_env *env = scenario_array(reading, value->count + 1, sizeof *env);
    if (!env) return false;
    bool right = true;
    for (size_t i = 0; i < value->count; i++) {
        env[i].name = value->keys[i]->text.ptr;
        right = read_env_value(reading, value->values[i], &env[i].value) && right;
    }
    *out = env;
    return right;
}

#define AT(field) offsetof(struct scenario, field)
static const struct key scenario_keys[] = {
    {"scenario", read_version, 0, "version of the language", "1", true},
    {"name", read_text, AT(name), "what the scenario proves, as a sentence", "text", true},
    {"about", read_text, AT(about), "why, and where it was seen", "text", false},
    {"policy", read_policy_path, 0, "the policy it runs, relative to this file", "path", true},
    {"seed", read_seed, AT(seed), "of all chance in the run", "number", false},
    {"random", read_random, AT(fixed_random), "fixes every draw: 0 to 1.0", "share", false},
    {"lua", scenario_read_lua, 0, "the Lua file of the functions that replies and `expect` name",
     "path", false},
    {"files", scenario_read_files, AT(machine), "what credential chains find in files",
     "mapping of paths", false},
    {"commands", scenario_read_commands, AT(machine), "what commands say to credential chains",
     "mapping of patterns", false},
    {"issuers", scenario_read_issuers, AT(machine),
     "what the servers say that give credentials to chains", "mapping of servers", false},
    {"given", scenario_read_given, AT(machine),
     "credentials that the client is given to begin with", "ways", false},
    {"env", read_env, AT(env), "what the policy finds in its environment", "mapping", false},
    {"call", scenario_read_call, 0, "the one call", "call", false},
    {"calls", scenario_read_calls, 0, "several calls that share an engine", "list of calls", false},
    {"reload", scenario_read_reload, 0, "another policy under way", "{at, policy} or a list",
     false},
    {"world", scenario_read_world, 0, "what each provider does", "mapping of providers", true},
    {"expect", scenario_read_expect, AT(expect), "what must come of it", "mapping", false},
};
#undef AT
static const struct keys keys = {"a scenario", scenario_keys, REDIAL_COUNT_OF(scenario_keys)};

/* ---- Paths ---- */

static size_t folder_length(struct redial_str path)
{
    size_t length = path.len;
    while (length > 0 && path.ptr[length - 1] != '/') length--;
    return length;
}

/* `path` as seen from the folder of `file`, with "folder/.." taken out, so that messages are read
 * easily. */
bool scenario_path(struct arena *arena, struct redial_str file, struct redial_str path,
                   struct redial_str *joined)
{
    if (str_starts_with(path, REDIAL_STR("/"))) return arena_copy(arena, path, joined);
    struct redial_str folder = str_take(file, folder_length(file));
    while (str_starts_with(path, REDIAL_STR("../")) && folder.len > 1) {
        struct redial_str parent = str_take(folder, folder.len - 1);
        parent = str_take(parent, folder_length(parent));
        struct redial_str last = str_skip(folder, parent.len);
        if (str_is(last, "../") || str_is(last, "./") || str_is(last, "/")) break;
        folder = parent;
        path = str_skip(path, 3);
    }
    return arena_printf(arena, joined, "%.*s%.*s", REDIAL_STR_ARG(folder), REDIAL_STR_ARG(path));
}

/* ---- Loading ---- */

static bool load_policy(struct scenario *scenario, struct diag_list *diags)
{
    struct redial_str path;
    if (!scenario_path(scenario->arena, scenario->source->path, scenario->policy_path, &path)) {
        diag_out_of_memory(diags);
        return false;
    }
    scenario->policy_path = path;
    scenario->policy = policy_load(path.ptr, scenario->env, diags);
    if (scenario->policy) return true;
    struct diag *diag = diag_error(diags, "bad-policy", scenario->policy_span,
                                   "the policy of this scenario cannot be used");
    diag_cure(diags, diag, "it was looked for at %.*s", REDIAL_STR_ARG(path));
    return false;
}

static bool check_calls(struct scenario *scenario, const struct node *root, struct diag_list *diags)
{
    const struct node *call = node_get(root, "call"), *calls = node_get(root, "calls");
    if (call && calls) {
        struct diag *diag = diag_error(diags, "contradiction", calls->span,
                                       "a scenario has either `call` or `calls`");
        diag_note(diags, diag, call->span, "the one call is here");
        return false;
    }
    if (call || calls) return true;
    struct diag *diag = diag_error(diags, "missing-key", root->span, "the scenario has no call");
    diag_cure(diags, diag, "say what is called: `call: {model: claude-opus-4-6}`");
    (void)scenario;
    return false;
}

static bool read_scenario(struct scenario *scenario, struct diag_list *diags)
{
    static const struct redial_env nothing = {0};
    struct node *root = document_parse(scenario->arena, scenario->source, diags);
    if (!root) return false;
    struct reading reading = {.arena = scenario->arena, .diags = diags, .context = scenario};
    bool right = keys_read(&reading, &keys, root, scenario);
    if (root->kind == NODE_MAPPING) right = check_calls(scenario, root, diags) && right;
    if (!scenario->env) {
        struct redial_env *env = scenario_array(&reading, 1, sizeof *env);
        if (!env) return false;
        *env = nothing;
        scenario->env = env;
    }
    /* A policy is worth loading for its own errors even where the scenario has some. */
    if (scenario->policy_path.len == 0 || !load_policy(scenario, diags)) return false;
    bool loaded = scenario_load_reloads(scenario, diags);
    loaded = scenario_open_functions(scenario, diags) && loaded;
    return scenario_link(scenario, diags) && scenario_link_states(scenario, diags) && loaded &&
           right;
}

static bool load_source(struct arena *arena, const struct source *source, struct diag_list *diags,
                        struct scenario *scenario)
{
    size_t before = diag_errors(diags);
    *scenario = (struct scenario){.arena = arena, .source = source};
    scenario_machine_init(&scenario->machine);
    if (source && read_scenario(scenario, diags) && diag_errors(diags) == before) return true;
    scenario_clean_up(scenario);
    return false;
}

bool scenario_load(struct arena *arena, const char *path, struct diag_list *diags,
                   struct scenario *scenario)
{
    return load_source(arena, source_read(arena, path, diags), diags, scenario);
}

bool scenario_load_text(struct arena *arena, struct redial_str path, struct redial_str text,
                        struct diag_list *diags, struct scenario *scenario)
{
    return load_source(arena, source_of(arena, path, text, diags), diags, scenario);
}

struct redial_str scenario_policy(struct arena *arena, const char *path, struct diag_list *diags)
{
    const struct source *source = source_read(arena, path, diags);
    const struct node *root = source ? document_parse(arena, source, diags) : NULL;
    const struct node *policy =
        root && root->kind == NODE_MAPPING ? node_get(root, "policy") : NULL;
    struct redial_str joined = {"", 0};
    if (policy && policy->kind == NODE_SCALAR &&
        !scenario_path(arena, source->path, policy->text, &joined))
        diag_out_of_memory(diags);
    return joined;
}

void scenario_clean_up(struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->reload_count; i++) {
        redial_policy_release(scenario->reloads[i].policy);
        scenario->reloads[i].policy = NULL;
    }
    redial_policy_release(scenario->policy);
    scenario->policy = NULL;
    functions_close(scenario->functions);
    scenario->functions = NULL;
}

/* ---- Shapes ---- */

static const struct shape_row scenario_shapes[] = {
    {read_version, AS_EXACTLY("1")}, {read_policy_path, AS_TEXT},       {read_seed, AS_WHOLE(0, 0)},
    {read_random, AS_SHARE},         {read_env, {.kind = SHAPE_NAMED}}, {0},
};

static const struct schema_root roots[] = {{&keys, NULL, false}};
static const struct shape_row *const shapes[] = {
    value_shapes,
    feature_shapes,
    beta_shapes,
    scenario_shapes,
    scenario_call_shapes,
    scenario_message_shapes,
    scenario_expect_shapes,
    scenario_state_shapes,
    scenario_reload_shapes,
    scenario_reply_shapes,
    scenario_stream_shapes,
    scenario_world_shapes,
    scenario_credential_shapes,
    scenario_function_shapes,
    scenario_machine_shapes,
    NULL,
};
const struct schema scenario_schema = {
    .id = "scenarios/scenario.schema.json",
    .title = "Redial scenario",
    .about = "A policy, a world of scripted replies, calls, and what is expected of them",
    .roots = roots,
    .root_count = REDIAL_COUNT_OF(roots),
    .shapes = shapes,
};
