/* Errands that run a command: what it prints is bounded, of what it complains the end is kept, and
 * when its time is over its whole process group goes. It is done when the process has ended, though
 * something that it started may hold its output open. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/errands.h"
#include "redial/redial.h"

#define ERRORS_KEPT 2048u

/* ---- What it says */

static void keep_output(struct errand_run *run, struct redial_str bytes)
{
    if (bytes.len > ERRAND_BYTES_MAX - run->body.len)
        errand_fail(run, "it printed more than 1 MiB");
    else
        text_append(&run->body, bytes);
    run->failed |= run->body.failed;
}

/* The end says what went wrong. */
static void keep_errors(struct errand_run *run, struct redial_str bytes)
{
    text_append(&run->errors, bytes);
    run->failed |= run->errors.failed;
    if (run->errors.len <= 2 * (size_t)ERRORS_KEPT) return;
    struct redial_str end = str_skip(text_str(&run->errors), run->errors.len - ERRORS_KEPT);
    struct text shorter = TEXT_INIT;
    text_append(&shorter, end);
    text_clean_up(&run->errors);
    run->errors = shorter;
}

static void forget(struct errand_run *run, struct watch *watch)
{
    if (watch->fd < 0) return;
    client_unwatch(run->errands->client, watch);
    close(watch->fd);
    watch->fd = -1;
}

/* What is there now; false once there is nothing more to come. */
static bool drain(struct errand_run *run, struct watch *watch,
                  void (*keep)(struct errand_run *run, struct redial_str bytes))
{
    char bytes[16 << 10];

    while (watch->fd >= 0 && run->answer.failed.len == 0) {
        ssize_t got = read(watch->fd, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return true;
        if (got <= 0) break;
        keep(run, (struct redial_str){bytes, (size_t)got});
    }
    forget(run, watch);
    return false;
}

static void answer(struct errand_run *run)
{
    timer_stop(run->errands->timers, &run->timer);
    errand_kill_command(run);
    if (run->failed) errand_fail(run, "memory is out");
    run->done(run->context);
}

static void read_output(void *context)
{
    struct errand_run *run = context;

    (void)drain(run, &run->command.output, keep_output);
    if (run->answer.failed.len > 0) answer(run);
}

static void read_errors(void *context)
{
    struct errand_run *run = context;

    (void)drain(run, &run->command.errors, keep_errors);
}

/* ---- Its end */

static void note_end(struct errand_run *run, int status)
{
    if (WIFEXITED(status)) run->answer.exit_status = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) errand_fail(run, "signal %d ended it", WTERMSIG(status));
    run->answer.body = text_str(&run->body);
    run->answer.errors = str_trim(text_str(&run->errors));
    if (run->answer.errors.len > ERRORS_KEPT)
        run->answer.errors = str_skip(run->answer.errors, run->answer.errors.len - ERRORS_KEPT);
}

static void see_end(void *context)
{
    struct errand_run *run = context;
    int status = 0;

    if (waitpid(run->command.pid, &status, WNOHANG) == 0) return;
    run->command.pid = 0;
    (void)drain(run, &run->command.output, keep_output);
    (void)drain(run, &run->command.errors, keep_errors);
    note_end(run, status);
    answer(run);
}

void errand_kill_command(struct errand_run *run)
{
    struct command *command = &run->command;

    if (command->pid > 0) {
        (void)kill(-command->pid, SIGKILL);
        while (waitpid(command->pid, NULL, 0) < 0 && errno == EINTR) {}
        command->pid = 0;
        forget(run, &command->ended);
        forget(run, &command->output);
        forget(run, &command->errors);
        return;
    }
    if (!command->ended.ready) return; /* none was ever started */
    forget(run, &command->ended);
    forget(run, &command->output);
    forget(run, &command->errors);
}

/* ---- Its beginning */

static char *make_line(struct arena *arena, const struct redial_env *variable)
{
    const char *value = variable->value ? variable->value : "";
    size_t size = strlen(variable->name) + strlen(value) + 2;
    char *line = ARENA_ARRAY(arena, char, size);

    if (line) (void)snprintf(line, size, "%s=%s", variable->name, value);
    return line;
}

/* NULL when memory is out. */
static char *const *make_environment(struct errand_run *run)
{
    const struct redial_env *given = run->errands->environment;
    size_t count = 0;

    if (!given) return environ;
    while (given[count].name) count++;
    char **made = ARENA_ARRAY(run->arena, char *, count + 1);
    for (size_t i = 0; made && i < count; i++) {
        made[i] = make_line(run->arena, &given[i]);
        if (!made[i]) return NULL;
    }
    return made;
}

/* A group of its own, so that all of it can be ended; signals as a program expects them. */
static bool set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, usual;

    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGINT);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF) == 0 &&
           posix_spawnattr_setpgroup(attributes, 0) == 0 &&
           posix_spawnattr_setsigmask(attributes, &none) == 0 &&
           posix_spawnattr_setsigdefault(attributes, &usual) == 0;
}

static bool set_files(posix_spawn_file_actions_t *files, int output, int errors)
{
    return posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
           posix_spawn_file_actions_adddup2(files, output, STDOUT_FILENO) == 0 &&
           posix_spawn_file_actions_adddup2(files, errors, STDERR_FILENO) == 0;
}

/* 0, or the system's error. */
static int spawn(struct errand_run *run, const char *const *argv, int output, int errors)
{
    char *const *environment = make_environment(run);
    char *const *arguments;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int error = ENOMEM;

    memcpy(&arguments, &argv, sizeof arguments); /* posix_spawn changes none of them */
    if (!environment || posix_spawn_file_actions_init(&files) != 0) return ENOMEM;
    if (posix_spawnattr_init(&attributes) == 0) {
        if (set_attributes(&attributes) && set_files(&files, output, errors))
            error = posix_spawnp(&run->command.pid, argv[0], &files, &attributes, arguments,
                                 environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    if (error != 0) run->command.pid = 0;
    return error;
}

static bool watch(struct errand_run *run, struct watch *watch, int fd, void (*ready)(void *context))
{
    *watch = (struct watch){.fd = fd, .ready = ready, .context = run};
    return fd >= 0 && client_watch(run->errands->client, watch);
}

static bool watch_all(struct errand_run *run, int output, int errors)
{
    struct command *command = &run->command;
    bool output_watched = watch(run, &command->output, output, read_output);
    bool errors_watched = watch(run, &command->errors, errors, read_errors);
    bool end_watched = watch(run, &command->ended, pidfd_open(command->pid, 0), see_end);

    if (output_watched && errors_watched && end_watched) return true;
    errand_fail(run, "it cannot be watched: %s", errand_error(errno));
    return false;
}

/* Takes the reading ends over. */
static bool start(struct errand_run *run, const char *const *argv, const int output[2],
                  const int errors[2])
{
    int error = spawn(run, argv, output[1], errors[1]);

    close(output[1]);
    close(errors[1]);
    if (error == 0) return watch_all(run, output[0], errors[0]);
    close(output[0]);
    close(errors[0]);
    run->answer.missing = error == ENOENT;
    if (!run->answer.missing) errand_fail(run, "%s", errand_error(error));
    return false;
}

/* The reading end does not block; the command's own end does, as it expects. */
static bool make_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0) return true;
    close(ends[0]);
    close(ends[1]);
    return false;
}

bool errand_start_command(struct errand_run *run)
{
    const struct errand *errand = run->errand;
    struct redial_str line = {0};
    int output[2], errors[2];

    if (!arena_copy(run->arena, errand->command, &line)) run->failed = true;
    const char *const shell[] = {"/bin/sh", "-c", line.ptr, NULL};
    if (run->failed) return true;
    if (!make_pipe(output)) {
        errand_fail(run, "no pipe: %s", errand_error(errno));
        return true;
    }
    if (!make_pipe(errors)) {
        errand_fail(run, "no pipe: %s", errand_error(errno));
        close(output[0]);
        close(output[1]);
        return true;
    }
    return !start(run, errand->argv ? errand->argv : shell, output, errors);
}
