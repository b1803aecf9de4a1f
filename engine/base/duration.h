/* Time is int64 nanoseconds everywhere; instants are nanoseconds since the Unix epoch (UTC). */
#ifndef REDIAL_BASE_DURATION_H
#define REDIAL_BASE_DURATION_H

#include "base/str.h"

#define NS_PER_US     INT64_C(1000)
#define NS_PER_MS     INT64_C(1000000)
#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MINUTE (60 * NS_PER_SECOND)
#define NS_PER_HOUR   (60 * NS_PER_MINUTE)
#define NS_PER_DAY    (24 * NS_PER_HOUR)
#define DURATION_MAX  INT64_MAX /* "unlimited"; sums saturate there */

enum duration_error {
    DURATION_OK,
    DURATION_NO_UNIT,      /* "500" */
    DURATION_UNKNOWN_UNIT, /* "5 parsecs" */
    DURATION_NEGATIVE,
    DURATION_OVERFLOW, /* above about 292 years */
    DURATION_MALFORMED,
};

/* Reads "500ms", "1.5s", "2h", "1m30s", "0s" (units ns us ms s m h d; blanks between number and
 * unit allowed). Each unit is smaller than the one before it; a fraction that is no whole number of
 * nanoseconds is malformed. */
enum duration_error duration_parse(struct redial_str text, int64_t *ns) REDIAL_MUST_USE;
/* Writes an exact form of at most two neighbouring units ("500ms", "1m30s", "1250ms", "32s", "5m"):
 * below 10 s in ms unless whole seconds, with sub-millisecond parts as a decimal; from there on
 * fractions of a second as a decimal
 * ("12.5s"). duration_parse reads it back. "unlimited" for DURATION_MAX. */
void duration_format(int64_t ns, struct text *out);
int64_t duration_add(int64_t a, int64_t b); /* saturates at both ends */

/* RFC 9110 §5.6.7 in its three forms (IMF-fixdate, RFC 850, asctime). The two-digit year of RFC 850
 * lies in 1970 to 2069. False also for dates that 64 bits of nanoseconds cannot hold (before 1677,
 * after 2262). */
bool http_date_parse(struct redial_str text, int64_t *unix_ns) REDIAL_MUST_USE;
void http_date_format(int64_t unix_ns, struct text *out); /* IMF-fixdate */
/* RFC 3339, "2025-08-21T12:40:59Z" with optional fraction and offset. */
bool rfc3339_parse(struct redial_str text, int64_t *unix_ns) REDIAL_MUST_USE;
void rfc3339_format(int64_t unix_ns, struct text *out); /* whole seconds, Z */

#endif
