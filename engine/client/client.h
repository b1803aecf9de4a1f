/* Transfers: HTTP requests over libcurl's multi interface, many at once on one thread. One transfer
 * carries one attempt, exactly one: it follows no redirect, and never sends twice, not even when a
 * kept connection turns out to be dead. HTTP/2 where a server of https offers it (ALPN), 1.1 in
 * plain text.
 *
 *     transfer = client_send(client, &request, &options, &why);
 *     for (;;) {
 *         client_move(client);                          callbacks run in here, and only in here
 *         client_wait(client, NULL, 0, timeout_ms);
 *     }
 *
 * A plain http URL is accepted for loopback addresses alone, since requests carry credentials.
 * Proxies and certificate authorities are the environment's once client_use_environment was called;
 * until then there is no proxy, and the authorities are the system's. */
#ifndef REDIAL_CLIENT_CLIENT_H
#define REDIAL_CLIENT_CLIENT_H

#include "base/clock.h"
#include "client/network.h"
#include "platforms/request.h"

struct client;
struct transfer;

/* How a transfer ended. */
struct transfer_end {
    enum redial_cause cause;  /* NONE: in order, as HTTP sees it */
    enum redial_phase phase;  /* how far it had come. BODY once the head was complete: whether that
                                 is a stream is for the reader of the reply to say */
    int32_t os_errno;         /* as the system gave it, 0 none */
    struct redial_str detail; /* libcurl's words for people; may be empty. Until `end` returns */
};

/* Called in this order; `body` any number of times. `connected` may be NULL. transfer_abort is
 * allowed in each of them, client_send in `end` alone. */
struct transfer_callbacks {
    /* The connection stands and nothing has been sent on it. `socket` is the new connection's; -1:
     * an idle connection is used. */
    void (*connected)(void *context, int socket);
    void (*head)(void *context, uint16_t status, const struct redial_header *headers, size_t count);
    void (*body)(void *context, struct redial_str bytes);
    /* Once for each transfer that was not aborted; the transfer is gone when it returns. */
    void (*end)(void *context, const struct transfer_end *end);
    void *context;
};

struct transfer_options {
    bool fresh_connection; /* never an idle one; the new one is kept like any other afterwards */
    bool compressed;       /* offers gzip and its like: the body comes decoded */
    enum network_reach reach;
    struct transfer_callbacks callbacks;
};

struct client *client_new(void);            /* NULL when memory is out */
void client_destroy(struct client *client); /* aborts what is under way; NULL is fine */
/* False when memory is out. NULL: the process's. */
bool client_use_environment(struct client *client,
                            const struct redial_env *environment) REDIAL_MUST_USE;

/* Begins a transfer; nothing is called before the next client_move. `request` is borrowed until the
 * end, its body is not copied unless it is small. NULL with a reason when the URL is not one to
 * send a credential to, or memory is out. */
struct transfer *client_send(struct client *client, const struct http_request *request,
                             const struct transfer_options *options, struct redial_str *why);
/* Gives a transfer up: its connection is closed (HTTP/2: its stream), its callbacks are not called
 * any more. */
void transfer_abort(struct transfer *transfer);
/* Lets the body wait in the network, or flow again: the server is slowed down, and what waits here
 * is bounded. Allowed in callbacks. Not flowing again within one: the body comes at once. */
void transfer_pause(struct transfer *transfer, bool paused);
/* How far it has come, for the phase of a transfer that its driver gives up. */
enum redial_phase transfer_phase(const struct transfer *transfer);

/* Does what can be done without waiting. False when libcurl itself failed (memory). */
bool client_move(struct client *client);
/* The same after waiting, up to `timeout_ms`, for something to do. */
bool client_move_within(struct client *client, int timeout_ms);
/* Waits until a transfer can move, one of `others` can be read, or the time is over. */
void client_wait(struct client *client, const int *others, size_t count, int timeout_ms);

/* For other loops: readable when client_move can do something, besides what time brings: */
int client_fd(const struct client *client);
int64_t client_due(const struct client *client); /* on clock_steady; INT64_MAX: nothing waits */

/* Something else to be read on the same wait. `ready` is called within client_move, until the watch
 * is taken away; it belongs to its caller and must stay until then. */
struct watch {
    int fd;
    void (*ready)(void *context);
    void *context;
};
bool client_watch(struct client *client, struct watch *watch) REDIAL_MUST_USE;
void client_unwatch(struct client *client, struct watch *watch);

#endif
