/* Files and texts from outside become sources: bounded, UTF-8, and told apart from what is no file.
 */
#include "document/node.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES 65536u

static struct source *source_new(struct arena *arena, struct redial_str path,
                                 struct diag_list *diags)
{
    struct source *source = ARENA_NEW(arena, struct source);
    if (source && arena_copy(arena, path, &source->path)) return source;
    diag_out_of_memory(diags);
    return NULL;
}

static void explain_too_large(const struct source *source, struct diag_list *diags)
{
    struct diag *diag = diag_error(diags, "file", span_whole(source),
                                   "the file is larger than %u MiB", DOCUMENT_BYTES_MAX >> 20);
    diag_cure(diags, diag, "is this the file you meant?");
}

static bool is_utf16(struct redial_str text)
{
    return str_starts_with(text, REDIAL_STR("\xff\xfe")) ||
           str_starts_with(text, REDIAL_STR("\xfe\xff"));
}

static bool is_utf8(const struct source *source, struct diag_list *diags)
{
    size_t at = str_utf8_valid_len(source->text);
    if (at == source->text.len) return true;
    struct diag *diag = diag_error(diags, "encoding", span_of(source, at, at + 1),
                                   "byte 0x%02x is not UTF-8", (unsigned char)source->text.ptr[at]);
    if (is_utf16(source->text)) {
        diag_cure(diags, diag, "the file looks like UTF-16: save it as UTF-8");
    } else {
        diag_cure(diags, diag, "save the file as UTF-8");
    }
    return false;
}

static const struct source *source_fill(struct arena *arena, struct source *source,
                                        struct redial_str text, struct diag_list *diags)
{
    if (text.len > DOCUMENT_BYTES_MAX) {
        explain_too_large(source, diags);
        return NULL;
    }
    if (!arena_copy(arena, text, &source->text)) {
        diag_out_of_memory(diags);
        return NULL;
    }
    return is_utf8(source, diags) ? source : NULL;
}

const struct source *source_of(struct arena *arena, struct redial_str path, struct redial_str text,
                               struct diag_list *diags)
{
    struct source *source = source_new(arena, path, diags);
    return source ? source_fill(arena, source, text, diags) : NULL;
}

static const char *cure_of(int error)
{
    switch (error) {
    case ENOENT: return "check the spelling; a relative path begins in the current directory";
    case ENOTDIR: return "a part of the path before the last is a file, not a directory";
    case EACCES: return "allow this user to read it (chmod, or the directories above it)";
    case EISDIR: return "name a file in it";
    default: return NULL;
    }
}

static void explain_unread(const struct source *source, int error, struct diag_list *diags)
{
    struct diag *diag =
        diag_error(diags, "file", span_whole(source), "cannot read the file: %s", strerror(error));
    const char *cure = cure_of(error);
    if (cure) diag_cure(diags, diag, "%s", cure);
}

/* At most one byte more than allowed, which is enough to know. 0, or an errno. */
static int read_all(int file, struct text *text)
{
    char piece[READ_BYTES];
    while (text->len <= DOCUMENT_BYTES_MAX) {
        size_t room = DOCUMENT_BYTES_MAX + 1 - text->len;
        ssize_t len = read(file, piece, room < sizeof piece ? room : sizeof piece);
        if (len < 0 && errno == EINTR) continue;
        if (len < 0) return errno;
        if (len == 0) return 0;
        text_append(text, (struct redial_str){piece, (size_t)len});
        if (text->failed) return ENOMEM;
    }
    return 0;
}

static int read_path(const char *path, struct text *text)
{
    int file = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return errno;
    int error = read_all(file, text);
    if (file != STDIN_FILENO) close(file);
    return error;
}

const struct source *source_read(struct arena *arena, const char *path, struct diag_list *diags)
{
    struct redial_str shown =
        strcmp(path, "-") == 0 ? REDIAL_STR("<standard input>") : str_of(path);
    struct source *source = source_new(arena, shown, diags);
    if (!source) return NULL;
    struct text text = TEXT_INIT;
    const struct source *filled = NULL;
    int error = read_path(path, &text);
    if (error == ENOMEM) {
        diag_out_of_memory(diags);
    } else if (error) {
        explain_unread(source, error, diags);
    } else {
        filled = source_fill(arena, source, text_str(&text), diags);
    }
    text_clean_up(&text);
    return filled;
}
