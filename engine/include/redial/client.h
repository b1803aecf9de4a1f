/* The live client: carries calls to their providers by an engine's policy. It finds credentials,
 * builds and signs requests, reads replies, waits, repairs and falls back as redial_call_step
 * decides; many calls at once on one thread, none of which ever blocks.
 *
 *     client = redial_client_new(engine, NULL, &why);
 *     redial_client_send(client, &request, &why);
 *     while (redial_client_move(client, 1000)) {}          handlers run in here, and only in here
 *     redial_client_destroy(client);
 *
 * Threads: a client and its calls belong to one thread at a time; clients of one engine may run on
 * many. Memory: nothing that is passed in is kept longer than said; texts given to a handler last
 * until it returns. Time: spans are int64 nanoseconds. Errors: a call that was sent always ends
 * with one `end`, whatever happens; only redial_client_new and redial_client_send can fail, with a
 * sentence in `why` that is static or belongs to the client until its next call. No sentence, line
 * or outcome holds a secret. */
#ifndef REDIAL_CLIENT_H
#define REDIAL_CLIENT_H

#include "redial/redial.h"

#pragma GCC visibility push(default)

struct redial_client;
struct redial_live; /* a call under way; gone when its `end` has returned */

/* All zero is a good choice. */
struct redial_client_options {
    /* Where credentials, proxies (HTTPS_PROXY, ALL_PROXY, NO_PROXY) and certificate authorities
     * (SSL_CERT_FILE, CURL_CA_BUNDLE, SSL_CERT_DIR, NODE_EXTRA_CA_CERTS) are looked up; NULL: the
     * process's environment. Must outlive the client. No proxy is used for this machine. */
    const struct redial_env *environment;
    int64_t connect_timeout;    /* until a connection stands; 0: 30 s */
    int64_t first_byte_timeout; /* from there to the reply's head; 0: as long as the attempt */
    uint64_t seed;              /* of calls that bring none; 0: from the system */
    bool uncompressed;          /* offers no compression */
};

/* Whether a reply comes as a stream. */
enum redial_streaming {
    REDIAL_STREAM_AS_BODY, /* as the body's own `stream` says */
    REDIAL_STREAM_YES,
    REDIAL_STREAM_NO,
};

/* How a call ended. Texts last until `end` returns. */
struct redial_outcome {
    uint8_t reason;            /* enum redial_reason; SUCCESS: a complete reply arrived */
    uint8_t class;             /* enum redial_class of the last event judged */
    uint16_t status;           /* HTTP, of that event; 0 none */
    struct redial_str error;   /* its name in the platform's words ("overloaded_error") */
    struct redial_str message; /* its sentence, as the server wrote it */
    struct redial_str detail;  /* what this side adds: why a credential was not found, what broke */
    struct redial_str request_id;            /* the platform's, of the last reply */
    struct redial_str provider, model, rule; /* names of the policy; rule: that decided */
    struct redial_str credential;            /* where it came from; never the secret */
    struct redial_str stop_reason;
    struct redial_str body; /* SUCCESS of a reply that was no stream: the message in JSON */
    int32_t attempts;
    int64_t input_tokens, output_tokens; /* of the last reply; 0 unknown */
    int64_t waited, took;                /* ns: in waits, and from START to the end */
};

/* A prompt that does not fit. */
struct redial_too_long {
    struct redial_str messages; /* JSON array */
    int64_t input_tokens;       /* what the platform counted, 0 unknown */
    int64_t excess;             /* tokens that must go, 0 unknown */
};

/* What a call tells while it is under way; any may be NULL. A handler may send further calls,
 * cancel, pause and resume any; it must neither move nor destroy the client. */
struct redial_handlers {
    /* One event of a streamed reply, as Anthropic's stream has it, whatever frames the platform
     * puts it in: "content_block_delta" and its JSON. */
    void (*event)(void *context, struct redial_str name, struct redial_str data);
    /* Text of the answer as it comes; of a reply that is no stream, all of it at once. */
    void (*text)(void *context, struct redial_str delta);
    /* What was delivered so far is void: another attempt begins from nothing. */
    void (*restart)(void *context);
    /* A line of the story, with its line feed, as it happens. */
    void (*line)(void *context, struct redial_str line);
    /* Makes the prompt shorter where the policy says `compact` and has no hook for it. False:
     * nothing can go. `*shorter`: a JSON array of messages, copied when this returns; `*tokens`:
     * its size, 0 unknown. */
    bool (*compact)(void *context, const struct redial_too_long *prompt, struct redial_str *shorter,
                    int64_t *tokens);
    void (*end)(void *context, const struct redial_outcome *outcome);
    void *context;
};

struct redial_request {
    /* options.model empty: the body's `model`. options.max_tokens 0: the body's. Texts and arrays
     * in it are borrowed until `end`. */
    struct redial_call_options options;
    /* A Messages API request in JSON; `model`, `max_tokens`, `stream` and what else a policy
     * decides are replaced on the way out. Borrowed until `end`; it is not copied. */
    struct redial_str body;
    enum redial_streaming streaming;
    /* Headers of the caller's own, sent where the platform's matrix says that they are taken.
     * Borrowed until `end`. */
    const struct redial_header *headers;
    size_t header_count;
    struct redial_handlers handlers;
};

/* The engine must outlive the client. `options` may be NULL. NULL with a sentence in `why`. */
struct redial_client *redial_client_new(struct redial_engine *engine,
                                        const struct redial_client_options *options,
                                        struct redial_str *why);
/* Calls under way are cancelled, without a word to their handlers. NULL is fine. */
void redial_client_destroy(struct redial_client *client);

/* Takes a call on; it begins with the next move. `request` itself is copied. NULL with a sentence
 * in `why` when the request makes no sense: its body is no JSON object, no model or max_tokens is
 * named, the provider is none of the policy's, a header cannot be sent. */
struct redial_live *redial_client_send(struct redial_client *client,
                                       const struct redial_request *request,
                                       struct redial_str *why);
/* The call ends with the next move, for the reason CANCELLED, unless it has ended by then. */
void redial_client_cancel(struct redial_live *call);
/* Backpressure: from here on the reply waits in the network, and no idle timeout counts. A few
 * events that were read already may still come. */
void redial_client_pause(struct redial_live *call);
void redial_client_resume(struct redial_live *call);

/* Waits up to `timeout_ms` for something to happen (0: not at all), does what there is to do, and
 * returns the number of calls under way. */
size_t redial_client_move(struct redial_client *client, int timeout_ms);
/* For loops of one's own: move with timeout 0 whenever the descriptor is readable, or this many
 * milliseconds have passed (-1: nothing waits for time). Ask anew after each move and send. */
int redial_client_fd(const struct redial_client *client);
int redial_client_timeout_ms(const struct redial_client *client);

#pragma GCC visibility pop

#endif
