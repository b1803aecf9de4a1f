/* What a cell holds for: models and an endpoint. A scope that matches nothing is a mistake, and
 * would otherwise be believed. */
#include "audit/reading.h"

/* ---- What there is */

static bool declare_text(struct reading *reading, const struct node *item, struct name_map *map)
{
    struct redial_str name;
    size_t number;
    bool is_new;
    if (!read_text(reading, item, &name)) return false;
    return name_map_add(map, reading->arena, name, &number, &is_new) ||
           reading_out_of_memory(reading);
}

static bool read_names(struct reading *reading, const struct node *value, struct name_map *map,
                       const char *expected)
{
    bool right = true;
    if (value->kind == NODE_MAPPING || items_count(value) == 0)
        return reading_unexpected(reading, value, expected);
    for (size_t i = 0; i < items_count(value); i++)
        right = declare_text(reading, items_at(value, i), map) && right;
    return right;
}

bool read_scope_models(struct reading *reading, const struct node *value, void *target)
{
    (void)target;
    return read_names(reading, value, &matrix_of(reading)->models, "names of models");
}

bool read_endpoints(struct reading *reading, const struct node *value, void *target)
{
    struct matrix_column *column = target;
    struct name_map map = {0};
    bool right = read_names(reading, value, &map, "names of endpoints: [InvokeModel, Converse]");
    column->endpoints = map.names;
    column->endpoint_count = map.count;
    return right;
}

/* ---- Models */

static bool matches_any(struct redial_str glob, const struct redial_str *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (glob_match(glob, names[i])) return true;
    return false;
}

static bool matches_policy(const struct redial_policy *policy, struct redial_str glob)
{
    for (size_t i = 0; i < policy->platform_count; i++)
        for (size_t m = 0; m < policy->platforms[i].model_count; m++)
            if (glob_match(glob, policy->models[policy->platforms[i].models[m].model].name))
                return true;
    return false;
}

/* The closest of the file's own names, or of the platforms'. */
static struct redial_str closest_model(const struct matrix_reading *of, struct redial_str name)
{
    const struct reading *reading = &of->reading;
    struct redial_str own = reading_suggestion(reading, of->models.names, of->models.count, name);
    for (size_t m = 0; m < of->policy->model_count; m++) {
        struct redial_str pair[] = {own, of->policy->models[m].name};
        struct redial_str closest = reading_suggestion(reading, pair, 2, name);
        if (closest.len > 0) own = closest;
    }
    return own;
}

static bool check_model(struct reading *reading, const struct node *item, struct redial_str glob)
{
    const struct matrix_reading *of = matrix_of(reading);
    if (!of->policy || matches_policy(of->policy, glob) ||
        matches_any(glob, of->models.names, of->models.count))
        return true;
    struct redial_str closest = closest_model(of, glob);
    struct diag *diag = diag_error(reading->diags, "unknown-model", item->span,
                                   "the scope '%.*s' matches no model", REDIAL_STR_ARG(glob));
    if (closest.len > 0)
        diag_cure(reading->diags, diag, "did you mean '%.*s'?", REDIAL_STR_ARG(closest));
    else
        diag_cure(reading->diags, diag,
                  "a model is one of the platforms', or one that `models` of this file lists");
    return false;
}

/* Into one text, as it is printed. */
static bool read_models(struct reading *reading, const struct node *value, void *target)
{
    struct redial_str *out = target, glob;
    struct text list = TEXT_INIT;
    bool right = true;
    if (value->kind == NODE_MAPPING || items_count(value) == 0)
        return reading_unexpected(reading, value, "a model, a pattern, or a list of them");
    for (size_t i = 0; i < items_count(value); i++) {
        const struct node *item = items_at(value, i);
        right = read_text(reading, item, &glob) && check_model(reading, item, glob) && right;
        if (!right) continue;
        text_printf(&list, "%s%.*s", list.len > 0 ? ", " : "", REDIAL_STR_ARG(glob));
    }
    if (right && (list.failed || !arena_copy(reading->arena, text_str(&list), out)))
        right = reading_out_of_memory(reading);
    text_clean_up(&list);
    return right;
}

/* ---- Endpoints */

static bool read_endpoint(struct reading *reading, const struct node *value, void *target)
{
    struct matrix_scope *scope = target;
    scope->endpoint_span = value->span;
    return read_text(reading, value, &scope->endpoint);
}

bool scope_fits(struct reading *reading, const struct matrix_scope *scope,
                const struct matrix_column *column)
{
    if (scope->endpoint.len == 0 ||
        matches_any(scope->endpoint, column->endpoints, column->endpoint_count))
        return true;
    struct redial_str closest =
        reading_suggestion(reading, column->endpoints, column->endpoint_count, scope->endpoint);
    struct diag *diag = diag_error(reading->diags, "unknown-endpoint", scope->endpoint_span,
                                   "'%.*s' is no endpoint of the surface '%.*s'",
                                   REDIAL_STR_ARG(scope->endpoint), REDIAL_STR_ARG(column->name));
    if (closest.len > 0)
        diag_cure(reading->diags, diag, "did you mean '%.*s'?", REDIAL_STR_ARG(closest));
    else
        diag_cure(reading->diags, diag, "a surface names its endpoints: endpoints: [InvokeModel]");
    return false;
}

/* ---- The whole */

static const struct key scope_keys[] = {
    {"models", read_models, offsetof(struct matrix_scope, models),
     "for which models; patterns may be among them", "model, or list of models", false},
    {"endpoint", read_endpoint, 0, "on which endpoint of the surface", "text", false},
};
static const struct keys scope_table = {"a scope", scope_keys, REDIAL_COUNT_OF(scope_keys)};

bool read_scope(struct reading *reading, const struct node *value, void *target)
{
    return keys_read(reading, &scope_table, value, target);
}
