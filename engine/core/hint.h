/* The server's word on waiting: reading one header, and choosing among several. */
#ifndef REDIAL_CORE_HINT_H
#define REDIAL_CORE_HINT_H

#include "model/policy.h"

/* Reads a header's value in its unit (RFC 9110 §10.2.3 for retry-after). Never fails: what it
 * cannot read is UNREADABLE, a span too long for int64 is INT64_MAX. */
struct redial_hint hint_read(struct redial_str value, enum hint_unit unit);

enum hint_word_kind {
    HINT_WORD_NONE, /* no usable hint: the backoff says how long */
    HINT_WORD_SPAN, /* so long, not yet bounded */
    HINT_WORD_NOW,  /* at once */
    HINT_WORD_VETO, /* not at all */
};
struct hint_word {
    enum hint_word_kind kind;
    uint8_t header; /* its index in policy.hint_headers; REDIAL_HINTS_MAX for NONE */
    int64_t delay;  /* SPAN: ns from `now`, above zero */
};
/* The first usable hint in the policy's order of headers. What none of them made usable, the policy
 * may still take for "now" or for a veto. */
struct hint_word hint_choose(const struct hint_policy *policy, const struct redial_hint hints[],
                             int64_t now);

#endif
