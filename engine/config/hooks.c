/* `hooks`, and the functions that rules name. A function is declared by being named: the whole list
 * is held against the Lua file when that is opened. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "config/condition.h"
#include "config/reader.h"

#define INSTRUCTIONS_DEFAULT 100000
#define INSTRUCTIONS_MIN     1000
#define INSTRUCTIONS_MAX     10000000
#define MEMORY_DEFAULT       (INT64_C(1) << 20)
#define MEMORY_MIN           (INT64_C(64) << 10)
#define MEMORY_MAX           (INT64_C(64) << 20)

void config_hooks_init(struct hooks_policy *hooks)
{
    for (int i = 0; i < HOOK_POINT_COUNT; i++) hooks->point[i] = NO_INDEX;
    hooks->instructions = INSTRUCTIONS_DEFAULT;
    hooks->memory = MEMORY_DEFAULT;
}

/* ---- Functions */

static bool is_lua_name(struct redial_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9')) return false;
    }
    return name.len > 0;
}

static uint16_t find_function(const struct hooks_policy *hooks, struct redial_str name)
{
    for (size_t i = 0; i < hooks->function_count; i++)
        if (str_eq(hooks->functions[i].name, name)) return (uint16_t)i;
    return NO_INDEX;
}

static bool add_function(struct reading *reading, const struct node *value, uint16_t *function)
{
    struct hooks_policy *hooks = &config_of(reading)->policy->hooks;
    if (hooks->function_count == HOOK_FUNCTIONS_MAX) {
        diag_error(reading->diags, "too-many", value->span,
                   "a policy names at most %d different functions", HOOK_FUNCTIONS_MAX);
        return false;
    }
    if (!hooks->functions)
        hooks->functions = ARENA_ARRAY(reading->arena, struct hook_function, HOOK_FUNCTIONS_MAX);
    if (!hooks->functions) return reading_out_of_memory(reading);
    struct hook_function *added = &hooks->functions[hooks->function_count];
    added->span = value->span;
    if (!arena_copy(reading->arena, value->text, &added->name))
        return reading_out_of_memory(reading);
    *function = (uint16_t)hooks->function_count++;
    return true;
}

bool config_hook_function(struct reading *reading, const struct node *value, uint16_t *function)
{
    if (value->kind != NODE_SCALAR || !is_lua_name(value->text))
        return reading_unexpected(reading, value, "the name of a Lua function");
    *function = find_function(&config_of(reading)->policy->hooks, value->text);
    return *function != NO_INDEX || add_function(reading, value, function);
}

bool fact_read_lua(struct reading *reading, const struct node *value, enum fact fact, void *target)
{
    const struct condition **out = target;
    uint16_t function = NO_INDEX;
    if (!config_hook_function(reading, value, &function)) return false;
    struct condition *condition = condition_new(reading, CONDITION_LUA, fact, value, 1);
    if (!condition) return false;
    condition->function = function;
    condition->words = &config_of(reading)->policy->hooks.functions[function].name;
    *out = condition;
    return true;
}

/* ---- The section */

static bool read_file(struct reading *reading, const struct node *value, void *target)
{
    struct config *config = config_of(reading);
    struct hooks_policy *hooks = target;
    if (value->kind != NODE_SCALAR || value->text.len == 0)
        return reading_unexpected(reading, value, "the path of a Lua file");
    hooks->span = value->span;
    if (!arena_copy(reading->arena, value->text, &hooks->file))
        return reading_out_of_memory(reading);
    const char *path = config_path_beside(config, value->span.source->path, value->text);
    if (!path) return false;
    if (access(path, R_OK) != 0) {
        struct diag *diag = diag_error(reading->diags, "missing-file", value->span,
                                       "cannot read '%s': %s", path, strerror(errno));
        diag_cure(reading->diags, diag, "a path is relative to the file that names it");
        return false;
    }
    hooks->source = source_read(reading->arena, path, reading->diags);
    return hooks->source != NULL;
}

static bool read_point(struct reading *reading, const struct node *value, void *target)
{
    return config_hook_function(reading, value, target);
}

static bool read_on_error(struct reading *reading, const struct node *value, void *target)
{
    enum hook_on_error *out = target;
    int row;
    if (!read_word(reading, value, &hook_on_error_names, &row)) return false;
    *out = (enum hook_on_error)row;
    return true;
}

static bool read_instructions(struct reading *reading, const struct node *value, void *target)
{
    return read_whole(reading, value, INSTRUCTIONS_MIN, INSTRUCTIONS_MAX, target);
}

/* "512KB", "1MB": the number and its unit. */
static bool read_memory(struct reading *reading, const struct node *value, void *target)
{
    int64_t *bytes = target, number = 0;
    struct redial_str text = value->kind == NODE_SCALAR ? value->text : (struct redial_str){"", 0};
    int shift = str_ends_with(text, REDIAL_STR("KB"))   ? 10
                : str_ends_with(text, REDIAL_STR("MB")) ? 20
                                                        : 0;
    if (shift == 0 || !str_to_int64(str_take(text, text.len - 2), &number) || number < 0 ||
        number > MEMORY_MAX >> shift || number << shift < MEMORY_MIN)
        return reading_unexpected(reading, value, "a size from 64KB to 64MB");
    *bytes = number << shift;
    return true;
}

#define AT(field) offsetof(struct hooks_policy, field)
static const struct key budget_keys[] = {
    {"instructions", read_instructions, AT(instructions), "Lua instructions of one call",
     "number from 1000", false},
    {"memory", read_memory, AT(memory), "memory that one call may take", "64KB to 64MB", false},
};
static const struct keys budget_table = {"budget", budget_keys, REDIAL_COUNT_OF(budget_keys)};

static bool read_budget(struct reading *reading, const struct node *value, void *target)
{
    return keys_read(reading, &budget_table, value, target);
}

#define POINT(POINT) AT(point) + sizeof(uint16_t) * (POINT)
static const struct key hooks_keys[] = {
    {"file", read_file, 0, "the Lua file, relative to this one", "path", true},
    {"classify", read_point, POINT(HOOK_CLASSIFY), "names the class of an event", "function",
     false},
    {"delay", read_point, POINT(HOOK_DELAY), "says how long the step `backoff` waits", "function",
     false},
    {"choose", read_point, POINT(HOOK_CHOOSE), "picks the provider of a leg", "function", false},
    {"adapt", read_point, POINT(HOOK_ADAPT), "changes the request when a leg begins", "function",
     false},
    {"compact", read_point, POINT(HOOK_COMPACT), "what the step `compact` does", "function", false},
    {"on_error", read_on_error, AT(on_error), "when a hook goes wrong", "fail or ignore", false},
    {"budget", read_budget, 0, "what one call of a hook may use", "{instructions, memory}", false},
};
#undef AT
static const struct keys hooks_table = {"hooks", hooks_keys, REDIAL_COUNT_OF(hooks_keys)};

bool read_hooks(struct reading *reading, const struct node *value, void *target)
{
    struct redial_policy *policy = target;
    return keys_read(reading, &hooks_table, value, &policy->hooks);
}

bool config_check_hooks(struct config *config)
{
    const struct hooks_policy *hooks = &config->policy->hooks;
    if (hooks->function_count == 0 || hooks->file.len > 0) return true;
    struct diag *diag = diag_error(config->reading.diags, "missing-key", hooks->functions[0].span,
                                   "this names a Lua function, but the policy has no Lua file");
    diag_cure(config->reading.diags, diag, "add hooks: {file: hooks/NAME.lua}");
    return false;
}
