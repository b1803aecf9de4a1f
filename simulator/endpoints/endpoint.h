/* A fake platform: an HTTP/1.1 server on loopback, on a port the kernel picks. It has no thread of
 * its own: everything happens in endpoint_move, so that client and server advance in lock-step.
 *
 *     endpoint_move ──► a request arrives ──► endpoint_take ──► arrival_perform, act by act
 *
 * A request without a credential, or whose body is no JSON object, is answered at once with the
 * platform's own 401 or 400; its arrival says so in `refused`. */
#ifndef REDIAL_SIMULATOR_ENDPOINT_H
#define REDIAL_SIMULATOR_ENDPOINT_H

#include "base/arena.h"
#include "model/policy.h"
#include "simulator/endpoints/asked.h"
#include "simulator/world/exchange.h"

struct endpoint;

/* A request, and the reply to it as far as it has gone. */
struct arrival {
    struct redial_str method, path;
    const struct redial_header *headers; /* as sent, secrets included: never print them */
    size_t header_count;
    struct redial_str body;
    struct asked asked;  /* read from the bytes above; empty where reading stopped at the head */
    bool reused;         /* its connection had carried a request before */
    const char *refused; /* why the endpoint answered by itself; NULL: it waits to be played */
};

/* NULL with a reason when no socket can be had. */
struct endpoint *endpoint_new(enum platform_kind platform, struct redial_str *why);
void endpoint_destroy(
    struct endpoint *endpoint); /* arrivals must have been released; NULL is fine */
uint16_t endpoint_port(const struct endpoint *endpoint);
int endpoint_fd(const struct endpoint *endpoint); /* readable when endpoint_move can do something */
void endpoint_move(struct endpoint *endpoint);    /* never waits */
/* Reads no further than the head of the next request, which then waits to be taken. */
void endpoint_stop_at_head(struct endpoint *endpoint);
/* Resets the connection that was accepted last, as long as it has carried no request. False when
 * there is none: not accepted yet. */
bool endpoint_reset_newest(struct endpoint *endpoint);
/* The request that arrived first and was not taken yet; NULL: none. To be released. */
struct arrival *endpoint_take(struct endpoint *endpoint);
size_t endpoint_requests(const struct endpoint *endpoint); /* that were read whole, ever */

/* Begins to do one act of `exchange`; endpoint_move goes on with it. The acts' bytes are borrowed
 * until the arrival is released. False when the reply cannot be made or the connection is gone. */
bool arrival_perform(struct arrival *arrival, const struct exchange *exchange,
                     const struct act *act) REDIAL_MUST_USE;
void arrival_reset(struct arrival *arrival); /* sends a TCP reset now */
void arrival_close(struct arrival *arrival); /* ends its connection, orderly */
/* Half-closes, then closes with the request unread: whoever still sends gets a broken pipe. */
void arrival_break_pipe(struct arrival *arrival);
bool arrival_is_over(const struct arrival *arrival); /* its request or its connection has ended */
void arrival_release(struct arrival *arrival);       /* NULL is fine */

#endif
