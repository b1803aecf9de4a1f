/* Declaring names and finding them again. Declaring only looks for names: what is wrong with the
 * parts they belong to is said when those are read. */
#include "config/reader.h"

#define NAME_BYTES_MAX 100u /* a line of a story has to hold it */

bool read_name(struct reading *reading, const struct node *value, void *target)
{
    if (value->kind != NODE_SCALAR || value->text.len == 0 || node_is_null(value))
        return reading_unexpected(reading, value, "a name");
    bool printable = true;
    for (size_t i = 0; i < value->text.len; i++)
        printable =
            printable && (unsigned char)value->text.ptr[i] >= 0x20 && value->text.ptr[i] != 0x7f;
    if (printable && value->text.len <= NAME_BYTES_MAX) return read_text(reading, value, target);
    struct diag *diag =
        diag_error(reading->diags, "bad-name", value->span, "%s",
                   printable ? "this name is too long" : "a name holds no control characters");
    if (printable) diag_cure(reading->diags, diag, "keep it under %u bytes", NAME_BYTES_MAX + 1);
    return false;
}

uint16_t config_find(struct config *config, const struct name_map *map, const char *what,
                     const struct node *value)
{
    struct reading *reading = &config->reading;
    if (value->kind != NODE_SCALAR || value->text.len == 0) {
        struct text expected = TEXT_INIT;
        text_printf(&expected, "the name of a %s", what);
        reading_unexpected(reading, value, expected.failed ? "a name" : expected.ptr);
        text_clean_up(&expected);
        return NO_INDEX;
    }
    size_t number = name_map_find(map, value->text);
    if (number != NAME_MAP_NONE) return (uint16_t)number;
    struct redial_str written = node_written(value);
    struct diag *diag = diag_error(reading->diags, "unknown-name", value->span,
                                   "there is no %s '%.*s'", what, REDIAL_STR_ARG(written));
    struct redial_str closest = reading_suggestion(reading, map->names, map->count, value->text);
    if (closest.len > 0)
        diag_cure(reading->diags, diag, "did you mean '%.*s'?", REDIAL_STR_ARG(closest));
    else if (map->count == 0)
        diag_cure(reading->diags, diag, "this policy declares no %s at all", what);
    return NO_INDEX;
}

uint16_t config_platform(struct config *config, const struct node *value)
{
    int kind;
    if (!read_word(&config->reading, value, &platform_names, &kind)) return NO_INDEX;
    size_t number = name_map_find(&config->platforms, value->text);
    if (number != NAME_MAP_NONE) return (uint16_t)number;
    struct diag *diag =
        diag_error(config->reading.diags, "unknown-name", value->span,
                   "no file describes the platform '%s'", platform_names.rows[kind].word);
    diag_cure(config->reading.diags, diag, "add it under platforms, or remove this");
    return NO_INDEX;
}

uint16_t config_model(struct config *config, const struct node *value)
{
    struct redial_str name = {0};
    size_t number;
    bool is_new;
    if (!read_name(&config->reading, value, &name)) return NO_INDEX;
    if (!name_map_add(&config->models, config->reading.arena, name, &number, &is_new)) {
        reading_out_of_memory(&config->reading);
        return NO_INDEX;
    }
    if (number < MODELS_MAX) return (uint16_t)number;
    diag_error(config->reading.diags, "too-many", value->span, "more than %u different models",
               MODELS_MAX);
    return NO_INDEX;
}

/* The keys of a mapping become names, numbered as they stand there. */
static bool declare_keys(struct config *config, struct name_map *map, const struct node *mapping,
                         size_t count_max)
{
    if (!mapping || mapping->kind != NODE_MAPPING) return true; /* said when it is read */
    if (mapping->count > count_max) {
        diag_error(config->reading.diags, "too-many", mapping->span,
                   "%zu entries are more than the %zu that a policy can hold", mapping->count,
                   count_max);
        return true;
    }
    for (size_t i = 0; i < mapping->count; i++) {
        size_t number;
        bool is_new;
        if (!name_map_add(map, config->reading.arena, mapping->keys[i]->text, &number, &is_new))
            return reading_out_of_memory(&config->reading);
    }
    return true;
}

static void report_duplicate(struct config *config, const char *what, const struct node *name,
                             struct span first)
{
    struct redial_str written = node_written(name);
    struct diag *diag = diag_error(config->reading.diags, "duplicate-name", name->span,
                                   "a second %s is called '%.*s'", what, REDIAL_STR_ARG(written));
    diag_note(config->reading.diags, diag, first, "the first one");
    diag_cure(config->reading.diags, diag, "give each its own name");
}

static bool declare_rules(struct config *config, const struct node *rules)
{
    if (!rules || rules->kind != NODE_SEQUENCE || rules->count > RULES_MAX) return true;
    struct arena *arena = config->nodes;
    config->rule_spans = ARENA_ARRAY(arena, struct span, rules->count);
    config->rule_indices = ARENA_ARRAY(arena, uint16_t, rules->count);
    if (!config->rule_spans || !config->rule_indices)
        return reading_out_of_memory(&config->reading);
    for (size_t i = 0; i < rules->count; i++) {
        const struct node *name = node_get(rules->items[i], "name");
        size_t number;
        bool is_new;
        if (!name || name->kind != NODE_SCALAR || name->text.len == 0) continue;
        if (!name_map_add(&config->rules, arena, name->text, &number, &is_new))
            return reading_out_of_memory(&config->reading);
        if (!is_new) {
            report_duplicate(config, "rule", name, config->rule_spans[number]);
            continue;
        }
        config->rule_spans[number] = name->span;
        config->rule_indices[number] = (uint16_t)i;
    }
    return true;
}

/* Platforms come from all files; there are at most four. */
bool config_declare_platforms(struct config *config, const struct node *platforms)
{
    struct redial_policy *policy = config->policy;
    if (!platforms || platforms->kind != NODE_MAPPING) return true;
    for (size_t i = 0; i < platforms->count; i++) {
        const struct node *name = platforms->keys[i];
        size_t number;
        bool is_new;
        if (names_find(&platform_names, name->text) < 0) continue; /* said when it is read */
        struct redial_str copy;
        if (!arena_copy(config->reading.arena, name->text, &copy) ||
            !name_map_add(&config->platforms, config->reading.arena, copy, &number, &is_new))
            return reading_out_of_memory(&config->reading);
        if (!is_new) {
            report_duplicate(config, "platform", name, policy->platforms[number].span);
            continue;
        }
        policy->platforms[number].name = copy;
        policy->platforms[number].span = name->span;
        policy->platform_count = config->platforms.count;
    }
    return true;
}

bool config_declare_names(struct config *config, const struct node *document)
{
    return declare_keys(config, &config->backoffs, node_get(document, "backoff"), BACKOFFS_MAX) &&
           declare_keys(config, &config->providers, node_get(document, "providers"),
                        PROVIDERS_MAX) &&
           declare_keys(config, &config->cooldowns, node_get(document, "cooldowns"), RULES_MAX) &&
           declare_rules(config, node_get(document, "rules"));
}

/* ---- Shapes */

const struct shape_row name_shapes[] = {
    {read_name, AS_TEXT},
    {0},
};
