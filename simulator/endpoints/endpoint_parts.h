/* The inside of an endpoint, shared by what takes requests in and what keeps the server going. */
#ifndef REDIAL_SIMULATOR_ENDPOINT_PARTS_H
#define REDIAL_SIMULATOR_ENDPOINT_PARTS_H

#include "simulator/endpoints/arrival.h"
#include "simulator/endpoints/tls_trap.h"

#define ENDPOINT_TRAPS_MAX 16u /* connections at a time whose handshake is to fail */

struct endpoint {
    enum platform_kind platform;
    struct MHD_Daemon *daemon;
    bool stop_at_head;                           /* of the next request */
    struct link *newest;                         /* accepted last, no request yet; NULL none */
    struct live_arrival *waiting, **waiting_end; /* not taken yet, in order */
    struct live_arrival *alive;                  /* whose request is not over */
    struct live_arrival *spare;                  /* done with, their memory kept for the next */
    unsigned spare_count;
    size_t requests;
    /* Of an endpoint that is watched. */
    struct endpoint_options options;
    unsigned links;     /* connections that are open */
    uint64_t link_last; /* number of the newest */
    int listener;       /* -1 none: the server has its own */
    uint16_t port;      /* of that listener; 0 none */
    bool shut;          /* it refuses connections */
    bool deaf;          /* it is not listened to: there was no descriptor left */
    struct tls_trap *traps[ENDPOINT_TRAPS_MAX];
    unsigned trap_next;
    int watch; /* epoll: the listener, the server's own, traps, and whose clients go; -1 none */
    bool complained; /* the request whose end comes next was none, and that was said */
    bool stirred;    /* something may move without a word from the system */
};

#define ENDPOINT_SPARES_MAX 64u

void intake_free_spares(struct endpoint *endpoint);
/* libmicrohttpd's callbacks. */
enum MHD_Result intake_accept(void *context, const struct sockaddr *address, socklen_t length);
void intake_note_connection(void *context, struct MHD_Connection *connection, void **kept,
                            enum MHD_ConnectionNotificationCode code);
void *intake_note_target(void *context, const char *target, struct MHD_Connection *connection);
enum MHD_Result intake_handle(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *bytes,
                              size_t *size, void **kept);
void intake_note_completed(void *context, struct MHD_Connection *connection, void **kept,
                           enum MHD_RequestTerminationCode code);
void intake_note_log(void *context, const char *format, va_list arguments);

#endif
