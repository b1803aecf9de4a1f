#include "simulator/authority/jwt.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "document/json.h"
#include "simulator/authority/keys.h"

/* ---- base64url */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_append(struct text *out, struct redial_str bytes)
{
    uint32_t bits = 0;
    unsigned held = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        bits = bits << 8 | (unsigned char)bytes.ptr[i];
        for (held += 8; held >= 6; held -= 6)
            text_append_char(out, alphabet[bits >> (held - 6) & 63]);
    }
    if (held > 0) text_append_char(out, alphabet[bits << (6 - held) & 63]);
}

static bool base64url_read(struct arena *arena, struct redial_str text, struct redial_str *bytes)
{
    char *to = ARENA_ARRAY(arena, char, text.len);
    size_t len = 0;
    uint32_t bits = 0;
    unsigned held = 0;

    if (!to) return false;
    for (size_t i = 0; i < text.len; i++) {
        const char *at = text.ptr[i] ? strchr(alphabet, text.ptr[i]) : NULL;
        if (!at) return false;
        bits = bits << 6 | (uint32_t)(at - alphabet);
        held += 6;
        if (held < 8) continue;
        held -= 8;
        to[len++] = (char)(bits >> held & 0xff);
    }
    *bytes = (struct redial_str){to, len};
    /* RFC 4648 §3.5: bits that stand for no byte are zero, or two texts would mean the same. */
    return held < 6 && (bits & ((1u << held) - 1)) == 0;
}

/* ---- Reading */

static struct json *read_part(struct arena *arena, struct redial_str part)
{
    struct redial_str bytes;
    return base64url_read(arena, part, &bytes) ? json_parse(bytes) : NULL;
}

static bool cut(struct redial_str token, struct redial_str parts[3])
{
    size_t count = 0;
    struct redial_str part;

    while (str_split(&token, '.', &part)) {
        if (count == 3) return false;
        parts[count++] = part;
    }
    return count == 3 && parts[0].len > 0 && parts[1].len > 0;
}

bool jwt_like(struct redial_str token)
{
    struct redial_str parts[3];
    return cut(token, parts);
}

bool jwt_read(struct arena *arena, struct redial_str token, struct jwt *jwt)
{
    struct redial_str parts[3];

    *jwt = (struct jwt){0};
    if (token.len > JWT_BYTES_MAX || !cut(token, parts)) return false;
    jwt->header = read_part(arena, parts[0]);
    jwt->claims = read_part(arena, parts[1]);
    jwt->signed_part = str_take(token, parts[0].len + 1 + parts[1].len);
    return json_is_object(jwt->header) && json_is_object(jwt->claims) &&
           base64url_read(arena, parts[2], &jwt->signature);
}

void jwt_clean_up(struct jwt *jwt)
{
    json_free(jwt->header);
    json_free(jwt->claims);
    *jwt = (struct jwt){0};
}

struct redial_str jwt_claim(const struct jwt *jwt, const char *name)
{
    return json_text(json_at(jwt->claims, name));
}

int64_t jwt_moment(const struct jwt *jwt, const char *name)
{
    return json_int(json_at(jwt->claims, name), -1);
}

bool jwt_is_for(const struct jwt *jwt, struct redial_str audience)
{
    const struct json *aud = json_at(jwt->claims, "aud");

    if (!json_is_array(aud)) return str_eq(json_text(aud), audience);
    for (const struct json *one = json_first(aud); one; one = json_next(one))
        if (str_eq(json_text(one), audience)) return true;
    return false;
}

/* ---- Signatures */

bool jwt_signed_by_rsa(const struct jwt *jwt, const struct rsa_key *key)
{
    struct redial_str algorithm = json_text(json_at(jwt->header, "alg"));
    bool pss = str_is(algorithm, "PS256");

    if (!key || (!pss && !str_is(algorithm, "RS256"))) return false;
    return rsa_key_verifies(key, pss, jwt->signed_part, jwt->signature);
}

static bool hmac(struct redial_str secret, struct redial_str text, unsigned char out[32])
{
    unsigned int len = 0;

    if (secret.len > INT_MAX) return false;
    return HMAC(EVP_sha256(), secret.ptr, (int)secret.len, (const unsigned char *)text.ptr,
                text.len, out, &len) != NULL;
}

bool jwt_signed_by_secret(const struct jwt *jwt, struct redial_str secret)
{
    unsigned char want[32];

    if (!str_is(json_text(json_at(jwt->header, "alg")), "HS256")) return false;
    if (jwt->signature.len != sizeof want || !hmac(secret, jwt->signed_part, want)) return false;
    return CRYPTO_memcmp(want, jwt->signature.ptr, sizeof want) == 0;
}

bool jwt_sign(struct arena *arena, struct redial_str claims, struct redial_str secret,
              struct redial_str *token)
{
    struct text text = TEXT_INIT;
    unsigned char signature[32];
    bool done;

    base64url_append(&text, REDIAL_STR("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"));
    text_append_char(&text, '.');
    base64url_append(&text, claims);
    done = !text.failed && hmac(secret, text_str(&text), signature);
    text_append_char(&text, '.');
    if (done) base64url_append(&text, (struct redial_str){(const char *)signature, 32});
    done = done && !text.failed && arena_copy(arena, text_str(&text), token);
    text_clean_up(&text);
    return done;
}
