/* libyaml's complaints in words for people. */
#ifndef REDIAL_DOCUMENT_PROBLEM_H
#define REDIAL_DOCUMENT_PROBLEM_H

#include <yaml.h>

#include "document/cursor.h"

/* Adds the error at which `parser` stopped. */
void problem_explain(const yaml_parser_t *parser, struct cursor *cursor, struct diag_list *diags);

/* True when every character may stand in a YAML file; an error at the first that may not. */
bool problem_free_characters(const struct source *source, struct diag_list *diags) REDIAL_MUST_USE;

#endif
