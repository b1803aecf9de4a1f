/* The inside of an arrival, shared by the server that receives it and the player that answers it.
 */
#ifndef REDIAL_SIMULATOR_ARRIVAL_H
#define REDIAL_SIMULATOR_ARRIVAL_H

#include <microhttpd.h>

#include "simulator/endpoints/endpoint.h"

enum arrival_state {
    ARRIVAL_READING,  /* the request is still coming in */
    ARRIVAL_WAITING,  /* it was read; the reply has not begun */
    ARRIVAL_PLAYING,  /* the reply's head is out */
    ARRIVAL_DROPPING, /* the connection is to be closed as it is */
    ARRIVAL_OVER,     /* the server has done with the request; `connection` is NULL */
};

/* A connection, held by the server and by each arrival that came over it: a script may still close
 * it when the reply is out and the server has done with the request. */
struct link {
    int socket; /* -1: closed */
    unsigned requests, holders;
    uint64_t number;
    int64_t quiet_since;
    struct live_arrival *current; /* whose reply is under way; NULL none */
    bool complained;              /* what it sent was no request, and that was said */
};
void link_let_go(struct link *link);

/* An arrival has two holders, the connection and whoever took it; it is freed by the second to let
 * go. */
struct live_arrival {
    struct arrival seen; /* first: what endpoint.h hands out */
    struct endpoint *endpoint;
    struct live_arrival *next;                     /* waiting to be taken, or spare */
    struct live_arrival *alive_next, **alive_link; /* among those that have a connection */
    struct MHD_Connection *connection;
    struct link *link;
    struct MHD_Response *response; /* made, not yet handed to the server */
    uint16_t status;               /* of that response */
    enum arrival_state state;
    unsigned holders;
    bool suspended;
    bool read_no_further; /* the request's body stays where it is */
    bool ended;           /* the body is complete */
    bool cut;             /* an act dropped the connection */
    bool handed_over;     /* the watcher has it */
    struct arena *arena;  /* made when something is put into it */
    struct text head;     /* texts of `seen` */
    struct redial_header *headers;
    size_t header_room;
    struct text body;          /* of the request */
    struct redial_str pending; /* of the reply's body: handed to the server next */
};

void arrival_hold_still(struct live_arrival *arrival); /* the server leaves the connection alone */
void arrival_go_on(struct live_arrival *arrival);
void arrival_let_go(struct live_arrival *arrival);
/* The client has gone while its reply was waiting. */
void arrival_lose_client(struct live_arrival *arrival);

/* Sends a TCP reset now. */
void socket_reset(int socket);

/* Answers with a refusal, without being asked to. False when memory is out. */
bool arrival_refuse(struct live_arrival *arrival, const struct asked_refusal *refusal);

#endif
