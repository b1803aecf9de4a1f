/* Text helpers over redial_str, a growable text buffer, and glob patterns. ASCII case rules only:
 * header names and errno names are ASCII by their standards. */
#ifndef REDIAL_BASE_STR_H
#define REDIAL_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "redial/str.h"

#define REDIAL_MUST_USE       __attribute__((warn_unused_result))
#define REDIAL_PRINTF(at, va) __attribute__((format(printf, at, va)))
#define REDIAL_COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

struct redial_str str_of(const char *text); /* NULL gives the empty text */
bool str_eq(struct redial_str a, struct redial_str b);
bool str_eq_nocase(struct redial_str a, struct redial_str b);
bool str_is(struct redial_str s, const char *word);
bool str_starts_with(struct redial_str s, struct redial_str prefix);
bool str_ends_with(struct redial_str s, struct redial_str suffix);
struct redial_str str_trim(struct redial_str s); /* spaces, tabs, CR, LF at both ends */
struct redial_str str_skip(struct redial_str s, size_t count);
struct redial_str str_take(struct redial_str s, size_t count);
/* Where `needle` begins in `s`, or SIZE_MAX. An empty needle is found at 0. */
size_t str_find(struct redial_str s, struct redial_str needle);
/* Cuts the text up to the first `separator` off `*rest` (the whole of it when there is none). False
 * at the end. */
bool str_split(struct redial_str *rest, char separator, struct redial_str *piece);
uint64_t str_hash(struct redial_str s); /* FNV-1a, the same on every machine */
/* Reads a whole base-10 integer, sign allowed; false when it is anything else or overflows. */
bool str_to_int64(struct redial_str s, int64_t *value) REDIAL_MUST_USE;
/* The first byte that is not part of well-formed UTF-8 (RFC 3629), or s.len. */
size_t str_utf8_valid_len(struct redial_str s);
/* The bytes of the well-formed UTF-8 character that begins at `at` (1 to 4), or 0 when there is
 * none. */
size_t str_utf8_char_len(struct redial_str s, size_t at);

/* A glob: '*' matches any run of bytes, '?' one byte, '\' takes the next byte as it is. Linear time
 * in the length of the text for patterns of the form *literal*; no recursion, no allocation. */
bool glob_match(struct redial_str pattern, struct redial_str text);
bool glob_match_nocase(struct redial_str pattern, struct redial_str text);

/* A growable text. On failed allocation it keeps what it has and sets `failed`: write straight on
 * and check once at the end. Always NUL-terminated once something was appended. */
struct text {
    char *ptr;
    size_t len, capacity;
    bool failed;
};
#define TEXT_INIT ((struct text){0})

void text_clean_up(struct text *text);
void text_clear(struct text *text); /* keeps the memory, forgets a failure */
void text_append(struct text *text, struct redial_str piece);
void text_append_char(struct text *text, char c);
void text_printf(struct text *text, const char *format, ...) REDIAL_PRINTF(2, 3);
void text_vprintf(struct text *text, const char *format, va_list arguments) REDIAL_PRINTF(2, 0);
/* Appends `piece` as a JSON string with its quotes (RFC 8259 §7); bytes that are not UTF-8 become
 * U+FFFD. */
void text_append_json(struct text *text, struct redial_str piece);
/* Appends `piece` as character data or attribute value of XML 1.0 and HTML. What XML cannot say
 * (most control characters, bytes that are not UTF-8) becomes '?'. */
void text_append_xml(struct text *text, struct redial_str piece);
/* Appends `piece` as the message or, where `is_property`, a property of a GitHub workflow command
 * ("Workflow commands": %, CR, LF, and in properties : and , are percent-encoded). */
void text_append_annotation(struct text *text, struct redial_str piece, bool is_property);
struct redial_str text_str(const struct text *text); /* valid until the next append */

#endif
