/* A driver for credential chains in tests: a table of the errands that a chain must ask for, in
 * order, and their answers. Time goes on only by the chain's own pauses. */
#ifndef REDIAL_TESTS_ERRANDS_H
#define REDIAL_TESTS_ERRANDS_H

#include "credentials/chain.h"
#include "redial/redial.h"

#define ERRANDS_SENDS_MAX 6

/* clang-format off */
#define ENVIRONMENT(...) ((const struct redial_env[]){__VA_ARGS__, {NULL, NULL}})
#define NO_ENVIRONMENT   ((const struct redial_env[]){{NULL, NULL}})
/* Rows and their count, as two arguments. */
#define ERRANDS(...) (const struct errand_row[]){__VA_ARGS__}, \
                     REDIAL_COUNT_OF(((const struct errand_row[]){__VA_ARGS__}))
#define FILE_HOLDS(where, text) {.asks = "FILE " where, .body = REDIAL_STR(text)}
#define NO_FILE(where)          {.asks = "FILE " where, .missing = true}
/* clang-format on */

/* One expected errand and its answer. */
struct errand_row {
    /* A glob over what is asked for: "GET http://169.254.169.254/latest*", "FILE
     * /home/a/.aws/config", "WRITE /home/a/token", "RUN print-credentials --all" (argv joined by
     * blanks), "PAUSE 1s". */
    const char *asks;
    /* The answer. `status` 0 of an HTTP errand means 200. */
    struct redial_str body;
    uint16_t status;
    const char *failed; /* instead of an answer */
    bool missing;
    uint32_t mode; /* of a file; 0 means 0600 */
    int exit_status;
    const char *errors;
    struct redial_header headers[2];
    int64_t takes;   /* ns until the answer */
    int64_t timeout; /* what the chain grants, ns; 0: not looked at */
    /* Globs, each of which must match one line of the request: "name: value" per header (names in
     * lower case), then the body (or the contents) as one line of its own. */
    const char *sends[ERRANDS_SENDS_MAX];
    /* Globs that must match no line. */
    const char *withholds[2];
};

/* A chain over one or more links ("aws_bearer aws_chain"), with an environment, home /home/a.
 * Aborts the test when it cannot be made. */
struct chain *errands_chain(const char *links, const struct redial_env *environment);

/* Begins and runs to the end. Fails the test when an errand differs from its row, when rows are
 * left over, or when the chain asks for more. `*now` may be NULL: then it is ERRANDS_NOW. */
enum chain_state errands_run(struct chain *chain, enum chain_use use, int64_t *now,
                             const struct errand_row *rows, size_t count);
#define ERRANDS_NOW INT64_C(1440938160000000000) /* 2015-08-30T12:36:00Z */

/* The same with every allocation of ours made to fail, one after the other: each run ends, and
 * nothing leaks. */
void errands_torture(const char *links, const struct redial_env *environment,
                     const struct errand_row *rows, size_t count);

/* The chain said nothing that holds `secret`, in any of its texts. */
void errands_expect_secret_kept(const struct chain *chain, const char *secret);

#endif
