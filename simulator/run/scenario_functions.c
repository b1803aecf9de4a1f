/* Functions of a scenario's own Lua file: named by replies and by `expect`, opened together. */
#include "config/keys.h"
#include "hooks/functions.h"
#include "simulator/run/scenario_parts.h"

bool scenario_read_lua(struct reading *reading, const struct node *value, void *target)
{
    struct scenario *scenario = target;
    scenario->lua_span = value->span;
    return read_text(reading, value, &scenario->lua_path);
}

static bool add_function(struct reading *reading, struct scenario *scenario,
                         const struct node *value)
{
    if (scenario->function_count == HOOK_FUNCTIONS_MAX) {
        diag_error(reading->diags, "out-of-range", value->span,
                   "a scenario names at most %d functions", HOOK_FUNCTIONS_MAX);
        return false;
    }
    if (!scenario->function_names)
        scenario->function_names =
            scenario_array(reading, HOOK_FUNCTIONS_MAX, sizeof *scenario->function_names);
    if (!scenario->function_names) return false;
    scenario->function_names[scenario->function_count++] =
        (struct hook_function){.name = value->text, .span = value->span};
    return true;
}

bool scenario_read_function(struct reading *reading, const struct node *value, void *target)
{
    struct scenario *scenario = reading->context;
    struct redial_str name;
    if (!read_text(reading, value, &name)) return false;
    scenario->looks_at_headers = true; /* a function may */
    size_t number = 0;
    while (number < scenario->function_count &&
           !str_eq(scenario->function_names[number].name, name))
        number++;
    if (number == scenario->function_count && !add_function(reading, scenario, value)) return false;
    *(uint16_t *)target = (uint16_t)(number + 1);
    return true;
}

static bool miss_file(const struct scenario *scenario, struct diag_list *diags)
{
    struct diag *diag = diag_error(diags, "missing-key", scenario->function_names[0].span,
                                   "a function is named, and there is no Lua file");
    diag_cure(diags, diag, "add `lua: NAME.lua`, its path seen from this file");
    return false;
}

bool scenario_open_functions(struct scenario *scenario, struct diag_list *diags)
{
    struct redial_str written = scenario->lua_path;
    if (scenario->function_count == 0 && written.len == 0) return true;
    if (written.len == 0) return miss_file(scenario, diags);
    if (!scenario_path(scenario->arena, scenario->source->path, written, &scenario->lua_path)) {
        diag_out_of_memory(diags);
        return false;
    }
    const struct source *source = source_read(scenario->arena, scenario->lua_path.ptr, diags);
    if (!source) return false;
    scenario->functions = functions_open(source, scenario->lua_path, scenario->lua_span,
                                         scenario->function_names, scenario->function_count, diags);
    return scenario->functions != NULL;
}

/* ---- Shapes ---- */

const struct shape_row scenario_function_shapes[] = {
    {scenario_read_lua, AS_TEXT},
    {scenario_read_function, AS_TEXT},
    {0},
};
