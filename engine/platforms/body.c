/* The scan. Nested values need no more memory than a bit per level: whether it is an object. */
#include "platforms/body.h"

#include <string.h>

#include "document/json.h"

struct scan {
    const char *at, *begin, *end;
    const char *what;  /* why it stopped */
    const char *comma; /* the last one between items of the outermost array */
};

static bool fail(struct scan *scan, const char *what)
{
    if (!scan->what) scan->what = what;
    return false;
}

static char peek(const struct scan *scan)
{
    if (scan->at == scan->end) return '\0';
    return *scan->at;
}

static void skip_blanks(struct scan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t'))
        scan->at++;
}

static bool take(struct scan *scan, char c)
{
    if (peek(scan) != c) return false;
    scan->at++;
    return true;
}

/* ---- Strings */

#define EVERY_BYTE(c) (UINT64_C(0x0101010101010101) * (unsigned char)(c))
#define HIGH_BITS     EVERY_BYTE(0x80)

/* Which of eight bytes are below `n` (at most 0x80) or above 0x7f: their high bits. A borrow may
 * mark bytes above the first true one, never below it. */
static uint64_t below(uint64_t bytes, unsigned char n)
{
    return (bytes - EVERY_BYTE(n)) | bytes;
}

/* Eight bytes of which none needs a look: printable ASCII without quote and backslash. Most of a
 * large body is such text. */
static bool is_plain(const char *at)
{
    uint64_t bytes;

    memcpy(&bytes, at, sizeof bytes);
    uint64_t quotes = bytes ^ EVERY_BYTE('"'), slashes = bytes ^ EVERY_BYTE('\\');
    return ((below(bytes, 0x20) | below(quotes, 1) | below(slashes, 1)) & HIGH_BITS) == 0;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool take_escape(struct scan *scan)
{
    scan->at++;
    if (take(scan, 'u')) {
        for (int i = 0; i < 4; i++, scan->at++)
            if (!is_hex(peek(scan))) return fail(scan, "expected four hexadecimal digits");
        return true;
    }
    if (peek(scan) == '\0' || !strchr("\"\\/bfnrt", peek(scan)))
        return fail(scan, "expected one of \"\\/bfnrtu behind a backslash");
    scan->at++;
    return true;
}

static bool take_character(struct scan *scan)
{
    struct redial_str rest = {scan->at, (size_t)(scan->end - scan->at)};
    size_t len;

    if (*scan->at == '\\') return take_escape(scan);
    if ((unsigned char)*scan->at < 0x20)
        return fail(scan, "expected no control character in a string: write \\n, \\t, \\u001f");
    if ((unsigned char)*scan->at < 0x80) {
        scan->at++;
        return true;
    }
    len = str_utf8_char_len(str_take(rest, 4), 0);
    if (len == 0) return fail(scan, "expected UTF-8");
    scan->at += len;
    return true;
}

/* From the quote to behind the quote that ends it. */
static bool take_string(struct scan *scan)
{
    if (!take(scan, '"')) return fail(scan, "expected a string");
    while (scan->at < scan->end) {
        while (scan->end - scan->at >= 8 && is_plain(scan->at)) scan->at += 8;
        if (take(scan, '"')) return true;
        if (scan->at < scan->end && !take_character(scan)) return false;
    }
    return fail(scan, "expected the end of a string");
}

/* ---- Other values */

static bool take_digits(struct scan *scan)
{
    const char *begin = scan->at;

    while (peek(scan) >= '0' && peek(scan) <= '9') scan->at++;
    return scan->at > begin || fail(scan, "expected a digit");
}

static bool take_number(struct scan *scan)
{
    (void)take(scan, '-');
    if (!take(scan, '0') && !take_digits(scan)) return false;
    if (take(scan, '.') && !take_digits(scan)) return false;
    if (!take(scan, 'e') && !take(scan, 'E')) return true;
    if (!take(scan, '-')) (void)take(scan, '+');
    return take_digits(scan);
}

static bool take_word(struct scan *scan)
{
    static const struct redial_str words[] = {REDIAL_STR_INIT("true"), REDIAL_STR_INIT("false"),
                                              REDIAL_STR_INIT("null")};
    struct redial_str rest = {scan->at, (size_t)(scan->end - scan->at)};

    for (size_t i = 0; i < REDIAL_COUNT_OF(words); i++) {
        if (!str_starts_with(rest, words[i])) continue;
        scan->at += words[i].len;
        return true;
    }
    return fail(scan, "expected a value");
}

static bool take_scalar(struct scan *scan)
{
    char c = peek(scan);

    if (c == '"') return take_string(scan);
    if (c == '-' || (c >= '0' && c <= '9')) return take_number(scan);
    return take_word(scan);
}

/* ---- Nested values */

struct levels {
    uint64_t objects[BODY_DEPTH_MAX / 64]; /* bit per level: an object rather than an array */
    size_t depth;
};

static bool is_object(const struct levels *levels)
{
    size_t level = levels->depth - 1;

    return levels->objects[level / 64] >> (level % 64) & 1;
}

static bool open_level(struct scan *scan, struct levels *levels, bool object)
{
    size_t level = levels->depth;
    uint64_t bit = UINT64_C(1) << (level % 64);

    if (level == BODY_DEPTH_MAX) return fail(scan, "expected no more than 512 levels");
    levels->objects[level / 64] &= ~bit;
    if (object) levels->objects[level / 64] |= bit;
    levels->depth++;
    scan->at++;
    skip_blanks(scan);
    return true;
}

/* `"name":` and the blanks around. */
static bool take_name(struct scan *scan)
{
    if (peek(scan) != '"') return fail(scan, "expected the name of a member");
    if (!take_string(scan)) return false;
    skip_blanks(scan);
    if (!take(scan, ':')) return fail(scan, "expected ':' behind the name of a member");
    skip_blanks(scan);
    return true;
}

/* Behind a value: closes what ends here; false at a comma, or at the end of the outermost. */
static bool close_level(struct scan *scan, struct levels *levels)
{
    skip_blanks(scan);
    if (!take(scan, is_object(levels) ? '}' : ']')) return false;
    levels->depth--;
    return levels->depth > 0;
}

static bool take_comma(struct scan *scan, const struct levels *levels)
{
    bool object = is_object(levels);

    if (levels->depth == 1) scan->comma = scan->at;
    if (!take(scan, ','))
        return fail(scan, object ? "expected ',' or '}' behind a member"
                                 : "expected ',' or ']' behind a value");
    skip_blanks(scan);
    return !object || take_name(scan);
}

/* One value at its first byte: opens levels down to a scalar, or to something empty. */
static bool descend(struct scan *scan, struct levels *levels)
{
    for (;;) {
        char c = peek(scan);

        if (c != '{' && c != '[') return take_scalar(scan);
        if (!open_level(scan, levels, c == '{')) return false;
        if (peek(scan) == (c == '{' ? '}' : ']')) return true;
        if (c == '{' && !take_name(scan)) return false;
    }
}

static bool take_value(struct scan *scan)
{
    struct levels levels = {.depth = 0};

    do {
        if (!descend(scan, &levels)) return false;
        while (levels.depth > 0 && close_level(scan, &levels)) {}
    } while (levels.depth > 0 && take_comma(scan, &levels));
    return !scan->what;
}

/* ---- The object */

static const struct {
    const char *name;
    char kinds[3]; /* first bytes that its value may have; 0: a digit */
    const char *what;
} words[BODY_WORD_COUNT] = {
    [BODY_MODEL] = {"model", "\"", "expected `model` to be a string"},
    [BODY_MESSAGES] = {"messages", "[", "expected `messages` to be a list"},
    [BODY_MAX_TOKENS] = {"max_tokens", "0", "expected `max_tokens` to be a number, 0 or above"},
    [BODY_STREAM] = {"stream", "tf", "expected `stream` to be true or false"},
    [BODY_SPEED] = {"speed", "\"", "expected `speed` to be a string"},
    [BODY_ANTHROPIC_VERSION] = {"anthropic_version", "\"",
                                "expected `anthropic_version` to be a string"},
    [BODY_ANTHROPIC_BETA] = {"anthropic_beta", "[", "expected `anthropic_beta` to be a list"},
    [BODY_SYSTEM] = {"system", "\"[", "expected `system` to be a string or a list"},
};

static enum body_word find_word(struct redial_str name)
{
    for (enum body_word word = 0; word < BODY_OTHER; word++)
        if (str_is(name, words[word].name)) return word;
    return BODY_OTHER;
}

static bool check_name(struct scan *scan, const struct body *body, struct redial_str name)
{
    if (name.len > 0 && memchr(name.ptr, '\\', name.len))
        return fail(scan, "expected the name of a member without escapes");
    for (size_t i = 0; i < body->member_count; i++)
        if (str_eq(body->members[i].name, name))
            return fail(scan, "expected each member once: this name stands twice");
    return body->member_count < BODY_MEMBERS_MAX || fail(scan, "expected no more than 128 members");
}

static bool check_kind(struct scan *scan, enum body_word word)
{
    char c = peek(scan);

    if (word == BODY_OTHER) return true;
    if (c >= '0' && c <= '9') c = '0';
    return (c != '\0' && strchr(words[word].kinds, c)) || fail(scan, words[word].what);
}

static void find_last(const struct scan *scan, struct body_member *member)
{
    const char *before = scan->comma ? scan->comma : member->value.ptr;
    size_t at = (size_t)(before - member->value.ptr);

    member->before_last = scan->comma ? at : 1;
    member->last = str_trim(str_take(str_skip(member->value, at + 1), member->value.len - at - 2));
}

static bool take_member(struct scan *scan, struct body *body)
{
    struct body_member *member = &body->members[body->member_count];
    const char *begin = scan->at;

    if (peek(scan) != '"') return fail(scan, "expected the name of a member");
    if (!take_string(scan)) return false;
    struct redial_str name = {begin + 1, (size_t)(scan->at - begin) - 2};
    scan->at = begin; /* where an error is shown */
    if (!check_name(scan, body, name) || !take_name(scan)) return false;
    *member = (struct body_member){.word = find_word(name), .name = name};
    begin = scan->at;
    scan->comma = NULL;
    if (!check_kind(scan, member->word) || !take_value(scan)) return false;
    member->value = (struct redial_str){begin, (size_t)(scan->at - begin)};
    if (member->word == BODY_MESSAGES) find_last(scan, member);
    body->member_count++;
    skip_blanks(scan);
    return true;
}

static bool take_object(struct scan *scan, struct body *body)
{
    skip_blanks(scan);
    if (!take(scan, '{')) return fail(scan, "expected '{': a request is a JSON object");
    skip_blanks(scan);
    if (!take(scan, '}')) {
        do {
            skip_blanks(scan);
            if (!take_member(scan, body)) return false;
        } while (take(scan, ','));
        if (!take(scan, '}')) return fail(scan, "expected ',' or '}' behind a member");
    }
    skip_blanks(scan);
    return scan->at == scan->end || fail(scan, "expected nothing behind the object");
}

static void locate(const struct scan *scan, struct body_error *error)
{
    *error = (struct body_error){
        .at = (size_t)(scan->at - scan->begin), .line = 1, .column = 1, .what = scan->what};
    for (const char *c = scan->begin; c < scan->at; c++) {
        error->column = *c == '\n' ? 1 : error->column + 1;
        error->line += *c == '\n';
    }
}

bool body_scan(struct redial_str text, struct body *body, struct body_error *error)
{
    const char *begin = text.len > 0 ? text.ptr : "";
    struct scan scan = {.at = begin, .begin = begin, .end = begin + text.len};

    body->text = text;
    body->member_count = 0;
    if (take_object(&scan, body)) return true;
    locate(&scan, error);
    return false;
}

void body_error_write(const struct body_error *error, struct text *out)
{
    text_printf(out, "line %zu, column %zu (byte %zu): %s", error->line, error->column, error->at,
                error->what);
}

/* ---- What members say */

const struct body_member *body_find(const struct body *body, enum body_word word)
{
    for (size_t i = 0; i < body->member_count; i++)
        if (body->members[i].word == word) return &body->members[i];
    return NULL;
}

static struct json *parse(const struct body *body, enum body_word word)
{
    const struct body_member *member = body_find(body, word);

    return member ? json_parse(member->value) : NULL;
}

bool body_read_text(const struct body *body, enum body_word word, struct text *out)
{
    struct json *value = parse(body, word);

    text_append(out, json_text(value));
    json_free(value);
    return value != NULL && !out->failed;
}

int64_t body_read_int(const struct body *body, enum body_word word, int64_t otherwise)
{
    struct json *value = parse(body, word);
    int64_t number = json_int(value, otherwise);

    json_free(value);
    return number;
}

bool body_is_true(const struct body *body, enum body_word word)
{
    const struct body_member *member = body_find(body, word);

    return member && str_is(member->value, "true");
}
