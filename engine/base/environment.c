#include "base/environment.h"

#include <stdlib.h>
#include <string.h>

#include "redial/redial.h"

#define NAME_BYTES_MAX 255u /* a longer name is none that anybody sets */

static struct redial_str from_process(struct redial_str name)
{
    char terminated[NAME_BYTES_MAX + 1];
    if (name.len > NAME_BYTES_MAX || memchr(name.ptr, '\0', name.len))
        return (struct redial_str){0};
    memcpy(terminated, name.ptr, name.len);
    terminated[name.len] = '\0';
    return str_of(getenv(terminated));
}

struct redial_str environment_get(const struct redial_env *environment, struct redial_str name)
{
    if (name.len == 0) return (struct redial_str){0};
    if (!environment) return from_process(name);
    for (; environment->name; environment++)
        if (str_is(name, environment->name)) return str_of(environment->value);
    return (struct redial_str){0};
}
