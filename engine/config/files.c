/* Which files make a policy: the one that is asked for, those it builds on, those that they use. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/files.h"

static bool add_file(struct config *config, struct files *files, const struct source *source)
{
    struct file *file = &files->list[files->count++];
    file->source = source;
    file->tree = document_parse(config->nodes, source, config->reading.diags);
    return file->tree && config_expand(config, file->tree);
}

const char *config_path_beside(struct config *config, struct redial_str folder_of,
                               struct redial_str path)
{
    struct redial_str folder = folder_of, joined;
    while (folder.len > 0 && folder.ptr[folder.len - 1] != '/') folder.len--;
    if (path.ptr[0] == '/') folder.len = 0;
    if (arena_printf(config->reading.arena, &joined, "%.*s%.*s", REDIAL_STR_ARG(folder),
                     REDIAL_STR_ARG(path)))
        return joined.ptr;
    reading_out_of_memory(&config->reading);
    return NULL;
}

static bool same_file(const char *a, const char *b)
{
    struct stat first, second;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

/* The number of a file in the list, or its count. */
static size_t find_file(const struct files *files, const char *path)
{
    size_t i = 0;
    while (i < files->count && !same_file(path, files->list[i].source->path.ptr)) i++;
    return i;
}

/* What a policy builds on may use the same files; within one list it is a slip. */
static bool is_already_used(struct config *config, const struct files *files,
                            const struct node *value, const char *path, size_t first)
{
    size_t i = find_file(files, path);
    if (i < files->count && i >= files->policies && i < first) return true;
    if (i < files->count) {
        diag_error(config->reading.diags, "used-twice", value->span, "%s",
                   i == 0 ? "a policy cannot use itself" : "this file is already used");
        return true;
    }
    return false;
}

/* Reads the file that `value` names, as seen from the folder of `from`. */
static const char *path_of(struct config *config, const struct source *from,
                           const struct node *value)
{
    struct reading *reading = &config->reading;
    if (value->kind != NODE_SCALAR || value->text.len == 0) {
        reading_unexpected(reading, value, "the path of a file");
        return NULL;
    }
    const char *path = config_path_beside(config, from->path, value->text);
    if (!path || access(path, R_OK) == 0) return path;
    struct diag *diag = diag_error(reading->diags, "missing-file", value->span,
                                   "cannot read '%s': %s", path, strerror(errno));
    diag_cure(reading->diags, diag, "a path is relative to the file that names it");
    return NULL;
}

static bool use_file(struct config *config, struct files *files, const struct source *from,
                     const struct node *value, size_t first)
{
    struct reading *reading = &config->reading;
    if (files->count == USES_MAX + files->policies) {
        diag_error(reading->diags, "too-many", value->span, "a policy uses at most %u files",
                   USES_MAX);
        return false;
    }
    const char *path = path_of(config, from, value);
    if (!path) return false;
    if (is_already_used(config, files, value, path, first)) return true;
    const struct source *source = source_read(reading->arena, path, reading->diags);
    return source && add_file(config, files, source);
}

static bool use_files(struct config *config, struct files *files)
{
    bool right = true;
    for (size_t p = 0; p < files->policies; p++) {
        const struct file *policy = &files->list[p];
        size_t first = files->count;
        for (size_t i = 0; policy->uses && i < items_count(policy->uses); i++)
            right =
                use_file(config, files, policy->source, items_at(policy->uses, i), first) && right;
    }
    return right;
}

/* ---- What a policy builds on */

static bool is_in_chain(struct config *config, const struct files *files, const struct node *value,
                        const char *path)
{
    size_t i = find_file(files, path);
    if (i == files->count) return false;
    struct diag *diag =
        diag_error(config->reading.diags, "extends-circle", value->span, "%s",
                   i + 1 == files->count ? "a policy cannot build on itself"
                                         : "these policies build on each other in a circle");
    if (i + 1 < files->count)
        diag_note(config->reading.diags, diag, node_get(files->list[i].tree, "extends")->span,
                  "the circle begins here");
    diag_cure(config->reading.diags, diag, "keep what they share in a file that extends neither");
    return true;
}

/* The policy that `value` names; NULL after saying why not. */
static struct file *extend_by(struct config *config, struct files *files, const struct node *value)
{
    struct reading *reading = &config->reading;
    const char *path = path_of(config, files->list[files->count - 1].source, value);
    if (!path || is_in_chain(config, files, value, path)) return NULL;
    if (files->count == EXTENDS_MAX + 1) {
        diag_error(reading->diags, "too-many", value->span,
                   "a policy builds on at most %u others, one upon the other", EXTENDS_MAX);
        return NULL;
    }
    const struct source *source = source_read(reading->arena, path, reading->diags);
    if (!source || !add_file(config, files, source)) return NULL;
    struct file *file = &files->list[files->count - 1];
    if (file->tree->kind == NODE_MAPPING) return file;
    reading_unexpected(reading, file->tree, "a policy: a mapping of keys");
    return NULL;
}

/* Reads the chain of policies, then joins it from its end, so that the nearer word counts. */
static bool extend(struct config *config, struct files *files)
{
    struct file *last = &files->list[0];
    for (const struct node *value; (value = node_get(last->tree, "extends"));) {
        last = extend_by(config, files, value);
        if (!last) return false;
    }
    files->policies = files->count;
    struct node *joined = last->tree;
    for (size_t i = files->policies; i > 0; i--) {
        struct file *file = &files->list[i - 1];
        file->uses = node_get(file->tree, "uses");
        if (i < files->policies) joined = config_join(config, joined, file->tree);
        if (!joined) return reading_out_of_memory(&config->reading);
        file->tree = NULL;
    }
    files->list[0].tree = joined;
    return true;
}

bool files_read(struct config *config, struct files *files, const struct source *source)
{
    add_file(config, files, source);
    struct node *tree = files->list[0].tree;
    if (!tree) return false;
    if (tree->kind != NODE_MAPPING)
        return reading_unexpected(&config->reading, tree, "a policy: a mapping of keys");
    if (!extend(config, files)) return false;
    use_files(config, files);
    return true;
}
