/* One decision through a Lua hook: the step is asked for a wait, the hook reads four fields of what
 * it is given and computes one. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/load.h"
#include "model/policy.h"
#include "redial/redial.h"
#include "tests/bench/bench.h"

enum { ROUNDS = 20000, PASSES = 41 };

static const char policy_text[] =
    "redial: 1\nuses: [platforms.yaml]\n"
    "backoff: {standard: {base: 500ms, cap: 32s, jitter: none}}\n"
    "rules:\n"
    "  - {name: limited, when: {class: rate_limited}, do: [backoff, retry]}\n"
    "  - {name: rest, when: always, do: [fail]}\n"
    "hooks: {file: ../tests/bench/hook.lua, delay: wait}\n";

struct asked {
    struct redial_call call;
    struct redial_event event;
};

static const int64_t now = INT64_C(1767225600000000000);
static volatile int64_t sink;

static void decide(void *context)
{
    const struct asked *asked = context;
    struct redial_decision decision;
    for (size_t i = 0; i < ROUNDS; i++) {
        struct redial_call call = asked->call;
        redial_call_step(&call, &asked->event, now, &decision);
        sink = decision.delay;
    }
}

void bench_hook(void)
{
    static const struct redial_env nothing[] = {{NULL, NULL}};
    const struct redial_call_options options = {
        .model = REDIAL_STR("claude-opus-4-6"), .max_tokens = 4096, .seed = 7};
    struct redial_policy *policy =
        policy_load_text(REDIAL_STR("policies/bench.yaml"), str_of(policy_text), nothing, NULL);
    struct redial_engine *engine = policy ? redial_engine_new(policy) : NULL;
    struct asked asked = {.event = {.kind = REDIAL_EVENT_REPLY,
                                    .complete = true,
                                    .status = 429,
                                    .text[REDIAL_TEXT_ERROR] = REDIAL_STR("rate_limit_error")}};
    struct redial_decision decision;
    struct redial_str why;
    if (!engine || !redial_call_init(&asked.call, engine, &options, now, &why)) {
        fprintf(stderr, "bench: the policy with a hook cannot be loaded\n");
        exit(2);
    }
    redial_call_step(&asked.call, &(struct redial_event){.kind = REDIAL_EVENT_START}, now,
                     &decision);
    redial_event_prepare(policy, &asked.event);
    bench_report("a decision through a Lua hook",
                 bench_median(false, decide, &asked, ROUNDS, PASSES), "ns", 1000, false,
                 "`delay` reads four fields of its view and gives a wait; budgets, checks and the "
                 "rest of the decision included; median of 41");
    if (sink != 3 * NS_PER_SECOND) {
        fprintf(stderr, "bench: the hook was not asked\n");
        exit(2);
    }
    redial_call_step(&asked.call, &(struct redial_event){.kind = REDIAL_EVENT_CANCEL}, now,
                     &decision);
    redial_engine_destroy(engine);
    redial_policy_release(policy);
}
