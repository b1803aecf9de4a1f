/* Parts of a policy as short phrases, in the words that a person would type: "class=overloaded
 * query=background", "backoff, retry". */
#ifndef REDIAL_STORY_PHRASE_H
#define REDIAL_STORY_PHRASE_H

#include "model/policy.h"

void phrase_condition(const struct condition *condition, struct text *out);
void phrase_steps(const struct redial_policy *policy, const struct steps *steps, struct text *out);
/* ":21" in the policy's own file, "platforms.yaml:8" elsewhere. */
void phrase_place(const struct redial_policy *policy, const struct span *span, struct text *out);
/* "min(500ms x 2^(n-1), 32s) + random(0..25% of that)" */
void phrase_backoff(const struct backoff *backoff, struct text *out);
/* "retry-after-ms, then retry-after: at most 1h; above that the call gives up" */
void phrase_hint(const struct redial_policy *policy, const struct hint_policy *hint,
                 struct text *out);

#endif
