#include "cli/known.h"

#include "base/names.h"

#define PROVIDERS_TOLD 64u /* no policy has more */

uint16_t known_provider(const struct redial_policy *policy, struct redial_str name,
                        struct text *why)
{
    uint16_t provider = policy_find_provider(policy, name);
    struct redial_str names[PROVIDERS_TOLD];
    size_t count = 0;

    if (provider != NO_INDEX) return provider;
    for (; count < policy->provider_count && count < PROVIDERS_TOLD; count++)
        names[count] = policy->providers[count].name;
    text_printf(why, "the policy has no provider '%.*s'", REDIAL_STR_ARG(name));
    str_suggest(names, count, name, why);
    return NO_INDEX;
}

bool known_model(const struct redial_policy *policy, uint16_t provider, struct redial_str name,
                 struct text *why)
{
    struct redial_str closest;

    if (policy_knows_model(policy, provider, name, &closest)) return true;
    text_printf(why, "provider '%.*s' knows no model '%.*s'",
                REDIAL_STR_ARG(policy->providers[provider].name), REDIAL_STR_ARG(name));
    if (closest.len > 0) text_printf(why, "; did you mean '%.*s'?", REDIAL_STR_ARG(closest));
    return false;
}
