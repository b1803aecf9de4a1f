/* What a leg goes without, and which providers were passed over. */
#include "story/say.h"

/* "ignored", "none": what the matrix says, or that it says nothing; what is had there may need
 * another credential. */
static void say_support(struct writer *writer, const struct platform *platform, uint32_t feature)
{
    const struct feature_cell *cell = &platform->features[feature];
    enum support support = cell->present ? cell->support : SUPPORT_UNKNOWN;
    bool needs = support <= SUPPORT_LIMITED && cell->requires != REDIAL_CREDENTIAL_PLATFORM;
    if (needs) say(writer, "needs ");
    say(writer,
        needs ? credential_names.rows[cell->requires].word : support_names.rows[support].word);
}

/* `on` NULL: of several platforms, each with a cell of its own. A residency is left by its place,
 * not by its support. */
static void say_features(struct writer *writer, uint16_t features, const struct platform *on)
{
    const char *before = "";
    for (uint32_t left = features; left; left &= left - 1) {
        uint32_t feature = (uint32_t)__builtin_ctz(left);
        say(writer, before);
        say(writer, redial_feature_name((enum redial_feature)feature));
        before = ", ";
        if (!on || feature == REDIAL_FEATURE_DATA_RESIDENCY) continue;
        say(writer, " (");
        say_support(writer, on, feature);
        say(writer, ")");
    }
}

static const struct platform *platform_of(const struct writer *writer, int provider)
{
    return &writer->policy->platforms[writer->policy->providers[provider].platform];
}

void tell_passed_over(struct writer *writer, const struct story_entry *entry)
{
    const struct redial_decision *decision = &entry->decision;
    const char *before = "";
    if (decision->passed_over == 0) return;
    for (uint64_t left = decision->passed_over; left; left &= left - 1) {
        say(writer, before);
        say_name(writer, writer->policy->providers[__builtin_ctzll(left)].name);
        before = ", ";
    }
    if (decision->passed_model < writer->policy->model_count) {
        say(writer, " ");
        say_name(writer, writer->policy->models[decision->passed_model].name);
    }
    int first = __builtin_ctzll(decision->passed_over);
    bool only = (decision->passed_over & (decision->passed_over - 1)) == 0;
    say(writer, "  for want of ");
    say_features(writer, decision->lacking, only ? platform_of(writer, first) : NULL);
    say_line(writer, entry, TONE_CHANGE, "skip");
}

void tell_dropped(struct writer *writer, const struct story_entry *entry)
{
    const struct redial_decision *decision = &entry->decision;
    if (decision->dropped == 0) return;
    say_features(writer, decision->dropped, &writer->policy->platforms[decision->platform]);
    say(writer, "  on ");
    say_name(writer, writer->policy->providers[decision->provider].name);
    say_line(writer, entry, TONE_CHANGE, "drop");
}
