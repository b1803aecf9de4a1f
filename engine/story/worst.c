#include "story/worst.h"

#include "story/outlook.h"

/* A course that goes on for so many attempts goes on for ever when no limit says otherwise. */
#define TURNS_WITHOUT_LIMIT 300
#define TURNS_MAX           20000
#define HINTS_TRIED_MAX     8
#define MODELS_TRIED_MAX    8

struct search {
    const struct redial_policy *policy;
    struct worst *worst;
    enum variant_id variant;
    int64_t hints[1 + HINTS_TRIED_MAX]; /* ns; the first is none */
    size_t hint_count;
    int64_t own_longest[VARIANT_COUNT], longest[VARIANT_COUNT]; /* one wait; hinted ones too */
    bool failed;
};

/* What came of one event that repeats itself. */
struct course {
    enum redial_class class;
    uint16_t rule; /* that decided the first time */
    int64_t attempts, waited, longest;
    enum redial_reason reason;
};

static bool has_end(const struct limits *limits)
{
    return limits->attempts != REDIAL_UNLIMITED || limits->retries != REDIAL_UNLIMITED ||
           limits->deadline != DURATION_MAX;
}

static void give_hint(struct outlook *outlook, int64_t hint)
{
    for (size_t i = 0; hint > 0 && i < outlook->policy.hint_header_count; i++)
        outlook->event.hint[i] = (struct redial_hint){hint, REDIAL_HINT_DELAY};
}

/* False when no call could be made. */
static bool follow(struct search *search, const struct explain_facts *facts, int64_t hint,
                   struct course *course)
{
    struct outlook outlook;
    struct outlook_turn turn = {0};
    struct redial_str why;
    const struct limits *limits = &search->policy->variants[search->variant].limits;
    int turns = 0, most = has_end(limits) ? TURNS_MAX : TURNS_WITHOUT_LIMIT;
    *course = (struct course){.rule = NO_INDEX};
    bool begun = outlook_begin(&outlook, search->policy, facts, &why);
    give_hint(&outlook, begun ? hint : 0);
    while (begun && turns < most && outlook_next(&outlook, facts, &turn)) {
        if (turns++ == 0) {
            course->class = (enum redial_class)turn.judged.class;
            course->rule = turn.judged.rule;
        }
        course->waited = duration_add(course->waited, turn.wait_high);
        if (turn.wait_high > course->longest) course->longest = turn.wait_high;
    }
    if (!outlook.engine || !outlook.engine_high) search->failed = true;
    course->attempts = turn.ended ? turns : WORST_UNBOUNDED;
    course->reason = turn.ended ? turn.reason : REDIAL_REASON_NONE;
    if (!turn.ended && course->waited > 0) course->waited = WORST_UNBOUNDED;
    outlook_end(&outlook);
    return begun;
}

static void take(struct search *search, const struct course *course, bool hinted)
{
    struct worst_case *worst = &search->worst->of_class[search->variant][course->class];
    int64_t *own = &search->own_longest[search->variant];
    int64_t *longest = &search->longest[search->variant];
    if (course->class == REDIAL_CLASS_NONE) return;
    if (course->attempts > worst->attempts || !worst->met) {
        worst->attempts = course->attempts;
        worst->reason = course->reason;
    }
    worst->met = true;
    if (!hinted && course->waited > worst->waited) worst->waited = course->waited;
    if (!hinted && course->longest > *own) *own = course->longest;
    if (course->waited > worst->hinted) worst->hinted = course->waited;
    if (course->longest > *longest) *longest = course->longest;
}

/* ---- Everything that can be asked ---- */

static bool is_first_of_its_kind(const struct probes *probes, const struct course seen[],
                                 size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (seen[i].rule == seen[index].rule && seen[i].class == seen[index].class &&
            probes->list[i]->platforms == probes->list[index]->platforms)
            return false;
    return true;
}

/* Of the events that the same rule answers, one is asked about with hints too, unless it is beyond
 * all bounds already. */
static void ask_all(struct search *search, const struct probes *probes,
                    const struct redial_call_options *options, uint32_t platform)
{
    struct course *seen = ARENA_ARRAY(probes->arena, struct course, probes->count + 1);
    if (!seen) search->failed = true;
    for (size_t i = 0; seen && i < probes->count && !search->failed; i++) {
        if (!(probes->list[i]->platforms & 1u << platform)) continue;
        struct explain_facts facts = probes->list[i]->facts;
        facts.options = *options;
        if (!follow(search, &facts, 0, &seen[i])) continue;
        take(search, &seen[i], facts.event.header_count > 0); /* of which some are hints */
        if (seen[i].attempts == WORST_UNBOUNDED || !is_first_of_its_kind(probes, seen, i)) continue;
        for (size_t h = 1; h < search->hint_count; h++) {
            struct course hinted;
            if (follow(search, &facts, search->hints[h], &hinted)) take(search, &hinted, true);
        }
    }
}

static void find_hints(struct search *search)
{
    const struct redial_policy *policy = search->policy;
    search->hint_count = 1;
    for (size_t i = 0; i < policy->backoff_count; i++) {
        const struct hint_policy *hint = &policy->backoffs[i].hint;
        bool is_new = hint->count > 0 && search->hint_count <= HINTS_TRIED_MAX;
        for (size_t h = 1; h < search->hint_count; h++)
            is_new = is_new && search->hints[h] != hint->max;
        if (is_new) search->hints[search->hint_count++] = hint->max;
    }
}

static void ask_models(struct search *search, const struct probes *probes,
                       struct redial_call_options *options, uint32_t platform)
{
    const struct redial_policy *policy = search->policy;
    size_t tried = 0;
    for (size_t i = 0; i < policy->model_count && tried < MODELS_TRIED_MAX; i++) {
        if (policy->models[i].fallback_count == 0) continue;
        options->model = policy->models[i].name;
        ask_all(search, probes, options, platform);
        tried++;
    }
    options->model = (struct redial_str){0};
    if (tried == 0) ask_all(search, probes, options, platform);
}

static void ask_providers(struct search *search, const struct probes *probes)
{
    const struct redial_policy *policy = search->policy;
    for (size_t i = 0; i < policy->provider_count; i++) {
        const struct provider *provider = &policy->providers[i];
        for (int query = 0; query < REDIAL_QUERY_COUNT; query++) {
            struct redial_call_options options = {
                .provider = provider->name,
                .query = (uint8_t)query,
                .query_given = true,
                .unattended = search->variant == VARIANT_UNATTENDED,
            };
            ask_models(search, probes, &options, policy->platforms[provider->platform].kind);
        }
    }
}

/* ---- Any mix ---- */

static bool is_model_candidate(const struct redial_policy *policy, uint16_t model)
{
    for (size_t i = 0; i < policy->model_count; i++)
        for (size_t f = 0; f < policy->models[i].fallback_count; f++)
            if (policy->models[i].fallbacks[f] == model) return true;
    return false;
}

static bool is_provider_candidate(const struct redial_policy *policy, uint16_t provider)
{
    for (size_t i = 0; policy->provider_fallbacks && i < policy->provider_count; i++)
        for (size_t f = 0; f < REDIAL_COUNT_OF(*policy->provider_fallbacks); f++)
            if (policy->provider_fallbacks[i][f] == provider) return true;
    return false;
}

/* Every candidate is taken once per call. */
static int64_t legs_at_most(const struct redial_policy *policy)
{
    int64_t legs = 1;
    for (size_t i = 0; i < policy->model_count; i++)
        legs += is_model_candidate(policy, (uint16_t)i);
    for (size_t i = 0; i < policy->provider_count; i++)
        legs += is_provider_candidate(policy, (uint16_t)i);
    return legs;
}

static int64_t waits_at_most(int64_t attempts, int64_t longest, int64_t deadline)
{
    int64_t waits = WORST_UNBOUNDED;
    if (longest == 0) return 0;
    if (attempts == WORST_UNBOUNDED || __builtin_mul_overflow(attempts - 1, longest, &waits))
        waits = WORST_UNBOUNDED;
    return waits < deadline ? waits : deadline;
}

static void bound_any_mix(struct search *search)
{
    const struct limits *limits = &search->policy->variants[search->variant].limits;
    struct worst_case *mixed = &search->worst->mixed[search->variant];
    int64_t legs = legs_at_most(search->policy), attempts = WORST_UNBOUNDED;
    if (limits->retries != REDIAL_UNLIMITED) attempts = legs * (INT64_C(1) + limits->retries);
    if (limits->attempts != REDIAL_UNLIMITED && limits->attempts < attempts)
        attempts = limits->attempts;
    *mixed = (struct worst_case){
        .met = true,
        .attempts = attempts,
        .waited = waits_at_most(attempts, search->own_longest[search->variant], limits->deadline),
        .hinted = waits_at_most(attempts, search->longest[search->variant], limits->deadline),
    };
}

bool worst_find(const struct redial_policy *policy, struct worst *worst)
{
    struct probes probes;
    struct search search = {.policy = policy, .worst = worst};
    *worst = (struct worst){0};
    probes_begin(&probes);
    probes_add(&probes, policy);
    search.failed = probes.failed;
    find_hints(&search);
    for (size_t i = 0; !search.failed && i < VARIANT_COUNT; i++) {
        if (!policy->variants[i].present) continue;
        search.variant = (enum variant_id)i;
        ask_providers(&search, &probes);
        bound_any_mix(&search);
    }
    probes_end(&probes);
    return !search.failed;
}
