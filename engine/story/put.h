/* Members of a JSON object, one call each; the caller writes the braces. */
#ifndef REDIAL_STORY_PUT_H
#define REDIAL_STORY_PUT_H

#include "model/policy.h"

/* `"name":`, after a comma unless it is the first member. */
void put_key(struct text *out, const char *name);
void put_text(struct text *out, const char *name, struct redial_str value); /* left out if empty */
void put_word(struct text *out, const char *name, const char *value);       /* left out if empty */
void put_int(struct text *out, const char *name, int64_t value);
void put_known(struct text *out, const char *name, int64_t value); /* left out if 0 */
void put_count(struct text *out, const char *name, int32_t value); /* null: unlimited */
void put_true(struct text *out, const char *name, bool value);     /* left out if false */
/* The names of a set, bit per enum redial_feature; left out if empty. */
void put_feature_set(struct text *out, const char *name, uint16_t features);
/* "policies/claude-code.yaml:31"; left out without a place. */
void put_place(struct text *out, const char *name, const struct span *span);

#endif
