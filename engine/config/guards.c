/* What all guards have, and `cooldowns` and `limiters`. */
#include "config/reader.h"

/* ---- All guards */

bool read_guard_per(struct reading *reading, const struct node *value, void *target)
{
    struct guard *guard = target;
    bool right = true;
    guard->per = 0;
    for (size_t i = 0; i < items_count(value); i++) {
        int row;
        if (read_word(reading, items_at(value, i), &guard_key_names, &row))
            guard->per |= 1u << row;
        else
            right = false;
    }
    return right;
}

bool read_guard_answer(struct reading *reading, const struct node *value, void *target)
{
    enum guard_answer *out = target;
    int row;
    if (!read_word(reading, value, &guard_answer_names, &row)) return false;
    *out = (enum guard_answer)row;
    return true;
}

bool config_read_guards(struct reading *reading, const struct node *value,
                        const struct guard_section *section)
{
    if (value->kind != NODE_MAPPING) {
        struct text expected = TEXT_INIT;
        text_printf(&expected, "%ss by name: {NAME: {...}}", section->what);
        reading_unexpected(reading, value, expected.failed ? section->what : expected.ptr);
        text_clean_up(&expected);
        return false;
    }
    if (value->count > GUARDS_MAX) {
        diag_error(reading->diags, "too-many", value->span, "a policy has at most %d %ss",
                   GUARDS_MAX, section->what);
        return false;
    }
    bool right = true;
    for (size_t i = 0; i < value->count; i++) {
        struct guard *guard = (void *)((char *)section->entries + i * section->size);
        guard->span = value->keys[i]->span;
        right = read_name(reading, value->keys[i], &guard->name) && right;
        right = section->read(reading, value->values[i], guard) && right;
    }
    *section->count = (uint8_t)value->count;
    config_of(reading)->policy->guards.present |= value->count > 0;
    return right;
}

/* ---- Cooldowns */

bool read_cooldown_for(struct reading *reading, const struct node *value, void *target)
{
    int64_t *length = target;
    if (!read_duration(reading, value, length)) return false;
    if (*length > 0) return true;
    diag_error(reading->diags, "out-of-range", value->span, "a cooldown of 0 does nothing");
    return false;
}

static const struct name hint_rows[] = {{"ignore", "its own length counts"},
                                        {"extend", "a longer hint counts instead"}};
static const struct names hint_words = {"answer (hint)", hint_rows, REDIAL_COUNT_OF(hint_rows)};

bool read_guard_hint(struct reading *reading, const struct node *value, void *target)
{
    bool *extends = target;
    int row;
    if (!read_word(reading, value, &hint_words, &row)) return false;
    *extends = row == 1;
    return true;
}

static const struct key cooldown_keys[] = {
    {"for", read_cooldown_for, offsetof(struct cooldown, length), "how long", "duration", true},
    {"hint", read_guard_hint, offsetof(struct cooldown, hint_extends),
     "whether the server's word makes it longer", "extend or ignore", false},
    {"per", read_guard_per, offsetof(struct cooldown, guard), "what it tells apart",
     "provider, model, credential, query", false},
    {"when_running", read_guard_answer, offsetof(struct cooldown, when_running),
     "what a call does that meets it", "wait, fallback or fail", false},
};
static const struct keys cooldown_table = {"a cooldown", cooldown_keys,
                                           REDIAL_COUNT_OF(cooldown_keys)};

#define LEG (1u << GUARD_BY_PROVIDER | 1u << GUARD_BY_MODEL)

static bool read_cooldown(struct reading *reading, const struct node *value, void *entry)
{
    struct cooldown *cooldown = entry;
    cooldown->guard.per = LEG;
    config_of(reading)->policy->guards.cools = true;
    return keys_read(reading, &cooldown_table, value, cooldown);
}

bool read_cooldowns(struct reading *reading, const struct node *value, void *target)
{
    (void)target;
    struct guards *guards = &config_of(reading)->policy->guards;
    return config_read_guards(reading, value,
                              &(struct guard_section){"cooldown", guards->cooldowns,
                                                      sizeof guards->cooldowns[0],
                                                      &guards->cooldown_count, read_cooldown});
}

void config_need_cooldown(struct config *config)
{
    struct guards *guards = &config->policy->guards;
    struct cooldown *cooldown = &guards->cooldowns[COOLDOWN_ANY];
    cooldown->guard.name = REDIAL_STR("cooldown");
    cooldown->guard.per = LEG;
    cooldown->when_running = GUARD_WAIT;
    guards->cools = true;
    guards->present = true;
}

/* ---- Limiters */

bool read_class_set(struct reading *reading, const struct node *value, void *target)
{
    uint32_t *classes = target;
    bool right = true;
    *classes = 0;
    for (size_t i = 0; i < items_count(value); i++) {
        int row;
        if (read_word(reading, items_at(value, i), &class_names, &row))
            *classes |= 1u << row;
        else
            right = false;
    }
    return right;
}

static bool read_part(struct reading *reading, const struct node *value, void *target)
{
    double *out = target;
    uint32_t ppm;
    if (!read_share(reading, value, &ppm)) return false;
    *out = ppm / 1e6;
    return true;
}

static const struct key limiter_keys[] = {
    {"throttled", read_class_set, offsetof(struct limiter, throttled), "what lowers the rate",
     "classes", false},
    {"beta", read_part, offsetof(struct limiter, beta), "a throttle leaves this share of the rate",
     "share", false},
    {"scale", read_factor, offsetof(struct limiter, scale), "how steeply the rate grows",
     "number above 0", false},
    {"smoothing", read_part, offsetof(struct limiter, smoothing),
     "weight of the newest measured rate", "share", false},
    {"rate_min", read_factor, offsetof(struct limiter, rate_min), "requests per second, at least",
     "number above 0", false},
    {"capacity_min", read_factor, offsetof(struct limiter, capacity_min),
     "requests at once, at least", "number above 0", false},
    {"per", read_guard_per, offsetof(struct limiter, guard), "what it tells apart",
     "provider, model, credential, query", false},
};
static const struct keys limiter_table = {"a limiter", limiter_keys, REDIAL_COUNT_OF(limiter_keys)};

/* The constants of the AWS SDKs' adaptive mode. */
static bool read_limiter(struct reading *reading, const struct node *value, void *entry)
{
    struct limiter *limiter = entry;
    limiter->guard.per = 1u << GUARD_BY_PROVIDER;
    limiter->throttled = 1u << REDIAL_CLASS_RATE_LIMITED;
    limiter->beta = 0.7;
    limiter->scale = 0.4;
    limiter->smoothing = 0.8;
    limiter->rate_min = 0.5;
    limiter->capacity_min = 1;
    limiter->measure = 500 * NS_PER_MS;
    return keys_read(reading, &limiter_table, value, limiter);
}

bool read_limiters(struct reading *reading, const struct node *value, void *target)
{
    (void)target;
    struct guards *guards = &config_of(reading)->policy->guards;
    return config_read_guards(reading, value,
                              &(struct guard_section){"limiter", guards->limiters,
                                                      sizeof guards->limiters[0],
                                                      &guards->limiter_count, read_limiter});
}
