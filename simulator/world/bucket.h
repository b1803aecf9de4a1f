/* A token bucket in whole numbers: what is in it is counted in tokens × period, so that refilling
 * never rounds. */
#ifndef REDIAL_SIMULATOR_BUCKET_H
#define REDIAL_SIMULATOR_BUCKET_H

#include "simulator/world/script.h"

struct bucket {
    struct rate_script rate;
    int64_t level;     /* tokens × period; below 0 after a charge that was not known beforehand */
    int64_t filled_at; /* ns */
};

/* Full. A rate with limit 0 is a bucket that is never asked. */
struct bucket bucket_init(struct rate_script rate, int64_t now);
/* Ns until `tokens` can be taken, 0 now. More than a full bucket is waited for as a full one. */
int64_t bucket_wait(struct bucket *bucket, int64_t tokens, int64_t now);
void bucket_take(struct bucket *bucket, int64_t tokens);
int64_t bucket_left(const struct bucket *bucket);    /* whole tokens, at least 0 */
int64_t bucket_full_in(const struct bucket *bucket); /* ns since the last look until it is full */

#endif
