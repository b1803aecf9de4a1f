/* What was found out about one event, before it is written as text or JSON. Private to explain. */
#ifndef REDIAL_STORY_ANSWER_H
#define REDIAL_STORY_ANSWER_H

#include "core/match.h"
#include "story/explain_parts.h"
#include "story/outlook.h"

struct answer {
    const struct redial_policy *policy;
    const struct explain_facts *given;
    struct outlook outlook;
    struct outlook_turn turn; /* of the attempt that was asked about, then of those after it */
    struct facts facts;       /* at that moment */
    struct hook_moment moment;
    uint64_t random; /* hooks draw from a copy */
    const struct classify_row *row;
    bool by_hook;      /* a hook named the class, not the row */
    bool ended_before; /* the call had ended before that attempt */
    struct arena *arena;
    struct text cell;
};

#define TURNS_SHOWN_MAX 14

/* False with a reason; answer_end is due all the same. */
bool answer_begin(struct answer *answer, const struct redial_policy *policy,
                  const struct explain_facts *facts, struct redial_str *why);
void answer_end(struct answer *answer);
/* The rules in the call's mode; and one of them, NULL when `rule` is none. */
const struct rule *answer_rules(const struct answer *answer);
const struct rule *answer_rule(const struct answer *answer, uint16_t rule);
/* The first part of a condition that does not hold: what the rule would have needed. */
const struct condition *answer_unmet(const struct answer *answer,
                                     const struct condition *condition);

/* The name of the function behind the hook `classify`. */
struct redial_str answer_hook(const struct answer *answer);

#endif
