#include "tests/support/signed_request.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/duration.h"
#include "document/json.h"

struct redial_str file_read(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "r");
    char piece[4096];
    struct text text = TEXT_INIT;
    struct redial_str copy;

    cr_assert_not_null(file, "cannot read %s", path);
    for (size_t count; (count = fread(piece, 1, sizeof piece, file)) > 0;)
        text_append(&text, (struct redial_str){piece, count});
    fclose(file);
    cr_assert(arena_copy(arena, text_str(&text), &copy));
    text_clean_up(&text);
    return copy;
}

struct redial_header *signed_header(struct signed_request *signed_request, const char *name)
{
    for (size_t i = 0; i < signed_request->request.header_count; i++)
        if (str_eq_nocase(signed_request->headers[i].name, str_of(name)))
            return &signed_request->headers[i];
    return NULL;
}

static struct redial_str copy_of(struct arena *arena, const struct json *value)
{
    struct redial_str copy;
    cr_assert(arena_copy(arena, json_text(value), &copy));
    return copy;
}

static void add_header(struct signed_request *out, struct redial_str line)
{
    struct redial_header *header = &out->headers[out->request.header_count++];

    cr_assert_lt(out->request.header_count, SIGNED_HEADERS_MAX);
    cr_assert(str_split(&line, ':', &header->name));
    header->value = line;
}

static void read_date(struct signed_request *out)
{
    struct redial_header *date = signed_header(out, "x-amz-date");
    struct tm parts = {0};
    char text[32];

    cr_assert_not_null(date);
    snprintf(text, sizeof text, "%.*s", REDIAL_STR_ARG(str_trim(date->value)));
    cr_assert_not_null(strptime(text, "%Y%m%dT%H%M%SZ", &parts));
    out->date = (int64_t)timegm(&parts) * NS_PER_SECOND;
}

void signed_request_read(struct arena *arena, const char *path, struct signed_request *out)
{
    struct json *root = json_parse(file_read(arena, path));

    *out = (struct signed_request){0};
    cr_assert_not_null(root, "%s is no JSON", path);
    out->client = copy_of(arena, json_at(root, "client"));
    out->service = copy_of(arena, json_at(root, "service"));
    out->access_key_id = copy_of(arena, json_at(root, "accessKeyId"));
    out->secret = copy_of(arena, json_at(root, "secretAccessKey"));
    out->session = copy_of(arena, json_at(root, "sessionToken"));
    out->request.method = copy_of(arena, json_at(root, "method")).ptr;
    out->request.target = copy_of(arena, json_at(root, "target"));
    out->request.body = copy_of(arena, json_at(root, "body"));
    out->request.headers = out->headers;
    for (const struct json *line = json_first(json_at(root, "headers")); line;
         line = json_next(line))
        add_header(out, copy_of(arena, line));
    json_free(root);
    read_date(out);
}

/* "GET /a path HTTP/1.1": blanks in the path are part of it. */
static void read_first_line(struct arena *arena, struct redial_str line, struct signed_request *out)
{
    struct redial_str method, version = REDIAL_STR(" HTTP/1.1");

    cr_assert(str_split(&line, ' ', &method) && str_ends_with(line, version));
    cr_assert(arena_copy(arena, method, &method));
    out->request.method = method.ptr;
    out->request.target = str_take(line, line.len - version.len);
}

static void read_context(struct arena *arena, const char *folder, struct signed_request *out,
                         bool *normalise)
{
    char path[256];
    struct json *root;

    snprintf(path, sizeof path, "%s/context.json", folder);
    root = json_parse(file_read(arena, path));
    out->service = copy_of(arena, json_at(root, "service"));
    out->secret = copy_of(arena, json_at(root, "credentials.secret_access_key"));
    *normalise = json_true(json_at(root, "normalize"));
    json_free(root);
}

void signed_vector_read(struct arena *arena, const char *folder, struct signed_request *out,
                        bool *normalise)
{
    struct redial_str rest, line;
    char path[256];

    *out = (struct signed_request){0};
    read_context(arena, folder, out, normalise);
    snprintf(path, sizeof path, "%s/header-signed-request.txt", folder);
    rest = file_read(arena, path);
    cr_assert(str_split(&rest, '\n', &line));
    read_first_line(arena, line, out);
    while (str_split(&rest, '\n', &line) && line.len > 0) add_header(out, line);
    out->request.headers = out->headers;
    out->request.body = rest;
    read_date(out);
}
