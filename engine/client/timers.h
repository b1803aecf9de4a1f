/* Timers of one loop: a pairing heap through the timers themselves, so that setting one takes no
 * memory and cannot fail. Instants are on clock_steady. */
#ifndef REDIAL_CLIENT_TIMERS_H
#define REDIAL_CLIENT_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

struct timer {
    void (*ring)(void *context);
    void *context;
    int64_t at;
    struct timer *child, *next, *before; /* before: the sibling to the left, or the parent */
    bool set;
};

struct timers {
    struct timer *first; /* rings first */
};

/* In place of the instant that it was set to. */
void timer_set(struct timers *timers, struct timer *timer, int64_t at);
void timer_stop(struct timers *timers, struct timer *timer); /* one that is not set is fine */
int64_t timers_due(const struct timers *timers);             /* INT64_MAX: none is set */
/* Rings those that are due by `now`, each once. They may set and stop any. */
void timers_ring(struct timers *timers, int64_t now);

#endif
