/* SHA-256 and its HMAC over OpenSSL, with the contexts of one signature: to look the algorithms up
 * anew for each of its seven hashes would cost more than the hashes. */
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
    EVP_MAC_CTX *mac;
};

/* False when OpenSSL gives none; clean_up all the same. */
bool hasher_init(struct hasher *hasher) REDIAL_MUST_USE;
void hasher_clean_up(struct hasher *hasher);
bool hasher_hash(struct hasher *hasher, const struct redial_str *pieces, size_t count,
                 struct hash *hash) REDIAL_MUST_USE;
bool hasher_hmac(struct hasher *hasher, struct redial_str key, struct redial_str data,
                 struct hash *hash) REDIAL_MUST_USE;

#endif
