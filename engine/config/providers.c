/* `providers`, `fallback`, `call` and `lint`: the short sections of a policy. */
#include "config/features.h"
#include "config/reader.h"

/* ---- Providers */

static bool read_platform_name(struct reading *reading, const struct node *value, void *target)
{
    uint16_t *platform = target;
    *platform = config_platform(config_of(reading), value);
    return *platform != NO_INDEX;
}

static const struct key provider_keys[] = {
    {"platform", read_platform_name, offsetof(struct provider, platform), "what kind it is",
     "name of a platform", true},
    {"region", read_region_name, offsetof(struct provider, region), "where its calls land", "text",
     false},
    {"surface", read_surface, 0, "Bedrock: which of its two is asked; invoke unless said",
     "invoke or mantle", false},
    {"base_url", read_base_url, offsetof(struct provider, base_url), "where it is", "URL", false},
    {"project", read_region_name, offsetof(struct provider, project), "Vertex: whose project it is",
     "text", false},
    {"residency", read_text, offsetof(struct provider, residency), "where its data stays", "text",
     false},
};
static const struct keys provider_table = {"a provider", provider_keys,
                                           REDIAL_COUNT_OF(provider_keys)};

bool read_providers(struct reading *reading, const struct node *value, void *target)
{
    struct config *config = config_of(reading);
    struct redial_policy *policy = target;
    if (value->kind != NODE_MAPPING || value->count == 0)
        return reading_unexpected(reading, value, "named providers: {main: {platform: anthropic}}");
    if (config->providers.count != value->count) return false; /* too many: said when declared */
    policy->providers = ARENA_ARRAY(reading->arena, struct provider, value->count);
    if (!policy->providers) return reading_out_of_memory(reading);
    policy->provider_count = value->count;
    bool right = true;
    for (size_t i = 0; i < value->count; i++) {
        struct provider *provider = &policy->providers[i];
        provider->span = value->keys[i]->span;
        right = read_name(reading, value->keys[i], &provider->name) && right;
        right = keys_read(reading, &provider_table, value->values[i], provider) && right;
    }
    return right;
}

bool config_default_providers(struct config *config)
{
    struct redial_policy *policy = config->policy;
    struct arena *arena = config->reading.arena;
    policy->providers = ARENA_ARRAY(arena, struct provider, policy->platform_count);
    if (!policy->providers) return reading_out_of_memory(&config->reading);
    for (size_t i = 0; i < policy->platform_count; i++) {
        policy->providers[i] = (struct provider){.name = policy->platforms[i].name,
                                                 .platform = (uint16_t)i,
                                                 .span = policy->platforms[i].span};
        size_t number;
        bool is_new;
        if (!name_map_add(&config->providers, arena, policy->platforms[i].name, &number, &is_new))
            return reading_out_of_memory(&config->reading);
    }
    policy->provider_count = policy->platform_count;
    return true;
}

/* ---- Fallback */

static bool reads_as_candidates(struct reading *reading, const struct node *value)
{
    if (value->kind == NODE_MAPPING) return true;
    return reading_unexpected(reading, value, "candidates by name: {first: [second, third]}");
}

/* Candidates are kept by model once all of them are numbered: see config_fallback_models. */
static bool read_model_candidates(struct reading *reading, const struct node *value,
                                  struct model *model)
{
    struct config *config = config_of(reading);
    size_t count = items_count(value);
    model->fallbacks = ARENA_ARRAY(reading->arena, uint16_t, count);
    if (!model->fallbacks) return reading_out_of_memory(reading);
    model->fallback_span = value->span;
    bool right = true;
    for (size_t i = 0; i < count; i++) {
        model->fallbacks[i] = config_model(config, items_at(value, i));
        right = model->fallbacks[i] != NO_INDEX && right;
    }
    model->fallback_count = right ? count : 0;
    return right;
}

static bool read_fallback_models(struct reading *reading, const struct node *value, void *target)
{
    (void)target;
    struct config *config = config_of(reading);
    struct redial_policy *policy = config->policy;
    if (!reads_as_candidates(reading, value)) return false;
    bool right = true;
    for (size_t i = 0; i < value->count; i++) {
        right = config_model(config, value->keys[i]) != NO_INDEX && right;
        for (size_t j = 0; j < items_count(value->values[i]); j++)
            right = config_model(config, items_at(value->values[i], j)) != NO_INDEX && right;
    }
    if (!right) return false;
    policy->model_count = config->models.count;
    policy->models = ARENA_ARRAY(reading->arena, struct model, policy->model_count);
    if (!policy->models) return reading_out_of_memory(reading);
    for (size_t i = 0; i < value->count; i++) {
        uint16_t number = config_model(config, value->keys[i]);
        right = read_model_candidates(reading, value->values[i], &policy->models[number]) && right;
    }
    return right;
}

#define PROVIDER_CANDIDATES_MAX REDIAL_COUNT_OF(*((struct redial_policy *)0)->provider_fallbacks)

static bool read_provider_candidates(struct reading *reading, const struct node *value,
                                     uint16_t candidates[])
{
    struct config *config = config_of(reading);
    if (items_count(value) > PROVIDER_CANDIDATES_MAX) {
        diag_error(reading->diags, "too-many", value->span, "more than %zu candidates",
                   PROVIDER_CANDIDATES_MAX);
        return false;
    }
    bool right = true;
    for (size_t i = 0; i < items_count(value); i++) {
        candidates[i] = config_find(config, &config->providers, "provider", items_at(value, i));
        right = candidates[i] != NO_INDEX && right;
    }
    return right;
}

static bool read_fallback_providers(struct reading *reading, const struct node *value, void *target)
{
    (void)target;
    struct config *config = config_of(reading);
    struct redial_policy *policy = config->policy;
    if (!reads_as_candidates(reading, value)) return false;
    policy->provider_fallbacks =
        arena_alloc(reading->arena, config->providers.count, sizeof *policy->provider_fallbacks);
    if (!policy->provider_fallbacks) return reading_out_of_memory(reading);
    for (size_t i = 0; i < config->providers.count; i++)
        for (size_t j = 0; j < PROVIDER_CANDIDATES_MAX; j++)
            policy->provider_fallbacks[i][j] = NO_INDEX;
    bool right = true;
    for (size_t i = 0; i < value->count; i++) {
        uint16_t number = config_find(config, &config->providers, "provider", value->keys[i]);
        right = number != NO_INDEX &&
                read_provider_candidates(reading, value->values[i],
                                         policy->provider_fallbacks[number]) &&
                right;
    }
    return right;
}

static const struct key fallback_keys[] = {
    {"models", read_fallback_models, 0, "which models to go on with, in order, each once per call",
     "mapping of a model to its candidates", false},
    {"providers", read_fallback_providers, 0,
     "which providers to go on with; billing and residency change with them",
     "mapping of a provider to its candidates", false},
};
static const struct keys fallback_table = {"fallback", fallback_keys,
                                           REDIAL_COUNT_OF(fallback_keys)};

bool read_fallback(struct reading *reading, const struct node *value, void *target)
{
    return keys_read(reading, &fallback_table, value, target);
}

/* ---- Call */

static bool read_query(struct reading *reading, const struct node *value, void *target)
{
    struct redial_policy *policy = target;
    int row;
    if (!read_word(reading, value, &query_names, &row)) return false;
    policy->call.query = (enum redial_query)row;
    return true;
}

/* A timeout of 0 would end every attempt before it began. */
static bool read_timeout(struct reading *reading, const struct node *value, void *target)
{
    int64_t *timeout = target;
    if (!read_duration(reading, value, timeout)) return false;
    return *timeout > 0 || reading_unexpected(reading, value, "a duration above 0");
}

static const struct key call_keys[] = {
    {"query", read_query, 0, "whether a person waits, unless the caller says",
     "foreground or background", false},
    {"attempt_timeout", read_timeout, offsetof(struct redial_policy, call.attempt_timeout),
     "the longest time for one attempt", "duration", false},
    {"idle_timeout", read_timeout, offsetof(struct redial_policy, call.idle_timeout),
     "the longest silence within a streamed reply", "duration", false},
    {"wants", read_feature_set, offsetof(struct redial_policy, call.wants),
     "what it would like, and `features` says what becomes of it", "list of features", false},
    {"requires", read_feature_set, offsetof(struct redial_policy, call.requires),
     "what it does not go without", "list of features", false},
    {"residency", read_residency, offsetof(struct redial_policy, call.residency),
     "where its data may be; a provider outside is never taken", "list of patterns", false},
};
static const struct keys call_table = {"call", call_keys, REDIAL_COUNT_OF(call_keys)};

bool read_call(struct reading *reading, const struct node *value, void *target)
{
    return keys_read(reading, &call_table, value, target);
}

/* ---- Lint */

static bool read_ignores(struct reading *reading, const struct node *value, void *target)
{
    struct redial_policy *policy = target;
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "codes with the reason: {hot-loop: why}");
    policy->lint_ignores = ARENA_ARRAY(reading->arena, struct lint_ignore, value->count);
    if (!policy->lint_ignores) return reading_out_of_memory(reading);
    policy->lint_ignore_count = value->count;
    bool right = true;
    for (size_t i = 0; i < value->count; i++) {
        struct lint_ignore *ignore = &policy->lint_ignores[i];
        ignore->span = value->keys[i]->span;
        right = read_text(reading, value->keys[i], &ignore->code) &&
                read_text(reading, value->values[i], &ignore->reason) && right;
    }
    return right;
}

static bool read_outer_retries(struct reading *reading, const struct node *value, void *target)
{
    struct redial_policy *policy = target;
    size_t count = items_count(value);
    policy->outer_retry_span = value->span;
    if (count > OUTER_RETRIES_MAX) {
        diag_error(reading->diags, "too-many", value->span, "more than %d layers of retries",
                   OUTER_RETRIES_MAX);
        return false;
    }
    bool right = true;
    for (size_t i = 0; i < count; i++) {
        int64_t retries = 0;
        right = read_whole(reading, items_at(value, i), 0, 1000, &retries) && right;
        policy->outer_retries[i] = (int32_t)retries;
    }
    policy->outer_retry_count = right ? count : 0;
    return right;
}

static const struct key lint_keys[] = {
    {"outer_retries", read_outer_retries, 0, "retries of each layer around the calls: SDK, app",
     "list of numbers", false},
    {"ignore", read_ignores, 0, "warnings that are meant to be so, each with the reason",
     "mapping of codes to reasons", false},
};
static const struct keys lint_table = {"lint", lint_keys, REDIAL_COUNT_OF(lint_keys)};

bool read_lint(struct reading *reading, const struct node *value, void *target)
{
    return keys_read(reading, &lint_table, value, target);
}

/* ---- Shapes */

const struct shape fallback_shape = AS_KEYS(fallback_table);

const struct shape_row provider_shapes[] = {
    {read_platform_name, AS_WORD(platform_names)},
    {read_providers, AS_NAMED(AS_KEYS(provider_table))},
    {read_fallback_models, AS_NAMED(AS_ITEMS(AS_TEXT))},
    {read_fallback_providers, AS_NAMED(AS_ITEMS(AS_TEXT))},
    {read_query, AS_WORD(query_names)},
    {read_timeout, AS_DURATION},
    {read_call, AS_KEYS(call_table)},
    {read_ignores, AS_NAMED(AS_TEXT)},
    {read_lint, AS_KEYS(lint_table)},
    {read_outer_retries, AS_ITEMS(AS_WHOLE(0, 1000))},
    {0},
};
