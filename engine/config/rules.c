/* `rules`, and `modes` that change them. A mode is a copy of the plain policy with the named parts
 * changed, so a call in a mode pays nothing for it. */
#include "config/reader.h"

#define CAN_RETRY                                                                                  \
    (~(1u << REDIAL_STEP_FAIL | 1u << REDIAL_STEP_COOLDOWN | 1u << REDIAL_STEP_DISABLE))

static bool read_max(struct reading *reading, const struct node *value, void *target)
{
    struct rule *rule = target;
    rule->max_given = true;
    return read_count(reading, value, &rule->max);
}

static bool read_after_output(struct reading *reading, const struct node *value, void *target)
{
    uint8_t *out = target;
    int row;
    if (!read_word(reading, value, &after_output_names, &row)) return false;
    *out = (uint8_t)row;
    return true;
}

static bool read_counter(struct reading *reading, const struct node *value, void *target)
{
    struct config *config = config_of(reading);
    struct rule *rule = target;
    uint16_t number = config_find(config, &config->rules, "rule", value);
    if (number == NO_INDEX) return false;
    rule->counted_as = config->rule_indices[number];
    return true;
}

static const struct key rule_keys[] = {
    {"name", read_name, offsetof(struct rule, name), "what stories call it", "text", true},
    {"about", read_text, offsetof(struct rule, about), "why it is there", "text", false},
    {"when", read_condition, offsetof(struct rule, when), "what it answers to",
     "always or a condition", true},
    {"do", read_steps, offsetof(struct rule, steps), "what to do", "list of steps", true},
    {"then", read_steps, offsetof(struct rule, then), "what to do once `max` retries are used up",
     "list of steps", false},
    {"max", read_max, 0, "retries under this rule in one leg", "number or unlimited", false},
    {"after_output", read_after_output, offsetof(struct rule, after_output),
     "what to do when the caller already has output", "stop or restart", false},
    {"count", read_counter, 0, "count the retries as those of another rule", "name of a rule",
     false},
};
static const struct keys rule_table = {"a rule", rule_keys, REDIAL_COUNT_OF(rule_keys)};

static bool contradiction(struct reading *reading, struct span span, const char *what,
                          const char *cure)
{
    struct diag *diag = diag_error(reading->diags, "contradicting-steps", span, "%s", what);
    diag_cure(reading->diags, diag, "%s", cure);
    return false;
}

static bool check_rule(struct reading *reading, const struct rule *rule, const struct node *written)
{
    const struct node *max = node_get(written, "max"), *then = node_get(written, "then");
    bool retries = rule->steps.kinds & CAN_RETRY;
    if (!retries && max && rule->max > 0)
        return contradiction(reading, max->span, "a rule that only fails has no retries to count",
                             "remove max");
    if (!retries && then)
        return contradiction(reading, then->span,
                             "a rule that only fails never comes to its `then`", "remove then");
    if (then && !rule->max_given)
        return contradiction(reading, then->span, "`then` is never reached: the rule has no `max`",
                             "add max: the retries after which `then` takes over");
    return true;
}

static bool read_rule(struct reading *reading, const struct node *value, struct rule *rule,
                      uint16_t index)
{
    *rule = (struct rule){.span = value->span, .max = REDIAL_UNLIMITED, .counted_as = index};
    return keys_read(reading, &rule_table, value, rule) && check_rule(reading, rule, value);
}

/* A counter that is itself counted elsewhere would make the sharing a matter of guessing. */
static bool check_counters(struct reading *reading, const struct redial_policy *policy,
                           const struct node *value)
{
    const struct rule *rules = policy->variants[VARIANT_PLAIN].rules;
    bool right = true;
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *counter = &rules[rules[i].counted_as];
        if (counter->counted_as == rules[i].counted_as) continue;
        const struct node *place = node_get(value->items[i], "count");
        struct diag *diag =
            diag_error(reading->diags, "bad-counter", place ? place->span : rules[i].span,
                       "rule '%.*s' is itself counted as another", REDIAL_STR_ARG(counter->name));
        struct redial_str name = rules[counter->counted_as].name;
        diag_cure(reading->diags, diag, "count as '%.*s'", REDIAL_STR_ARG(name));
        right = false;
    }
    return right;
}

bool read_rules(struct reading *reading, const struct node *value, void *target)
{
    struct config *config = config_of(reading);
    struct redial_policy *policy = target;
    if (value->kind != NODE_SEQUENCE || value->count == 0)
        return reading_unexpected(reading, value, "a list of rules");
    if (value->count > RULES_MAX) {
        diag_error(reading->diags, "too-many", value->span,
                   "%zu rules are more than the %u that a "
                   "policy can hold",
                   value->count, RULES_MAX);
        return false;
    }
    struct rule *rules = ARENA_ARRAY(reading->arena, struct rule, value->count);
    if (!rules) return reading_out_of_memory(reading);
    policy->variants[VARIANT_PLAIN].rules = rules;
    policy->rule_count = value->count;
    config->place = CONDITION_IN_RULE;
    bool right = true;
    for (size_t i = 0; i < value->count; i++)
        right = read_rule(reading, value->items[i], &rules[i], (uint16_t)i) && right;
    return check_counters(reading, policy, value) && right;
}

/* ---- Limits */

static bool read_retries(struct reading *reading, const struct node *value, void *target)
{
    return read_count(reading, value, target);
}

static bool read_attempts(struct reading *reading, const struct node *value, void *target)
{
    int32_t *attempts = target;
    if (!read_count(reading, value, attempts)) return false;
    if (*attempts > 0) return true;
    struct diag *diag = diag_error(reading->diags, "out-of-range", value->span,
                                   "with 0 attempts a call could not even begin");
    diag_cure(reading->diags, diag, "1 attempt means no retry at all");
    return false;
}

static const struct key limits_keys[] = {
    {"retries", read_retries, offsetof(struct limits, retries), "retries of one leg",
     "number or unlimited", false},
    {"attempts", read_attempts, offsetof(struct limits, attempts), "attempts of one call",
     "number or unlimited", false},
    {"deadline", read_bound, offsetof(struct limits, deadline), "time for the whole call",
     "duration or unlimited", false},
};
static const struct keys limits_table = {"limits", limits_keys, REDIAL_COUNT_OF(limits_keys)};

bool read_limits(struct reading *reading, const struct node *value, void *target)
{
    struct limits *limits = target;
    limits->span = value->span;
    return keys_read(reading, &limits_table, value, limits);
}

/* ---- Modes */

static const struct key rule_change_keys[] = {
    {"max", read_max, 0, "retries under this rule in one leg", "number or unlimited", false},
    {"do", read_steps, offsetof(struct rule, steps), "what to do", "list of steps", false},
    {"then", read_steps, offsetof(struct rule, then), "what to do once `max` retries are used up",
     "list of steps", false},
};
static const struct keys rule_change_table = {"a change of a rule", rule_change_keys,
                                              REDIAL_COUNT_OF(rule_change_keys)};

static bool change_rules(struct reading *reading, const struct node *value, void *target)
{
    struct config *config = config_of(reading);
    struct variant *variant = target;
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "changes by rule: {NAME: {max: 3}}");
    bool right = true;
    for (size_t i = 0; i < value->count; i++) {
        uint16_t number = config_find(config, &config->rules, "rule", value->keys[i]);
        if (number == NO_INDEX) {
            right = false;
            continue;
        }
        struct rule *rule = &variant->rules[config->rule_indices[number]];
        right = keys_read(reading, &rule_change_table, value->values[i], rule) &&
                check_rule(reading, rule, value->values[i]) && right;
    }
    return right;
}

static bool change_backoff(struct reading *reading, const struct node *value, void *target)
{
    struct config *config = config_of(reading);
    struct variant *variant = target;
    variant->default_backoff = config_find(config, &config->backoffs, "backoff", value);
    return variant->default_backoff != NO_INDEX;
}

static const struct key change_keys[] = {
    {"limits", read_limits, offsetof(struct variant, limits), "limits in this mode", "limits",
     false},
    {"backoff", change_backoff, 0, "what the step `backoff` means in this mode",
     "name of a backoff", false},
    {"rules", change_rules, 0, "rules that are different in this mode",
     "mapping of rule names to {max, do, then}", false},
};
static const struct keys change_table = {"a mode's change", change_keys,
                                         REDIAL_COUNT_OF(change_keys)};

static bool read_change(struct reading *reading, const struct node *value, void *target)
{
    return keys_read(reading, &change_table, value, target);
}

static bool read_enable_env(struct reading *reading, const struct node *value, void *target)
{
    (void)target;
    struct redial_policy *policy = config_of(reading)->policy;
    size_t count = items_count(value);
    policy->unattended_env = ARENA_ARRAY(reading->arena, struct redial_str, count);
    if (!policy->unattended_env) return reading_out_of_memory(reading);
    bool right = true;
    for (size_t i = 0; i < count; i++)
        right = read_name(reading, items_at(value, i), &policy->unattended_env[i]) && right;
    policy->unattended_env_count = right ? count : 0;
    return right;
}

static const struct key enable_keys[] = {
    {"env", read_enable_env, 0, "environment variables that switch it on (1 or true)",
     "list of names", true},
};
static const struct keys enable_table = {"enable", enable_keys, REDIAL_COUNT_OF(enable_keys)};

static bool read_enable(struct reading *reading, const struct node *value, void *target)
{
    return keys_read(reading, &enable_table, value, target);
}

static bool read_heartbeat(struct reading *reading, const struct node *value, void *target)
{
    int64_t *heartbeat = target;
    if (!read_duration(reading, value, heartbeat)) return false;
    if (*heartbeat >= NS_PER_SECOND) return true;
    struct diag *diag = diag_error(reading->diags, "out-of-range", value->span,
                                   "a sign of life more than once a second drowns the story");
    diag_cure(reading->diags, diag, "write something like 30s");
    return false;
}

static const struct key unattended_keys[] = {
    {"enable", read_enable, 0, "what switches the mode on, besides the caller", "{env: names}",
     false},
    {"change", read_change, 0, "what is different in this mode", "{limits, backoff, rules}", true},
    {"heartbeat", read_heartbeat, offsetof(struct variant, heartbeat),
     "a line in the story that often while a wait is long", "duration", false},
};
static const struct keys unattended_table = {"the mode unattended", unattended_keys,
                                             REDIAL_COUNT_OF(unattended_keys)};

static bool read_unattended(struct reading *reading, const struct node *value, void *target)
{
    struct redial_policy *policy = target;
    const struct variant *plain = &policy->variants[VARIANT_PLAIN];
    struct variant *variant = &policy->variants[VARIANT_UNATTENDED];
    *variant = *plain;
    variant->name = REDIAL_STR("unattended");
    variant->span = value->span;
    variant->rules = ARENA_ARRAY(reading->arena, struct rule, policy->rule_count);
    if (!variant->rules) return reading_out_of_memory(reading);
    for (size_t i = 0; i < policy->rule_count; i++) variant->rules[i] = plain->rules[i];
    return keys_read(reading, &unattended_table, value, variant);
}

static const struct key modes_keys[] = {
    {"unattended", read_unattended, 0, "nobody watches: keep trying", "{enable, change, heartbeat}",
     false},
    {"fast", read_fast, 0, "the same model, sooner, while there is capacity for it",
     "{models, request, cooldown, once, disable}", false},
};
static const struct keys modes_table = {"modes", modes_keys, REDIAL_COUNT_OF(modes_keys)};

bool read_modes(struct reading *reading, const struct node *value, void *target)
{
    return keys_read(reading, &modes_table, value, target);
}

/* ---- Shapes */

const struct shape modes_shape = AS_KEYS(modes_table);

const struct shape_row rule_shapes[] = {
    {read_max, AS_COUNT},
    {read_after_output, AS_WORD(after_output_names)},
    {read_counter, AS_TEXT},
    {read_rules, AS_LIST(AS_KEYS(rule_table))},
    {read_retries, AS_COUNT},
    {read_attempts, AS_COUNT},
    {read_limits, AS_KEYS(limits_table)},
    {change_rules, AS_NAMED(AS_KEYS(rule_change_table))},
    {change_backoff, AS_TEXT},
    {read_change, AS_KEYS(change_table)},
    {read_enable_env, AS_ITEMS(AS_TEXT)},
    {read_enable, AS_KEYS(enable_table)},
    {read_heartbeat, AS_DURATION},
    {read_unattended, AS_KEYS(unattended_table)},
    {0},
};
