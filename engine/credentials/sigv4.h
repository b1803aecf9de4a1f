/* AWS Signature Version 4 (docs.aws.amazon.com, "Create a signed AWS API request"). Signs a request
 * that is otherwise complete: adds x-amz-date, x-amz-content-sha256 where asked,
 * x-amz-security-token where there is one, and Authorization. */
#ifndef REDIAL_CREDENTIALS_SIGV4_H
#define REDIAL_CREDENTIALS_SIGV4_H

#include "base/arena.h"
#include "base/http.h"

struct sigv4 {
    struct redial_str access_key_id, secret_access_key, session_token; /* token may be empty */
    struct redial_str region, service;
    int64_t now;          /* ns since the Unix epoch */
    bool raw_path;        /* S3 alone: the path is not encoded a second time */
    bool normalise_path;  /* `.`, `..` and empty segments are resolved first */
    bool content_sha256;  /* send and sign x-amz-content-sha256 */
    bool leave_token_out; /* the session token is sent but not signed (a few old services) */
};

/* What is signed, for tests and for people; texts in the arena. */
struct sigv4_parts {
    struct redial_str canonical_request, string_to_sign, signature;
};

/* Replaces request->headers by a longer list in `arena`. Every header of the request is signed but
 * those that hops change or add (RFC 9110 section 7.6.1: connection …; also user-agent, expect,
 * x-amzn-trace-id, cache-control, pragma); content-length where the request names it. Host is
 * signed as a client sends it: from the URL without a default port, unless the request names one.
 * Headers of an earlier signature are replaced. `parts` may be NULL. False when memory is out, the
 * URL cannot be parsed, a part of the credential is missing or cannot stand in a header, or OpenSSL
 * failed; `why` says which, is static, and holds no secret. Any thread may sign; each keeps the key
 * that it derived last (good for a day, a region and a service), not the secret. */
bool sigv4_sign(struct arena *arena, const struct sigv4 *keys, struct http_request *request,
                struct sigv4_parts *parts, struct redial_str *why) REDIAL_MUST_USE;

#endif
