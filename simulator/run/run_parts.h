/* Between the files of the runner: one run's machinery. */
#ifndef REDIAL_SIMULATOR_RUN_PARTS_H
#define REDIAL_SIMULATOR_RUN_PARTS_H

#include "simulator/run/connections.h"
#include "simulator/run/queue.h"
#include "simulator/run/runner.h"

enum happening {
    HAPPENS_START,      /* the caller wants the call */
    HAPPENS_ATTEMPT,    /* the next act of its exchange, or a timeout */
    HAPPENS_TIMER,      /* its wait is over */
    HAPPENS_REPAIR,     /* its repair is done */
    HAPPENS_CANCEL,     /* its caller gives up */
    HAPPENS_CREDENTIAL, /* a search that it waits for is over, or its time is */
    HAPPENS_RELOAD,     /* of the run: another policy */
    HAPPENS_COUNT
};

struct run_call {
    struct redial_call call;
    const struct call_script *script;
    uint32_t number; /* from 1 */
    bool begun, static_key;
    uint16_t prefill_told;      /* the leg that was told to go without */
    uint64_t betas_told;        /* bit per provider whose changes of beta flags were told */
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
    struct redial_decision held; /* a SEND that waits for a credential */
    bool waits_for_credential;
    const struct found_credential *told; /* the last one that its story names */
    struct redial_event pending;         /* a fault or the end of a repair, to come */
};

/* What a search for a credential came to. In the run's arena. */
struct found_credential {
    bool found, is_key;
    struct redial_str source, warnings, why, secret;
};

struct provider_client {
    struct chain *chain;                   /* NULL: no call asked for one yet */
    const struct found_credential *search; /* the last one; NULL none */
    int64_t search_ends_at;
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
    struct machine *machine;         /* NULL: no call asks a chain */
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

/* Searches the chain of the call's provider, or joins a search that is under way. False when memory
 * is out, which is then known. */
bool run_search(struct running *running, struct run_call *call, enum chain_use use);
/* Whether the call may send now; otherwise it waits, and goes on by itself. */
bool run_has_credential(struct running *running, struct run_call *call,
                        const struct redial_decision *decision);
void run_credential_due(struct running *running, struct run_call *call);
/* Tells where the presented credential comes from, once. */
void run_tell_credential(struct running *running, struct run_call *call);
bool run_machine_init(struct running *running);
void run_machine_clean_up(struct running *running);

void run_repair(struct running *running, struct run_call *call, enum redial_step_kind repair);
void run_repair_due(struct running *running, struct run_call *call);

#endif
