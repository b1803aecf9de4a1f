/* The state that calls share: one table of slots per guard, a slot per key, all of it atomics. A
 * decision takes no lock and allocates nothing; whatever threads do, a count stays within its
 * bounds, and in one thread everything is exact and repeatable.
 *
 *   engine ── current ──► shared ── policy
 *                           └─ guard_state per budget, breaker, cooldown, limiter
 *                                └─ slots[]: key, state
 *
 * A call holds the `shared` it began with. A reload makes a new one for the new policy, which takes
 * over the guard_state of every guard of the same kind and name. All zero is a valid state of every
 * slot: full budget, closed breaker, no cooldown, limiter off. */
#ifndef REDIAL_CORE_SHARED_H
#define REDIAL_CORE_SHARED_H

#include "model/policy.h"

/* Counts of two kinds over a sliding window, in parts: each holds its number and both counts in one
 * word, so that a part that has gone by is forgotten in the same step that counts anew. */
#define TALLY_PARTS WINDOW_PARTS
struct tally {
    _Atomic uint64_t parts[TALLY_PARTS];
};
struct tally_counts {
    uint64_t first, second;
};
/* `number` is the window_part of now. */
void tally_add(struct tally *tally, uint64_t number, struct tally_counts more);
struct tally_counts tally_sum(const struct tally *tally, uint64_t number);
void tally_clear(struct tally *tally);

struct budget_state {
    _Atomic int64_t spent; /* thousandths below the capacity */
    _Atomic int64_t refilled_at;
    _Atomic int64_t running, retrying;
    struct tally tally; /* calls, retries */
};
struct breaker_state {
    _Atomic int64_t open_until; /* 0: closed. In the past: half open */
    _Atomic uint64_t probes;    /* half open: under way, and 2^32 × succeeded */
    struct tally tally;         /* successes, failures */
};
struct cooldown_state {
    _Atomic int64_t until;
};
/* Rates are requests per second. Threads that change a rate at the same instant may lose one of the
 * changes: the next reply corrects it. */
struct limiter_state {
    _Atomic int64_t measured_at; /* begin of the measuring span under way, 0: not begun */
    _Atomic int64_t requests;    /* in it */
    _Atomic int64_t filled_at, throttled_at;
    _Atomic double measured, rate, rate_max, capacity, capacity_max;
    _Atomic bool enabled;
};

#define GUARD_SLOTS 64u /* of a keyed guard; keys beyond that share the slots of others */
struct guard_slot {
    _Atomic uint64_t key; /* 0: free */
    union {
        struct budget_state budget;
        struct breaker_state breaker;
        struct cooldown_state cooldown;
        struct limiter_state limiter;
    };
};
struct guard_state {
    _Atomic uint32_t references; /* by `shared` */
    enum redial_guard_kind kind;
    uint64_t name;       /* hash */
    uint32_t slot_count; /* 1, or GUARD_SLOTS: a power of two */
    struct guard_slot slots[];
};

/* Holds are counted in stripes, so that threads do not pass one number to and fro. While it is
 * current the engine keeps it alive, whatever the stripes say; when a reload retires it, the
 * stripes are added up in `left`, and whoever brings that to 0 frees it. */
#define SHARED_STRIPES 32
#define SHARED_RETIRED (INT64_C(1) << 40) /* more than any number of calls */
struct shared_stripe {
    _Atomic int64_t held;
    uint8_t apart[56]; /* from the next, in the processors' caches */
};
struct shared {
    struct shared_stripe stripes[SHARED_STRIPES];
    _Atomic int64_t left;
    struct redial_engine *engine;
    const struct redial_policy *policy; /* held */
    struct guard_state *budgets[GUARDS_MAX], *breakers[GUARDS_MAX], *cooldowns[GUARDS_MAX + 1],
        *limiters[GUARDS_MAX];
};

/* A call's key among the slots of a guard that tells calls apart by `per`. */
uint64_t guard_key_of(const struct redial_call *call, uint32_t per);
/* The slot of a key: claimed when it is new. When all are taken, a new key shares the slot that it
 * falls on: nothing is forgotten, and memory stays bounded. */
struct guard_slot *guard_slot(struct guard_state *state, uint64_t key);

/* ---- Each kind of guard, on one slot. Times are ns, amounts thousandths. */

struct budget_word {
    bool refused;
    int64_t before, after, cost;
};
void budget_call_begins(const struct budget *budget, struct budget_state *state, int64_t now);
void budget_call_ends(const struct budget *budget, struct budget_state *state);
/* A failure that a rule would retry. */
struct budget_word budget_failure(const struct budget *budget, struct budget_state *state,
                                  enum redial_class class, int64_t now);
/* Takes what a retry costs, or refuses. */
struct budget_word budget_retry(const struct budget *budget, struct budget_state *state,
                                enum redial_class class, int64_t now);
/* Gives back what budget_retry took: another guard refused, or the retry is no longer under way. */
void budget_undo(const struct budget *budget, struct budget_state *state, enum redial_class class);
void budget_retry_ends(const struct budget *budget, struct budget_state *state);
/* `paid_for`: the class whose retry was paid last, NONE for a success at the first try. */
struct budget_word budget_success(const struct budget *budget, struct budget_state *state,
                                  enum redial_class paid_for, int64_t now);
/* What is left: thousandths of a token, or of a retry. */
int64_t budget_left(const struct budget *budget, struct budget_state *state, int64_t now);

enum breaker_change { BREAKER_AS_BEFORE, BREAKER_OPENED, BREAKER_CLOSED };
/* Whether a request may pass; `*probe` when it passes as a probe. Otherwise `*until` is when to ask
 * again. */
bool breaker_pass(const struct breaker *breaker, struct breaker_state *state, int64_t now,
                  bool *probe, int64_t *until);
enum breaker_change breaker_saw(const struct breaker *breaker, struct breaker_state *state,
                                enum redial_class class, bool probe, int64_t now);
/* A probe ended without a verdict. */
void breaker_unprobe(struct breaker_state *state);

/* Later than any end it has: a cooldown is extended, never shortened. Returns its end. */
int64_t cooldown_extend(_Atomic int64_t *end, int64_t until);

/* ns to wait before a request may be sent; its token is taken already. */
int64_t limiter_take(struct limiter_state *state, int64_t now);
void limiter_saw(const struct limiter *limiter, struct limiter_state *state, bool throttled,
                 int64_t now);

#endif
