#include "tests/support/small_policy.h"

static struct model models[] = {
    {.name = REDIAL_STR_INIT("claude-opus-4-6")},
    {.name = REDIAL_STR_INIT("claude-haiku-4-5")},
};

static struct platform_model anthropic_models[] = {
    {.model = 0, .id = REDIAL_STR_INIT("claude-opus-4-6")},
};
static struct platform_model bedrock_models[] = {
    {.model = 0, .id = REDIAL_STR_INIT("us.anthropic.claude-opus-4-6-v1")},
    {.model = 1, .id = REDIAL_STR_INIT("us.anthropic.claude-haiku-4-5-20251001-v1:0")},
};
static struct platform_model vertex_models[] = {
    {.model = 0, .id = REDIAL_STR_INIT("claude-opus-4-6")},
    {.model = 1,
     .id = REDIAL_STR_INIT("claude-haiku-4-5@20251001"),
     .api_version = REDIAL_STR_INIT("2026-10-21")},
};
static struct platform_model foundry_models[] = {
    {.model = 0, .id = REDIAL_STR_INIT("opus-deployment")},
};
static struct region_override vertex_regions[] = {
    {.model_glob = REDIAL_STR_INIT("*haiku*"), .region = REDIAL_STR_INIT("europe-west1")},
};

static struct key_header anthropic_keys[] = {
    {REDIAL_STR_INIT("2023-06-01"), REDIAL_STR_INIT("x-api-key")},
};
static struct key_header foundry_keys[] = {
    {REDIAL_STR_INIT(""), REDIAL_STR_INIT("x-api-key")},
};

static struct platform platforms[PLATFORM_KIND_COUNT] = {
    [PLATFORM_ANTHROPIC] =
        {.name = REDIAL_STR_INIT("anthropic"),
         .kind = PLATFORM_ANTHROPIC,
         .endpoint = REDIAL_STR_INIT("https://api.anthropic.com"),
         .api_version = REDIAL_STR_INIT("2023-06-01"),
         .key_headers = anthropic_keys,
         .key_header_count = 1,
         .models = anthropic_models,
         .model_count = 1,
         .features = {[REDIAL_FEATURE_CUSTOM_HEADERS] = {.present = true, .support = SUPPORT_FULL},
                      [REDIAL_FEATURE_CLIENT_REQUEST_ID] = {.present = true,
                                                            .support = SUPPORT_FULL}}},
    [PLATFORM_BEDROCK] =
        {.name = REDIAL_STR_INIT("bedrock"),
         .kind = PLATFORM_BEDROCK,
         .endpoint = REDIAL_STR_INIT("https://bedrock-runtime.{region}.amazonaws.com"),
         .region = REDIAL_STR_INIT("us-east-1"),
         .api_version = REDIAL_STR_INIT("bedrock-2023-05-31"),
         .models = bedrock_models,
         .model_count = 2,
         .features = {[REDIAL_FEATURE_CUSTOM_HEADERS] = {.present = true,
                                                         .support = SUPPORT_IGNORED},
                      [REDIAL_FEATURE_CLIENT_REQUEST_ID] = {.present = true,
                                                            .support = SUPPORT_NONE}}},
    [PLATFORM_VERTEX] = {.name = REDIAL_STR_INIT("vertex"),
                         .kind = PLATFORM_VERTEX,
                         .endpoint =
                             REDIAL_STR_INIT("https://{region}-aiplatform.googleapis.com/v1"),
                         .region = REDIAL_STR_INIT("us-east5"),
                         .region_overrides = vertex_regions,
                         .region_override_count = 1,
                         .api_version = REDIAL_STR_INIT("vertex-2023-10-16"),
                         .models = vertex_models,
                         .model_count = 2},
    [PLATFORM_FOUNDRY] = {.name = REDIAL_STR_INIT("foundry"),
                          .kind = PLATFORM_FOUNDRY,
                          .endpoint =
                              REDIAL_STR_INIT("https://{resource}.services.ai.azure.com/anthropic"),
                          .api_version = REDIAL_STR_INIT("2023-06-01"),
                          .key_headers = foundry_keys,
                          .key_header_count = 1,
                          .models = foundry_models,
                          .model_count = 1},
};

static struct provider providers[PLATFORM_KIND_COUNT] = {
    [PLATFORM_ANTHROPIC] = {.name = REDIAL_STR_INIT("anthropic"), .platform = PLATFORM_ANTHROPIC},
    [PLATFORM_BEDROCK] = {.name = REDIAL_STR_INIT("bedrock"), .platform = PLATFORM_BEDROCK},
    [PLATFORM_VERTEX] = {.name = REDIAL_STR_INIT("vertex"), .platform = PLATFORM_VERTEX},
    [PLATFORM_FOUNDRY] = {.name = REDIAL_STR_INIT("foundry"), .platform = PLATFORM_FOUNDRY},
};

static struct redial_policy policy = {
    .id = 1,
    .features = FEATURE_RULES_INIT,
    .models = models,
    .model_count = REDIAL_COUNT_OF(models),
    .platforms = platforms,
    .platform_count = PLATFORM_KIND_COUNT,
    .providers = providers,
    .provider_count = PLATFORM_KIND_COUNT,
};

static struct redial_str model_names[REDIAL_COUNT_OF(models)];
static uint32_t model_slots[4 * REDIAL_COUNT_OF(models)];

/* The names of the models, found by hashing as in a loaded policy. */
static void index_models(void)
{
    struct name_map *map = &policy.model_names;
    *map = (struct name_map){
        .names = model_names, .slots = model_slots, .slot_count = REDIAL_COUNT_OF(model_slots)};
    for (; map->count < REDIAL_COUNT_OF(models); map->count++) {
        size_t slot = (size_t)str_hash(models[map->count].name) & (map->slot_count - 1);
        while (model_slots[slot] != 0) slot = (slot + 1) & (map->slot_count - 1);
        model_names[map->count] = models[map->count].name;
        model_slots[slot] = (uint32_t)map->count + 1;
    }
}

const struct redial_policy *small_policy(void)
{
    if (policy.model_names.count == 0) index_models();
    return &policy;
}
