/* What a policy does about features that a platform lacks, and what its calls ask for. */
#include "story/explain_parts.h"
#include "story/put.h"

static const char *answer(int row)
{
    return feature_answer_names.rows[row].word;
}

static void say_set(uint16_t features, struct text *out)
{
    const char *before = "";
    for (uint32_t left = features; left; left &= left - 1) {
        text_printf(out, "%s%s", before,
                    redial_feature_name((enum redial_feature)__builtin_ctz(left)));
        before = ", ";
    }
}

static void say_calls(const struct redial_policy *policy, struct text *out)
{
    if (policy->call.wants.bits) {
        text_append(out, REDIAL_STR("  a call wants "));
        say_set(policy->call.wants.bits, out);
        text_append_char(out, '\n');
    }
    if (policy->call.requires.bits) {
        text_append(out, REDIAL_STR("  a call requires "));
        say_set(policy->call.requires.bits, out);
        text_append_char(out, '\n');
    }
    for (size_t i = 0; i < policy->call.residency.count; i++) {
        text_append(out, i ? REDIAL_STR(" or ") : REDIAL_STR("  its data stays within "));
        text_append(out, policy->call.residency.globs[i]);
    }
    if (policy->call.residency.count > 0) text_append_char(out, '\n');
}

void explain_feature_rules(const struct redial_policy *policy, const struct explain_style *style,
                           struct arena *arena, struct text *out)
{
    struct table table;
    struct text cell = TEXT_INIT;
    text_append(out, REDIAL_STR("\nwhen the platform lacks what a call wants:\n"));
    table_begin(&table, arena,
                (const char *const[]){"line", "feature", "when missing", "when unknown"}, 4);
    for (int i = 0; i < REDIAL_FEATURE_COUNT; i++) {
        const struct feature_rule *rule = &policy->features[i];
        if (rule->span.source)
            phrase_place(policy, &rule->span, &cell);
        else
            text_append(&cell, REDIAL_STR("usual"));
        table_cell_from(&table, &cell);
        table_cell(&table, str_of(feature_names.rows[i].word));
        table_cell(&table, str_of(answer(rule->missing)));
        table_cell(&table, str_of(answer(rule->unknown)));
    }
    if (cell.failed) out->failed = true;
    text_clean_up(&cell);
    table_write(&table, 2, style->width, out);
    table_end(&table);
    say_calls(policy, out);
}

void explain_feature_rules_json(const struct redial_policy *policy, struct text *out)
{
    put_feature_set(out, "wants", policy->call.wants.bits);
    put_feature_set(out, "requires", policy->call.requires.bits);
    for (size_t i = 0; i < policy->call.residency.count; i++) {
        if (i == 0) put_key(out, "residency");
        text_append_char(out, i == 0 ? '[' : ',');
        text_append_json(out, policy->call.residency.globs[i]);
    }
    if (policy->call.residency.count > 0) text_append_char(out, ']');
    put_key(out, "features");
    text_append_char(out, '{');
    for (int i = 0; i < REDIAL_FEATURE_COUNT; i++) {
        put_key(out, feature_names.rows[i].word);
        text_append_char(out, '{');
        put_place(out, "at", &policy->features[i].span);
        put_word(out, "missing", answer(policy->features[i].missing));
        put_word(out, "unknown", answer(policy->features[i].unknown));
        text_append_char(out, '}');
    }
    text_append_char(out, '}');
}
