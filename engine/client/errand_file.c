/* Errands on files: read whole, or written in one piece. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/errands.h"

/* ---- Reading */

static bool read_on(struct errand_run *run, int file)
{
    char bytes[16 << 10];
    ssize_t got;

    while ((got = read(file, bytes, sizeof bytes)) != 0) {
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            errand_fail(run, "%s", errand_error(errno));
            return false;
        }
        if ((size_t)got > ERRAND_BYTES_MAX - run->body.len) {
            errand_fail(run, "it is longer than 1 MiB");
            return false;
        }
        text_append(&run->body, (struct redial_str){bytes, (size_t)got});
    }
    run->failed |= run->body.failed;
    return true;
}

static void read_open(struct errand_run *run, int file)
{
    struct stat facts;

    if (fstat(file, &facts) != 0) {
        errand_fail(run, "%s", errand_error(errno));
    } else if (!S_ISREG(facts.st_mode)) {
        errand_fail(run, "it is %s, not a file",
                    S_ISDIR(facts.st_mode) ? "a directory" : "special");
    } else if (read_on(run, file)) {
        run->answer.mode = facts.st_mode & 07777;
        run->answer.body = text_str(&run->body);
    }
}

void errand_read_file(struct errand_run *run)
{
    struct redial_str path;

    if (!arena_copy(run->arena, run->errand->path, &path)) {
        run->failed = true;
        return;
    }
    /* Not blocking: a pipe of that name must not hold the loop. */
    int file = open(path.ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        run->answer.missing = errno == ENOENT || errno == ENOTDIR;
        if (!run->answer.missing) errand_fail(run, "%s", errand_error(errno));
        return;
    }
    read_open(run, file);
    close(file);
}

/* ---- Writing */

static bool write_all(int file, struct redial_str rest)
{
    while (rest.len > 0) {
        ssize_t put = write(file, rest.ptr, rest.len);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return false;
        rest = str_skip(rest, (size_t)put);
    }
    return fsync(file) == 0;
}

/* Mode 0600 is what mkostemp makes. */
static bool write_beside(char *beside, struct redial_str contents)
{
    int file = mkostemp(beside, O_CLOEXEC);

    if (file < 0) return false;
    bool written = write_all(file, contents);
    int kept = errno;
    if (close(file) != 0 && written) return false;
    errno = kept;
    return written;
}

void errand_write_file(struct errand_run *run)
{
    const struct errand *errand = run->errand;
    struct redial_str path;
    char *beside = NULL;

    if (!arena_copy(run->arena, errand->path, &path) ||
        asprintf(&beside, "%s.XXXXXX", path.ptr) < 0) {
        run->failed = true;
        return;
    }
    if (!write_beside(beside, errand->contents) || rename(beside, path.ptr) != 0) {
        errand_fail(run, "%s", errand_error(errno));
        (void)unlink(beside);
    }
    free(beside);
}
