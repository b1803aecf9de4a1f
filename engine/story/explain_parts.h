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

/* "500ms..625ms", or "500ms" when both are. */
void explain_range(int64_t low, int64_t high, struct text *out);
/* What became of an attempt: "wait 500ms..625ms, retry"; the wait left out without `waits`. `out`
 * must be empty. */
struct outlook_turn;
void explain_follows(const struct redial_policy *policy, const struct outlook_turn *turn,
                     bool waits, struct text *out);

#endif
