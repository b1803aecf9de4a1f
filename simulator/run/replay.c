/* Replaying many scenarios: one after the other or several at a time, reported in their order. */
#include "simulator/run/replay.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "simulator/report/report.h"
#include "simulator/run/paths.h"
#include "simulator/run/play.h"

#define JOBS_MAX 64

struct replay {
    const struct replay_options *options;
    struct paths paths;
    struct results results;
    pthread_mutex_t lock;
    pthread_cond_t done;
    size_t next;    /* to be played */
    bool *finished; /* per scenario */
    bool out_of_memory, cannot_write;
    struct text text; /* reused for each report */
};

static bool is_interrupted(const struct replay *replay)
{
    return replay->options->interrupted && *replay->options->interrupted;
}

/* ---- Playing ---- */

static bool play_one(struct replay *replay, size_t number)
{
    struct result *result = &replay->results.list[number];
    if (!result->arena) result->arena = arena_new();
    if (!result->arena) return false;
    if (!is_interrupted(replay))
        return play_scenario(replay->paths.list[number], replay->options, result);
    result->status = RESULT_SKIPPED;
    result->transport = replay->options->wire ? "wire" : "virtual";
    return arena_copy(result->arena, str_of(replay->paths.list[number]), &result->path);
}

static void *play_many(void *context)
{
    struct replay *replay = context;
    for (;;) {
        pthread_mutex_lock(&replay->lock);
        size_t number = replay->next++;
        pthread_mutex_unlock(&replay->lock);
        if (number >= replay->results.count) return NULL;
        bool fine = play_one(replay, number);
        pthread_mutex_lock(&replay->lock);
        replay->out_of_memory = replay->out_of_memory || !fine;
        replay->finished[number] = true;
        pthread_cond_broadcast(&replay->done);
        pthread_mutex_unlock(&replay->lock);
    }
}

/* ---- Reporting ---- */

static struct report_style style_of(const struct replay *replay)
{
    const struct replay_options *options = replay->options;
    return (struct report_style){
        .colour = options->colour,
        .width = options->width ? options->width : 80,
        .stories = options->verbosity == REPLAY_STORIES,
        .only_what_fails = options->verbosity == REPLAY_QUIET,
    };
}

/* Line by line as it is known: an interrupted run has told what was done. */
static void flush(struct replay *replay, FILE *file)
{
    struct text *text = &replay->text;
    if (text->failed) replay->out_of_memory = true;
    if (text->len && fwrite(text->ptr, 1, text->len, file) != text->len)
        replay->cannot_write = true;
    fflush(file);
    text_clear(text);
}

static void report_one(struct replay *replay, const struct result *result)
{
    const struct replay_options *options = replay->options;
    struct report_style style = style_of(replay);
    report_text_result(result, &style, &replay->text);
    flush(replay, options->json ? options->err : options->out);
    if (!options->json) return;
    report_json_result(result, style.stories, &replay->text);
    flush(replay, options->out);
}

static void report_all(struct replay *replay)
{
    const struct replay_options *options = replay->options;
    struct report_style style = style_of(replay);
    report_text_totals(&replay->results, &style, &replay->text);
    if (options->github) report_github(&replay->results, &replay->text);
    flush(replay, options->json ? options->err : options->out);
    if (!options->json) return;
    report_json_totals(&replay->results, &replay->text);
    flush(replay, options->out);
}

static bool write_junit(struct replay *replay)
{
    const char *path = replay->options->junit_path;
    if (!path) return true;
    report_junit(&replay->results, &replay->text);
    FILE *file = fopen(path, "w");
    if (file) flush(replay, file);
    if (file && fclose(file) == 0) return true;
    fprintf(replay->options->err, "redial: cannot write %s: %s\n", path, strerror(errno));
    return false;
}

/* ---- The whole ---- */

static unsigned job_count(const struct replay *replay)
{
    unsigned jobs = replay->options->jobs ? replay->options->jobs : 1;
    if (jobs > JOBS_MAX) jobs = JOBS_MAX;
    return jobs > replay->results.count ? (unsigned)replay->results.count : jobs;
}

static void wait_for(struct replay *replay, size_t number)
{
    pthread_mutex_lock(&replay->lock);
    while (!replay->finished[number]) pthread_cond_wait(&replay->done, &replay->lock);
    pthread_mutex_unlock(&replay->lock);
}

static void play_in_threads(struct replay *replay, unsigned jobs)
{
    pthread_t threads[JOBS_MAX];
    unsigned started = 0;
    while (started < jobs && pthread_create(&threads[started], NULL, play_many, replay) == 0)
        started++;
    if (started == 0) play_many(replay);
    for (size_t i = 0; i < replay->results.count; i++) {
        wait_for(replay, i);
        report_one(replay, &replay->results.list[i]);
    }
    for (unsigned i = 0; i < started; i++) pthread_join(threads[i], NULL);
}

static void play_in_order(struct replay *replay)
{
    for (size_t i = 0; i < replay->results.count; i++) {
        if (!play_one(replay, i)) replay->out_of_memory = true;
        report_one(replay, &replay->results.list[i]);
    }
}

static int status_of(const struct replay *replay)
{
    const struct results *results = &replay->results;
    if (replay->out_of_memory || results_with(results, RESULT_INVALID)) return 2;
    if (replay->cannot_write || results->interrupted || results_with(results, RESULT_FAILED))
        return 1;
    return 0;
}

static int replay_all(struct replay *replay)
{
    struct results *results = &replay->results;
    unsigned jobs = job_count(replay);
    int64_t began = clock_steady();
    if (jobs > 1)
        play_in_threads(replay, jobs);
    else
        play_in_order(replay);
    results->measured = clock_steady() - began;
    results->interrupted = is_interrupted(replay);
    report_all(replay);
    bool written = write_junit(replay);
    if (replay->out_of_memory) fprintf(replay->options->err, "redial: out of memory\n");
    return written ? status_of(replay) : 2;
}

static bool collect(struct replay *replay)
{
    const struct replay_options *options = replay->options;
    bool right = true;
    for (size_t i = 0; i < options->path_count; i++) {
        struct redial_str why;
        if (paths_add(&replay->paths, options->paths[i], &why)) continue;
        fprintf(options->err, "redial: %.*s\n", REDIAL_STR_ARG(why));
        right = false;
    }
    replay->results.count = replay->paths.count;
    replay->results.suite = "redial replay";
    replay->results.over_wire = options->wire;
    replay->results.list = calloc(replay->paths.count + 1, sizeof *replay->results.list);
    replay->finished = calloc(replay->paths.count + 1, sizeof *replay->finished);
    if (replay->results.list && replay->finished) return right;
    fprintf(options->err, "redial: out of memory\n");
    replay->results.count = 0;
    return false;
}

int replay_run(const struct replay_options *options)
{
    struct replay replay = {.options = options};
    replay.paths.arena = arena_new();
    if (!replay.paths.arena) return 2;
    pthread_mutex_init(&replay.lock, NULL);
    pthread_cond_init(&replay.done, NULL);
    bool right = collect(&replay);
    int status = replay.results.count ? replay_all(&replay) : 2;
    for (size_t i = 0; i < replay.results.count; i++) arena_destroy(replay.results.list[i].arena);
    free(replay.results.list);
    free(replay.finished);
    paths_clean_up(&replay.paths);
    arena_destroy(replay.paths.arena);
    text_clean_up(&replay.text);
    pthread_cond_destroy(&replay.done);
    pthread_mutex_destroy(&replay.lock);
    return right ? status : 2;
}
