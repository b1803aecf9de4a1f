/* Plays replies: turns acts into what libmicrohttpd does, and goes around it where a well-behaved
 * server would not go. Between two acts the connection is suspended, so nothing happens that no act
 * asked for. */
#include "simulator/endpoints/endpoint_parts.h"
#include "simulator/endpoints/unconst.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct live_arrival *live(struct arrival *arrival)
{
    return (struct live_arrival *)(void *)arrival;
}

void arrival_hold_still(struct live_arrival *arrival)
{
    if (arrival->suspended) return;
    arrival->suspended = true;
    MHD_suspend_connection(arrival->connection);
}

void arrival_go_on(struct live_arrival *arrival)
{
    if (!arrival->suspended) return;
    arrival->suspended = false;
    arrival->endpoint->stirred = true;
    MHD_resume_connection(arrival->connection);
}

struct arena *arrival_arena(struct arrival *arrival)
{
    struct live_arrival *own = live(arrival);

    if (!own->arena) own->arena = arena_new();
    return own->arena;
}

/* ---- The reply */

static size_t ask_for_more(struct live_arrival *arrival, size_t max)
{
    const struct endpoint_options *options = &arrival->endpoint->options;

    options->watcher->drained(options->context, &arrival->seen);
    return arrival->pending.len < max ? arrival->pending.len : max;
}

/* The server asks for more of the body. */
static ssize_t give_body(void *context, uint64_t position, char *buffer, size_t max)
{
    struct live_arrival *arrival = context;
    size_t len = arrival->pending.len < max ? arrival->pending.len : max;

    (void)position;
    if (len == 0 && !arrival->ended && arrival->handed_over) len = ask_for_more(arrival, max);
    if (arrival->state == ARRIVAL_DROPPING) return MHD_CONTENT_READER_END_WITH_ERROR;
    if (len == 0 && arrival->ended) return MHD_CONTENT_READER_END_OF_STREAM;
    if (len == 0) {
        arrival_hold_still(arrival);
        return 0;
    }
    memcpy(buffer, arrival->pending.ptr, len);
    arrival->pending = str_skip(arrival->pending, len);
    return (ssize_t)len;
}

/* With the NUL that libmicrohttpd wants; most are short. */
#define SHORT_TEXT 256
static const char *with_nul(struct live_arrival *arrival, struct redial_str text,
                            char room[SHORT_TEXT])
{
    struct arena *arena;

    if (text.len < SHORT_TEXT) {
        memcpy(room, text.ptr, text.len);
        room[text.len] = '\0';
        return room;
    }
    arena = arrival_arena(&arrival->seen);
    return arena && arena_copy(arena, text, &text) ? text.ptr : NULL;
}

static bool add_header(struct live_arrival *arrival, struct redial_str name,
                       struct redial_str value)
{
    char short_name[SHORT_TEXT], short_value[SHORT_TEXT];
    const char *names, *values;

    /* It takes no empty value; a blank in front of one is no part of it (RFC 9110 §5.5). */
    if (value.len == 0) value = REDIAL_STR(" ");
    names = with_nul(arrival, name, short_name);
    values = with_nul(arrival, value, short_value);
    return names && values && MHD_add_response_header(arrival->response, names, values) == MHD_YES;
}

static bool make_response(struct live_arrival *arrival, uint16_t status, bool chunked,
                          size_t body_length)
{
    arrival->status = status;
    arrival->response = MHD_create_response_from_callback(
        chunked ? MHD_SIZE_UNKNOWN : (uint64_t)body_length, 16384, give_body, arrival, NULL);
    return arrival->response != NULL;
}

static bool begin_reply(struct live_arrival *arrival, const struct exchange *exchange)
{
    if (arrival->state != ARRIVAL_WAITING) return false;
    if (!make_response(arrival, exchange->status, exchange->chunked, exchange->body_length))
        return false;
    for (size_t i = 0; i < exchange->header_count; i++)
        if (!add_header(arrival, exchange->headers[i].name, exchange->headers[i].value))
            return false;
    arrival->state = ARRIVAL_PLAYING;
    arrival_go_on(arrival);
    return true;
}

bool arrival_answer(struct arrival *arrival, uint16_t status, const struct redial_header *headers,
                    size_t header_count, struct redial_str body)
{
    struct live_arrival *own = live(arrival);

    if (own->state != ARRIVAL_WAITING) return false;
    own->status = status;
    own->response =
        MHD_create_response_from_buffer(body.len, unconst(body.ptr), MHD_RESPMEM_MUST_COPY);
    if (!own->response) return false;
    for (size_t i = 0; i < header_count; i++)
        if (!add_header(own, headers[i].name, headers[i].value)) return false;
    own->state = ARRIVAL_PLAYING;
    own->ended = true;
    arrival_go_on(own);
    return true;
}

bool arrival_refuse(struct live_arrival *arrival, const struct asked_refusal *refusal)
{
    if (!make_response(arrival, refusal->status, false, strlen(refusal->body))) return false;
    if (!add_header(arrival, REDIAL_STR("content-type"), REDIAL_STR("application/json")))
        return false;
    if (refusal->header_name &&
        !add_header(arrival, str_of(refusal->header_name), str_of(refusal->header_value)))
        return false;
    arrival->pending = str_of(refusal->body);
    arrival->ended = true;
    arrival->seen.refused = refusal->why;
    arrival->seen.refused_status = refusal->status;
    arrival->state = ARRIVAL_PLAYING;
    return true;
}

static bool play_head(struct live_arrival *arrival, const struct exchange *exchange,
                      const struct act *act)
{
    (void)act;
    return begin_reply(arrival, exchange);
}

static bool play_body(struct live_arrival *arrival, const struct exchange *exchange,
                      const struct act *act)
{
    (void)exchange;
    if (arrival->state == ARRIVAL_OVER) return true; /* all that was announced is out */
    if (arrival->state != ARRIVAL_PLAYING) return false;
    arrival->pending = act->bytes;
    arrival_go_on(arrival);
    return true;
}

static bool play_end(struct live_arrival *arrival, const struct exchange *exchange,
                     const struct act *act)
{
    (void)exchange, (void)act;
    if (arrival->state == ARRIVAL_OVER) return true;
    if (arrival->state != ARRIVAL_PLAYING) return false;
    arrival->ended = true;
    arrival_go_on(arrival);
    return true;
}

/* ---- What no well-behaved server does */

/* The server closes the connection of a request that is under way; of an idle one it only learns
 * that it has been closed. */
static void drop(struct live_arrival *arrival)
{
    if (arrival->state == ARRIVAL_OVER) {
        if (arrival->link->socket >= 0) (void)shutdown(arrival->link->socket, SHUT_RDWR);
        return;
    }
    arrival->state = ARRIVAL_DROPPING;
    arrival->cut = true;
    arrival_go_on(arrival);
}

void arrival_lose_client(struct live_arrival *arrival)
{
    arrival->state = ARRIVAL_DROPPING;
    arrival_go_on(arrival);
}

/* Disconnecting a TCP socket by an address of family AF_UNSPEC sends RST at once. SO_LINGER would
 * not: the server shuts the socket down before it closes it. */
void socket_reset(int socket)
{
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

    (void)connect(socket, &nowhere, sizeof nowhere);
}

static bool play_raw(struct live_arrival *arrival, const struct exchange *exchange,
                     const struct act *act)
{
    struct redial_str left = act->bytes;

    (void)exchange;
    while (left.len > 0) {
        ssize_t sent = send(arrival->link->socket, left.ptr, left.len, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        left = str_skip(left, (size_t)sent);
    }
    drop(arrival);
    return true;
}

static bool play_close(struct live_arrival *arrival, const struct exchange *exchange,
                       const struct act *act)
{
    (void)exchange, (void)act;
    drop(arrival);
    return true;
}

static bool play_reset(struct live_arrival *arrival, const struct exchange *exchange,
                       const struct act *act)
{
    (void)exchange, (void)act;
    socket_reset(arrival->link->socket);
    drop(arrival);
    return true;
}

static bool (*const players[])(struct live_arrival *arrival, const struct exchange *exchange,
                               const struct act *act) = {
    [ACT_HEAD] = play_head, [ACT_BODY] = play_body,   [ACT_END] = play_end,
    [ACT_RAW] = play_raw,   [ACT_CLOSE] = play_close, [ACT_RESET] = play_reset,
};

bool arrival_perform(struct arrival *arrival, const struct exchange *exchange,
                     const struct act *act)
{
    return players[act->kind](live(arrival), exchange, act);
}

void arrival_reset(struct arrival *arrival)
{
    socket_reset(live(arrival)->link->socket);
    drop(live(arrival));
}

void arrival_close(struct arrival *arrival)
{
    drop(live(arrival));
}

void arrival_break_pipe(struct arrival *arrival)
{
    (void)shutdown(live(arrival)->link->socket, SHUT_WR);
    drop(live(arrival));
}

bool arrival_is_over(const struct arrival *arrival)
{
    return ((const struct live_arrival *)(const void *)arrival)->state == ARRIVAL_OVER;
}

void arrival_release(struct arrival *arrival)
{
    if (arrival) arrival_let_go(live(arrival));
}
