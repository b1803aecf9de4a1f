/* Regular expressions over what servers send: compiled once, into the policy's arena; matched
 * without allocation, in bounded time and memory, by any number of threads at once. The only folder
 * that sees PCRE2. */
#ifndef REDIAL_PATTERNS_PATTERN_H
#define REDIAL_PATTERNS_PATTERN_H

#include "base/arena.h"

struct pattern; /* lives in the arena it was made in; nothing to release */

enum pattern_flags { PATTERN_NOCASE = 1 };

/* What is wrong with a pattern, and where. */
struct pattern_error {
    char message[128];
    size_t at;          /* bytes from its beginning */
    bool out_of_memory; /* then nothing else is filled */
};

/* NULL when `text` is no pattern, or memory is out; `error` says which. */
const struct pattern *pattern_compile(struct arena *arena, struct redial_str text, unsigned flags,
                                      struct pattern_error *error);
/* Whether the pattern matches anywhere in `subject`. A match that needs more than PATTERN_STEPS_MAX
 * steps, or more memory than PATTERN_STACK bytes, is given up and counts as none: bytes of a server
 * cannot hold a decision up. */
bool pattern_matches(const struct pattern *pattern, struct redial_str subject);

#define PATTERN_STEPS_MAX 100000
#define PATTERN_STACK     ((size_t)96 * 1024)

#endif
