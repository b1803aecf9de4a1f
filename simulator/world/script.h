/* What a scenario says its fake platforms do, as plain structs: read from YAML by run/scenario.h,
 * rendered to bytes by render.h, chosen attempt by attempt by world.h. Every part keeps its span,
 * so that a run can point at the line that it followed. All memory is the scenario's arena. */
#ifndef REDIAL_SIMULATOR_SCRIPT_H
#define REDIAL_SIMULATOR_SCRIPT_H

#include "base/diag.h"
#include "model/probed.h"
#include "redial/event.h"

/* Where in a reply something happens. */
enum reply_point {
    POINT_CONNECT, /* accepted, nothing read */
    POINT_TLS,     /* the client has begun the TLS handshake */
    POINT_REQUEST, /* the request was read, nothing said */
    POINT_HEADERS, /* the headers were sent */
    POINT_BYTES,   /* so many bytes of the body were sent */
    POINT_EVENTS,  /* so many events of the stream were sent */
    POINT_COUNT
};

enum reply_fault {
    FAULT_NONE,
    FAULT_RESET,
    FAULT_CLOSE,
    FAULT_BROKEN_PIPE,
    FAULT_HANG,      /* says nothing for `fault_for`, then closes */
    FAULT_STALL,     /* stops for `fault_for`, then goes on */
    FAULT_GARBAGE,   /* `body` as raw bytes instead of HTTP */
    FAULT_MALFORMED, /* `malformed` says what is broken */
    FAULT_REFUSE,
    FAULT_DNS,
    FAULT_TLS, /* a certificate that no client accepts */
    FAULT_COUNT
};

enum malformed_kind {
    MALFORMED_SSE,
    MALFORMED_JSON,
    MALFORMED_CHUNK,
    MALFORMED_CRC, /* of a message of an AWS event stream */
    MALFORMED_COUNT
};

/* One event of a stream that a scenario writes out itself. */
struct stream_event {
    struct redial_str name; /* "content_block_delta", "ping" …: its usual payload */
    struct redial_str text; /* of a delta; empty: a word of the simulated answer */
    struct redial_str data; /* instead of the usual payload; may be empty */
    int64_t after;          /* ns since the event before it */
    struct span span;
};

#define STREAM_TOKENS_MAX 100000 /* a person scripts no longer answer */

struct stream_script {
    bool given;
    int64_t tokens;              /* deltas, one token each */
    int64_t pace;                /* ns between them */
    struct stream_event *events; /* instead of tokens; NULL none */
    size_t event_count;
};

/* Which requests a reply is for; what is not given fits all. */
struct request_match {
    struct redial_str model;                     /* glob over the policy's name; empty: any */
    int64_t attempt;                             /* of the call, 0: any */
    struct redial_str header_name, header_value; /* name empty: any; value a glob */
};

struct reply_script {
    struct span span;
    /* For which requests, from when, how often. */
    int64_t at; /* ns from the run's start: earlier replies are over from then on; -1: no step */
    int32_t repeat; /* REDIAL_UNLIMITED: forever */
    struct request_match match;
    /* What it says. */
    int64_t after;   /* ns from the request to its first byte */
    uint16_t status; /* 0: as its class or its stream says */
    uint8_t class;   /* enum redial_class, NONE: chosen by status */
    struct redial_str error_type, error_code, message, stop_reason; /* instead of the typical */
    int64_t retry_after;           /* ns, whole seconds; -1 no such header */
    struct redial_header *headers; /* added to the platform's own, or instead of one of that name */
    size_t header_count;
    bool body_given;
    struct redial_str body;
    struct stream_script stream;
    struct reply_script *then; /* an error event after the stream's events; NULL none */
    /* How it goes wrong. */
    enum reply_fault fault;
    enum reply_point point;
    int64_t point_count; /* bytes or events */
    int64_t fault_for;   /* ns, DURATION_MAX forever */
    enum malformed_kind malformed;
    int64_t slow; /* bytes of the body each second, 0: all at once; never with a fault */
    /* A function of the scenario's Lua file says all of it but for whom and how often. */
    uint16_t function; /* its number + 1; 0 none */
};

/* A token bucket: `limit` per `period`, full at the start. */
struct rate_script {
    int64_t limit;  /* 0: not limited */
    int64_t period; /* ns */
};
#define RATE_LIMIT_MAX                                                                             \
    100000000 /* limit × period in ns stays within 64 bits for an hour and less */

enum rate_kind { RATE_REQUESTS, RATE_INPUT_TOKENS, RATE_OUTPUT_TOKENS, RATE_KIND_COUNT };

struct outage_script {
    struct span span;
    int64_t from, to;   /* ns from the run's start; to is not part of it */
    uint32_t share_ppm; /* of the requests it hits, in millionths */
    struct reply_script reply;
};

/* What a platform can carry at once. With n requests under way, this one included, a reply comes
 * `latency` × n / `concurrent` later than its script says; above `concurrent`, a share of
 * (n - concurrent) / concurrent of the requests, at most all, is refused with `reply`. */
struct capacity_script {
    struct span span;
    int64_t concurrent; /* 0: not limited */
    int64_t latency;    /* ns, at full load */
    struct reply_script reply;
};

/* What a client gets that asks the token server for a new credential. */
struct token_reply {
    struct span span;
    int64_t after;          /* ns until its first byte */
    struct redial_str fail; /* its error; empty: it gives a new token */
    uint16_t status;        /* other than 2xx: that instead; 0: as it should be */
    bool body_given;        /* this instead of a token */
    struct redial_str body;
    int64_t hang; /* ns of silence, then a close; DURATION_MAX forever; -1: it answers */
    int64_t slow; /* bytes each second, 0: all at once */
};
#define TOKEN_TIMEOUT     NS_PER_MINUTE /* of the simulated client: it waits no longer */
#define TOKEN_REPLY_BYTES 256           /* of an answer with a token */

/* From then on the platform refuses every credential that was issued before. */
struct revoke_script {
    struct span span;
    int64_t at; /* ns from the run's start */
};

/* What a platform does about a feature that a request uses. */
enum feature_play { PLAY_UNSAID, PLAY_WORKS, PLAY_IGNORED, PLAY_REFUSED, PLAY_COUNT };

struct provider_script {
    struct redial_str provider; /* as the policy names it */
    struct span span;
    uint16_t index; /* in the policy, linked */
    struct reply_script *replies;
    size_t reply_count;
    struct span replies_span;
    struct rate_script rates[RATE_KIND_COUNT];
    struct outage_script *outages;
    size_t outage_count;
    int64_t idle_close;            /* ns a kept-alive connection lives idle; DURATION_MAX forever */
    int64_t expire_after;          /* ns that a credential is good; DURATION_MAX forever */
    int64_t expire_after_requests; /* 0: unlimited */
    bool forgets_refused;          /* a credential that a reply refused may be good next time */
    struct revoke_script *revokes; /* in the order of their times */
    size_t revoke_count;
    struct capacity_script capacity;
    struct token_reply *token_replies; /* in order, the last one stays; none: answers at once */
    size_t token_reply_count;
    uint8_t features[PROBED_COUNT]; /* enum feature_play; UNSAID: as the matrix says */
};

#endif
