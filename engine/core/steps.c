/* The steps of `do` and `then`, in written order. A step either takes effect at once, asks the
 * driver for a wait or a repair (the list goes on when that is reported), or ends the call. */
#include "core/backoff.h"
#include "core/capability.h"
#include "core/consult.h"
#include "core/guards.h"
#include "core/hint.h"

enum progress {
    STEP_DONE,
    STEP_STOP
}; /* STOP: the driver is asked for something, or the call has ended */

static enum progress stop(struct turn *turn, enum redial_reason reason)
{
    turn_finish(turn, reason);
    return STEP_STOP;
}

/* ---- Waits */

void turn_wait(struct turn *turn, enum redial_wait_kind kind, int64_t delay)
{
    struct redial_call *call = turn->call;
    int64_t wake_at = duration_add(turn->now, delay);
    turn->decision->wait = (uint8_t)kind;
    turn->decision->delay = delay;
    if (wake_at > call->deadline_at) {
        turn_finish(turn, REDIAL_REASON_DEADLINE);
        return;
    }
    call->wake_at = wake_at;
    call->waited = duration_add(call->waited, delay);
    call->gated = kind == REDIAL_WAIT_GUARD;
    turn->decision->kind = REDIAL_DECISION_WAIT;
    turn->decision->wake_at = turn_next_sign(turn);
    turn_enter(turn, REDIAL_STATE_WAITING);
}

static enum progress begin_wait(struct turn *turn, enum redial_wait_kind kind, int64_t delay)
{
    struct redial_call *call = turn->call;
    turn_wait(turn, kind, delay);
    if (turn->decision->kind == REDIAL_DECISION_FINISH) return STEP_STOP;
    call->leg_waits++;
    call->last_wait = delay;
    return STEP_STOP;
}

int64_t turn_hint(const struct turn *turn)
{
    if (turn->policy->backoff_count == 0) return 0;
    const struct hint_policy *policy = &turn->policy->backoffs[turn->variant->default_backoff].hint;
    int64_t hint = hint_choose(policy, turn->call->hint, turn->now).delay;
    return hint < policy->max ? hint : policy->max;
}

static enum progress fall_back_to_model(struct turn *turn, const struct step *step);

/* A wait that a hook asked for keeps the bound that the server's hints have. */
static enum progress wait_by_hook(struct turn *turn, const struct backoff *backoff, int64_t asked)
{
    int64_t bound = backoff->hint.count > 0 ? backoff->hint.max : HOOK_DELAY_MAX;
    turn->decision->delay_hint = asked;
    return begin_wait(turn, REDIAL_WAIT_HOOK, asked < bound ? asked : bound);
}

static enum progress back_off(struct turn *turn, const struct step *step)
{
    struct redial_call *call = turn->call;
    uint16_t index =
        step->backoff == BACKOFF_DEFAULT ? turn->variant->default_backoff : step->backoff;
    const struct backoff *backoff = &turn->policy->backoffs[index];
    int64_t asked;
    if (hooks_have(turn->policy, HOOK_DELAY)) {
        if (consult_delay(turn, &asked)) return wait_by_hook(turn, backoff, asked);
        if (consult_failed(turn)) return stop(turn, REDIAL_REASON_HOOK_FAILED);
    }
    struct backoff_wait wait = backoff_wait(backoff, &(struct backoff_input){
                                                         .hints = call->hint,
                                                         .number = call->leg_waits + 1,
                                                         .last_wait = call->last_wait,
                                                         .last_draw = call->last_draw,
                                                         .now = turn->now,
                                                         .random = &call->random,
                                                         .fixed_random = call->fixed_random,
                                                     });
    struct redial_decision *decision = turn->decision;
    decision->hint = wait.header;
    decision->delay_base = wait.base;
    decision->delay_jitter = wait.jitter;
    decision->delay_hint = wait.hint;
    if (!wait.too_long && !wait.vetoed) {
        bool hinted = wait.header < REDIAL_HINTS_MAX && wait.kind != REDIAL_WAIT_HINT_IGNORED;
        enum progress progress = begin_wait(turn, wait.kind, wait.delay);
        call->last_draw = wait.drawn;
        if (hinted && backoff->hint.restarts) call->leg_waits = 0;
        return progress;
    }
    decision->wait = REDIAL_WAIT_NONE;
    if (wait.vetoed) return stop(turn, REDIAL_REASON_VETOED);
    if (backoff->hint.above == HINT_FALLBACK) return fall_back_to_model(turn, step);
    return stop(turn, REDIAL_REASON_HINT_TOO_LONG);
}

static enum progress wait_fixed(struct turn *turn, const struct step *step)
{
    return begin_wait(turn, REDIAL_WAIT_FIXED, step->wait);
}

static enum progress do_as_hook_says(struct turn *turn, const struct step *step)
{
    struct hook_step said = consult_step(turn, step->function);
    if (consult_failed(turn)) return stop(turn, REDIAL_REASON_HOOK_FAILED);
    if (said.fail) return stop(turn, REDIAL_REASON_FAILED);
    if (said.wait == 0) return STEP_DONE;
    static const struct backoff unbounded;
    const struct backoff *backoff = turn->policy->backoff_count > 0
                                        ? &turn->policy->backoffs[turn->variant->default_backoff]
                                        : &unbounded;
    return wait_by_hook(turn, backoff, said.wait);
}

/* ---- Repairs */

static enum progress ask_repair(struct turn *turn, enum redial_step_kind repair)
{
    turn->call->repair = (uint8_t)repair;
    turn->decision->kind = REDIAL_DECISION_REPAIR;
    turn->decision->repair = (uint8_t)repair;
    turn->decision->abort_at = turn->call->deadline_at;
    turn_enter(turn, REDIAL_STATE_REPAIRING);
    return STEP_STOP;
}

static enum progress refresh(struct turn *turn, const struct step *step)
{
    return ask_repair(turn, step->kind);
}

static enum progress compact(struct turn *turn, const struct step *step)
{
    turn->call->compacted = true;
    return ask_repair(turn, step->kind);
}

static enum progress drop_keep_alive(struct turn *turn, const struct step *step)
{
    (void)step;
    turn->call->fresh_connection = true;
    return STEP_DONE;
}

/* ---- Output limits */

/* The most that max_tokens can be: context − input − buffer and the model's own maximum, as far as
 * they are known. The server's numbers come before the platform file's. */
static int64_t output_room(const struct turn *turn, const struct step *step)
{
    const struct redial_call *call = turn->call;
    const struct platform_model *model =
        policy_platform_model(turn->policy, call->platform, call->model_index);
    int64_t context = call->failed_context_tokens ? call->failed_context_tokens
                      : model                     ? model->context
                                                  : 0;
    int64_t input = call->failed_input_tokens ? call->failed_input_tokens : call->input_tokens;
    int64_t room = context > 0 ? context - input - step->buffer : INT64_MAX;
    if (model && model->max_output > 0 && model->max_output < room) room = model->max_output;
    return room;
}

static enum progress raise_output_limit(struct turn *turn, const struct step *step)
{
    struct redial_call *call = turn->call;
    int64_t room = output_room(turn, step);
    int64_t next = call->max_tokens > INT64_MAX / 2 ? INT64_MAX : 2 * call->max_tokens;
    if (next < step->floor) next = step->floor;
    if (next > room) next = room;
    if (next <= call->max_tokens) return stop(turn, REDIAL_REASON_NO_ROOM);
    call->max_tokens = next;
    return STEP_DONE;
}

static enum progress fit_output_limit(struct turn *turn, const struct step *step)
{
    struct redial_call *call = turn->call;
    int64_t room = output_room(turn, step);
    if (room < step->floor && step->below_floor == BELOW_FLOOR_COMPACT && !call->compacted) {
        call->step_next--; /* fit again once the prompt is shorter */
        call->compacted = true;
        return ask_repair(turn, REDIAL_STEP_COMPACT);
    }
    bool shrinks = room < call->max_tokens || call->compacted;
    if (room < step->floor || !shrinks) return stop(turn, REDIAL_REASON_NO_ROOM);
    if (room < call->max_tokens) call->max_tokens = room;
    return STEP_DONE;
}

/* ---- Fallbacks */

/* Counters of the leg start anew; limits of the target model hold from here on. */
static void begin_leg(struct turn *turn)
{
    struct redial_call *call = turn->call;
    call->leg++;
    call->leg_sent = false;
    call->leg_retries = 0;
    call->leg_waits = 0;
    call->last_wait = 0;
    call->last_draw = 0;
    call->rules_fired = 0;
    guards_enter(turn);
    const struct platform_model *model =
        policy_platform_model(turn->policy, call->platform, call->model_index);
    if (model && model->max_output > 0 && call->max_tokens > model->max_output)
        call->max_tokens = model->max_output;
    capability_settle(turn);
    consult_request(turn);
}

static bool next_model(struct turn *turn)
{
    struct redial_call *call = turn->call;
    const struct model *models = turn->policy->models;
    size_t count = call->model_index == NO_INDEX ? 0 : models[call->model_index].fallback_count;
    for (size_t i = 0; i < count; i++) {
        uint16_t candidate = models[call->model_index].fallbacks[i];
        uint64_t bit = UINT64_C(1) << models[candidate].slot;
        if (call->models_tried & bit) continue;
        if (!capability_allows_model(turn, candidate)) continue;
        guards_leave(turn);
        call->models_tried |= bit;
        call->model_index = candidate;
        call->model = models[candidate].name;
        turn->decision->applied |= 1u << REDIAL_STEP_FALLBACK_MODEL;
        begin_leg(turn);
        return true;
    }
    return false;
}

/* The providers that the policy lets a call of `provider` go on with, as far as it has not tried
 * them. */
static size_t provider_candidates(struct turn *turn, uint16_t *candidates)
{
    const struct redial_call *call = turn->call;
    const struct redial_policy *policy = turn->policy;
    size_t count = 0;
    for (size_t i = 0;
         policy->provider_fallbacks && i < REDIAL_COUNT_OF(*policy->provider_fallbacks); i++) {
        uint16_t candidate = policy->provider_fallbacks[call->provider][i];
        if (candidate == NO_INDEX) break;
        if (call->providers_tried & UINT64_C(1) << candidate) continue;
        if (capability_allows_provider(turn, candidate)) candidates[count++] = candidate;
    }
    return count;
}

static void take_provider(struct turn *turn, uint16_t provider)
{
    struct redial_call *call = turn->call;
    call->providers_tried |= UINT64_C(1) << provider;
    call->provider = provider;
    call->platform = turn->policy->providers[provider].platform;
}

static bool next_provider(struct turn *turn)
{
    uint16_t candidates[HOOK_CANDIDATES_MAX];
    size_t count = provider_candidates(turn, candidates);
    size_t chosen = count > 0 ? consult_choice(turn, candidates, count) : 0;
    if (count == 0 || consult_failed(turn)) return false;
    guards_leave(turn);
    take_provider(turn, candidates[chosen]);
    turn->decision->applied |= 1u << REDIAL_STEP_FALLBACK_PROVIDER;
    begin_leg(turn);
    return true;
}

/* Where nobody named a provider, a hook may begin with any that the call could fall back to. */
void turn_choose(struct turn *turn)
{
    struct redial_call *call = turn->call;
    uint16_t candidates[HOOK_CANDIDATES_MAX];
    if (call->own_provider || !hooks_have(turn->policy, HOOK_CHOOSE)) return;
    candidates[0] = call->provider;
    size_t count = 1 + provider_candidates(turn, candidates + 1);
    size_t chosen = consult_choice(turn, candidates, count);
    if (chosen == 0) return;
    call->providers_tried = 0;
    turn->decision->chosen_by_hook = true;
    take_provider(turn, candidates[chosen]);
}

/* A hook that went wrong on the way ends the call here: a wait may stand before the next send. */
static enum progress moved(struct turn *turn, bool found)
{
    if (consult_failed(turn)) return stop(turn, REDIAL_REASON_HOOK_FAILED);
    return found ? STEP_DONE : stop(turn, REDIAL_REASON_NO_FALLBACK);
}

static enum progress fall_back_to_model(struct turn *turn, const struct step *step)
{
    (void)step;
    return moved(turn, next_model(turn));
}

static enum progress fall_back_to_provider(struct turn *turn, const struct step *step)
{
    (void)step;
    return moved(turn, next_provider(turn));
}

bool turn_fall_back(struct turn *turn)
{
    return next_model(turn) || next_provider(turn);
}

/* ---- State that calls share */

static enum progress standard_speed(struct turn *turn, const struct step *step)
{
    (void)step;
    turn->call->wants_fast = false;
    turn->call->fast = false;
    return STEP_DONE;
}

static enum progress cool_down(struct turn *turn, const struct step *step)
{
    guards_cool_down(turn, step);
    return STEP_DONE;
}

static enum progress disable(struct turn *turn, const struct step *step)
{
    (void)step; /* `fast` is the one mode that can be disabled */
    speed_disable(turn);
    return STEP_DONE;
}

/* ---- The list */

static enum progress send_again(struct turn *turn, const struct step *step)
{
    (void)step;
    turn_send(turn);
    return STEP_STOP;
}

static enum progress fail(struct turn *turn, const struct step *step)
{
    (void)step;
    return stop(turn, REDIAL_REASON_FAILED);
}

typedef enum progress take_fn(struct turn *turn, const struct step *step);

static take_fn *const takes[REDIAL_STEP_COUNT] = {
    [REDIAL_STEP_RETRY] = send_again,
    [REDIAL_STEP_FAIL] = fail,
    [REDIAL_STEP_BACKOFF] = back_off,
    [REDIAL_STEP_WAIT] = wait_fixed,
    [REDIAL_STEP_REFRESH] = refresh,
    [REDIAL_STEP_FRESH_CONNECTION] = drop_keep_alive,
    [REDIAL_STEP_COMPACT] = compact,
    [REDIAL_STEP_RAISE_OUTPUT_LIMIT] = raise_output_limit,
    [REDIAL_STEP_FIT_OUTPUT_LIMIT] = fit_output_limit,
    [REDIAL_STEP_FALLBACK_MODEL] = fall_back_to_model,
    [REDIAL_STEP_FALLBACK_PROVIDER] = fall_back_to_provider,
    [REDIAL_STEP_LUA] = do_as_hook_says,
    [REDIAL_STEP_STANDARD_SPEED] = standard_speed,
    [REDIAL_STEP_COOLDOWN] = cool_down,
    [REDIAL_STEP_DISABLE] = disable,
};

/* A budget refused the retry and the policy says to wait before the call ends. */
#define WAITS (1u << REDIAL_STEP_BACKOFF | 1u << REDIAL_STEP_WAIT)

void turn_run_steps(struct turn *turn)
{
    struct redial_call *call = turn->call;
    const struct rule *rule = turn_rule(turn);
    const struct steps *steps = call->in_then ? &rule->then : &rule->steps;
    while (call->step_next < steps->count) {
        const struct step *step = &steps->list[call->step_next++];
        if (call->refused && !(WAITS >> step->kind & 1)) continue;
        if (takes[step->kind](turn, step) == STEP_STOP) return;
        turn->decision->applied |= 1u << step->kind;
    }
    if (call->refused) {
        turn_finish(turn, REDIAL_REASON_BUDGET_EMPTY);
        return;
    }
    turn_finish(turn, REDIAL_REASON_FAILED); /* a list without `retry`: its repairs are done, and
                                                that is all it says */
}
