/* What became of the state that calls share: a line per budget, breaker, cooldown and mode. */
#include <inttypes.h>

#include "story/say.h"

/* The guard of a kind by 1 + its index, NULL when the policy has none such. */
static const struct guard *guard_of(const struct redial_policy *policy, enum redial_guard_kind kind,
                                    size_t number)
{
    const struct guards *guards = &policy->guards;
    if (number == 0 || number > GUARDS_MAX + (kind == REDIAL_GUARD_COOLDOWN)) return NULL;
    switch (kind) {
    case REDIAL_GUARD_BUDGET: return &guards->budgets[number - 1].guard;
    case REDIAL_GUARD_BREAKER: return &guards->breakers[number - 1].guard;
    case REDIAL_GUARD_COOLDOWN: return &guards->cooldowns[number - 1].guard;
    case REDIAL_GUARD_LIMITER: return &guards->limiters[number - 1].guard;
    case REDIAL_GUARD_NONE:
    case REDIAL_GUARD_COUNT: break;
    }
    return NULL;
}

struct redial_str story_guard_name(const struct redial_policy *policy, enum redial_guard_kind kind,
                                   size_t number)
{
    const struct guard *guard = guard_of(policy, kind, number);
    return guard ? guard->name : (struct redial_str){"", 0};
}

static void say_guard(struct writer *writer, enum redial_guard_kind kind, size_t number)
{
    say(writer, "\"");
    say_name(writer, story_guard_name(writer->policy, kind, number));
    say(writer, "\"");
}

void say_holder(struct writer *writer, const struct redial_decision *decision)
{
    static const char *const whats[REDIAL_GUARD_COUNT] = {
        [REDIAL_GUARD_NONE] = "",
        [REDIAL_GUARD_BUDGET] = " is empty",
        [REDIAL_GUARD_BREAKER] = " is open",
        [REDIAL_GUARD_COOLDOWN] = " is running",
        [REDIAL_GUARD_LIMITER] = "",
    };
    const struct redial_shared_word *word = &decision->shared;
    say(writer, redial_guard_name((enum redial_guard_kind)word->held_by));
    say(writer, " ");
    say_guard(writer, (enum redial_guard_kind)word->held_by, word->holder);
    if (word->held_by < REDIAL_GUARD_COUNT) say(writer, whats[word->held_by]);
}

/* Thousandths, with as many decimals as there are. */
static void say_amount(struct writer *writer, int64_t amount)
{
    if (amount < 0) say(writer, "-");
    if (amount < 0) amount = -amount;
    text_printf(&writer->line, "%" PRId64, amount / BUDGET_UNIT);
    int64_t part = amount % BUDGET_UNIT;
    if (part == 0) return;
    int digits = 3;
    for (; part % 10 == 0; part /= 10) digits--;
    text_printf(&writer->line, ".%0*" PRId64, digits, part);
}

static void tell_budget(struct writer *writer, const struct story_entry *entry)
{
    const struct redial_shared_word *word = &entry->decision.shared;
    bool refused = word->held_by == REDIAL_GUARD_BUDGET;
    say_guard(writer, REDIAL_GUARD_BUDGET, word->budget);
    say(writer, " ");
    say_amount(writer, word->budget_before);
    if (word->budget_after != word->budget_before) {
        say(writer, " -> ");
        say_amount(writer, word->budget_after);
    }
    if (refused) {
        say(writer, ", a retry takes ");
        say_amount(writer, word->budget_cost);
    }
    say_line(writer, entry, refused ? TONE_BAD : TONE_FAINT, "budget");
}

static void say_until(struct writer *writer, const struct story_entry *entry)
{
    say(writer, " for ");
    words_time(entry->decision.shared.until - entry->at, &writer->line);
}

static void tell_breakers(struct writer *writer, const struct story_entry *entry)
{
    const struct redial_shared_word *word = &entry->decision.shared;
    if (word->opened) {
        say_guard(writer, REDIAL_GUARD_BREAKER, word->opened);
        say(writer, " opens");
        say_line(writer, entry, TONE_BAD, "breaker");
    }
    if (word->closed) {
        say_guard(writer, REDIAL_GUARD_BREAKER, word->closed);
        say(writer, " closes");
        say_line(writer, entry, TONE_GOOD, "breaker");
    }
}

static void tell_speed(struct writer *writer, const struct story_entry *entry)
{
    const struct redial_shared_word *word = &entry->decision.shared;
    bool goes_on = entry->decision.kind != REDIAL_DECISION_FINISH;
    switch ((enum redial_speed_change)word->speed) {
    case REDIAL_SPEED_COOLING:
        say(writer, "standard: fast mode cools down");
        say_until(writer, entry);
        say(writer, " yet");
        break;
    case REDIAL_SPEED_OFF: say(writer, "standard: fast mode is disabled"); break;
    case REDIAL_SPEED_UNSUPPORTED: say(writer, "standard: this model has no fast mode here"); break;
    case REDIAL_SPEED_COOLDOWN:
        if (goes_on) say(writer, "fast -> standard; ");
        say(writer, "fast mode cools down");
        say_until(writer, entry);
        break;
    case REDIAL_SPEED_ONCE: say(writer, "fast -> standard, for this call"); break;
    case REDIAL_SPEED_DISABLED:
        if (goes_on) say(writer, "fast -> standard; ");
        say(writer, "fast mode is disabled");
        break;
    case REDIAL_SPEED_AS_BEFORE:
    case REDIAL_SPEED_COUNT: break;
    }
    say_line(writer, entry, TONE_CHANGE, "speed");
}

/* A call that went to another leg because of a guard: the fallback's line says where to. */
static bool moved(const struct redial_decision *decision)
{
    return decision->from_provider != decision->provider ||
           decision->from_model != decision->model_index;
}

void tell_shared(struct writer *writer, const struct story_entry *entry)
{
    const struct redial_decision *decision = &entry->decision;
    const struct redial_shared_word *word = &decision->shared;
    tell_breakers(writer, entry);
    if (word->cooldown) {
        say_guard(writer, REDIAL_GUARD_COOLDOWN, word->cooldown);
        say_until(writer, entry);
        say_line(writer, entry, TONE_CHANGE, "cooldown");
    }
    if (word->budget) tell_budget(writer, entry);
    if (word->speed != REDIAL_SPEED_AS_BEFORE) tell_speed(writer, entry);
    if (moved(decision) && word->held_by != REDIAL_GUARD_NONE &&
        decision->kind == REDIAL_DECISION_SEND) {
        say_holder(writer, decision);
        say_line(writer, entry, TONE_CHANGE, "held");
    }
}
