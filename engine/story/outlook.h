/* What becomes of a call whose attempts all end alike: the engine itself is asked, attempt after
 * attempt, once with the smallest and once with the largest draw of the jitter. */
#ifndef REDIAL_STORY_OUTLOOK_H
#define REDIAL_STORY_OUTLOOK_H

#include "story/explain.h"

/* One attempt that ended so, and all that was decided until the next one was sent or the call
 * ended. */
struct outlook_turn {
    int32_t attempt;
    struct redial_decision judged; /* the decision on the event itself */
    uint32_t repairs;              /* bit per enum redial_step_kind that was asked for */
    int64_t wait_low, wait_high;   /* ns, 0 none */
    bool ended;
    enum redial_reason reason;
    bool fresh_connection, restart;
    uint16_t from_model, model, from_provider, provider;
    int64_t max_tokens_before, max_tokens;
};

struct outlook {
    struct redial_policy policy; /* the one that is asked: with `class` given, its tables say so */
    struct classify_row given_row;
    struct platform *platforms;                 /* copies with that row, or NULL */
    struct redial_event event;                  /* prepared */
    struct redial_engine *engine, *engine_high; /* one each: budgets are shared by their calls */
    struct redial_call low, high;
    struct redial_call before; /* as it was when the last event came, at before_at */
    int64_t before_at;
    int64_t now; /* of the low one; the high one's clock runs ahead by itself */
    int64_t now_high;
};

/* False, with a reason, when no call can be made; outlook_end is due all the same. `facts` and
 * `policy` must outlive the outlook, and it may not be moved. */
bool outlook_begin(struct outlook *outlook, const struct redial_policy *policy,
                   const struct explain_facts *facts, struct redial_str *why);
/* The next attempt ends as the facts say. False once the call has ended. */
bool outlook_next(struct outlook *outlook, const struct explain_facts *facts,
                  struct outlook_turn *turn);
void outlook_end(struct outlook *outlook);

#endif
