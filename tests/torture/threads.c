/* Threads that share one engine, for ThreadSanitizer: eight of them run whole calls, each with its
 * own. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "redial/redial.h"

enum { THREADS = 8, CALLS = 2000 };

static struct redial_engine *engine;

/* A call that meets overload until it is told to stop, and gives how many attempts it made. */
static int32_t run_call(uint64_t seed)
{
    struct redial_call call;
    struct redial_decision decision;
    struct redial_str why;
    const struct redial_call_options options = {
        .model = REDIAL_STR("claude-opus-4-6"), .max_tokens = 1024, .seed = seed};
    const struct redial_event overloaded = {.kind = REDIAL_EVENT_REPLY,
                                            .complete = true,
                                            .status = 529,
                                            .text[REDIAL_TEXT_ERROR] =
                                                REDIAL_STR("overloaded_error")};
    const struct redial_event start = {.kind = REDIAL_EVENT_START},
                              timer = {.kind = REDIAL_EVENT_TIMER};
    int64_t now = 1;
    if (!redial_call_init(&call, engine, &options, now, &why)) abort();
    redial_call_step(&call, &start, now, &decision);
    while (decision.kind != REDIAL_DECISION_FINISH) {
        if (decision.kind == REDIAL_DECISION_WAIT) now = decision.wake_at;
        redial_call_step(&call, decision.kind == REDIAL_DECISION_WAIT ? &timer : &overloaded, now,
                         &decision);
    }
    return call.attempts;
}

static void *run_calls(void *argument)
{
    int32_t *attempts = argument;
    for (uint64_t i = 0; i < CALLS; i++) *attempts += run_call(i);
    return NULL;
}

int main(void)
{
    struct redial_diags *diags = redial_diags_new();
    struct redial_policy *policy = redial_policy_load("policies/claude-code.yaml", NULL, diags);
    if (!policy) {
        fputs(redial_diags_text(diags, false), stderr);
        return 2;
    }
    engine = redial_engine_new(policy);
    pthread_t threads[THREADS];
    int32_t attempts[THREADS] = {0};
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, run_calls, &attempts[i]) != 0) return 2;
    bool same = true;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        same = same && attempts[i] == attempts[0];
    }
    printf("threads: %d threads, %d calls each, %d attempts in each thread\n", THREADS, CALLS,
           attempts[0]);
    redial_engine_destroy(engine);
    redial_policy_release(policy);
    redial_diags_destroy(diags);
    return same && attempts[0] > CALLS ? 0 : 1;
}
