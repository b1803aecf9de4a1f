/* An HTTP request as bytes, whoever makes it (a platform's request, a credential server's) and
 * whoever carries it. It owns nothing: texts belong to the arena it was made in, or to the caller
 * whose body it carries. */
#ifndef REDIAL_BASE_HTTP_H
#define REDIAL_BASE_HTTP_H

#include "redial/event.h"

struct http_request {
    const char *method; /* static */
    struct redial_str url;
    const struct redial_header *headers;
    size_t header_count;
    /* The body in pieces, sent one after the other: a body of 32 MB with a few edits goes out
     * without a second copy. */
    const struct redial_str *pieces;
    size_t piece_count;
};

/* Bytes of the whole body. */
size_t http_body_len(const struct http_request *request);

/* The first header of that name, in whatever case (RFC 9110 §5.1); NULL when there is none. */
const struct redial_header *http_find_header(const struct redial_header *headers, size_t count,
                                             struct redial_str name);

#endif
