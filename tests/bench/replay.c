/* Virtual replay: whole runs, the story recorded and not printed. */
#include <stdio.h>
#include <stdlib.h>

#include "simulator/run/replay.h"
#include "simulator/run/runner.h"
#include "tests/bench/bench.h"

enum { PASSES = 15 };

struct replays {
    struct scenario scenario;
    size_t attempts; /* of one run */
};

static void run_once(void *context)
{
    struct replays *replays = context;
    struct transport *transport = transport_virtual_new(replays->scenario.policy);
    struct run run;
    if (!transport ||
        !run_scenario(&run, &replays->scenario,
                      &(struct run_options){.transport = transport, .seed = 7}) ||
        run.end != RUN_ENDED || run.observation.violations.count) {
        fprintf(stderr, "bench: the run went wrong\n");
        exit(2);
    }
    replays->attempts = (size_t)run.observation.attempts;
    run_clean_up(&run);
    transport->destroy(transport);
}

/* Eight calls that share an engine and meet overload after overload. */
static void bench_attempts(void)
{
    struct arena *arena = arena_new();
    struct diag_list *diags = diag_list_new();
    struct replays replays;
    if (!scenario_load(arena, "tests/bench/replay.yaml", diags, &replays.scenario)) {
        struct text text = TEXT_INIT;
        diag_render(diags, false, &text);
        fprintf(stderr, "bench: %s", text.ptr);
        exit(2);
    }
    run_once(&replays);
    double ns = bench_median(run_once, &replays, replays.attempts, PASSES);
    bench_report(
        "virtual replay", 1e9 / ns / 1e6, "M attempts/s", 1, true,
        "tests/bench/replay.yaml: 100,000 attempts of eight calls on one core; making the run, "
        "the story recorded and the invariants included; median of 15 runs");
    scenario_clean_up(&replays.scenario);
    diag_list_destroy(diags);
    arena_destroy(arena);
}

static void replay_shipped(void *context)
{
    const char *path = "scenarios";
    FILE *nowhere = context;
    replay_run(
        &(struct replay_options){.paths = &path, .path_count = 1, .out = nowhere, .err = nowhere});
}

static void bench_shipped(void)
{
    FILE *nowhere = fopen("/dev/null", "w");
    if (!nowhere) exit(2);
    double ns = bench_median(replay_shipped, nowhere, 1, 5);
    bench_report("all shipped scenarios, virtual", ns / 1e6, "ms", 1000, false,
                 "redial replay scenarios: read, load each policy, run twice, compare, report; "
                 "median of 5");
    fclose(nowhere);
}

void bench_replay(void)
{
    bench_attempts();
    bench_shipped();
}
