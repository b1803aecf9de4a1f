/* How attempts are carried: on the virtual clock (no sockets) or on the wire (libcurl against fake
 * endpoints on loopback). The runner owns the clock and the event queue for both and plays the acts
 * of an exchange at their moments; a transport performs one act and says what the client saw of it.
 * So the two ways differ in nothing but this interface. */
#ifndef REDIAL_SIMULATOR_TRANSPORT_H
#define REDIAL_SIMULATOR_TRANSPORT_H

#include "model/policy.h"
#include "simulator/world/exchange.h"

#define REQUEST_HEADERS_SEEN_MAX 32

/* A request as the server sees it: derived from the call (virtual) or parsed from the bytes that
 * arrived (wire). */
struct request_seen {
    uint16_t provider;
    struct redial_str model; /* the policy's name for it */
    int64_t max_tokens;
    struct redial_str messages; /* JSON, when the prompt is a conversation; only as wanted */
    int64_t input_tokens; /* counted from the body: one word of the simulated prompt is one token */
    uint32_t credential;  /* generation of the presented token, 0 for the first */
    bool static_key;      /* an API key rather than a token */
    bool stream;
    bool fast;
    bool prefill; /* ends in a message of the assistant */
    bool background;
    struct redial_str betas; /* of anthropic-beta, joined by commas */
    enum { REQUEST_ON_NEW_CONNECTION = 1, REQUEST_ON_REUSED_CONNECTION = 2 } connection;
    const struct redial_header *headers; /* as sent, secrets included: never printed */
    size_t header_count;
};

/* One attempt under way; owned by the runner. */
struct attempt {
    uint32_t call_number; /* from 1 */
    int32_t number;       /* attempt of the call, from 1 */
    uint16_t provider;
    enum platform_kind platform;
    const struct exchange *exchange;
    struct request_seen request;             /* what the runner asks to be sent */
    struct redial_str prefill;               /* sent where the model takes one */
    const struct redial_header *own_headers; /* the caller's: sent where they are taken */
    size_t own_header_count;
    struct beta_flags betas;      /* likewise its beta flags */
    struct redial_str betas_note; /* what becomes of those that do not go as they are */
    bool fresh_connection;        /* must not use an idle connection */
    bool idle_died; /* the idle connection it would use has died: reset when the request arrives on
                       it */
    int64_t began_at;
    int64_t late; /* ns by which each act comes later than the exchange says: load */
    size_t act_next;
    void *carried; /* the transport's own */
};

struct transport {
    const char *name; /* "virtual", "wire" */
    /* Sends the attempt's request and returns once the server has read all of it (`seen` says what
     * arrived), or, where the exchange has a fault, once the client has seen that fault: then one
     * event is in `event` and `*count` is 1, to be delivered at fault_at. False: the transport
     * itself failed; `why` says how (a safety limit, no socket). */
    bool (*begin)(struct transport *self, struct attempt *attempt, struct request_seen *seen,
                  struct redial_event *event, size_t *count, struct redial_str *why);
    /* Performs one act and waits until the client has seen all of it. Gives the events it made of
     * it, 0 to 2 (OUTPUT, then the end of the attempt), valid until the attempt's next act, abandon
     * or begin. An attempt that has ended is gone. */
    bool (*perform)(struct transport *self, struct attempt *attempt, const struct act *act,
                    struct redial_event events[2], size_t *count, struct redial_str *why);
    /* The client gives the attempt up (timeout, cancel, stream error): its connection is closed.
     * For a timeout, `event` is filled as the reader sees it (BROKEN, ETIMEDOUT, with the phase);
     * may be NULL. */
    void (*abandon)(struct transport *self, struct attempt *attempt, struct redial_event *event);
    /* Requests that the servers have read whole: those of attempts whose exchange has a fault never
     * arrive so. */
    size_t (*requests_counted)(const struct transport *self);
    void (*destroy)(struct transport *self);
};

/* Both carry attempts to the providers of `policy`, which must outlive them. NULL when memory is
 * out. */
struct transport *transport_virtual_new(const struct redial_policy *policy);
/* Starts one fake endpoint per provider on ports the kernel picks. NULL with a reason when they
 * cannot be started. */
struct transport *transport_wire_new(const struct redial_policy *policy, struct redial_str *why);

#endif
