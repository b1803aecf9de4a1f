#include "simulator/authority/canonical.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "simulator/authority/parts.h"

/* ---- Hashes */

void hex_write(const unsigned char *bytes, size_t count, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < count; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

void sha256_hex(struct redial_str bytes, char out[SHA256_HEX_SIZE])
{
    unsigned char hash[SHA256_DIGEST_LENGTH];

    SHA256((const unsigned char *)bytes.ptr, bytes.len, hash);
    hex_write(hash, sizeof hash, out);
}

/* ---- Percent encoding: the unreserved characters of RFC 3986 §2.3 stay, the rest is %XX */

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void encode(char c, struct text *out)
{
    if (is_unreserved(c))
        text_append_char(out, c);
    else
        text_printf(out, "%%%02X", (unsigned)(unsigned char)c);
}

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* Cuts one byte off `*rest`, an escape decoded. */
static char next_byte(struct redial_str *rest)
{
    char c = rest->ptr[0];
    int high = -1, low = -1;

    if (c == '%' && rest->len > 2) {
        high = digit_of(rest->ptr[1]);
        low = digit_of(rest->ptr[2]);
    }
    if (high < 0 || low < 0) {
        *rest = str_skip(*rest, 1);
        return c;
    }
    *rest = str_skip(*rest, 3);
    return (char)(high * 16 + low);
}

/* ---- Path */

static void drop_segment(struct text *out)
{
    while (out->len > 0 && out->ptr[out->len - 1] != '/') out->len--;
    if (out->len > 1) out->len--;
    while (out->len > 0 && out->ptr[out->len - 1] != '/') out->len--;
}

/* RFC 3986 §5.2.4, and empty segments go. What is written always ends in '/' until the last. */
static void normalise(struct redial_str path, struct text *out)
{
    struct redial_str rest = path, segment;

    text_append_char(out, '/');
    while (str_split(&rest, '/', &segment)) {
        bool last = rest.len == 0 && !str_ends_with(path, REDIAL_STR("/"));
        bool folder = segment.len == 0 || str_is(segment, ".") || str_is(segment, "..");
        if (str_is(segment, "..")) drop_segment(out);
        if (folder) continue;
        text_append(out, segment);
        if (!last) text_append_char(out, '/');
    }
}

static void encode_path(struct redial_str path, const struct canonical_way *way, struct text *out)
{
    while (path.len > 0) {
        bool keep = path.ptr[0] == '/' || way->path_once;
        if (way->path_decoded) {
            text_append_char(out, next_byte(&path));
            continue;
        }
        if (keep)
            text_append_char(out, path.ptr[0]);
        else
            encode(path.ptr[0], out);
        path = str_skip(path, 1);
    }
}

void canonical_write_path(struct redial_str path, const struct canonical_way *way, struct text *out)
{
    struct text normal = TEXT_INIT;

    if (way->path_normal) {
        normalise(path, &normal);
        path = text_str(&normal);
    }
    if (path.len == 0) path = REDIAL_STR("/");
    encode_path(path, way, out);
    if (normal.failed) out->failed = true;
    text_clean_up(&normal);
}

/* ---- Query */

struct pair {
    struct redial_str name, value;
};

static int by_name_and_value(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    struct redial_str left = x->name, right = y->name;

    if (str_eq(left, right)) {
        left = x->value;
        right = y->value;
    }
    size_t shared = left.len < right.len ? left.len : right.len;
    int order = shared > 0 ? memcmp(left.ptr, right.ptr, shared) : 0;
    return order != 0 ? order : (left.len > right.len) - (left.len < right.len);
}

static bool encode_again(struct redial_str raw, struct arena *arena, struct redial_str *out)
{
    struct text text = TEXT_INIT;
    bool done;

    while (raw.len > 0) encode(next_byte(&raw), &text);
    done = !text.failed && arena_copy(arena, text_str(&text), out);
    text_clean_up(&text);
    return done;
}

static bool read_pairs(struct redial_str query, struct arena *arena, struct pair *pairs,
                       size_t *count)
{
    struct redial_str field, name;

    while (str_split(&query, '&', &field)) {
        if (!str_split(&field, '=', &name)) continue;
        if (!encode_again(name, arena, &pairs[*count].name) ||
            !encode_again(field, arena, &pairs[*count].value))
            return false;
        (*count)++;
    }
    return true;
}

static bool write_query(struct redial_str query, const struct canonical_way *way,
                        struct arena *arena, struct text *out)
{
    size_t room = 1, count = 0;
    struct pair *pairs;

    for (size_t i = 0; i < query.len; i++) room += query.ptr[i] == '&';
    pairs = ARENA_ARRAY(arena, struct pair, room);
    if (!pairs || !read_pairs(query, arena, pairs, &count)) return false;
    if (!way->query_unsorted) qsort(pairs, count, sizeof *pairs, by_name_and_value);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) text_append_char(out, '&');
        text_append(out, pairs[i].name);
        text_append_char(out, '=');
        text_append(out, pairs[i].value);
    }
    return true;
}

/* ---- Headers */

static void write_value(struct redial_str value, bool raw, struct text *out)
{
    bool blank = false;

    if (raw) {
        text_append(out, value);
        return;
    }
    value = str_trim(value);
    for (size_t i = 0; i < value.len; i++) {
        bool was_blank = blank;
        blank = value.ptr[i] == ' ' || value.ptr[i] == '\t';
        if (!blank) text_append_char(out, value.ptr[i]);
        if (blank && !was_blank) text_append_char(out, ' ');
    }
}

static struct redial_str without_port(struct redial_str host)
{
    const char *colon = host.len > 0 ? memrchr(host.ptr, ':', host.len) : NULL;
    return colon ? str_take(host, (size_t)(colon - host.ptr)) : host;
}

/* Values of the same name are one line, in the order of their coming. */
static void write_header(const struct authority_request *request, struct redial_str name,
                         const struct canonical_way *way, struct text *out)
{
    bool first = true;

    text_append(out, name);
    text_append_char(out, ':');
    for (size_t i = 0; i < request->header_count; i++) {
        struct redial_str value = request->headers[i].value;
        if (!str_eq_nocase(request->headers[i].name, name)) continue;
        if (way->host_bare && str_is(name, "host")) value = without_port(value);
        if (!first) text_append_char(out, ',');
        write_value(value, way->values_raw, out);
        first = false;
    }
    text_append_char(out, '\n');
}

static void write_body_hash(const struct authority_request *request,
                            const struct canonical_way *way, struct text *out)
{
    char hash[SHA256_HEX_SIZE];
    struct redial_str body = way->body_empty ? (struct redial_str){"", 0} : request->body;

    if (way->body_unsigned) {
        text_append(out, REDIAL_STR("UNSIGNED-PAYLOAD"));
        return;
    }
    sha256_hex(body, hash);
    text_append(out, str_of(hash));
}

bool canonical_write(const struct authority_request *request, struct redial_str signed_headers,
                     const struct canonical_way *way, struct arena *arena, struct text *out)
{
    struct redial_str rest = signed_headers, name;

    text_printf(out, "%s\n", request->method);
    canonical_write_path(request_path(request), way, out);
    text_append_char(out, '\n');
    if (!write_query(request_query(request), way, arena, out)) return false;
    text_append_char(out, '\n');
    while (str_split(&rest, ';', &name)) write_header(request, name, way, out);
    text_append_char(out, '\n');
    text_append(out, signed_headers);
    text_append_char(out, '\n');
    write_body_hash(request, way, out);
    return !out->failed;
}
