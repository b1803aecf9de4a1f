/* The files of a git repository as they were at a revision or at the end of a day, in a folder of
 * their own. Nothing of the repository or of the person's work changes. */
#ifndef REDIAL_CLI_REVISION_H
#define REDIAL_CLI_REVISION_H

#include "base/str.h"

struct revision {
    struct text top;    /* the repository's folder */
    struct text commit; /* its full name */
    int32_t day;        /* the one that was asked for, else the commit's (UTC); days since 1970 */
    struct text folder; /* empty: nothing was unpacked */
    struct text path;   /* within `folder`: "HEAD~1:./policies/claude-code.yaml" */
};

/* Finds what `asked` names in the repository that holds `path`: "2026-10-01" is the last commit of
 * that day or before it (UTC, first parents), all else is up to git. Then puts the YAML and Lua
 * files of that commit into a temporary folder. False with a sentence in `why`. Then, too,
 * revision_clean_up, which removes the folder. */
bool revision_begin(struct revision *revision, struct redial_str asked, const char *path,
                    struct text *why);
/* Appends where another file of the same repository stands within the folder. */
bool revision_path(struct revision *revision, struct redial_str asked, const char *path,
                   struct text *out, struct text *why);
void revision_clean_up(struct revision *revision);

/* "A..B" in two, B "HEAD" when nothing follows the dots; else all of it is `since`, and `until` is
 * empty. False, with a sentence in `why`, for what has no such meaning here. */
bool revision_range(struct redial_str asked, struct redial_str *since, struct redial_str *until,
                    struct text *why);

#endif
