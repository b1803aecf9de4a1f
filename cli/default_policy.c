/* An installed command is PREFIX/bin/redial, its policies are in PREFIX/share/redial: found from
 * the program's own place, so that a PREFIX that is moved or staged is still whole. */
#include "cli/default_policy.h"

#include <limits.h>
#include <unistd.h>

/* What PREFIX/bin/redial has beside it. NULL when the system does not say where this program is. */
static const char *installed(struct arena *arena)
{
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program);
    if (length <= 0 || (size_t)length == sizeof program) return NULL;
    struct redial_str prefix = {program, (size_t)length};
    for (int part = 0; part < 2; part++) {
        while (prefix.len > 0 && prefix.ptr[prefix.len - 1] != '/') prefix.len--;
        if (prefix.len > 0) prefix.len--;
    }
    struct redial_str path;
    return arena_printf(arena, &path, "%.*s/share/redial/" DEFAULT_POLICY, REDIAL_STR_ARG(prefix))
               ? path.ptr
               : NULL;
}

const char *default_policy(struct arena *arena, struct text *why)
{
    if (access(DEFAULT_POLICY, F_OK) == 0) return DEFAULT_POLICY;
    const char *path = arena ? installed(arena) : NULL;
    if (path && access(path, R_OK) == 0) return path;
    text_append(why, REDIAL_STR("no policy is named, and there is no " DEFAULT_POLICY " here"));
    if (path) text_printf(why, " and no %s", path);
    return NULL;
}
