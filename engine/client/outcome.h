/* What libcurl's result means in the field's words. */
#ifndef REDIAL_CLIENT_OUTCOME_H
#define REDIAL_CLIENT_OUTCOME_H

#include <curl/curl.h>
#include <stdint.h>

#include "redial/words.h"

/* `seen`: how far the transfer was seen to come. `*phase` is refined where the result knows better.
 */
enum redial_cause outcome_cause(CURLcode result, int32_t os_errno, enum redial_phase seen,
                                enum redial_phase *phase);

#endif
