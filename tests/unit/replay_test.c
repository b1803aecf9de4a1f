/* The command's entry: paths in, exit status and reports out. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "simulator/run/replay.h"

struct said {
    int status;
    char *out, *err;
};

static struct said replay(struct replay_options options, const char *const *paths, size_t count)
{
    struct said said = {0};
    size_t out_size, err_size;
    options.paths = paths;
    options.path_count = count;
    options.out = open_memstream(&said.out, &out_size);
    options.err = open_memstream(&said.err, &err_size);
    said.status = replay_run(&options);
    fclose(options.out);
    fclose(options.err);
    return said;
}

static void forget(struct said *said)
{
    free(said->out);
    free(said->err);
}

static void expect(struct replay_options options, const char *path, int status, const char *out,
                   const char *err)
{
    struct said said = replay(options, &path, 1);
    cr_expect_eq(said.status, status, "%s: %d\n%s%s", path, said.status, said.out, said.err);
    cr_expect_not_null(strstr(said.out, out), "%s:\n%s", path, said.out);
    cr_expect_not_null(strstr(said.err, err), "%s:\n%s", path, said.err);
    forget(&said);
}

#define FOLDER "tests/golden/scenario/"

Test(replay, a_scenario_that_passes_ends_with_0)
{
    expect((struct replay_options){0}, "scenarios/seed", 0, "passed", "");
}

Test(replay, a_scenario_that_cannot_be_run_ends_with_2)
{
    expect((struct replay_options){0}, FOLDER "runs-out.yaml", 2, "no reply left", "");
    expect((struct replay_options){0}, FOLDER "nowhere.yaml", 2, "cannot read the file", "");
}

Test(replay, what_a_function_has_against_a_run_is_told)
{
    expect((struct replay_options){0}, FOLDER "function-complains.yaml", 1, "took 1 attempts", "");
}

Test(replay, a_folder_without_scenarios_ends_with_2)
{
    expect((struct replay_options){0}, "engine/base", 2, "",
           "no scenario (*.yaml) is in this folder");
}

Test(replay, with_json_what_people_read_goes_to_standard_error)
{
    const struct replay_options json = {.json = true};
    expect(json, FOLDER "runs-out.yaml", 2, "{\"type\":\"replay\"", "INVALID");
}

Test(replay, an_interrupted_replay_reports_what_it_left_out)
{
    volatile sig_atomic_t interrupted = 1;
    const struct replay_options options = {.interrupted = &interrupted};
    expect(options, "scenarios/seed", 1, "interrupted: the rest was not run", "");
}

Test(replay, several_at_a_time_report_in_the_same_order)
{
    const char *const path = "scenarios/seed";
    struct said one = replay((struct replay_options){.verbosity = REPLAY_STORIES}, &path, 1);
    struct said four =
        replay((struct replay_options){.verbosity = REPLAY_STORIES, .jobs = 4}, &path, 1);
    size_t length = (size_t)(strrchr(one.out, ';') - one.out); /* what follows is measured */
    cr_expect_eq(strncmp(one.out, four.out, length), 0, "%s\n%s", one.out, four.out);
    forget(&one);
    forget(&four);
}

Test(replay, a_junit_file_that_cannot_be_written_ends_with_2)
{
    const struct replay_options options = {.junit_path = "/nowhere/at/all.xml"};
    expect(options, "scenarios/seed", 2, "passed", "cannot write /nowhere/at/all.xml");
}
