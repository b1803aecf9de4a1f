#include "credentials/sigv4_canonical.h"

#include <stdlib.h>
#include <string.h>

/* ---- Path */

static void encode_segments(struct text *out, struct redial_str path)
{
    for (size_t at = 0; at < path.len;) {
        size_t slash = str_find(str_skip(path, at), REDIAL_STR("/"));
        bool last = slash == SIZE_MAX;
        url_encode(out, last ? str_skip(path, at) : str_take(str_skip(path, at), slash));
        if (!last) text_append_char(out, '/');
        at = last ? path.len : at + slash + 1;
    }
}

static size_t count_of(struct redial_str text, char c)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) count += text.ptr[i] == c;
    return count;
}

/* `.`, `..` and empty segments are gone; a slash at the end stays (RFC 3986 section 5.2.4, but for
 * the empty ones). */
static bool normalise(struct arena *arena, struct redial_str path, struct text *out)
{
    struct redial_str rest = path, segment;
    struct redial_str *kept = ARENA_ARRAY(arena, struct redial_str, count_of(path, '/') + 1);
    size_t count = 0;
    if (!kept) return false;
    while (str_split(&rest, '/', &segment)) {
        if (str_is(segment, "..")) {
            count -= count > 0;
        } else if (segment.len > 0 && !str_is(segment, ".")) {
            kept[count++] = segment;
        }
    }
    for (size_t i = 0; i < count; i++) {
        text_append_char(out, '/');
        text_append(out, kept[i]);
    }
    if (count == 0 || str_ends_with(path, REDIAL_STR("/"))) text_append_char(out, '/');
    return !out->failed;
}

bool canonical_path(struct arena *arena, const struct sigv4 *keys, struct redial_str path,
                    struct text *out)
{
    struct text normal = TEXT_INIT;
    if (path.len == 0) path = REDIAL_STR("/");
    if (keys->normalise_path && !normalise(arena, path, &normal)) {
        text_clean_up(&normal);
        return false;
    }
    if (keys->normalise_path) path = text_str(&normal);
    if (keys->raw_path) {
        text_append(out, path);
    } else {
        encode_segments(out, path);
    }
    text_clean_up(&normal);
    return !out->failed;
}

/* ---- Query */

struct pair {
    struct redial_str name, value;
};

static int compare(struct redial_str a, struct redial_str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int by_name_and_value(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int order = compare(x->name, y->name);
    return order != 0 ? order : compare(x->value, y->value);
}

static unsigned hex_of(char c)
{
    if (c >= '0' && c <= '9') return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f') return (unsigned)(c - 'a') + 10;
    return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;
}

/* The byte that "%XX" at the beginning of `text` stands for. */
static bool read_escape(struct redial_str text, char *byte)
{
    if (text.len < 3 || text.ptr[0] != '%') return false;
    unsigned high = hex_of(text.ptr[1]), low = hex_of(text.ptr[2]);
    unsigned char value = (unsigned char)(high << 4 | low);
    memcpy(byte, &value, 1);
    return high < 16 && low < 16;
}

/* What is encoded already is taken as it was meant, so that "%2f", "%2F" and "/" are one. */
static bool encode_anew(struct arena *arena, struct redial_str part, struct redial_str *encoded)
{
    struct text raw = TEXT_INIT, out = TEXT_INIT;
    for (size_t i = 0; i < part.len; i++) {
        char byte = 0;
        bool escaped = read_escape(str_skip(part, i), &byte);
        text_append(&raw, escaped ? (struct redial_str){&byte, 1} : str_take(str_skip(part, i), 1));
        if (escaped) i += 2;
    }
    url_encode(&out, text_str(&raw));
    bool done = !raw.failed && !out.failed && arena_copy(arena, text_str(&out), encoded);
    text_clean_up(&raw);
    text_clean_up(&out);
    return done;
}

bool canonical_query(struct arena *arena, struct redial_str query, struct text *out)
{
    struct pair *pairs = ARENA_ARRAY(arena, struct pair, count_of(query, '&') + 1);
    struct redial_str piece, name;
    size_t count = 0;
    if (!pairs) return false;
    while (str_split(&query, '&', &piece)) {
        if (piece.len == 0) continue;
        if (!str_split(&piece, '=', &name)) name = (struct redial_str){0};
        if (!encode_anew(arena, name, &pairs[count].name) ||
            !encode_anew(arena, piece, &pairs[count].value))
            return false;
        count++;
    }
    qsort(pairs, count, sizeof *pairs, by_name_and_value);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) text_append_char(out, '&');
        text_append(out, pairs[i].name);
        text_append_char(out, '=');
        text_append(out, pairs[i].value);
    }
    return !out->failed;
}

/* ---- Headers */

/* What hops add, change or take away. */
static const char *const unsigned_headers[] = {
    "authorization",
    "cache-control",
    "connection",
    "expect",
    "from",
    "keep-alive",
    "max-forwards",
    "pragma",
    "proxy-authenticate",
    "proxy-authorization",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
};
/* What a signature adds. */
static const char *const own_headers[] = {
    "authorization",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
};

static bool is_among(struct redial_str name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_nocase(name, str_of(names[i]))) return true;
    return false;
}

bool canonical_replaces(struct redial_str name)
{
    return is_among(name, own_headers, REDIAL_COUNT_OF(own_headers));
}

/* A header to sign: `order` keeps those of one name as they were. */
struct signed_header {
    struct redial_str name, value;
    size_t order;
};

static int by_name_and_order(const void *a, const void *b)
{
    const struct signed_header *x = a, *y = b;
    int order = compare(x->name, y->name);
    return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}

static bool lower_copy(struct arena *arena, struct redial_str name, struct redial_str *copy)
{
    char *ptr = ARENA_ARRAY(arena, char, name.len);
    if (!ptr) return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        ptr[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    *copy = (struct redial_str){ptr, name.len};
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Trimmed, each run of blanks as one space. */
static void append_value(struct text *out, struct redial_str value)
{
    value = str_trim(value);
    for (size_t at = 0; at < value.len;) {
        size_t len = 0;
        while (at + len < value.len && !is_blank(value.ptr[at + len])) len++;
        text_append(out, str_take(str_skip(value, at), len));
        at += len;
        if (at < value.len) text_append_char(out, ' ');
        while (at < value.len && is_blank(value.ptr[at])) at++;
    }
}

/* As a client writes Host: a default port is left out. */
static struct redial_str host_of(const struct url *url)
{
    const char *usual = url_is_plain(url) ? "80" : "443";
    bool leave = url->port.len == 0 || str_is(url->port, usual);
    size_t behind = leave ? url->port.len + (str_ends_with(url->authority, REDIAL_STR(":")) ||
                                             url->port.len > 0)
                          : 0;
    return str_take(url->authority, url->authority.len - behind);
}

static bool collect(struct arena *arena, const struct http_request *request, struct url const *url,
                    struct redial_str skip, struct signed_header *headers, size_t *count)
{
    bool has_host = false;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct redial_header *header = &request->headers[i];
        has_host |= str_eq_nocase(header->name, REDIAL_STR("host"));
        if (is_among(header->name, unsigned_headers, REDIAL_COUNT_OF(unsigned_headers))) continue;
        if (skip.len > 0 && str_eq_nocase(header->name, skip)) continue;
        headers[*count] = (struct signed_header){.value = header->value, .order = i};
        if (!lower_copy(arena, header->name, &headers[(*count)++].name)) return false;
    }
    if (!has_host)
        headers[(*count)++] = (struct signed_header){REDIAL_STR("host"), host_of(url), 0};
    return true;
}

/* One line per name; a second value of a name goes on with its line. */
static void append_name(struct text *lines, struct text *names, const struct signed_header *headers,
                        size_t i)
{
    struct redial_str name = headers[i].name;
    if (i > 0 && str_eq(name, headers[i - 1].name)) {
        text_append_char(lines, ',');
        return;
    }
    if (i > 0) text_append_char(lines, '\n');
    if (i > 0) text_append_char(names, ';');
    text_append(names, name);
    text_append(lines, name);
    text_append_char(lines, ':');
}

bool canonical_headers(struct arena *arena, const struct http_request *request,
                       const struct url *url, struct redial_str skip, struct text *lines,
                       struct text *names)
{
    size_t count = 0;
    struct signed_header *headers =
        ARENA_ARRAY(arena, struct signed_header, request->header_count + 1);
    if (!headers || !collect(arena, request, url, skip, headers, &count)) return false;
    qsort(headers, count, sizeof *headers, by_name_and_order);
    for (size_t i = 0; i < count; i++) {
        append_name(lines, names, headers, i);
        append_value(lines, headers[i].value);
    }
    text_append_char(lines, '\n');
    return !lines->failed && !names->failed;
}
