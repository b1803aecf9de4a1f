#include "core/capability.h"

/* Sets of features. */
struct outcome {
    uint16_t dropped;
    uint16_t refused;  /* the call does not go on there */
    uint16_t rerouted; /* likewise, but it may look for another provider */
};

static enum feature_answer answer_of(const struct redial_call *call, enum redial_feature feature,
                                     enum feature_standing standing)
{
    const struct feature_rule *rule = &call->policy->features[feature];
    bool is_required = call->requires & REDIAL_FEATURE_BIT(feature);
    int answer = standing == FEATURE_LACKED ? rule->missing : rule->unknown;
    if (is_required && (answer == FEATURE_DROP || answer == FEATURE_SILENCE)) return FEATURE_REFUSE;
    return (enum feature_answer)answer;
}

static enum feature_standing standing_of(const struct redial_call *call, uint16_t provider,
                                         struct redial_str model, enum redial_feature feature)
{
    bool stays =
        feature != REDIAL_FEATURE_DATA_RESIDENCY || call->residency_count == 0 ||
        policy_resides(call->policy, provider, model, call->residency, call->residency_count);
    if (!stays) return FEATURE_LACKED;
    return policy_feature(call->policy, call->policy->providers[provider].platform, feature,
                          (enum redial_credential)call->credential_kind);
}

static struct outcome look_at(const struct redial_call *call, uint16_t provider,
                              struct redial_str model)
{
    struct outcome outcome = {0};
    uint16_t *const sets[FEATURE_ANSWER_COUNT] = {
        [FEATURE_DROP] = &outcome.dropped,
        [FEATURE_SILENCE] = &outcome.dropped,
        [FEATURE_REFUSE] = &outcome.refused,
        [FEATURE_REROUTE] = &outcome.rerouted,
    };
    for (uint32_t left = call->wants; left; left &= left - 1) {
        enum redial_feature feature = (enum redial_feature)__builtin_ctz(left);
        enum feature_standing standing = standing_of(call, provider, model, feature);
        if (standing == FEATURE_HAD) continue;
        uint16_t *set = sets[answer_of(call, feature, standing)];
        if (set) *set |= REDIAL_FEATURE_BIT(feature);
    }
    return outcome;
}

static bool pass_over(struct turn *turn, uint16_t provider, uint16_t lacking)
{
    turn->decision->passed_over |= UINT64_C(1) << provider;
    turn->decision->lacking |= lacking;
    return false;
}

bool capability_allows_provider(struct turn *turn, uint16_t provider)
{
    if (turn->call->wants == 0) return true;
    struct outcome outcome = look_at(turn->call, provider, turn->call->model);
    uint16_t lacking = outcome.refused | outcome.rerouted;
    return lacking == 0 || pass_over(turn, provider, lacking);
}

bool capability_allows_model(struct turn *turn, uint16_t model)
{
    const struct redial_call *call = turn->call;
    if (call->wants == 0) return true;
    struct outcome outcome = look_at(call, call->provider, turn->policy->models[model].name);
    uint16_t lacking = outcome.refused | outcome.rerouted;
    if (lacking == 0) return true;
    turn->decision->passed_model = model;
    return pass_over(turn, call->provider, lacking);
}

void capability_settle(struct turn *turn)
{
    struct redial_call *call = turn->call;
    if (call->wants == 0) return;
    uint16_t dropped = look_at(call, call->provider, call->model).dropped;
    bool moved = turn->decision->from_provider != call->provider;
    if (moved || dropped != call->dropped) turn->decision->dropped = dropped;
    call->dropped = dropped;
}

/* The first leg has sent nothing, so moving it begins no other. */
static bool reroute(struct turn *turn)
{
    struct redial_call *call = turn->call;
    const struct redial_policy *policy = turn->policy;
    for (size_t i = 0;
         policy->provider_fallbacks && i < REDIAL_COUNT_OF(*policy->provider_fallbacks); i++) {
        uint16_t candidate = policy->provider_fallbacks[call->provider][i];
        if (candidate == NO_INDEX) break;
        if (!capability_allows_provider(turn, candidate)) continue;
        call->providers_tried |= UINT64_C(1) << candidate;
        call->provider = candidate;
        call->platform = policy->providers[candidate].platform;
        return true;
    }
    return false;
}

bool capability_begin(struct turn *turn)
{
    struct redial_call *call = turn->call;
    if (call->wants == 0) return true;
    struct outcome outcome = look_at(call, call->provider, call->model);
    uint16_t lacking = outcome.refused | outcome.rerouted;
    if (lacking) pass_over(turn, call->provider, lacking);
    if (outcome.refused || (outcome.rerouted && !reroute(turn))) {
        turn_finish(turn, REDIAL_REASON_REFUSED_FEATURE);
        return false;
    }
    capability_settle(turn);
    return true;
}
