/* What the command line names a file for, or "-" for standard input: a prompt, a request's body. */
#ifndef REDIAL_CLI_INPUT_H
#define REDIAL_CLI_INPUT_H

#include "cli/output.h"

/* Appends the whole file. False after saying why, in the name of `verb`. */
bool input_read(const char *path, struct text *body, const char *verb, struct output *output);
/* Whether it is one JSON object. False after showing the place of what is wrong. */
bool input_is_request(const char *path, struct redial_str body, struct output *output);

#endif
