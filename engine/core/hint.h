/* The server's word on waiting: reading one header, and choosing among several. */
#ifndef REDIAL_CORE_HINT_H
#define REDIAL_CORE_HINT_H

#include "model/policy.h"

/* Reads a header's value in its unit (RFC 9110 §10.2.3 for retry-after). Never fails: what it
 * cannot read is UNREADABLE, a span too long for int64 is INT64_MAX. */
struct redial_hint hint_read(struct redial_str value, enum hint_unit unit);

/* The first usable hint in the policy's order of headers: a delay above zero, ns from `now`; 0 when
 * there is none.
 * `*header` is its index in policy.hint_headers. */
int64_t hint_choose(const struct hint_policy *policy, const struct redial_hint hints[], int64_t now,
                    uint8_t *header);

#endif
