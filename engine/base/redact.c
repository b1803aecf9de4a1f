#include "base/redact.h"

/* What a credential looks like: an introduction, then a run of bytes that may belong to it. */
struct pattern {
    struct redial_str begins; /* compared without case */
    bool (*belongs)(char c);  /* bytes of the secret behind it */
    size_t shortest;          /* fewer such bytes are no secret */
    bool keep_begin;          /* the introduction names it and is kept: "Bearer [redacted]" */
    bool named;               /* a name, then '=' or ':' and perhaps quotes, before the secret */
    bool wordlike; /* the secret must not read as a plain word ("Bearer token expired") */
};

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool in_key(char c)
{
    return is_alnum(c) || c == '-' || c == '_';
}

static bool in_token(char c)
{
    return in_key(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '=' || c == '%';
}

static bool in_value(char c)
{
    return (unsigned char)c > ' ' && c != '"' && c != '\'' && c != ',' && c != ';' && c != '&' &&
           c != '}' && c != ')' && c != ']';
}

static bool in_line(char c)
{
    return c != '\r' && c != '\n' && c != '"';
}

static bool in_pem(char c)
{
    return c != '\0';
}

#define LOOKS(text, belongs, shortest)                                                             \
    {                                                                                              \
        {text, sizeof(text) - 1}, belongs, shortest, false, false, false                           \
    }
#define SCHEME(text)                                                                               \
    {                                                                                              \
        {text, sizeof(text) - 1}, in_token, 8, true, false, true                                   \
    }
#define NAMED(text)                                                                                \
    {                                                                                              \
        {text, sizeof(text) - 1}, in_value, 1, true, true, false                                   \
    }
#define NAMED_LINE(text)                                                                           \
    {                                                                                              \
        {text, sizeof(text) - 1}, in_line, 1, true, true, false                                    \
    }

static const struct pattern patterns[] = {
    LOOKS("sk-ant-", in_key, 4),
    LOOKS("sk-", in_key, 20),
    LOOKS("AKIA", is_alnum, 16),
    LOOKS("ASIA", is_alnum, 16),
    LOOKS("eyJ", in_token, 16),  /* a JWT: base64url of {" */
    LOOKS("ya29.", in_token, 8), /* a Google access token */
    LOOKS("AIza", in_key, 30),
    LOOKS("ABSK", in_token, 20), /* a Bedrock API key */
    LOOKS("-----BEGIN", in_pem, 1),
    SCHEME("Bearer "),
    SCHEME("Basic "),
    NAMED_LINE("authorization"),
    NAMED_LINE("cookie"),
    NAMED("x-api-key"),
    NAMED("api-key"),
    NAMED("api_key"),
    NAMED("apikey"),
    NAMED("x-goog-api-key"),
    NAMED("x-amz-security-token"),
    NAMED("x-amz-signature"),
    NAMED("x-amz-credential"),
    NAMED("signature"),
    NAMED("access_token"),
    NAMED("accesstoken"),
    NAMED("refresh_token"),
    NAMED("id_token"),
    NAMED("session_token"),
    NAMED("sessiontoken"),
    NAMED("client_secret"),
    NAMED("client_assertion"),
    NAMED("secret_access_key"),
    NAMED("secretaccesskey"),
    NAMED("password"),
};

static size_t run_of(struct redial_str text, bool (*belongs)(char c))
{
    size_t len = 0;
    while (len < text.len && belongs(text.ptr[len])) len++;
    return len;
}

/* Behind a name: closing quote, blanks, '=' or ':', blanks, opening quote. 0 when it is no
 * assignment. */
static size_t assignment(struct redial_str text)
{
    size_t at = 0;
    while (at < text.len && (text.ptr[at] == '"' || text.ptr[at] == '\\' || text.ptr[at] == ' '))
        at++;
    if (at == text.len || (text.ptr[at] != '=' && text.ptr[at] != ':')) return 0;
    at++;
    while (at < text.len && (text.ptr[at] == '"' || text.ptr[at] == '\\' || text.ptr[at] == ' ' ||
                             text.ptr[at] == '\''))
        at++;
    return at;
}

/* Only letters, and not many of them. */
static bool is_plain_word(struct redial_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_alnum(text.ptr[i]) || (text.ptr[i] >= '0' && text.ptr[i] <= '9')) return false;
    return text.len < 20;
}

/* How many bytes of `text` the pattern covers, of which `*kept` stay; 0 when it does not match. */
static size_t pattern_len(const struct pattern *pattern, struct redial_str text, size_t *kept)
{
    size_t begin = pattern->begins.len;
    if (!str_eq_nocase(str_take(text, begin), pattern->begins)) return 0;
    if (pattern->named) {
        size_t more = assignment(str_skip(text, begin));
        if (more == 0) return 0;
        begin += more;
    }
    struct redial_str secret = str_skip(text, begin);
    if (str_starts_with(secret, REDIAL_STR(REDACTED))) return 0; /* cut before: nothing is left */
    secret.len = run_of(secret, pattern->belongs);
    if (secret.len < pattern->shortest) return 0;
    if (pattern->wordlike && is_plain_word(secret)) return 0;
    *kept = pattern->keep_begin ? begin : 0;
    return begin + secret.len;
}

/* The longest known secret that begins here: one may be the beginning of another. */
static size_t known_len(struct redial_str text, const struct secrets *known)
{
    size_t len = 0;
    for (size_t i = 0; known && i < known->count; i++)
        if (known->texts[i].len > len && str_starts_with(text, known->texts[i]))
            len = known->texts[i].len;
    return len;
}

static bool in_userinfo(char c)
{
    return (unsigned char)c > ' ' && c != '/' && c != '@' && c != '"' && c != '?' && c != '#';
}

/* "://user:password@" of a URL (RFC 3986 section 3.2.1). */
static size_t userinfo_len(struct redial_str text, size_t *kept)
{
    struct redial_str begins = REDIAL_STR("://");
    if (!str_starts_with(text, begins)) return 0;
    size_t len = begins.len + run_of(str_skip(text, begins.len), in_userinfo);
    if (len == begins.len || len == text.len || text.ptr[len] != '@') return 0;
    *kept = begins.len;
    return len;
}

/* The secret that begins here, as bytes to leave out after `*kept` bytes to keep; 0 when none
 * does. */
static size_t secret_len(struct redial_str text, bool at_word, const struct secrets *known,
                         size_t *kept)
{
    *kept = 0;
    size_t len = known_len(text, known);
    if (len == 0) len = userinfo_len(text, kept);
    for (size_t i = 0; len == 0 && at_word && i < REDIAL_COUNT_OF(patterns); i++)
        len = pattern_len(&patterns[i], text, kept);
    return len;
}

bool redact(struct redial_str piece, const struct secrets *known, struct text *out)
{
    bool cut = false;
    size_t from = 0, at = 0;
    while (at < piece.len) {
        /* only where a word begins: "task-…" is no "sk-…"; '-' ends a word, so that "set-cookie"
         * holds "cookie" */
        bool at_word = at == 0 || !is_alnum(piece.ptr[at - 1]);
        size_t kept = 0;
        size_t len = secret_len(str_skip(piece, at), at_word, known, &kept);
        if (len == 0) {
            at++;
            continue;
        }
        text_append(out, (struct redial_str){piece.ptr + from, at + kept - from});
        text_append(out, REDIAL_STR(REDACTED));
        cut = true;
        at += len;
        from = at;
    }
    text_append(out, str_skip(piece, from));
    return cut;
}
