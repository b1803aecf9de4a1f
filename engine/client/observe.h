/* For who records what the world did to a client: raw facts of each attempt, before anything is
 * read into them. */
#ifndef REDIAL_CLIENT_OBSERVE_H
#define REDIAL_CLIENT_OBSERVE_H

#include "model/policy.h"
#include "redial/client.h"

/* All on the client's clock, ns since the Unix epoch; texts until the function returns. Any may be
 * NULL. `number` is the call's, from 1 in the order of sending. */
struct live_observer {
    void (*began)(void *context, uint32_t number, int64_t now, const struct redial_call *call,
                  bool stream);
    void (*sent)(void *context, uint32_t number, int64_t now, const struct redial_call *call);
    void (*head)(void *context, uint32_t number, int64_t now, uint16_t status,
                 const struct redial_header *headers, size_t count);
    void (*body)(void *context, uint32_t number, int64_t now, struct redial_str bytes);
    /* How the attempt ended: `cause` NONE in order, otherwise what broke it and in which phase.
     * `given_up`: this side did, at a time limit or for the caller. */
    void (*ended)(void *context, uint32_t number, int64_t now, enum redial_cause cause,
                  enum redial_phase phase, bool given_up);
    void (*cancelled)(void *context, uint32_t number, int64_t now);
    /* A text that must not get into any record. */
    void (*secret)(void *context, struct redial_str secret);
    void (*refreshed)(void *context, int64_t now, struct redial_str provider, int64_t took,
                      struct redial_str failed);
    /* A line of the story that is a step: those of `redial_handlers.line` without the notes. */
    void (*line)(void *context, uint32_t number, struct redial_str line);
    void *context;
};

/* Before the first send. `observer` is copied. */
void live_observe(struct redial_client *client, const struct live_observer *observer);

#endif
