/* Rewrites the `story` block of a scenario's text with what happened; all other bytes stay. */
#ifndef REDIAL_SIMULATOR_UPDATE_H
#define REDIAL_SIMULATOR_UPDATE_H

#include "document/node.h"

/* The whole new text of the file. False when the story is not written as a block that could be
 * rewritten (`story: |`), or when memory is out: then `updated` is cleared. */
bool update_story(const struct node *story, struct redial_str text, struct text *updated);
/* Puts `text` into the file whole or not at all. False with errno set. */
bool update_file(const char *path, struct redial_str text);

#endif
