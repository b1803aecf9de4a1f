#include "simulator/run/paths.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool fail(struct paths *paths, struct redial_str *why, const char *path, const char *reason)
{
    if (!arena_printf(paths->arena, why, "%s: %s", path, reason))
        *why = REDIAL_STR("out of memory");
    return false;
}

static bool add_file(struct paths *paths, const char *path, struct redial_str *why)
{
    if (paths->count == paths->capacity) {
        size_t capacity = paths->capacity ? 2 * paths->capacity : 64;
        char **list = realloc(paths->list, capacity * sizeof *list);
        if (!list) return fail(paths, why, path, "out of memory");
        paths->list = list;
        paths->capacity = capacity;
    }
    char *text = arena_alloc(paths->arena, strlen(path) + 1, 1);
    if (!text) return fail(paths, why, path, "out of memory");
    memcpy(text, path, strlen(path) + 1);
    paths->list[paths->count++] = text;
    return true;
}

static bool is_scenario(const char *name)
{
    return str_ends_with(str_of(name), REDIAL_STR(".yaml")) ||
           str_ends_with(str_of(name), REDIAL_STR(".yml"));
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool add_below(struct paths *paths, const char *folder, int depth, struct redial_str *why);

static bool add_entry(struct paths *paths, const char *folder, const char *name, int depth,
                      struct redial_str *why)
{
    struct redial_str path;
    struct stat entry;
    bool slash = str_ends_with(str_of(folder), REDIAL_STR("/"));
    if (!arena_printf(paths->arena, &path, "%s%s%s", folder, slash ? "" : "/", name))
        return fail(paths, why, folder, "out of memory");
    if (stat(path.ptr, &entry) != 0) return fail(paths, why, path.ptr, strerror(errno));
    if (S_ISDIR(entry.st_mode)) return add_below(paths, path.ptr, depth + 1, why);
    return !is_scenario(name) || add_file(paths, path.ptr, why);
}

static bool add_below(struct paths *paths, const char *folder, int depth, struct redial_str *why)
{
    struct dirent **entries = NULL;
    bool right = true;
    if (depth > PATHS_DEPTH_MAX) return fail(paths, why, folder, "folders go too deep");
    int count = scandir(folder, &entries, visible, alphasort);
    if (count < 0) return fail(paths, why, folder, strerror(errno));
    for (int i = 0; i < count; i++) {
        right = right && add_entry(paths, folder, entries[i]->d_name, depth, why);
        free(entries[i]);
    }
    free(entries);
    return right;
}

bool paths_add(struct paths *paths, const char *path, struct redial_str *why)
{
    struct stat entry;
    size_t before = paths->count;
    /* What cannot be read is said, with its cure, by whoever reads it. */
    if (stat(path, &entry) != 0 || !S_ISDIR(entry.st_mode)) return add_file(paths, path, why);
    if (!add_below(paths, path, 0, why)) return false;
    return paths->count > before ||
           fail(paths, why, path, "no scenario (*.yaml) is in this folder");
}

void paths_clean_up(struct paths *paths)
{
    free(paths->list);
    paths->list = NULL;
    paths->count = paths->capacity = 0;
}
