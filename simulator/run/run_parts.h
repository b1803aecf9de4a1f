/* Between the files of the runner: one run's machinery. */
#ifndef REDIAL_SIMULATOR_RUN_PARTS_H
#define REDIAL_SIMULATOR_RUN_PARTS_H

#include "simulator/run/connections.h"
#include "simulator/run/queue.h"
#include "simulator/run/runner.h"

enum happening {
    HAPPENS_START,   /* the caller wants the call */
    HAPPENS_ATTEMPT, /* the next act of its exchange, or a timeout */
    HAPPENS_TIMER,   /* its wait is over */
    HAPPENS_REPAIR,  /* its repair is done */
    HAPPENS_CANCEL,  /* its caller gives up */
    HAPPENS_RELOAD,  /* of the run: another policy */
    HAPPENS_COUNT
};

struct run_call {
    struct redial_call call;
    const struct call_script *script;
    uint32_t number; /* from 1 */
    bool begun, static_key;
    uint16_t prefill_told;      /* the leg that was told to go without */
    int64_t prompt_tokens;      /* what its requests carry now */
    struct redial_str messages; /* likewise, when the scenario wrote a conversation */
    struct watch watch;
    uint64_t ticket; /* of its entry in the queue that counts; others are stale */
    /* The attempt under way. */
    bool under_way, head_seen;
    struct attempt attempt;
    uint32_t connection;
    uint32_t presented; /* the credential's generation */
    int64_t abort_at, idle_timeout, heard_at;
    bool faulted;      /* it broke before its request was read: `pending` is seen at fault_at */
    bool token_coming; /* the repair under way gets a token of its own */
    int64_t fault_at;
    struct redial_event pending; /* a fault or the end of a repair, to come */
};

struct provider_client {
    struct connections connections;
    uint32_t credential; /* the newest generation that the client holds */
    /* Its last refresh: one at a time, whoever asks meanwhile gets the same answer. */
    int64_t refresh_ends_at;
    struct redial_event refresh_event;
};

struct running {
    struct run *run;
    const struct run_options *options;
    const struct redial_policy *policy;
    struct redial_engine *engine;
    struct world *world;
    struct queue queue;
    struct run_call *calls;
    size_t call_count;
    struct provider_client *clients; /* per provider */
    int64_t now;
    size_t reached;              /* attempts that came as far as a server */
    const struct run_call *last; /* that began; NULL none yet */
    bool background_ends, stopped, out_of_memory;
};

/* Ends the run: the scenario and what happens in it do not fit. */
void run_trouble(struct running *running, struct world_trouble trouble);
void run_out_of_memory(struct running *running);
/* The next entry of a call, in place of the one before. */
void run_plan(struct running *running, struct run_call *call, enum happening what, int64_t at);
/* Whether the call has begun and not ended. */
bool run_is_open(const struct run_call *call);
/* One event to the engine; does what it decides. */
void run_step(struct running *running, struct run_call *call, const struct redial_event *event);

void run_send(struct running *running, struct run_call *call,
              const struct redial_decision *decision);
void run_attempt_due(struct running *running, struct run_call *call);
void run_give_up_attempt(struct running *running, struct run_call *call);

void run_repair(struct running *running, struct run_call *call, enum redial_step_kind repair);
void run_repair_due(struct running *running, struct run_call *call);

#endif
