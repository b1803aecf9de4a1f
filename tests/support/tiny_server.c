#include "tests/support/tiny_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAKES 256

struct peer {
    struct tiny_server *server;
    struct peer *next, **link;
    int socket;
    struct text in, made; /* made: a reply whose length was counted here */
    struct redial_str out;
    bool close, reset, writing;
};

struct tiny_server {
    int listener, epoll;
    uint16_t port;
    const struct tiny_reply *replies;
    size_t reply_count, requests, connections, open, sent;
    bool repeats;
    struct peer *peers;
    struct text last;
};

/* ---- Making ---- */

static bool listen_on(struct tiny_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = NULL};
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server->epoll < 0 || server->listener < 0) return false;
    if (bind(server->listener, (struct sockaddr *)&address, len) != 0 ||
        listen(server->listener, 1024) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &len) != 0)
        return false;
    server->port = ntohs(address.sin_port);
    return epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->listener, &wanted) == 0;
}

struct tiny_server *tiny_server_new(void)
{
    struct tiny_server *server = calloc(1, sizeof *server);
    if (!server) return NULL;
    if (listen_on(server)) return server;
    tiny_server_destroy(server);
    return NULL;
}

static void peer_destroy(struct peer *peer)
{
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    *peer->link = peer->next;
    if (peer->next) peer->next->link = peer->link;
    peer->server->open--;
    if (peer->reset) (void)connect(peer->socket, &nowhere, sizeof nowhere);
    close(peer->socket);
    text_clean_up(&peer->in);
    text_clean_up(&peer->made);
    free(peer);
}

void tiny_server_destroy(struct tiny_server *server)
{
    if (!server) return;
    while (server->peers) peer_destroy(server->peers);
    if (server->listener >= 0) close(server->listener);
    if (server->epoll >= 0) close(server->epoll);
    text_clean_up(&server->last);
    free(server);
}

void tiny_server_script(struct tiny_server *server, const struct tiny_reply *replies, size_t count)
{
    server->replies = replies;
    server->reply_count = count;
}

void tiny_server_repeat(struct tiny_server *server, const struct tiny_reply *replies, size_t count)
{
    tiny_server_script(server, replies, count);
    server->repeats = true;
}

static struct tiny_reply next_reply(const struct tiny_server *server)
{
    size_t count = server->reply_count, row = server->requests;
    if (count == 0) return (struct tiny_reply){0};
    if (server->repeats) return server->replies[row % count];
    return server->replies[row < count ? row : count - 1];
}

/* ---- Serving ---- */

static void want_to_write(struct peer *peer, bool wanted)
{
    struct epoll_event event = {.events = wanted ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = peer};
    if (peer->writing != wanted)
        (void)epoll_ctl(peer->server->epoll, EPOLL_CTL_MOD, peer->socket, &event);
    peer->writing = wanted;
}

/* False: the connection is gone. */
static bool write_on(struct peer *peer)
{
    while (peer->out.len > 0) {
        ssize_t put = send(peer->socket, peer->out.ptr, peer->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put < 0 && errno == EAGAIN) break;
        if (put < 0) {
            peer_destroy(peer);
            return false;
        }
        peer->server->sent += (size_t)put;
        peer->out = str_skip(peer->out, (size_t)put);
    }
    want_to_write(peer, peer->out.len > 0);
    if (peer->out.len > 0 || !(peer->close || peer->reset)) return true;
    peer_destroy(peer);
    return false;
}

/* Where the first request in `in` ends; 0: it is not whole. */
static size_t request_len(struct redial_str in)
{
    static const char length[] = "\ncontent-length:";
    size_t head = str_find(in, REDIAL_STR("\r\n\r\n"));
    int64_t body = 0;
    if (head == SIZE_MAX) return 0;
    head += 4;
    for (size_t i = 0; i + sizeof length < head; i++)
        if (strncasecmp(in.ptr + i, length, sizeof length - 1) == 0)
            body = strtoll(in.ptr + i + sizeof length - 1, NULL, 10);
    return in.len >= head + (size_t)body ? head + (size_t)body : 0;
}

static struct redial_str make_reply(struct peer *peer, const struct tiny_reply *reply)
{
    if (reply->body.len == 0) return reply->bytes;
    text_clear(&peer->made);
    text_append(&peer->made, reply->bytes);
    text_printf(&peer->made, "content-length: %zu\r\n\r\n", reply->body.len);
    text_append(&peer->made, reply->body);
    return text_str(&peer->made);
}

static bool answer(struct peer *peer, size_t len)
{
    struct tiny_server *server = peer->server;
    struct tiny_reply reply = next_reply(server);
    server->requests++;
    text_clear(&server->last);
    text_append(&server->last, str_take(text_str(&peer->in), len));
    memmove(peer->in.ptr, peer->in.ptr + len, peer->in.len - len);
    peer->in.len -= len;
    peer->out = make_reply(peer, &reply);
    peer->close = reply.close;
    peer->reset = reply.reset;
    return write_on(peer);
}

static void read_on(struct peer *peer)
{
    char bytes[64 << 10];
    ssize_t got;
    size_t len;
    while ((got = recv(peer->socket, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
        text_append(&peer->in, (struct redial_str){bytes, (size_t)got});
        while ((len = request_len(text_str(&peer->in))) > 0)
            if (!answer(peer, len)) return;
    }
    if (got == 0 || errno != EAGAIN) peer_destroy(peer);
}

static void take_connection(struct tiny_server *server)
{
    int made;
    while ((made = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct peer *peer = calloc(1, sizeof *peer);
        struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = peer};
        if (!peer || epoll_ctl(server->epoll, EPOLL_CTL_ADD, made, &wanted) != 0) {
            free(peer);
            close(made);
            continue;
        }
        peer->server = server;
        peer->socket = made;
        peer->next = server->peers;
        peer->link = &server->peers;
        if (peer->next) peer->next->link = &peer->next;
        server->peers = peer;
        server->connections++;
        server->open++;
    }
}

static void work(struct tiny_server *server, int timeout_ms)
{
    struct epoll_event wakes[WAKES];
    int count = epoll_wait(server->epoll, wakes, WAKES, timeout_ms);
    for (int i = 0; i < count; i++) {
        struct peer *peer = wakes[i].data.ptr;
        if (!peer)
            take_connection(server);
        else if (!(wakes[i].events & EPOLLOUT) || write_on(peer))
            if (wakes[i].events & ~(uint32_t)EPOLLOUT) read_on(peer);
    }
}

void tiny_server_move(struct tiny_server *server)
{
    work(server, 0);
}

void tiny_server_run(struct tiny_server *server)
{
    for (;;) work(server, -1);
}

void tiny_server_say(struct tiny_server *server, struct redial_str bytes)
{
    for (struct peer *peer = server->peers, *next; peer; peer = next) {
        next = peer->next;
        peer->out = bytes;
        (void)write_on(peer);
    }
}

/* ---- Asking ---- */

uint16_t tiny_server_port(const struct tiny_server *server)
{
    return server->port;
}

int tiny_server_fd(const struct tiny_server *server)
{
    return server->epoll;
}

size_t tiny_server_requests(const struct tiny_server *server)
{
    return server->requests;
}

size_t tiny_server_connections(const struct tiny_server *server)
{
    return server->connections;
}

size_t tiny_server_open(const struct tiny_server *server)
{
    return server->open;
}

size_t tiny_server_sent(const struct tiny_server *server)
{
    return server->sent;
}

struct redial_str tiny_server_request(const struct tiny_server *server)
{
    return text_str(&server->last);
}
