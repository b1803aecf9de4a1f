/* The parts of compiling, one file each. Private to compile. */
#ifndef REDIAL_COMPILE_PARTS_H
#define REDIAL_COMPILE_PARTS_H

#include "model/policy.h"

/* The capped base of every wait, as far as they differ. */
void compile_backoff(struct backoff *backoff);
/* Numbers the models that take part in fallbacks and finds circles. */
bool compile_fallbacks(struct redial_policy *policy, struct diag_list *diags);

/* An entry whose row comes before `entry`'s and matches whenever `entry` does, or NULL. Never wrong
 * about one that it finds; it looks at exact keys only. */
const struct match_entry *reach_covering(const struct matcher *matcher,
                                         const struct match_entry *entry);

#endif
