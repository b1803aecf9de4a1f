#include "base/url.h"

#include <string.h>

/* Cuts what stands before one of two separators off the rest. */
static struct redial_str cut_at(struct redial_str *rest, char one, char other)
{
    size_t len = 0;
    while (len < rest->len && rest->ptr[len] != one && rest->ptr[len] != other) len++;
    struct redial_str piece = str_take(*rest, len);
    *rest = str_skip(*rest, len);
    return piece;
}

static bool is_digits(struct redial_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9') return false;
    return text.len <= 5;
}

/* host [":" port], or "[" IPv6 "]" [":" port] */
static bool split_authority(struct url *url)
{
    struct redial_str rest = url->authority;
    if (rest.len > 0 && rest.ptr[0] == '[') {
        rest = str_skip(rest, 1);
        url->host = cut_at(&rest, ']', ']');
        if (rest.len == 0) return false;
        rest = str_skip(rest, 1);
    } else {
        url->host = cut_at(&rest, ':', ':');
    }
    if (rest.len > 0 && rest.ptr[0] != ':') return false;
    url->port = str_skip(rest, 1);
    return url->host.len > 0 && is_digits(url->port);
}

bool url_split(struct redial_str text, struct url *url)
{
    *url = (struct url){0};
    size_t colon = str_find(text, REDIAL_STR("://"));
    if (colon == SIZE_MAX) return false;
    url->scheme = str_take(text, colon);
    if (!str_eq_nocase(url->scheme, REDIAL_STR("http")) &&
        !str_eq_nocase(url->scheme, REDIAL_STR("https")))
        return false;
    struct redial_str rest = str_skip(text, colon + 3);
    rest = cut_at(&rest, '#', '#');
    url->authority = cut_at(&rest, '/', '?');
    url->path = cut_at(&rest, '?', '?');
    url->query = str_skip(rest, 1);
    return str_find(url->authority, REDIAL_STR("@")) == SIZE_MAX && split_authority(url);
}

bool url_is_plain(const struct url *url)
{
    return str_eq_nocase(url->scheme, REDIAL_STR("http"));
}

/* The four numbers of a dotted IPv4 address: anything else is a name, whatever it begins with. */
static bool read_ipv4(struct redial_str host, int64_t numbers[4])
{
    struct redial_str piece;
    size_t count = 0;
    while (str_split(&host, '.', &piece)) {
        if (count == 4 || piece.len == 0 || piece.len > 3 || !is_digits(piece)) return false;
        if (!str_to_int64(piece, &numbers[count]) || numbers[count] > 255) return false;
        count++;
    }
    return count == 4;
}

bool host_is_loopback(struct redial_str host)
{
    int64_t ipv4[4] = {0};
    if (read_ipv4(host, ipv4)) return ipv4[0] == 127;
    return str_eq_nocase(host, REDIAL_STR("localhost")) || str_is(host, "::1");
}

bool url_is_loopback(const struct url *url)
{
    return host_is_loopback(url->host);
}

bool url_is_metadata(const struct url *url)
{
    static const char *const names[] = {"metadata.google.internal", "metadata.google.internal.",
                                        "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254"};
    int64_t ipv4[4] = {0};
    if (read_ipv4(url->host, ipv4)) return ipv4[0] == 169 && ipv4[1] == 254;
    for (size_t i = 0; i < REDIAL_COUNT_OF(names); i++)
        if (str_eq_nocase(url->host, str_of(names[i]))) return true;
    bool is_ipv6 = str_find(url->host, REDIAL_STR(":")) != SIZE_MAX;
    return is_ipv6 && str_eq_nocase(str_take(url->host, 5), REDIAL_STR("fe80:"));
}

static bool stays(char c, const char *kept)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && (strchr("-._~", c) || strchr(kept, c)));
}

void url_encode_all_but(struct text *out, struct redial_str raw, const char *kept)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t at = 0; at < raw.len; at++) {
        size_t plain = 0;
        while (at + plain < raw.len && stays(raw.ptr[at + plain], kept)) plain++;
        text_append(out, str_take(str_skip(raw, at), plain));
        at += plain;
        if (at == raw.len) return;
        unsigned char c = (unsigned char)raw.ptr[at];
        const char hex[3] = {'%', digits[c >> 4], digits[c & 15]};
        text_append(out, (struct redial_str){hex, sizeof hex});
    }
}

void url_encode(struct text *out, struct redial_str raw)
{
    url_encode_all_but(out, raw, "");
}

void form_append(struct text *out, const char *name, struct redial_str value)
{
    if (out->len > 0) text_append_char(out, '&');
    url_encode(out, str_of(name));
    text_append_char(out, '=');
    url_encode(out, value);
}
