#include "story/answer.h"

bool answer_begin(struct answer *answer, const struct redial_policy *policy,
                  const struct explain_facts *facts, struct redial_str *why)
{
    *answer = (struct answer){.policy = policy, .given = facts, .arena = arena_new()};
    if (!outlook_begin(&answer->outlook, policy, facts, why)) return false;
    *why = REDIAL_STR("out of memory");
    if (!answer->arena) return false;
    for (int32_t i = 0; i < facts->attempt; i++)
        if (!outlook_next(&answer->outlook, facts, &answer->turn)) {
            answer->ended_before = true;
            break;
        }
    facts_init(&answer->facts, &answer->outlook.before, &answer->outlook.event,
               answer->outlook.before_at);
    answer->by_hook = classify(&answer->facts, &answer->row) != answer->turn.judged.class &&
                      !answer->ended_before;
    if (answer->by_hook) answer->facts.key[FACT_CLASS] = answer->turn.judged.class;
    answer->random = answer->outlook.before.random;
    answer->moment = (struct hook_moment){.call = &answer->outlook.before,
                                          .event = &answer->outlook.event,
                                          .now = answer->outlook.before_at,
                                          .class = answer->turn.judged.class,
                                          .random = &answer->random,
                                          .rule = NO_INDEX};
    answer->facts.moment = &answer->moment;
    return true;
}

void answer_end(struct answer *answer)
{
    outlook_end(&answer->outlook);
    arena_destroy(answer->arena);
    text_clean_up(&answer->cell);
}

const struct rule *answer_rules(const struct answer *answer)
{
    return answer->policy->variants[answer->outlook.low.variant].rules;
}

const struct rule *answer_rule(const struct answer *answer, uint16_t rule)
{
    return rule < answer->policy->rule_count ? &answer_rules(answer)[rule] : NULL;
}

const struct condition *answer_unmet(const struct answer *answer, const struct condition *condition)
{
    for (size_t i = 0; condition->kind == CONDITION_ALL && i < condition->count; i++)
        if (!condition_holds(condition->children[i], &answer->facts))
            return answer_unmet(answer, condition->children[i]);
    return condition;
}

struct redial_str answer_hook(const struct answer *answer)
{
    const struct hooks_policy *hooks = &answer->policy->hooks;
    uint16_t function = hooks->point[HOOK_CLASSIFY];
    return function < hooks->function_count ? hooks->functions[function].name
                                            : (struct redial_str){"", 0};
}
