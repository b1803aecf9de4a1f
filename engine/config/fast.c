/* `modes.fast`. */
#include "config/reader.h"

static bool read_models(struct reading *reading, const struct node *value, void *target)
{
    struct fast_mode *fast = target;
    size_t count = items_count(value);
    fast->models = ARENA_ARRAY(reading->arena, uint16_t, count);
    if (!fast->models) return reading_out_of_memory(reading);
    for (size_t i = 0; i < count; i++) {
        fast->models[i] = config_model(config_of(reading), items_at(value, i));
        if (fast->models[i] == NO_INDEX) return false;
    }
    fast->model_count = count;
    return true;
}

/* Goes into a header and into JSON: a word. */
static bool read_token(struct reading *reading, const struct node *value, void *target)
{
    struct redial_str *word = target;
    if (!read_name(reading, value, word)) return false;
    for (size_t i = 0; i < word->len; i++) {
        unsigned char c = (unsigned char)word->ptr[i];
        if (c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != '\\') continue;
        diag_error(reading->diags, "bad-name", value->span,
                   "this goes into a request: a word of letters, digits and '-'");
        return false;
    }
    return true;
}

#define AT(field) offsetof(struct fast_mode, field)
static const struct key request_keys[] = {
    {"speed", read_token, AT(speed), "the body's `speed`", "word", true},
    {"beta", read_token, AT(beta), "the header `anthropic-beta`", "word", false},
};
static const struct keys request_table = {"the request of fast mode", request_keys,
                                          REDIAL_COUNT_OF(request_keys)};

static bool read_request(struct reading *reading, const struct node *value, void *target)
{
    return keys_read(reading, &request_table, value, target);
}

static const struct key cooldown_keys[] = {
    {"when", read_condition, AT(cooldown_when), "what it answers to", "condition", true},
    {"for", read_cooldown_for, AT(cooldown), "how long", "duration", true},
    {"hint", read_guard_hint, AT(hint_extends), "whether the server's word makes it longer",
     "extend or ignore", false},
};
static const struct keys cooldown_table = {"the cooldown of fast mode", cooldown_keys,
                                           REDIAL_COUNT_OF(cooldown_keys)};

static bool read_cooldown(struct reading *reading, const struct node *value, void *target)
{
    return keys_read(reading, &cooldown_table, value, target);
}

static const struct key once_keys[] = {
    {"when", read_condition, AT(once_when), "what it answers to", "condition", true},
};
static const struct keys once_table = {"`once`", once_keys, REDIAL_COUNT_OF(once_keys)};

static bool read_once(struct reading *reading, const struct node *value, void *target)
{
    return keys_read(reading, &once_table, value, target);
}

static const struct key disable_keys[] = {
    {"when", read_condition, AT(disable_when), "what it answers to", "condition", true},
};
static const struct keys disable_table = {"`disable`", disable_keys, REDIAL_COUNT_OF(disable_keys)};

static bool read_disable(struct reading *reading, const struct node *value, void *target)
{
    return keys_read(reading, &disable_table, value, target);
}

static const struct key fast_keys[] = {
    {"models", read_models, 0, "that have it; without this, all", "list of models", false},
    {"request", read_request, 0, "what a fast request carries", "{speed, beta}", true},
    {"cooldown", read_cooldown, 0, "failures after which it cools down, for all calls",
     "{when, for, hint}", false},
    {"once", read_once, 0, "failures after which this call goes on at standard speed", "{when}",
     false},
    {"disable", read_disable, 0, "failures after which it is off until somebody switches it on",
     "{when}", false},
};
#undef AT
static const struct keys fast_table = {"the mode fast", fast_keys, REDIAL_COUNT_OF(fast_keys)};

bool read_fast(struct reading *reading, const struct node *value, void *target)
{
    struct redial_policy *policy = target;
    policy->fast.present = true;
    policy->fast.span = value->span;
    config_of(reading)->place = CONDITION_IN_RULE;
    return keys_read(reading, &fast_table, value, &policy->fast);
}

/* ---- Shapes */

const struct shape_row fast_shapes[] = {
    {read_models, AS_ITEMS(AS_TEXT)},
    {read_request, AS_KEYS(request_table)},
    {read_token, AS_TEXT},
    {read_cooldown, AS_KEYS(cooldown_table)},
    {read_once, AS_KEYS(once_table)},
    {read_disable, AS_KEYS(disable_table)},
    {read_fast, AS_KEYS(fast_table)},
    {0},
};
