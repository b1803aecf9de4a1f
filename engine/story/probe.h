/* Events to ask a policy about: one for everything that its own classify rows and rules tell apart,
 * and the field's usual statuses and broken connections besides. Private to explain.
 *
 * A row is turned around: from `{status: 429, error: ThrottlingException}` comes the reply that it
 * waits for. What an event means is then asked of the engine, never assumed. */
#ifndef REDIAL_STORY_PROBE_H
#define REDIAL_STORY_PROBE_H

#include "base/arena.h"
#include "story/explain.h"

#define PROBES_MAX 4096u /* a policy with more is asked about its first ones */

struct probe {
    struct explain_facts facts; /* the event alone; not prepared */
    uint32_t platforms;         /* bit per enum platform_kind it is put to */
    struct redial_str says;     /* "429 ThrottlingException", "ECONNRESET (wait)" */
};

struct probes {
    struct arena *arena;
    struct probe **list; /* in the order of the files, no two alike */
    size_t count, capacity;
    bool failed; /* memory was out */
};

void probes_begin(struct probes *probes);
/* Adds what this policy tells apart; the policy must outlive the probes. */
void probes_add(struct probes *probes, const struct redial_policy *policy);
void probes_end(struct probes *probes);

#endif
