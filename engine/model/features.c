/* What a platform has, and where its data stays: the cells of the matrix as facts for decisions. */
#include "model/policy.h"

/* The kind of credential that each platform can refresh. */
static const enum redial_credential refreshable[PLATFORM_KIND_COUNT] = {
    [PLATFORM_ANTHROPIC] = REDIAL_CREDENTIAL_OAUTH,
    [PLATFORM_BEDROCK] = REDIAL_CREDENTIAL_AWS,
    [PLATFORM_VERTEX] = REDIAL_CREDENTIAL_GOOGLE,
    [PLATFORM_FOUNDRY] = REDIAL_CREDENTIAL_AZURE,
};

static const enum feature_standing standings[SUPPORT_COUNT] = {
    [SUPPORT_FULL] = FEATURE_HAD,        [SUPPORT_BETA] = FEATURE_HAD,
    [SUPPORT_LIMITED] = FEATURE_HAD,     [SUPPORT_NONE] = FEATURE_LACKED,
    [SUPPORT_IGNORED] = FEATURE_LACKED,  [SUPPORT_DISABLED] = FEATURE_LACKED,
    [SUPPORT_UNKNOWN] = FEATURE_UNCLEAR, [SUPPORT_DISPUTED] = FEATURE_UNCLEAR,
};

/* A call that came from another platform has the refreshable kind here. */
static bool has_credential(const struct platform *platform, const struct feature_cell *cell,
                           enum redial_credential credential)
{
    if (cell->requires == REDIAL_CREDENTIAL_PLATFORM || (int)credential == cell->requires)
        return true;
    return credential != REDIAL_CREDENTIAL_API_KEY &&
           (int)refreshable[platform->kind] == cell->requires;
}

enum feature_standing policy_feature(const struct redial_policy *policy, uint16_t platform,
                                     enum redial_feature feature, enum redial_credential credential)
{
    const struct platform *of = &policy->platforms[platform];
    const struct feature_cell *cell = &of->features[feature];
    if (!cell->present) return FEATURE_UNCLEAR;
    if (!has_credential(of, cell, credential)) return FEATURE_LACKED;
    return standings[cell->support];
}

bool policy_feature_goes(const struct redial_policy *policy, uint16_t platform,
                         enum redial_feature feature)
{
    enum feature_standing standing =
        policy_feature(policy, platform, feature, REDIAL_CREDENTIAL_PLATFORM);
    return standing == FEATURE_HAD ||
           (standing == FEATURE_UNCLEAR && policy->features[feature].unknown == FEATURE_TRY);
}

/* ---- Where data stays */

static const struct region_override *find_override(const struct platform *platform,
                                                   struct redial_str model)
{
    for (size_t i = 0; i < platform->region_override_count; i++) {
        const struct region_override *override = &platform->region_overrides[i];
        if (override->region.len > 0 && glob_match(override->model_glob, model)) return override;
    }
    return NULL;
}

struct redial_str policy_region(const struct redial_policy *policy, uint16_t provider,
                                struct redial_str model)
{
    const struct provider *of = &policy->providers[provider];
    const struct platform *platform = &policy->platforms[of->platform];
    const struct region_override *override = find_override(platform, model);
    if (override) return override->region;
    return of->region.len > 0 ? of->region : platform->region;
}

#define RESIDENCY_BYTES_MAX 128u /* a longer one is no region's, and lies nowhere */

static void put(char *out, size_t *len, struct redial_str text)
{
    for (size_t i = 0; i < text.len; i++, ++*len)
        if (*len < RESIDENCY_BYTES_MAX) out[*len] = text.ptr[i];
}

static struct redial_str residency(const struct redial_policy *policy, uint16_t provider,
                                   struct redial_str model, char out[RESIDENCY_BYTES_MAX])
{
    static const char *const clouds[PLATFORM_KIND_COUNT] = {
        [PLATFORM_ANTHROPIC] = "anthropic",
        [PLATFORM_BEDROCK] = "aws",
        [PLATFORM_VERTEX] = "gcp",
        [PLATFORM_FOUNDRY] = "azure",
    };
    const struct provider *of = &policy->providers[provider];
    const struct platform *platform = &policy->platforms[of->platform];
    struct redial_str region = policy_region(policy, provider, model);
    size_t len = 0;
    if (of->residency.len > 0 && !find_override(platform, model)) return of->residency;
    put(out, &len, str_of(clouds[platform->kind]));
    if (region.len > 0 && platform->kind != PLATFORM_ANTHROPIC) {
        put(out, &len, REDIAL_STR(":"));
        put(out, &len, region);
    }
    return (struct redial_str){out, len <= RESIDENCY_BYTES_MAX ? len : 0};
}

bool policy_resides(const struct redial_policy *policy, uint16_t provider, struct redial_str model,
                    const struct redial_str globs[], size_t count)
{
    char buffer[RESIDENCY_BYTES_MAX];
    struct redial_str where = residency(policy, provider, model, buffer);
    for (size_t i = 0; i < count; i++)
        if (where.len > 0 && glob_match(globs[i], where)) return true;
    return false;
}
