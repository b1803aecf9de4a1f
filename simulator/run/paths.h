/* The scenario files that a person means by files and folders. */
#ifndef REDIAL_SIMULATOR_PATHS_H
#define REDIAL_SIMULATOR_PATHS_H

#include "base/arena.h"

struct paths {
    char **list; /* in the arena, but for the list itself */
    size_t count, capacity;
    struct arena *arena;
};

#define PATHS_DEPTH_MAX 16 /* folders in folders: a link that leads back ends here */

/* Adds `path`, or every *.yaml and *.yml below it where it is a folder, sorted by name; names that
 * begin with a dot are left out. False with a sentence in `why` (in the arena, or static). */
bool paths_add(struct paths *paths, const char *path, struct redial_str *why);
void paths_clean_up(struct paths *paths);

#endif
