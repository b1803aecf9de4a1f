#include "credentials/xml.h"

#include <string.h>

struct reading {
    struct arena *arena;
    struct redial_str rest;
    struct redial_str open[XML_DEPTH_MAX]; /* names of the open elements */
    size_t depth;
    bool seen_root;
    struct xml_want *wants;
    size_t count;
};

/* Cuts everything up to and with `end` off the rest. */
static bool cut_through(struct reading *reading, const char *end, struct redial_str *before)
{
    size_t at = str_find(reading->rest, str_of(end));
    if (at == SIZE_MAX) return false;
    *before = str_take(reading->rest, at);
    reading->rest = str_skip(reading->rest, at + strlen(end));
    return true;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("_-.:", c)) || (unsigned char)c >= 0x80;
}

/* A tag's name without its prefix; empty when there is none. */
static struct redial_str name_of(struct redial_str tag)
{
    size_t len = 0;
    while (len < tag.len && is_name_char(tag.ptr[len])) len++;
    struct redial_str name = str_take(tag, len);
    size_t colon = str_find(name, REDIAL_STR(":"));
    return colon == SIZE_MAX ? name : str_skip(name, colon + 1);
}

/* ---- Text */

static void append_utf8(struct text *out, uint32_t point)
{
    const unsigned char bytes[4] = {
        (unsigned char)(point < 0x80      ? point
                        : point < 0x800   ? 0xc0 | point >> 6
                        : point < 0x10000 ? 0xe0 | point >> 12
                                          : 0xf0 | point >> 18),
        (unsigned char)(0x80 | ((point < 0x800     ? point
                                 : point < 0x10000 ? point >> 6
                                                   : point >> 12) &
                                0x3f)),
        (unsigned char)(0x80 | ((point < 0x10000 ? point : point >> 6) & 0x3f)),
        (unsigned char)(0x80 | (point & 0x3f)),
    };
    size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    text_append(out, (struct redial_str){(const char *)bytes, len});
}

/* "#65" or "#x41". */
static bool read_number(struct redial_str entity, uint32_t *point)
{
    struct redial_str digits = str_skip(entity, 1);
    uint32_t base = digits.len > 0 && digits.ptr[0] == 'x' ? 16 : 10, value = 0;
    if (base == 16) digits = str_skip(digits, 1);
    if (digits.len == 0 || digits.len > 7) return false;
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.ptr[i];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : 16;
        if (digit >= base) return false;
        value = value * base + digit;
    }
    *point = value;
    return value > 0 && value < 0x110000 && (value < 0xd800 || value > 0xdfff);
}

static bool append_entity(struct text *out, struct redial_str entity)
{
    static const struct {
        const char *name;
        char c;
    } entities[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    uint32_t point = 0;
    for (size_t i = 0; i < REDIAL_COUNT_OF(entities); i++) {
        if (!str_is(entity, entities[i].name)) continue;
        text_append_char(out, entities[i].c);
        return true;
    }
    if (entity.len < 2 || entity.ptr[0] != '#' || !read_number(entity, &point)) return false;
    append_utf8(out, point);
    return true;
}

static bool append_decoded(struct text *out, struct redial_str raw)
{
    while (raw.len > 0) {
        size_t mark = str_find(raw, REDIAL_STR("&"));
        text_append(out, mark == SIZE_MAX ? raw : str_take(raw, mark));
        if (mark == SIZE_MAX) return true;
        raw = str_skip(raw, mark + 1);
        size_t end = str_find(raw, REDIAL_STR(";"));
        if (end == SIZE_MAX || !append_entity(out, str_take(raw, end))) return false;
        raw = str_skip(raw, end + 1);
    }
    return true;
}

static bool is_at(const struct reading *reading, const char *path)
{
    struct redial_str rest = str_of(path), name;
    size_t depth = 0;
    while (str_split(&rest, '/', &name)) {
        bool any = str_is(name, "*");
        if (depth == reading->depth || (!any && !str_eq(name, reading->open[depth]))) return false;
        depth++;
    }
    return depth == reading->depth;
}

static struct xml_want *wanted_here(const struct reading *reading)
{
    for (size_t i = 0; i < reading->count; i++)
        if (reading->wants[i].text.len == 0 && is_at(reading, reading->wants[i].path))
            return &reading->wants[i];
    return NULL;
}

static bool take_text(struct reading *reading, struct redial_str raw, bool decode)
{
    struct text text = TEXT_INIT;
    struct xml_want *want = wanted_here(reading);
    if (reading->depth == 0) return str_trim(raw).len == 0;
    bool good = !decode || append_decoded(&text, raw);
    if (!decode) text_append(&text, raw);
    if (good && want)
        good = !text.failed && arena_copy(reading->arena, text_str(&text), &want->text);
    if (good && want) want->text = str_trim(want->text);
    text_clean_up(&text);
    return good;
}

/* ---- Tags. Behind "<". */

static bool open_element(struct reading *reading, struct redial_str tag)
{
    struct redial_str name = name_of(tag);
    bool closes = str_ends_with(tag, REDIAL_STR("/"));
    if (name.len == 0 || reading->depth == XML_DEPTH_MAX) return false;
    if (reading->depth == 0 && reading->seen_root) return false;
    reading->seen_root = true;
    if (!closes) reading->open[reading->depth++] = name;
    return true;
}

static bool close_element(struct reading *reading, struct redial_str tag)
{
    if (reading->depth == 0) return false;
    return str_eq(name_of(tag), reading->open[--reading->depth]);
}

static bool read_tag(struct reading *reading)
{
    struct redial_str *rest = &reading->rest, tag;
    if (str_starts_with(*rest, REDIAL_STR("?"))) return cut_through(reading, "?>", &tag);
    if (str_starts_with(*rest, REDIAL_STR("!--"))) return cut_through(reading, "-->", &tag);
    if (str_starts_with(*rest, REDIAL_STR("![CDATA["))) {
        *rest = str_skip(*rest, strlen("![CDATA["));
        return cut_through(reading, "]]>", &tag) && take_text(reading, tag, false);
    }
    if (str_starts_with(*rest, REDIAL_STR("!"))) return false;
    if (!cut_through(reading, ">", &tag)) return false;
    if (str_starts_with(tag, REDIAL_STR("/"))) return close_element(reading, str_skip(tag, 1));
    return open_element(reading, tag);
}

bool xml_read(struct arena *arena, struct redial_str text, struct xml_want *wants, size_t count)
{
    struct reading reading = {.arena = arena, .rest = text, .wants = wants, .count = count};
    struct redial_str between;
    while (cut_through(&reading, "<", &between))
        if (!take_text(&reading, between, true) || !read_tag(&reading)) return false;
    return reading.seen_root && reading.depth == 0 && str_trim(reading.rest).len == 0;
}
