/* Borrowed text. A redial_str is passed by value, is never freed through, and need not end in NUL;
 * a comment says so wherever a view outlives the call it was passed to. */
#ifndef REDIAL_STR_H
#define REDIAL_STR_H

#include <stddef.h>

struct redial_str {
    const char *ptr; /* may be NULL only when len is 0 */
    size_t len;      /* bytes */
};

/* clang-format off */
#define REDIAL_STR(literal)      ((struct redial_str)REDIAL_STR_INIT(literal))
#define REDIAL_STR_INIT(literal) {(literal), sizeof(literal) - 1} /* for tables of static storage */
#define REDIAL_STR_ARG(s)        (int)(s).len, (s).ptr            /* for printf("%.*s") */
/* clang-format on */

#endif
