/* A call: one logical request of the user. It is a plain struct that can be copied, compared and
 * hashed; it owns nothing. `redial_call_step` advances it by one event and says what to do next. It
 * does no I/O, reads no clock, allocates nothing and takes no lock: everything it knows is in its
 * arguments.
 *
 *     redial_call_init(&call, engine, &options, now);
 *     event = START
 *     for (;;) {
 *         redial_call_step(&call, &event, now, &decision);
 *         SEND    send the request as call.* says; next event: OUTPUT*, then REPLY | BROKEN |
 * STREAM_ERROR WAIT    until decision.wake_at; next event: TIMER REPAIR  do decision.repair; next
 * event: REPAIRED | REPAIR_FAILED NOTHING go on as before FINISH  decision.reason says why; the
 * call takes no further event
 *     }
 *
 * Time is int64 nanoseconds since the Unix epoch, and never goes back between two steps of one
 * call. One call belongs to one thread at a time; calls of one engine may run on many. */
#ifndef REDIAL_CALL_H
#define REDIAL_CALL_H

#include "redial/event.h"

#pragma GCC visibility push(default)

struct redial_engine;

#define REDIAL_STATE_MAP(X)                                                                        \
    X(READY, "ready", "made, not yet begun")                                                       \
    X(SENDING, "sending", "an attempt is under way, nothing delivered")                            \
    X(STREAMING, "streaming", "an attempt is under way, output delivered")                         \
    X(REPAIRING, "repairing", "a repair is under way")                                             \
    X(WAITING, "waiting", "a wait is under way")                                                   \
    X(FINISHED, "finished", "ended, for the reason in call.reason")
enum redial_state {
#define X(name, word, doc) REDIAL_STATE_##name,
    REDIAL_STATE_MAP(X)
#undef X
        REDIAL_STATE_COUNT
};
const char *redial_state_name(enum redial_state value);

#define REDIAL_RULES_FIRED_MAX 16 /* a leg that needs more different rules has lost its way */
#define REDIAL_UNLIMITED       INT32_MAX
#define REDIAL_NO_INDEX        UINT16_MAX

/* What a caller says of a call. Zero means: as the policy's `call:` says. */
struct redial_call_options {
    struct redial_str provider; /* a provider of the policy; empty: the policy's choice */
    struct redial_str model;    /* must outlive the call */
    uint8_t query;              /* enum redial_query, where query_given */
    bool query_given;
    bool unattended;    /* switches the mode on for this call; the policy's environment may too */
    uint8_t credential; /* enum redial_credential */
    uint8_t residency_count;
    uint16_t wants, requires; /* bit per enum redial_feature; zero: as the policy says */
    const struct redial_str
        *residency;     /* globs over where a provider keeps data ("anthropic", "aws:eu-*"): no leg
                           lies outside. Must outlive the call; none: as the policy says */
    int64_t max_tokens; /* the request's max_tokens */
    int64_t input_tokens;   /* size of the prompt, 0 unknown */
    int64_t deadline;       /* ns from the start of the call, 0 none */
    uint64_t seed;          /* of the call's random stream */
    uint64_t fixed_random;  /* 1 + draw in 0..2^32 fixes every draw (tests); 0: the stream */
    bool fast;              /* wants the mode `fast`, where policy and platform have it */
    uint32_t credential_id; /* tells callers' credentials apart for guards `per: credential` */
};

struct redial_rule_count {
    uint16_t rule;
    uint16_t counted_as; /* the counter: the rule itself, or a shared one */
    int32_t retries;
};

/* Read what you need, write nothing. */
struct redial_call {
    const struct redial_policy
        *policy; /* held from init to finish: a reload does not change a call under way */
    struct redial_engine *engine;
    struct shared *shared;    /* what it shares with the other calls under this policy */
    struct redial_str model;  /* the leg's model, as the policy names it */
    uint16_t provider;        /* index in the policy */
    uint16_t platform;        /* of that provider */
    uint16_t model_index;     /* REDIAL_NO_INDEX: a model that no file names */
    uint16_t first_model;     /* what the caller asked for */
    uint8_t state;            /* enum redial_state */
    uint8_t query;            /* enum redial_query */
    uint8_t variant;          /* which variation of the policy: plain or unattended */
    uint8_t reason;           /* enum redial_reason, once finished */
    uint8_t class;            /* of the last event judged */
    uint8_t fresh_connection; /* the next send opens a new connection */
    uint8_t vetoed;           /* the last reply said x-should-retry: false */
    uint8_t delivered;        /* output of the running attempt was handed to the caller */
    uint8_t in_then;          /* the running steps are the rule's `then` */
    uint8_t repair;           /* REPAIRING: which one was asked for */
    uint8_t leg_sent;         /* the leg has sent its first attempt */
    uint8_t compacted;        /* the failure being worked on was compacted already */
    uint8_t own_provider;     /* the caller named it: no hook chooses another to begin with */
    uint8_t step_next;        /* the next step of the running list */
    uint8_t credential_kind;  /* enum redial_credential */
    uint8_t residency_count;
    uint16_t wants, requires; /* bit per enum redial_feature; wants holds what is required, too */
    uint16_t dropped;         /* what the leg goes without */
    uint16_t rule;            /* whose steps run; REDIAL_NO_INDEX none */
    uint16_t status;          /* of the last event judged */
    uint16_t leg;             /* 1 for the first */
    uint16_t rules_fired;     /* used slots of rule_counts */
    uint8_t wants_fast, fast; /* asked for; sent with the running attempt */
    uint8_t paid_class;       /* the failure whose retry a budget was charged for last */
    uint8_t refused;          /* a budget was empty: the call waits, then fails */
    uint8_t gated;            /* WAITING: a guard holds it, the request is ready */
    uint8_t rate_paid;        /* limiters let the next send pass */
    uint8_t probing;          /* bit per breaker whose probe the call is */
    uint8_t stripe;           /* where its hold on `shared` is counted */
    uint8_t counted_running;  /* bit 0: as a call, bit 1: as a retry under way */
    uint32_t credential;      /* raised by 1 by each successful refresh */
    uint32_t credential_id;
    int32_t attempts;    /* sends of the call */
    int32_t leg_retries; /* retries of the leg */
    int32_t leg_waits;   /* waits begun in the leg, since a hint that restarts the backoff */
    int32_t retries;     /* retries of the call, all legs */
    uint64_t random;     /* the stream's state */
    uint64_t fixed_random;
    uint64_t models_tried; /* bit per fallback slot of the policy */
    uint64_t providers_tried;
    const struct redial_str *residency;
    int64_t started_at, deadline_at; /* deadline_at INT64_MAX: none */
    int64_t sent_at;                 /* of the last attempt */
    int64_t wake_at;                 /* WAITING */
    int64_t waited;                  /* ns, all waits of the call */
    int64_t last_wait;               /* ns, for decorrelated backoff */
    uint64_t last_draw;              /* of 0..2^32, for decorrelated_v2 backoff */
    int64_t max_tokens, input_tokens, context_tokens;
    int64_t failed_input_tokens,
        failed_context_tokens;                 /* sizes the failure told, for compact and fit */
    struct redial_hint hint[REDIAL_HINTS_MAX]; /* of the failure being worked on */
    struct redial_rule_count rule_counts[REDIAL_RULES_FIRED_MAX];
};
_Static_assert(sizeof(struct redial_call) <= 512, "a call is at most 512 bytes");

#define REDIAL_DECISION_MAP(X)                                                                     \
    X(NOTHING, "nothing", "go on as before")                                                       \
    X(SEND, "send", "send an attempt")                                                             \
    X(WAIT, "wait", "wait until wake_at")                                                          \
    X(REPAIR, "repair", "do the repair, then report REPAIRED or REPAIR_FAILED")                    \
    X(FINISH, "finish", "the call has ended")                                                      \
    X(MISUSE, "misuse", "the event cannot happen in this state; nothing changed")
enum redial_decision_kind {
#define X(name, word, doc) REDIAL_DECISION_##name,
    REDIAL_DECISION_MAP(X)
#undef X
        REDIAL_DECISION_COUNT
};

/* Where a wait came from, and what became of the hint. */
#define REDIAL_WAIT_MAP(X)                                                                         \
    X(NONE, "none", "no wait")                                                                     \
    X(BACKOFF, "backoff", "the backoff formula; no usable hint")                                   \
    X(HINT, "hint", "the server's hint, exactly")                                                  \
    X(HINT_CLAMPED, "hint_clamped", "the server's hint, cut to the policy's bound")                \
    X(HINT_IGNORED, "hint_ignored", "the backoff formula, since the hint is above its bound")      \
    X(HINT_FITTED, "hint_fitted",                                                                  \
      "the server's hint, moved into what the policy allows: min, within, jitter")                 \
    X(FIXED, "fixed", "a fixed wait of the rule")                                                  \
    X(GUARD, "guard", "a breaker, a cooldown or a limiter holds the call")                         \
    X(REST, "rest", "the rest of a wait under way: the timer rang early, or as a sign of life")    \
    X(HOOK, "hook", "what a Lua hook asked for, cut to the policy's bound for hints")
enum redial_wait_kind {
#define X(name, word, doc) REDIAL_WAIT_##name,
    REDIAL_WAIT_MAP(X)
#undef X
        REDIAL_WAIT_COUNT
};
const char *redial_wait_name(enum redial_wait_kind value);

/* A kind of state that calls share. */
#define REDIAL_GUARD_MAP(X)                                                                        \
    X(NONE, "none", "nothing holds the call")                                                      \
    X(BUDGET, "budget", "how many retries all calls may take")                                     \
    X(BREAKER, "breaker", "stops sending where it fails")                                          \
    X(COOLDOWN, "cooldown", "leaves something alone for a while")                                  \
    X(LIMITER, "limiter", "sends no faster than the server takes it")
enum redial_guard_kind {
#define X(name, word, doc) REDIAL_GUARD_##name,
    REDIAL_GUARD_MAP(X)
#undef X
        REDIAL_GUARD_COUNT
};
const char *redial_guard_name(enum redial_guard_kind value);

/* What happened to the mode `fast` in a decision. */
#define REDIAL_SPEED_MAP(X)                                                                        \
    X(AS_BEFORE, "as_before", "nothing")                                                           \
    X(COOLING, "cooling", "the call wants fast mode, which is cooling down")                       \
    X(OFF, "off", "the call wants fast mode, which is disabled")                                   \
    X(UNSUPPORTED, "unsupported",                                                                  \
      "the call wants fast mode, which this model or platform has not")                            \
    X(COOLDOWN, "cooldown", "fast mode cools down, the call goes on at standard speed")            \
    X(ONCE, "once", "this call goes on at standard speed")                                         \
    X(DISABLED, "disabled", "fast mode is disabled, the call goes on at standard speed")
enum redial_speed_change {
#define X(name, word, doc) REDIAL_SPEED_##name,
    REDIAL_SPEED_MAP(X)
#undef X
        REDIAL_SPEED_COUNT
};
const char *redial_speed_name(enum redial_speed_change value);

/* What the state that calls share had to say. Guards are named by 1 + their index in the policy; 0
 * is none. */
struct redial_shared_word {
    uint8_t budget;                      /* was charged, or refused the retry */
    uint8_t opened, closed;              /* breakers */
    uint8_t cooldown;                    /* begun, or made longer */
    uint8_t held_by;                     /* enum redial_guard_kind: holds, moves or ends the call */
    uint8_t holder;                      /* which */
    uint8_t speed;                       /* enum redial_speed_change */
    bool fast;                           /* SEND: with the request's fast mode */
    int64_t budget_before, budget_after; /* thousandths of a retry */
    int64_t budget_cost;
    int64_t until; /* of the cooldown or the open breaker, or of fast mode's cooldown */
};

/* What to do next, and why: the record that a story line is written from. */
struct redial_decision {
    uint8_t kind;          /* enum redial_decision_kind */
    uint8_t class;         /* what the event meant */
    uint8_t reason;        /* FINISH: enum redial_reason. Otherwise NONE */
    uint8_t repair;        /* REPAIR: enum redial_step_kind, REFRESH or COMPACT */
    bool judged;           /* class, rule and counts below belong to the event of this step */
    bool in_then;          /* the rule's `do` was used up: its `then` decides */
    bool restart;          /* SEND: first tell the caller to discard the output delivered so far */
    bool fresh_connection; /* SEND: not on a kept-alive connection */
    uint8_t wait;          /* enum redial_wait_kind */
    uint8_t hint;          /* which hint header of the policy was read; REDIAL_HINTS_MAX none */
    uint16_t rule;         /* REDIAL_NO_INDEX: no rule took part */
    bool chosen_by_hook;   /* START: a hook chose the provider to begin with */
    uint16_t hook_rule;    /* whose condition or step asked the hook of hook_error */
    uint16_t platform, provider, model_index; /* of the leg after the decision */
    uint16_t from_model, from_provider;       /* differ from the above when the leg changed */
    uint16_t dropped;      /* bit per enum redial_feature: what the leg that begins goes without */
    uint16_t lacking;      /* likewise: for want of which providers were passed over */
    uint16_t passed_model; /* the model that would have been taken there, unless the leg's own */
    uint64_t passed_over;  /* bit per provider */
    uint32_t applied;      /* bit per enum redial_step_kind that took effect in this decision */
    int32_t rule_used, rule_max; /* retries under the rule, this one included; REDIAL_UNLIMITED */
    int32_t leg_retries, leg_retries_max;
    int32_t attempt; /* SEND: number of this attempt in the call */
    int32_t leg;
    int64_t delay; /* WAIT: ns */
    int64_t delay_base,
        delay_jitter;     /* how a backoff came about: capped base and what jitter changed */
    int64_t delay_hint;   /* what the server asked for, 0 none */
    int64_t wake_at;      /* WAIT: when to report TIMER; before the wait's end for a sign of life */
    int64_t abort_at;     /* SEND: when a driver gives the attempt up as ETIMEDOUT. REPAIR: when it
                             reports TIMER, since the deadline has passed; INT64_MAX never */
    int64_t idle_timeout; /* SEND: longest silence within a streamed reply, ns */
    int64_t max_tokens;   /* SEND: of the request */
    struct redial_str hook_error; /* what went wrong in a Lua hook, with file and line; empty:
                                     nothing. Lives as long as the policy */
    struct redial_shared_word shared;
};

/* Begins a call. False, with a sentence in `why`, when the provider or the options make no sense
 * (unknown provider, no model, a negative number); then nothing is held. */
bool redial_call_init(struct redial_call *call, struct redial_engine *engine,
                      const struct redial_call_options *options, int64_t now,
                      struct redial_str *why);
/* Advances the call by one event. Total: any event in any state has an answer. */
void redial_call_step(struct redial_call *call, const struct redial_event *event, int64_t now,
                      struct redial_decision *decision);

#pragma GCC visibility pop

#endif
