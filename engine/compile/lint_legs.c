/* Where a call goes on: fallbacks to what cannot take it, and platforms that are not told enough.
 */
#include "compile/lint.h"

static bool is_listed(const struct redial_policy *policy, uint16_t model)
{
    for (size_t i = 0; i < policy->platform_count; i++)
        if (policy_platform_model(policy, (uint16_t)i, model)) return true;
    return false;
}

static void warn_undeclared(const struct lint *lint, struct span span, uint16_t candidate)
{
    struct redial_str name = lint->policy->models[candidate].name;
    struct diag *diag = LINT_WARN(lint, LINT_UNDECLARED_MODEL, span,
                                  "no platform lists the model '%.*s'", REDIAL_STR_ARG(name));
    diag_cure(lint->diags, diag, "check its name, or add it to a platform's models");
}

/* A model that a platform has, whose fallback it has not: a call there would go astray. */
static void warn_lacking(const struct lint *lint, struct span span, uint16_t platform,
                         uint16_t candidate)
{
    const struct redial_policy *policy = lint->policy;
    struct redial_str name = policy->models[candidate].name;
    struct redial_str where = policy->platforms[platform].name;
    struct diag *diag =
        LINT_WARN(lint, LINT_FALLBACK_LACKS, span, "platform '%.*s' does not list the model '%.*s'",
                  REDIAL_STR_ARG(where), REDIAL_STR_ARG(name));
    diag_note(lint->diags, diag, policy->platforms[platform].span,
              "calls on this platform would come to it");
    diag_cure(lint->diags, diag, "name a fallback that every platform has, or list the model");
}

static void check_edge(const struct lint *lint, uint16_t model, uint16_t candidate)
{
    const struct redial_policy *policy = lint->policy;
    struct span span = policy->models[model].fallback_span;
    if (!is_listed(policy, candidate)) {
        warn_undeclared(lint, span, candidate);
        return;
    }
    for (size_t i = 0; i < policy->platform_count; i++)
        if (policy_platform_model(policy, (uint16_t)i, model) &&
            !policy_platform_model(policy, (uint16_t)i, candidate))
            warn_lacking(lint, span, (uint16_t)i, candidate);
}

/* A provider whose platform has none of the models that calls come with. */
static void check_provider_edge(const struct lint *lint, uint16_t from, uint16_t to)
{
    const struct redial_policy *policy = lint->policy;
    const struct platform *here = &policy->platforms[policy->providers[from].platform];
    uint16_t there = policy->providers[to].platform;
    for (size_t i = 0; i < here->model_count; i++) {
        if (policy_platform_model(policy, there, here->models[i].model)) continue;
        struct redial_str name = policy->models[here->models[i].model].name;
        struct redial_str from_name = policy->providers[from].name;
        struct redial_str to_name = policy->providers[to].name;
        struct diag *diag =
            LINT_WARN(lint, LINT_FALLBACK_LACKS, policy->providers[to].span,
                      "provider '%.*s' lacks the model '%.*s', with which calls come from '%.*s'",
                      REDIAL_STR_ARG(to_name), REDIAL_STR_ARG(name), REDIAL_STR_ARG(from_name));
        diag_note(lint->diags, diag, here->models[i].span, "it is listed here");
        diag_cure(lint->diags, diag, "list it for the other platform, too, or fall back elsewhere");
        return; /* one says it */
    }
}

static void check_fallbacks(const struct lint *lint)
{
    const struct redial_policy *policy = lint->policy;
    for (size_t i = 0; i < policy->model_count; i++)
        for (size_t j = 0; j < policy->models[i].fallback_count; j++)
            check_edge(lint, (uint16_t)i, policy->models[i].fallbacks[j]);
    for (size_t i = 0; policy->provider_fallbacks && i < policy->provider_count; i++)
        for (size_t j = 0; j < REDIAL_COUNT_OF(*policy->provider_fallbacks); j++) {
            uint16_t to = policy->provider_fallbacks[i][j];
            if (to == NO_INDEX) break;
            check_provider_edge(lint, (uint16_t)i, to);
        }
}

/* Without a project ID, Google's libraries ask the metadata server for one, which outside of
 * Google's cloud does not answer: the first request hangs. Only providers that calls can come to.
 */
static bool is_chosen(const struct redial_policy *policy, uint16_t provider)
{
    if (provider == policy->default_provider || policy->providers_given) return true;
    for (size_t i = 0; policy->provider_fallbacks && i < policy->provider_count; i++)
        for (size_t j = 0; j < REDIAL_COUNT_OF(*policy->provider_fallbacks); j++)
            if (policy->provider_fallbacks[i][j] == provider) return true;
    return false;
}

static void check_projects(const struct lint *lint)
{
    const struct redial_policy *policy = lint->policy;
    for (size_t i = 0; i < policy->provider_count; i++) {
        const struct provider *provider = &policy->providers[i];
        const struct platform *platform = &policy->platforms[provider->platform];
        if (platform->kind != PLATFORM_VERTEX || !is_chosen(policy, (uint16_t)i)) continue;
        if (provider->project.len > 0 || platform->project.len > 0) continue;
        struct redial_str name = provider->name;
        struct span span = provider->span.source ? provider->span : platform->span;
        struct diag *diag = LINT_WARN(
            lint, LINT_METADATA_RISK, span,
            "provider '%.*s' has no project ID: the metadata server is asked for one, and "
            "outside of Google Cloud that request hangs",
            REDIAL_STR_ARG(name));
        diag_cure(lint->diags, diag,
                  "set ANTHROPIC_VERTEX_PROJECT_ID, or project: in the provider");
    }
}

void lint_legs(const struct lint *lint)
{
    check_fallbacks(lint);
    check_projects(lint);
}
