/* What holds in every run, whatever its scenario expects. */
#ifndef REDIAL_SIMULATOR_INVARIANTS_H
#define REDIAL_SIMULATOR_INVARIANTS_H

#include "base/arena.h"
#include "model/policy.h"

#define INVARIANT_MAP(X)                                                                           \
    X(LIMITS, "attempts-within-limits",                                                            \
      "no leg takes more retries and no call more attempts than its limits allow")                 \
    X(WAITS, "waits-within-bounds",                                                                \
      "a wait lies within cap and jitter, or is exactly what a bounded hint says")                 \
    X(DEADLINE, "deadline-kept", "no attempt begins and no wait ends after the deadline")          \
    X(OUTPUT, "no-retry-after-output",                                                             \
      "output that was delivered is not produced again unless the rule restarts")                  \
    X(VETO, "veto-respected", "the same request is not sent again after x-should-retry: false")    \
    X(RULE_MAX, "rule-max-kept", "retries and repairs stay within their rule's max")               \
    X(BACKGROUND, "background-not-retried",                                                        \
      "a background call ends at an overload where a rule of the policy says so")                  \
    X(BUDGET, "budget-within-capacity", "a budget of tokens lies within 0 and its capacity")       \
    X(COUNTED, "every-request-is-an-attempt",                                                      \
      "the requests that the servers count are the attempts of the story")                         \
    X(ARRIVED, "request-as-decided",                                                               \
      "a server sees the request, and the connection, that was decided on")                        \
    X(CLOCK, "time-never-goes-back", "no event comes before the one that was handled last")        \
    X(ENDS, "every-call-ends", "each call of a run reaches a reason")                              \
    X(AGREED, "driver-and-engine-agree", "no event comes in a state that cannot have it")          \
    X(SECRET, "no-secret-in-story", "no credential stands in the story, in text or JSON")          \
    X(SAME, "same-seed-same-story", "a second run with the same seed tells the same story")        \
    X(BOTH_WAYS, "same-story-both-ways", "real sockets and the virtual clock tell the same story")
enum invariant {
#define X(name, word, doc) INVARIANT_##name,
    INVARIANT_MAP(X)
#undef X
        INVARIANT_COUNT
};
extern const struct names invariant_names;

struct violation {
    enum invariant invariant;
    uint32_t call_number; /* 0: of the run */
    int64_t at;
    struct redial_str detail;
};

#define VIOLATIONS_KEPT 8 /* one is enough to look; the rest is counted */

struct violations {
    struct arena *arena;
    struct violation list[VIOLATIONS_KEPT];
    size_t count; /* all, kept or not */
};

void invariant_broken(struct violations *violations, enum invariant invariant, uint32_t call_number,
                      int64_t at, const char *format, ...) REDIAL_PRINTF(5, 6);

/* What is remembered of a call between two of its steps. */
struct watch {
    bool delivered, vetoed;
    bool sent_before;
    struct watched_request {
        uint16_t provider;
        struct redial_str model;
        int64_t max_tokens, input_tokens;
        uint32_t credential;
        bool fast;
    } request; /* the last one sent */
};

/* Looks at one step. `background_ends`: invariants_background_ends of the policy. */
void invariants_step(struct violations *violations, struct watch *watch, bool background_ends,
                     uint32_t call_number, const struct redial_call *call,
                     const struct redial_event *event, const struct redial_decision *decision,
                     int64_t now);
/* Looks at a request about to be sent. */
void invariants_send(struct violations *violations, struct watch *watch, uint32_t call_number,
                     const struct watched_request *request, int64_t now);
/* Whether some rule ends background calls that meet an overload. */
bool invariants_background_ends(const struct redial_policy *policy);

#endif
