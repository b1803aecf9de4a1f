/* Builds matchers: rows of conditions into shapes of exact keys (model/policy.h, "Matchers"). */
#ifndef REDIAL_COMPILE_MATCHER_H
#define REDIAL_COMPILE_MATCHER_H

#include "model/policy.h"

#define MATCH_PRODUCT_MAX                                                                          \
    64u /* keys that the lists of one condition may expand to; what goes beyond is left to `rest`  \
         */

/* `rows[i]` is the linked condition of row i, or NULL for a row that never matches. Everything goes
 * into `arena`. False when memory is out. */
bool matcher_build(struct arena *arena, const struct condition *const *rows, size_t count,
                   struct matcher *matcher) REDIAL_MUST_USE;

#endif
