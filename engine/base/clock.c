#include "base/clock.h"

#include <time.h>

#include "base/duration.h"

static int64_t show(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

int64_t clock_steady(void)
{
    return show(CLOCK_MONOTONIC);
}

int64_t clock_wall(void)
{
    return show(CLOCK_REALTIME);
}
