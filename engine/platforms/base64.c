#include "platforms/base64.h"

#include <openssl/evp.h>
#include <string.h>

#define GROUP   3u /* bytes, of which four characters are made */
#define ENCODED 4u

static const unsigned char *octets(struct redial_str text)
{
    return (const unsigned char *)text.ptr;
}

/* ---- Decoding */

/* Signs of padding; OpenSSL would take them anywhere. SIZE_MAX: not where they belong. */
static size_t padding_len(struct redial_str encoded)
{
    size_t at = str_find(encoded, REDIAL_STR("="));
    size_t len = at == SIZE_MAX ? 0 : encoded.len - at;

    if (encoded.len % ENCODED != 0 || len > 2) return SIZE_MAX;
    return len == 2 && encoded.ptr[encoded.len - 1] != '=' ? SIZE_MAX : len;
}

bool base64_decode(struct redial_str encoded, struct text *out)
{
    unsigned char bytes[GROUP * 256];
    size_t padding = padding_len(encoded);

    if (padding == SIZE_MAX) return false;
    while (encoded.len > 0) {
        struct redial_str piece = str_take(encoded, ENCODED * 256);
        int len = EVP_DecodeBlock(bytes, octets(piece), (int)piece.len);
        if (len < 0 || (size_t)len != piece.len / ENCODED * GROUP) return false;
        encoded = str_skip(encoded, piece.len);
        text_append(out, (struct redial_str){(const char *)bytes,
                                             (size_t)len - (encoded.len == 0 ? padding : 0)});
    }
    return !out->failed;
}

/* ---- Encoding */

static void encode(const unsigned char *bytes, size_t len, struct text *out)
{
    unsigned char encoded[ENCODED * 256 + 1];

    for (size_t at = 0; at < len; at += GROUP * 256) {
        size_t left = len - at < GROUP * 256 ? len - at : GROUP * 256;
        int written = EVP_EncodeBlock(encoded, bytes + at, (int)left);
        text_append(out, (struct redial_str){(const char *)encoded, (size_t)written});
    }
}

void base64_append(struct base64 *base64, struct redial_str piece, struct text *out)
{
    while (base64->rest_len > 0 && base64->rest_len < GROUP && piece.len > 0) {
        base64->rest[base64->rest_len++] = octets(piece)[0];
        piece = str_skip(piece, 1);
    }
    if (base64->rest_len == GROUP) {
        encode(base64->rest, GROUP, out);
        base64->rest_len = 0;
    }
    size_t whole = piece.len / GROUP * GROUP;
    if (base64->rest_len > 0) return; /* the piece did not fill a group */
    encode(octets(piece), whole, out);
    base64->rest_len = piece.len - whole;
    if (base64->rest_len > 0) memcpy(base64->rest, octets(piece) + whole, base64->rest_len);
}

void base64_end(struct base64 *base64, struct text *out)
{
    encode(base64->rest, base64->rest_len, out);
    base64->rest_len = 0;
}
