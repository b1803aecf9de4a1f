/* Flags from tables: parsing, "did you mean", and the help of a verb all come from the same rows.
 */
#ifndef REDIAL_CLI_ARGS_H
#define REDIAL_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/names.h"

struct output;
struct args;

struct args_flag {
    const char *name;  /* without the dashes */
    char letter;       /* "-j" besides, 0 none */
    const char *value; /* how help calls its value; NULL: a switch */
    const char *doc;
};
#define ARGS_FLAGS_MAX 24

/* One word that begins a command line, `redial VERB …`. */
struct verb {
    const char *name;
    const char *words;   /* what follows it: "FILE..." */
    const char *summary; /* one line for the list of verbs */
    const char *about;   /* paragraphs of its help */
    const struct args_flag *flags;
    size_t flag_count;
    size_t words_min;               /* 0: none needed */
    void (*more)(struct text *out); /* a further part of its help; may be NULL */
    const char *examples;
    const char *status; /* what its exit statuses mean */
    int (*run)(const struct args *args, struct output *output);
};

/* A flag of the command line. */
struct args_seen {
    size_t row; /* of verb->flags */
    const char *value;
};

struct args {
    const struct verb *verb;
    const char *values[ARGS_FLAGS_MAX]; /* by row of verb->flags: the value, "" for a switch that
                                           was given, NULL when absent; of several the last */
    struct args_seen *seen;             /* all of them, in their order */
    size_t seen_count;
    const char **words; /* the rest, in order; they belong to argv */
    size_t word_count;
    size_t own_count; /* words before a "--"; all of them where there is none */
    bool dashes;      /* there was a "--" */
    bool help;        /* --help or -h was among them */
};

/* Reads what follows the verb. `--flag VALUE`, `--flag=VALUE`, `-fVALUE`; flags may stand anywhere
 * before a `--`, behind which all are words; "-" is a word. False when something is wrong, with
 * what and the cure in `why`. Then, too, args_clean_up. */
bool args_read(const struct verb *verb, int argc, char *const argv[], struct args *args,
               struct text *why);
void args_clean_up(struct args *args);

bool args_given(const struct args *args, const char *flag); /* a row's name; others are a mistake */
const char *args_value(const struct args *args, const char *flag); /* NULL when absent */
/* The next value of a flag that may be given more than once; `*at` is 0 to begin with. NULL after
 * the last. */
const char *args_next(const struct args *args, const char *flag, size_t *at);
/* A whole number in low..high. False, with a sentence in `why`, when it is none. Leaves `*number`
 * alone when the flag is absent. */
bool args_number(const struct args *args, const char *flag, uint64_t low, uint64_t high,
                 uint64_t *number, struct text *why);

void args_help(const struct verb *verb, struct text *out);

#endif
