#include "simulator/run/reach.h"

#include <sys/stat.h>

#include "simulator/run/paths.h"
#include "simulator/run/runner.h"

static bool same_file(struct redial_str a, struct redial_str b)
{
    struct stat first, second;
    return stat(a.ptr, &first) == 0 && stat(b.ptr, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

static bool play(const struct scenario *scenario, size_t rule_count, bool reached[])
{
    struct transport *transport = transport_virtual_new(scenario->policy);
    if (!transport) return false;
    struct run run = {0};
    bool fine = run_scenario(&run, scenario,
                             &(struct run_options){.transport = transport, .seed = scenario->seed});
    transport->destroy(transport);
    for (size_t i = 0; fine && i < run.observation.rule_count; i++)
        if (run.observation.rules[i] < rule_count) reached[run.observation.rules[i]] = true;
    run_clean_up(&run);
    return fine;
}

static bool look_at(const struct redial_policy *policy, const char *path, bool reached[],
                    size_t *played)
{
    struct arena *arena = arena_new();
    struct diag_list *diags = diag_list_new();
    struct scenario scenario;
    bool fine = arena && diags;
    if (fine && same_file(scenario_policy(arena, path, diags), policy->path) &&
        scenario_load(arena, path, diags, &scenario)) {
        fine = play(&scenario, policy->rule_count, reached);
        scenario_clean_up(&scenario);
        (*played)++;
    }
    fine = fine && !diag_out_of_memory_seen(diags);
    diag_list_destroy(diags);
    arena_destroy(arena);
    return fine;
}

bool reach_rules(const struct redial_policy *policy, const char *folder, struct arena *arena,
                 bool reached[], struct redial_str *why)
{
    struct paths paths = {.arena = arena};
    size_t played = 0;
    bool fine = paths_add(&paths, folder, why);
    for (size_t i = 0; fine && i < paths.count; i++) {
        *why = REDIAL_STR("out of memory");
        fine = look_at(policy, paths.list[i], reached, &played);
    }
    paths_clean_up(&paths);
    if (!fine || played > 0) return fine;
    *why = REDIAL_STR("no scenario there names this policy");
    return false;
}
