/* A language as those need it who write files in it: for the command. */
#ifndef REDIAL_API_LANGUAGE_H
#define REDIAL_API_LANGUAGE_H

#include "base/str.h"

struct schema;

/* The policy language; scenarios have theirs in simulator/run/scenario.h. */
extern const struct schema policy_schema;

/* Appends the JSON Schema, or the reference as Markdown. */
void language_print(const struct schema *schema, bool markdown, struct text *out);

#endif
