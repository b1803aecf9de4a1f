/* Cuts secrets out of a text before anything keeps or shows it: the ones that are known, and what
 * looks like a credential wherever it comes from. When in doubt it cuts: a word too few in a log is
 * an inconvenience, a key in it is an incident. */
#ifndef REDIAL_STORY_REDACT_H
#define REDIAL_STORY_REDACT_H

#include "base/str.h"

#define REDACTED "[redacted]"

struct story_secrets;

/* Appends `piece` to `out`, each secret replaced by REDACTED. `known` may be NULL. True when
 * something was cut out. */
bool redact(struct redial_str piece, const struct story_secrets *known, struct text *out);

#endif
