/* `features`: what to do when the platform of a call lacks what the call wants. */
#include "config/features.h"

#include "config/reader.h"

#define RESIDENCY_GLOBS_MAX 64u

bool read_feature_set(struct reading *reading, const struct node *value, void *target)
{
    struct feature_set *set = target;
    bool right = true;
    set->span = value->span;
    if (value->kind == NODE_MAPPING)
        return reading_unexpected(reading, value, "features as a list: [prompt_cache]");
    for (size_t i = 0; i < items_count(value); i++) {
        int row = 0;
        right = read_word(reading, items_at(value, i), &feature_names, &row) && right;
        if (right) set->bits |= REDIAL_FEATURE_BIT(row);
    }
    return right;
}

bool read_residency(struct reading *reading, const struct node *value, void *target)
{
    struct residency *residency = target;
    size_t count = items_count(value);
    bool right = true;
    if (count == 0) {
        struct diag *diag = diag_error(reading->diags, "empty-list", value->span,
                                       "this list is empty: no provider lies within it");
        diag_cure(reading->diags, diag, "leave it out where data may be anywhere");
        return false;
    }
    if (value->kind == NODE_MAPPING)
        return reading_unexpected(reading, value, "where data may be: [anthropic, \"aws:eu-*\"]");
    if (count > RESIDENCY_GLOBS_MAX) {
        diag_error(reading->diags, "too-many", value->span, "more than %u patterns",
                   RESIDENCY_GLOBS_MAX);
        return false;
    }
    residency->span = value->span;
    residency->globs = ARENA_ARRAY(reading->arena, struct redial_str, count);
    if (!residency->globs) return reading_out_of_memory(reading);
    residency->count = count;
    for (size_t i = 0; i < count; i++)
        right = read_text(reading, items_at(value, i), &residency->globs[i]) && right;
    return right;
}

/* ---- The section */

static bool read_missing(struct reading *reading, const struct node *value, void *target)
{
    struct feature_rule *rule = target;
    int row;
    if (!read_word(reading, value, &missing_answer_names, &row)) return false;
    rule->missing = FEATURE_DROP + row;
    return true;
}

static bool read_unknown(struct reading *reading, const struct node *value, void *target)
{
    return read_word(reading, value, &unknown_answer_names, target);
}

static const struct key rule_keys[] = {
    {"missing", read_missing, 0, "when the platform lacks it", "drop, refuse, reroute or silence",
     false},
    {"unknown", read_unknown, offsetof(struct feature_rule, unknown),
     "when no public word says whether it has it", "try, drop, refuse or reroute", false},
};
static const struct keys rule_table = {"a feature's rule", rule_keys, REDIAL_COUNT_OF(rule_keys)};

/* What cannot be meant: silencing what says nothing, and leaving a residency. */
static bool check_answers(struct reading *reading, enum redial_feature feature,
                          const struct feature_rule *rule, const struct node *value)
{
    const struct node *missing = node_get(value, "missing"), *unknown = node_get(value, "unknown");
    struct diag *diag = NULL;
    if (rule->missing == FEATURE_SILENCE && feature != REDIAL_FEATURE_TELEMETRY) {
        diag = diag_error(reading->diags, "contradiction", missing->span,
                          "only telemetry can be silenced");
        diag_cure(reading->diags, diag, "drop, refuse or reroute");
    } else if (feature == REDIAL_FEATURE_DATA_RESIDENCY &&
               (rule->missing == FEATURE_DROP || rule->unknown == FEATURE_DROP)) {
        diag = diag_error(reading->diags, "contradiction",
                          (rule->missing == FEATURE_DROP ? missing : unknown)->span,
                          "a call never leaves its residency");
        diag_cure(reading->diags, diag, "refuse or reroute");
    }
    return !diag;
}

bool read_feature_rules(struct reading *reading, const struct node *value, void *target)
{
    struct redial_policy *policy = target;
    bool right = true;
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "features: {prompt_cache: {missing: drop}}");
    for (size_t i = 0; i < value->count; i++) {
        int feature;
        if (!read_word(reading, value->keys[i], &feature_names, &feature)) {
            right = false;
            continue;
        }
        struct feature_rule *rule = &policy->features[feature];
        rule->span = value->keys[i]->span;
        right = keys_read(reading, &rule_table, value->values[i], rule) &&
                check_answers(reading, (enum redial_feature)feature, rule, value->values[i]) &&
                right;
    }
    return right;
}
