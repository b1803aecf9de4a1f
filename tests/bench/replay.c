/* Virtual replay: attempts per second on one core, story recorded and not printed; and the shipped
 * scenarios together. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "simulator/run/replay.h"
#include "simulator/run/runner.h"
#include "tests/bench/bench.h"

enum { ATTEMPTS_EACH = 11 };

/* Calls that each meet the same 429 until their eleventh attempt ends them, all at the same time.
 */
static const char text[] =
    "scenario: 1\n"
    "name: Calls that are rate limited to the end\n"
    "policy: ../../policies/claude-code.yaml\n"
    "calls: [{at: 0s, count: %zu, provider: anthropic, model: claude-opus-4-6}]\n"
    "world: {anthropic: [{status: 429, after: 40ms, forever: true}]}\n"
    "expect: {outcome: rule_limit}\n";

struct played {
    struct scenario scenario;
    size_t runs, attempts;
};

static void play(void *context)
{
    struct played *played = context;
    played->attempts = 0;
    for (size_t i = 0; i < played->runs; i++) {
        struct transport *transport = transport_virtual_new(played->scenario.policy);
        struct run run;
        const struct run_options options = {.transport = transport, .seed = i};
        if (!run_scenario(&run, &played->scenario, &options) || run.end != RUN_ENDED) exit(2);
        played->attempts += transport->requests_counted(transport);
        run_clean_up(&run);
        transport->destroy(transport);
    }
}

/* ns per attempt */
static double replay_calls(size_t calls, size_t runs)
{
    struct arena *arena = arena_new();
    struct diag_list *diags = diag_list_new();
    struct played played = {.runs = runs};
    struct text written = TEXT_INIT;
    text_printf(&written, text, calls);
    if (!scenario_load_text(arena, REDIAL_STR("tests/bench/generated.yaml"), text_str(&written),
                            diags, &played.scenario))
        exit(2);
    size_t attempts = runs * calls * ATTEMPTS_EACH;
    double ns = bench_median(false, play, &played, attempts, 7);
    if (played.attempts != attempts) exit(2);
    text_clean_up(&written);
    scenario_clean_up(&played.scenario);
    diag_list_destroy(diags);
    arena_destroy(arena);
    return ns;
}

static void bench_attempts(void)
{
    bench_report("virtual replay", 1e9 / replay_calls(100, 100), "attempts/s", 1e6, true,
                 "100 runs of 100 calls sharing one engine, 11 attempts each, story and "
                 "observations recorded; median of 7");
    printf("    10,000 calls at the same time, out of cache: %.0f attempts/s\n",
           1e9 / replay_calls(10000, 1));
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
                 bench_median(false, replay_shipped, nowhere, 1, 5) / 1e6, "ms", 1000, false,
                 "each loaded with its policy, run twice (the same seed, the same story), "
                 "compared; median of 5");
    fclose(nowhere);
}
