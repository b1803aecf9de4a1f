#include "credentials/form.h"

static bool is_unreserved(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void form_append_encoded(struct text *out, struct redial_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (is_unreserved(value.ptr[i]))
            text_append_char(out, value.ptr[i]);
        else
            text_printf(out, "%%%02X", (unsigned)(unsigned char)value.ptr[i]);
    }
}

void form_append(struct text *out, const char *name, struct redial_str value)
{
    if (value.len == 0) return;
    if (out->len > 0 && out->ptr[out->len - 1] != '?') text_append_char(out, '&');
    text_append(out, str_of(name));
    text_append_char(out, '=');
    form_append_encoded(out, value);
}
