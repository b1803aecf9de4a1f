/* Where two policies part, gathered: equal pairs of courses stand together. Private to explain. */
#ifndef REDIAL_STORY_DIFFER_H
#define REDIAL_STORY_DIFFER_H

#include "story/probe.h"

enum differ_side { DIFFER_A, DIFFER_B, DIFFER_SIDES };
#define DIFFER_SAYS_MAX 3 /* events that a place shows */

/* What a place is made of: one bit per platform kind, query, variant, and whether output had been
 * delivered. A place stands for every combination of its bits. */
enum differ_side_of_place { PLACE_PLATFORM, PLACE_QUERY, PLACE_MODE, PLACE_DELIVERED, PLACE_SIDES };

struct differ_place {
    enum redial_class class[DIFFER_SIDES];
    struct redial_str rule[DIFFER_SIDES];
    uint32_t bits[PLACE_SIDES];
    const struct probe *such_as[DIFFER_SAYS_MAX];
    size_t such_as_count;
    struct differ_place *next;
};

struct difference {
    struct redial_str whole[DIFFER_SIDES], shown[DIFFER_SIDES];
    int32_t attempt; /* after which they first differ */
    struct differ_place *places;
    struct difference *next;
};

struct differ {
    const struct redial_policy *policies[DIFFER_SIDES];
    struct probes probes;
    struct difference *list; /* in the order in which they were met */
    size_t count;
    int64_t asked, parted;            /* pairs of courses */
    uint32_t platforms[DIFFER_SIDES]; /* that have a provider, bit per kind */
    bool failed;
};

void differ_begin(struct differ *differ, const struct redial_policy *a,
                  const struct redial_policy *b);
/* Asks both policies about everything. False when memory is out. */
bool differ_find(struct differ *differ);
void differ_end(struct differ *differ);

#endif
