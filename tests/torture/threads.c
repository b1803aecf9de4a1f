/* Threads that share one engine, for ThreadSanitizer: eight of them run whole calls, each with its
 * own; while they do, a ninth reloads the policy every ten milliseconds. Whatever they do together,
 * a budget stays within its capacity.
 *
 *   threads            a few seconds
 *   threads SECONDS    longer */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "redial/redial.h"

enum { THREADS = 8, CALLS = 2000, SECONDS = 3 };
#define CAPACITY 20000 /* thousandths, in the policy below */

static struct redial_engine *engine;
static atomic_bool stop;
static atomic_int outside; /* budgets seen beyond their bounds */

static const struct redial_event start = {.kind = REDIAL_EVENT_START},
                                 timer = {.kind = REDIAL_EVENT_TIMER},
                                 overloaded = {.kind = REDIAL_EVENT_REPLY,
                                               .complete = true,
                                               .status = 529,
                                               .text[REDIAL_TEXT_ERROR] =
                                                   REDIAL_STR("overloaded_error")},
                                 success = {
                                     .kind = REDIAL_EVENT_REPLY, .complete = true, .status = 200};

static void look_at_budget(const struct redial_decision *decision)
{
    const struct redial_shared_word *word = &decision->shared;
    if (word->budget == 0) return;
    if (word->budget_before < 0 || word->budget_before > CAPACITY || word->budget_after < 0 ||
        word->budget_after > CAPACITY)
        outside++;
}

/* A call that meets `failures` overloads, and gives how many attempts it made. */
static int32_t run_call(uint64_t seed, int32_t failures, bool fast, int64_t *now)
{
    struct redial_call call;
    struct redial_decision decision;
    struct redial_str why;
    const struct redial_call_options options = {.model = REDIAL_STR("claude-opus-4-6"),
                                                .max_tokens = 1024,
                                                .seed = seed,
                                                .fast = fast,
                                                .credential_id = (uint32_t)seed % 100};
    if (!redial_call_init(&call, engine, &options, *now, &why)) abort();
    redial_call_step(&call, &start, *now, &decision);
    while (decision.kind != REDIAL_DECISION_FINISH) {
        const struct redial_event *event = call.attempts > failures ? &success : &overloaded;
        if (decision.kind == REDIAL_DECISION_WAIT) {
            *now = decision.wake_at;
            event = &timer;
        }
        redial_call_step(&call, event, *now, &decision);
        look_at_budget(&decision);
    }
    return call.attempts;
}

/* ---- The same in every thread: without guards calls do not touch each other */

static void *run_calls(void *argument)
{
    int32_t *attempts = argument;
    for (uint64_t i = 0; i < CALLS; i++) {
        int64_t now = 1;
        *attempts += run_call(i, INT32_MAX, false, &now);
    }
    return NULL;
}

static bool run_alike(const struct redial_policy *policy)
{
    pthread_t threads[THREADS];
    int32_t attempts[THREADS] = {0};
    bool same = true;
    engine = redial_engine_new(policy);
    if (!engine) return false;
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, run_calls, &attempts[i]) != 0) return false;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        same = same && attempts[i] == attempts[0];
    }
    printf("threads: %d threads, %d calls each, %d attempts in each thread\n", THREADS, CALLS,
           attempts[0]);
    redial_engine_destroy(engine);
    return same && attempts[0] > CALLS;
}

/* ---- All guards at once, while the policy is exchanged */

static void *run_until_stopped(void *argument)
{
    int64_t *calls = argument;
    int64_t now = 1;
    while (!stop) {
        uint64_t seed = (uint64_t)++ * calls;
        run_call(seed, (int32_t)(seed % 4), seed % 3 == 0, &now);
    }
    return NULL;
}

static int reload_every_10ms(const struct redial_policy *const policies[2], int seconds)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    int reloads = 0;
    for (; reloads < seconds * 100; reloads++) {
        nanosleep(&pause, NULL);
        if (!redial_engine_reload(engine, policies[reloads % 2])) abort();
        if (reloads % 7 == 0) redial_engine_mode_enable(engine, "fast");
    }
    return reloads;
}

static bool run_while_reloading(const struct redial_policy *const policies[2], int seconds)
{
    pthread_t threads[THREADS];
    int64_t calls[THREADS] = {0}, all = 0;
    engine = redial_engine_new(policies[0]);
    if (!engine) return false;
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, run_until_stopped, &calls[i]) != 0) return false;
    int reloads = reload_every_10ms(policies, seconds);
    stop = true;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        all += calls[i];
    }
    printf("threads: %d threads, %lld calls under guards, %d reloads, %d budgets out of bounds\n",
           THREADS, (long long)all, reloads, (int)outside);
    redial_engine_destroy(engine);
    return all > 0 && outside == 0;
}

static struct redial_policy *load(const char *path, struct redial_diags *diags)
{
    struct redial_policy *policy = redial_policy_load(path, NULL, diags);
    if (!policy) fputs(redial_diags_text(diags, false), stderr);
    return policy;
}

int main(int argc, char **argv)
{
    struct redial_diags *diags = redial_diags_new();
    struct redial_policy *plain = load("policies/claude-code.yaml", diags);
    struct redial_policy *guarded = load("policies/tests/guards-all.yaml", diags);
    struct redial_policy *other = load("policies/tests/guards-all.yaml", diags);
    int seconds = argc > 1 ? atoi(argv[1]) : SECONDS;
    bool right =
        plain && guarded && other && run_alike(plain) &&
        run_while_reloading((const struct redial_policy *const[]){other, guarded}, seconds);
    redial_policy_release(plain);
    redial_policy_release(guarded);
    redial_policy_release(other);
    redial_diags_destroy(diags);
    return right ? 0 : 1;
}
