/* What a policy says of the state that its calls share: budgets, breakers, cooldowns, limiters, and
 * the mode `fast`. Only the words of the file; the state itself lives in the engine (core/shared.h)
 * and is found again by name when a policy is reloaded. */
#ifndef REDIAL_MODEL_GUARDS_H
#define REDIAL_MODEL_GUARDS_H

#include "base/diag.h"
#include "base/names.h"
#include "redial/words.h"

#define GUARDS_MAX 8 /* of each kind in one policy */

/* By what a guard tells calls apart: each combination has a state of its own. */
enum guard_key {
    GUARD_BY_PROVIDER,
    GUARD_BY_MODEL,
    GUARD_BY_CREDENTIAL,
    GUARD_BY_QUERY,
    GUARD_KEY_COUNT
};

/* What becomes of a call that a guard holds up. */
enum guard_answer { GUARD_WAIT, GUARD_FALLBACK, GUARD_FAIL, GUARD_ANSWER_COUNT };

/* The beginning of every guard. */
struct guard {
    struct redial_str name;
    struct span span;
    uint32_t per; /* bit per enum guard_key; 0: one state for all */
};

/* ---- Budgets: how many retries the calls together may take */

enum budget_kind {
    BUDGET_TOKENS,  /* a bucket that retries empty, and successes fill again */
    BUDGET_CALLS,   /* retries are a share of the calls of a window */
    BUDGET_RUNNING, /* retries under way are a share of the calls under way */
    BUDGET_KIND_COUNT
};
enum budget_charge { BUDGET_CHARGES_RETRIES, BUDGET_CHARGES_FAILURES, BUDGET_CHARGE_COUNT };
enum budget_empty { BUDGET_FAIL, BUDGET_WAIT_THEN_FAIL, BUDGET_EMPTY_COUNT };

#define BUDGET_UNIT       INT64_C(1000) /* amounts are thousandths of a token */
#define BUDGET_LAST_COST  INT64_C(-1)   /* a refund of what the last retry cost */
#define BUDGET_AMOUNT_MAX INT64_C(1000000000000)

struct budget {
    struct guard guard;
    enum budget_kind kind;
    enum budget_charge charge;
    enum budget_empty when_empty;
    /* TOKENS, in thousandths */
    int64_t capacity, refill; /* refill: per second */
    int64_t keep;             /* a retry is allowed only while more than this is left; -1: none */
    int64_t cost[REDIAL_CLASS_COUNT];
    int64_t refund_first_try, refund_after_retry; /* the latter may be BUDGET_LAST_COST */
    /* CALLS and RUNNING */
    uint32_t share_ppm;
    int64_t floor;  /* thousandths of a retry: per second of the window, or at once */
    int64_t window; /* ns */
};

/* ---- Breakers: stop sending where it fails */

struct breaker {
    struct guard guard;
    uint32_t classes; /* bit per class that counts as a failure; every other counts as success */
    int32_t failures; /* that open it within the window; 0: by share */
    uint32_t failure_ppm; /* share that opens it; 0: by number */
    int32_t minimum;      /* attempts in the window before it may open */
    int64_t window, open; /* ns */
    int32_t probes;       /* successes that close it again; so many may be under way at once */
    enum guard_answer when_open;
};

/* ---- Cooldowns: leave something alone for a while */

struct cooldown {
    struct guard guard;
    int64_t length;    /* ns */
    bool hint_extends; /* the server's hint may make it longer */
    enum guard_answer when_running;
};
#define COOLDOWN_ANY GUARDS_MAX /* the unnamed one that {cooldown: 60s} means */

/* ---- Limiters: send no faster than the server takes it (AWS adaptive, CUBIC) */

struct limiter {
    struct guard guard;
    uint32_t throttled; /* bit per class that lowers the rate */
    double beta, scale, smoothing;
    double rate_min;     /* requests per second */
    double capacity_min; /* requests at once */
    int64_t measure;     /* ns: the rate is measured over so much time */
};

struct guards {
    struct budget budgets[GUARDS_MAX];
    struct breaker breakers[GUARDS_MAX];
    struct cooldown cooldowns[GUARDS_MAX + 1]; /* the last: COOLDOWN_ANY */
    struct limiter limiters[GUARDS_MAX];
    uint8_t budget_count, breaker_count, cooldown_count, limiter_count;
    bool cools;        /* there are cooldowns, COOLDOWN_ANY included */
    bool counts_calls; /* some budget is a share of calls */
    bool present;      /* any of them, COOLDOWN_ANY included */
};

/* ---- The mode `fast`: the same model, sooner, while there is capacity for it */

struct condition;

struct fast_mode {
    bool present;
    struct span span;
    uint16_t *models; /* that have it, as indices */
    size_t model_count;
    struct redial_str speed, beta; /* in the body; in the header anthropic-beta */
    const struct condition *cooldown_when, *once_when, *disable_when; /* NULL: never */
    int64_t cooldown;                                                 /* ns */
    bool hint_extends;
};

extern const struct names guard_key_names, guard_answer_names, budget_of_names, budget_charge_names,
    budget_empty_names;

#endif
