#include "core/match.h"

#include "patterns/pattern.h"

/* Facts for which 0 means "not told": no row can name it, so a shape that fixes one needs no
 * lookup. */
static uint32_t absent_facts(const uint32_t key[])
{
#define ABSENT(fact) ((uint32_t)(key[fact] == 0) << (fact))
    return ABSENT(FACT_STATUS) | ABSENT(FACT_ERROR) | ABSENT(FACT_ERROR_CODE) |
           ABSENT(FACT_STREAM_ERROR) | ABSENT(FACT_STOP_REASON) | ABSENT(FACT_CAUSE) |
           ABSENT(FACT_PHASE);
#undef ABSENT
}

void facts_init(struct facts *facts, const struct redial_call *call,
                const struct redial_event *event, int64_t now)
{
    facts->policy = call->policy;
    facts->event = event;
    facts->call = call;
    facts->now = now;
    facts->moment = NULL;
    facts->key[FACT_CLASS] = REDIAL_CLASS_NONE;
    facts->key[FACT_STATUS] = event->status;
    facts->key[FACT_ERROR] = event->symbol[REDIAL_TEXT_ERROR];
    facts->key[FACT_ERROR_CODE] = event->symbol[REDIAL_TEXT_ERROR_CODE];
    facts->key[FACT_STREAM_ERROR] = event->symbol[REDIAL_TEXT_STREAM_ERROR];
    facts->key[FACT_STOP_REASON] = event->symbol[REDIAL_TEXT_STOP_REASON];
    facts->key[FACT_CAUSE] = event->cause;
    facts->key[FACT_PHASE] = event->phase;
    facts->key[FACT_PLATFORM] = call->platform;
    facts->key[FACT_PROVIDER] = call->provider;
    facts->key[FACT_MODEL] = call->model_index;
    facts->key[FACT_QUERY] = call->query;
    facts->key[FACT_SHOULD_RETRY] = event->should_retry > 0 ? 1 : event->should_retry < 0 ? 2 : 0;
    facts->absent = absent_facts(facts->key);
}

static int64_t first_hint(const struct facts *facts)
{
    const struct redial_policy *policy = facts->policy;
    for (size_t i = 0; i < policy->hint_header_count; i++) {
        const struct redial_hint *hint = &facts->event->hint[i];
        if (hint->kind == REDIAL_HINT_DELAY) return hint->value;
        if (hint->kind == REDIAL_HINT_INSTANT && hint->value > facts->now)
            return hint->value - facts->now;
    }
    return -1;
}

/* `fact` as a number; facts that are texts have none and are never asked for here (compile sees to
 * it). */
static int64_t number_of(enum fact fact, const struct facts *facts)
{
    if (fact < FACT_KEYS) return facts->key[fact];
    const struct redial_call *call = facts->call;
    if (fact == FACT_ATTEMPT) return call->attempts;
    if (fact == FACT_RETRIES) return call->leg_retries;
    if (fact == FACT_ELAPSED) return facts->now - call->started_at;
    if (fact == FACT_WAITED) return call->waited;
    if (fact == FACT_OUTPUT_DELIVERED) return call->delivered;
    if (fact == FACT_MODE) return call->variant;
    if (fact == FACT_HINT) return first_hint(facts);
    return -1;
}

bool glob_holds(const struct glob *glob, struct redial_str text, bool nocase)
{
    if (glob->form == GLOB_REGEX) return pattern_matches(glob->regex, text);
    if (nocase) return glob_match_nocase(glob->pattern, text);
    switch (glob->form) {
    case GLOB_EXACT: return str_eq(text, glob->literal);
    case GLOB_PREFIX: return str_starts_with(text, glob->literal);
    case GLOB_SUFFIX: return str_ends_with(text, glob->literal);
    case GLOB_CONTAINS: return str_find(text, glob->literal) != SIZE_MAX;
    case GLOB_GENERAL:
    case GLOB_REGEX: break;
    }
    return glob_match(glob->pattern, text);
}

static bool any_glob_holds(const struct condition *condition, struct redial_str text, bool nocase)
{
    for (size_t i = 0; i < condition->count; i++)
        if (glob_holds(&condition->globs[i], text, nocase)) return true;
    return false;
}

static bool header_holds(const struct condition *condition, const struct redial_event *event)
{
    for (uint32_t i = 0; i < event->header_count; i++)
        if (str_eq_nocase(event->headers[i].name, condition->header) &&
            any_glob_holds(condition, event->headers[i].value, true))
            return true;
    return false;
}

static struct redial_str text_of(enum fact fact, const struct facts *facts)
{
    const struct redial_event *event = facts->event;
    if (fact == FACT_MESSAGE) return event->message;
    if (fact == FACT_MODEL) return facts->call->model;
    if (fact == FACT_ERROR) return event->text[REDIAL_TEXT_ERROR];
    if (fact == FACT_ERROR_CODE) return event->text[REDIAL_TEXT_ERROR_CODE];
    if (fact == FACT_STREAM_ERROR) return event->text[REDIAL_TEXT_STREAM_ERROR];
    if (fact == FACT_STOP_REASON) return event->text[REDIAL_TEXT_STOP_REASON];
    return (struct redial_str){0};
}

/* A call may want several features: the one fact that has more than one value. */
static bool wants_one_of(const struct condition *condition, uint32_t wants)
{
    for (size_t i = 0; i < condition->count; i++)
        if (wants >> condition->values[i] & 1) return true;
    return false;
}

static bool one_of(const struct condition *condition, const struct facts *facts)
{
    if (condition->fact == FACT_FEATURE) return wants_one_of(condition, facts->call->wants);
    int64_t number = number_of(condition->fact, facts);
    for (size_t i = 0; i < condition->count; i++)
        if (condition->values[i] == number) return true;
    return false;
}

static bool in_range(const struct condition *condition, const struct facts *facts)
{
    int64_t number = number_of(condition->fact, facts);
    return number >= condition->range.low && number <= condition->range.high;
}

static bool all_hold(const struct condition *condition, const struct facts *facts)
{
    for (size_t i = 0; i < condition->count; i++)
        if (!condition_holds(condition->children[i], facts)) return false;
    return true;
}

static bool any_holds(const struct condition *condition, const struct facts *facts)
{
    for (size_t i = 0; i < condition->count; i++)
        if (condition_holds(condition->children[i], facts)) return true;
    return false;
}

/* What a hook cannot say does not hold. After the first error no more are asked: the moment tells
 * whose it was. */
static bool hook_holds(const struct condition *condition, const struct facts *facts)
{
    const struct hook_port *port = facts->policy->hooks.port;
    bool holds = false;
    if (!port || !facts->moment || facts->moment->error.len > 0) return false;
    enum hook_answer answer =
        port->condition(port->hooks, facts->moment, condition->function, &holds);
    return answer == HOOK_ANSWERED && holds;
}

/* The depth of a tree is bounded by the document's depth. */
bool condition_holds(const struct condition *condition, const struct facts *facts)
{
    switch (condition->kind) {
    case CONDITION_ALWAYS: return true;
    case CONDITION_ALL: return all_hold(condition, facts);
    case CONDITION_ANY: return any_holds(condition, facts);
    case CONDITION_NOT: return !condition_holds(condition->children[0], facts);
    case CONDITION_ONE_OF: return one_of(condition, facts);
    case CONDITION_RANGE: return in_range(condition, facts);
    case CONDITION_GLOB:
        if (condition->message_bits) return facts->event->message_matches & condition->message_bits;
        if (condition->fact == FACT_HEADER) return header_holds(condition, facts->event);
        return any_glob_holds(condition, text_of(condition->fact, facts), false);
    case CONDITION_LUA: return hook_holds(condition, facts);
    }
    return false;
}

static bool key_matches(const struct match_entry *entry, uint32_t mask, const uint32_t key[])
{
    for (; mask; mask &= mask - 1) {
        int fact = __builtin_ctz(mask);
        if (entry->key[fact] != key[fact]) return false;
    }
    return true;
}

static const struct match_entry *shape_find(const struct matcher *matcher,
                                            const struct match_shape *shape,
                                            const struct facts *facts)
{
    uint64_t sum = 0;
    for (uint32_t mask = shape->mask; mask; mask &= mask - 1) {
        int fact = __builtin_ctz(mask);
        sum += match_mix((enum fact)fact, facts->key[fact]);
    }
    for (uint32_t slot = match_fold(sum) & (shape->slots - 1);;
         slot = (slot + 1) & (shape->slots - 1)) {
        uint32_t number = shape->table[slot];
        if (number == MATCH_NONE) return NULL;
        const struct match_entry *entry = &matcher->entries[number];
        if (key_matches(entry, shape->mask, facts->key)) return entry;
    }
}

/* What is left to ask of an entry once its key matches. A message that has none of the patterns
 * that the row needs is ruled out before the condition is walked. */
static bool rest_holds(const struct match_entry *entry, const struct facts *facts)
{
    if (!entry->rest) return true;
    if (entry->message_bits && !(entry->message_bits & facts->event->message_matches)) return false;
    if (facts->moment && facts->moment->error.len == 0) facts->moment->rule = (uint16_t)entry->row;
    return condition_holds(entry->rest, facts);
}

uint32_t matcher_find(const struct matcher *matcher, const struct facts *facts)
{
    uint32_t best = MATCH_NONE;
    if (!matcher->entries) return best; /* a table without rows */
    for (size_t i = 0; i < matcher->shape_count && matcher->shapes[i].first_row < best; i++) {
        const struct match_shape *shape = &matcher->shapes[i];
        if (shape->mask & facts->absent) continue;
        const struct match_entry *entry = shape_find(matcher, shape, facts);
        for (; entry && entry->row < best;
             entry = entry->next == MATCH_NONE ? NULL : &matcher->entries[entry->next])
            if (rest_holds(entry, facts)) best = entry->row;
    }
    return best;
}

static const struct classify_row *table_find(const struct classify_table *table,
                                             const struct facts *facts)
{
    uint32_t row = matcher_find(&table->matcher, facts);
    return row == MATCH_NONE ? NULL : &table->rows[row];
}

enum redial_class classify(struct facts *facts, const struct classify_row **deciding)
{
    const struct redial_policy *policy = facts->policy;
    const struct classify_row *row =
        table_find(&policy->platforms[facts->call->platform].classify, facts);
    if (!row) row = table_find(&policy->transport, facts);
    const struct redial_event *event = facts->event;
    bool whole = event->kind == REDIAL_EVENT_REPLY && event->complete && event->status >= 200 &&
                 event->status <= 299;
    enum redial_class class = row ? row->class : REDIAL_CLASS_NONE;
    if (class == REDIAL_CLASS_NONE && !whole)
        class = REDIAL_CLASS_UNKNOWN; /* whatever a row says */
    facts->key[FACT_CLASS] = class;
    *deciding = row;
    return class;
}
