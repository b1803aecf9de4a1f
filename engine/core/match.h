/* Conditions and matchers at work: the facts of one moment against the policy's rows. Reads only;
 * no allocation. */
#ifndef REDIAL_CORE_MATCH_H
#define REDIAL_CORE_MATCH_H

#include "core/hooks.h"

/* Everything a condition may look at. `key` holds the small numbers that matchers index. */
struct facts {
    const struct redial_policy *policy;
    const struct redial_event *event; /* prepared */
    const struct redial_call *call;
    int64_t now;
    uint32_t key[FACT_KEYS];
    uint32_t absent;            /* bit per key fact that was not told */
    struct hook_moment *moment; /* what Lua conditions see; NULL: they do not hold */
};

/* Fills `facts`, the class NONE for the time being. */
void facts_init(struct facts *facts, const struct redial_call *call,
                const struct redial_event *event, int64_t now);
/* `nocase`: header values, which are written in either case. */
bool glob_holds(const struct glob *glob, struct redial_str text, bool nocase);
bool condition_holds(const struct condition *condition, const struct facts *facts);
/* The first matching row, or MATCH_NONE. */
uint32_t matcher_find(const struct matcher *matcher, const struct facts *facts);
/* What the event means, by the platform's table and then the one all platforms share; `*row_of` is
 * the deciding row or NULL. NONE for a complete 2xx reply that no row names, UNKNOWN for anything
 * else that no row names. */
enum redial_class classify(struct facts *facts, const struct classify_row **deciding);

#endif
