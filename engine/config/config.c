/* From a path to a model: the policy file, the files it uses, and the order in which they are
 * read — names first, then the sections, then what changes or refers to all of them. */
#include "config/config.h"

#include <string.h>

#include "config/betas.h"
#include "config/features.h"
#include "config/files.h"
#include "config/schema.h"

/* ---- The sections of a file */

static bool read_version(struct reading *reading, const struct node *value, void *target)
{
    (void)target;
    if (value->kind == NODE_SCALAR && str_is(value->text, "1")) return true;
    struct redial_str written = node_written(value);
    struct diag *diag =
        diag_error(reading->diags, "bad-version", value->span,
                   "format version '%.*s' is not known here", REDIAL_STR_ARG(written));
    diag_cure(reading->diags, diag, "this program reads version 1");
    return false;
}

/* Read apart from the rest, before or after it: the row only declares the key. */
static bool read_elsewhere(struct reading *reading, const struct node *value, void *target)
{
    (void)reading;
    (void)value;
    (void)target;
    return true;
}

static bool keep_fallback(struct reading *reading, const struct node *value, void *target)
{
    (void)target;
    config_of(reading)->fallback = value;
    return true;
}

static bool keep_modes(struct reading *reading, const struct node *value, void *target)
{
    (void)target;
    config_of(reading)->modes = value;
    return true;
}

static const struct key policy_keys[] = {
    {"redial", read_version, 0, "format version", "1", true},
    {"name", read_name, offsetof(struct redial_policy, name), "what reports call it", "text",
     false},
    {"about", read_text, offsetof(struct redial_policy, about), "what it is for", "text", false},
    {"extends", read_elsewhere, 0, "the policy that this one builds on, changing named parts",
     "path", false},
    {"uses", read_elsewhere, 0, "files that describe platforms, relative to this one",
     "list of paths", false},
    {"call", read_call, 0, "what holds for a call unless the caller says otherwise",
     "{query, attempt_timeout, idle_timeout, wants, requires, residency}", false},
    {"limits", read_limits, offsetof(struct redial_policy, variants[VARIANT_PLAIN].limits),
     "what bounds every call", "{retries, attempts, deadline}", false},
    {"backoff", read_backoffs, 0, "named ways to wait; the first is the step `backoff`",
     "mapping of names to backoffs", false},
    {"rules", read_rules, 0, "what to do, the first that matches decides", "list of rules", true},
    {"fallback", keep_fallback, 0, "what to go on with", "{models, providers}", false},
    {"providers", read_providers, 0,
     "configured uses of a platform; without this, one of each by its own name",
     "mapping of names to providers", false},
    {"hooks", read_hooks, 0, "functions of a sandboxed Lua file",
     "{file, classify, delay, choose, adapt, compact, on_error, budget}", false},
    {"modes", keep_modes, 0, "variations of the policy", "{unattended, fast}", false},
    {"budgets", read_budgets, 0, "how many retries all calls together may take",
     "mapping of names to budgets", false},
    {"breakers", read_breakers, 0, "stop sending where it fails", "mapping of names to breakers",
     false},
    {"cooldowns", read_cooldowns, 0, "what the step `cooldown` leaves alone for a while",
     "mapping of names to cooldowns", false},
    {"limiters", read_limiters, 0, "send no faster than the server takes it",
     "mapping of names to limiters", false},
    {"transport", read_transport, 0, "what a broken attempt means, on any platform",
     "list of {class, when}", false},
    {"classify", read_transport, 0, "what a reply means on any platform, after its own rows",
     "list of {class, when}", false},
    {"platforms", read_platforms, 0, "what the platforms are", "mapping of names to platforms",
     false},
    {"features", read_feature_rules, 0, "when the platform of a call lacks what the call wants",
     "mapping of features to {missing, unknown}", false},
    {"lint", read_lint, 0, "warnings that are meant to be so", "{ignore}", false},
};
static const struct keys policy_table = {"a policy", policy_keys, REDIAL_COUNT_OF(policy_keys)};

static const struct key used_keys[] = {
    {"redial", read_version, 0, "format version", "1", true},
    {"about", read_elsewhere, 0, "what it is for", "text", false},
    {"transport", read_transport, 0, "what a broken attempt means, on any platform",
     "list of {class, when}", false},
    {"classify", read_transport, 0, "what a reply means on any platform, after its own rows",
     "list of {class, when}", false},
    {"platforms", read_platforms, 0, "what the platforms are", "mapping of names to platforms",
     false},
};
static const struct keys used_table = {"a file that a policy uses", used_keys,
                                       REDIAL_COUNT_OF(used_keys)};

/* ---- The order */

static bool declare(struct config *config, const struct files *files)
{
    bool right = config_declare_names(config, files->list[0].tree);
    for (size_t i = 0; i < files->count; i++)
        if (files->list[i].tree)
            right = config_declare_platforms(config, node_get(files->list[i].tree, "platforms")) &&
                    right;
    return right;
}

static bool has_platforms(struct config *config, const struct files *files)
{
    if (config->policy->platform_count > 0) return true;
    const struct node *tree = files->list[0].tree;
    const struct node *uses = node_get(tree, "uses");
    struct diag *diag = diag_error(config->reading.diags, "no-platform",
                                   uses ? uses->span : tree->span, "no platform is described");
    diag_cure(config->reading.diags, diag, "add uses: [platforms.yaml]");
    return false;
}

/* Every model that any file names gets its row; the ones that a fallback names have theirs. */
static bool take_models(struct config *config)
{
    struct redial_policy *policy = config->policy;
    size_t count = config->models.count;
    struct model *models = ARENA_ARRAY(config->reading.arena, struct model, count);
    if (!models) return reading_out_of_memory(&config->reading);
    for (size_t i = 0; i < policy->model_count; i++) models[i] = policy->models[i];
    for (size_t i = 0; i < count; i++) models[i].name = config->models.names[i];
    policy->models = models;
    policy->model_count = count;
    return true;
}

static void take_names(struct config *config)
{
    struct redial_policy *policy = config->policy;
    policy->symbols = config->symbols;
    policy->model_names = config->models;
}

static bool take_sources(struct config *config, const struct files *files)
{
    struct redial_policy *policy = config->policy;
    policy->sources = ARENA_ARRAY(config->reading.arena, const struct source *, files->count + 1);
    if (!policy->sources) return reading_out_of_memory(&config->reading);
    for (size_t i = 0; i < files->count; i++) policy->sources[i] = files->list[i].source;
    policy->source_count = files->count;
    if (policy->hooks.source) policy->sources[policy->source_count++] = policy->hooks.source;
    return true;
}

static bool read_sections(struct config *config, const struct files *files)
{
    struct reading *reading = &config->reading;
    struct redial_policy *policy = config->policy;
    if (!node_get(files->list[0].tree, "providers") && !config_default_providers(config))
        return false;
    policy->providers_given = node_get(files->list[0].tree, "providers");
    bool right = keys_read(reading, &policy_table, files->list[0].tree, policy);
    for (size_t i = 1; i < files->count; i++)
        if (files->list[i].tree)
            right = keys_read(reading, &used_table, files->list[i].tree, policy) && right;
    if (config->fallback) right = read_fallback(reading, config->fallback, policy) && right;
    if (config->modes && policy->variants[VARIANT_PLAIN].rules)
        right = read_modes(reading, config->modes, policy) && right;
    right = config_check_hooks(config) && right;
    return has_platforms(config, files) && right;
}

/* "policies/claude-code.yaml" → "claude-code", for a policy that does not say its name. */
static struct redial_str name_of_path(struct redial_str path)
{
    for (size_t i = path.len; i > 0; i--)
        if (path.ptr[i - 1] == '/') {
            path = str_skip(path, i);
            break;
        }
    size_t dot = str_find(path, REDIAL_STR("."));
    return dot == SIZE_MAX || dot == 0 ? path : str_take(path, dot);
}

static bool is_on(struct redial_str value)
{
    return str_is(value, "1") || str_eq_nocase(value, REDIAL_STR("true"));
}

/* The first variable that switches the mode on decides, and is remembered for `explain`. */
static bool choose_variant(struct config *config)
{
    struct redial_policy *policy = config->policy;
    for (size_t i = 0; i < policy->unattended_env_count; i++) {
        struct redial_str name = policy->unattended_env[i];
        struct redial_str value = environment_get(config->environment, name);
        if (!is_on(value)) continue;
        policy->default_variant = VARIANT_UNATTENDED;
        return arena_printf(config->reading.arena, &policy->default_variant_why, "%.*s=%.*s",
                            REDIAL_STR_ARG(name), REDIAL_STR_ARG(value)) ||
               reading_out_of_memory(&config->reading);
    }
    return true;
}

static void read_policy(struct config *config, const struct source *source)
{
    struct redial_policy *policy = config->policy;
    struct files files = {0};
    policy->path = source->path;
    policy->name = name_of_path(source->path);
    if (!files_read(config, &files, source)) return;
    if (!declare(config, &files)) return;
    read_sections(config, &files);
    if (!take_models(config) || !take_sources(config, &files)) return;
    take_names(config);
    choose_variant(config);
}

/* ---- Beginning */

static struct redial_policy *policy_new(struct arena *arena)
{
    struct redial_policy *policy = ARENA_NEW(arena, struct redial_policy);
    if (!policy) return NULL;
    policy->arena = arena;
    policy->call.attempt_timeout = 10 * NS_PER_MINUTE;
    policy->call.idle_timeout = 5 * NS_PER_MINUTE;
    static const struct feature_rule usual[] = FEATURE_RULES_INIT;
    _Static_assert(sizeof usual == sizeof policy->features, "a rule per feature");
    memcpy(policy->features, usual, sizeof usual);
    policy->variants[VARIANT_PLAIN].present = true;
    policy->variants[VARIANT_PLAIN].name = REDIAL_STR("plain");
    policy->variants[VARIANT_PLAIN].limits = LIMITS_INIT;
    config_hooks_init(&policy->hooks);
    policy->variants[VARIANT_PLAIN].heartbeat = DURATION_MAX;
    policy->platforms = ARENA_ARRAY(arena, struct platform, PLATFORM_KIND_COUNT);
    return policy->platforms ? policy : NULL;
}

static struct redial_policy *read_source(struct arena *arena, const struct source *source,
                                         const struct redial_env *environment,
                                         struct diag_list *diags)
{
    struct arena *nodes = arena_new();
    struct redial_policy *policy = nodes ? policy_new(arena) : NULL;
    if (policy) {
        struct config config = {.reading = {.arena = arena, .diags = diags},
                                .policy = policy,
                                .environment = environment,
                                .nodes = nodes};
        config.reading.context = &config;
        read_policy(&config, source);
    } else {
        diag_out_of_memory(diags);
        arena_destroy(arena);
    }
    arena_destroy(nodes);
    return policy;
}

struct redial_policy *config_read(const char *path, const struct redial_env *environment,
                                  struct diag_list *diags)
{
    struct arena *arena = arena_new();
    if (!arena) {
        diag_out_of_memory(diags);
        return NULL;
    }
    const struct source *source = source_read(arena, path, diags);
    if (source) return read_source(arena, source, environment, diags);
    arena_destroy(arena);
    return NULL;
}

struct redial_policy *config_read_text(struct redial_str path, struct redial_str text,
                                       const struct redial_env *environment,
                                       struct diag_list *diags)
{
    struct arena *arena = arena_new();
    if (!arena) {
        diag_out_of_memory(diags);
        return NULL;
    }
    const struct source *source = source_of(arena, path, text, diags);
    if (source) return read_source(arena, source, environment, diags);
    arena_destroy(arena);
    return NULL;
}

/* ---- Shapes */

static const struct shape_row file_shapes[] = {
    {read_version, AS_EXACTLY("1")},
    {read_elsewhere, AS_ITEMS(AS_TEXT)},
    {keep_fallback, {.kind = SHAPE_SAME, .of = &fallback_shape}},
    {keep_modes, {.kind = SHAPE_SAME, .of = &modes_shape}},
    {0},
};

static const struct schema_root roots[] = {
    {&policy_table, "extends", true},
    {&policy_table, "rules", false},
    {&used_table, NULL, false},
};
static const struct shape_row *const shapes[] = {
    value_shapes,     name_shapes,     file_shapes,     rule_shapes,    step_shapes,
    condition_shapes, bound_shapes,    backoff_shapes,  jitter_shapes,  hint_shapes,
    budget_shapes,    guard_shapes,    fast_shapes,     feature_shapes, hook_shapes,
    provider_shapes,  platform_shapes, endpoint_shapes, beta_shapes,    NULL,
};
const struct schema policy_schema = {
    .id = "policies/policy.schema.json",
    .title = "Redial policy",
    .about = "What to do when a provider fails, and the files that say what the platforms are",
    .roots = roots,
    .root_count = REDIAL_COUNT_OF(roots),
    .shapes = shapes,
    .environment = true,
};
