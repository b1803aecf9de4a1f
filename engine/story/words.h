/* Pieces of a sentence that the story and explain share. Private to the engine. */
#ifndef REDIAL_STORY_WORDS_H
#define REDIAL_STORY_WORDS_H

#include "model/policy.h"

/* A span of time as people read it, rounded to milliseconds: "562ms", "39.062s", "5m", "1h2m5s".
 * Below ten seconds always in ms, so that sums can be checked by eye. */
void words_time(int64_t ns, struct text *out);
/* The same always in seconds, "159.5s": a total that a specification states so. */
void words_seconds(int64_t ns, struct text *out);
/* What a server said, on one line, at most `most` bytes, without control characters and with '"'
 * as '\''. */
void words_said(struct redial_str said, size_t most, struct text *out);
/* "3", or "unlimited". */
void words_count(int32_t count, struct text *out);
/* The backoff that a list of steps waits by, or NULL. */
const struct backoff *words_backoff_of(const struct redial_policy *policy,
                                       const struct variant *variant, const struct steps *steps);

/* Appends `line` at `indent` columns, wrapped at blanks to `width` columns (0: not at all), with
 * the following lines indented alike. The first line's indent is the caller's. */
void words_wrap(struct redial_str line, size_t indent, size_t width, struct text *out);
/* Columns of a text: UTF-8 code points. */
size_t words_columns(struct redial_str text);
void words_pad(struct text *out, size_t columns);

#endif
