/* Verifies AWS Signature Version 4 (docs.aws.amazon.com, "Create a signed AWS API request") from
 * the request as it arrived. Written from the document, apart from what signs: the two share no
 * code, so that a mistake of one is no mistake of the other. */
#ifndef REDIAL_SIMULATOR_VERIFY_SIGV4_H
#define REDIAL_SIMULATOR_VERIFY_SIGV4_H

#include "simulator/authority/authority.h"

#define SIGV4_SKEW_MAX (INT64_C(300) * 1000000000) /* how far a request's date may be from now */

/* What the Authorization header says. */
struct sigv4_claim {
    struct redial_str access_key_id;
    struct redial_str day, region, service, terminator; /* the scope */
    struct redial_str signed_headers, signature;
};

enum sigv4_fault {
    SIGV4_GOOD,
    SIGV4_MISSING,    /* it is no AWS4-HMAC-SHA256 authorization */
    SIGV4_INCOMPLETE, /* a part of it is missing or malformed */
    SIGV4_MISMATCH,   /* scope, date, headers or signature are wrong */
    SIGV4_NO_MEMORY
};

struct sigv4_verdict {
    enum sigv4_fault fault;
    struct redial_str message; /* as AWS says it */
    struct redial_str why;     /* for people: what differs, as far as one can know; no secret */
    struct redial_str canonical_request, string_to_sign; /* what should have been signed */
};

struct sigv4_rules {
    struct redial_str secret;  /* the secret access key that the claim's id stands for */
    struct redial_str service; /* what the scope must name */
    int64_t now;
    bool normalise_path; /* `.`, `..` and empty segments count as resolved */
};

/* Texts of the claim are views of the header. Returns GOOD, MISSING, INCOMPLETE or NO_MEMORY. */
enum sigv4_fault sigv4_read(const struct authority_request *request, struct arena *arena,
                            struct sigv4_claim *claim, struct sigv4_verdict *verdict);
/* Whether whoever holds the secret signed this request, as it arrived. Texts in the arena. */
enum sigv4_fault sigv4_verify(const struct authority_request *request,
                              const struct sigv4_claim *claim, const struct sigv4_rules *rules,
                              struct arena *arena, struct sigv4_verdict *verdict);

#endif
