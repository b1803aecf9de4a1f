#include "simulator/observe/update.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_block(struct redial_str story, uint32_t indent, struct text *out)
{
    struct redial_str rest = str_trim(story), line;
    while (str_split(&rest, '\n', &line)) {
        for (uint32_t i = 0; i < indent; i++) text_append_char(out, ' ');
        text_append(out, line);
        text_append_char(out, '\n');
    }
}

/* A story that is not written yet: `story: |` or `story:` at the end of its line. Gives the column
 * of the key and the end of that line. */
static bool find_empty(const struct node *story, uint32_t *column, size_t *line_end, bool *has_bar)
{
    struct redial_str text = story->span.source->text;
    size_t begin = story->span.begin < text.len ? story->span.begin : text.len;
    const char *key = "story:";
    while (begin > 0 && !str_starts_with(str_skip(text, begin), str_of(key))) begin--;
    if (!str_starts_with(str_skip(text, begin), str_of(key))) return false;
    size_t line = begin, end = begin;
    while (line > 0 && text.ptr[line - 1] != '\n') line--;
    while (end < text.len && text.ptr[end] != '\n') end++;
    struct redial_str rest = str_trim(str_take(str_skip(text, begin + 6), end - begin - 6));
    *has_bar = str_is(rest, "|");
    *column = (uint32_t)(begin - line);
    *line_end = end;
    bool own_line = str_trim(str_take(str_skip(text, line), begin - line)).len == 0;
    return own_line && (*has_bar || rest.len == 0);
}

static bool fill_empty(const struct node *story, struct redial_str text, struct text *updated)
{
    struct redial_str old = story->span.source->text;
    uint32_t column;
    size_t end;
    bool has_bar;
    if (!find_empty(story, &column, &end, &has_bar)) return false;
    text_append(updated, str_take(old, end));
    text_append(updated, has_bar ? REDIAL_STR("\n") : REDIAL_STR(" |\n"));
    write_block(text, column + 2, updated);
    text_append(updated, str_skip(old, end + 1));
    return !updated->failed;
}

static bool replace_block(const struct node *story, struct redial_str text, struct text *updated)
{
    struct redial_str old = story->span.source->text;
    size_t begin = story->span.begin, end = story->span.end;
    while (begin > 0 && old.ptr[begin - 1] != '\n') begin--;
    if (end < old.len && end > 0 && old.ptr[end - 1] != '\n') end++;
    text_append(updated, str_take(old, begin));
    write_block(text, story->block_indent, updated);
    text_append(updated, str_skip(old, end));
    return !updated->failed;
}

bool update_story(const struct node *story, struct redial_str text, struct text *updated)
{
    text_clear(updated);
    bool fine =
        story->text.len ? replace_block(story, text, updated) : fill_empty(story, text, updated);
    if (!fine) text_clear(updated);
    return fine;
}

/* Beside the file, so that the rename stays within one file system. */
bool update_file(const char *path, struct redial_str text)
{
    struct text temporary = TEXT_INIT;
    struct stat was;
    text_printf(&temporary, "%s.XXXXXX", path);
    if (temporary.failed) errno = ENOMEM;
    if (temporary.failed || stat(path, &was) != 0) {
        text_clean_up(&temporary);
        return false;
    }
    int fd = mkstemp(temporary.ptr);
    bool written = fd >= 0 && fchmod(fd, was.st_mode & 07777) == 0 &&
                   write(fd, text.ptr, text.len) == (ssize_t)text.len && fsync(fd) == 0;
    int error = errno;
    if (fd >= 0 && close(fd) != 0) written = false;
    if (written) written = rename(temporary.ptr, path) == 0;
    if (!written && fd >= 0) {
        if (!error) error = errno;
        unlink(temporary.ptr);
    }
    text_clean_up(&temporary);
    errno = error;
    return written;
}
