/* What every call requires, against what platforms have and where providers keep data. */
#include "compile/lint.h"

/* With the kind of credential that has the most. */
static bool lacks(const struct redial_policy *policy, uint16_t provider,
                  enum redial_feature feature)
{
    uint16_t platform = policy->providers[provider].platform;
    enum feature_standing standing =
        policy_feature(policy, platform, feature, REDIAL_CREDENTIAL_PLATFORM);
    return standing == FEATURE_LACKED ||
           (standing == FEATURE_UNCLEAR && policy->features[feature].unknown != FEATURE_TRY);
}

static bool check_had_anywhere(const struct lint *lint, enum redial_feature feature)
{
    const struct redial_policy *policy = lint->policy;
    for (size_t i = 0; i < policy->provider_count; i++)
        if (!lacks(policy, (uint16_t)i, feature)) return true;
    struct diag *diag =
        LINT_WARN(lint, LINT_MISSING_FEATURE, policy->call.requires.span,
                  "no provider has '%s', which every call requires: all are refused",
                  redial_feature_name(feature));
    diag_cure(lint->diags, diag, "want it instead, or add a provider that has it");
    return false;
}

static void check_fallback(const struct lint *lint, uint16_t to, enum redial_feature feature)
{
    const struct redial_policy *policy = lint->policy;
    const struct provider *provider = &policy->providers[to];
    const struct feature_cell *cell = &policy->platforms[provider->platform].features[feature];
    struct redial_str name = provider->name;
    if (!lacks(policy, to, feature)) return;
    struct diag *diag = LINT_WARN(lint, LINT_FALLBACK_LACKS, policy->call.requires.span,
                                  "the fallback to '%.*s' is never taken: it lacks '%s'",
                                  REDIAL_STR_ARG(name), redial_feature_name(feature));
    if (cell->present) diag_note(lint->diags, diag, cell->span, "its platform says so");
    diag_cure(lint->diags, diag, "want it instead, or fall back elsewhere");
}

/* Bit per provider that some other one falls back to. */
static uint64_t fallbacks(const struct redial_policy *policy)
{
    uint64_t found = 0;
    for (size_t i = 0; policy->provider_fallbacks && i < policy->provider_count; i++)
        for (size_t j = 0; j < REDIAL_COUNT_OF(*policy->provider_fallbacks); j++) {
            uint16_t to = policy->provider_fallbacks[i][j];
            if (to == NO_INDEX) break;
            found |= UINT64_C(1) << to;
        }
    return found;
}

static void check_required(const struct lint *lint)
{
    uint16_t required = lint->policy->call.requires.bits;
    for (uint32_t left = required; left; left &= left - 1) {
        enum redial_feature feature = (enum redial_feature)__builtin_ctz(left);
        if (!check_had_anywhere(lint, feature)) continue;
        for (uint64_t to = fallbacks(lint->policy); to; to &= to - 1)
            check_fallback(lint, (uint16_t)__builtin_ctzll(to), feature);
    }
}

/* Some provider, with its own region or that of some model. */
static bool is_matched(const struct redial_policy *policy, const struct redial_str *glob)
{
    for (size_t i = 0; i < policy->provider_count; i++) {
        if (policy_resides(policy, (uint16_t)i, REDIAL_STR(""), glob, 1)) return true;
        for (size_t m = 0; m < policy->model_count; m++)
            if (policy_resides(policy, (uint16_t)i, policy->models[m].name, glob, 1)) return true;
    }
    return false;
}

static void check_residency(const struct lint *lint)
{
    const struct residency *residency = &lint->policy->call.residency;
    for (size_t i = 0; i < residency->count; i++) {
        struct redial_str glob = residency->globs[i];
        if (is_matched(lint->policy, &residency->globs[i])) continue;
        struct diag *diag =
            LINT_WARN(lint, LINT_RESIDENCY_UNMATCHED, residency->span,
                      "no provider keeps its data within '%.*s'", REDIAL_STR_ARG(glob));
        diag_cure(lint->diags, diag,
                  "they are called anthropic, aws:REGION, gcp:REGION, azure:REGION, or what a "
                  "provider's `residency` says");
    }
}

void lint_features(const struct lint *lint)
{
    check_required(lint);
    check_residency(lint);
}
