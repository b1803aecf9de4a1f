/* The worst case of a call: how often one request of a user can reach the platforms, and how long
 * it can wait. The engine itself is asked: every event that the policy tells apart is repeated
 * until the call ends, with the largest draw of the jitter, and with the longest hint obeyed.
 * Private to explain. */
#ifndef REDIAL_STORY_WORST_H
#define REDIAL_STORY_WORST_H

#include "story/probe.h"

#define WORST_UNBOUNDED INT64_MAX /* attempts or nanoseconds: nothing ends it */

struct worst_case {
    bool met;                  /* some event has this class */
    int64_t attempts;          /* amplification: attempts of one call */
    int64_t waited;            /* ns, by the policy's own waits */
    int64_t hinted;            /* ns, when servers ask for as long as the policy obeys */
    enum redial_reason reason; /* how the longest one ends; NONE: it does not */
};

struct worst {
    struct worst_case of_class[VARIANT_COUNT][REDIAL_CLASS_COUNT]; /* all attempts fail alike */
    struct worst_case mixed[VARIANT_COUNT]; /* a bound that no mix of failures exceeds */
};

/* False when memory is out. */
bool worst_find(const struct redial_policy *policy, struct worst *worst);

/* The part of explain_policy; and a member "worst_case" of its JSON. `outer`: attempts that each
 * call is made around this policy, by the callers' own retries; 0 not told. */
void worst_explain(const struct redial_policy *policy, const struct explain_style *style,
                   struct arena *arena, struct text *out);
void worst_json(const struct redial_policy *policy, const struct explain_style *style,
                struct text *out);

#endif
