/* What is looked for in a client's course, one row a check. */
#ifndef REDIAL_SIMULATOR_JUDGE_CHECKS_H
#define REDIAL_SIMULATOR_JUDGE_CHECKS_H

#include "simulator/judge/course.h"
#include "simulator/judge/judge.h"

struct judging {
    const struct judge_input *input;
    struct course course;
    struct arena *arena;
    struct verdict *verdict;
    bool failed; /* memory is out */
};

void checks_run(struct judging *judging);

#endif
