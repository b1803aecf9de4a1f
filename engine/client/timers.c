#include "client/timers.h"

#include <stddef.h>

/* The later of the two becomes the first child of the other. */
static struct timer *meld(struct timer *a, struct timer *b)
{
    if (!a) return b;
    if (!b) return a;
    struct timer *root = b->at < a->at ? b : a, *below = root == a ? b : a;
    below->before = root;
    below->next = root->child;
    if (below->next) below->next->before = below;
    root->child = below;
    return root;
}

static struct timer *cut_off(struct timer *timer)
{
    if (timer) timer->next = timer->before = NULL;
    return timer;
}

/* Siblings into one heap: in pairs from the left, then the pairs from the right. */
static struct timer *meld_all(struct timer *first)
{
    struct timer *pairs = NULL, *root = NULL;

    while (first) {
        struct timer *a = first, *b = a->next;
        first = b ? b->next : NULL;
        cut_off(a);
        struct timer *pair = meld(a, cut_off(b));
        pair->next = pairs;
        pairs = pair;
    }
    while (pairs) {
        struct timer *pair = pairs;
        pairs = pair->next;
        root = meld(root, cut_off(pair));
    }
    return root;
}

void timer_stop(struct timers *timers, struct timer *timer)
{
    if (!timer->set) return;
    if (timer->before && timer->before->child == timer)
        timer->before->child = timer->next;
    else if (timer->before)
        timer->before->next = timer->next;
    if (timer->next) timer->next->before = timer->before;
    struct timer *children = meld_all(timer->child);
    timers->first = timers->first == timer ? children : meld(timers->first, children);
    timer->child = NULL;
    timer->set = false;
    cut_off(timer);
}

void timer_set(struct timers *timers, struct timer *timer, int64_t at)
{
    if (timer->set && timer->at == at) return;
    timer_stop(timers, timer);
    timer->at = at;
    timer->set = true;
    timers->first = meld(timers->first, timer);
}

int64_t timers_due(const struct timers *timers)
{
    return timers->first ? timers->first->at : INT64_MAX;
}

void timers_ring(struct timers *timers, int64_t now)
{
    while (timers->first && timers->first->at <= now) {
        struct timer *timer = timers->first;
        timer_stop(timers, timer);
        timer->ring(timer->context);
    }
}
