#include "simulator/run/play.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "document/json.h"
#include "simulator/observe/update.h"
#include "simulator/run/functions.h"
#include "simulator/run/runner.h"
#include "simulator/world/credential.h"

struct play {
    const struct replay_options *options;
    struct result *result;
    struct scenario scenario;
    struct diag_list *diags;
    const char *path;
    struct run run;    /* the one that is reported */
    struct text story; /* its lines, unwrapped */
};

static bool keep(struct play *play, const struct text *text, struct redial_str *kept)
{
    return !text->failed && arena_copy(play->result->arena, text_str(text), kept);
}

/* ---- Trouble ---- */

/* The run could not go on: which scenario, why, where, and the likely cure. */
static void report_trouble(struct play *play, const struct run *run)
{
    const struct world_trouble *trouble = &run->trouble;
    struct span span =
        trouble->span.source ? trouble->span : (struct span){.source = play->scenario.source};
    struct diag *diag =
        diag_error(play->diags, "run", span, "scenario '%.*s': %.*s",
                   REDIAL_STR_ARG(play->scenario.name), REDIAL_STR_ARG(trouble->why));
    if (trouble->cure.len) diag_cure(play->diags, diag, "%.*s", REDIAL_STR_ARG(trouble->cure));
    play->result->status = RESULT_INVALID;
}

static bool keep_diagnostics(struct play *play)
{
    struct text text = TEXT_INIT;
    if (diag_errors(play->diags) || diag_warnings(play->diags))
        diag_render(play->diags, play->options->colour, &text);
    bool fine = keep(play, &text, &play->result->diagnostics);
    text_clean_up(&text);
    return fine;
}

/* ---- Running ---- */

static struct transport *make_transport(struct play *play, bool wire, struct redial_str *why)
{
    *why = REDIAL_STR("out of memory");
    return wire ? transport_wire_new(play->scenario.policy, why)
                : transport_virtual_new(play->scenario.policy);
}

/* One run to its end, with its story as text. False when the result is decided without it. */
static bool run_once(struct play *play, bool wire, struct run *run, struct text *story)
{
    const struct replay_options *options = play->options;
    struct redial_str why;
    struct transport *transport = make_transport(play, wire, &why);
    *run = (struct run){0};
    if (!transport) {
        run->trouble = (struct world_trouble){.why = why};
        report_trouble(play, run);
        return false;
    }
    bool fine = run_scenario(run, &play->scenario,
                             &(struct run_options){.transport = transport,
                                                   .seed = play->result->seed,
                                                   .realtime = options->realtime,
                                                   .interrupted = options->interrupted});
    transport->destroy(transport);
    if (!fine) diag_out_of_memory(play->diags);
    if (!fine) play->result->status = RESULT_INVALID;
    if (fine && run->end == RUN_TROUBLE) report_trouble(play, run);
    if (fine && run->end == RUN_INTERRUPTED) play->result->status = RESULT_SKIPPED;
    if (!fine || run->end != RUN_ENDED) return false;
    struct story_style style = {.many_calls = run->observation.call_count > 1};
    story_write_text(run->story, play->scenario.policy, &style, story);
    return !story->failed;
}

/* The same script once more: another transport, or the same one. */
static void run_again(struct play *play)
{
    struct differences *differences = &play->result->differences;
    bool wire = play->options->wire;
    struct run other;
    struct text story = TEXT_INIT;
    if (play->options->realtime) return;
    if (run_once(play, false, &other, &story))
        compare_stories(invariant_names.rows[wire ? INVARIANT_BOTH_WAYS : INVARIANT_SAME].word,
                        (struct span){0}, text_str(&story), text_str(&play->story), differences);
    text_clean_up(&story);
    run_clean_up(&other);
}

/* ---- Looking ---- */

static void look_for_secret(struct play *play, struct redial_str where, const char *form)
{
    for (int i = 0; i < PLATFORM_KIND_COUNT; i++) {
        char secret[SIMULATED_CREDENTIAL_SIZE];
        simulated_credential((enum platform_kind)i, 0, secret);
        struct redial_str canary = str_of(secret);
        if (str_find(where, str_take(canary, canary.len - 1)) == SIZE_MAX) continue;
        difference_add(&play->result->differences, invariant_names.rows[INVARIANT_SECRET].word,
                       (struct span){0}, str_of(invariant_names.rows[INVARIANT_SECRET].doc),
                       str_of(form));
    }
}

/* What credential chains were given must not stand there either. */
static void look_for_given(struct play *play, struct redial_str where, const char *form)
{
    for (size_t i = 0; i < play->run.secret_count; i++)
        if (str_find(where, play->run.secrets[i]) != SIZE_MAX)
            difference_add(&play->result->differences, invariant_names.rows[INVARIANT_SECRET].word,
                           (struct span){0}, str_of(invariant_names.rows[INVARIANT_SECRET].doc),
                           str_of(form));
}

static bool look(struct play *play)
{
    struct result *result = play->result;
    struct text json = TEXT_INIT;
    story_write_json(play->run.story, play->scenario.policy, &json);
    const struct compare_input input = {
        .policy = play->scenario.policy,
        .expect = &play->scenario.expect,
        .observation = &play->run.observation,
        .began_at = RUN_BEGAN_AT,
        .story = text_str(&play->story),
        .story_json = text_str(&json),
        .measured = play->options->realtime,
    };
    compare_run(&input, &result->differences);
    functions_compare(&play->run, text_str(&play->story), &result->differences);
    run_again(play);
    look_for_secret(play, text_str(&play->story), "a credential in the story's text");
    look_for_secret(play, text_str(&json), "a credential in the story's JSON");
    look_for_given(play, text_str(&play->story), "a chain's credential in the story's text");
    look_for_given(play, text_str(&json), "a chain's credential in the story's JSON");
    bool wanted = play->options->json && play->options->verbosity == REPLAY_STORIES;
    bool fine = !json.failed && (!wanted || keep(play, &json, &result->story_json));
    text_clean_up(&json);
    return fine;
}

static void take_numbers(struct play *play)
{
    const struct observation *seen = &play->run.observation;
    struct result *result = play->result;
    result->calls = seen->call_count;
    result->attempts = seen->attempts;
    result->dropped = seen->dropped;
    result->telemetry = seen->telemetry;
    result->retries = seen->retries;
    result->waited = seen->waited;
    result->elapsed = seen->latest > RUN_BEGAN_AT ? seen->latest - RUN_BEGAN_AT : 0;
}

/* Kept for whoever reads it: every story when asked for, else that of a failure. */
static bool keep_story(struct play *play)
{
    const struct replay_options *options = play->options;
    bool wanted = options->verbosity == REPLAY_STORIES || play->result->status != RESULT_PASSED;
    struct text story = TEXT_INIT;
    uint32_t width = options->width ? options->width : 80;
    struct story_style style = {.colour = options->colour,
                                .width = width > 22 ? width - 2 : 20,
                                .many_calls = play->run.observation.call_count > 1};
    if (!wanted) return true;
    story_write_text(play->run.story, play->scenario.policy, &style, &story);
    bool fine = keep(play, &story, &play->result->story);
    text_clean_up(&story);
    return fine;
}

/* ---- Rewriting the story ---- */

/* A story that differs is not a failure once it is rewritten. */
static void drop_story_differences(struct differences *differences)
{
    size_t kept = 0,
           known = differences->count < DIFFERENCES_KEPT ? differences->count : DIFFERENCES_KEPT;
    for (size_t i = 0; i < known; i++)
        if (!str_starts_with(differences->list[i].what, REDIAL_STR("story, line")))
            differences->list[kept++] = differences->list[i];
    differences->count -= known - kept;
}

static void update(struct play *play)
{
    const struct node *story = play->scenario.expect.story;
    struct text updated = TEXT_INIT;
    if (!play->options->update || play->options->realtime || !story) return;
    if (!update_story(story, text_str(&play->story), &updated)) {
        diag_error(play->diags, "not-updated", story->span,
                   "the story can be rewritten where it is a block: `story: |` on a line of its "
                   "own");
        play->result->status = RESULT_INVALID;
    } else if (!str_eq(text_str(&updated), play->scenario.source->text)) {
        play->result->updated = update_file(play->path, text_str(&updated));
        if (!play->result->updated) {
            diag_error(play->diags, "not-updated", story->span, "the file cannot be written: %s",
                       strerror(errno));
            play->result->status = RESULT_INVALID;
        }
    }
    if (play->result->status != RESULT_INVALID) drop_story_differences(&play->result->differences);
    text_clean_up(&updated);
}

/* ---- One scenario ---- */

static bool write_replay_line(struct play *play)
{
    const struct replay_options *options = play->options;
    return arena_printf(play->result->arena, &play->result->replay_line,
                        "redial replay %s%s--story --seed %llu %s", options->wire ? "--wire " : "",
                        options->realtime ? "--realtime " : "",
                        (unsigned long long)play->result->seed, play->path);
}

static bool play_loaded(struct play *play)
{
    struct result *result = play->result;
    int64_t began = clock_steady();
    result->name = play->scenario.name;
    result->seed = play->options->seed_given ? play->options->seed : play->scenario.seed;
    bool ran = run_once(play, play->options->wire, &play->run, &play->story);
    result->measured = clock_steady() - began;
    if (play->run.arena) take_numbers(play);
    bool fine = write_replay_line(play) && arena_copy(result->arena, result->name, &result->name);
    if (ran) fine = look(play) && fine;
    if (ran) update(play);
    if (result->status == RESULT_PASSED && result->differences.count)
        result->status = RESULT_FAILED;
    if (play->run.story) fine = keep_story(play) && fine;
    text_clean_up(&play->story);
    run_clean_up(&play->run);
    return fine;
}

bool play_scenario(const char *path, const struct replay_options *options, struct result *result)
{
    struct play play = {.options = options, .result = result, .path = path};
    bool fine = arena_copy(result->arena, str_of(path), &result->path);
    result->transport = options->wire ? "wire" : "virtual";
    result->differences.arena = result->arena;
    play.diags = diag_list_new();
    if (!fine || !play.diags) {
        diag_list_destroy(play.diags);
        return false;
    }
    if (scenario_load(result->arena, path, play.diags, &play.scenario)) {
        fine = play_loaded(&play);
        scenario_clean_up(&play.scenario);
    } else {
        result->status = RESULT_INVALID;
    }
    fine = keep_diagnostics(&play) && fine;
    diag_list_destroy(play.diags);
    return fine;
}
