/* redial replay: scenarios against their policies, on the virtual clock or on real sockets. */
#include <string.h>

#include "cli/interrupt.h"
#include "cli/verbs.h"
#include "simulator/run/replay.h"

static const struct args_flag flags[] = {
    {"wire", 0, NULL, "over real sockets on loopback instead of the virtual clock"},
    {"realtime", 0, NULL, "let the waits really pass"},
    {"seed", 0, "N", "this seed instead of each scenario's own"},
    {"update", 0, NULL, "rewrite the scenarios' 'story' blocks with what happened"},
    {"story", 0, NULL, "print every story, not only those that fail"},
    {"quiet", 'q', NULL, "print failures and totals only"},
    {"json", 0, NULL, "JSON lines on standard output, text on standard error"},
    {"junit", 0, "FILE", "write a JUnit XML file too"},
    {"github", 0, NULL, "print failures as annotations of a GitHub workflow too"},
    {"jobs", 'j', "N", "run N scenarios at a time"},
};

static bool read_options(const struct args *args, struct replay_options *options, struct text *why)
{
    uint64_t jobs = 1;
    if (args_given(args, "story") && args_given(args, "quiet")) {
        text_append(why, REDIAL_STR("'--story' and '--quiet' exclude each other"));
        return false;
    }
    if (!args_number(args, "seed", 0, UINT64_MAX, &options->seed, why)) return false;
    if (!args_number(args, "jobs", 1, 64, &jobs, why)) return false;
    options->seed_given = args_given(args, "seed");
    options->jobs = (unsigned)jobs;
    options->wire = args_given(args, "wire");
    options->realtime = args_given(args, "realtime");
    options->update = args_given(args, "update");
    options->json = args_given(args, "json");
    options->junit_path = args_value(args, "junit");
    options->github = args_given(args, "github");
    if (args_given(args, "story")) options->verbosity = REPLAY_STORIES;
    if (args_given(args, "quiet")) options->verbosity = REPLAY_QUIET;
    return true;
}

static int run(const struct args *args, struct output *output)
{
    struct replay_options options = {
        .paths = args->words,
        .path_count = args->word_count,
        .out = output->out,
        .err = output->err,
        .width = output->out_width,
        .interrupted = &interrupted,
    };
    struct text why = TEXT_INIT;
    int status = STATUS_UNUSABLE;
    if (!read_options(args, &options, &why)) {
        output_usage(output, args->verb->name, text_str(&why));
    } else {
        options.colour = options.json ? output->err_colour : output->out_colour;
        interrupts_catch(false);
        status = replay_run(&options);
    }
    text_clean_up(&why);
    return status;
}

const struct verb verb_replay = {
    .name = "replay",
    .words = "PATH...",
    .summary = "run scenarios, compare expectations",
    .about = "Replays scenario files, or every *.yaml below a folder: the policy that each\n"
             "names, against the failures that it scripts. Waits take no time, neither on the\n"
             "virtual clock nor on real sockets, unless --realtime is given. What a scenario\n"
             "expects and does not get is shown as exp: and got:, with one line to paste that\n"
             "replays it.",
    .flags = flags,
    .flag_count = REDIAL_COUNT_OF(flags),
    .words_min = 1,
    .examples = "  redial replay scenarios/seed                    all of them, one line each\n"
                "  redial replay --wire --story scenarios/seed/overloaded.yaml\n"
                "  redial replay --junit report.xml scenarios      for a CI server\n"
                "  redial replay --update my.yaml                  take over the new story, then\n"
                "                                                  review the diff\n",
    .status = "  0  every expectation and invariant held\n"
              "  1  one did not, or the run was interrupted (what was done is still reported)\n"
              "  2  a file is unreadable or invalid, or the run could not start\n",
    .run = run,
};
