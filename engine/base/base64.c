#include "base/base64.h"

#include <stdint.h>
#include <string.h>

#define GROUP   3u /* bytes, of which four digits are made */
#define ENCODED 4u
#define AT_ONCE 256u /* groups, on their way through the stack */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char digits_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static const unsigned char *octets(struct redial_str text)
{
    return (const unsigned char *)text.ptr;
}

/* ---- Decoding */

static int value_of(char c, const char *alphabet)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == alphabet[62]) return 62;
    return c == alphabet[63] ? 63 : -1;
}

/* Of up to a group of digits; the bits that fill no byte are dropped. False at another sign. */
static bool decode_group(struct redial_str encoded, const char *alphabet, char bytes[GROUP])
{
    uint32_t group = 0;
    for (size_t i = 0; i < ENCODED; i++) {
        int value = i < encoded.len ? value_of(encoded.ptr[i], alphabet) : 0;
        if (value < 0) return false;
        group = group << 6 | (uint32_t)value;
    }
    for (size_t i = 0; i < GROUP; i++) bytes[i] = (char)(group >> (16 - 8 * i) & 255);
    return true;
}

static bool decode(struct redial_str encoded, const char *alphabet, struct text *out)
{
    char bytes[GROUP * AT_ONCE];
    size_t before = out->len;
    bool good = encoded.len % ENCODED != 1;
    while (good && encoded.len > 0) {
        size_t len = 0;
        for (size_t i = 0; good && encoded.len > 0 && i < AT_ONCE; i++) {
            struct redial_str group = str_take(encoded, ENCODED);
            good = decode_group(group, alphabet, bytes + len);
            len += group.len * GROUP / ENCODED;
            encoded = str_skip(encoded, group.len);
        }
        text_append(out, (struct redial_str){bytes, len});
    }
    if (!good) out->len = before;
    return good && !out->failed;
}

static struct redial_str without_padding(struct redial_str encoded, size_t most)
{
    for (; most > 0 && str_ends_with(encoded, REDIAL_STR("=")); most--) encoded.len--;
    return encoded;
}

bool base64_decode(struct redial_str encoded, struct text *out)
{
    if (encoded.len % ENCODED != 0) return false;
    return decode(without_padding(encoded, 2), digits, out);
}

bool base64url_decode(struct redial_str text, struct text *out)
{
    return decode(without_padding(text, text.len), digits_url, out);
}

/* ---- Encoding */

/* Of up to a group of bytes, one digit more than they are. */
static void encode_group(const unsigned char *bytes, size_t count, const char *alphabet,
                         char encoded[ENCODED])
{
    uint32_t group = 0;
    for (size_t i = 0; i < GROUP; i++) group = group << 8 | (i < count ? bytes[i] : 0u);
    for (size_t i = 0; i <= count; i++) encoded[i] = alphabet[group >> (18 - 6 * i) & 63];
}

/* The last group is short where the bytes do not fill it. */
static void encode(const unsigned char *bytes, size_t len, const char *alphabet, struct text *out)
{
    char encoded[ENCODED * AT_ONCE];
    while (len > 0) {
        size_t written = 0;
        for (size_t i = 0; len > 0 && i < AT_ONCE; i++) {
            size_t count = len < GROUP ? len : GROUP;
            encode_group(bytes, count, alphabet, encoded + written);
            written += count + 1;
            bytes += count;
            len -= count;
        }
        text_append(out, (struct redial_str){encoded, written});
    }
}

void base64_append(struct base64 *base64, struct redial_str piece, struct text *out)
{
    while (base64->rest_len > 0 && base64->rest_len < GROUP && piece.len > 0) {
        base64->rest[base64->rest_len++] = octets(piece)[0];
        piece = str_skip(piece, 1);
    }
    if (base64->rest_len == GROUP) {
        encode(base64->rest, GROUP, digits, out);
        base64->rest_len = 0;
    }
    size_t whole = piece.len / GROUP * GROUP;
    if (base64->rest_len > 0) return; /* the piece did not fill a group */
    encode(octets(piece), whole, digits, out);
    base64->rest_len = piece.len - whole;
    if (base64->rest_len > 0) memcpy(base64->rest, octets(piece) + whole, base64->rest_len);
}

void base64_end(struct base64 *base64, struct text *out)
{
    encode(base64->rest, base64->rest_len, digits, out);
    for (size_t i = base64->rest_len; i > 0 && i < GROUP; i++) text_append_char(out, '=');
    base64->rest_len = 0;
}

void base64url_append(struct text *out, struct redial_str bytes)
{
    encode(octets(bytes), bytes.len, digits_url, out);
}
