/* A private key that signs for its owner, from the text of a PEM or PKCS#12 file, with the
 * certificate beside it where there is one. RSA keys of 2048 bits and more alone: that is what
 * RS256 asks for (RFC 7518 §3.3) and what the credential servers take. */
#ifndef REDIAL_CREDENTIALS_SIGNING_KEY_H
#define REDIAL_CREDENTIALS_SIGNING_KEY_H

#include "base/str.h"

struct signing_key; /* holds the private key; wiped when it is destroyed */

/* Reads the private key of `pem` (PKCS#8 or PKCS#1), without a password. NULL: `why` is a static
 * clause that begins with a verb ("is cut off: …") and shows nothing of the file. */
struct signing_key *signing_key_read(struct redial_str pem, struct redial_str *why);
/* The same with the certificate that belongs to the key, which the file must hold too: PEM, or
 * PKCS#12 (RFC 7292). `password` opens either; empty: none. */
struct signing_key *signing_key_read_certified(struct redial_str file, struct redial_str password,
                                               struct redial_str *why);
void signing_key_destroy(struct signing_key *key); /* NULL is fine */

/* Appends the RS256 signature of `message`, as bytes. False when OpenSSL or memory failed. */
bool signing_key_sign(const struct signing_key *key, struct redial_str message,
                      struct text *signature) REDIAL_MUST_USE;

/* Of the certificate: its SHA-256 and SHA-1 thumbprints as bytes (RFC 7515 §4.1.7 and §4.1.8),
 * empty without one. */
struct redial_str signing_key_sha256(const struct signing_key *key);
struct redial_str signing_key_sha1(const struct signing_key *key);
/* When the certificate ends, ns since the Unix epoch; INT64_MAX without one. */
int64_t signing_key_ends_at(const struct signing_key *key);

#endif
