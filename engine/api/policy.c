/* The public face of policies and diagnostics. */
#include <stdlib.h>

#include "api/load.h"
#include "model/policy.h"
#include "redial/redial.h"

struct redial_diags {
    struct diag_list *list;
    struct text rendered;
};

struct redial_diags *redial_diags_new(void)
{
    struct redial_diags *diags = calloc(1, sizeof *diags);
    if (!diags) return NULL;
    diags->list = diag_list_new();
    if (diags->list) return diags;
    free(diags);
    return NULL;
}

void redial_diags_destroy(struct redial_diags *diags)
{
    if (!diags) return;
    diag_list_destroy(diags->list);
    text_clean_up(&diags->rendered);
    free(diags);
}

const char *redial_diags_text(struct redial_diags *diags, bool colour)
{
    text_clear(&diags->rendered);
    diag_render(diags->list, colour, &diags->rendered);
    return diags->rendered.ptr ? diags->rendered.ptr : "";
}

size_t redial_diags_errors(const struct redial_diags *diags)
{
    return diag_errors(diags->list);
}

size_t redial_diags_warnings(const struct redial_diags *diags)
{
    return diag_warnings(diags->list);
}

/* A list of its own first: errors of an earlier load are not this one's. It goes where nobody wants
 * to hear of them. */
struct redial_policy *redial_policy_load(const char *path, const struct redial_env *environment,
                                         struct redial_diags *diags)
{
    struct diag_list *own = diag_list_new();
    if (!own) {
        if (diags) diag_out_of_memory(diags->list);
        return NULL;
    }
    struct redial_policy *policy = policy_load(path, environment, own);
    if (diags) {
        diag_list_destroy(diags->list);
        diags->list = own;
    } else {
        diag_list_destroy(own);
    }
    return policy;
}

/* The count is the one part of a policy that changes; whoever holds a policy may count. */
static _Atomic uint32_t *references_of(const struct redial_policy *policy)
{
    union {
        const struct redial_policy *constant;
        struct redial_policy *counted;
    } same = {policy};
    return &same.counted->references;
}

void redial_policy_acquire(const struct redial_policy *policy)
{
    ++*references_of(policy);
}

void redial_policy_release(const struct redial_policy *policy)
{
    if (policy && --*references_of(policy) == 0) policy_destroy(policy);
}

struct redial_str redial_policy_rule(const struct redial_policy *policy, uint16_t rule)
{
    if (rule >= policy->rule_count) return (struct redial_str){0};
    return policy->variants[VARIANT_PLAIN].rules[rule].name;
}

struct redial_str redial_policy_provider(const struct redial_policy *policy, uint16_t provider)
{
    if (provider >= policy->provider_count) return (struct redial_str){0};
    return policy->providers[provider].name;
}

struct redial_str redial_policy_platform(const struct redial_policy *policy, uint16_t platform)
{
    if (platform >= policy->platform_count) return (struct redial_str){0};
    return policy->platforms[platform].name;
}

struct redial_str redial_policy_model(const struct redial_policy *policy, uint16_t model)
{
    if (model >= policy->model_count) return (struct redial_str){0};
    return policy->models[model].name;
}

const char *redial_version(void)
{
    return REDIAL_VERSION;
}
