#include "story/outlook.h"

#include <stdlib.h>

#include "base/random.h"

/* ---- A class given by hand: tables whose only row says so ---- */

static const struct condition always = {.kind = CONDITION_ALWAYS};
static const struct match_entry always_entry = {.row = 0, .next = MATCH_NONE};
static const uint32_t always_slots[] = {0, MATCH_NONE};
static const struct match_shape always_shape = {.slots = 2, .table = always_slots};

/* The row is found by an empty key, whose hash is 0. */
static bool give_class(struct outlook *outlook, enum redial_class class)
{
    struct redial_policy *policy = &outlook->policy;
    outlook->platforms = calloc(policy->platform_count + 1, sizeof *outlook->platforms);
    if (!outlook->platforms) return false;
    outlook->given_row = (struct classify_row){.class = class, .when = &always};
    for (size_t i = 0; i < policy->platform_count; i++) {
        outlook->platforms[i] = policy->platforms[i];
        outlook->platforms[i].classify = (struct classify_table){
            .rows = &outlook->given_row,
            .count = 1,
            .matcher = {.rows = 1,
                        .shape_count = 1,
                        .entry_count = 1,
                        .shapes = &always_shape,
                        .entries = &always_entry},
        };
    }
    policy->platforms = outlook->platforms;
    return true;
}

/* ---- Beginning and end ---- */

static bool begin_call(struct outlook *outlook, struct redial_engine *engine,
                       struct redial_call *call, const struct redial_call_options *options,
                       uint64_t draw, struct redial_str *why)
{
    struct redial_call_options fixed = *options;
    struct redial_event start = {.kind = REDIAL_EVENT_START};
    struct redial_decision decision;
    fixed.fixed_random = 1 + draw;
    if (!redial_call_init(call, engine, &fixed, outlook->now, why)) {
        call->policy = NULL;
        return false;
    }
    redial_call_step(call, &start, outlook->now, &decision);
    return true;
}

/* 2026-01-01T00:00:00Z, as in scenarios: dates in hints are held against it. */
#define OUTLOOK_BEGINS   (INT64_C(1767225600) * NS_PER_SECOND)
#define USUAL_MAX_TOKENS 4096

bool outlook_begin(struct outlook *outlook, const struct redial_policy *policy,
                   const struct explain_facts *facts, struct redial_str *why)
{
    struct redial_call_options options = facts->options;
    *outlook = (struct outlook){.policy = *policy, .event = facts->event, .now = OUTLOOK_BEGINS};
    outlook->now_high = outlook->now;
    outlook->policy.references = 1; /* of this copy, which no count frees */
    if (options.model.len == 0 && policy->model_count > 0) options.model = policy->models[0].name;
    if (options.max_tokens == 0) options.max_tokens = USUAL_MAX_TOKENS;
    *why = REDIAL_STR("out of memory");
    if (facts->class != REDIAL_CLASS_NONE && !give_class(outlook, facts->class)) return false;
    outlook->engine = redial_engine_new(&outlook->policy);
    outlook->engine_high = redial_engine_new(&outlook->policy);
    if (!outlook->engine || !outlook->engine_high) return false;
    outlook->event.complete = true;
    redial_event_prepare(&outlook->policy, &outlook->event);
    return begin_call(outlook, outlook->engine, &outlook->low, &options, 0, why) &&
           begin_call(outlook, outlook->engine_high, &outlook->high, &options, RANDOM_ONE, why);
}

/* A call that ends gives its hold on the policy back. */
static void cancel(struct redial_call *call, int64_t now)
{
    struct redial_event event = {.kind = REDIAL_EVENT_CANCEL};
    struct redial_decision decision;
    if (call->policy) redial_call_step(call, &event, now, &decision);
}

void outlook_end(struct outlook *outlook)
{
    cancel(&outlook->low, outlook->now);
    cancel(&outlook->high, outlook->now_high);
    redial_engine_destroy(outlook->engine);
    redial_engine_destroy(outlook->engine_high);
    free(outlook->platforms);
}

/* ---- Going on ---- */

/* What one call did until it sent again or ended. */
struct progress {
    struct redial_decision judged, last;
    uint32_t repairs;
    int64_t waited;
};

static struct progress go_on(struct redial_call *call, const struct explain_facts *facts,
                             const struct redial_event *event, int64_t *now)
{
    struct progress progress = {0};
    struct redial_event next = {.kind = REDIAL_EVENT_OUTPUT};
    if (facts->delivered) redial_call_step(call, &next, *now, &progress.last);
    redial_call_step(call, event, *now, &progress.judged);
    progress.last = progress.judged;
    while (progress.last.kind == REDIAL_DECISION_WAIT ||
           progress.last.kind == REDIAL_DECISION_REPAIR) {
        if (progress.last.kind == REDIAL_DECISION_WAIT) {
            next.kind = REDIAL_EVENT_TIMER;
            progress.waited = duration_add(progress.waited, progress.last.delay);
            *now = call->wake_at; /* its end, whatever signs of life come before */
        } else {
            next.kind = REDIAL_EVENT_REPAIRED;
            progress.repairs |= 1u << progress.last.repair;
        }
        redial_call_step(call, &next, *now, &progress.last);
    }
    return progress;
}

bool outlook_next(struct outlook *outlook, const struct explain_facts *facts,
                  struct outlook_turn *turn)
{
    if (outlook->low.state == REDIAL_STATE_FINISHED) return false;
    const struct redial_call *call = &outlook->low;
    outlook->before = *call;
    outlook->before_at = outlook->now;
    outlook->before.delivered = facts->delivered;
    *turn = (struct outlook_turn){
        .attempt = call->attempts,
        .from_model = call->model_index,
        .from_provider = call->provider,
        .max_tokens_before = call->max_tokens,
    };
    struct progress low = go_on(&outlook->low, facts, &outlook->event, &outlook->now);
    struct progress high = go_on(&outlook->high, facts, &outlook->event, &outlook->now_high);
    turn->judged = low.judged;
    turn->repairs = low.repairs;
    /* where jitter is subtracted, the smallest draw waits longest */
    turn->wait_low = low.waited < high.waited ? low.waited : high.waited;
    turn->wait_high = low.waited < high.waited ? high.waited : low.waited;
    turn->ended = low.last.kind == REDIAL_DECISION_FINISH;
    turn->reason = low.last.reason;
    turn->fresh_connection = low.last.fresh_connection;
    turn->restart = low.last.restart;
    turn->model = call->model_index;
    turn->provider = call->provider;
    turn->max_tokens = call->max_tokens;
    return true;
}
