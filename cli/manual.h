/* The manual pages, as man(7) text printed from the tables of verbs and of the languages. */
#ifndef REDIAL_CLI_MANUAL_H
#define REDIAL_CLI_MANUAL_H

#include "base/str.h"

struct schema;

/* redial(1): every verb with its flags, examples and exit statuses. */
void manual_command(struct text *out);
/* redial-policy(5), redial-scenario(5): every key and word. */
void manual_language(const char *name, const struct schema *schema, struct text *out);

#endif
