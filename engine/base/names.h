/* Closed lists of words: one table gives the enum's word, its sentence, the "expected one of"
 * message and the suggestion. A table is indexed by its enum, without holes (a unit test walks all
 * of them). */
#ifndef REDIAL_BASE_NAMES_H
#define REDIAL_BASE_NAMES_H

#include "base/str.h"

struct name {
    const char *word;
    const char *doc; /* one sentence */
};

struct names {
    const char *what; /* "class", "jitter": how a message calls one of them */
    const struct name *rows;
    size_t count;
};

/* The row of `word`, or -1. */
int names_find(const struct names *names, struct redial_str word);
/* The closest row by edit distance (Damerau), at most a third of the word's length away; -1 if
 * none. */
int names_closest(const struct names *names, struct redial_str word);
/* The same over words that are not a table (declared names of a policy); SIZE_MAX if none. */
size_t str_closest(const struct redial_str *words, size_t count, struct redial_str word);
/* "; did you mean 'a'?", or where nothing is close what there is: "; it has a, b". */
void str_suggest(const struct redial_str *words, size_t count, struct redial_str word,
                 struct text *out);
/* "a, b, c or d" */
void names_list(const struct names *names, struct text *out);

#endif
