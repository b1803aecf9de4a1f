/* What the files of explain share. Private to explain. */
#ifndef REDIAL_STORY_EXPLAIN_PARTS_H
#define REDIAL_STORY_EXPLAIN_PARTS_H

#include "story/explain.h"
#include "story/phrase.h"
#include "story/table.h"
#include "story/words.h"

/* Providers, platforms, what their replies mean, and the feature matrix. */
void explain_platforms(const struct redial_policy *policy, const struct explain_style *style,
                       struct arena *arena, struct text *out);
/* What becomes of a call whose platform lacks what it wants; the second as members of an object. */
void explain_feature_rules(const struct redial_policy *policy, const struct explain_style *style,
                           struct arena *arena, struct text *out);
void explain_feature_rules_json(const struct redial_policy *policy, struct text *out);
/* Budgets, breakers, cooldowns, limiters and fast mode, where the policy has any. */
void explain_guards(const struct redial_policy *policy, const struct explain_style *style,
                    struct arena *arena, struct text *out);
void explain_guards_json(const struct redial_policy *policy, struct text *out); /* a member */
/* A cell of the feature matrix in words: "full (oauth)", "AWS region". */
void explain_feature(const struct feature_cell *cell, struct text *out);

#endif
