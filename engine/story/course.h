/* What a policy does with one call whose attempts all end alike, as text that can be compared and
 * shown. Private to explain. */
#ifndef REDIAL_STORY_COURSE_H
#define REDIAL_STORY_COURSE_H

#include "story/outlook.h"

#define COURSE_TURNS_MAX 128 /* a course that goes on so long goes on as it did */

struct course_text {
    struct text whole; /* a line per attempt: equal courses have equal texts */
    struct text shown; /* the same in short: "3x (wait 500ms, 1s, 2s, retry), then end: failed" */
    enum redial_class class;
    struct redial_str rule; /* that decided the first time; empty: none */
};

/* Clears `course` and follows the call. False, with a reason, when no call can be made;
 * `course->whole` has failed when that is for want of memory. */
bool course_follow(const struct redial_policy *policy, const struct explain_facts *facts,
                   struct course_text *course, struct redial_str *why);
void course_clean_up(struct course_text *course);
/* The first attempt, from 1, after which two courses differ; 0: they do not. */
int32_t course_parts_at(const struct course_text *a, const struct course_text *b);

#endif
