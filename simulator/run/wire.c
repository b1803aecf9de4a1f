/* The wire transport: the live client against fake endpoints, in one thread and in lock-step. An
 * act is done on the server's side of a socket, then both sides run until the client has seen all
 * of it. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "simulator/run/wire_parts.h"
#include "simulator/world/credential.h"

static bool fail(struct wire *wire, struct redial_str *why, const struct attempt *attempt,
                 const char *what, struct redial_str detail)
{
    int len =
        snprintf(wire->why, sizeof wire->why, "call %" PRIu32 ", attempt %" PRId32 ": %s%.*s",
                 attempt->call_number, attempt->number, what,
                 (int)(detail.len < 128 ? detail.len : 128), detail.len > 0 ? detail.ptr : "");
    size_t written = len < 0 ? 0 : (size_t)len;

    *why = (struct redial_str){wire->why, written < sizeof wire->why ? written : WIRE_WHY_MAX - 1};
    return false;
}

/* ---- An attempt's life */

static void carried_destroy(struct carried *carried)
{
    if (!carried) return;
    if (carried->transfer) transfer_abort(carried->transfer);
    if (carried->arrival && !arrival_is_over(carried->arrival)) arrival_close(carried->arrival);
    arrival_release(carried->arrival);
    reply_reader_destroy(carried->reader);
    arena_destroy(carried->arena);
    free(carried);
}

static void forget(struct wire *wire, bool all)
{
    for (struct carried **link = &wire->carried, *carried; (carried = *link);) {
        if (all || !carried->attempt) {
            *link = carried->next;
            carried_destroy(carried);
        } else {
            link = &carried->next;
        }
    }
}

static struct carried *carried_new(struct wire *wire, const struct attempt *attempt)
{
    struct carried *carried = calloc(1, sizeof *carried);

    if (!carried) return NULL;
    carried->wire = wire;
    carried->attempt = attempt;
    carried->endpoint = wire->endpoints[attempt->provider];
    carried->arena = arena_new();
    carried->reader = reply_reader_new();
    if (!carried->arena || !carried->reader) {
        carried_destroy(carried);
        return NULL;
    }
    carried->next = wire->carried;
    wire->carried = carried;
    return carried;
}

/* The attempt is over for its caller; its texts stay until the next one begins. `keep`: it ended in
 * order, and its connection stays open. */
static void retire(struct attempt *attempt, bool keep)
{
    struct carried *carried = attempt->carried;

    if (carried->transfer) transfer_abort(carried->transfer);
    carried->transfer = NULL;
    if (carried->arrival && !keep) arrival_close(carried->arrival);
    (void)wire_run_until(carried, wire_has_left);
    carried->attempt = NULL;
    attempt->carried = NULL;
}

/* Whether a body is a stream, only the reader knows. */
static void read_end(struct carried *carried, enum redial_cause cause, enum redial_phase phase,
                     struct redial_event *event)
{
    bool in_body = phase == REDIAL_PHASE_BODY;

    reply_reader_end(carried->reader, cause, in_body ? REDIAL_PHASE_NONE : phase, event);
}

/* ---- Begin */

/* The policy's name for what a platform calls `id`. Two names may share an id: the attempt's own
 * goes first. */
static struct redial_str model_name(const struct redial_policy *policy,
                                    const struct attempt *attempt, struct redial_str id)
{
    uint16_t index = policy->providers[attempt->provider].platform;
    const struct platform *platform = &policy->platforms[index];
    const struct platform_model *own =
        policy_platform_model(policy, index, policy_find_model(policy, attempt->request.model));

    if (own ? policy_model_has_id(own, id) : str_eq(attempt->request.model, id))
        return attempt->request.model;
    for (size_t i = 0; i < platform->model_count; i++)
        if (policy_model_has_id(&platform->models[i], id))
            return policy->models[platform->models[i].model].name;
    return id;
}

static bool see_request(struct carried *carried, struct request_seen *seen, struct redial_str *why)
{
    const struct attempt *attempt = carried->attempt;
    const struct arrival *arrival = carried->arrival;

    if (arrival->refused)
        return fail(carried->wire, why, attempt,
                    "the fake platform refused it: ", str_of(arrival->refused));
    *seen = (struct request_seen){
        .provider = attempt->provider,
        .model = model_name(carried->wire->policy, attempt, arrival->asked.model),
        .max_tokens = arrival->asked.max_tokens,
        .input_tokens = arrival->asked.input_tokens,
        .fast = arrival->asked.fast,
        .prefill = arrival->asked.prefill,
        .betas = arrival->asked.betas,
        .stream = arrival->asked.stream,
        .background = attempt->request.background, /* no platform is told */
        .connection = arrival->reused ? REQUEST_ON_REUSED_CONNECTION : REQUEST_ON_NEW_CONNECTION,
        .headers = arrival->headers,
        .header_count = arrival->header_count,
    };
    if (!simulated_credential_generation(attempt->platform, arrival->asked.credential,
                                         &seen->credential))
        return fail(carried->wire, why, attempt, "its credential is not one of the simulated ones",
                    (struct redial_str){0});
    return true;
}

/* What each fault must look like to the client, or the run is worth nothing. */
static const struct {
    enum redial_cause cause;
    enum redial_phase phase;
} faults[REQUEST_FAULT_COUNT] = {
    [REQUEST_READ] = {REDIAL_CAUSE_ECONNRESET, REDIAL_PHASE_WAIT}, /* the connection died idle */
    [REQUEST_REFUSED] = {REDIAL_CAUSE_ECONNREFUSED, REDIAL_PHASE_CONNECT},
    [REQUEST_UNRESOLVED] = {REDIAL_CAUSE_ENOTFOUND, REDIAL_PHASE_RESOLVE},
    [REQUEST_RESET_CONNECT] = {REDIAL_CAUSE_ECONNRESET, REDIAL_PHASE_SEND},
    [REQUEST_BROKEN_PIPE] = {REDIAL_CAUSE_EPIPE, REDIAL_PHASE_SEND},
    [REQUEST_RESET_TLS] = {REDIAL_CAUSE_ECONNRESET, REDIAL_PHASE_TLS},
    [REQUEST_BAD_CERTIFICATE] = {REDIAL_CAUSE_TLS, REDIAL_PHASE_TLS},
};

/* Whether the system says EPIPE or ECONNRESET to a sender whose peer is gone is its own timing: the
 * cause is what the fake did, the number stays what the system said. */
static bool is_dropped(enum redial_cause cause)
{
    return cause == REDIAL_CAUSE_EPIPE || cause == REDIAL_CAUSE_ECONNRESET;
}

static bool see_fault(struct carried *carried, struct redial_event *event, struct redial_str *why)
{
    enum request_fault fault = carried->attempt->exchange->fault;
    enum redial_cause cause = carried->end.cause;

    if (is_dropped(cause) && is_dropped(faults[fault].cause)) cause = faults[fault].cause;
    read_end(carried, cause, carried->end.phase, event);
    event->os_errno = carried->end.os_errno;
    if (event->kind == REDIAL_EVENT_BROKEN && event->cause == faults[fault].cause &&
        event->phase == faults[fault].phase)
        return true;
    return fail(carried->wire, why, carried->attempt, "a fault showed as ",
                str_of(redial_cause_name((enum redial_cause)event->cause)));
}

static bool suffer_fault(struct carried *carried, struct request_seen *seen,
                         struct redial_event *event, struct redial_str *why)
{
    const struct attempt *attempt = carried->attempt;

    if (attempt->exchange->fault == REQUEST_BROKEN_PIPE &&
        wire_run_until(carried, wire_has_arrived) && carried->arrival)
        arrival_break_pipe(carried->arrival);
    if (!wire_run_until(carried, wire_has_ended))
        return fail(carried->wire, why, attempt, "the client saw no fault within 10 s",
                    REDIAL_STR(""));
    *seen = attempt->request;
    seen->connection = carried->reused ? REQUEST_ON_REUSED_CONNECTION : REQUEST_ON_NEW_CONNECTION;
    return see_fault(carried, event, why);
}

/* The kept connection had died without a word: its first answer is a reset. */
static bool suffer_dead_connection(struct carried *carried, struct redial_event *event,
                                   struct redial_str *why)
{
    if (!carried->arrival->reused)
        return fail(carried->wire, why, carried->attempt,
                    "there was no idle connection that could have died", (struct redial_str){0});
    arrival_reset(carried->arrival);
    if (!wire_run_until(carried, wire_has_ended))
        return fail(carried->wire, why, carried->attempt, "the client saw no reset within 10 s",
                    (struct redial_str){0});
    return see_fault(carried, event, why);
}

static bool begin_carried(struct carried *carried, struct request_seen *seen,
                          struct redial_event *event, size_t *count, struct redial_str *why)
{
    const struct attempt *attempt = carried->attempt;

    if (!wire_build_request(carried, why) || !wire_send_request(carried, why)) return false;
    *count = attempt->exchange->fault != REQUEST_READ || attempt->idle_died;
    if (attempt->exchange->fault != REQUEST_READ) return suffer_fault(carried, seen, event, why);
    if (!wire_run_until(carried, wire_has_arrived) || !carried->arrival)
        return fail(carried->wire, why, attempt,
                    "the request did not arrive: ", str_of(redial_cause_name(carried->end.cause)));
    if (!see_request(carried, seen, why)) return false;
    return !attempt->idle_died || suffer_dead_connection(carried, event, why);
}

static struct wire *wire_of(struct transport *transport)
{
    return (struct wire *)(void *)transport;
}

static bool wire_begin(struct transport *self, struct attempt *attempt, struct request_seen *seen,
                       struct redial_event *event, size_t *count, struct redial_str *why)
{
    struct carried *carried;
    bool begun;

    forget(wire_of(self), false);
    carried = carried_new(wire_of(self), attempt);
    if (!carried) return fail(wire_of(self), why, attempt, "memory is out", REDIAL_STR(""));
    attempt->carried = carried;
    begun = begin_carried(carried, seen, event, count, why);
    if (!begun || *count > 0) retire(attempt, false);
    return begun;
}

/* ---- Perform */

static const struct {
    const char *name;
    bool (*reached)(const struct carried *carried);
    bool last; /* nothing follows it */
} kinds[] = {
    [ACT_HEAD] = {"the reply's head", wire_has_head, false},
    [ACT_BODY] = {"a piece of the body", wire_has_body, false},
    [ACT_END] = {"the end of the body", wire_has_ended, true},
    [ACT_RAW] = {"bytes outside HTTP", wire_has_ended, true},
    [ACT_CLOSE] = {"the close", wire_has_ended, true},
    [ACT_RESET] = {"the reset", wire_has_ended, true},
};

static bool wire_perform(struct transport *self, struct attempt *attempt, const struct act *act,
                         struct redial_event events[2], size_t *count, struct redial_str *why)
{
    struct carried *carried = attempt->carried;
    bool over;

    *count = 0;
    carried->progress = 0;
    if (act->kind == ACT_BODY) carried->body_sent += act->bytes.len;
    if (!arrival_perform(carried->arrival, attempt->exchange, act))
        return fail(wire_of(self), why, attempt, "the fake platform could not send ",
                    str_of(kinds[act->kind].name));
    if (!wire_run_until(carried, kinds[act->kind].reached))
        return fail(wire_of(self), why, attempt, "the client did not see within 10 s ",
                    str_of(kinds[act->kind].name));
    over = kinds[act->kind].last || carried->progress & (REPLY_STREAM_ERROR | REPLY_UNREADABLE) ||
           carried->end.cause != REDIAL_CAUSE_NONE;
    if (carried->progress & REPLY_OUTPUT)
        events[(*count)++] = (struct redial_event){.kind = REDIAL_EVENT_OUTPUT};
    if (!over) return true;
    read_end(carried, carried->end.cause, carried->end.phase, &events[*count]);
    events[(*count)++].os_errno = carried->end.os_errno;
    retire(attempt, act->kind == ACT_END && carried->end.cause == REDIAL_CAUSE_NONE);
    return true;
}

static void wire_abandon(struct transport *self, struct attempt *attempt,
                         struct redial_event *event)
{
    struct carried *carried = attempt->carried;

    (void)self;
    if (!carried) return;
    if (event)
        read_end(carried, REDIAL_CAUSE_ETIMEDOUT,
                 carried->transfer ? transfer_phase(carried->transfer) : REDIAL_PHASE_NONE, event);
    retire(attempt, false);
}

static size_t wire_requests_counted(const struct transport *self)
{
    const struct wire *wire = (const struct wire *)(const void *)self;
    size_t requests = 0;

    for (size_t i = 0; i < wire->policy->provider_count; i++)
        requests += endpoint_requests(wire->endpoints[i]);
    return requests;
}

/* ---- The transport */

static void wire_destroy(struct transport *self)
{
    struct wire *wire = wire_of(self);

    forget(wire, true);
    client_destroy(wire->client);
    for (size_t i = 0; wire->endpoints && i < wire->policy->provider_count; i++)
        endpoint_destroy(wire->endpoints[i]);
    free(wire->endpoints);
    tls_trap_destroy(wire->tls_trap);
    if (wire->closed_socket >= 0) close(wire->closed_socket);
    free(wire);
}

static bool start_endpoints(struct wire *wire, struct redial_str *why)
{
    const struct redial_policy *policy = wire->policy;

    wire->endpoints = calloc(policy->provider_count, sizeof(struct endpoint *));
    *why = REDIAL_STR("memory is out");
    if (!wire->endpoints) return false;
    for (size_t i = 0; i < policy->provider_count; i++) {
        enum platform_kind kind = policy->platforms[policy->providers[i].platform].kind;
        wire->endpoints[i] = endpoint_new(kind, why);
        if (!wire->endpoints[i]) return false;
    }
    return true;
}

static int bind_closed_socket(void)
{
    struct sockaddr_in loopback = {.sin_family = AF_INET,
                                   .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int closed = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (closed < 0) return -1;
    if (bind(closed, (struct sockaddr *)&loopback, sizeof loopback) == 0) return closed;
    close(closed);
    return -1;
}

struct transport *transport_wire_new(const struct redial_policy *policy, struct redial_str *why)
{
    struct wire *wire = calloc(1, sizeof *wire);

    *why = REDIAL_STR("memory is out");
    if (!wire) return NULL;
    wire->transport = (struct transport){
        .name = "wire",
        .begin = wire_begin,
        .perform = wire_perform,
        .abandon = wire_abandon,
        .requests_counted = wire_requests_counted,
        .destroy = wire_destroy,
    };
    wire->policy = policy;
    wire->closed_socket = bind_closed_socket();
    wire->client = client_new();
    if (wire->closed_socket < 0) *why = REDIAL_STR("no socket on 127.0.0.1 could be opened");
    if (wire->client && wire->closed_socket >= 0 && start_endpoints(wire, why))
        return &wire->transport;
    wire_destroy(&wire->transport);
    return NULL;
}
