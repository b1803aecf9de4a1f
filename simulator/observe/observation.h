/* What a run showed, kept as numbers for comparison; the story tells the same to people. */
#ifndef REDIAL_SIMULATOR_OBSERVATION_H
#define REDIAL_SIMULATOR_OBSERVATION_H

#include "simulator/observe/invariants.h"

struct observed_call {
    uint8_t reason, class;
    uint16_t status, provider;
    struct redial_str model; /* the policy's or the scenario's text */
    int32_t attempts, retries;
    int64_t waited, began_at, ended_at;
};

struct observed_request {
    uint32_t call_number;
    uint16_t provider;
    struct redial_str model;
    int64_t max_tokens, input_tokens;
    uint32_t credential;
    bool fast;
    bool prefill;
    struct redial_str betas;
    bool reused;                         /* came on a kept-alive connection */
    const struct redial_header *headers; /* NULL: nobody asked for them */
    size_t header_count;
};

struct observation {
    struct violations violations;
    struct observed_call *calls; /* in the arena, one per call */
    size_t call_count, ended;
    struct observed_request *requests; /* all of them, or only the last, as asked for */
    size_t request_count, request_capacity;
    bool keeps_requests;
    uint16_t *rules; /* which rule decided each failure, in order */
    size_t rule_count, rule_capacity;
    int64_t *waits;
    size_t wait_count, wait_capacity;
    struct redial_str *states; /* in the arena: how what `expect.state` names stands at the end */
    uint8_t *repairs;          /* enum redial_step_kind */
    size_t repair_count, repair_capacity;
    uint16_t dropped;                          /* bit per feature that some leg went without */
    int64_t telemetry;                         /* records sent */
    uint32_t classes;                          /* bit per class that was seen */
    uint64_t statuses[10];                     /* bit per status 0..639 */
    int64_t attempts, retries, waited, latest; /* of all calls */
    bool out_of_memory;
};

/* `keeps_requests`: an expectation looks at each of them. False when memory is out. */
bool observation_init(struct observation *observation, struct arena *arena, size_t call_count,
                      bool keeps_requests);
void observation_clean_up(struct observation *observation);

void observation_step(struct observation *observation, uint32_t call_number,
                      const struct redial_call *call, const struct redial_event *event,
                      const struct redial_decision *decision, int64_t now);
void observation_request(struct observation *observation, const struct observed_request *request);

#endif
