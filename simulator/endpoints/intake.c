/* What comes in: connections, requests read whole, and bytes that never become a request. */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "simulator/endpoints/endpoint_parts.h"

#define REQUEST_BYTES_MAX (64u << 20) /* more than any platform takes */
#define SPARE_BYTES_MAX   65536u      /* what a spare arrival may keep */

/* ---- Connections */

static void complain(struct endpoint *endpoint, const char *why, uint16_t status,
                     uint64_t connection)
{
    const struct complaint complaint = {why, status, connection};

    if (endpoint->options.watcher)
        endpoint->options.watcher->complained(endpoint->options.context, &complaint);
}

enum MHD_Result intake_accept(void *context, const struct sockaddr *address, socklen_t length)
{
    struct endpoint *endpoint = context;

    (void)address, (void)length;
    if (endpoint->links < endpoint->options.connections_max) return MHD_YES;
    complain(endpoint, "closed at once: as many connections as there may be are open", 0, 0);
    return MHD_NO;
}

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

    if (link) *link = (struct link){.socket = info->connect_fd, .holders = 1, .quiet_since = -1};
    return link;
}

/* A client that went before its request had a first line is known by its bytes alone. */
static void judge_silent(struct endpoint *endpoint, const struct link *link)
{
    struct tcp_info info;
    socklen_t size = sizeof info;

    if (!endpoint->options.watcher || link->requests > 0 || link->complained) return;
    if (getsockopt(link->socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return;
    if (info.tcpi_bytes_received > 1) /* the end of the stream counts as one */
        complain(endpoint, "half a request: the connection ended within its head", 0, link->number);
}

/* Its first line came, and no more of its head: the server says nothing of its end. */
static void drop_headless(struct live_arrival *arrival);

/* That its client goes is heard from the system: the server does not look at a connection that it
 * leaves alone, and overlooks an end that comes together with bytes. */
static void watch_client(struct endpoint *endpoint, struct link *link)
{
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET, .data = {.ptr = link}};

    if (endpoint->watch >= 0) (void)epoll_ctl(endpoint->watch, EPOLL_CTL_ADD, link->socket, &event);
}

static void open_link(struct endpoint *endpoint, struct MHD_Connection *connection, void **kept)
{
    struct link *link = link_new(connection);

    *kept = link;
    endpoint->newest = link;
    endpoint->links++;
    if (!link) return;
    link->number = ++endpoint->link_last;
    watch_client(endpoint, link);
}

void intake_note_connection(void *context, struct MHD_Connection *connection, void **kept,
                            enum MHD_ConnectionNotificationCode code)
{
    struct endpoint *endpoint = context;
    struct link *link = *kept;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        open_link(endpoint, connection, kept);
        return;
    }
    endpoint->links--;
    if (!link) return;
    if (link->current && !link->current->seen.method.ptr) drop_headless(link->current);
    judge_silent(endpoint, link);
    if (endpoint->newest == link) endpoint->newest = NULL;
    link->socket = -1;
    link_let_go(link);
    *kept = NULL;
}

/* libmicrohttpd answers what it cannot read by itself, and says so in its log alone. */
void intake_note_log(void *context, const char *format, va_list arguments)
{
    struct endpoint *endpoint = context;
    unsigned status;

    if (!strstr(format, "Error processing request")) return;
    status = va_arg(arguments, unsigned);
    if (endpoint->newest) endpoint->newest->complained = true;
    endpoint->complained = !endpoint->newest;
    complain(endpoint,
             status == MHD_HTTP_BAD_REQUEST ? "no HTTP request that can be read"
                                            : "a head or a piece of it that is larger than 16 kB",
             (uint16_t)status, endpoint->newest ? endpoint->newest->number : 0);
}

/* ---- The head of a request. Its texts lie one behind the other, each with its NUL; where each
 * begins is known when all are there. */

static struct redial_str keep_text(struct text *head, const char *text)
{
    struct redial_str kept = {NULL, strlen(text)};

    text_append(head, (struct redial_str){text, kept.len + 1});
    return kept;
}

static void place(struct redial_str *text, const char **at)
{
    text->ptr = *at;
    *at += text->len + 1;
}

static enum MHD_Result copy_header(void *context, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct live_arrival *arrival = context;
    struct redial_header *header = &arrival->headers[arrival->seen.header_count];

    (void)kind;
    if (arrival->seen.header_count == arrival->header_room) return MHD_NO;
    header->name = keep_text(&arrival->head, name);
    header->value = keep_text(&arrival->head, value ? value : "");
    arrival->seen.header_count++;
    return MHD_YES;
}

static bool make_room(struct live_arrival *arrival)
{
    int count = MHD_get_connection_values(arrival->connection, MHD_HEADER_KIND, NULL, NULL);
    size_t wanted = count > 0 ? (size_t)count : 0;
    struct redial_header *headers;

    if (wanted > arrival->header_room) {
        headers = realloc(arrival->headers, wanted * sizeof *headers);
        if (!headers) return false;
        arrival->headers = headers;
        arrival->header_room = wanted;
    }
    return true;
}

/* In the order in which they were kept. */
static void place_all(struct live_arrival *arrival)
{
    struct arrival *seen = &arrival->seen;
    const char *at = arrival->head.ptr;
    bool has_target = seen->target.len > 0;

    if (has_target) place(&seen->target, &at);
    place(&seen->path, &at);
    place(&seen->method, &at);
    for (size_t i = 0; i < seen->header_count; i++) {
        place(&arrival->headers[i].name, &at);
        place(&arrival->headers[i].value, &at);
    }
    if (!has_target) seen->target = seen->path;
}

static bool read_head(struct live_arrival *arrival, const char *url, const char *method)
{
    struct arrival *seen = &arrival->seen;

    if (!make_room(arrival)) return false;
    seen->path = keep_text(&arrival->head, url);
    seen->method = keep_text(&arrival->head, method);
    if (arrival->header_room > 0)
        MHD_get_connection_values(arrival->connection, MHD_HEADER_KIND, copy_header, arrival);
    if (arrival->head.failed) return false;
    place_all(arrival);
    seen->headers = arrival->headers;
    seen->head = text_str(&arrival->head);
    return true;
}

/* ---- Arrivals */

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

static struct live_arrival *take_spare(struct endpoint *endpoint)
{
    struct live_arrival *arrival = endpoint->spare;
    struct text head, body;
    struct redial_header *headers;
    struct arena *arena;
    size_t room;

    if (!arrival) return calloc(1, sizeof *arrival);
    endpoint->spare = arrival->next;
    endpoint->spare_count--;
    head = arrival->head, body = arrival->body;
    arena = arrival->arena;
    headers = arrival->headers, room = arrival->header_room;
    text_clear(&head);
    text_clear(&body);
    *arrival = (struct live_arrival){
        .head = head, .body = body, .arena = arena, .headers = headers, .header_room = room};
    return arrival;
}

static struct live_arrival *arrival_new(struct endpoint *endpoint,
                                        struct MHD_Connection *connection)
{
    struct live_arrival *arrival = take_spare(endpoint);
    struct link *link = link_of(connection);

    if (!arrival) return NULL;
    arrival->endpoint = endpoint;
    arrival->connection = connection;
    arrival->holders = 1;
    enlist(arrival);
    if (!link) return arrival;
    arrival->link = link;
    link->holders++;
    link->current = arrival;
    arrival->seen.reused = link->requests++ > 0;
    arrival->seen.connection = link->number;
    arrival->seen.quiet_since = link->quiet_since;
    if (endpoint->newest == link) endpoint->newest = NULL;
    return arrival;
}

static void forget(struct live_arrival *arrival)
{
    delist(arrival);
    if (arrival->link && arrival->link->current == arrival) arrival->link->current = NULL;
    arrival->state = ARRIVAL_OVER;
    arrival->connection = NULL;
    arrival->suspended = false;
}

static void drop_headless(struct live_arrival *arrival)
{
    struct endpoint *endpoint = arrival->endpoint;
    uint64_t connection = arrival->seen.connection;

    forget(arrival);
    arrival_let_go(arrival);
    if (!endpoint->complained)
        complain(endpoint, "half a request: the connection ended within its head", 0, connection);
    endpoint->complained = false;
}

void *intake_note_target(void *context, const char *target, struct MHD_Connection *connection)
{
    struct endpoint *endpoint = context;
    struct live_arrival *arrival = arrival_new(endpoint, connection);

    if (!arrival) return NULL;
    arrival->seen.began_at = *endpoint->options.now;
    if (*target) arrival->seen.target = keep_text(&arrival->head, target);
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

static enum MHD_Result queue_reply(struct live_arrival *arrival)
{
    enum MHD_Result queued =
        MHD_queue_response(arrival->connection, arrival->status, arrival->response);

    MHD_destroy_response(arrival->response); /* the connection holds it now */
    arrival->response = NULL;
    return queued;
}

/* After the watcher was asked: it has answered, dropped the connection, or waits. */
static enum MHD_Result go_by_state(struct live_arrival *arrival)
{
    if (arrival->state == ARRIVAL_DROPPING) return MHD_NO;
    if (arrival->response) return queue_reply(arrival);
    arrival_hold_still(arrival);
    return MHD_YES;
}

static enum MHD_Result hand_over(struct live_arrival *arrival)
{
    const struct endpoint_options *options = &arrival->endpoint->options;

    arrival->holders++;
    arrival->handed_over = true;
    if (arrival->state == ARRIVAL_READING) arrival->state = ARRIVAL_WAITING;
    options->watcher->arrived(options->context, &arrival->seen);
    return go_by_state(arrival);
}

/* ---- What two readers could understand in two ways (RFC 9112 §6.3) */

static const char ambiguous_body[] =
    "<html><head><title>400 Bad Request</title></head><body>400 Bad Request</body></html>";

static const struct asked_refusal ambiguities[] = {
    {"content-length together with transfer-encoding: two readers would not agree where it ends",
     400, "connection", "close", ambiguous_body},
    {"more than one content-length: two readers would not agree where it ends", 400, "connection",
     "close", ambiguous_body},
    {"more than one host", 400, "connection", "close", ambiguous_body},
};

static const struct asked_refusal *find_ambiguity(const struct arrival *seen)
{
    unsigned lengths = 0, codings = 0, hosts = 0;

    for (size_t i = 0; i < seen->header_count; i++) {
        lengths += str_eq_nocase(seen->headers[i].name, REDIAL_STR("content-length"));
        codings += str_eq_nocase(seen->headers[i].name, REDIAL_STR("transfer-encoding"));
        hosts += str_eq_nocase(seen->headers[i].name, REDIAL_STR("host"));
    }
    if (lengths > 0 && codings > 0) return &ambiguities[0];
    if (lengths > 1) return &ambiguities[1];
    return hosts > 1 ? &ambiguities[2] : NULL;
}

static enum MHD_Result refuse_head(struct live_arrival *arrival,
                                   const struct asked_refusal *refusal)
{
    if (!arrival_refuse(arrival, refusal)) return MHD_NO;
    return hand_over(arrival);
}

/* ---- libmicrohttpd's handler */

static bool asks_to_stop(struct live_arrival *arrival)
{
    const struct endpoint_options *options = &arrival->endpoint->options;

    arrival->seen.body_unread = options->watcher->stops_at_head &&
                                options->watcher->stops_at_head(options->context, &arrival->seen);
    return arrival->seen.body_unread;
}

static enum MHD_Result begin_request(struct live_arrival *arrival)
{
    struct endpoint *endpoint = arrival->endpoint;
    const struct asked_refusal *ambiguity;

    if (endpoint->options.watcher) {
        ambiguity = find_ambiguity(&arrival->seen);
        if (ambiguity) return refuse_head(arrival, ambiguity);
        return asks_to_stop(arrival) ? hand_over(arrival) : MHD_YES;
    }
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

static enum MHD_Result end_request(struct live_arrival *arrival)
{
    struct endpoint *endpoint = arrival->endpoint;
    enum asked_fault fault;

    endpoint->requests++;
    arrival->seen.body = text_str(&arrival->body);
    if (endpoint->options.watcher) return hand_over(arrival);
    if (!arrival_arena(&arrival->seen)) return MHD_NO;
    fault = asked_read(endpoint->platform, &arrival->seen, arrival->arena, &arrival->seen.asked);
    hand_on(arrival);
    if (fault == ASKED_WELL) {
        arrival_hold_still(arrival);
        return MHD_YES;
    }
    if (!arrival_refuse(arrival, asked_refusal(endpoint->platform, fault))) return MHD_NO;
    return queue_reply(arrival);
}

/* Called with the head, then with each piece of the body, then at its end, and again when a
 * suspended connection goes on. */
enum MHD_Result intake_handle(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *bytes,
                              size_t *size, void **kept)
{
    struct live_arrival *arrival = *kept;

    (void)version;
    if (!arrival) *kept = arrival = arrival_new(context, connection);
    if (!arrival || !arrival->link) return MHD_NO;
    if (!arrival->seen.method.ptr)
        return read_head(arrival, url, method) ? begin_request(arrival) : MHD_NO;
    if (arrival->state == ARRIVAL_DROPPING) return MHD_NO;
    if (arrival->state == ARRIVAL_PLAYING) return queue_reply(arrival);
    if (arrival->state == ARRIVAL_WAITING) return MHD_YES;
    return *size > 0 ? take_piece(arrival, bytes, size) : end_request(arrival);
}

static void tell_over(struct live_arrival *arrival, enum MHD_RequestTerminationCode code)
{
    const struct endpoint_options *options = &arrival->endpoint->options;
    bool done = code == MHD_REQUEST_TERMINATED_COMPLETED_OK && !arrival->cut;

    if (!arrival->handed_over) {
        if (!arrival->endpoint->complained)
            complain(arrival->endpoint, "half a request: the connection ended before it was whole",
                     0, arrival->seen.connection);
        arrival->endpoint->complained = false;
        return;
    }
    arrival->link->quiet_since = *options->now;
    options->watcher->over(options->context, &arrival->seen,
                           arrival->cut ? ARRIVAL_CUT
                           : done       ? ARRIVAL_DONE
                                        : ARRIVAL_LEFT);
}

void intake_note_completed(void *context, struct MHD_Connection *connection, void **kept,
                           enum MHD_RequestTerminationCode code)
{
    struct live_arrival *arrival = *kept;

    (void)context, (void)connection;
    if (!arrival) return;
    forget(arrival);
    *kept = NULL;
    if (arrival->endpoint->options.watcher) tell_over(arrival, code);
    arrival_let_go(arrival);
}

/* ---- The end of an arrival */

void link_let_go(struct link *link)
{
    if (link && --link->holders == 0) free(link);
}

static void arrival_free(struct live_arrival *arrival)
{
    text_clean_up(&arrival->head);
    text_clean_up(&arrival->body);
    arena_destroy(arrival->arena);
    free(arrival->headers);
    free(arrival);
}

void arrival_let_go(struct live_arrival *arrival)
{
    struct endpoint *endpoint = arrival->endpoint;

    if (--arrival->holders > 0) return;
    if (arrival->response) MHD_destroy_response(arrival->response);
    link_let_go(arrival->link);
    if (arrival->arena) arena_clear(arrival->arena);
    if (arrival->head.capacity + arrival->body.capacity > SPARE_BYTES_MAX ||
        endpoint->spare_count >= ENDPOINT_SPARES_MAX) {
        arrival_free(arrival);
        return;
    }
    arrival->next = endpoint->spare;
    endpoint->spare = arrival;
    endpoint->spare_count++;
}

void intake_free_spares(struct endpoint *endpoint)
{
    for (struct live_arrival *arrival; (arrival = endpoint->spare);) {
        endpoint->spare = arrival->next;
        arrival_free(arrival);
    }
}
