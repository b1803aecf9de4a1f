/* SHA-256 over OpenSSL, with one context for all hashes of a signature, and HMAC (RFC 2104) of it:
 * OpenSSL looks an HMAC up anew and builds a context for each, which costs more than its hashes. */
#ifndef REDIAL_CREDENTIALS_SIGV4_HASH_H
#define REDIAL_CREDENTIALS_SIGV4_HASH_H

#include <openssl/types.h>

#include "base/str.h"

#define HASH_BYTES 32u

struct hash {
    unsigned char bytes[HASH_BYTES];
};

struct hasher {
    EVP_MD *sha256;
    EVP_MD_CTX *digest;
};

/* False when OpenSSL gives none; clean_up all the same. */
bool hasher_init(struct hasher *hasher) REDIAL_MUST_USE;
void hasher_clean_up(struct hasher *hasher);
bool hasher_hash(struct hasher *hasher, const struct redial_str *pieces, size_t count,
                 struct hash *hash) REDIAL_MUST_USE;
bool hasher_hmac(struct hasher *hasher, struct redial_str key, struct redial_str data,
                 struct hash *hash) REDIAL_MUST_USE;

#endif
