/* Completions for shells, printed from the tables of verbs and flags. */
#ifndef REDIAL_CLI_COMPLETION_H
#define REDIAL_CLI_COMPLETION_H

#include "base/names.h"

/* bash, zsh, fish */
extern const struct names shell_names;

/* The script for a row of shell_names. */
void completion_print(size_t shell, struct text *out);

#endif
