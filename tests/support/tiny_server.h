/* A server on loopback that reads requests whole and answers them with bytes as they are: the
 * smallest thing that a client can be tried against, one thread, thousands of connections. It
 * understands nothing but where a request ends. */
#ifndef REDIAL_TESTS_TINY_SERVER_H
#define REDIAL_TESTS_TINY_SERVER_H

#include "base/str.h"

struct tiny_server;

/* What one request is answered with. Bytes are borrowed. */
struct tiny_reply {
    struct redial_str bytes; /* head and body, as they go over the wire; empty: nothing for now */
    struct redial_str body;  /* not empty: `bytes` is a head without its content-length */
    bool close;              /* the connection, when they are out */
    bool reset;              /* likewise, with a TCP reset */
};

struct tiny_server *tiny_server_new(void); /* NULL when no socket can be had */
void tiny_server_destroy(struct tiny_server *server);
uint16_t tiny_server_port(const struct tiny_server *server);
int tiny_server_fd(const struct tiny_server *server); /* readable when move can do something */
/* In the order of the requests; the last one answers all that follow. */
void tiny_server_script(struct tiny_server *server, const struct tiny_reply *replies, size_t count);
/* The same, but after the last one comes the first again. */
void tiny_server_repeat(struct tiny_server *server, const struct tiny_reply *replies, size_t count);
void tiny_server_move(struct tiny_server *server);                         /* never waits */
void tiny_server_say(struct tiny_server *server, struct redial_str bytes); /* on all connections */
size_t tiny_server_requests(const struct tiny_server *server);             /* read whole, ever */
size_t tiny_server_connections(const struct tiny_server *server);          /* accepted, ever */
size_t tiny_server_open(const struct tiny_server *server);                 /* now */
size_t tiny_server_sent(const struct tiny_server *server); /* bytes that the system took */
/* The request read last, head and body. */
struct redial_str tiny_server_request(const struct tiny_server *server);
/* Serves for ever: for a process of its own. */
void tiny_server_run(struct tiny_server *server);

#endif
