#include "simulator/judge/trial.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/duration.h"
#include "simulator/judge/command.h"
#include "simulator/serve/fakes.h"

#define LOOK_MS   10                  /* how often the client is asked whether it has ended */
#define GRACE     (2 * NS_PER_SECOND) /* from SIGTERM to SIGKILL */
#define AFTERMATH (100 * NS_PER_MS)   /* what it sent last is still read after its end */

static int64_t machine_time(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * NS_PER_SECOND + time.tv_nsec;
}

/* ---- What the client is told ---- */

struct variables {
    struct redial_env *list; /* ends with a NULL name */
    size_t count, room;
    struct arena *arena;
    bool failed;
};

static void set(struct variables *variables, struct redial_str name, struct redial_str value)
{
    struct redial_str kept_name, kept_value;
    bool kept = variables->count + 1 < variables->room &&
                arena_copy(variables->arena, name, &kept_name) &&
                arena_copy(variables->arena, value, &kept_value);

    if (!kept) {
        variables->failed = true;
        return;
    }
    variables->list[variables->count++] =
        (struct redial_env){kept_name.ptr, value.ptr ? kept_value.ptr : NULL};
}

static void set_number(struct variables *variables, const char *name, int64_t number)
{
    struct redial_str value;

    if (arena_printf(variables->arena, &value, "%lld", (long long)number))
        set(variables, str_of(name), value);
    else
        variables->failed = true;
}

static void set_time(struct variables *variables, const char *name, int64_t ns)
{
    struct text time = TEXT_INIT;

    duration_format(ns, &time);
    if (time.failed)
        variables->failed = true;
    else
        set(variables, str_of(name), text_str(&time));
    text_clean_up(&time);
}

/* What makes the usual clients take a platform. */
static const char *const choosers[PLATFORM_KIND_COUNT] = {
    [PLATFORM_BEDROCK] = "CLAUDE_CODE_USE_BEDROCK",
    [PLATFORM_VERTEX] = "CLAUDE_CODE_USE_VERTEX",
    [PLATFORM_FOUNDRY] = "CLAUDE_CODE_USE_FOUNDRY",
};

static void set_provider(struct variables *variables, const struct redial_policy *policy,
                         uint16_t provider)
{
    enum platform_kind kind = policy->platforms[policy->providers[provider].platform].kind;

    set(variables, REDIAL_STR("REDIAL_PROVIDER"), policy->providers[provider].name);
    for (int i = 0; i < PLATFORM_KIND_COUNT; i++)
        if (choosers[i])
            set(variables, str_of(choosers[i]),
                i == (int)kind ? REDIAL_STR("1") : (struct redial_str){0});
}

/* Which call the scenario means: the first one's. */
static void set_call(struct variables *variables, const struct scenario *scenario)
{
    const struct call_script *call = scenario->call_count > 0 ? &scenario->calls[0] : NULL;
    const struct redial_policy *policy = scenario->policy;

    set(variables, REDIAL_STR("REDIAL_SCENARIO"), scenario->source->path);
    set(variables, REDIAL_STR("REDIAL_POLICY"), scenario->policy_path);
    if (!call) return;
    enum redial_query query =
        call->query >= 0 ? (enum redial_query)call->query : policy->call.query;
    set(variables, REDIAL_STR("REDIAL_MODEL"), call->model);
    set(variables, REDIAL_STR("ANTHROPIC_MODEL"), call->model);
    set_provider(variables, policy,
                 call->provider.len > 0 ? policy_find_provider(policy, call->provider)
                                        : policy->default_provider);
    if (call->deadline > 0) set_time(variables, "REDIAL_DEADLINE", call->deadline);
    set(variables, REDIAL_STR("REDIAL_UNATTENDED"), str_of(call->unattended ? "true" : "false"));
    set_number(variables, "REDIAL_MAX_TOKENS", call->max_tokens > 0 ? call->max_tokens : 4096);
    set(variables, REDIAL_STR("REDIAL_QUERY"), str_of(redial_query_name(query)));
    set(variables, REDIAL_STR("REDIAL_STREAM"), str_of(call->stream ? "true" : "false"));
}

static struct redial_env *make_variables(const struct fakes *fakes, struct arena *arena)
{
    const struct fakes_variable *given;
    size_t count = fakes_environment(fakes, &given);
    const struct scenario *scenario = fakes_scenario(fakes);
    size_t own = 0;

    while (scenario->env[own].name) own++;
    struct variables variables = {.arena = arena, .room = count + own + 15};

    variables.list = ARENA_ARRAY(arena, struct redial_env, variables.room);
    if (!variables.list) return NULL;
    for (size_t i = 0; i < count; i++) set(&variables, given[i].name, given[i].value);
    for (size_t i = 0; i < own; i++)
        set(&variables, str_of(scenario->env[i].name), str_of(scenario->env[i].value));
    set_call(&variables, scenario);
    return variables.failed ? NULL : variables.list;
}

/* ---- Its run ---- */

struct running {
    const struct trial_options *options;
    struct fakes *fakes;
    struct command command;
    struct client_end end;
    int64_t began_at;
    int64_t asked_to_end_at; /* 0: not */
    bool interrupted, out_of_memory;
};

static void ask_to_end(struct running *running, int64_t now)
{
    command_signal(&running->command, SIGTERM);
    running->asked_to_end_at = now;
}

/* Past its limit, or on a person's word, it is asked to end, and then ended. */
static void watch_clock(struct running *running, int64_t now)
{
    const volatile sig_atomic_t *interrupted = running->options->interrupted;

    if (running->asked_to_end_at) {
        if (now - running->asked_to_end_at > GRACE) command_signal(&running->command, SIGKILL);
        return;
    }
    /* Nothing that the client does now is its own doing. */
    bool is_moot = fakes_scenario_trouble(running->fakes).len > 0;

    running->interrupted = interrupted && *interrupted;
    running->end.timed_out =
        !running->interrupted && !is_moot && now - running->began_at > running->options->limit;
    running->end.interrupted = running->interrupted;
    if (running->interrupted || running->end.timed_out || is_moot) ask_to_end(running, now);
}

static bool move(struct running *running, int timeout_ms)
{
    if (fakes_move(running->fakes, timeout_ms)) return true;
    running->out_of_memory = true;
    return false;
}

static void run_client(struct running *running)
{
    while (!command_has_ended(&running->command)) {
        watch_clock(running, machine_time());
        if (!move(running, LOOK_MS)) break;
    }
    command_end(&running->command);
    running->end.exit_status = running->command.exit_status;
    running->end.signal = running->command.signal;
    running->end.ended_at = machine_time() - running->began_at;
    for (int64_t until = machine_time() + AFTERMATH; machine_time() < until;)
        if (!move(running, LOOK_MS)) return;
}

/* ---- The trial ---- */

static bool keep(struct trial *trial, const struct text *text, struct redial_str *kept)
{
    return !text->failed && arena_copy(trial->arena, text_str(text), kept);
}

static bool write_course(const struct running *running, struct trial *trial)
{
    const struct journal *journal = fakes_journal(running->fakes);
    struct text text = TEXT_INIT;
    bool good;

    course_write_text(journal, fakes_scenario(running->fakes)->policy, &text);
    good = keep(trial, &text, &trial->course);
    text_clear(&text);
    if (running->options->wants_json) journal_write_json(journal, NULL, &text);
    for (size_t i = 0; i < text.len; i++) /* of JSON lines it is a part of one */
        if (text.ptr[i] == '\n') text.ptr[i] = ' ';
    good = keep(trial, &text, &trial->course_json) && good;
    text_clean_up(&text);
    return good;
}

static enum trial_status judge_it(struct running *running, struct trial *trial)
{
    const struct judge_input input = {.scenario = fakes_scenario(running->fakes),
                                      .journal = fakes_journal(running->fakes),
                                      .end = &running->end,
                                      .speed = running->options->speed,
                                      .exact = running->options->exact};
    struct redial_str trouble = fakes_scenario_trouble(running->fakes);

    trial->end = running->end;
    if (trouble.len > 0)
        return !arena_copy(trial->arena, trouble, &trial->trouble) ? TRIAL_OUT_OF_MEMORY
               : running->interrupted                              ? TRIAL_INTERRUPTED
                                                                   : TRIAL_DONE;
    if (running->out_of_memory || !write_course(running, trial) ||
        !judge(&input, trial->arena, &trial->verdict))
        return TRIAL_OUT_OF_MEMORY;
    trial->is_judged = true;
    return running->interrupted ? TRIAL_INTERRUPTED : TRIAL_DONE;
}

static enum trial_status with_fakes(struct running *running, struct trial *trial)
{
    struct redial_env *variables = make_variables(running->fakes, trial->arena);
    struct redial_str why;

    if (!variables || !arena_copy(trial->arena, fakes_scenario(running->fakes)->name, &trial->name))
        return TRIAL_OUT_OF_MEMORY;
    if (!command_start(&running->command, running->options->argv, variables, &why)) {
        if (!arena_printf(trial->arena, &trial->trouble, "cannot start '%s': %.*s\n",
                          running->options->argv[0], REDIAL_STR_ARG(why)))
            return TRIAL_OUT_OF_MEMORY;
        return TRIAL_NOT_STARTED;
    }
    run_client(running);
    return judge_it(running, trial);
}

/* A wrong scenario is this trial's trouble; fakes that cannot be started are every trial's. */
static enum trial_status not_started(struct trial *trial, const struct diag_list *diags,
                                     const struct text *why)
{
    struct text text = TEXT_INIT;
    bool kept;

    if (why->len > 0)
        text_printf(&text, "the fakes cannot be started: %.*s\n", REDIAL_STR_ARG(text_str(why)));
    else
        diag_render(diags, false, &text);
    kept = keep(trial, &text, &trial->trouble);
    text_clean_up(&text);
    if (!kept) return TRIAL_OUT_OF_MEMORY;
    return why->len > 0 ? TRIAL_NOT_STARTED : TRIAL_DONE;
}

enum trial_status trial_run(const char *path, const struct trial_options *options,
                            struct trial *trial)
{
    struct fakes_options fakes = {.scenario = path,
                                  .seed = options->seed,
                                  .seed_given = options->seed_given,
                                  .speed = options->speed,
                                  .ways = options->ways};
    int64_t began = machine_time();
    struct running running = {.options = options, .began_at = began};
    struct diag_list *diags = diag_list_new();
    struct text why = TEXT_INIT;
    enum trial_status status = TRIAL_OUT_OF_MEMORY;

    *trial = (struct trial){.arena = arena_new()};
    if (diags && trial->arena && arena_copy(trial->arena, str_of(path), &trial->path)) {
        running.fakes = fakes_start(&fakes, diags, &why);
        status = running.fakes ? with_fakes(&running, trial) : not_started(trial, diags, &why);
    }
    fakes_stop(running.fakes);
    trial->measured = machine_time() - began;
    text_clean_up(&why);
    diag_list_destroy(diags);
    return status;
}
