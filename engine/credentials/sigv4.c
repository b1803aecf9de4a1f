/* Signs: the canonical request is hashed into a string to sign, and that is signed by a key made of
 * the secret, the day, the region and the service. */
#include "credentials/sigv4.h"

#include <openssl/crypto.h>
#include <string.h>

#include "base/duration.h"
#include "credentials/sigv4_canonical.h"
#include "credentials/sigv4_hash.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

/* What a signature is made of, on its way. */
struct signing {
    struct arena *arena;
    struct hasher *hasher;
    const struct sigv4 *keys;
    struct http_request *request;
    struct url url;
    struct redial_str stamp, day; /* "20150830T123600Z" and its date */
    struct redial_str body_hash, scope, signed_names;
    struct sigv4_parts parts;
    struct redial_str *why;
};

static bool refuse(const struct signing *signing, struct redial_str why)
{
    *signing->why = why;
    return false;
}

static bool out_of_memory(const struct signing *signing)
{
    return refuse(signing, REDIAL_STR("memory is out"));
}

static bool openssl_failed(const struct signing *signing)
{
    return refuse(signing, REDIAL_STR("OpenSSL failed to compute SHA-256"));
}

static bool settle(const struct signing *signing, struct text *text, struct redial_str *settled)
{
    bool done = !text->failed && arena_copy(signing->arena, text_str(text), settled);
    text_clean_up(text);
    return done || out_of_memory(signing);
}

/* Without printf, which would cost more than the hashes do. */
static bool join(const struct signing *signing, const struct redial_str *pieces, size_t count,
                 struct redial_str *joined)
{
    size_t len = 0, at = 0;
    for (size_t i = 0; i < count; i++) len += pieces[i].len;
    char *ptr = ARENA_ARRAY(signing->arena, char, len);
    if (!ptr) return out_of_memory(signing);
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].len > 0) memcpy(ptr + at, pieces[i].ptr, pieces[i].len);
        at += pieces[i].len;
    }
    *joined = (struct redial_str){ptr, len};
    return true;
}
#define JOIN(signing, joined, ...)                                                                 \
    join(signing, (const struct redial_str[]){__VA_ARGS__},                                        \
         sizeof((const struct redial_str[]){__VA_ARGS__}) / sizeof(struct redial_str), joined)

/* ---- Hashes */

static bool hex(const struct signing *signing, const struct hash *hash, struct redial_str *out)
{
    static const char digits[] = "0123456789abcdef";
    const size_t len = (size_t)2 * HASH_BYTES;
    char *ptr = ARENA_ARRAY(signing->arena, char, len);
    if (!ptr) return out_of_memory(signing);
    for (size_t i = 0; i < HASH_BYTES; i++) {
        ptr[2 * i] = digits[hash->bytes[i] >> 4];
        ptr[2 * i + 1] = digits[hash->bytes[i] & 15];
    }
    *out = (struct redial_str){ptr, len};
    return true;
}

static bool hex_of_pieces(const struct signing *signing, const struct redial_str *pieces,
                          size_t count, struct redial_str *out)
{
    struct hash hash;
    if (!hasher_hash(signing->hasher, pieces, count, &hash)) return openssl_failed(signing);
    return hex(signing, &hash, out);
}

static struct redial_str key_of(const struct hash *hash)
{
    return (struct redial_str){(const char *)hash->bytes, HASH_BYTES};
}

/* HMAC over the day, the region, the service and a last word, each keyed by the one before. */
static bool make_key(const struct signing *signing, struct hash *key)
{
    const struct redial_str links[] = {signing->day, signing->keys->region, signing->keys->service,
                                       REDIAL_STR("aws4_request")};
    struct text first = TEXT_INIT;
    text_append(&first, REDIAL_STR("AWS4"));
    text_append(&first, signing->keys->secret_access_key);
    bool memory = !first.failed;
    bool good = memory && hasher_hmac(signing->hasher, text_str(&first), links[0], key);
    for (size_t i = 1; good && i < REDIAL_COUNT_OF(links); i++) {
        struct hash before = *key;
        good = hasher_hmac(signing->hasher, key_of(&before), links[i], key);
    }
    if (first.ptr) OPENSSL_cleanse(first.ptr, first.len);
    text_clean_up(&first);
    if (!memory) return out_of_memory(signing);
    return good || openssl_failed(signing);
}

/* The key is the same for a day: each thread keeps its last one, found again by a hash of what it
 * was made of, so that no secret stays here. */
static bool derive_key(const struct signing *signing, struct hash *key)
{
    static _Thread_local struct hash last_id, last_key;
    const struct sigv4 *keys = signing->keys;
    const struct redial_str line = REDIAL_STR("\n"); /* in none of them */
    const struct redial_str parts[] = {
        keys->secret_access_key, line, signing->day, line, keys->region, line, keys->service};
    struct hash id;
    if (!hasher_hash(signing->hasher, parts, REDIAL_COUNT_OF(parts), &id))
        return openssl_failed(signing);
    if (memcmp(&id, &last_id, sizeof id) != 0) {
        if (!make_key(signing, key)) return false;
        last_id = id;
        last_key = *key;
    }
    *key = last_key;
    return true;
}

/* ---- Headers */

/* "20150830T123600Z": RFC 3339 without its separators. */
static bool write_stamp(struct signing *signing)
{
    struct text date = TEXT_INIT, stamp = TEXT_INIT;
    rfc3339_format(signing->keys->now, &date);
    for (size_t i = 0; i < date.len; i++)
        if (date.ptr[i] != '-' && date.ptr[i] != ':') text_append_char(&stamp, date.ptr[i]);
    bool failed = date.failed;
    text_clean_up(&date);
    if (!settle(signing, &stamp, &signing->stamp) || failed) return out_of_memory(signing);
    signing->day = str_take(signing->stamp, strlen("YYYYMMDD"));
    return true;
}

static void add_header(struct redial_header *headers, size_t *count, const char *name,
                       struct redial_str value)
{
    headers[(*count)++] = (struct redial_header){str_of(name), value};
}

/* The request's own headers, without those of an earlier signature, and the signature's. */
static bool add_headers(struct signing *signing)
{
    struct http_request *request = signing->request;
    const struct sigv4 *keys = signing->keys;
    size_t count = 0;
    struct redial_header *headers =
        ARENA_ARRAY(signing->arena, struct redial_header, request->header_count + 4);
    if (!headers) return out_of_memory(signing);
    for (size_t i = 0; i < request->header_count; i++)
        if (!canonical_replaces(request->headers[i].name)) headers[count++] = request->headers[i];
    add_header(headers, &count, "x-amz-date", signing->stamp);
    if (keys->content_sha256)
        add_header(headers, &count, "x-amz-content-sha256", signing->body_hash);
    if (keys->session_token.len > 0)
        add_header(headers, &count, "x-amz-security-token", keys->session_token);
    request->headers = headers;
    request->header_count = count;
    return true;
}

static bool add_authorization(struct signing *signing)
{
    struct http_request *request = signing->request;
    struct redial_header *last =
        ARENA_ARRAY(signing->arena, struct redial_header, request->header_count + 1);
    struct redial_str value;
    if (!last) return out_of_memory(signing);
    if (!JOIN(signing, &value, REDIAL_STR(ALGORITHM " Credential="), signing->keys->access_key_id,
              REDIAL_STR("/"), signing->scope, REDIAL_STR(", SignedHeaders="),
              signing->signed_names, REDIAL_STR(", Signature="), signing->parts.signature))
        return false;
    memcpy(last, request->headers, request->header_count * sizeof *last);
    request->headers = last;
    add_header(last, &request->header_count, "authorization", value);
    return true;
}

/* ---- What is signed */

static bool write_canonical_request(struct signing *signing)
{
    const struct http_request *request = signing->request;
    struct redial_str skip = signing->keys->leave_token_out ? REDIAL_STR("x-amz-security-token")
                                                            : (struct redial_str){0};
    struct text text = TEXT_INIT, names = TEXT_INIT;
    text_append(&text, str_of(request->method));
    text_append_char(&text, '\n');
    bool good = canonical_path(signing->arena, signing->keys, signing->url.path, &text);
    text_append_char(&text, '\n');
    good = good && canonical_query(signing->arena, signing->url.query, &text);
    text_append_char(&text, '\n');
    good = good && canonical_headers(signing->arena, request, &signing->url, skip, &text, &names);
    text_append_char(&text, '\n');
    text_append(&text, text_str(&names));
    text_append_char(&text, '\n');
    text_append(&text, signing->body_hash);
    good &= settle(signing, &names, &signing->signed_names);
    good &= settle(signing, &text, &signing->parts.canonical_request);
    return good || out_of_memory(signing);
}

static bool write_string_to_sign(struct signing *signing)
{
    const struct sigv4 *keys = signing->keys;
    struct redial_str hash;
    if (!hex_of_pieces(signing, &signing->parts.canonical_request, 1, &hash)) return false;
    const struct redial_str slash = REDIAL_STR("/"), line = REDIAL_STR("\n");
    return JOIN(signing, &signing->scope, signing->day, slash, keys->region, slash, keys->service,
                REDIAL_STR("/aws4_request")) &&
           JOIN(signing, &signing->parts.string_to_sign, REDIAL_STR(ALGORITHM), line,
                signing->stamp, line, signing->scope, line, hash);
}

static bool write_signature(struct signing *signing)
{
    struct hash key, signature;
    if (!derive_key(signing, &key)) return false;
    bool good =
        hasher_hmac(signing->hasher, key_of(&key), signing->parts.string_to_sign, &signature);
    OPENSSL_cleanse(&key, sizeof key);
    if (!good) return openssl_failed(signing);
    return hex(signing, &signature, &signing->parts.signature);
}

/* ---- What cannot be signed */

static bool is_token(struct redial_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] <= ' ' || text.ptr[i] == 0x7f) return false;
    return true;
}

static bool is_signable(struct signing *signing)
{
    const struct sigv4 *keys = signing->keys;
    const struct {
        struct redial_str text;
        bool optional;
        const char *why;
    } parts[] = {
        {keys->access_key_id, false, "the access key ID is empty or holds a blank or line break"},
        {keys->secret_access_key, false, "the secret key is empty or holds a blank or line break"},
        {keys->session_token, true, "the session token holds a blank or line break"},
        {keys->region, false, "no AWS region is known: set AWS_REGION"},
        {keys->service, false, "no AWS service is named to sign for"},
    };
    for (size_t i = 0; i < REDIAL_COUNT_OF(parts); i++)
        if ((parts[i].text.len == 0 && !parts[i].optional) || !is_token(parts[i].text))
            return refuse(signing, str_of(parts[i].why));
    if (!url_split(signing->request->url, &signing->url))
        return refuse(signing, REDIAL_STR("the URL to sign is no http or https URL"));
    return true;
}

static bool sign(struct signing *signing)
{
    const struct http_request *request = signing->request;
    return write_stamp(signing) &&
           hex_of_pieces(signing, request->pieces, request->piece_count, &signing->body_hash) &&
           add_headers(signing) && write_canonical_request(signing) &&
           write_string_to_sign(signing) && write_signature(signing) && add_authorization(signing);
}

bool sigv4_sign(struct arena *arena, const struct sigv4 *keys, struct http_request *request,
                struct sigv4_parts *parts, struct redial_str *why)
{
    struct hasher hasher = {0};
    struct signing signing = {
        .arena = arena, .hasher = &hasher, .keys = keys, .request = request, .why = why};
    if (!is_signable(&signing)) return false;
    bool good = hasher_init(&hasher) ? sign(&signing) : openssl_failed(&signing);
    hasher_clean_up(&hasher);
    if (good && parts) *parts = signing.parts;
    return good;
}
