#include "cli/input.h"

#include <errno.h>
#include <string.h>

#include "platforms/body.h"

#define BODY_BYTES_MAX (64u << 20) /* no platform takes more than half of it */

static bool is_standard_input(const char *path)
{
    return strcmp(path, "-") == 0;
}

static void read_on(FILE *file, const char *name, struct text *body, struct text *why)
{
    char piece[16 << 10];
    size_t count;

    while ((count = fread(piece, 1, sizeof piece, file)) > 0 && body->len <= BODY_BYTES_MAX)
        text_append(body, (struct redial_str){piece, count});
    if (ferror(file)) text_printf(why, "cannot read '%s': %s", name, strerror(errno));
    if (body->len > BODY_BYTES_MAX)
        text_printf(why, "'%s' is longer than %u MiB", name, BODY_BYTES_MAX >> 20);
    if (body->failed) text_append(why, REDIAL_STR("out of memory"));
}

bool input_read(const char *path, struct text *body, const char *verb, struct output *output)
{
    FILE *file = is_standard_input(path) ? stdin : fopen(path, "rb");
    struct text why = TEXT_INIT;
    bool good;

    if (file)
        read_on(file, file == stdin ? "standard input" : path, body, &why);
    else
        text_printf(&why, "cannot read '%s': %s", path, strerror(errno));
    good = why.len == 0;
    if (!good) output_usage(output, verb, text_str(&why));
    if (file && file != stdin) fclose(file);
    text_clean_up(&why);
    return good;
}

static void show(const char *path, struct redial_str text, const struct body_error *error,
                 struct output *output)
{
    const struct source source = {
        .path = str_of(is_standard_input(path) ? "<standard input>" : path), .text = text};
    struct diag_list *diags = diag_list_new();
    size_t end = error->at < text.len ? error->at + 1 : text.len;

    diag_cure(diags,
              diag_error(diags, "request", span_of(&source, error->at, end), "%s", error->what),
              "what is read here is the body of one Messages request, in JSON");
    output_diags(output, diags);
    diag_list_destroy(diags);
}

bool input_is_request(const char *path, struct redial_str body, struct output *output)
{
    struct body_error error;
    struct body scanned;

    if (body_scan(body, &scanned, &error)) return true;
    show(path, body, &error, output);
    return false;
}
