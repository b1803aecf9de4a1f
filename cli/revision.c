/* Asks git: which commit, which day, which files. The files are written by plumbing commands with
 * an index of their own, so that neither the person's index nor a hook is touched. */
#include "cli/revision.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/matrix.h"
#include "base/duration.h"
#include "cli/child.h"

#define GIT_TIMEOUT   (20 * NS_PER_SECOND)
#define GIT_WORDS_MAX 12

/* ---- Running git */

struct git {
    const char *folder;
    const char *index; /* "GIT_INDEX_FILE=…", or NULL: none is needed */
    struct redial_str input;
};

static bool git_run(const struct git *git, const char *const *words, struct text *out,
                    struct text *why)
{
    const char *argv[GIT_WORDS_MAX + 6] = {"git", "-C", git->folder, "-c", "core.symlinks=false"};
    const char *settings[] = {"LC_ALL=C", "GIT_NO_LAZY_FETCH=1", "GIT_TERMINAL_PROMPT=0",
                              git->index, NULL};
    for (size_t i = 0; words[i]; i++) argv[5 + i] = words[i];
    struct child child = {
        .argv = argv, .settings = settings, .input = git->input, .timeout = GIT_TIMEOUT};
    return child_run(&child, out, why);
}

#define GIT(git, out, why, ...) git_run(git, (const char *const[]){__VA_ARGS__, NULL}, out, why)

static void trim(struct text *text)
{
    while (text->len > 0 && text->ptr[text->len - 1] == '\n') text->ptr[--text->len] = '\0';
}

/* ---- Where */

/* The folder of a file, "." where its path names none. */
static void put_folder(const char *path, struct text *folder)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        text_append_char(folder, '.');
    else
        text_append(folder, (struct redial_str){path, slash == path ? 1 : (size_t)(slash - path)});
}

/* The repository, and the file's path from its top. */
static bool find_place(struct revision *revision, const char *path, struct text *from_top,
                       struct text *why)
{
    const char *slash = strrchr(path, '/');
    struct text folder = TEXT_INIT;
    put_folder(path, &folder);
    struct git git = {.folder = folder.ptr};
    text_clear(&revision->top);
    bool good = !folder.failed && GIT(&git, &revision->top, why, "rev-parse", "--show-toplevel") &&
                GIT(&git, from_top, why, "rev-parse", "--show-prefix");
    trim(&revision->top);
    trim(from_top);
    text_append(from_top, str_of(slash ? slash + 1 : path));
    text_clean_up(&folder);
    return good && !revision->top.failed && !from_top->failed;
}

/* ---- Which commit */

static bool before_the_first(const struct git *git, struct redial_str asked, struct text *why)
{
    struct text first = TEXT_INIT, unheard = TEXT_INIT;
    bool known = GIT(git, &first, &unheard, "log", "--max-parents=0", "--format=%cs", "-1");
    trim(&first);
    text_printf(why, "there was no commit yet on %.*s", REDIAL_STR_ARG(asked));
    if (known) text_printf(why, "; the first is of %.*s", REDIAL_STR_ARG(text_str(&first)));
    text_clean_up(&first);
    text_clean_up(&unheard);
    return false;
}

static bool find_day(struct revision *revision, const struct git *git, struct redial_str asked,
                     struct text *why)
{
    struct text before = TEXT_INIT;
    text_printf(&before, "--before=%.*sT23:59:59Z", REDIAL_STR_ARG(asked));
    bool good = !before.failed && GIT(git, &revision->commit, why, "rev-list", "-1",
                                      "--first-parent", before.ptr, "HEAD");
    text_clean_up(&before);
    trim(&revision->commit);
    return good && (revision->commit.len > 0 || before_the_first(git, asked, why));
}

static bool find_name(struct revision *revision, const struct git *git, struct redial_str asked,
                      struct text *why)
{
    struct text name = TEXT_INIT, seconds = TEXT_INIT;
    int64_t at = 0;
    text_printf(&name, "%.*s^{commit}", REDIAL_STR_ARG(asked));
    bool good = !name.failed && GIT(git, &revision->commit, why, "rev-parse", "--verify",
                                    "--end-of-options", name.ptr);
    if (!good && why->len > 0) {
        text_clear(why);
        text_printf(why, "'%.*s' is no file, no date such as 2026-10-01, and no revision of %.*s",
                    REDIAL_STR_ARG(asked), REDIAL_STR_ARG(text_str(&revision->top)));
    }
    trim(&revision->commit);
    good = good && GIT(git, &seconds, why, "log", "-1", "--format=%ct", revision->commit.ptr);
    trim(&seconds);
    good = good && str_to_int64(text_str(&seconds), &at);
    revision->day = (int32_t)(at * NS_PER_SECOND / NS_PER_DAY);
    text_clean_up(&name);
    text_clean_up(&seconds);
    return good;
}

/* ---- Its files */

static bool make_folder(struct revision *revision, struct text *why)
{
    const char *below = getenv("TMPDIR");
    text_printf(&revision->folder, "%s/redial-audit-XXXXXX", below && below[0] ? below : "/tmp");
    if (!revision->folder.failed && mkdtemp(revision->folder.ptr)) return true;
    text_printf(why, "cannot make a temporary folder: %s", strerror(errno));
    text_clean_up(&revision->folder);
    revision->folder = TEXT_INIT;
    return false;
}

/* The files that policies can be made of: a repository may hold much else. */
static bool unpack(const struct revision *revision, struct redial_str asked, struct text *why)
{
    struct text index = TEXT_INIT, prefix = TEXT_INIT, list = TEXT_INIT, unread = TEXT_INIT;
    struct redial_str folder = text_str(&revision->folder);
    text_printf(&index, "GIT_INDEX_FILE=%.*s/index", REDIAL_STR_ARG(folder));
    text_printf(&prefix, "--prefix=%.*s/%.*s:./", REDIAL_STR_ARG(folder), REDIAL_STR_ARG(asked));
    struct git git = {.folder = revision->top.ptr, .index = index.ptr};
    bool good = !index.failed && !prefix.failed &&
                GIT(&git, &unread, why, "read-tree", revision->commit.ptr) &&
                GIT(&git, &list, why, "ls-files", "-z", "--", "*.yaml", "*.yml", "*.lua");
    git.input = text_str(&list);
    good = good && GIT(&git, &unread, why, "checkout-index", prefix.ptr, "-z", "--stdin");
    text_clean_up(&index);
    text_clean_up(&prefix);
    text_clean_up(&list);
    text_clean_up(&unread);
    return good;
}

static bool is_there(const struct revision *revision, struct redial_str asked, struct text *why)
{
    struct redial_str from_top = str_skip(text_str(&revision->path), asked.len + strlen(":./"));
    struct text path = TEXT_INIT;
    text_printf(&path, "%.*s/%.*s", REDIAL_STR_ARG(text_str(&revision->folder)),
                REDIAL_STR_ARG(text_str(&revision->path)));
    bool there = !path.failed && access(path.ptr, R_OK) == 0;
    if (!there)
        text_printf(why, "%.*s (%.7s) has no %.*s", REDIAL_STR_ARG(asked), revision->commit.ptr,
                    REDIAL_STR_ARG(from_top));
    text_clean_up(&path);
    return there;
}

bool revision_path(struct revision *revision, struct redial_str asked, const char *path,
                   struct text *out, struct text *why)
{
    struct text from_top = TEXT_INIT;
    bool good = find_place(revision, path, &from_top, why);
    text_printf(out, "%.*s:./%.*s", REDIAL_STR_ARG(asked), REDIAL_STR_ARG(text_str(&from_top)));
    text_clean_up(&from_top);
    return good && !out->failed;
}

bool revision_begin(struct revision *revision, struct redial_str asked, const char *path,
                    struct text *why)
{
    *revision = (struct revision){0};
    bool good = revision_path(revision, asked, path, &revision->path, why);
    struct git git = {.folder = revision->top.ptr};
    if (good)
        good = matrix_day(asked, &revision->day) ? find_day(revision, &git, asked, why)
                                                 : find_name(revision, &git, asked, why);
    good = good && make_folder(revision, why) && unpack(revision, asked, why) &&
           is_there(revision, asked, why);
    if (!good && why->len == 0) text_append(why, REDIAL_STR("out of memory"));
    return good;
}

static int remove_one(const char *path, const struct stat *state, int kind, struct FTW *walk)
{
    (void)state;
    (void)kind;
    (void)walk;
    return remove(path);
}

void revision_clean_up(struct revision *revision)
{
    if (revision->folder.len > 0) nftw(revision->folder.ptr, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    text_clean_up(&revision->top);
    text_clean_up(&revision->commit);
    text_clean_up(&revision->folder);
    text_clean_up(&revision->path);
}

/* ---- Ranges */

bool revision_range(struct redial_str asked, struct redial_str *since, struct redial_str *until,
                    struct text *why)
{
    size_t dots = str_find(asked, REDIAL_STR(".."));
    *since = asked;
    *until = (struct redial_str){"", 0};
    if (dots == SIZE_MAX) return true;
    *since = str_take(asked, dots);
    *until = str_skip(asked, dots + 2);
    if (until->len == 0) *until = REDIAL_STR("HEAD");
    if (since->len > 0 && until->ptr[0] != '.') return true;
    text_printf(why, "'%.*s' is no range; write OLD..NEW, each a date or a revision",
                REDIAL_STR_ARG(asked));
    return false;
}
