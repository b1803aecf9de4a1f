#include "simulator/observe/observation.h"

#include <stdlib.h>

/* Steps whose effect is there at once; refresh and compact are seen when the driver is asked. */
enum {
    IMMEDIATE = 1u << REDIAL_STEP_FRESH_CONNECTION | 1u << REDIAL_STEP_RAISE_OUTPUT_LIMIT |
                1u << REDIAL_STEP_FIT_OUTPUT_LIMIT | 1u << REDIAL_STEP_FALLBACK_MODEL |
                1u << REDIAL_STEP_FALLBACK_PROVIDER | 1u << REDIAL_STEP_STANDARD_SPEED
};

bool observation_init(struct observation *observation, struct arena *arena, size_t call_count,
                      bool keeps_requests)
{
    *observation = (struct observation){
        .violations.arena = arena, .call_count = call_count, .keeps_requests = keeps_requests};
    observation->calls = ARENA_ARRAY(arena, struct observed_call, call_count);
    return observation->calls != NULL;
}

void observation_clean_up(struct observation *observation)
{
    free(observation->requests);
    free(observation->rules);
    free(observation->waits);
    free(observation->repairs);
    *observation = (struct observation){0};
}

/* Room for one more of `size` bytes; NULL, remembered, when memory is out. */
static void *more(struct observation *observation, void *array, size_t count, size_t *capacity,
                  size_t size)
{
    if (count < *capacity) return array;
    size_t wanted = *capacity ? 2 * *capacity : 64;
    void *grown = realloc(array, wanted * size);
    if (!grown) {
        observation->out_of_memory = true;
        return NULL;
    }
    *capacity = wanted;
    return grown;
}

static void add_rule(struct observation *observation, uint16_t rule)
{
    uint16_t *rules = more(observation, observation->rules, observation->rule_count,
                           &observation->rule_capacity, sizeof *rules);
    if (!rules) return;
    observation->rules = rules;
    rules[observation->rule_count++] = rule;
}

static void add_wait(struct observation *observation, int64_t wait)
{
    int64_t *waits = more(observation, observation->waits, observation->wait_count,
                          &observation->wait_capacity, sizeof *waits);
    if (!waits) return;
    observation->waits = waits;
    waits[observation->wait_count++] = wait;
}

static void add_repair(struct observation *observation, uint8_t repair)
{
    uint8_t *repairs = more(observation, observation->repairs, observation->repair_count,
                            &observation->repair_capacity, sizeof *repairs);
    if (!repairs) return;
    observation->repairs = repairs;
    repairs[observation->repair_count++] = repair;
}

static void note_judgement(struct observation *observation, const struct redial_event *event,
                           const struct redial_decision *decision)
{
    observation->classes |= 1u << decision->class;
    if (event->status < 640)
        observation->statuses[event->status / 64] |= UINT64_C(1) << event->status % 64;
    if (decision->rule != NO_INDEX) add_rule(observation, decision->rule);
}

static void note_end(struct observation *observation, struct observed_call *observed,
                     const struct redial_call *call, int64_t now)
{
    *observed = (struct observed_call){
        .reason = call->reason,
        .class = call->class,
        .status = call->status,
        .provider = call->provider,
        .model = call->model,
        .attempts = call->attempts,
        .retries = call->retries,
        .waited = call->waited,
        .began_at = call->started_at,
        .ended_at = now,
    };
    observation->ended++;
    observation->attempts += call->attempts;
    observation->retries += call->retries;
    observation->waited = duration_add(observation->waited, call->waited);
    if (now > observation->latest) observation->latest = now;
}

void observation_step(struct observation *observation, uint32_t call_number,
                      const struct redial_call *call, const struct redial_event *event,
                      const struct redial_decision *decision, int64_t now)
{
    if (decision->judged) note_judgement(observation, event, decision);
    for (uint32_t left = decision->applied & IMMEDIATE; left; left &= left - 1)
        add_repair(observation, (uint8_t)__builtin_ctz(left));
    observation->dropped |= decision->dropped;
    if (decision->kind == REDIAL_DECISION_WAIT && decision->wait != REDIAL_WAIT_REST)
        add_wait(observation, decision->delay);
    if (decision->kind == REDIAL_DECISION_REPAIR) add_repair(observation, decision->repair);
    if (decision->kind == REDIAL_DECISION_FINISH)
        note_end(observation, &observation->calls[call_number - 1], call, now);
}

void observation_request(struct observation *observation, const struct observed_request *request)
{
    if (!observation->keeps_requests) observation->request_count = 0;
    struct observed_request *requests =
        more(observation, observation->requests, observation->request_count,
             &observation->request_capacity, sizeof *requests);
    if (!requests) return;
    observation->requests = requests;
    requests[observation->request_count++] = *request;
}
