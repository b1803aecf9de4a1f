/* The one RSA key of an authority (2048 bits): of Google's service account and of Azure's client
 * certificate. What it signed is checked with it; the client gets it in a file. */
#ifndef REDIAL_SIMULATOR_AUTHORITY_KEYS_H
#define REDIAL_SIMULATOR_AUTHORITY_KEYS_H

#include "base/str.h"

struct rsa_key;

struct rsa_key *rsa_key_new(void); /* takes a tenth of a second; NULL: OpenSSL or memory failed */
void rsa_key_destroy(struct rsa_key *key); /* NULL is fine */
/* SHA-256, PKCS#1 v1.5 or PSS with a salt as long as the hash. */
bool rsa_key_verifies(const struct rsa_key *key, bool pss, struct redial_str text,
                      struct redial_str signature);
/* PEM: PKCS#8, unencrypted. A certificate that the key signed itself, good for ten years around
 * `now`. False when OpenSSL or memory failed. */
bool rsa_key_write(const struct rsa_key *key, struct text *out) REDIAL_MUST_USE;
bool rsa_key_write_certificate(const struct rsa_key *key, int64_t now,
                               struct text *out) REDIAL_MUST_USE;

#endif
