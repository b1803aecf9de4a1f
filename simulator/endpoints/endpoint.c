/* The server side of a fake platform over libmicrohttpd, run from outside: it accepts, reads
 * requests whole and keeps them until they are taken. */
#include "simulator/endpoints/endpoint.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "simulator/endpoints/arrival.h"

#define MOVES_MAX         64          /* per endpoint_move: a busy client may not keep it */
#define REQUEST_BYTES_MAX (64u << 20) /* more than any platform takes */

struct endpoint {
    enum platform_kind platform;
    struct MHD_Daemon *daemon;
    bool stop_at_head;                           /* of the next request */
    struct link *newest;                         /* accepted last, no request yet; NULL none */
    struct live_arrival *waiting, **waiting_end; /* not taken yet, in order */
    struct live_arrival *alive;                  /* whose request is not over */
    size_t requests;
};

/* ---- Connections */

static struct link *link_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

static struct link *link_new(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct link *link = info ? calloc(1, sizeof *link) : NULL;

    if (link) *link = (struct link){.socket = info->connect_fd, .holders = 1};
    return link;
}

static void note_connection(void *context, struct MHD_Connection *connection, void **kept,
                            enum MHD_ConnectionNotificationCode code)
{
    struct endpoint *endpoint = context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *kept = link_new(connection);
        endpoint->newest = *kept;
        return;
    }
    struct link *link = *kept;
    if (!link) return;
    if (endpoint->newest == link) endpoint->newest = NULL;
    link->socket = -1;
    link_let_go(link);
    *kept = NULL;
}

/* ---- Requests */

struct header_list {
    struct arena *arena;
    struct redial_header *headers;
    size_t count, room;
    bool failed;
};

static enum MHD_Result copy_header(void *context, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct header_list *list = context;
    struct redial_header *header = &list->headers[list->count];

    (void)kind;
    if (list->count == list->room) return MHD_NO;
    list->failed |= !arena_copy(list->arena, str_of(name), &header->name) ||
                    !arena_copy(list->arena, str_of(value), &header->value);
    list->count++;
    return list->failed ? MHD_NO : MHD_YES;
}

static bool read_head(struct live_arrival *arrival, const char *url, const char *method)
{
    int count = MHD_get_connection_values(arrival->connection, MHD_HEADER_KIND, NULL, NULL);
    struct header_list list = {.arena = arrival->arena, .room = count > 0 ? (size_t)count : 0};

    list.headers = ARENA_ARRAY(list.arena, struct redial_header, list.room);
    if (!list.headers) return false;
    MHD_get_connection_values(arrival->connection, MHD_HEADER_KIND, copy_header, &list);
    arrival->seen.headers = list.headers;
    arrival->seen.header_count = list.count;
    return !list.failed && arena_copy(list.arena, str_of(url), &arrival->seen.path) &&
           arena_copy(list.arena, str_of(method), &arrival->seen.method);
}

static void enlist(struct live_arrival *arrival)
{
    struct endpoint *endpoint = arrival->endpoint;

    arrival->alive_next = endpoint->alive;
    arrival->alive_link = &endpoint->alive;
    if (endpoint->alive) endpoint->alive->alive_link = &arrival->alive_next;
    endpoint->alive = arrival;
}

static void delist(struct live_arrival *arrival)
{
    *arrival->alive_link = arrival->alive_next;
    if (arrival->alive_next) arrival->alive_next->alive_link = arrival->alive_link;
}

static struct live_arrival *arrival_new(struct endpoint *endpoint,
                                        struct MHD_Connection *connection, const char *url,
                                        const char *method)
{
    struct live_arrival *arrival = calloc(1, sizeof *arrival);
    struct link *link = link_of(connection);

    if (!arrival) return NULL;
    arrival->endpoint = endpoint;
    arrival->connection = connection;
    arrival->holders = 1;
    arrival->arena = arena_new();
    if (!link || !arrival->arena || !read_head(arrival, url, method)) {
        arrival_let_go(arrival);
        return NULL;
    }
    arrival->link = link;
    link->holders++;
    arrival->seen.reused = link->requests++ > 0;
    if (endpoint->newest == link) endpoint->newest = NULL;
    enlist(arrival);
    return arrival;
}

/* Puts it where endpoint_take finds it; the taker's hold begins here. */
static void hand_on(struct live_arrival *arrival)
{
    arrival->state = ARRIVAL_WAITING;
    arrival->holders++;
    *arrival->endpoint->waiting_end = arrival;
    arrival->endpoint->waiting_end = &arrival->next;
}

static enum MHD_Result begin_request(struct live_arrival *arrival)
{
    struct endpoint *endpoint = arrival->endpoint;

    if (!endpoint->stop_at_head) return MHD_YES;
    endpoint->stop_at_head = false;
    arrival->read_no_further = true;
    arrival_hold_still(arrival);
    hand_on(arrival);
    return MHD_YES;
}

static enum MHD_Result take_piece(struct live_arrival *arrival, const char *bytes, size_t *size)
{
    if (*size > REQUEST_BYTES_MAX - arrival->body.len) return MHD_NO;
    text_append(&arrival->body, (struct redial_str){bytes, *size});
    *size = 0;
    return arrival->body.failed ? MHD_NO : MHD_YES;
}

static enum MHD_Result queue_reply(struct live_arrival *arrival)
{
    enum MHD_Result queued =
        MHD_queue_response(arrival->connection, arrival->status, arrival->response);

    MHD_destroy_response(arrival->response); /* the connection holds it now */
    arrival->response = NULL;
    return queued;
}

static enum MHD_Result end_request(struct live_arrival *arrival)
{
    struct endpoint *endpoint = arrival->endpoint;
    enum asked_fault fault;

    endpoint->requests++;
    arrival->seen.body = text_str(&arrival->body);
    fault = asked_read(endpoint->platform, &arrival->seen, arrival->arena, &arrival->seen.asked);
    hand_on(arrival);
    if (fault == ASKED_WELL) {
        arrival_hold_still(arrival);
        return MHD_YES;
    }
    if (!arrival_refuse(arrival, asked_refusal(endpoint->platform, fault))) return MHD_NO;
    return queue_reply(arrival);
}

/* libmicrohttpd calls this with the head, then with each piece of the body, then at its end, and
 * again when a suspended connection goes on. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *bytes,
                              size_t *size, void **kept)
{
    struct live_arrival *arrival = *kept;

    (void)version;
    if (!arrival) {
        arrival = arrival_new(context, connection, url, method);
        *kept = arrival;
        return arrival ? begin_request(arrival) : MHD_NO;
    }
    if (arrival->state == ARRIVAL_DROPPING) return MHD_NO;
    if (arrival->state == ARRIVAL_PLAYING) return queue_reply(arrival);
    return *size > 0 ? take_piece(arrival, bytes, size) : end_request(arrival);
}

static void note_completed(void *context, struct MHD_Connection *connection, void **kept,
                           enum MHD_RequestTerminationCode code)
{
    struct live_arrival *arrival = *kept;

    (void)context, (void)connection, (void)code;
    if (!arrival) return;
    delist(arrival);
    arrival->state = ARRIVAL_OVER;
    arrival->connection = NULL;
    arrival->suspended = false;
    *kept = NULL;
    arrival_let_go(arrival);
}

/* ---- The endpoint */

struct endpoint *endpoint_new(enum platform_kind platform, struct redial_str *why)
{
    struct endpoint *endpoint = calloc(1, sizeof *endpoint);
    struct sockaddr_in loopback = {.sin_family = AF_INET,
                                   .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};

    *why = REDIAL_STR("memory is out");
    if (!endpoint) return NULL;
    endpoint->platform = platform;
    endpoint->waiting_end = &endpoint->waiting;
    endpoint->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, endpoint,
        MHD_OPTION_SOCK_ADDR, &loopback, MHD_OPTION_NOTIFY_CONNECTION, note_connection, endpoint,
        MHD_OPTION_NOTIFY_COMPLETED, note_completed, endpoint, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)65536, MHD_OPTION_END);
    if (endpoint->daemon) return endpoint;
    *why = REDIAL_STR("no socket on 127.0.0.1 could be opened for a fake platform");
    free(endpoint);
    return NULL;
}

/* libmicrohttpd does not stop while a connection is suspended. */
static void close_all(struct endpoint *endpoint)
{
    struct arrival *arrival;

    for (struct live_arrival *alive = endpoint->alive; alive; alive = alive->alive_next)
        arrival_close(&alive->seen);
    endpoint_move(endpoint);
    while ((arrival = endpoint_take(endpoint))) arrival_release(arrival);
}

void endpoint_destroy(struct endpoint *endpoint)
{
    if (!endpoint) return;
    close_all(endpoint);
    MHD_stop_daemon(endpoint->daemon);
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
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(endpoint->daemon, MHD_DAEMON_INFO_EPOLL_FD);

    return info ? info->epoll_fd : -1;
}

void endpoint_move(struct endpoint *endpoint)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms = 0;

    /* What is ready without anything to read does not show in the descriptor, only here. */
    for (int i = 0; i < MOVES_MAX && timeout_ms == 0; i++) {
        MHD_run(endpoint->daemon);
        if (MHD_get_timeout(endpoint->daemon, &timeout_ms) != MHD_YES) return;
    }
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
