/* redial run: the fakes around a client under test, and a verdict on what it did. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duration.h"
#include "cli/interrupt.h"
#include "cli/verbs.h"
#include "simulator/judge/trial.h"
#include "simulator/run/paths.h"

#define LIMIT_DEFAULT (2 * NS_PER_MINUTE)
#define SUITES        "scenarios" /* where --suite NAME is looked for */

static const struct args_flag flags[] = {
    {"suite", 0, "NAME", "every scenario of scenarios/NAME, or below this folder"},
    {"limit", 0, "TIME", "end a client that runs longer; 2m unless given"},
    {"speed", 0, "N", "divide the world's delays and hints by N"},
    {"credentials", 0, "WAYS", "how the client gets them: oauth, container, \"web identity\" ..."},
    {"exact", 0, NULL, "hold attempts, waits and requests against the scenario, too"},
    {"seed", 0, "N", "this seed instead of each scenario's own"},
    {"story", 0, NULL, "print every request, of those that pass, too"},
    {"quiet", 'q', NULL, "print what is not well and the totals only"},
    {"json", 0, NULL, "JSON lines on standard output, text on standard error"},
    {"junit", 0, "FILE", "write a JUnit XML file too"},
    {"github", 0, NULL, "print failures as annotations of a GitHub workflow too"},
};

/* ---- Options ---- */

struct request {
    struct trial_options trial;
    struct paths paths;
    struct report_style style;
    const char *junit;
    bool json, github, quiet;
};

static bool read_limit(const struct args *args, int64_t *limit, struct text *why)
{
    const char *given = args_value(args, "limit");
    *limit = LIMIT_DEFAULT;
    if (!given || (duration_parse(str_of(given), limit) == DURATION_OK && *limit > 0)) return true;
    text_printf(why, "'--limit' takes a time such as 30s or 5m, not '%s'", given);
    return false;
}

static bool read_speed(const struct args *args, double *speed, struct text *why)
{
    const char *given = args_value(args, "speed");
    char *end = NULL;
    *speed = given ? strtod(given, &end) : 1;
    if (!given || (*given && *end == '\0' && *speed >= 0.001 && *speed <= 1e6)) return true;
    text_printf(why, "'--speed' takes a number such as 10, from 0.001 to 1000000, not '%s'", given);
    return false;
}

static bool add_path(struct request *request, const char *path, struct text *why)
{
    struct redial_str sentence;
    if (paths_add(&request->paths, path, &sentence)) return true;
    text_append(why, sentence);
    return false;
}

/* A folder that is there goes before a name. */
static bool add_suite(struct request *request, const char *suite, struct text *why)
{
    struct text path = TEXT_INIT;
    if (access(suite, F_OK) == 0)
        text_append(&path, str_of(suite));
    else
        text_printf(&path, "%s/%s", SUITES, suite);
    bool there = !path.failed && access(path.ptr, F_OK) == 0;
    if (!there)
        text_printf(why, "no suite '%s': neither %s/%s nor %s is there", suite, SUITES, suite,
                    suite);
    bool good = there && add_path(request, path.ptr, why);
    text_clean_up(&path);
    return good;
}

static bool read_what(const struct args *args, struct request *request, struct text *why)
{
    const char *suite = args_value(args, "suite");
    if (!args->dashes || args->own_count == args->word_count) {
        text_append(why, REDIAL_STR("no command: write it behind the scenario and '--', as in "
                                    "'redial run SCENARIO -- node client.mjs'"));
        return false;
    }
    if (!suite && args->own_count == 0) {
        text_append(why, REDIAL_STR("no scenario: name files or folders before the '--', or a "
                                    "'--suite'"));
        return false;
    }
    for (size_t i = 0; i < args->own_count; i++)
        if (!add_path(request, args->words[i], why)) return false;
    return !suite || add_suite(request, suite, why);
}

static bool read_options(const struct args *args, struct request *request, struct text *why)
{
    struct trial_options *trial = &request->trial;
    trial->ways = args_value(args, "credentials");
    trial->exact = args_given(args, "exact");
    trial->seed_given = args_given(args, "seed");
    trial->interrupted = &interrupted;
    request->json = trial->wants_json = args_given(args, "json");
    request->github = args_given(args, "github");
    request->junit = args_value(args, "junit");
    request->style.stories = args_given(args, "story");
    request->style.only_what_fails = args_given(args, "quiet");
    if (request->style.stories && request->style.only_what_fails) {
        text_append(why, REDIAL_STR("'--story' and '--quiet' exclude each other"));
        return false;
    }
    return read_limit(args, &trial->limit, why) && read_speed(args, &trial->speed, why) &&
           args_number(args, "seed", 0, UINT64_MAX, &trial->seed, why) &&
           read_what(args, request, why);
}

/* ---- Reports ---- */

static FILE *for_people(const struct request *request, const struct output *output)
{
    return request->json ? output->err : output->out;
}

static void tell_trial(const struct request *request, const struct trial *trial,
                       struct output *output)
{
    struct text text = TEXT_INIT;
    trial_write_text(trial, &request->style, &text);
    output_text(for_people(request, output), &text);
    fflush(for_people(request, output));
    text_clear(&text);
    if (request->json) {
        trial_write_json(trial, &text);
        output_text(output->out, &text);
        fflush(output->out);
    }
    text_clean_up(&text);
}

static bool write_junit(const struct request *request, const struct results *results,
                        struct output *output)
{
    struct text text = TEXT_INIT;
    report_junit(results, &text);
    FILE *file = fopen(request->junit, "w");
    bool written = file && !text.failed && fwrite(text.ptr, 1, text.len, file) == text.len;
    if (file && fclose(file) != 0) written = false;
    if (!written)
        fprintf(output->err, "redial: cannot write %s: %s\n", request->junit, strerror(errno));
    text_clean_up(&text);
    return written;
}

static bool tell_machines(const struct request *request, const struct scorecard *card,
                          struct output *output)
{
    struct arena *arena = arena_new();
    struct results results;
    struct text text = TEXT_INIT;
    bool good = arena && scorecard_results(card, arena, &results);
    if (good && request->github) {
        report_github(&results, &text);
        output_text(for_people(request, output), &text);
    }
    if (good && request->junit) good = write_junit(request, &results, output);
    text_clean_up(&text);
    arena_destroy(arena);
    return good;
}

static void tell_card(const struct request *request, const struct scorecard *card,
                      struct output *output)
{
    struct text text = TEXT_INIT;
    scorecard_write_text(card, &request->style, &text);
    output_text(for_people(request, output), &text);
    text_clear(&text);
    if (request->json) {
        scorecard_write_json(card, &text);
        output_text(output->out, &text);
    }
    text_clean_up(&text);
}

/* ---- The trials ---- */

static int status_of(const struct scorecard *card)
{
    if (scorecard_invalid(card) > 0) return STATUS_UNUSABLE;
    if (card->interrupted || scorecard_with(card, GRADE_PARTIAL) > 0 ||
        scorecard_with(card, GRADE_FAIL) > 0)
        return STATUS_FAILED;
    return STATUS_OK;
}

/* A command that cannot be started will not start for the next scenario either. */
static bool run_trials(const struct request *request, struct scorecard *card, struct output *output)
{
    enum trial_status status = TRIAL_DONE;
    for (size_t i = 0; i < request->paths.count && status == TRIAL_DONE; i++) {
        struct trial *trial = &card->trials[card->count++];
        status = trial_run(request->paths.list[i], &request->trial, trial);
        if (status == TRIAL_OUT_OF_MEMORY)
            fputs("redial: out of memory\n", output->err);
        else
            tell_trial(request, trial, output);
    }
    card->interrupted = status == TRIAL_INTERRUPTED;
    return status == TRIAL_DONE || status == TRIAL_INTERRUPTED;
}

static int judge_client(const struct request *request, struct output *output)
{
    struct scorecard card = {.speed = request->trial.speed,
                             .command = str_of(request->trial.argv[0]),
                             .trials = calloc(request->paths.count + 1, sizeof *card.trials)};
    int64_t began = clock_steady();
    if (!card.trials) return STATUS_UNUSABLE;
    bool ran = run_trials(request, &card, output);
    card.measured = clock_steady() - began;
    if (ran) tell_card(request, &card, output);
    bool told = tell_machines(request, &card, output);
    int status = ran && told ? status_of(&card) : STATUS_UNUSABLE;
    for (size_t i = 0; i < card.count; i++) arena_destroy(card.trials[i].arena);
    free(card.trials);
    return status;
}

static int run(const struct args *args, struct output *output)
{
    struct request request = {.style = {.width = output->out_width}};
    struct text why = TEXT_INIT;
    int status = STATUS_UNUSABLE;
    request.paths.arena = arena_new();
    if (!request.paths.arena) return status;
    if (!read_options(args, &request, &why)) {
        output_usage(output, args->verb->name, text_str(&why));
    } else {
        request.style.colour = request.json ? output->err_colour : output->out_colour;
        request.trial.argv = (char *const *)(const void *)&args->words[args->own_count];
        interrupts_catch(true);
        status = judge_client(&request, output);
    }
    paths_clean_up(&request.paths);
    arena_destroy(request.paths.arena);
    text_clean_up(&why);
    return status;
}

static void list_grades(struct text *out)
{
    text_append(out, REDIAL_STR("\nGrades:\n"));
    for (size_t i = 0; i < grade_names.count; i++)
        text_printf(out, "  %-15s %s\n", grade_names.rows[i].word, grade_names.rows[i].doc);
    text_append(out, REDIAL_STR("\nChecks:\n"));
    for (size_t i = 0; i < check_names.count; i++)
        text_printf(out, "  %-15s %s\n", check_names.rows[i].word, check_names.rows[i].doc);
}

const struct verb verb_run = {
    .name = "run",
    .words = "SCENARIO... -- COMMAND...",
    .summary = "a verdict on a client of your own",
    .about = "Starts the fake platforms of each scenario, runs the command with the\n"
             "environment that points the usual clients at them, and judges what the client\n"
             "did: its attempts and waits, whether it honoured hints, refreshed what was\n"
             "refused, left what is hopeless, and told the truth by its exit status. The\n"
             "client's sleeps are its own and real. REDIAL_MODEL, REDIAL_PROVIDER, REDIAL_QUERY,\n"
             "REDIAL_STREAM, REDIAL_MAX_TOKENS, REDIAL_DEADLINE and REDIAL_UNATTENDED tell it\n"
             "which call the scenario means, REDIAL_POLICY and REDIAL_SCENARIO are its files, and\n"
             "ANTHROPIC_MODEL and CLAUDE_CODE_USE_* tell those that read them. The first prompt\n"
             "it sends counts as long as the scenario's, a shorter one as compacted.",
    .flags = flags,
    .flag_count = REDIAL_COUNT_OF(flags),
    .words_min = 1,
    .more = list_grades,
    .examples =
        "  redial run scenarios/field/each-429-brings-its-own-retry-after.yaml -- node client.mjs\n"
        "  redial run --suite field --junit verdicts.xml -- python3 client.py\n"
        "  redial run --speed 10 --limit 1m my.yaml -- ./client --once\n",
    .status = "  0  every verdict is pass or safe\n"
              "  1  one is partial or fail, or the run was interrupted\n"
              "  2  a scenario is unreadable or invalid, or the command cannot be started\n",
    .run = run,
};
