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
