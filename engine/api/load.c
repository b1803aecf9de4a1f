/* From a file to a policy that decides: read, compile, lint, and the choice of a provider that the
 * environment makes. */
#include "api/load.h"

#include "base/environment.h"
#include "compile/compile.h"
#include "config/config.h"
#include "core/hooks.h"
#include "hooks/open.h"
#include "redial/redial.h"

static bool is_on(struct redial_str value)
{
    return str_is(value, "1") || str_eq_nocase(value, REDIAL_STR("true"));
}

/* The variables that move a client to another cloud, the first that is set decides. */
static const struct {
    const char *variable;
    enum platform_kind kind;
} choices[] = {
    {"CLAUDE_CODE_USE_BEDROCK", PLATFORM_BEDROCK},
    {"CLAUDE_CODE_USE_VERTEX", PLATFORM_VERTEX},
    {"CLAUDE_CODE_USE_FOUNDRY", PLATFORM_FOUNDRY},
};

static uint16_t provider_of_kind(const struct redial_policy *policy, enum platform_kind kind)
{
    for (size_t i = 0; i < policy->provider_count; i++)
        if (policy->platforms[policy->providers[i].platform].kind == kind) return (uint16_t)i;
    return NO_INDEX;
}

/* Falling back to another cloud here would change whose billing and compliance a call has. */
static bool no_such_provider(const char *variable, enum platform_kind kind, struct diag_list *diags)
{
    const char *platform = platform_names.rows[kind].word;
    struct diag *diag =
        diag_error(diags, "no-provider", (struct span){0},
                   "%s is set, but this policy has no provider on %s", variable, platform);
    diag_cure(diags, diag, "unset it, or add a provider with platform: %s", platform);
    return false;
}

static bool choose_provider(struct redial_policy *policy, const struct redial_env *environment,
                            struct diag_list *diags)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(choices); i++) {
        const char *variable = choices[i].variable;
        struct redial_str value = environment_get(environment, str_of(variable));
        if (!is_on(value)) continue;
        policy->default_provider = provider_of_kind(policy, choices[i].kind);
        if (policy->default_provider == NO_INDEX)
            return no_such_provider(variable, choices[i].kind, diags);
        if (arena_printf(policy->arena, &policy->default_provider_why, "%s=%.*s", variable,
                         REDIAL_STR_ARG(value)))
            return true;
        diag_out_of_memory(diags);
        return false;
    }
    policy->default_provider = provider_of_kind(policy, PLATFORM_ANTHROPIC);
    policy->default_provider_why = REDIAL_STR("the first provider on anthropic");
    if (policy->default_provider != NO_INDEX) return true;
    policy->default_provider = 0;
    policy->default_provider_why = REDIAL_STR("the first provider of the policy");
    return true;
}

/* Different for every policy of the process: a prepared event names the policy it was prepared for.
 * The one number here that varies. */
static uint32_t next_id(void)
{
    static _Atomic uint32_t last;
    uint32_t id;
    do id = ++last;
    while (id == 0);
    return id;
}

static bool finish(struct redial_policy *policy, const struct redial_env *environment,
                   struct diag_list *diags)
{
    if (!compile_policy(policy, diags) || !choose_provider(policy, environment, diags) ||
        !hooks_open(policy, diags))
        return false;
    compile_lint(policy, diags);
    policy->id = next_id();
    policy->references = 1;
    return true;
}

/* What is wrong with a policy shows in nothing but the list, so there is always one. */
struct load {
    struct diag_list *diags, *own;
    size_t errors_before;
};

static bool load_begin(struct load *load, struct diag_list *diags)
{
    load->own = diags ? NULL : diag_list_new();
    load->diags = diags ? diags : load->own;
    load->errors_before = diag_errors(load->diags);
    return load->diags != NULL;
}

static bool load_is_clean(const struct load *load)
{
    return diag_errors(load->diags) == load->errors_before && !diag_out_of_memory_seen(load->diags);
}

static struct redial_policy *load_end(struct load *load, struct redial_policy *policy,
                                      const struct redial_env *environment)
{
    bool good = policy && load_is_clean(load) && finish(policy, environment, load->diags) &&
                load_is_clean(load);
    diag_list_destroy(load->own);
    if (good || !policy) return policy;
    policy_destroy(policy);
    return NULL;
}

void policy_destroy(const struct redial_policy *policy)
{
    const struct hook_port *port = policy->hooks.port;
    if (port) port->close(port->hooks);
    arena_destroy(policy->arena);
}

struct redial_policy *policy_load(const char *path, const struct redial_env *environment,
                                  struct diag_list *diags)
{
    struct load load;
    if (!load_begin(&load, diags)) return NULL;
    return load_end(&load, config_read(path, environment, load.diags), environment);
}

struct redial_policy *policy_load_text(struct redial_str path, struct redial_str text,
                                       const struct redial_env *environment,
                                       struct diag_list *diags)
{
    struct load load;
    if (!load_begin(&load, diags)) return NULL;
    return load_end(&load, config_read_text(path, text, environment, load.diags), environment);
}
