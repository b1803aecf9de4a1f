/* What a source of credentials is written in. A source begins, and goes on in steps; each step ends
 * with one verb, whose value it returns: ask an errand (and say where to go on with its answer),
 * found, pass (not configured here: on to the next source), or fail (configured and broken: the
 * search ends). A step neither waits nor reads a clock; what it allocates lives in the flow's arena
 * until the search is over.
 *
 *     static enum flow_move read_token(struct flow *flow, void *state, const struct errand_answer
 * *a)
 *     {
 *         if (a->missing) return flow_pass(flow, "%s does not exist", …);
 *         return flow_found(flow, &(struct credential){.form = CREDENTIAL_BEARER, .secret = …});
 *     }
 *     static enum flow_move begin(struct flow *flow)
 *     {
 *         struct redial_str path = flow_env(flow, "TOKEN_FILE");
 *         if (path.len == 0) return flow_pass(flow, "TOKEN_FILE is not set");
 *         return flow_ask_file(flow, path, read_token, NULL);
 *     }
 *
 * Memory that ran out is remembered: texts become empty, verbs still work, and the search fails
 * with "memory is out" after the step. Only what ARENA_NEW gives must be checked
 * (flow_fail_memory).
 *
 * Secrets: whatever is read from an environment variable by flow_env_secret, or told by
 * flow_secret, is cut out of every sentence that pass, fail, warn and source make. */
#ifndef REDIAL_CREDENTIALS_FLOW_H
#define REDIAL_CREDENTIALS_FLOW_H

#include "base/arena.h"
#include "base/duration.h"
#include "base/url.h"
#include "credentials/chain.h"
#include "document/json.h"

enum flow_move { FLOW_ASKS, FLOW_FOUND, FLOW_PASSED, FLOW_FAILED };

struct flow;
typedef enum flow_move flow_begin_fn(struct flow *flow);
typedef enum flow_move flow_next_fn(struct flow *flow, void *state,
                                    const struct errand_answer *answer);
typedef enum flow_move flow_with_fn(struct flow *flow, void *state, const struct credential *found);

/* A place where a credential may be. */
struct source {
    const char *name; /* for people, until flow_source says it better: "environment keys" */
    flow_begin_fn *begin;
};

/* What a policy can name: sources in the vendor's order. A credential is renewed ahead of time:
 * beside its use when less than `stale` is left, before it when less than `spent` is. */
struct link {
    const struct source *sources;
    size_t source_count;
    int64_t stale, spent; /* ns */
};

/* Where a nested search hands what it found. */
struct flow_frame {
    flow_with_fn *with;
    void *state;
    struct flow_frame *below;
};
/* A source that was passed over, and why. */
struct flow_passed {
    struct redial_str source, why;
    struct flow_passed *next;
};
struct flow_json {
    struct json *root;
    struct flow_json *next;
};

/* One search. Sources read the first group; the rest is the verbs' and the chain's. */
struct flow {
    struct arena *arena;
    const struct chain_options *options;
    struct chain *chain;
    int64_t now;
    bool anew; /* the platform refused what was found before: serve nothing that is merely stored */

    struct errand errand, paused; /* `paused` comes back after a PAUSE */
    flow_next_fn *next;
    void *state;
    unsigned tries; /* how often the errand has been asked, from 1 */
    bool pausing;
    struct flow_frame *frames;
    struct credential found;
    struct redial_str source, why;
    struct flow_passed *passed, **passed_end;
    struct flow_json *jsons;
    struct redial_str *secrets;
    size_t secret_count, secret_capacity;
    struct text *warnings;
    bool out_of_memory;
};

/* ---- The verbs that end a step. Texts of an errand must live as long as the flow does. */

#define FLOW_HTTP_TIMEOUT    (10 * NS_PER_SECOND) /* of a token server that documents none */
#define FLOW_COMMAND_TIMEOUT NS_PER_MINUTE

/* Fails by itself, with a reason, when the URL cannot be read, is plain http to a host that is
 * neither loopback nor a metadata server, or a header holds a line break. */
enum flow_move flow_ask_http(struct flow *flow, const struct http_request *request, int64_t timeout,
                             flow_next_fn *next, void *state) REDIAL_MUST_USE;
/* A leading ~ is the home directory. */
enum flow_move flow_ask_file(struct flow *flow, struct redial_str path, flow_next_fn *next,
                             void *state) REDIAL_MUST_USE;
enum flow_move flow_ask_write(struct flow *flow, struct redial_str path, struct redial_str contents,
                              flow_next_fn *next, void *state) REDIAL_MUST_USE;
/* By a shell, or (`argv` not NULL) without one. */
enum flow_move flow_ask_command(struct flow *flow, struct redial_str command,
                                const char *const *argv, int64_t timeout, flow_next_fn *next,
                                void *state) REDIAL_MUST_USE;
/* The same errand once more after a pause; flow->tries counts. The same step goes on with it. */
enum flow_move flow_ask_again(struct flow *flow, int64_t pause) REDIAL_MUST_USE;

/* The credential is copied. One without a `source` gets the flow's. A secret that is empty or holds
 * a line break or another control character is a failure. */
enum flow_move flow_found(struct flow *flow, const struct credential *credential) REDIAL_MUST_USE;
/* Inside a nested search (flow_hand_to) a pass is a failure: it was asked for by name. */
enum flow_move flow_pass(struct flow *flow, const char *why, ...) REDIAL_MUST_USE
    REDIAL_PRINTF(2, 3);
enum flow_move flow_fail(struct flow *flow, const char *why, ...) REDIAL_MUST_USE
    REDIAL_PRINTF(2, 3);
enum flow_move flow_fail_memory(struct flow *flow) REDIAL_MUST_USE;

/* What is found next is handed to `with` instead of ending the search: begin the nested search
 * right after. */
void flow_hand_to(struct flow *flow, flow_with_fn *with, void *state);

/* ---- What a step says and knows */

/* Names the source for people, without a secret: "metadata server at 169.254.169.254". */
void flow_source(struct flow *flow, const char *format, ...) REDIAL_PRINTF(2, 3);
void flow_warn(struct flow *flow, const char *format, ...) REDIAL_PRINTF(2, 3); /* one sentence */
void flow_secret(struct flow *flow, struct redial_str secret);

struct redial_str flow_env(struct flow *flow, const char *name); /* unset and empty are the same */
struct redial_str flow_env_secret(struct flow *flow, const char *name);
/* 1, true, yes or on, in any case. */
bool flow_env_true(struct flow *flow, const char *name);
struct redial_str flow_home(struct flow *flow); /* empty when nobody knows */
/* What this chain found before, by the source with that name for people; NULL. Expired or refused,
 * perhaps. */
const struct credential *flow_previous(const struct flow *flow, struct redial_str source);
uint64_t flow_random(struct flow *flow); /* of the chain's seed */
/* A text that outlives the search, for the next one: a refresh token that was exchanged. `name` is
 * static. */
void flow_keep(struct flow *flow, const char *name, struct redial_str value);
struct redial_str flow_kept(const struct flow *flow, const char *name); /* empty: none */

struct redial_str flow_copy(struct flow *flow, struct redial_str text);
struct redial_str flow_printf(struct flow *flow, const char *format, ...) REDIAL_PRINTF(2, 3);
/* Moves a text into the arena and cleans it up. */
struct redial_str flow_settle(struct flow *flow, struct text *text);

/* ---- Requests and answers */

/* A request with a body (empty: none) and no headers yet. */
struct http_request flow_request(struct flow *flow, const char *method, struct redial_str url,
                                 struct redial_str body);
void flow_header(struct flow *flow, struct http_request *request, const char *name,
                 struct redial_str value);
/* Parsed, and kept until the search is over; NULL when it is not JSON. */
const struct json *flow_json(struct flow *flow, struct redial_str text);
/* Why an answer is none, in a few words without the body: "timed out after 1s", "no such file",
 * "HTTP 503", "exit status 1". Empty when there is an answer (HTTP: 2xx). */
struct redial_str flow_trouble(struct flow *flow, const struct errand_answer *answer);
/* The beginning of a text on one line, redacted, for a message; in quotes with a blank and a colon
 * before it, or empty when the text is. */
struct redial_str flow_excerpt(struct flow *flow, struct redial_str text);

#endif
