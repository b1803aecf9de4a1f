/* The canonical request of Signature Version 4, made from a request as it arrived. */
#ifndef REDIAL_SIMULATOR_CANONICAL_H
#define REDIAL_SIMULATOR_CANONICAL_H

#include "simulator/authority/authority.h"

/* Ways to make it. All false is the right one; the others are the usual slips of signers, by which
 * a refusal can say what went wrong. */
struct canonical_way {
    bool path_normal;  /* empty and dot segments resolved: right for most services of AWS */
    bool path_once;    /* what is encoded in the path is not encoded again */
    bool path_decoded; /* the path without any encoding */
    bool query_unsorted;
    bool values_raw;    /* header values with all their blanks */
    bool host_bare;     /* without the port */
    bool body_empty;    /* the hash of nothing */
    bool body_unsigned; /* UNSIGNED-PAYLOAD */
};

/* Appends it. `signed_headers` as the Authorization header lists them. */
bool canonical_write(const struct authority_request *request, struct redial_str signed_headers,
                     const struct canonical_way *way, struct arena *arena,
                     struct text *out) REDIAL_MUST_USE;
/* Parts of it, to show people. */
void canonical_write_path(struct redial_str path, const struct canonical_way *way,
                          struct text *out);

#define SHA256_HEX_SIZE 65
void sha256_hex(struct redial_str bytes, char out[SHA256_HEX_SIZE]);
void hex_write(const unsigned char *bytes, size_t count, char *out); /* and a NUL */

#endif
