/* What the state that calls share costs: a budget and a breaker on each decision, and threads on
 * one engine. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "api/load.h"
#include "core/engine.h"
#include "redial/redial.h"
#include "tests/bench/bench.h"

enum { PAIRS = 10000, PASSES = 41, CALLS = 20000 };

#define RULES                                                                                      \
    "backoff:\n  standard: {base: 500ms, factor: 2, cap: 32s, jitter: {add: 25%}}\n"               \
    "rules:\n  - {name: overloaded, when: {class: overloaded}, do: [backoff, retry], max: 3}\n"    \
    "  - {name: anything else, when: always, do: [fail]}\n"
#define GUARDS                                                                                     \
    "budgets:\n  quota: {capacity: 1000, cost: 5, refund: 5, per: [provider, model]}\n"            \
    "breakers:\n  upstream: {failures: 90%, minimum: 100, window: 30s, open: 5s, per: [provider, " \
    "model]}\n"

static int64_t now = INT64_C(1767225600000000000);

static struct redial_policy *load(const char *text)
{
    struct text file = TEXT_INIT;
    text_printf(&file, "redial: 1\nname: bench\nuses: [policies/platforms.yaml]\n%s", text);
    struct redial_policy *policy = policy_load_text(
        REDIAL_STR("bench.yaml"), text_str(&file), (const struct redial_env[]){{NULL, NULL}}, NULL);
    text_clean_up(&file);
    if (!policy) abort();
    return policy;
}

/* ---- One decision */

struct pair {
    struct redial_policy *policy;
    struct redial_engine *engine;
    struct redial_call call; /* SENDING */
    struct redial_event failure, success;
};

static void step_copy(const struct pair *pair, const struct redial_event *event)
{
    struct redial_call call = pair->call;
    struct redial_decision decision;
    ++call.shared->stripes[call.stripe]
          .held; /* a decision that ends the call gives its hold back */
    redial_call_step(&call, event, now, &decision);
    if (decision.kind != REDIAL_DECISION_FINISH) engine_let_go(call.shared, call.stripe);
}

/* A failure takes from the budget what the success puts back. */
static void decide_pairs(void *context)
{
    const struct pair *pair = context;
    for (size_t i = 0; i < PAIRS; i++) {
        step_copy(pair, &pair->failure);
        step_copy(pair, &pair->success);
    }
}

static double decision_under(const char *text)
{
    struct pair pair = {.policy = load(text),
                        .failure = {.kind = REDIAL_EVENT_REPLY,
                                    .complete = true,
                                    .status = 529,
                                    .text[REDIAL_TEXT_ERROR] = REDIAL_STR("overloaded_error")},
                        .success = {.kind = REDIAL_EVENT_REPLY, .complete = true, .status = 200}};
    struct redial_str why;
    struct redial_decision decision;
    const struct redial_call_options options = {
        .model = REDIAL_STR("claude-opus-4-6"), .max_tokens = 4096, .seed = 7};
    pair.engine = redial_engine_new(pair.policy);
    if (!pair.engine || !redial_call_init(&pair.call, pair.engine, &options, now, &why)) abort();
    redial_call_step(&pair.call, &(struct redial_event){.kind = REDIAL_EVENT_START}, now,
                     &decision);
    redial_event_prepare(pair.policy, &pair.failure);
    redial_event_prepare(pair.policy, &pair.success);
    double median = bench_median(false, decide_pairs, &pair, 2 * (size_t)PAIRS, PASSES);
    engine_let_go(pair.call.shared, pair.call.stripe);
    redial_engine_destroy(pair.engine);
    redial_policy_release(pair.policy);
    return median;
}

/* ---- Threads */

struct worker {
    struct redial_engine *engine;
    const struct redial_event *failure;
    uint64_t seed;
    int64_t decisions, used; /* ns of a core */
};

static int64_t run_call(struct redial_engine *engine, const struct redial_event *failure,
                        uint64_t seed)
{
    static const struct redial_event start = {.kind = REDIAL_EVENT_START},
                                     timer = {.kind = REDIAL_EVENT_TIMER};
    struct redial_call call;
    struct redial_decision decision;
    struct redial_str why;
    const struct redial_call_options options = {
        .model = REDIAL_STR("claude-opus-4-6"), .max_tokens = 4096, .seed = seed};
    int64_t at = now, decisions = 0;
    if (!redial_call_init(&call, engine, &options, at, &why)) abort();
    redial_call_step(&call, &start, at, &decision);
    while (decision.kind != REDIAL_DECISION_FINISH) {
        bool waits = decision.kind == REDIAL_DECISION_WAIT;
        if (waits) at = decision.wake_at;
        redial_call_step(&call, waits ? &timer : failure, at, &decision);
        decisions++;
    }
    return decisions;
}

static int64_t core_time(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

static void *run_calls(void *argument)
{
    struct worker *worker = argument;
    const struct worker mine = *worker; /* not beside the other thread's, in one cache line */
    int64_t began = core_time(), decisions = 0;
    for (size_t i = 0; i < CALLS; i++)
        decisions += run_call(mine.engine, mine.failure, mine.seed + i);
    worker->used = core_time() - began;
    worker->decisions = decisions;
    return NULL;
}

/* What `threads` threads on one engine decide, per second of a core that each has used: how many
 * cores a busy machine gives them does not move it. */
static double rate_of(struct redial_engine *engine, const struct redial_event *failure,
                      size_t threads)
{
    pthread_t ids[2];
    struct worker workers[2] = {{.engine = engine, .failure = failure},
                                {.engine = engine, .failure = failure, .seed = 1000000}};
    double rate = 0;
    for (size_t i = 0; i < threads; i++)
        if (pthread_create(&ids[i], NULL, run_calls, &workers[i]) != 0) abort();
    for (size_t i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        rate += (double)workers[i].decisions * 1e9 / (double)workers[i].used;
    }
    return rate;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void bench_threads(const char *name, const char *rules)
{
    enum { TRIES = 21 };
    double ratios[TRIES], one = 0, two = 0;
    struct redial_policy *policy = load(rules);
    struct redial_engine *engine = redial_engine_new(policy);
    struct redial_event failure = {.kind = REDIAL_EVENT_REPLY,
                                   .complete = true,
                                   .status = 529,
                                   .text[REDIAL_TEXT_ERROR] = REDIAL_STR("overloaded_error")};
    if (!engine) abort();
    redial_event_prepare(policy, &failure);
    for (size_t i = 0; i < TRIES; i++) {
        one = rate_of(engine, &failure, 1);
        two = rate_of(engine, &failure, 2);
        ratios[i] = two / one;
    }
    qsort(ratios, TRIES, sizeof *ratios, by_value);
    bench_report(name, ratios[TRIES / 2], "x", 1.6, true,
                 "whole calls that end after four overloads, each thread its own; decisions per "
                 "second of a core; median of 21 tries of one thread, then two");
    printf("    the last try: one thread %.1f M/s, two %.1f M/s\n", one / 1e6, two / 1e6);
    redial_engine_destroy(engine);
    redial_policy_release(policy);
}

void bench_guards(void)
{
    double plain = decision_under(RULES), guarded = decision_under(RULES GUARDS);
    bench_report("what a budget and a breaker add to a decision", guarded - plain, "ns", 30, false,
                 "an overload and a success in turn, keyed by provider and model; medians of 41");
    printf("    without %.1f ns, with %.1f ns\n", plain, guarded);
    bench_threads("decisions of two threads on one engine", RULES);
}
