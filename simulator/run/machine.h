/* The machine that a client runs on, as its credential chains see it: files, commands, and the
 * servers that give credentials. A chain's errands are answered from the script and by the
 * authority, each with the time that it takes on the run's own clock; nothing is sent anywhere, so
 * a search is the same on both transports. Private to run. */
#ifndef REDIAL_SIMULATOR_MACHINE_H
#define REDIAL_SIMULATOR_MACHINE_H

#include "credentials/chain.h"
#include "redial/redial.h"
#include "simulator/authority/authority.h"
#include "simulator/world/script.h"

struct file_script {
    struct redial_str path, text;
    uint32_t mode;
};
struct command_script {
    struct redial_str command; /* a glob over the command line, argv joined by blanks */
    struct redial_str output, errors;
    int64_t exit_status;
    int64_t after; /* ns */
};
struct issuer_script {
    bool there;                  /* it answers; otherwise nobody listens where it would be */
    struct token_reply *replies; /* in order, the last one stays; none: as the authority says */
    size_t reply_count;
};

struct machine_script {
    struct file_script *files;
    size_t file_count;
    struct command_script *commands;
    size_t command_count;
    struct issuer_script issuers[ISSUER_COUNT];
    struct redial_str *ways; /* of the authority: what the client is given to begin with */
    size_t way_count;
};

struct machine;

/* All is made in `arena`, but for what machine_clean_up frees. NULL when memory is out. */
struct machine *machine_new(struct arena *arena, const struct machine_script *script,
                            const struct redial_env *environment, uint64_t seed);
void machine_clean_up(struct machine *machine); /* NULL is fine */
/* What chains find in the environment: the scenario's, and what the client is given. */
const struct redial_env *machine_environment(const struct machine *machine);
/* Answers one errand: gives the ns it takes. Texts in the machine's arena. */
int64_t machine_answer(struct machine *machine, const struct errand *errand, int64_t now,
                       struct errand_answer *answer);
/* Every secret of the run, for canary checks. */
size_t machine_secret_count(const struct machine *machine);
struct redial_str machine_secret_at(const struct machine *machine, size_t index);

#endif
