#include "cli/known.h"

static bool say_closest(const struct redial_policy *policy, struct redial_str name,
                        struct text *why)
{
    struct redial_str best = {"", 0};

    for (size_t i = 0; i < policy->provider_count; i++) {
        struct redial_str pair[] = {best, policy->providers[i].name};
        size_t closest = str_closest(pair, REDIAL_COUNT_OF(pair), name);
        if (closest != SIZE_MAX) best = pair[closest];
    }
    if (best.len > 0) text_printf(why, "; did you mean '%.*s'?", REDIAL_STR_ARG(best));
    return best.len > 0;
}

uint16_t known_provider(const struct redial_policy *policy, struct redial_str name,
                        struct text *why)
{
    uint16_t provider = policy_find_provider(policy, name);

    if (provider != NO_INDEX) return provider;
    text_printf(why, "the policy has no provider '%.*s'", REDIAL_STR_ARG(name));
    if (say_closest(policy, name, why)) return NO_INDEX;
    text_append(why, REDIAL_STR("; it has"));
    for (size_t i = 0; i < policy->provider_count; i++)
        text_printf(why, "%s %.*s", i == 0 ? "" : ",", REDIAL_STR_ARG(policy->providers[i].name));
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
