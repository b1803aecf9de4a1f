#include "compile/compile.h"

#include <stdlib.h>

#include "compile/matcher.h"
#include "compile/parts.h"

static bool out_of_memory(struct diag_list *diags)
{
    diag_out_of_memory(diags);
    return false;
}

/* The conditions of a table, one after the other, `stride` bytes apart. */
static bool build_matcher(struct redial_policy *policy, const struct condition *const *first,
                          size_t stride, size_t count, struct matcher *matcher,
                          struct diag_list *diags)
{
    const struct condition **rows = calloc(count + 1, sizeof(const struct condition *));
    if (!rows) return out_of_memory(diags);
    for (size_t i = 0; i < count; i++)
        rows[i] =
            *(const struct condition *const *)(const void *)((const char *)first + i * stride);
    bool built = matcher_build(policy->arena, rows, count, matcher);
    free(rows);
    return built || out_of_memory(diags);
}

static bool build_table(struct redial_policy *policy, struct classify_table *table,
                        struct diag_list *diags)
{
    if (table->count == 0) return true;
    return build_matcher(policy, &table->rows->when, sizeof *table->rows, table->count,
                         &table->matcher, diags);
}

static bool build_matchers(struct redial_policy *policy, struct diag_list *diags)
{
    const struct rule *rules = policy->variants[VARIANT_PLAIN].rules;
    bool right = build_table(policy, &policy->transport, diags);
    for (size_t i = 0; i < policy->platform_count; i++)
        right = build_table(policy, &policy->platforms[i].classify, diags) && right;
    return build_matcher(policy, &rules->when, sizeof *rules, policy->rule_count,
                         &policy->rules_matcher, diags) &&
           right;
}

/* A rule that refreshes counts in a row: the next reply that is no auth error forgives it. */
static void mark_refreshing(struct variant *variant, size_t count)
{
    for (size_t i = 0; i < count; i++)
        variant->rules[i].in_a_row = variant->rules[i].steps.kinds & 1u << REDIAL_STEP_REFRESH;
}

/* Guards tell calls apart by names, which mean the same after a reload. */
static void number_keys(struct redial_policy *policy)
{
    for (size_t i = 0; i < policy->provider_count; i++)
        policy->providers[i].key = str_hash(policy->providers[i].name);
    for (size_t i = 0; i < policy->model_count; i++)
        policy->models[i].key = str_hash(policy->models[i].name);
}

static void divide_windows(struct guards *guards)
{
    for (size_t i = 0; i < guards->budget_count; i++)
        guards->budgets[i].parts = window_parts(guards->budgets[i].window);
    for (size_t i = 0; i < guards->breaker_count; i++)
        guards->breakers[i].parts = window_parts(guards->breakers[i].window);
}

/* Whether what a provider asks for is there; the order of a file does not count. */
static bool check_surfaces(const struct redial_policy *policy, struct diag_list *diags)
{
    bool right = true;
    for (size_t i = 0; i < policy->provider_count; i++) {
        const struct provider *provider = &policy->providers[i];
        const struct platform *platform = &policy->platforms[provider->platform];
        if (provider->surface != BEDROCK_MANTLE || platform->mantle.present) continue;
        struct redial_str name = platform->name;
        struct diag *diag =
            diag_error(diags, "no-surface", provider->surface_span,
                       "platform '%.*s' has no surface 'mantle'", REDIAL_STR_ARG(name));
        diag_cure(diags, diag,
                  "only a platform that says where it is has it: mantle: {endpoint: …}");
        right = false;
    }
    return right;
}

bool compile_policy(struct redial_policy *policy, struct diag_list *diags)
{
    number_keys(policy);
    divide_windows(&policy->guards);
    for (size_t i = 0; i < policy->backoff_count; i++) compile_backoff(&policy->backoffs[i]);
    for (size_t i = 0; i < VARIANT_COUNT; i++)
        if (policy->variants[i].present) mark_refreshing(&policy->variants[i], policy->rule_count);
    bool right = compile_fallbacks(policy, diags);
    right = check_surfaces(policy, diags) && right;
    return build_matchers(policy, diags) && right;
}
