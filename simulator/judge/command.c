/* The process is the head of a group of its own, so that what it starts can be ended with it. Where
 * our input is a terminal, the group gets it for as long as it runs, as a shell would do. */
#include "simulator/judge/command.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Its environment ---- */

static bool is_changed(const char *line, const struct redial_env *changes)
{
    for (; changes->name; changes++) {
        size_t len = strlen(changes->name);
        if (strncmp(line, changes->name, len) == 0 && line[len] == '=') return true;
    }
    return false;
}

static char *join(const struct redial_env *change)
{
    size_t name_len = strlen(change->name), value_len = strlen(change->value);
    char *line = malloc(name_len + value_len + 2);

    if (!line) return NULL;
    memcpy(line, change->name, name_len);
    line[name_len] = '=';
    memcpy(line + name_len + 1, change->value, value_len + 1);
    return line;
}

/* What is ours is borrowed and comes first; from `*own` on the lines are the list's own. */
static char **make_environment(const struct redial_env *changes, size_t *own)
{
    size_t inherited = 0, changed = 0, at = 0;
    char **list;

    while (environ[inherited]) inherited++;
    while (changes[changed].name) changed++;
    list = calloc(inherited + changed + 1, sizeof *list);
    if (!list) return NULL;
    for (size_t i = 0; i < inherited; i++)
        if (!is_changed(environ[i], changes)) list[at++] = environ[i];
    *own = at;
    for (size_t i = 0; i < changed; i++) {
        if (!changes[i].value) continue;
        list[at] = join(&changes[i]);
        if (!list[at++]) break;
    }
    return list;
}

static void free_environment(char **list, size_t own)
{
    for (size_t i = own; list && list[i]; i++) free(list[i]);
    free(list);
}

/* ---- Its life ---- */

/* Signals that we catch or ignore are as usual for it. */
static int set_up(posix_spawnattr_t *attributes)
{
    sigset_t usual, none;
    int wrong = posix_spawnattr_init(attributes);

    if (wrong) return wrong;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGINT);
    sigaddset(&usual, SIGTERM);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGTTOU);
    posix_spawnattr_setsigdefault(attributes, &usual);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setpgroup(attributes, 0);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETSIGMASK);
}

static void give_terminal(pid_t group)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;

    sigaction(SIGTTOU, &ignore,
              &before); /* whoever is not in front is stopped for this otherwise */
    (void)tcsetpgrp(STDIN_FILENO, group);
    sigaction(SIGTTOU, &before, NULL);
}

bool command_start(struct command *command, char *const argv[], const struct redial_env *changes,
                   struct redial_str *why)
{
    size_t own = 0;
    char **list = make_environment(changes, &own);
    posix_spawnattr_t attributes;
    int wrong = list ? set_up(&attributes) : ENOMEM;

    *command = (struct command){.exit_status = -1};
    if (!wrong) {
        wrong = posix_spawnp(&command->pid, argv[0], NULL, &attributes, argv, list);
        posix_spawnattr_destroy(&attributes);
    }
    free_environment(list, own);
    if (wrong) {
        command->pid = 0;
        *why = str_of(strerror(wrong));
        return false;
    }
    command->owns_terminal = isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
    if (command->owns_terminal) give_terminal(command->pid);
    return true;
}

bool command_has_ended(struct command *command)
{
    int status = 0;

    if (command->pid == 0) return true;
    if (waitpid(command->pid, &status, WNOHANG) != command->pid) return false;
    if (WIFSIGNALED(status)) command->signal = WTERMSIG(status);
    command->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    command_end(command);
    return true;
}

void command_signal(const struct command *command, int signal_number)
{
    if (command->pid > 0) (void)kill(-command->pid, signal_number);
}

void command_end(struct command *command)
{
    if (command->pid == 0) return;
    command_signal(command, SIGKILL);
    (void)waitpid(command->pid, NULL, 0);
    if (command->owns_terminal) give_terminal(getpgrp());
    command->pid = 0;
}
