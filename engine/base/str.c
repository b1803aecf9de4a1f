#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct redial_str str_of(const char *text)
{
    return text ? (struct redial_str){text, strlen(text)} : (struct redial_str){"", 0};
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* memcmp may not be given NULL, which an empty text may be. */
static bool bytes_eq(const char *a, const char *b, size_t len)
{
    return len == 0 || (a && b && memcmp(a, b, len) == 0);
}

static bool bytes_eq_nocase(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (lower(a[i]) != lower(b[i])) return false;
    return true;
}

bool str_eq(struct redial_str a, struct redial_str b)
{
    return a.len == b.len && bytes_eq(a.ptr, b.ptr, a.len);
}

bool str_eq_nocase(struct redial_str a, struct redial_str b)
{
    return a.len == b.len && bytes_eq_nocase(a.ptr, b.ptr, a.len);
}

bool str_is(struct redial_str s, const char *word)
{
    return str_eq(s, str_of(word));
}

bool str_starts_with(struct redial_str s, struct redial_str prefix)
{
    return s.len >= prefix.len && bytes_eq(s.ptr, prefix.ptr, prefix.len);
}

bool str_ends_with(struct redial_str s, struct redial_str suffix)
{
    return s.len >= suffix.len && str_eq(str_skip(s, s.len - suffix.len), suffix);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct redial_str str_trim(struct redial_str s)
{
    while (s.len > 0 && is_blank(s.ptr[0])) s = str_skip(s, 1);
    while (s.len > 0 && is_blank(s.ptr[s.len - 1])) s.len--;
    return s;
}

struct redial_str str_skip(struct redial_str s, size_t count)
{
    if (count == 0) return s;
    if (count > s.len) count = s.len;
    return (struct redial_str){s.ptr ? s.ptr + count : NULL, s.len - count};
}

struct redial_str str_take(struct redial_str s, size_t count)
{
    return (struct redial_str){s.ptr, count < s.len ? count : s.len};
}

size_t str_find(struct redial_str s, struct redial_str needle)
{
    if (needle.len == 0) return 0;
    if (s.len < needle.len) return SIZE_MAX;
    const char *found = memmem(s.ptr, s.len, needle.ptr, needle.len);
    return found ? (size_t)(found - s.ptr) : SIZE_MAX;
}

bool str_split(struct redial_str *rest, char separator, struct redial_str *piece)
{
    if (rest->len == 0) return false;
    const char *cut = memchr(rest->ptr, separator, rest->len);
    *piece = cut ? str_take(*rest, (size_t)(cut - rest->ptr)) : *rest;
    *rest = str_skip(*rest, piece->len + (cut != NULL));
    return true;
}

uint64_t str_hash(struct redial_str s)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ (unsigned char)s.ptr[i]) * UINT64_C(0x100000001b3);
    return hash;
}

bool str_to_int64(struct redial_str s, int64_t *value)
{
    bool negative = s.len > 0 && s.ptr[0] == '-';
    if (s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+')) s = str_skip(s, 1);
    if (s.len == 0) return false;
    int64_t sum = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
        int64_t digit = s.ptr[i] - '0';
        /* summed on the side of its sign, so that INT64_MIN is reached */
        if (__builtin_mul_overflow(sum, INT64_C(10), &sum)) return false;
        if (__builtin_add_overflow(sum, negative ? -digit : digit, &sum)) return false;
    }
    *value = sum;
    return true;
}

/* RFC 3629 section 4: what the lead byte announces, and the range of the byte behind it, which
 * alone keeps out overlong forms, surrogates and what lies above U+10FFFF. */
struct utf8_lead {
    unsigned char from, to, len, second_from, second_to;
};

static const struct utf8_lead utf8_leads[] = {
    {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf}, {0xe1, 0xec, 3, 0x80, 0xbf},
    {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf}, {0xf0, 0xf0, 4, 0x90, 0xbf},
    {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

static size_t utf8_tail_len(struct utf8_lead lead, const unsigned char *bytes, size_t left)
{
    if (left < lead.len || bytes[1] < lead.second_from || bytes[1] > lead.second_to) return 0;
    for (size_t i = 2; i < lead.len; i++)
        if ((bytes[i] & 0xc0) != 0x80) return 0;
    return lead.len;
}

size_t str_utf8_char_len(struct redial_str s, size_t at)
{
    if (at >= s.len) return 0;
    const unsigned char *bytes = (const unsigned char *)s.ptr + at;
    if (bytes[0] < 0x80) return 1;
    for (size_t i = 0; i < REDIAL_COUNT_OF(utf8_leads); i++)
        if (bytes[0] >= utf8_leads[i].from && bytes[0] <= utf8_leads[i].to)
            return utf8_tail_len(utf8_leads[i], bytes, s.len - at);
    return 0;
}

size_t str_utf8_valid_len(struct redial_str s)
{
    size_t at = 0;
    while (at < s.len) {
        size_t len = str_utf8_char_len(s, at);
        if (len == 0) break;
        at += len;
    }
    return at;
}

/* --- glob: the stars cut the pattern into segments. The first is tied to the beginning of the
 * text, the last to its end; those between are each taken where they first occur, which is never
 * worse than a later place. --- */

struct glob_segment {
    struct redial_str pattern; /* without stars, escapes still in it */
    bool literal;              /* neither '?' nor '\': its bytes are what they are */
    size_t len;                /* bytes of text it covers */
};

/* Cuts the next segment off; true when a star ended it. */
static bool glob_next(struct redial_str *pattern, struct glob_segment *segment)
{
    size_t at = 0;
    *segment = (struct glob_segment){.literal = true};
    while (at < pattern->len && pattern->ptr[at] != '*') {
        if (pattern->ptr[at] == '?' || pattern->ptr[at] == '\\') segment->literal = false;
        at += pattern->ptr[at] == '\\' && at + 1 < pattern->len ? 2 : 1;
        segment->len++;
    }
    segment->pattern = str_take(*pattern, at);
    bool star = at < pattern->len;
    *pattern = str_skip(*pattern, at + star);
    return star;
}

static bool glob_byte_eq(char a, char b, bool nocase)
{
    return nocase ? lower(a) == lower(b) : a == b;
}

/* `text` holds at least segment->len bytes. */
static bool glob_here(const struct glob_segment *segment, const char *text, bool nocase)
{
    struct redial_str pattern = segment->pattern;
    for (size_t at = 0; at < pattern.len; at++, text++) {
        if (pattern.ptr[at] == '?') continue;
        if (pattern.ptr[at] == '\\' && at + 1 < pattern.len) at++;
        if (!glob_byte_eq(pattern.ptr[at], *text, nocase)) return false;
    }
    return true;
}

static size_t glob_find(const struct glob_segment *segment, struct redial_str text, bool nocase)
{
    if (segment->literal && !nocase) return str_find(text, segment->pattern);
    for (size_t at = 0; at + segment->len <= text.len; at++)
        if (glob_here(segment, text.ptr + at, nocase)) return at;
    return SIZE_MAX;
}

static bool glob(struct redial_str pattern, struct redial_str text, bool nocase)
{
    struct glob_segment segment;
    bool star = glob_next(&pattern, &segment);
    if (segment.len > text.len || !glob_here(&segment, text.ptr, nocase)) return false;
    text = str_skip(text, segment.len);
    if (!star) return text.len == 0;
    while (glob_next(&pattern, &segment)) {
        size_t at = glob_find(&segment, text, nocase);
        if (at == SIZE_MAX) return false;
        text = str_skip(text, at + segment.len);
    }
    if (segment.len > text.len) return false;
    return segment.len == 0 || glob_here(&segment, text.ptr + text.len - segment.len, nocase);
}

bool glob_match(struct redial_str pattern, struct redial_str text)
{
    return glob(pattern, text, false);
}

bool glob_match_nocase(struct redial_str pattern, struct redial_str text)
{
    return glob(pattern, text, true);
}

/* --- text --- */

#define TEXT_CAPACITY_MIN 64u

void text_clean_up(struct text *text)
{
    free(text->ptr);
    *text = TEXT_INIT;
}

void text_clear(struct text *text)
{
    text->len = 0;
    text->failed = false;
    if (text->ptr) text->ptr[0] = '\0';
}

/* Room for `more` bytes and the NUL. After one failure nothing is taken any more: a text with a
 * hole in its middle would be worse than one that ends early. */
static bool text_reserve(struct text *text, size_t more)
{
    if (text->failed) return false;
    if (more < text->capacity - text->len) return true;
    size_t wanted = 0;
    if (__builtin_add_overflow(text->len + 1, more, &wanted)) goto fail;
    size_t doubled = text->capacity <= SIZE_MAX / 2 ? text->capacity * 2 : SIZE_MAX;
    if (wanted < doubled) wanted = doubled;
    if (wanted < TEXT_CAPACITY_MIN) wanted = TEXT_CAPACITY_MIN;
    char *ptr = realloc(text->ptr, wanted);
    if (!ptr) goto fail;
    text->ptr = ptr;
    text->capacity = wanted;
    return true;
fail:
    text->failed = true;
    return false;
}

void text_append(struct text *text, struct redial_str piece)
{
    if (!text_reserve(text, piece.len)) return;
    if (piece.ptr && piece.len > 0) memcpy(text->ptr + text->len, piece.ptr, piece.len);
    text->len += piece.len;
    text->ptr[text->len] = '\0';
}

void text_append_char(struct text *text, char c)
{
    text_append(text, (struct redial_str){&c, 1});
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(text, format, arguments);
    va_end(arguments);
}

void text_vprintf(struct text *text, const char *format, va_list arguments)
{
    if (!text_reserve(text, 0)) return;
    va_list again;
    va_copy(again, arguments);
    size_t room = text->capacity - text->len;
    int len = vsnprintf(text->ptr + text->len, room, format, arguments);
    if (len < 0) {
        text->failed = true;
    } else if ((size_t)len >= room && text_reserve(text, (size_t)len)) {
        vsnprintf(text->ptr + text->len, (size_t)len + 1, format, again);
    }
    if (text->failed) {
        text->ptr[text->len] = '\0';
    } else {
        text->len += (size_t)len;
    }
    va_end(again);
}

static void append_json_escape(struct text *text, unsigned char c)
{
    static const char short_forms[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n',  ['\f'] = 'f',
        ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\',
    };
    if (c < sizeof short_forms && short_forms[c]) {
        text_append(text, (struct redial_str){(char[]){'\\', short_forms[c]}, 2});
    } else {
        text_printf(text, "\\u%04x", c);
    }
}

void text_append_json(struct text *text, struct redial_str piece)
{
    text_append_char(text, '"');
    size_t from = 0, at = 0;
    while (at < piece.len) {
        size_t len = str_utf8_char_len(piece, at);
        unsigned char c = (unsigned char)piece.ptr[at];
        if (len > 0 && c >= 0x20 && c != '"' && c != '\\') {
            at += len;
            continue;
        }
        text_append(text, (struct redial_str){piece.ptr + from, at - from});
        if (len == 0) {
            text_append(text, REDIAL_STR("\xef\xbf\xbd"));
        } else {
            append_json_escape(text, c);
        }
        from = ++at;
    }
    text_append(text, str_skip(piece, from));
    text_append_char(text, '"');
}

void text_append_xml(struct text *text, struct redial_str piece)
{
    static const struct {
        char plain;
        const char *escaped;
    } escapes[] = {{'&', "&amp;"},  {'<', "&lt;"},   {'>', "&gt;"},
                   {'"', "&quot;"}, {'\n', "&#10;"}, {'\t', "&#9;"}};
    for (size_t i = 0; i < piece.len;) {
        size_t length = str_utf8_char_len(piece, i);
        char c = piece.ptr[i];
        const char *escaped = NULL;
        for (size_t k = 0; k < REDIAL_COUNT_OF(escapes); k++)
            if (escapes[k].plain == c) escaped = escapes[k].escaped;
        if (escaped)
            text_printf(text, "%s", escaped);
        else if (length == 0 || (unsigned char)c < 0x20 || c == 0x7f)
            text_append_char(text, '?');
        else
            text_append(text, str_take(str_skip(piece, i), length));
        i += length ? length : 1;
    }
}

void text_append_annotation(struct text *text, struct redial_str piece, bool is_property)
{
    for (size_t i = 0; i < piece.len; i++) {
        char c = piece.ptr[i];
        if (c == '%' || c == '\r' || c == '\n' || (is_property && (c == ':' || c == ',')))
            text_printf(text, "%%%02X", (unsigned)(unsigned char)c);
        else
            text_append_char(text, c);
    }
}

struct redial_str text_str(const struct text *text)
{
    return (struct redial_str){text->ptr ? text->ptr : "", text->len};
}
