/* Redial: what a program should do when an LLM provider fails. The whole public API.
 *
 * Threads: a policy is immutable, an engine may be shared by any number of threads, a call belongs
 * to one thread at a time. Memory: what a *_new or *_load gives, the matching *_release or
 * *_destroy takes; texts and structs returned by pointer belong to the object they were asked from.
 */
#ifndef REDIAL_REDIAL_H
#define REDIAL_REDIAL_H

#include "redial/call.h"

#pragma GCC visibility push(default)

struct redial_policy; /* compiled, immutable, counted */
struct redial_engine; /* a policy and the state that its calls share */
struct redial_diags;  /* what was wrong with a file */

/* One environment value; a list ends with a NULL name. */
struct redial_env {
    const char *name, *value;
};

/* Diagnostics of a load. redial_diags_text gives all of them as text for people, file:line:column,
 * source line and caret; it belongs to `diags`. */
struct redial_diags *redial_diags_new(void);
void redial_diags_destroy(struct redial_diags *diags); /* NULL is fine */
const char *redial_diags_text(struct redial_diags *diags, bool colour);
size_t redial_diags_errors(const struct redial_diags *diags);
size_t redial_diags_warnings(const struct redial_diags *diags);

/* Reads, checks and compiles a policy and the files it uses. Environment values are read once,
 * here: from `environment`, or from the process when it is NULL; an empty value counts as unset.
 * NULL when anything is wrong, explained in `diags`, which may be NULL. */
struct redial_policy *redial_policy_load(const char *path, const struct redial_env *environment,
                                         struct redial_diags *diags);
void redial_policy_acquire(const struct redial_policy *policy);
void redial_policy_release(const struct redial_policy *policy); /* NULL is fine */

/* Names for the indices of calls and decisions; empty for REDIAL_NO_INDEX. */
struct redial_str redial_policy_rule(const struct redial_policy *policy, uint16_t rule);
struct redial_str redial_policy_provider(const struct redial_policy *policy, uint16_t provider);
struct redial_str redial_policy_platform(const struct redial_policy *policy, uint16_t platform);
struct redial_str redial_policy_model(const struct redial_policy *policy, uint16_t model);

/* An engine that runs `policy`; it keeps a reference of its own. NULL when memory is out. */
struct redial_engine *redial_engine_new(const struct redial_policy *policy);
void redial_engine_destroy(
    struct redial_engine *engine); /* no call may be under way; NULL is fine */

/* Gives the engine another policy, at once and whole: calls that begin from now on run under it,
 * calls under way finish under theirs. Budgets, breakers, cooldowns and limiters live on where the
 * new policy has one of the same kind, name and `per`; modes live on. Any thread may reload while
 * others decide. False when memory is out: then nothing has changed. */
bool redial_engine_reload(struct redial_engine *engine, const struct redial_policy *policy);

/* The states of a mode that switches itself off: `fast`. */
#define REDIAL_MODE_MAP(X)                                                                         \
    X(ON, "on", "calls that ask for it get it")                                                    \
    X(COOLDOWN, "cooldown", "off until an instant, then on again by itself")                       \
    X(DISABLED, "disabled", "off until somebody switches it on again")
enum redial_mode_state {
#define X(name, word, doc) REDIAL_MODE_##name,
    REDIAL_MODE_MAP(X)
#undef X
        REDIAL_MODE_COUNT
};
const char *redial_mode_name(enum redial_mode_state value);
struct redial_mode {
    uint8_t state; /* enum redial_mode_state */
    int64_t until; /* COOLDOWN: ns since the Unix epoch */
};
/* False for a mode that has no state ("fast" is the one that has). */
bool redial_engine_mode(const struct redial_engine *engine, const char *mode, int64_t now,
                        struct redial_mode *state);
/* Ends a mode's cooldown, or switches it on again after it was disabled. */
bool redial_engine_mode_enable(struct redial_engine *engine, const char *mode);

/* How a guard stands, for people and tests. A guard with `per` has a state for each provider, model
 * and so on: the one that `call` meets is told, which may have ended but whose policy is still
 * held; NULL for a guard without. False when the engine's policy has no guard of this kind and
 * name, or it needs a call. */
struct redial_guard {
    uint8_t kind;   /* enum redial_guard_kind */
    int64_t left;   /* BUDGET: thousandths */
    int64_t until;  /* BREAKER open, COOLDOWN running: its end; 0 closed, or over */
    bool half_open; /* BREAKER: probes decide */
    double rate;    /* LIMITER: requests per second; 0: no limit yet */
};
bool redial_engine_guard(struct redial_engine *engine, enum redial_guard_kind kind,
                         struct redial_str name, const struct redial_call *call, int64_t now,
                         struct redial_guard *state);

/* Watches the files of a policy for a long-running program, which asks as often as it likes (a few
 * times a minute is plenty): nothing runs in between. */
struct redial_watch;
/* Reads `path` now, with the environment as in redial_policy_load, and remembers its files. NULL
 * when anything is wrong, explained in `diags`. `environment` must outlive it. */
struct redial_watch *redial_watch_new(const char *path, const struct redial_env *environment,
                                      struct redial_diags *diags);
void redial_watch_destroy(struct redial_watch *watch); /* NULL is fine */
/* The policy read last that was good; the watch's own reference. */
const struct redial_policy *redial_watch_policy(const struct redial_watch *watch);
enum redial_watched {
    REDIAL_WATCH_UNCHANGED, /* the files are as they were */
    REDIAL_WATCH_RELOADED,  /* they changed, and the engine has the new policy */
    REDIAL_WATCH_REFUSED,   /* they changed and cannot be used: `diags` says why, the engine keeps
                               its policy. Said once per change */
};
enum redial_watched redial_watch_poll(struct redial_watch *watch, struct redial_engine *engine,
                                      struct redial_diags *diags);

/* Telemetry: one record for each attempt that a reply or a break has ended, without content, and
 * none of a platform whose matrix says that telemetry is disabled. */
struct redial_telemetry {
    struct redial_str provider, model, rule; /* valid during the call of the sink; rule: of what was
                                                decided on the attempt's end, empty none */
    uint8_t class;                           /* enum redial_class; NONE: success */
    uint16_t status;                         /* HTTP, 0 none */
    int32_t attempt;                         /* of its call, from 1 */
    int64_t duration;                        /* ns, from its sending */
    int64_t delay;                           /* ns of the wait that follows, 0 none */
};
typedef void redial_telemetry_fn(void *context, const struct redial_telemetry *record);
/* Where the records of an engine's calls go; NULL: nowhere. Set it before the first call. The sink
 * is called within redial_call_step, by whichever thread steps: it must neither wait nor step. */
void redial_engine_set_telemetry(struct redial_engine *engine, redial_telemetry_fn *sink,
                                 void *context);

/* A sink that sends records as DogStatsD datagrams over UDP, to DD_AGENT_HOST, port
 * DD_DOGSTATSD_PORT or 8125, read once here from `environment` or, where it is NULL, from the
 * process. It never waits and never fails a call: a datagram that cannot be sent is lost. NULL,
 * with a sentence in `why`, when the environment names no host, or none that is found. */
struct redial_dogstatsd;
struct redial_dogstatsd *redial_dogstatsd_new(const struct redial_env *environment,
                                              struct redial_str *why);
void redial_dogstatsd_destroy(struct redial_dogstatsd *sink); /* NULL is fine */
redial_telemetry_fn redial_dogstatsd_send;                    /* its context is the sink */

const char *redial_version(void);

#pragma GCC visibility pop

#endif
