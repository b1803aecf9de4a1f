/* The server side of a fake platform over libmicrohttpd, run from outside. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "simulator/endpoints/endpoint_parts.h"
#include "simulator/endpoints/unconst.h"

#define MOVES_MAX          64    /* per endpoint_move: a busy client may not keep it */
#define CONNECTION_MEMORY  65536 /* what a head may take */
#define WATCHED_MEMORY     16384 /* likewise: it is wiped after each request, which takes time */
#define CONNECTIONS_BEYOND 64u   /* libmicrohttpd's own limit lies above ours, which says so */

/* ---- The endpoint */

static struct endpoint *endpoint_make(struct redial_str *why)
{
    struct endpoint *endpoint = calloc(1, sizeof *endpoint);

    *why = REDIAL_STR("memory is out");
    if (!endpoint) return NULL;
    endpoint->waiting_end = &endpoint->waiting;
    endpoint->watch = -1;
    return endpoint;
}

struct endpoint *endpoint_new(enum platform_kind platform, struct redial_str *why)
{
    struct endpoint *endpoint = endpoint_make(why);
    struct sockaddr_in loopback = {.sin_family = AF_INET,
                                   .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};

    if (!endpoint) return NULL;
    endpoint->platform = platform;
    endpoint->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, intake_handle, endpoint,
        MHD_OPTION_SOCK_ADDR, &loopback, MHD_OPTION_NOTIFY_CONNECTION, intake_note_connection,
        endpoint, MHD_OPTION_NOTIFY_COMPLETED, intake_note_completed, endpoint,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_END);
    if (endpoint->daemon) return endpoint;
    *why = REDIAL_STR("no socket on 127.0.0.1 could be opened for a fake platform");
    free(endpoint);
    return NULL;
}

/* ---- A watched endpoint */

/* A socket of our own, so that what keeps it from being opened can be told. -1 with the reason. */
static int listen_on(const struct endpoint_options *options, struct redial_str *why)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(options->port)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

    *why = REDIAL_STR("the address is no IPv4 address: 127.0.0.1, or 0.0.0.0 for all, is one");
    if (inet_pton(AF_INET, options->address ? options->address : "127.0.0.1", &address.sin_addr) !=
        1)
        return -1;
    *why = REDIAL_STR("no socket could be opened");
    if (listener < 0) return -1;
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
        listen(listener, SOMAXCONN) == 0)
        return listener;
    *why = errno == EADDRINUSE      ? REDIAL_STR("the port is in use")
           : errno == EACCES        ? REDIAL_STR("this user may not listen on that port")
           : errno == EADDRNOTAVAIL ? REDIAL_STR("the address is not one of this machine")
                                    : REDIAL_STR("the system does not allow to listen there");
    close(listener);
    return -1;
}

/* The end of the options depends on whether there is a certificate. */
static void start_daemon(struct endpoint *endpoint, int listener)
{
    const struct endpoint_options *options = &endpoint->options;
    const struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, unconst(options->certificate)},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, unconst(options->key)},
        {MHD_OPTION_END, 0, NULL},
    };
    const struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                     (options->certificate ? (unsigned)MHD_USE_TLS : 0u);

    endpoint->daemon = MHD_start_daemon(
        flags, 0, intake_accept, endpoint, intake_handle, endpoint, MHD_OPTION_EXTERNAL_LOGGER,
        intake_note_log, endpoint, MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
        options->connections_max + CONNECTIONS_BEYOND, MHD_OPTION_CONNECTION_TIMEOUT,
        options->idle_seconds, MHD_OPTION_NOTIFY_CONNECTION, intake_note_connection, endpoint,
        MHD_OPTION_NOTIFY_COMPLETED, intake_note_completed, endpoint, MHD_OPTION_URI_LOG_CALLBACK,
        intake_note_target, endpoint, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)WATCHED_MEMORY,
        MHD_OPTION_ARRAY, options->certificate ? tls : plain, MHD_OPTION_END);
}

/* The server's own descriptor, beside those of connections whose reply waits. */
static bool start_watch(struct endpoint *endpoint)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(endpoint->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = NULL}};

    endpoint->watch = epoll_create1(EPOLL_CLOEXEC);
    return endpoint->watch >= 0 && info &&
           epoll_ctl(endpoint->watch, EPOLL_CTL_ADD, info->epoll_fd, &event) == 0;
}

struct endpoint *endpoint_open(const struct endpoint_options *options, struct redial_str *why)
{
    struct endpoint *endpoint = endpoint_make(why);
    int listener = endpoint ? listen_on(options, why) : -1;

    if (!endpoint || listener < 0) {
        free(endpoint);
        return NULL;
    }
    endpoint->options = *options;
    start_daemon(endpoint, listener);
    if (endpoint->daemon && start_watch(endpoint)) return endpoint;
    *why = REDIAL_STR("the server could not be started");
    if (!endpoint->daemon) close(listener);
    endpoint_destroy(endpoint);
    return NULL;
}

/* Clients that have gone. One whose reply waits is lost. Of any other the server shall read what
 * there is up to its end, which it takes from the change that this is. */
static void see_leavers(struct endpoint *endpoint)
{
    struct epoll_event events[64];
    int count = epoll_wait(endpoint->watch, events, REDIAL_COUNT_OF(events), 0);

    for (int i = 0; i < count; i++) {
        struct link *link = events[i].data.ptr;
        if (!link) continue;
        endpoint->stirred = true;
        if (link->current && link->current->suspended)
            arrival_lose_client(link->current);
        else
            (void)shutdown(link->socket, SHUT_RD);
    }
}

/* libmicrohttpd does not stop while a connection is suspended. */
static void close_all(struct endpoint *endpoint)
{
    struct arrival *arrival;

    for (struct live_arrival *alive = endpoint->alive; alive; alive = alive->alive_next)
        if (alive->connection && alive->link) arrival_close(&alive->seen);
    endpoint_move(endpoint);
    while ((arrival = endpoint_take(endpoint))) arrival_release(arrival);
}

void endpoint_destroy(struct endpoint *endpoint)
{
    if (!endpoint) return;
    if (endpoint->daemon) {
        close_all(endpoint);
        MHD_stop_daemon(endpoint->daemon);
    }
    if (endpoint->watch >= 0) close(endpoint->watch);
    intake_free_spares(endpoint);
    free(endpoint);
}

uint16_t endpoint_port(const struct endpoint *endpoint)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(endpoint->daemon, MHD_DAEMON_INFO_BIND_PORT);

    return info ? info->port : 0;
}

int endpoint_fd(const struct endpoint *endpoint)
{
    const union MHD_DaemonInfo *info;

    if (endpoint->watch >= 0) return endpoint->watch;
    info = MHD_get_daemon_info(endpoint->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return info ? info->epoll_fd : -1;
}

void endpoint_move(struct endpoint *endpoint)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
    bool waits = true;

    endpoint->stirred = false;
    /* What is ready without anything to read does not show in the descriptor, only here. */
    for (int i = 0; i < MOVES_MAX && waits && timeout_ms == 0; i++) {
        MHD_run(endpoint->daemon);
        waits = MHD_get_timeout(endpoint->daemon, &timeout_ms) == MHD_YES;
    }
    if (waits && timeout_ms == 0) endpoint->stirred = true;
    if (endpoint->watch >= 0) see_leavers(endpoint);
}

bool endpoint_is_stirred(const struct endpoint *endpoint)
{
    return endpoint->stirred;
}

void endpoint_stop_at_head(struct endpoint *endpoint)
{
    endpoint->stop_at_head = true;
}

bool endpoint_reset_newest(struct endpoint *endpoint)
{
    if (!endpoint->newest) return false;
    socket_reset(endpoint->newest->socket);
    endpoint->newest = NULL;
    return true;
}

struct arrival *endpoint_take(struct endpoint *endpoint)
{
    struct live_arrival *arrival = endpoint->waiting;

    if (!arrival) return NULL;
    endpoint->waiting = arrival->next;
    if (!endpoint->waiting) endpoint->waiting_end = &endpoint->waiting;
    return &arrival->seen;
}

size_t endpoint_requests(const struct endpoint *endpoint)
{
    return endpoint->requests;
}
