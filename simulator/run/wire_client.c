/* The client's side of the wire, and both sides in lock-step. The clock of this machine only ends
 * runs in which client and server do not come to agree. */
#include <poll.h>

#include "base/clock.h"
#include "simulator/run/wire_parts.h"

#define POLL_MS 50

/* ---- What the client sees */

/* Accepts the connection and resets it while the client waits to be told that it may send. That the
 * reset has come in shows on the client's own socket. */
static void reset_before_send(struct carried *carried, int socket)
{
    struct pollfd client = {.fd = socket, .events = POLLIN};
    struct pollfd server = {.fd = endpoint_fd(carried->endpoint), .events = POLLIN};
    int64_t give_up_at = clock_steady() + WIRE_ACT_LIMIT;

    for (;;) {
        endpoint_move(carried->endpoint);
        if (endpoint_reset_newest(carried->endpoint)) break;
        if (clock_steady() > give_up_at) return;
        (void)poll(&server, 1, POLL_MS);
    }
    (void)poll(&client, 1, (int)(WIRE_ACT_LIMIT / NS_PER_MS));
}

static void see_connected(void *context, int socket)
{
    struct carried *carried = context;

    carried->reused = socket < 0;
    if (carried->attempt->exchange->fault == REQUEST_RESET_CONNECT)
        reset_before_send(carried, socket);
}

static void see_head(void *context, uint16_t status, const struct redial_header *headers,
                     size_t count)
{
    struct carried *carried = context;

    carried->head_seen = true;
    reply_reader_head(carried->reader, status, headers, count);
}

static void see_body(void *context, struct redial_str bytes)
{
    struct carried *carried = context;

    carried->body_seen += bytes.len;
    carried->progress |= reply_reader_body(carried->reader, bytes);
}

static void see_end(void *context, const struct transfer_end *end)
{
    struct carried *carried = context;

    carried->transfer = NULL;
    carried->end = *end;
}

/* ---- Both sides in lock-step */

bool wire_has_ended(const struct carried *carried)
{
    return carried->transfer == NULL;
}

bool wire_has_arrived(const struct carried *carried)
{
    return carried->arrival != NULL || wire_has_ended(carried);
}

bool wire_has_head(const struct carried *carried)
{
    return carried->head_seen || wire_has_ended(carried);
}

bool wire_has_body(const struct carried *carried)
{
    return carried->body_seen >= carried->body_sent || wire_has_ended(carried);
}

bool wire_has_left(const struct carried *carried)
{
    return carried->arrival == NULL || arrival_is_over(carried->arrival);
}

bool wire_run_until(struct carried *carried, wire_condition_fn *reached)
{
    struct wire *wire = carried->wire;
    int64_t give_up_at = clock_steady() + WIRE_ACT_LIMIT;
    int servers[] = {endpoint_fd(carried->endpoint), -1};

    for (;;) {
        bool moved = client_move(wire->client);
        endpoint_move(carried->endpoint);
        if (wire->tls_trap) tls_trap_move(wire->tls_trap);
        if (!carried->arrival) carried->arrival = endpoint_take(carried->endpoint);
        if (reached(carried)) return true;
        if (!moved || clock_steady() > give_up_at) return false;
        if (wire->tls_trap) servers[1] = tls_trap_fd(wire->tls_trap);
        client_wait(wire->client, servers, wire->tls_trap ? 2 : 1, POLL_MS);
    }
}

/* ---- Sending */

bool wire_send_request(struct carried *carried, struct redial_str *why)
{
    const struct attempt *attempt = carried->attempt;
    enum request_fault fault = attempt->exchange->fault;
    struct transfer_options options = {
        .fresh_connection = attempt->fresh_connection || fault == REQUEST_RESET_CONNECT,
        .callbacks = {see_connected, see_head, see_body, see_end, carried},
    };

    if (fault == REQUEST_BROKEN_PIPE) endpoint_stop_at_head(carried->endpoint);
    reply_reader_begin(carried->reader, attempt->platform, attempt->request.stream);
    carried->transfer = client_send(carried->wire->client, &carried->request, &options, why);
    return carried->transfer != NULL;
}
