/* JSON Web Tokens (RFC 7519) as this authority reads and writes them: compact form, signatures
 * RS256 and PS256 (RFC 7518 §3.3, §3.5) for what clients sign, HS256 (§3.2) for identity tokens of
 * its own. */
#ifndef REDIAL_SIMULATOR_AUTHORITY_JWT_H
#define REDIAL_SIMULATOR_AUTHORITY_JWT_H

#include "base/arena.h"

struct json;
struct rsa_key;

#define JWT_BYTES_MAX 16384u

struct jwt {
    struct json *header, *claims; /* owned */
    struct redial_str signed_part;
    struct redial_str signature; /* bytes, in the arena */
};

/* False: it is no token in compact form, or memory is out. Clean up in either case. */
bool jwt_read(struct arena *arena, struct redial_str token, struct jwt *jwt) REDIAL_MUST_USE;
void jwt_clean_up(struct jwt *jwt);
/* Whether a token has the looks of one: three parts. */
bool jwt_like(struct redial_str token);
struct redial_str jwt_claim(const struct jwt *jwt, const char *name);
int64_t jwt_moment(const struct jwt *jwt, const char *name); /* seconds; -1 missing */
/* Whether one of the audiences is this. */
bool jwt_is_for(const struct jwt *jwt, struct redial_str audience);

/* By the algorithm that its header names; "none" and every other one is false. */
bool jwt_signed_by_rsa(const struct jwt *jwt, const struct rsa_key *key);
bool jwt_signed_by_secret(const struct jwt *jwt, struct redial_str secret);

/* `claims` is JSON. */
bool jwt_sign(struct arena *arena, struct redial_str claims, struct redial_str secret,
              struct redial_str *token) REDIAL_MUST_USE;
/* RFC 4648 §5, without padding. */
void base64url_append(struct text *out, struct redial_str bytes);

#endif
