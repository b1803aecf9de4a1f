/* Where the command writes: what is for machines on standard output; what is for people there too,
 * or on standard error when both are asked for. */
#ifndef REDIAL_CLI_OUTPUT_H
#define REDIAL_CLI_OUTPUT_H

#include <stdio.h>

#include "base/diag.h"

enum status { /* of the process */
              STATUS_OK = 0,
              STATUS_FAILED =
                  1, /* an expectation or requirement failed, or the run was interrupted */
              STATUS_UNUSABLE = 2,      /* usage, or an unreadable or invalid file */
              STATUS_WARNINGS = 3,      /* warnings only, with --strict */
              STATUS_INTERRUPTED = 130, /* by a person, as a shell tells it: 128 + SIGINT */
};

struct output {
    FILE *out, *err;
    bool out_colour, err_colour; /* a terminal, and NO_COLOR is not set */
    uint32_t out_width;          /* columns; 80 where there is no terminal */
};

#define OUTPUT_WIDTH_DEFAULT 80u

void output_init(struct output *output);
void output_text(FILE *file, const struct text *text);
/* The same without secrets: for what quotes a person's files. */
void output_quoting(FILE *file, const struct text *text);
/* All of them, on standard error. */
void output_diags(struct output *output, const struct diag_list *diags);
/* `redial VERB: message` and where help is, on standard error. */
void output_usage(struct output *output, const char *verb, struct redial_str message);
/* Flushes. A reader that has gone (`redial … | head`) is no error; a full disk is: then it says so
 * and the status is STATUS_UNUSABLE. Returns the status that the process should end with. */
int output_finish(struct output *output, int status);

#endif
