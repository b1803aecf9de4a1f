/* A fake platform: an HTTP/1.1 server, on loopback unless it is told otherwise. It has no thread of
 * its own: everything happens in endpoint_move. It is driven in one of two ways.
 *
 * In lock-step with a client, on a port the kernel picks:
 *
 *     endpoint_move ──► a request arrives ──► endpoint_take ──► arrival_perform, act by act
 *
 * A request without a credential, or whose body is no JSON object, is answered at once with the
 * platform's own 401 or 400; its arrival says so in `refused`.
 *
 * Watched, as a server for whoever comes: each request that was read whole is handed to the
 * watcher from within endpoint_move, which performs acts at once or later. Nothing is refused but
 * what two readers could understand in two ways. */
#ifndef REDIAL_SIMULATOR_ENDPOINT_H
#define REDIAL_SIMULATOR_ENDPOINT_H

#include "base/arena.h"
#include "model/policy.h"
#include "simulator/endpoints/asked.h"
#include "simulator/world/exchange.h"

struct endpoint;

/* A request, and the reply to it as far as it has gone. */
struct arrival {
    struct redial_str method, path;      /* percent-decoded */
    const struct redial_header *headers; /* as sent, secrets included: never print them */
    size_t header_count;
    struct redial_str body;
    struct asked asked;  /* read from the bytes above; empty where reading stopped at the head */
    bool reused;         /* its connection had carried a request before */
    const char *refused; /* why the endpoint answered by itself; NULL: it waits to be played */
    /* Of a watched endpoint. */
    struct redial_str target; /* path and query, exactly as sent */
    struct redial_str head;  /* all texts of the head: equal heads, equal requests but for bodies */
    int64_t began_at;        /* its first line was read */
    uint64_t connection;     /* a number per connection of the endpoint */
    int64_t quiet_since;     /* when the connection's last reply was out; -1: it had none */
    bool body_unread;        /* it was read no further than its head */
    uint16_t refused_status; /* what `refused` was answered with */
    void *owner;             /* the watcher's own */
};

/* How the request of a watched arrival ended. */
enum arrival_end {
    ARRIVAL_DONE, /* the reply went out whole */
    ARRIVAL_CUT,  /* an act closed or reset the connection */
    ARRIVAL_LEFT, /* the client went, or it read nothing for too long */
};

/* What came in and never was a request. */
struct complaint {
    const char *why; /* for people; static */
    uint16_t status; /* of the answer; 0: none */
    uint64_t connection;
};

/* What becomes of a connection, before a byte of it was read. */
enum connection_fate {
    CONNECTION_SERVED,
    CONNECTION_RESET,
    CONNECTION_TLS_RESET,       /* in the middle of its handshake; without TLS, at once */
    CONNECTION_BAD_CERTIFICATE, /* signed by nobody the client knows; without TLS, reset */
};

struct endpoint_watcher {
    /* Somebody has connected; `number` is the connection's. NULL: all are served. */
    enum connection_fate (*connected)(void *context, uint64_t number);
    /* The head was read. True: the request is handed over like this, and read no further. May be
     * NULL. */
    bool (*stops_at_head)(void *context, struct arrival *arrival);
    /* The request was read whole, or refused (arrival->refused). What is not performed before this
     * returns, is performed later. The arrival is the watcher's to release. */
    void (*arrived)(void *context, struct arrival *arrival);
    /* Every byte that was performed is with the system: the next act may be performed. */
    void (*drained)(void *context, struct arrival *arrival);
    /* Its request is over. Called for every arrival that was handed over, before its release. */
    void (*over)(void *context, struct arrival *arrival, enum arrival_end end);
    void (*complained)(void *context, const struct complaint *complaint);
};

struct endpoint_options {
    const char *address;           /* numeric, IPv4; NULL: 127.0.0.1 */
    uint16_t port;                 /* 0: the kernel picks */
    const char *certificate, *key; /* PEM; NULL: plain HTTP */
    unsigned connections_max;      /* further ones are closed at once */
    unsigned idle_seconds;         /* a connection that nothing moves on is closed; 0 never */
    const struct endpoint_watcher *watcher;
    void *context;
    const int64_t *now; /* the driver's clock, read when something happens */
};

/* NULL with a reason when no socket can be had. */
struct endpoint *endpoint_new(enum platform_kind platform, struct redial_str *why);
/* A watched one. `options` is copied; what it points to must outlive the endpoint. */
struct endpoint *endpoint_open(const struct endpoint_options *options, struct redial_str *why);
void endpoint_destroy(
    struct endpoint *endpoint); /* arrivals must have been released; NULL is fine */
uint16_t endpoint_port(const struct endpoint *endpoint);
int endpoint_fd(const struct endpoint *endpoint); /* readable when endpoint_move can do something */
void endpoint_move(struct endpoint *endpoint);    /* never waits */
/* Of a watched one: refuses connections from here on, and takes them again; its port stays its own.
 * False when the system does not do it. */
bool endpoint_admit(struct endpoint *endpoint, bool open);
/* Whether endpoint_move can do something though endpoint_fd does not say so. */
bool endpoint_is_stirred(const struct endpoint *endpoint);
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
/* A whole reply at once; the body is copied. False as above. */
bool arrival_answer(struct arrival *arrival, uint16_t status, const struct redial_header *headers,
                    size_t header_count, struct redial_str body) REDIAL_MUST_USE;
void arrival_reset(struct arrival *arrival); /* sends a TCP reset now */
void arrival_close(struct arrival *arrival); /* ends its connection, orderly */
/* Half-closes, then closes with the request unread: whoever still sends gets a broken pipe. */
void arrival_break_pipe(struct arrival *arrival);
bool arrival_is_over(const struct arrival *arrival);  /* its request or its connection has ended */
void arrival_release(struct arrival *arrival);        /* NULL is fine */
struct arena *arrival_arena(struct arrival *arrival); /* lives as long as it */

#endif
