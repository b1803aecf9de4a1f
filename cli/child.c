/* Runs another program without a shell: three pipes and a deadline. */
#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duration.h"

#define OUTPUT_MAX (64u << 20) /* more is no answer to any question that is asked here */
#define NOT_FOUND  127         /* as shells say it */

enum end { END_IN, END_OUT, END_ERR, END_COUNT };

struct run {
    const struct child *child;
    int pipes[END_COUNT][2]; /* -1: closed */
    pid_t pid;
    int64_t until;
    size_t written;
    struct text *out;
    struct text errors;
};

static void shut(int *end)
{
    if (*end >= 0) close(*end);
    *end = -1;
}

static void close_all(struct run *run)
{
    for (size_t i = 0; i < END_COUNT; i++)
        for (size_t side = 0; side < 2; side++) shut(&run->pipes[i][side]);
}

static bool open_pipes(struct run *run)
{
    for (size_t i = 0; i < END_COUNT; i++) run->pipes[i][0] = run->pipes[i][1] = -1;
    for (size_t i = 0; i < END_COUNT; i++)
        if (pipe2(run->pipes[i], O_CLOEXEC) != 0) return false;
    return true;
}

/* In the child, a group of its own so that it can be ended with all it starts. */
static void become(const struct run *run)
{
    static const int ends[END_COUNT] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
    setpgid(0, 0);
    signal(SIGPIPE, SIG_DFL);
    for (size_t i = 0; i < END_COUNT; i++) dup2(run->pipes[i][i == END_IN ? 0 : 1], ends[i]);
    for (const char *const *setting = run->child->settings; setting && *setting; setting++)
        putenv(strdup(*setting));
    union {
        const char *const *given;
        char *const *taken; /* execvp writes to none of them */
    } argv = {run->child->argv};
    execvp(argv.given[0], argv.taken);
    _exit(NOT_FOUND);
}

static bool start(struct run *run)
{
    if (!open_pipes(run)) return false;
    run->pid = fork();
    if (run->pid < 0) return false;
    if (run->pid == 0) become(run);
    setpgid(run->pid, run->pid); /* whoever of the two is first */
    shut(&run->pipes[END_IN][0]);
    shut(&run->pipes[END_OUT][1]);
    shut(&run->pipes[END_ERR][1]);
    fcntl(run->pipes[END_IN][1], F_SETFL, O_NONBLOCK);
    return true;
}

static void feed(struct run *run)
{
    struct redial_str rest = str_skip(run->child->input, run->written);
    ssize_t count = rest.len > 0 ? write(run->pipes[END_IN][1], rest.ptr, rest.len) : 0;
    if (count > 0) run->written += (size_t)count;
    bool is_blocked = count < 0 && (errno == EAGAIN || errno == EINTR);
    if (run->written == run->child->input.len || (count < 0 && !is_blocked))
        shut(&run->pipes[END_IN][1]); /* all of it, or it does not want to read on */
}

static void take(int *end, struct text *text)
{
    char piece[65536];
    ssize_t count = read(*end, piece, sizeof piece);
    if (count > 0 && text->len < OUTPUT_MAX)
        text_append(text, (struct redial_str){piece, (size_t)count});
    if (count == 0 || (count < 0 && errno != EINTR)) shut(end);
}

/* False at the deadline. */
static bool turn(struct run *run)
{
    struct pollfd ends[] = {{run->pipes[END_IN][1], POLLOUT, 0},
                            {run->pipes[END_OUT][0], POLLIN, 0},
                            {run->pipes[END_ERR][0], POLLIN, 0}};
    int64_t left = run->until - clock_steady();
    if (left <= 0) return false;
    if (poll(ends, END_COUNT, (int)(left / NS_PER_MS) + 1) < 0) return errno == EINTR;
    if (ends[END_IN].revents) feed(run);
    if (ends[END_OUT].revents) take(&run->pipes[END_OUT][0], run->out);
    if (ends[END_ERR].revents) take(&run->pipes[END_ERR][0], &run->errors);
    return true;
}

static struct redial_str last_line(const struct text *text)
{
    struct redial_str rest = str_trim(text_str(text)), line = {"", 0}, last = line;
    while (str_split(&rest, '\n', &line)) last = line;
    return last;
}

static bool judge(const struct run *run, int status, struct text *why)
{
    const char *name = run->child->argv[0];
    struct redial_str said = last_line(&run->errors);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND && said.len == 0)
        text_printf(why, "%s is not installed", name);
    else if (said.len > 0)
        text_printf(why, "%.*s", REDIAL_STR_ARG(said));
    else if (WIFSIGNALED(status))
        text_printf(why, "%s was ended by signal %d", name, WTERMSIG(status));
    else
        text_printf(why, "%s ended with status %d", name, WEXITSTATUS(status));
    return false;
}

static bool wait_for(struct run *run, struct text *why)
{
    bool in_time = true;
    int status = 0;
    while (in_time && (run->pipes[END_OUT][0] >= 0 || run->pipes[END_ERR][0] >= 0))
        in_time = turn(run);
    if (!in_time) kill(-run->pid, SIGKILL);
    while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR) {}
    if (in_time) return judge(run, status, why);
    text_printf(why, "%s did not end within ", run->child->argv[0]);
    duration_format(run->child->timeout, why);
    return false;
}

bool child_run(const struct child *child, struct text *out, struct text *why)
{
    struct run run = {.child = child, .out = out, .until = clock_steady() + child->timeout};
    bool good = start(&run);
    if (good)
        good = wait_for(&run, why);
    else
        text_printf(why, "cannot start %s: %s", child->argv[0], strerror(errno));
    close_all(&run);
    text_clean_up(&run.errors);
    return good && !out->failed;
}
