/* The caller's request, looked through once: where the members of its JSON object stand, so that
 * every attempt can send most of it as it lies there and replace what the platform wants otherwise.
 * The whole text is checked (RFC 8259), whatever its size, without recursion or memory of its own;
 * what the members say is only checked where a platform's request depends on it. */
#ifndef REDIAL_PLATFORMS_BODY_H
#define REDIAL_PLATFORMS_BODY_H

#include "base/str.h"

#define BODY_DEPTH_MAX   512u
#define BODY_MEMBERS_MAX 128u /* of the object itself; the API knows some thirty */

/* Members that a request depends on. */
enum body_word {
    BODY_MODEL,
    BODY_MESSAGES,
    BODY_MAX_TOKENS,
    BODY_STREAM,
    BODY_SPEED,
    BODY_ANTHROPIC_VERSION,
    BODY_ANTHROPIC_BETA,
    BODY_SYSTEM,
    BODY_OTHER, /* any other, any number of times */
    BODY_WORD_COUNT
};

/* Views of the text. */
struct body_member {
    enum body_word word;
    struct redial_str name;  /* without its quotes */
    struct redial_str value; /* as JSON */
    /* MESSAGES: its last item, and how many bytes of the value stand before that and the comma in
     * front of it; empty and 0 where there is none. */
    struct redial_str last;
    size_t before_last;
};

struct body {
    struct redial_str text;
    struct body_member members[BODY_MEMBERS_MAX]; /* in their order */
    size_t member_count;
};

struct body_error {
    size_t at, line, column; /* bytes from 0; line and column from 1, columns in bytes */
    const char *what;        /* "expected ',' or '}' behind a member"; static */
};

/* False when it is no JSON object, a name stands twice or is written with an escape, or a known
 * member has another type than it must have; `error` says where. `body` is valid as long as the
 * text. */
bool body_scan(struct redial_str text, struct body *body, struct body_error *error) REDIAL_MUST_USE;
/* "line 3, column 14 (byte 57): expected …" */
void body_error_write(const struct body_error *error, struct text *out);

/* The first member of that word; NULL when there is none. */
const struct body_member *body_find(const struct body *body, enum body_word word);
/* What a member says; empty, `otherwise` and false where there is none. */
bool body_read_text(const struct body *body, enum body_word word, struct text *out);
int64_t body_read_int(const struct body *body, enum body_word word, int64_t otherwise);
bool body_is_true(const struct body *body, enum body_word word);

#endif
