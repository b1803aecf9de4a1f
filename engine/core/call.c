/* A call as a state machine: state × event, no empty cell. What cannot happen is written down as
 * `misuse`; what is merely late (an answer that crossed a timeout, a timer after a cancel) as
 * `late`. */
#include "core/capability.h"
#include "core/consult.h"
#include "core/engine.h"
#include "core/guards.h"
#include "core/telemetry.h"

void turn_enter(struct turn *turn, enum redial_state state)
{
    turn->call->state = (uint8_t)state;
}

void turn_finish(struct turn *turn, enum redial_reason reason)
{
    struct redial_call *call = turn->call;
    call->reason = (uint8_t)reason;
    turn->decision->kind = REDIAL_DECISION_FINISH;
    turn->decision->reason = (uint8_t)reason;
    turn_enter(turn, REDIAL_STATE_FINISHED);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* A retry counts when it is sent: under its rule, if a rule sends it. The first send of a leg is
 * none. */
static void count_retry(struct turn *turn)
{
    struct redial_call *call = turn->call;
    const struct rule *rule = turn_rule(turn);
    for (uint16_t i = 0; rule && i < call->rules_fired; i++)
        if (call->rule_counts[i].counted_as == rule->counted_as &&
            call->rule_counts[i].retries < INT32_MAX)
            call->rule_counts[i].retries++;
    call->leg_retries++;
    call->retries++;
}

void turn_send(struct turn *turn)
{
    struct redial_call *call = turn->call;
    if (turn->now >= call->deadline_at) {
        turn_finish(turn, REDIAL_REASON_DEADLINE);
        return;
    }
    if (!guards_gate(turn)) return;
    if (consult_failed(turn)) {
        turn_finish(turn, REDIAL_REASON_HOOK_FAILED);
        return;
    }
    speed_choose(turn);
    if (call->leg_sent) count_retry(turn);
    struct redial_decision *decision = turn->decision;
    decision->kind = REDIAL_DECISION_SEND;
    decision->restart = call->delivered;
    decision->fresh_connection = call->fresh_connection;
    call->attempts++;
    call->sent_at = turn->now;
    call->leg_sent = true;
    call->delivered = false;
    call->fresh_connection = false;
    decision->attempt = call->attempts;
    decision->abort_at =
        earlier(duration_add(turn->now, turn->policy->call.attempt_timeout), call->deadline_at);
    decision->idle_timeout = turn->policy->call.idle_timeout;
    decision->max_tokens = call->max_tokens;
    turn_enter(turn, REDIAL_STATE_SENDING);
}

static void start(struct turn *turn)
{
    turn_choose(turn);
    if (!capability_begin(turn)) return;
    consult_request(turn);
    guards_enter(turn);
    turn_send(turn);
}

static void deliver(struct turn *turn)
{
    turn->call->delivered = true;
    turn_enter(turn, REDIAL_STATE_STREAMING);
}

static void cancel(struct turn *turn)
{
    struct redial_call *call = turn->call;
    bool cut_short = call->state == REDIAL_STATE_WAITING && call->wake_at > turn->now;
    if (cut_short) call->waited -= call->wake_at - turn->now;
    turn_finish(turn, REDIAL_REASON_CANCELLED);
}

static void late(struct turn *turn)
{
    (void)turn; /* the decision stays NOTHING */
}

static void misuse(struct turn *turn)
{
    turn->decision->kind = REDIAL_DECISION_MISUSE;
}

int64_t turn_next_sign(const struct turn *turn)
{
    return earlier(turn->call->wake_at, duration_add(turn->now, turn->variant->heartbeat));
}

static void wake(struct turn *turn)
{
    struct redial_call *call = turn->call;
    if (turn->now < call->wake_at) { /* early, or as a sign of life: wait for the rest */
        turn->decision->kind = REDIAL_DECISION_WAIT;
        turn->decision->wait = REDIAL_WAIT_REST;
        turn->decision->delay = call->wake_at - turn->now;
        turn->decision->wake_at = turn_next_sign(turn);
    } else if (call->gated) {
        call->gated = false;
        turn_send(turn);
    } else {
        turn_run_steps(turn);
    }
}

static void repaired(struct turn *turn)
{
    struct redial_call *call = turn->call;
    if (call->repair == REDIAL_STEP_REFRESH) call->credential++;
    if (call->repair == REDIAL_STEP_COMPACT && turn->event->compacted_tokens > 0) {
        call->input_tokens = turn->event->compacted_tokens;
        call->failed_input_tokens = 0; /* the size that the failure told is no longer true */
    }
    turn_run_steps(turn);
}

/* The deadline bounds repairs too: a token server that hangs does not hold the caller. */
static void repair_late(struct turn *turn)
{
    if (turn->now >= turn->call->deadline_at) turn_finish(turn, REDIAL_REASON_DEADLINE);
}

static void repair_failed(struct turn *turn)
{
    turn_finish(turn, REDIAL_REASON_REPAIR_FAILED);
}

typedef void step_fn(struct turn *turn);

static step_fn *const grid[REDIAL_STATE_COUNT][REDIAL_EVENT_COUNT] = {
    /* clang-format off */
    /*                          START      REPLY       OUTPUT   BROKEN      STREAM_ERROR REPAIRED  REPAIR_FAILED  TIMER   CANCEL */
    [REDIAL_STATE_READY]     = {start,     misuse,     misuse,  misuse,     misuse,      misuse,   misuse,        misuse, cancel},
    [REDIAL_STATE_SENDING]   = {misuse,    turn_judge, deliver, turn_judge, turn_judge,  late,     late,          late,   cancel},
    [REDIAL_STATE_STREAMING] = {misuse,    turn_judge, late,    turn_judge, turn_judge,  late,     late,          late,   cancel},
    [REDIAL_STATE_REPAIRING] = {misuse,    late,       late,    late,       late,        repaired, repair_failed, repair_late, cancel},
    [REDIAL_STATE_WAITING]   = {misuse,    late,       late,    late,       late,        late,     late,          wake,   cancel},
    [REDIAL_STATE_FINISHED]  = {misuse,    late,       late,    late,       late,        late,     late,          late,   late},
    /* clang-format on */
};

/* ---- Beginning */

static bool refuse(struct redial_str *why, const char *sentence)
{
    *why = str_of(sentence);
    return false;
}

static enum variant_id choose_variant(const struct redial_policy *policy,
                                      const struct redial_call_options *options)
{
    bool unattended = options->unattended && policy->variants[VARIANT_UNATTENDED].present;
    return unattended ? VARIANT_UNATTENDED : policy->default_variant;
}

static void take_limits(struct redial_call *call, const struct redial_policy *policy,
                        int64_t deadline)
{
    int64_t own = deadline > 0 ? deadline : DURATION_MAX;
    int64_t span = earlier(own, policy->variants[call->variant].limits.deadline);
    call->deadline_at = duration_add(call->started_at, span);
}

/* The caller's word replaces the policy's. Who says where data may be requires that it stays there.
 */
static void take_features(struct redial_call *call, const struct redial_policy *policy,
                          const struct redial_call_options *options)
{
    bool own = options->residency_count > 0;
    call->residency = own ? options->residency : policy->call.residency.globs;
    call->residency_count = own ? options->residency_count : (uint8_t)policy->call.residency.count;
    call->requires = options->requires ? options->requires : policy->call.requires.bits;
    if (call->residency_count > 0) {
        call->requires |= REDIAL_FEATURE_BIT(REDIAL_FEATURE_DATA_RESIDENCY);
    }
    call->wants = (options->wants ? options->wants : policy->call.wants.bits) | call->requires;
}

static bool begin(struct redial_call *call, struct shared *shared,
                  const struct redial_call_options *options, int64_t now, struct redial_str *why)
{
    const struct redial_policy *policy = shared->policy;
    uint16_t provider = options->provider.len ? policy_find_provider(policy, options->provider)
                                              : policy->default_provider;
    if (provider == NO_INDEX) return refuse(why, "the policy has no provider of this name");
    if (options->model.len == 0) return refuse(why, "a call needs a model");
    if (options->max_tokens < 0 || options->input_tokens < 0 || options->deadline < 0)
        return refuse(why, "max_tokens, input_tokens and deadline cannot be negative");
    if (options->query_given && options->query >= REDIAL_QUERY_COUNT)
        return refuse(why, "query is foreground or background");

    if (options->credential >= REDIAL_CREDENTIAL_COUNT)
        return refuse(why, "there is no such kind of credential");
    if ((options->wants | options->requires) >> REDIAL_FEATURE_COUNT)
        return refuse(why, "wants and requires are sets of features, a bit each");

    uint16_t model = policy_find_model(policy, options->model);
    *call = (struct redial_call){
        .policy = policy,
        .engine = shared->engine,
        .shared = shared,
        .model = model == NO_INDEX ? options->model : policy->models[model].name,
        .provider = provider,
        .platform = policy->providers[provider].platform,
        .model_index = model,
        .first_model = model,
        .query = options->query_given ? options->query : (uint8_t)policy->call.query,
        .variant = (uint8_t)choose_variant(policy, options),
        .own_provider = options->provider.len > 0,
        .rule = NO_INDEX,
        .leg = 1,
        .random = options->seed,
        .fixed_random = options->fixed_random,
        .wants_fast = options->fast,
        .credential_id = options->credential_id,
        .models_tried = model == NO_INDEX ? 0 : UINT64_C(1) << policy->models[model].slot,
        .providers_tried = UINT64_C(1) << (provider % 64),
        .started_at = now,
        .max_tokens = options->max_tokens,
        .input_tokens = options->input_tokens,
        .credential_kind = options->credential,
    };
    take_features(call, policy, options);
    take_limits(call, policy, options->deadline);
    return true;
}

bool redial_call_init(struct redial_call *call, struct redial_engine *engine,
                      const struct redial_call_options *options, int64_t now,
                      struct redial_str *why)
{
    uint8_t stripe;
    struct shared *shared = engine_hold(engine, &stripe);
    if (begin(call, shared, options, now, why)) {
        call->stripe = stripe;
        return true;
    }
    engine_let_go(shared, stripe);
    return false;
}

/* ---- Stepping */

static void describe(struct turn *turn)
{
    const struct redial_call *call = turn->call;
    struct redial_decision *decision = turn->decision;
    decision->platform = call->platform;
    decision->provider = call->provider;
    decision->model_index = call->model_index;
    decision->leg = call->leg;
    decision->leg_retries = call->leg_retries;
    bool prepares =
        decision->kind == REDIAL_DECISION_WAIT || decision->kind == REDIAL_DECISION_REPAIR;
    if (prepares && call->leg_sent && !call->refused)
        decision->leg_retries++; /* the retry that this prepares */
    decision->leg_retries_max = turn->variant->limits.retries;
    decision->class = call->class;
    decision->rule = call->rule;
}

static void advance(struct redial_call *call, const struct redial_event *event, int64_t now,
                    struct redial_decision *decision)
{
    const struct redial_policy *policy = call->policy;
    struct turn turn = {.call = call,
                        .event = event,
                        .now = now,
                        .decision = decision,
                        .policy = policy,
                        .variant = &policy->variants[call->variant]};
    decision->from_model = call->model_index;
    decision->from_provider = call->provider;
    struct telemetry_origin origin = telemetry_origin(call);
    grid[call->state][event->kind](&turn);
    describe(&turn);
    if (decision->judged && call->engine->telemetry) telemetry_emit(&turn, &origin);
    if (decision->kind != REDIAL_DECISION_FINISH) return;
    guards_end(&turn);
    engine_let_go(call->shared, call->stripe);
}

void redial_call_step(struct redial_call *call, const struct redial_event *event, int64_t now,
                      struct redial_decision *decision)
{
    *decision = (struct redial_decision){.rule = NO_INDEX,
                                         .hook_rule = NO_INDEX,
                                         .passed_model = NO_INDEX,
                                         .hint = REDIAL_HINTS_MAX};
    if (event->kind >= REDIAL_EVENT_COUNT) {
        decision->kind = REDIAL_DECISION_MISUSE;
    } else if (call->state == REDIAL_STATE_FINISHED) {
        decision->kind =
            event->kind == REDIAL_EVENT_START ? REDIAL_DECISION_MISUSE : REDIAL_DECISION_NOTHING;
        decision->reason = call->reason;
    } else if (event->prepared_for == call->policy->id) {
        advance(call, event, now, decision);
    } else {
        struct redial_event prepared = *event;
        redial_event_prepare(call->policy, &prepared);
        advance(call, &prepared, now, decision);
    }
}
