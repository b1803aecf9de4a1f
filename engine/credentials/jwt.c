#include "credentials/jwt.h"

#include <string.h>

#include "base/base64.h"
#include "base/duration.h"
#include "document/json.h"

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
