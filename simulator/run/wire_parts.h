/* What the files of the wire transport share. */
#ifndef REDIAL_SIMULATOR_WIRE_PARTS_H
#define REDIAL_SIMULATOR_WIRE_PARTS_H

#include "client/client.h"
#include "platforms/reader.h"
#include "simulator/endpoints/endpoint.h"
#include "simulator/endpoints/tls_trap.h"
#include "simulator/run/transport.h"

#define WIRE_ACT_LIMIT                                                                             \
    (10 * NS_PER_SECOND) /* loopback takes microseconds: more is a fault of ours */
#define WIRE_WHY_MAX 256

struct wire {
    struct transport transport; /* first */
    const struct redial_policy *policy;
    struct client *client;
    struct endpoint **endpoints; /* per provider */
    struct carried *carried;     /* under way, and ended while their events may be looked at */
    struct tls_trap *tls_trap;   /* NULL before a handshake was to fail */
    int closed_socket;           /* bound, not listening: nobody else gets its port */
    char why[WIRE_WHY_MAX];
};

/* One attempt on its way. */
struct carried {
    struct wire *wire;
    struct carried *next;          /* in wire.carried */
    const struct attempt *attempt; /* NULL: it has ended */
    struct endpoint *endpoint;
    struct arena *arena; /* holds the request */
    struct http_request request;
    struct reply_reader *reader;
    struct transfer *transfer; /* NULL: it has ended, or was given up */
    struct transfer_end end;
    struct arrival *arrival; /* NULL before the server has read the request */
    size_t body_sent, body_seen;
    unsigned progress; /* REPLY_ bits of the present act */
    bool head_seen, reused;
};

/* Builds the attempt's request into its arena; where its exchange has a fault before the reply, the
 * request is made to suffer it. */
bool wire_build_request(struct carried *carried, struct redial_str *why) REDIAL_MUST_USE;
/* Hands it to the client; what comes of it shows in `carried` while both sides run. */
bool wire_send_request(struct carried *carried, struct redial_str *why) REDIAL_MUST_USE;

/* Runs client and server until the condition holds. False when it does not within WIRE_ACT_LIMIT.
 */
typedef bool wire_condition_fn(const struct carried *carried);
bool wire_run_until(struct carried *carried, wire_condition_fn *reached);
/* The first three hold too once the transfer has ended: nothing more will be seen then. */
wire_condition_fn wire_has_arrived, wire_has_head, wire_has_body, wire_has_ended;
wire_condition_fn wire_has_left; /* the server has done with the request */

#endif
