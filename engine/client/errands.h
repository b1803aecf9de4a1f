/* Runs the errands of credential chains for real, without waiting: requests over the client,
 * commands with their own process group, files. Each is bounded in time and in bytes, and none
 * fails silently: the answer says what went wrong. */
#ifndef REDIAL_CLIENT_ERRANDS_H
#define REDIAL_CLIENT_ERRANDS_H

#include <sys/types.h>

#include "client/client.h"
#include "client/timers.h"
#include "credentials/chain.h"

/* Where errands run. */
struct errands {
    struct client *client;
    struct timers *timers;
    const struct redial_env *environment; /* of commands; NULL: the process's */
};

/* A command under way. */
struct command {
    pid_t pid;                          /* 0 none; also its process group */
    struct watch ended, output, errors; /* fd -1: closed */
};

/* One errand at a time. All zero but for the first three is a good beginning. */
struct errand_run {
    struct errands *errands;
    /* The answer is there. Called within client_move or timers_ring; the next errand may begin. */
    void (*done)(void *context);
    void *context;

    struct errand_answer answer; /* its texts last until the next errand begins */

    const struct errand *errand;
    struct timer timer;
    struct transfer *transfer;
    struct command command;
    struct arena *arena;
    struct text body, errors;
    bool failed; /* memory is out */
};

/* Begins `errand`, which must stay until the answer. True: the answer is there at once, and `done`
 * is not called. */
bool errand_begin(struct errand_run *run, const struct errand *errand) REDIAL_MUST_USE;
/* Gives up what is under way, frees all. `run` is as good as new. */
void errand_clean_up(struct errand_run *run);

/* ---- Between the files of errands */

/* The answer is that there is none: a sentence for people. */
void errand_fail(struct errand_run *run, const char *format, ...) REDIAL_PRINTF(2, 3);
/* What the system calls this error. */
const char *errand_error(int os_errno);

void errand_read_file(struct errand_run *run);
void errand_write_file(struct errand_run *run);

/* True: it failed at once. */
bool errand_start_command(struct errand_run *run) REDIAL_MUST_USE;
void errand_kill_command(struct errand_run *run); /* with its process group; none is fine */

#endif
