/* Virtual replay: attempts per second on one core, story recorded and not printed; and the shipped
 * scenarios together. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "simulator/run/replay.h"
#include "simulator/run/runner.h"
#include "tests/bench/bench.h"

enum { CALLS = 10000, ATTEMPTS_EACH = 11 };

/* Ten thousand calls, each of which meets the same 429 until its eleventh attempt ends it. */
static const char text[] =
    "scenario: 1\n"
    "name: Calls that are rate limited to the end\n"
    "policy: ../../policies/claude-code.yaml\n"
    "calls: [{at: 0s, count: 10000, provider: anthropic, model: claude-opus-4-6}]\n"
    "world: {anthropic: [{status: 429, after: 40ms, forever: true}]}\n"
    "expect: {outcome: rule_limit}\n";

struct played {
    struct scenario scenario;
    size_t attempts;
};

static void play(void *context)
{
    struct played *played = context;
    struct transport *transport = transport_virtual_new(played->scenario.policy);
    struct run run;
    const struct run_options options = {.transport = transport, .seed = 7};
    if (!run_scenario(&run, &played->scenario, &options) || run.end != RUN_ENDED) exit(2);
    played->attempts = transport->requests_counted(transport);
    run_clean_up(&run);
    transport->destroy(transport);
}

static void bench_attempts(void)
{
    struct arena *arena = arena_new();
    struct diag_list *diags = diag_list_new();
    struct played played = {0};
    if (!scenario_load_text(arena, REDIAL_STR("tests/bench/generated.yaml"), str_of(text), diags,
                            &played.scenario)) {
        struct text shown = TEXT_INIT;
        diag_render(diags, false, &shown);
        fputs(shown.ptr, stderr);
        exit(2);
    }
    double ns = bench_median(play, &played, (size_t)CALLS * ATTEMPTS_EACH, 7);
    if (played.attempts != (size_t)CALLS * ATTEMPTS_EACH) exit(2);
    bench_report("virtual replay", 1e9 / ns, "attempts/s", 1e6, true,
                 "10,000 calls sharing one engine, 11 attempts each, story and observations "
                 "recorded; median of 7 runs");
    scenario_clean_up(&played.scenario);
    diag_list_destroy(diags);
    arena_destroy(arena);
}

static void replay_shipped(void *context)
{
    FILE *nowhere = context;
    const char *const paths[] = {"scenarios"};
    const struct replay_options options = {
        .paths = paths, .path_count = 1, .verbosity = REPLAY_QUIET, .out = nowhere, .err = nowhere};
    if (replay_run(&options) != 0) exit(2);
}

void bench_replay(void)
{
    bench_attempts();
    FILE *nowhere = fopen("/dev/null", "w");
    if (!nowhere) exit(2);
    bench_report("all shipped scenarios, virtual",
                 bench_median(replay_shipped, nowhere, 1, 5) / 1e6, "ms", 1000, false,
                 "each loaded with its policy, run twice (the same seed, the same story), "
                 "compared; median of 5");
    fclose(nowhere);
}
