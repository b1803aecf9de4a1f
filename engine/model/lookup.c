/* Finding the parts of a policy by name or number. */
#include "model/policy.h"

uint32_t policy_symbol(const struct redial_policy *policy, struct redial_str text)
{
    size_t number = name_map_find(&policy->symbols, text);
    return number == NAME_MAP_NONE ? 0 : (uint32_t)number + 1;
}

const struct platform_model *policy_platform_model(const struct redial_policy *policy,
                                                   uint16_t platform, uint16_t model)
{
    if (platform >= policy->platform_count || model == NO_INDEX) return NULL;
    const struct platform *of = &policy->platforms[platform];
    for (size_t i = 0; i < of->model_count; i++)
        if (of->models[i].model == model) return &of->models[i];
    return NULL;
}

uint16_t policy_find_model(const struct redial_policy *policy, struct redial_str name)
{
    size_t number = name_map_find(&policy->model_names, name);
    return number == NAME_MAP_NONE ? NO_INDEX : (uint16_t)number;
}

uint16_t policy_find_provider(const struct redial_policy *policy, struct redial_str name)
{
    for (size_t i = 0; i < policy->provider_count; i++)
        if (str_eq(policy->providers[i].name, name)) return (uint16_t)i;
    return NO_INDEX;
}

/* ---- Models as platforms call them */

struct redial_str by_region_find(const struct by_region rows[], size_t count,
                                 struct redial_str region)
{
    for (size_t i = 0; i < count; i++)
        if (glob_match(rows[i].region_glob, region)) return rows[i].value;
    return (struct redial_str){0};
}

struct redial_str policy_base_url(const struct redial_policy *policy, uint16_t provider,
                                  struct redial_str region)
{
    const struct provider *of = &policy->providers[provider];
    const struct platform *platform = &policy->platforms[of->platform];
    const struct mantle *mantle = &platform->mantle;
    struct redial_str own =
        by_region_find(platform->region_endpoints, platform->region_endpoint_count, region);
    if (of->base_url.len > 0) return of->base_url;
    if (of->surface == BEDROCK_MANTLE)
        return mantle->base_url.len > 0 ? mantle->base_url : mantle->endpoint;
    if (platform->base_url.len > 0) return platform->base_url;
    return own.len > 0 ? own : platform->endpoint;
}

struct redial_str policy_model_id(const struct redial_policy *policy, uint16_t provider,
                                  const struct platform_model *model)
{
    const struct platform *platform = &policy->platforms[policy->providers[provider].platform];
    struct redial_str name = policy->models[model->model].name;
    struct redial_str region = policy_region(policy, provider, name);
    for (size_t i = 0; i < model->id_count; i++)
        if (glob_match(platform->prefixes[i].region_glob, region)) return model->ids[i];
    return model->id;
}

bool policy_model_has_id(const struct platform_model *model, struct redial_str id)
{
    for (size_t i = 0; i < model->id_count; i++)
        if (str_eq(model->ids[i], id)) return true;
    return str_eq(model->id, id);
}

struct redial_str policy_beta(const struct redial_policy *policy, uint16_t provider,
                              struct redial_str flag)
{
    const struct provider *of = &policy->providers[provider];
    const struct platform *platform = &policy->platforms[of->platform];
    const struct beta_table *table =
        of->surface == BEDROCK_MANTLE ? &platform->mantle.betas : &platform->betas;
    for (size_t i = 0; i < table->count; i++)
        if (glob_match(table->rows[i].flag_glob, flag)) return table->rows[i].sent;
    return flag;
}

/* ARNs and ids with the vendor in them name deployments of the caller's own. */
static bool passes_through(struct redial_str name)
{
    return str_starts_with(name, REDIAL_STR("arn:")) ||
           str_find(name, REDIAL_STR("anthropic.")) != SIZE_MAX;
}

#define SUGGESTED_FROM_MAX 256u /* models of one platform that a suggestion looks at */

bool policy_knows_model(const struct redial_policy *policy, uint16_t provider,
                        struct redial_str name, struct redial_str *closest)
{
    const struct platform *platform = &policy->platforms[policy->providers[provider].platform];
    struct redial_str names[SUGGESTED_FROM_MAX];
    size_t count = 0, row;
    *closest = (struct redial_str){0};
    if (platform->model_count == 0 || passes_through(name)) return true;
    for (size_t i = 0; i < platform->model_count; i++) {
        const struct platform_model *model = &platform->models[i];
        struct redial_str own = policy->models[model->model].name;
        if (str_eq(own, name) || policy_model_has_id(model, name)) return true;
        if (count < SUGGESTED_FROM_MAX) names[count++] = own;
    }
    row = str_closest(names, count, name);
    if (row != SIZE_MAX) *closest = names[row];
    return false;
}
