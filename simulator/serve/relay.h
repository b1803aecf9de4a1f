/* Passes requests on to a real platform, and writes what happened as a scenario. The file is
 * written anew after each attempt, so that an interrupted recording holds all that was done. */
#ifndef REDIAL_SIMULATOR_RELAY_H
#define REDIAL_SIMULATOR_RELAY_H

#include "simulator/serve/request.h"

struct recorder;
struct relay;

/* NULL with the reason: no URL to send credentials to, no file to write. */
struct recorder *recorder_new(const char *upstream, const char *path, int64_t now,
                              struct redial_str *why);
void recorder_destroy(struct recorder *recorder); /* NULL is fine; relays must have ended */
/* Like poll: until `fd` can be read, or the upstream says something. */
void recorder_wait(struct recorder *recorder, int fd, int timeout_ms);
bool recorder_move(
    struct recorder *recorder); /* false: memory is out, or the file is not written */

/* Takes over the reply to this request. */
void relay_begin(struct request *request);
void relay_end(struct relay *relay, enum arrival_end end);

#endif
