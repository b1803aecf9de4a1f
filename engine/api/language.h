/* A language as those need it who write files in it: for the command. */
#ifndef REDIAL_API_LANGUAGE_H
#define REDIAL_API_LANGUAGE_H

#include "base/str.h"

struct schema;

/* The policy language; scenarios have theirs in simulator/run/scenario.h. */
extern const struct schema policy_schema;

/* Appends the JSON Schema, the reference as Markdown, or the same as sections of a man page. */
enum language_form { LANGUAGE_JSON, LANGUAGE_MARKDOWN, LANGUAGE_MAN };
void language_print(const struct schema *schema, enum language_form form, struct text *out);

#endif
