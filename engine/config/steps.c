/* `do` and `then`: a step is a word, or a word with its parameters. What a list may hold is checked
 * here, so that a contradiction is told at its line and never met by a call. */
#include "config/reader.h"

#define BIT(step) (1u << REDIAL_STEP_##step)

enum {
    WAITS = BIT(BACKOFF) | BIT(WAIT),
    FALLBACKS = BIT(FALLBACK_MODEL) | BIT(FALLBACK_PROVIDER),
    SHARED = BIT(COOLDOWN) | BIT(DISABLE), /* touch what calls share: they may stand before fail */
    LIMITS = BIT(RAISE_OUTPUT_LIMIT) | BIT(FIT_OUTPUT_LIMIT)
};

static bool read_below_floor(struct reading *reading, const struct node *value, void *target)
{
    enum below_floor *out = target;
    int row;
    if (!read_word(reading, value, &below_floor_names, &row)) return false;
    *out = (enum below_floor)row;
    return true;
}

static const struct key raise_keys[] = {
    {"floor", read_tokens, offsetof(struct step, floor), "at least so many tokens", "tokens",
     false},
    {"buffer", read_tokens, offsetof(struct step, buffer),
     "so many tokens of the context window stay free", "tokens", false},
};
static const struct keys raise_table = {"raise_output_limit", raise_keys,
                                        REDIAL_COUNT_OF(raise_keys)};
static const struct key fit_keys[] = {
    {"floor", read_tokens, offsetof(struct step, floor), "at least so many tokens", "tokens",
     false},
    {"buffer", read_tokens, offsetof(struct step, buffer),
     "so many tokens of the context window stay free", "tokens", false},
    {"below_floor", read_below_floor, offsetof(struct step, below_floor),
     "what to do when less than the floor fits", "fail or compact", false},
};
static const struct keys fit_table = {"fit_output_limit", fit_keys, REDIAL_COUNT_OF(fit_keys)};

/* ---- One step */

static bool read_step_backoff(struct reading *reading, const struct node *value, struct step *step)
{
    struct config *config = config_of(reading);
    step->backoff = config_find(config, &config->backoffs, "backoff", value);
    return step->backoff != NO_INDEX;
}

static bool read_step_wait(struct reading *reading, const struct node *value, struct step *step)
{
    return read_duration(reading, value, &step->wait);
}

static bool read_step_lua(struct reading *reading, const struct node *value, struct step *step)
{
    return config_hook_function(reading, value, &step->function);
}

static bool read_step_raise(struct reading *reading, const struct node *value, struct step *step)
{
    return keys_read(reading, &raise_table, value, step);
}

static bool read_step_fit(struct reading *reading, const struct node *value, struct step *step)
{
    return keys_read(reading, &fit_table, value, step);
}

/* A length of its own, or the name of a cooldown. */
static bool read_step_cooldown(struct reading *reading, const struct node *value, struct step *step)
{
    struct config *config = config_of(reading);
    int64_t length;
    if (value->kind == NODE_SCALAR && duration_parse(value->text, &length) == DURATION_OK) {
        config_need_cooldown(config);
        step->cooldown = COOLDOWN_ANY;
        step->wait = length;
        if (length > 0) return true;
        diag_error(reading->diags, "out-of-range", value->span, "a cooldown of 0 does nothing");
        return false;
    }
    uint16_t number = config_find(config, &config->cooldowns, "cooldown", value);
    step->cooldown = (uint8_t)number;
    return number != NO_INDEX;
}

static bool read_step_disable(struct reading *reading, const struct node *value, struct step *step)
{
    (void)step;
    if (value->kind == NODE_SCALAR && str_is(value->text, "fast")) return true;
    reading_unexpected(reading, value, "fast, the mode that can be disabled");
    return false;
}

/* How a step may be written: alone, with parameters, or either way. */
static const struct {
    bool alone;
    bool (*parameters)(struct reading *reading, const struct node *value, struct step *step);
    const char *example;
} forms[REDIAL_STEP_COUNT] = {
    [REDIAL_STEP_RETRY] = {true, NULL, "retry"},
    [REDIAL_STEP_FAIL] = {true, NULL, "fail"},
    [REDIAL_STEP_BACKOFF] = {true, read_step_backoff, "{backoff: NAME}"},
    [REDIAL_STEP_WAIT] = {false, read_step_wait, "{wait: 5s}"},
    [REDIAL_STEP_REFRESH] = {true, NULL, "refresh"},
    [REDIAL_STEP_FRESH_CONNECTION] = {true, NULL, "fresh_connection"},
    [REDIAL_STEP_COMPACT] = {true, NULL, "compact"},
    [REDIAL_STEP_RAISE_OUTPUT_LIMIT] = {true, read_step_raise,
                                        "{raise_output_limit: {floor: 3000, buffer: 1000}}"},
    [REDIAL_STEP_FIT_OUTPUT_LIMIT] = {true, read_step_fit,
                                      "{fit_output_limit: {floor: 3000, buffer: 1000}}"},
    [REDIAL_STEP_FALLBACK_MODEL] = {true, NULL, "fallback_model"},
    [REDIAL_STEP_FALLBACK_PROVIDER] = {true, NULL, "fallback_provider"},
    [REDIAL_STEP_STANDARD_SPEED] = {true, NULL, "standard_speed"},
    [REDIAL_STEP_COOLDOWN] = {false, read_step_cooldown, "{cooldown: 60s} or {cooldown: NAME}"},
    [REDIAL_STEP_DISABLE] = {false, read_step_disable, "{disable: fast}"},
    [REDIAL_STEP_LUA] = {false, read_step_lua, "{lua: FUNCTION}"},
};

static bool badly_formed(struct reading *reading, const struct node *item, const char *word,
                         const char *what)
{
    struct diag *diag =
        diag_error(reading->diags, "bad-step", item->span, "the step '%s' %s", word, what);
    int row = names_find(&step_names, str_of(word));
    if (row >= 0) diag_cure(reading->diags, diag, "write it as %s", forms[row].example);
    return false;
}

static bool read_step(struct reading *reading, const struct node *item, struct step *step)
{
    bool mapping = item->kind == NODE_MAPPING && item->count == 1;
    if (item->kind != NODE_SCALAR && !mapping)
        return reading_unexpected(reading, item, "a step, such as retry or {wait: 5s}");
    int row;
    if (!read_word(reading, mapping ? item->keys[0] : item, &step_names, &row)) return false;
    *step = (struct step){.kind = (enum redial_step_kind)row,
                          .span = item->span,
                          .backoff = BACKOFF_DEFAULT,
                          .floor = 3000,
                          .buffer = 1000,
                          .below_floor = BELOW_FLOOR_FAIL};
    const char *word = step_names.rows[row].word;
    if (mapping && !forms[row].parameters)
        return badly_formed(reading, item, word, "takes no parameters");
    if (!mapping && !forms[row].alone)
        return badly_formed(reading, item, word, "needs its parameter");
    if (step->kind == REDIAL_STEP_BACKOFF && config_of(reading)->backoffs.count == 0)
        return badly_formed(reading, item, word, "has no backoff: the policy declares none");
    return !mapping || forms[row].parameters(reading, item->values[0], step);
}

/* ---- The list */

static bool contradiction(struct reading *reading, const struct steps *steps, size_t at,
                          const char *what, const char *cure)
{
    struct diag *diag = diag_error(reading->diags, "contradicting-steps", steps->list[at].span,
                                   "'%s' %s", redial_step_name(steps->list[at].kind), what);
    diag_cure(reading->diags, diag, "%s", cure);
    return false;
}

/* The second step of a list that is in `kinds`, or the list's length. */
static size_t second_of(const struct steps *steps, uint32_t kinds)
{
    size_t seen = 0;
    for (size_t i = 0; i < steps->count; i++)
        if (kinds & 1u << steps->list[i].kind && ++seen == 2) return i;
    return steps->count;
}

static const struct {
    uint32_t kinds;
    const char *what, *cure;
} once_only[] = {
    {WAITS, "is a second wait", "keep one of backoff and wait"},
    {FALLBACKS, "is a second change of where the call goes",
     "keep one of fallback_model and fallback_provider"},
    {LIMITS, "is a second change of the output limit",
     "keep one of raise_output_limit and fit_output_limit"},
};

static bool check_order(struct reading *reading, const struct steps *steps)
{
    size_t last = steps->count - 1;
    for (size_t i = 0; i < last; i++) {
        enum redial_step_kind kind = steps->list[i].kind;
        if (kind == REDIAL_STEP_FAIL)
            return contradiction(reading, steps, i, "ends the call: nothing may follow it",
                                 "remove it, or what follows");
        if (kind == REDIAL_STEP_RETRY)
            return contradiction(reading, steps, i, "sends the request: nothing may follow it",
                                 "put it last");
    }
    if (steps->list[last].kind == REDIAL_STEP_FAIL && steps->kinds & ~(BIT(FAIL) | SHARED))
        return contradiction(reading, steps, last,
                             "ends the call: what stands before it is in vain",
                             "put retry in its place, or remove the rest");
    if (!(steps->kinds & (BIT(RETRY) | BIT(FAIL))))
        return contradiction(reading, steps, last, "prepares a retry that never comes",
                             "end the list with retry");
    return true;
}

static bool check_steps(struct reading *reading, const struct steps *steps)
{
    bool right = check_order(reading, steps);
    for (size_t i = 0; i < REDIAL_COUNT_OF(once_only); i++) {
        size_t second = second_of(steps, once_only[i].kinds);
        if (second < steps->count)
            right = contradiction(reading, steps, second, once_only[i].what, once_only[i].cure);
    }
    uint32_t seen = 0;
    for (size_t i = 0; i < steps->count; i++) {
        uint32_t bit = 1u << steps->list[i].kind;
        if (seen & bit & ~(uint32_t)(WAITS | FALLBACKS | LIMITS | BIT(RETRY) | BIT(FAIL)))
            right = contradiction(reading, steps, i, "stands here twice", "once is enough");
        seen |= bit;
    }
    return right;
}

bool read_steps(struct reading *reading, const struct node *value, void *target)
{
    struct steps *steps = target;
    *steps = (struct steps){.span = value->span};
    size_t count = items_count(value);
    if (count == 0 || count > STEPS_MAX) {
        struct diag *diag =
            diag_error(reading->diags, count == 0 ? "no-action" : "too-many", value->span, "%s",
                       count == 0 ? "a list of steps without a step" : "too many steps");
        diag_cure(reading->diags, diag,
                  count == 0 ? "write [fail] to end the call here"
                             : "a list holds at most 8 steps");
        return false;
    }
    struct step *list = ARENA_ARRAY(reading->arena, struct step, count);
    if (!list) return reading_out_of_memory(reading);
    bool right = true;
    for (size_t i = 0; i < count; i++) {
        right = read_step(reading, items_at(value, i), &list[i]) && right;
        steps->kinds |= 1u << list[i].kind;
    }
    steps->list = list;
    steps->count = (uint32_t)count;
    return right && check_steps(reading, steps);
}
