/* The client under test, as a process: started with the environment of the fakes, watched without
 * waiting, ended with all it has started when it does not end by itself. */
#ifndef REDIAL_SIMULATOR_JUDGE_COMMAND_H
#define REDIAL_SIMULATOR_JUDGE_COMMAND_H

#include <sys/types.h>

#include "base/str.h"
#include "redial/redial.h"

struct command {
    pid_t pid;          /* also of its process group; 0: none runs */
    bool owns_terminal; /* it reads from the terminal that was ours */
    int exit_status;    /* once it has ended; -1: by `signal` */
    int signal;
};

/* Starts `argv` (NULL-terminated, found through PATH) with this process's environment, in which
 * `changes` are set, or removed where the value is NULL; the list ends with a NULL name. Input and
 * outputs are ours. False with a sentence in `why` (static, or strerror's) when it cannot be
 * started. */
bool command_start(struct command *command, char *const argv[], const struct redial_env *changes,
                   struct redial_str *why);
/* Whether it has ended; never waits. Then its exit status and signal are known. */
bool command_has_ended(struct command *command);
/* Hands a signal on to the whole group. */
void command_signal(const struct command *command, int signal_number);
/* Ends what is left of the group, at once, and takes the terminal back. */
void command_end(struct command *command);

#endif
