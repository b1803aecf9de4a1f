/* Reads a request: its headers, its path and query, a bearer token, the fields of a form. */
#include <stdlib.h>

#include "simulator/authority/parts.h"

static const struct redial_str nothing = {"", 0};

struct redial_str request_header(const struct authority_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (str_eq_nocase(request->headers[i].name, str_of(name)))
            return str_trim(request->headers[i].value);
    return nothing;
}

struct redial_str request_path(const struct authority_request *request)
{
    size_t end = str_find(request->target, REDIAL_STR("?"));
    return end == SIZE_MAX ? request->target : str_take(request->target, end);
}

struct redial_str request_query(const struct authority_request *request)
{
    size_t end = str_find(request->target, REDIAL_STR("?"));
    return end == SIZE_MAX ? nothing : str_skip(request->target, end + 1);
}

bool request_is(const struct authority_request *request, const char *method)
{
    return str_is(str_of(request->method), method);
}

struct redial_str request_bearer(const struct authority_request *request)
{
    struct redial_str value = request_header(request, "authorization");
    struct redial_str scheme = REDIAL_STR("Bearer ");

    if (!str_eq_nocase(str_take(value, scheme.len), scheme)) return nothing;
    return str_trim(str_skip(value, scheme.len));
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* '+' is a blank and %XX a byte; a '%' that begins no such thing stands for itself. */
static bool decode(struct arena *arena, struct redial_str text, struct redial_str *out)
{
    char *to = ARENA_ARRAY(arena, char, text.len + 1);
    size_t len = 0;

    if (!to) return false;
    for (size_t i = 0; i < text.len; i++) {
        bool escaped = text.ptr[i] == '%' && i + 2 < text.len && hex_digit(text.ptr[i + 1]) >= 0 &&
                       hex_digit(text.ptr[i + 2]) >= 0;
        if (escaped) {
            to[len++] = (char)(hex_digit(text.ptr[i + 1]) * 16 + hex_digit(text.ptr[i + 2]));
            i += 2;
        } else {
            to[len++] = (char)(text.ptr[i] == '+' ? ' ' : text.ptr[i]);
        }
    }
    *out = (struct redial_str){to, len};
    return true;
}

bool form_read(struct arena *arena, struct redial_str text, struct form *form)
{
    struct redial_str field;

    form->count = 0;
    while (form->count < FORM_FIELDS_MAX && str_split(&text, '&', &field)) {
        struct redial_str name = nothing;
        if (!str_split(&field, '=', &name)) continue;
        if (!decode(arena, name, &form->fields[form->count].name) ||
            !decode(arena, field, &form->fields[form->count].value))
            return false;
        form->count++;
    }
    return true;
}

struct redial_str form_value(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++)
        if (str_is(form->fields[i].name, name)) return form->fields[i].value;
    return (struct redial_str){NULL, 0};
}
