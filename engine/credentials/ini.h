/* Reads the INI dialect of AWS's shared files (docs.aws.amazon.com, "Shared config and credentials
 * files"): [sections], name = value, comments of whole lines (# ;) and behind a value (blank, then
 * # or ;), indented lines that belong to the value before them and are kept out of it. Names
 * compare without case; a section that comes again goes on, a value that comes again replaces. */
#ifndef REDIAL_CREDENTIALS_INI_H
#define REDIAL_CREDENTIALS_INI_H

#include "base/arena.h"

struct ini_value {
    struct redial_str name, value;
    uint32_t line;
    struct ini_value *next;
};
struct ini_section {
    struct redial_str title; /* between the brackets, trimmed */
    uint32_t line;
    struct ini_value *values;
    struct ini_section *next;
};
struct ini {
    struct ini_section *sections; /* in order of their first line */
};

struct ini_error {
    uint32_t line;    /* 0: memory is out */
    const char *what; /* what was expected; never what stands there, which may be a secret */
};

/* Texts point into `text`, which must live as long as `ini`. */
bool ini_read(struct arena *arena, struct redial_str text, struct ini *ini,
              struct ini_error *error) REDIAL_MUST_USE;
/* The value, or an empty text; NULL sections have none. */
struct redial_str ini_get(const struct ini_section *section, const char *name);

#endif
