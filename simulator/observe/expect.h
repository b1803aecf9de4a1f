/* What a scenario expects, as read: every value with its place, so that a difference can point at
 * it. What is not given is not compared. */
#ifndef REDIAL_SIMULATOR_EXPECT_H
#define REDIAL_SIMULATOR_EXPECT_H

#include "base/diag.h"
#include "document/node.h"

/* A number, or a range of them with both ends: "3", "500ms..625ms". */
struct expected_range {
    bool given;
    int64_t low, high;
    struct span span;
};

struct expected_word {
    struct redial_str text; /* as written */
    int row;                /* of the list it comes from: a reason, a class, a step */
    struct span span;
};
struct expected_words {
    bool given;
    struct expected_word *list;
    size_t count;
    struct span span;
};

enum expected_header_kind { HEADER_ABSENT, HEADER_PRESENT, HEADER_MATCHES };
struct expected_header {
    struct redial_str name;
    enum expected_header_kind kind;
    struct redial_str pattern; /* MATCHES: a glob */
    struct span span;
};

enum expected_connection { CONNECTION_ANY, CONNECTION_IS_NEW, CONNECTION_IS_REUSED };
struct expected_request {
    struct span span;
    struct expected_range max_tokens, input_tokens;
    struct expected_range credential;     /* how many refreshes the presented credential is old */
    struct expected_word provider, model; /* text empty: any */
    struct expected_word connection;      /* row: enum expected_connection */
    struct expected_word speed;           /* fast or standard */
    struct expected_word prefill;         /* present or absent */
    struct expected_word betas;           /* joined by commas, or absent */
    struct expected_header *headers;
    size_t header_count;
};

/* "budget NAME", "breaker NAME", "cooldown NAME", "limiter NAME", "mode fast". */
struct expected_state {
    struct redial_str what; /* as written */
    int guard;              /* enum redial_guard_kind; NONE: a mode */
    struct redial_str name;
    struct redial_str value;
    struct span span;
};

struct expect {
    bool given;
    struct span span;
    struct expected_words
        outcome; /* one for all calls, or one per call; rows: enum redial_reason */
    struct expected_word model, provider;
    struct expected_range attempts, retries;
    struct expected_range amplification;       /* thousandths */
    struct expected_range total_wait, elapsed; /* ns */
    struct expected_words rules, repairs;
    struct expected_words dropped; /* in any order; rows: enum redial_feature */
    struct expected_range telemetry;
    bool waits_given;
    struct expected_range *waits;
    size_t wait_count;
    struct span waits_span;
    bool requests_given; /* `requests`: each attempt's */
    struct expected_request *requests;
    size_t request_count;
    struct span requests_span;
    struct expected_state *states; /* `state`: how guards and modes stand after the run */
    size_t state_count;
    struct expected_request *last_request; /* `request`: the last attempt's; NULL not given */
    uint16_t
        function; /* `lua`: a function of the scenario's that looks at it all, its number + 1 */
    struct span function_span;
    const struct node *story; /* NULL: not given */
    struct {
        struct expected_words rules, classes, texts, secrets;
        struct expected_range *statuses;
        size_t status_count;
    } never;
};

#endif
