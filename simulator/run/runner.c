#include "simulator/run/runner.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/random.h"
#include "simulator/run/functions.h"
#include "simulator/run/run_parts.h"
#include "simulator/run/state.h"
#include "simulator/world/credential.h"

void run_trouble(struct running *running, struct world_trouble trouble)
{
    /* What a transport says of itself is gone with it. */
    if (!arena_copy(running->run->arena, trouble.why, &trouble.why))
        trouble.why = REDIAL_STR("out of memory");
    running->run->end = RUN_TROUBLE;
    running->run->trouble = trouble;
    running->stopped = true;
}

void run_out_of_memory(struct running *running)
{
    running->out_of_memory = true;
    running->stopped = true;
}

void run_plan(struct running *running, struct run_call *call, enum happening what, int64_t at)
{
    struct queue_entry entry = {
        .at = at, .subject = call->number - 1, .kind = what, .ticket = ++call->ticket};
    if (!queue_push(&running->queue, entry)) run_out_of_memory(running);
}

bool run_is_open(const struct run_call *call)
{
    return call->begun && call->call.state != REDIAL_STATE_FINISHED;
}

/* ---- One event ---- */

static void obey(struct running *running, struct run_call *call,
                 const struct redial_decision *decision)
{
    switch ((enum redial_decision_kind)decision->kind) {
    case REDIAL_DECISION_SEND: run_send(running, call, decision); break;
    case REDIAL_DECISION_WAIT: run_plan(running, call, HAPPENS_TIMER, decision->wake_at); break;
    case REDIAL_DECISION_REPAIR:
        run_repair(running, call, decision->repair);
        if (decision->abort_at != INT64_MAX)
            run_plan(running, call, HAPPENS_TIMER, decision->abort_at);
        break;
    case REDIAL_DECISION_FINISH: run_give_up_attempt(running, call); break;
    case REDIAL_DECISION_NOTHING:
    case REDIAL_DECISION_MISUSE:
    case REDIAL_DECISION_COUNT: break;
    }
}

void run_step(struct running *running, struct run_call *call, const struct redial_event *event)
{
    struct run *run = running->run;
    struct redial_decision decision;
    redial_call_step(&call->call, event, running->now, &decision);
    story_record(run->story, running->now, call->number, &call->call, event, &decision);
    invariants_step(&run->observation.violations, &call->watch, running->background_ends,
                    call->number, &call->call, event, &decision, running->now);
    observation_step(&run->observation, call->number, &call->call, event, &decision, running->now);
    obey(running, call, &decision);
}

static void step_plain(struct running *running, struct run_call *call, enum redial_event_kind kind)
{
    struct redial_event event = {.kind = (uint8_t)kind, .prepared_for = running->policy->id};
    run_step(running, call, &event);
}

/* ---- What happens ---- */

static bool is_static_key(const struct call_script *script)
{
    return script->credential == REDIAL_CREDENTIAL_API_KEY;
}

static void start(struct running *running, struct run_call *call)
{
    const struct call_script *script = call->script;
    const struct redial_call_options options = {
        .provider = script->provider,
        .model = script->model,
        .query = (uint8_t)script->query,
        .query_given = script->query >= 0,
        .unattended = script->unattended,
        .max_tokens = script->max_tokens ? script->max_tokens : RUN_MAX_TOKENS,
        .input_tokens = script->input_tokens,
        .deadline = script->deadline,
        .credential = (uint8_t)script->credential,
        .wants = script->wants.bits,
        .requires = script->requires.bits,
        .residency = script->residency.globs,
        .residency_count = (uint8_t)script->residency.count,
        .fast = script->fast,
        .credential_id = (uint32_t)script->credential,
        .seed = random_fork(running->options->seed, call->number),
        .fixed_random = running->run->scenario->fixed_random,
    };
    struct redial_str why;
    call->static_key = is_static_key(script);
    call->messages = script->messages;
    call->prompt_tokens = script->input_tokens ? script->input_tokens : RUN_PROMPT_TOKENS;
    if (!redial_call_init(&call->call, running->engine, &options, running->now, &why)) {
        run_trouble(running, (struct world_trouble){.span = script->span, .why = why});
        return;
    }
    call->begun = true;
    running->last = call;
    step_plain(running, call, REDIAL_EVENT_START);
}

static void timer_rings(struct running *running, struct run_call *call)
{
    step_plain(running, call, REDIAL_EVENT_TIMER);
}

static void cancelled(struct running *running, struct run_call *call)
{
    if (run_is_open(call)) step_plain(running, call, REDIAL_EVENT_CANCEL);
}

static void reload(struct running *running, const struct reload_script *script)
{
    struct text text = TEXT_INIT;
    const struct redial_policy *policy = script->policy;
    if (policy && !redial_engine_reload(running->engine, policy)) run_out_of_memory(running);
    text_printf(&text, "%s \"%.*s\"", policy ? "new policy" : "the new policy is refused; it stays",
                REDIAL_STR_ARG((policy ? policy : running->policy)->name));
    if (policy) text_append(&text, REDIAL_STR(" for calls that begin from here on"));
    story_note(running->run->story, running->now, 0, text_str(&text));
    if (text.failed) run_out_of_memory(running);
    text_clean_up(&text);
}

typedef void happen_fn(struct running *running, struct run_call *call);
static happen_fn *const happens[HAPPENS_COUNT] = {
    [HAPPENS_START] = start,       [HAPPENS_ATTEMPT] = run_attempt_due,
    [HAPPENS_TIMER] = timer_rings, [HAPPENS_REPAIR] = run_repair_due,
    [HAPPENS_CANCEL] = cancelled,  [HAPPENS_CREDENTIAL] = run_credential_due,
};

/* ---- The clock ---- */

/* Sleeps until the machine's clock shows `at`. The wait is cut into pieces so that a person who
 * interrupts is heard. */
static bool sleep_until(const struct running *running, int64_t began, int64_t at)
{
    for (;;) {
        int64_t left = at - RUN_BEGAN_AT - (clock_steady() - began);
        if (running->options->interrupted && *running->options->interrupted) return false;
        if (left <= 0) return true;
        if (left > 100 * NS_PER_MS) left = 100 * NS_PER_MS;
        struct timespec pause = {.tv_sec = 0, .tv_nsec = left};
        nanosleep(&pause, NULL);
    }
}

static bool advance(struct running *running, int64_t began, int64_t at)
{
    if (running->options->interrupted && *running->options->interrupted) return false;
    if (at < running->now)
        invariant_broken(&running->run->observation.violations, INVARIANT_CLOCK, 0, running->now,
                         "an event of %lld ns earlier", (long long)(running->now - at));
    if (!running->options->realtime) {
        running->now = at;
        return true;
    }
    if (!sleep_until(running, began, at)) return false;
    running->now = RUN_BEGAN_AT + clock_steady() - began;
    return true;
}

/* ---- The loop ---- */

static bool is_stale(const struct queue_entry *entry, const struct run_call *call)
{
    /* A refresh goes on when its call has gone: others may wait for the same token. */
    bool for_all_states = entry->kind == HAPPENS_START || entry->kind == HAPPENS_CANCEL ||
                          entry->kind == HAPPENS_REPAIR;
    return !for_all_states && entry->ticket != call->ticket;
}

static void loop(struct running *running)
{
    struct run *run = running->run;
    int64_t began = clock_steady();
    struct queue_entry entry;
    while (!running->stopped && run->observation.ended < running->call_count &&
           queue_pop(&running->queue, &entry)) {
        bool of_run = entry.kind == HAPPENS_RELOAD;
        struct run_call *call = of_run ? NULL : &running->calls[entry.subject];
        if (call && is_stale(&entry, call)) continue;
        if (!advance(running, began, entry.at)) {
            run->end = RUN_INTERRUPTED;
            return;
        }
        if (++run->steps > RUN_STEPS_MAX) return;
        if (call)
            happens[entry.kind](running, call);
        else
            reload(running, &run->scenario->reloads[entry.subject]);
    }
}

static bool plan_reloads(struct running *running)
{
    const struct scenario *scenario = running->run->scenario;
    bool fine = true;
    for (uint32_t i = 0; i < scenario->reload_count; i++)
        fine = queue_push(&running->queue,
                          (struct queue_entry){.at = RUN_BEGAN_AT + scenario->reloads[i].at,
                                               .subject = i,
                                               .kind = HAPPENS_RELOAD}) &&
               fine;
    return fine;
}

static bool plan_calls(struct running *running)
{
    const struct scenario *scenario = running->run->scenario;
    size_t number = 0;
    for (size_t i = 0; i < scenario->call_count; i++)
        for (int32_t k = 0; k < scenario->calls[i].count; k++) {
            struct run_call *call = &running->calls[number];
            call->script = &scenario->calls[i];
            call->number = (uint32_t)++number;
            run_plan(running, call, HAPPENS_START, RUN_BEGAN_AT + call->script->at);
            if (call->script->cancel_at >= 0)
                run_plan(running, call, HAPPENS_CANCEL, RUN_BEGAN_AT + call->script->cancel_at);
        }
    return !running->out_of_memory;
}

/* ---- After the last event ---- */

static void look_at_end(struct running *running)
{
    struct run *run = running->run;
    struct violations *violations = &run->observation.violations;
    if (run->end != RUN_ENDED) return;
    size_t counted = running->options->transport->requests_counted(running->options->transport);
    if (counted != running->reached)
        invariant_broken(violations, INVARIANT_COUNTED, 0, running->now,
                         "the servers counted %zu requests, the story has %zu attempts", counted,
                         running->reached);
    if (run->observation.ended < running->call_count)
        invariant_broken(violations, INVARIANT_ENDS, 0, running->now,
                         run->steps > RUN_STEPS_MAX
                             ? "%zu of %zu calls go on after a million steps; bound them with a "
                               "deadline, or let the world recover"
                             : "%zu of %zu calls wait for something that never happens",
                         running->call_count - run->observation.ended, running->call_count);
}

/* Calls that the run leaves unfinished hold the policy: they are cancelled unrecorded. */
static void let_go(struct running *running)
{
    struct redial_event cancel = {.kind = REDIAL_EVENT_CANCEL};
    struct redial_decision decision;
    for (size_t i = 0; i < running->call_count; i++) {
        struct run_call *call = &running->calls[i];
        if (!run_is_open(call)) continue;
        run_give_up_attempt(running, call);
        redial_call_step(&call->call, &cancel, running->now, &decision);
    }
}

/* ---- Making and unmaking ---- */

/* The canaries without their generation: whatever comes after it says nothing. */
static struct story *make_story(struct arena *arena)
{
    struct redial_str texts[PLATFORM_KIND_COUNT];
    for (int i = 0; i < PLATFORM_KIND_COUNT; i++) {
        char secret[SIMULATED_CREDENTIAL_SIZE];
        simulated_credential((enum platform_kind)i, 0, secret);
        struct redial_str text = str_of(secret);
        if (!arena_copy(arena, str_take(text, text.len - 1), &texts[i])) return NULL;
    }
    return story_new(RUN_BEGAN_AT, &(struct secrets){texts, PLATFORM_KIND_COUNT});
}

/* Counted and gone: a replay sends nothing to anybody. */
static void count_record(void *context, const struct redial_telemetry *record)
{
    int64_t *count = context;
    (void)record;
    ++*count;
}

static bool set_maker(struct running *running)
{
    const struct scenario *scenario = running->run->scenario;
    if (!running->world || !scenario->functions) return true;
    struct reply_maker *maker = reply_maker_new(running->run->arena, scenario);
    if (maker) world_set_maker(running->world, reply_maker_port(maker));
    return maker != NULL;
}

static bool running_init(struct running *running)
{
    struct run *run = running->run;
    const struct scenario *scenario = run->scenario;
    for (size_t i = 0; i < scenario->call_count; i++)
        running->call_count += (size_t)scenario->calls[i].count;
    bool keeps = scenario->expect.requests_given;
    running->background_ends = invariants_background_ends(running->policy);
    running->engine = redial_engine_new(running->policy);
    running->world =
        world_new(run->arena, running->policy, scenario->providers, scenario->provider_count,
                  scenario->world_span, running->call_count, running->options->seed, RUN_BEGAN_AT);
    if (!set_maker(running)) return false;

    running->calls = calloc(running->call_count + 1, sizeof *running->calls);
    running->clients =
        ARENA_ARRAY(run->arena, struct provider_client, running->policy->provider_count);
    run->story = make_story(run->arena);
    return running->engine && running->world && running->calls && running->clients && run->story &&
           run_machine_init(running) &&
           observation_init(&run->observation, run->arena, running->call_count, keeps);
}

static void running_clean_up(struct running *running)
{
    if (running->calls) let_go(running);
    for (size_t i = 0; running->clients && i < running->policy->provider_count; i++)
        connections_clean_up(&running->clients[i].connections);
    run_machine_clean_up(running);
    queue_clean_up(&running->queue);
    world_clean_up(running->world);
    free(running->calls);
    redial_engine_destroy(running->engine);
}

bool run_scenario(struct run *run, const struct scenario *scenario,
                  const struct run_options *options)
{
    *run = (struct run){.arena = arena_new(), .scenario = scenario};
    if (!run->arena) return false;
    struct running running = {
        .run = run, .options = options, .policy = scenario->policy, .now = RUN_BEGAN_AT};
    bool fine = running_init(&running) && plan_reloads(&running) && plan_calls(&running);
    if (fine)
        redial_engine_set_telemetry(running.engine, count_record, &run->observation.telemetry);
    if (fine) loop(&running);
    fine = fine && !running.out_of_memory && !run->observation.out_of_memory &&
           !story_failed(run->story);
    if (fine) look_at_end(&running);
    fine = fine &&
           state_observe(running.engine, &scenario->expect,
                         running.last ? &running.last->call : NULL, running.now, &run->observation);
    running_clean_up(&running);
    return fine;
}

void run_clean_up(struct run *run)
{
    story_destroy(run->story);
    observation_clean_up(&run->observation);
    arena_destroy(run->arena);
    *run = (struct run){0};
}
