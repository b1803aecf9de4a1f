/* The files of a policy. Private to config. */
#ifndef REDIAL_CONFIG_FILES_H
#define REDIAL_CONFIG_FILES_H

#include "config/reader.h"

struct file {
    const struct source *source;
    struct node *tree;       /* NULL: joined to the first, or not well-formed and explained */
    const struct node *uses; /* of the policy and those it builds on; NULL: none */
};
struct files {
    struct file list[USES_MAX + EXTENDS_MAX + 1]; /* the policy first, then what it builds on */
    size_t count, policies;
};

/* Reads them all, and joins the policy with those it builds on. False when there is no tree to go
 * on with; a used file that is wrong is explained and left out. */
bool files_read(struct config *config, struct files *files, const struct source *source);

#endif
