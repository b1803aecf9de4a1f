/* The server side of a fake platform over libmicrohttpd, run from outside. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "simulator/endpoints/endpoint_parts.h"
#include "simulator/endpoints/listener.h"
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
    endpoint->watch = endpoint->listener = -1;
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

/* The end of the options depends on whether there is a certificate. Connections are accepted here,
 * and handed to it. */
static void start_daemon(struct endpoint *endpoint)
{
    const struct endpoint_options *options = &endpoint->options;
    const struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, unconst(options->certificate)},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, unconst(options->key)},
        {MHD_OPTION_END, 0, NULL},
    };
    const struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                     (unsigned)MHD_USE_NO_LISTEN_SOCKET |
                     (options->certificate ? (unsigned)MHD_USE_TLS : 0u);

    endpoint->daemon = MHD_start_daemon(
        flags, 0, intake_accept, endpoint, intake_handle, endpoint, MHD_OPTION_EXTERNAL_LOGGER,
        intake_note_log, endpoint, MHD_OPTION_CONNECTION_LIMIT,
        options->connections_max + CONNECTIONS_BEYOND, MHD_OPTION_CONNECTION_TIMEOUT,
        options->idle_seconds, MHD_OPTION_NOTIFY_CONNECTION, intake_note_connection, endpoint,
        MHD_OPTION_NOTIFY_COMPLETED, intake_note_completed, endpoint, MHD_OPTION_URI_LOG_CALLBACK,
        intake_note_target, endpoint, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)WATCHED_MEMORY,
        MHD_OPTION_ARRAY, options->certificate ? tls : plain, MHD_OPTION_END);
}

static bool watch(const struct endpoint *endpoint, int descriptor, void *who)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = who}};

    return epoll_ctl(endpoint->watch, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

/* The server proper begins with its first connection: most ports of a test never have one. */
static bool has_daemon(struct endpoint *endpoint)
{
    const union MHD_DaemonInfo *info;

    if (endpoint->daemon) return true;
    start_daemon(endpoint);
    if (!endpoint->daemon) return false;
    info = MHD_get_daemon_info(endpoint->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info && watch(endpoint, info->epoll_fd, NULL)) return true;
    MHD_stop_daemon(endpoint->daemon);
    endpoint->daemon = NULL;
    return false;
}

struct endpoint *endpoint_open(const struct endpoint_options *options, struct redial_str *why)
{
    struct endpoint *endpoint = endpoint_make(why);

    if (!endpoint) return NULL;
    endpoint->options = *options;
    endpoint->listener = listener_open(options, &endpoint->port, why);
    if (endpoint->listener < 0) {
        free(endpoint);
        return NULL;
    }
    endpoint->watch = epoll_create1(EPOLL_CLOEXEC);
    if (endpoint->watch >= 0 && watch(endpoint, endpoint->listener, endpoint)) return endpoint;
    *why = REDIAL_STR("the server could not be started");
    endpoint_destroy(endpoint);
    return NULL;
}

/* ---- Connections */

static bool add_trap(struct endpoint *endpoint, int connection, enum tls_trap_kind kind)
{
    struct tls_trap **slot = &endpoint->traps[endpoint->trap_next++ % ENDPOINT_TRAPS_MAX];

    tls_trap_destroy(*slot);
    *slot = tls_trap_adopt(connection, kind);
    return *slot && watch(endpoint, connection, slot);
}

static void hand_to_daemon(struct endpoint *endpoint, int connection)
{
    struct sockaddr_in peer = {.sin_family = AF_INET};

    if (has_daemon(endpoint)) /* it closes what it does not take */
        (void)MHD_add_connection(endpoint->daemon, connection, (struct sockaddr *)&peer,
                                 sizeof peer);
    else
        close(connection);
}

static enum connection_fate ask_fate(struct endpoint *endpoint)
{
    const struct endpoint_options *options = &endpoint->options;

    return options->watcher->connected
               ? options->watcher->connected(options->context, endpoint->link_last + 1)
               : CONNECTION_SERVED;
}

static void take_connection(struct endpoint *endpoint, int connection)
{
    enum connection_fate fate = ask_fate(endpoint);
    bool secure = endpoint->options.certificate != NULL;

    if (fate == CONNECTION_SERVED) {
        hand_to_daemon(endpoint, connection);
        return;
    }
    endpoint->link_last++;
    if (secure && fate != CONNECTION_RESET &&
        add_trap(endpoint, connection,
                 fate == CONNECTION_TLS_RESET ? TLS_TRAP_RESET : TLS_TRAP_BAD_CERTIFICATE))
        return;
    if (secure && fate != CONNECTION_RESET) return; /* the trap has closed it */
    socket_reset(connection);
    close(connection);
}

/* Without a descriptor left, the door is shut until the next second, or it would be told for ever
 * that somebody waits. */
static void stop_listening(struct endpoint *endpoint)
{
    (void)epoll_ctl(endpoint->watch, EPOLL_CTL_DEL, endpoint->listener, NULL);
    endpoint->deaf = true;
}

static void take_connections(struct endpoint *endpoint)
{
    int connection;

    for (int i = 0; i < MOVES_MAX && !endpoint->shut; i++) {
        connection = listener_accept(endpoint->listener);
        if (connection >= 0) {
            endpoint->stirred = true;
            take_connection(endpoint, connection);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE) stop_listening(endpoint);
        if (errno != ECONNABORTED && errno != EINTR) return;
    }
}

bool endpoint_admit(struct endpoint *endpoint, bool open)
{
    if (open != endpoint->shut) return true;
    if (open) {
        endpoint->shut = !(listener_open_door(endpoint->listener) &&
                           watch(endpoint, endpoint->listener, endpoint));
    } else {
        take_connections(endpoint); /* who was there before may come in */
        if (!endpoint->deaf) stop_listening(endpoint);
        endpoint->deaf = false;
        endpoint->shut = listener_close_door(endpoint->listener);
    }
    return open != endpoint->shut;
}

/* One whose reply waits is lost. Of any other the server shall read what there is up to its end,
 * which it takes from the change that this is. */
static void see_leaver(struct endpoint *endpoint, const struct link *link)
{
    endpoint->stirred = true;
    if (link->current && link->current->suspended)
        arrival_lose_client(link->current);
    else
        (void)shutdown(link->socket, SHUT_RD);
}

static bool is_trap(struct endpoint *endpoint, void *who)
{
    struct tls_trap **slot = who;

    for (size_t i = 0; i < ENDPOINT_TRAPS_MAX; i++) {
        if (who != &endpoint->traps[i]) continue;
        if (*slot) tls_trap_move(*slot);
        if (!*slot || tls_trap_fd(*slot) >= 0) return true;
        tls_trap_destroy(*slot);
        *slot = NULL;
        return true;
    }
    return false;
}

/* Who comes, who has gone, and who is in a trap; the server's own descriptor says nothing new. */
static void look_around(struct endpoint *endpoint)
{
    struct epoll_event events[64];
    int count = epoll_wait(endpoint->watch, events, REDIAL_COUNT_OF(events), 0);

    for (int i = 0; i < count; i++) {
        void *who = events[i].data.ptr;
        if (who == endpoint)
            take_connections(endpoint);
        else if (who && !is_trap(endpoint, who))
            see_leaver(endpoint, who);
    }
}

static void listen_again(struct endpoint *endpoint)
{
    if (endpoint->deaf && !endpoint->shut)
        endpoint->deaf = !watch(endpoint, endpoint->listener, endpoint);
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
    for (size_t i = 0; i < ENDPOINT_TRAPS_MAX; i++) tls_trap_destroy(endpoint->traps[i]);
    if (endpoint->listener >= 0) close(endpoint->listener);
    if (endpoint->watch >= 0) close(endpoint->watch);
    intake_free_spares(endpoint);
    free(endpoint);
}

uint16_t endpoint_port(const struct endpoint *endpoint)
{
    const union MHD_DaemonInfo *info;

    if (endpoint->port) return endpoint->port;
    info = MHD_get_daemon_info(endpoint->daemon, MHD_DAEMON_INFO_BIND_PORT);
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
    if (endpoint->watch >= 0) listen_again(endpoint);
    /* What is ready without anything to read does not show in the descriptor, only here. */
    for (int i = 0; endpoint->daemon && i < MOVES_MAX && waits && timeout_ms == 0; i++) {
        MHD_run(endpoint->daemon);
        waits = MHD_get_timeout(endpoint->daemon, &timeout_ms) == MHD_YES;
    }
    if (endpoint->daemon && waits && timeout_ms == 0) endpoint->stirred = true;
    if (endpoint->watch >= 0) look_around(endpoint);
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
