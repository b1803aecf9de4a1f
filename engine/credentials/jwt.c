#include "credentials/jwt.h"

#include <string.h>

#include "base/duration.h"
#include "document/json.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_append(struct text *out, struct redial_str bytes)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t here = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++)
            group = group << 8 | (k < here ? (unsigned char)bytes.ptr[i + k] : 0u);
        for (size_t k = 0; k <= here; k++)
            text_append_char(out, alphabet[group >> (18 - 6 * k) & 63]);
    }
}

static int value_of(char c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

bool base64url_decode(struct redial_str text, struct text *out)
{
    size_t before = out->len;
    uint32_t group = 0;
    unsigned bits = 0;

    while (text.len > 0 && text.ptr[text.len - 1] == '=') text.len--;
    for (size_t i = 0; i < text.len; i++) {
        int value = value_of(text.ptr[i]);
        if (value < 0 || text.len % 4 == 1) {
            out->len = before;
            return false;
        }
        group = (group << 6 | (uint32_t)value) & 0xffffffu;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        text_append_char(out, (char)(group >> bits & 255));
    }
    return !out->failed;
}

bool jwt_sign(const struct signing_key *key, struct redial_str header, struct redial_str claims,
              struct text *token)
{
    struct text signature = TEXT_INIT;
    size_t begin = token->len;

    base64url_append(token, header);
    text_append_char(token, '.');
    base64url_append(token, claims);
    bool right =
        !token->failed && signing_key_sign(key, str_skip(text_str(token), begin), &signature);
    text_append_char(token, '.');
    base64url_append(token, text_str(&signature));
    text_clean_up(&signature);
    return right && !token->failed;
}

static bool read_exp(struct redial_str claims, int64_t *expires_at)
{
    struct json *root = json_parse(claims);
    int64_t seconds = json_int(json_at(root, "exp"), -1);
    json_free(root);
    if (seconds < 0 || seconds > INT64_MAX / NS_PER_SECOND) return false;
    *expires_at = seconds * NS_PER_SECOND;
    return true;
}

bool jwt_expires_at(struct redial_str token, int64_t *expires_at)
{
    struct text claims = TEXT_INIT;
    struct redial_str header, middle;
    bool right = str_split(&token, '.', &header) && str_split(&token, '.', &middle) &&
                 base64url_decode(middle, &claims) && read_exp(text_str(&claims), expires_at);
    text_clean_up(&claims);
    return right;
}
