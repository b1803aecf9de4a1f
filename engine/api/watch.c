/* The watch over a policy's files: what they look like is compared, nothing is kept open. */
#include <stdlib.h>
#include <sys/stat.h>

#include "api/load.h"
#include "model/policy.h"
#include "redial/redial.h"

struct redial_watch {
    const char *path;
    const struct redial_env *environment;
    struct redial_policy *policy;
    uint64_t seen; /* how the files looked when they were read last */
};

static uint64_t mixed(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 31;
}

static uint64_t look_at(uint64_t hash, const char *path)
{
    struct stat file;
    if (stat(path, &file) != 0) return mixed(hash, 1);
    hash = mixed(hash, (uint64_t)file.st_mtim.tv_sec);
    hash = mixed(hash, (uint64_t)file.st_mtim.tv_nsec);
    hash = mixed(hash, (uint64_t)file.st_size);
    return mixed(hash, (uint64_t)file.st_ino);
}

/* The policy itself, and the files that the last good version used. */
static uint64_t look(const struct redial_watch *watch)
{
    uint64_t hash = look_at(0, watch->path);
    for (size_t i = 0; watch->policy && i < watch->policy->source_count; i++)
        hash = look_at(hash, watch->policy->sources[i]->path.ptr);
    return hash;
}

struct redial_watch *redial_watch_new(const char *path, const struct redial_env *environment,
                                      struct redial_diags *diags)
{
    struct redial_watch *watch = calloc(1, sizeof *watch);
    if (!watch) return NULL;
    watch->path = path;
    watch->environment = environment;
    watch->policy = redial_policy_load(path, environment, diags);
    watch->seen = look(watch);
    if (watch->policy) return watch;
    free(watch);
    return NULL;
}

void redial_watch_destroy(struct redial_watch *watch)
{
    if (!watch) return;
    redial_policy_release(watch->policy);
    free(watch);
}

const struct redial_policy *redial_watch_policy(const struct redial_watch *watch)
{
    return watch->policy;
}

enum redial_watched redial_watch_poll(struct redial_watch *watch, struct redial_engine *engine,
                                      struct redial_diags *diags)
{
    uint64_t seen = look(watch);
    if (seen == watch->seen) return REDIAL_WATCH_UNCHANGED;
    watch->seen = seen;
    struct redial_policy *policy = redial_policy_load(watch->path, watch->environment, diags);
    if (!policy) return REDIAL_WATCH_REFUSED;
    if (!redial_engine_reload(engine, policy)) {
        redial_policy_release(policy);
        return REDIAL_WATCH_REFUSED;
    }
    redial_policy_release(watch->policy);
    watch->policy = policy; /* `seen` stays from before the reading: no change is lost */
    return REDIAL_WATCH_RELOADED;
}
