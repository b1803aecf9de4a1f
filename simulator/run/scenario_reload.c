/* `reload`: another policy while calls are under way. */
#include "api/load.h"
#include "simulator/run/scenario_parts.h"

/* ---- Reading */

#define AT(field) offsetof(struct reload_script, field)
static const struct key reload_keys[] = {
    {"at", read_duration, AT(at), "when, from the run's start", "duration", true},
    {"policy", read_text, AT(path), "the policy, relative to this file", "path", true},
    {"refused", read_bool, AT(refused), "the file cannot be used: the run keeps its policy",
     "true or false", false},
};
#undef AT
static const struct keys reload_table = {"a reload", reload_keys, REDIAL_COUNT_OF(reload_keys)};

bool scenario_read_reload(struct reading *reading, const struct node *value, void *target)
{
    struct scenario *scenario = target;
    size_t count = items_count(value);
    if (count > SCENARIO_RELOADS_MAX) {
        diag_error(reading->diags, "too-many", value->span, "a run has at most %d reloads",
                   SCENARIO_RELOADS_MAX);
        return false;
    }
    scenario->reloads = scenario_array(reading, count + 1, sizeof *scenario->reloads);
    if (!scenario->reloads) return false;
    scenario->reload_count = count;
    bool right = true;
    for (size_t i = 0; i < count; i++) {
        scenario->reloads[i].span = items_at(value, i)->span;
        right =
            keys_read(reading, &reload_table, items_at(value, i), &scenario->reloads[i]) && right;
    }
    return right;
}

/* ---- Loading */

static bool same_rules(const struct redial_policy *a, const struct redial_policy *b)
{
    if (a->rule_count != b->rule_count) return false;
    const struct rule *first = a->variants[VARIANT_PLAIN].rules;
    const struct rule *second = b->variants[VARIANT_PLAIN].rules;
    for (size_t i = 0; i < a->rule_count; i++)
        if (!str_eq(first[i].name, second[i].name)) return false;
    return true;
}

/* The world of a run is numbered by the policy that it begins with. */
static bool same_names(const struct redial_policy *a, const struct redial_policy *b)
{
    if (a->provider_count != b->provider_count || a->model_count != b->model_count) return false;
    for (size_t i = 0; i < a->provider_count; i++)
        if (!str_eq(a->providers[i].name, b->providers[i].name)) return false;
    for (size_t i = 0; i < a->model_count; i++)
        if (!str_eq(a->models[i].name, b->models[i].name)) return false;
    return same_rules(a, b);
}

/* A file that is expected to be refused: what is wrong with it is not the scenario's error. */
static bool is_refused(struct scenario *scenario, struct reload_script *reload,
                       struct diag_list *diags)
{
    struct diag_list *own = diag_list_new();
    if (!own) {
        diag_out_of_memory(diags);
        return false;
    }
    struct redial_policy *policy = policy_load(reload->path.ptr, scenario->env, own);
    diag_list_destroy(own);
    if (!policy) return true;
    redial_policy_release(policy);
    struct diag *diag =
        diag_error(diags, "contradiction", reload->span, "the policy of this reload is in order");
    diag_cure(diags, diag, "remove `refused`");
    return false;
}

static bool load(struct scenario *scenario, struct reload_script *reload, struct diag_list *diags)
{
    if (!scenario_path(scenario->arena, scenario->source->path, reload->path, &reload->path)) {
        diag_out_of_memory(diags);
        return false;
    }
    if (reload->refused) return is_refused(scenario, reload, diags);
    reload->policy = policy_load(reload->path.ptr, scenario->env, diags);
    if (!reload->policy) {
        diag_error(diags, "bad-policy", reload->span, "the policy of this reload cannot be used");
        return false;
    }
    if (same_names(scenario->policy, reload->policy)) return true;
    struct diag *diag = diag_error(diags, "contradiction", reload->span,
                                   "this policy names other providers, models or rules");
    diag_cure(diags, diag, "in a scenario a reload keeps the names, and changes what they do");
    return false;
}

bool scenario_load_reloads(struct scenario *scenario, struct diag_list *diags)
{
    bool right = true;
    for (size_t i = 0; i < scenario->reload_count; i++)
        if (scenario->reloads[i].path.len > 0)
            right = load(scenario, &scenario->reloads[i], diags) && right;
    return right;
}

/* ---- Shapes ---- */

const struct shape_row scenario_reload_shapes[] = {
    {scenario_read_reload, AS_ITEMS(AS_KEYS(reload_table))},
    {0},
};
