/* Signed requests that others made: captured from SDKs (tests/vectors/signed), and of the public
 * test suite of Signature Version 4 (tests/vectors/sigv4). */
#ifndef REDIAL_TESTS_SIGNED_REQUEST_H
#define REDIAL_TESTS_SIGNED_REQUEST_H

#include "simulator/authority/authority.h"

#define SIGNED_HEADERS_MAX 40

struct signed_request {
    struct redial_str client, service, access_key_id, secret, session;
    struct redial_header headers[SIGNED_HEADERS_MAX]; /* with room for one more */
    struct authority_request request;
    int64_t date; /* x-amz-date */
};

/* Ends the test when it cannot be read. Texts in the arena. */
void signed_request_read(struct arena *arena, const char *path, struct signed_request *out);
/* A folder of the public suite; `normalise` as its context says. */
void signed_vector_read(struct arena *arena, const char *folder, struct signed_request *out,
                        bool *normalise);
struct redial_str file_read(struct arena *arena, const char *path);
struct redial_header *signed_header(struct signed_request *signed_request, const char *name);

#endif
