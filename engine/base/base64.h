/* Base64 (RFC 4648): §4 with its padding, as Bedrock wraps events and counts into it; §5, for URLs
 * and without padding, as tokens have it. */
#ifndef REDIAL_BASE_BASE64_H
#define REDIAL_BASE_BASE64_H

#include "base/str.h"

/* Appends what `encoded` stands for; false, `out` as it was, when it is not base64 with its
 * padding, or memory is out. */
bool base64_decode(struct redial_str encoded, struct text *out) REDIAL_MUST_USE;

/* Encodes a text that comes in pieces. */
struct base64 {
    unsigned char rest[3]; /* bytes that do not fill a group yet */
    size_t rest_len;
};
void base64_append(struct base64 *base64, struct redial_str piece, struct text *out);
void base64_end(struct base64 *base64, struct text *out);

void base64url_append(struct text *out, struct redial_str bytes);
/* Appends the bytes; false, `out` as it was, when `text` is no base64url. Padding is allowed. */
bool base64url_decode(struct redial_str text, struct text *out) REDIAL_MUST_USE;

#endif
