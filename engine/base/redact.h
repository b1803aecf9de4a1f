/* Cuts secrets out of a text before anything keeps or shows it: the ones that are known, and what
 * looks like a credential wherever it comes from. When in doubt it cuts: a word too few in a log is
 * an inconvenience, a key in it is an incident. */
#ifndef REDIAL_BASE_REDACT_H
#define REDIAL_BASE_REDACT_H

#include "base/str.h"

#define REDACTED "[redacted]"

/* Texts that must never be shown, whatever they look like. */
struct secrets {
    const struct redial_str *texts;
    size_t count;
};

/* Appends `piece` to `out`, each secret replaced by REDACTED. `known` may be NULL. True when
 * something was cut out. */
bool redact(struct redial_str piece, const struct secrets *known, struct text *out);

#endif
