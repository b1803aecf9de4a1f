/* The journal as a client's course: its attempts by call, each beside the one before it. */
#ifndef REDIAL_SIMULATOR_JUDGE_COURSE_H
#define REDIAL_SIMULATOR_JUDGE_COURSE_H

#include "simulator/serve/journal.h"

/* One request for messages. */
struct course_attempt {
    const struct journal_entry *entry;
    const struct journal_entry *before; /* of the same call; NULL: the first */
    size_t number;                      /* within its call, from 1 */
};

struct course {
    struct course_attempt *attempts;
    size_t count;
    size_t calls;
    uint32_t refreshes, others;
    uint32_t refused_tokens; /* credential servers that gave none: there was nothing to call with */
};

/* In `arena`. False when memory is out. */
bool course_read(const struct journal *journal, struct arena *arena, struct course *course);

bool attempt_succeeded(const struct journal_entry *entry);  /* a whole reply without an error */
bool attempt_was_broken(const struct journal_entry *entry); /* its connection, by the script */
/* It is the same request again: same place, model, body and credential. */
bool attempt_is_again(const struct course_attempt *attempt);
/* ns from the end of the attempt before to its arrival; -1 for the first of a call. */
int64_t attempt_wait(const struct course_attempt *attempt);

#endif
