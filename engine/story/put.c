#include "story/put.h"

#include <inttypes.h>

void put_key(struct text *out, const char *name)
{
    if (out->len > 0 && out->ptr[out->len - 1] != '{') text_append_char(out, ',');
    text_append_json(out, str_of(name));
    text_append_char(out, ':');
}

void put_text(struct text *out, const char *name, struct redial_str value)
{
    if (value.len == 0) return;
    put_key(out, name);
    text_append_json(out, value);
}

void put_word(struct text *out, const char *name, const char *value)
{
    put_text(out, name, str_of(value));
}

void put_int(struct text *out, const char *name, int64_t value)
{
    put_key(out, name);
    text_printf(out, "%" PRId64, value);
}

void put_known(struct text *out, const char *name, int64_t value)
{
    if (value != 0) put_int(out, name, value);
}

void put_count(struct text *out, const char *name, int32_t value)
{
    put_key(out, name);
    if (value == REDIAL_UNLIMITED)
        text_append(out, REDIAL_STR("null"));
    else
        text_printf(out, "%" PRId32, value);
}

void put_true(struct text *out, const char *name, bool value)
{
    if (!value) return;
    put_key(out, name);
    text_append(out, REDIAL_STR("true"));
}

/* "policies/claude-code.yaml:31" */
void put_place(struct text *out, const char *name, const struct span *span)
{
    if (!span->source) return;
    struct text place = TEXT_INIT;
    text_printf(&place, "%.*s:%" PRIu32, REDIAL_STR_ARG(span->source->path), span->line);
    put_text(out, name, text_str(&place));
    if (place.failed) out->failed = true;
    text_clean_up(&place);
}

void put_feature_set(struct text *out, const char *name, uint16_t features)
{
    char before = '[';
    if (features == 0) return;
    put_key(out, name);
    for (uint32_t left = features; left; left &= left - 1) {
        text_append_char(out, before);
        text_append_json(out,
                         str_of(redial_feature_name((enum redial_feature)__builtin_ctz(left))));
        before = ',';
    }
    text_append_char(out, ']');
}
