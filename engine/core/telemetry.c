#include "core/telemetry.h"

#include "core/engine.h"

void telemetry_emit(const struct turn *turn, const struct telemetry_origin *origin)
{
    const struct redial_policy *policy = turn->policy;
    const struct redial_engine *engine = turn->call->engine;
    const struct redial_decision *decision = turn->decision;
    if (!policy_feature_goes(policy, origin->platform, REDIAL_FEATURE_TELEMETRY)) return;
    struct redial_telemetry record = {
        .provider = policy->providers[origin->provider].name,
        .model = origin->model,
        .rule = decision->rule == NO_INDEX ? (struct redial_str){"", 0}
                                           : turn->variant->rules[decision->rule].name,
        .class = decision->class,
        .status = turn->event->status,
        .attempt = origin->attempt,
        .duration = turn->now - origin->sent_at,
        .delay = decision->kind == REDIAL_DECISION_WAIT ? decision->delay : 0,
    };
    engine->telemetry(engine->telemetry_context, &record);
}
