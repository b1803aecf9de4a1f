/* What the files of `redial call` share. */
#ifndef REDIAL_CLI_CALL_H
#define REDIAL_CLI_CALL_H

#include "base/arena.h"
#include "cli/verbs.h"
#include "redial/client.h"

/* A call as the command line asks for it. */
struct order {
    struct arena *arena;
    struct redial_policy *policy;
    const char *policy_path;
    struct text body;
    struct redial_request request; /* without its handlers */
    uint64_t seed; /* of the client: the call's own stream is made from it, as a replay does */
    bool raw, verbose;
    const char *record_path; /* NULL: not recorded */
};

/* Reads flags, policy and prompt. False after saying why on standard error; the status is then
 * STATUS_UNUSABLE. Then, too, order_clean_up. */
bool order_read(struct order *order, const struct args *args, struct output *output);
void order_clean_up(struct order *order);

/* Says on standard error why a call ended without success, and what may help. */
void call_print_end(const struct redial_outcome *outcome, struct output *output);

#endif
