/* JSON Web Tokens as credential servers take them (RFC 7519, compact form of RFC 7515): signed with
 * RS256, and read, never verified, for the moment they expire. */
#ifndef REDIAL_CREDENTIALS_JWT_H
#define REDIAL_CREDENTIALS_JWT_H

#include "credentials/signing_key.h"

/* Appends header.claims.signature; both texts are JSON. False when OpenSSL or memory failed. */
bool jwt_sign(const struct signing_key *key, struct redial_str header, struct redial_str claims,
              struct text *token) REDIAL_MUST_USE;
/* The claim `exp` in ns since the Unix epoch. False when `token` is no JWT or does not say. Nobody
 * checked the signature: good for deciding when to renew, and for nothing else. */
bool jwt_expires_at(struct redial_str token, int64_t *expires_at) REDIAL_MUST_USE;

#endif
