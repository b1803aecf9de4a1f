#include "credentials/ini.h"

/* Sections and values are found one after the other: nobody's file has more. */
#define SECTIONS_MAX 4096u
#define VALUES_MAX   1024u

struct reading {
    struct arena *arena;
    struct ini *ini;
    size_t sections, values;
    struct ini_section *section; /* being filled */
    bool has_value;              /* an indented line has something to belong to */
    uint32_t line;
    struct ini_error *error;
};

static bool refuse(const struct reading *reading, const char *what)
{
    *reading->error = (struct ini_error){reading->line, what};
    return false;
}

static bool out_of_memory(const struct reading *reading)
{
    *reading->error = (struct ini_error){0, "memory is out"};
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_comment(struct redial_str line)
{
    return line.ptr[0] == '#' || line.ptr[0] == ';';
}

/* Without a comment behind a blank. */
static struct redial_str without_comment(struct redial_str value)
{
    for (size_t i = 1; i < value.len; i++)
        if ((value.ptr[i] == '#' || value.ptr[i] == ';') && is_blank(value.ptr[i - 1]))
            return str_trim(str_take(value, i));
    return str_trim(value);
}

static bool begin_section(struct reading *reading, struct redial_str line)
{
    size_t close = str_find(line, REDIAL_STR("]"));
    if (close == SIZE_MAX) return refuse(reading, "the section's '[' has no ']'");
    struct redial_str behind = str_trim(str_skip(line, close + 1));
    if (behind.len > 0 && !is_comment(behind))
        return refuse(reading, "expected nothing behind the section's ']'");
    struct redial_str title = str_trim(str_skip(str_take(line, close), 1));
    if (title.len == 0) return refuse(reading, "the section has no name");

    struct ini_section **at = &reading->ini->sections;
    while (*at && !str_eq((*at)->title, title)) at = &(*at)->next;
    if (!*at) {
        if (reading->sections++ == SECTIONS_MAX) return refuse(reading, "more than 4096 sections");
        *at = ARENA_NEW(reading->arena, struct ini_section);
        if (!*at) return out_of_memory(reading);
        (*at)->title = title;
        (*at)->line = reading->line;
    }
    reading->section = *at;
    reading->values = 0;
    reading->has_value = false;
    return true;
}

static bool add_value(struct reading *reading, struct redial_str line)
{
    size_t equals = str_find(line, REDIAL_STR("="));
    if (equals == SIZE_MAX) return refuse(reading, "expected 'name = value' or '[section]'");
    struct redial_str name = str_trim(str_take(line, equals));
    if (name.len == 0) return refuse(reading, "expected a name before '='");
    if (!reading->section) return refuse(reading, "expected a '[section]' before the first value");

    struct ini_value **at = &reading->section->values;
    while (*at && !str_eq_nocase((*at)->name, name)) at = &(*at)->next;
    if (!*at) {
        if (reading->values++ == VALUES_MAX)
            return refuse(reading, "more than 1024 values in a row");
        *at = ARENA_NEW(reading->arena, struct ini_value);
        if (!*at) return out_of_memory(reading);
    }
    (*at)->name = name;
    (*at)->value = without_comment(str_skip(line, equals + 1));
    (*at)->line = reading->line;
    reading->has_value = true;
    return true;
}

static bool read_line(struct reading *reading, struct redial_str raw)
{
    struct redial_str line = str_trim(raw);
    if (line.len == 0 || is_comment(line)) return true;
    if (is_blank(raw.ptr[0]) && reading->has_value) return true;
    return line.ptr[0] == '[' ? begin_section(reading, line) : add_value(reading, line);
}

bool ini_read(struct arena *arena, struct redial_str text, struct ini *ini, struct ini_error *error)
{
    struct reading reading = {.arena = arena, .ini = ini, .error = error};
    struct redial_str mark = REDIAL_STR("\xef\xbb\xbf"), line;
    *ini = (struct ini){0};
    if (str_starts_with(text, mark)) text = str_skip(text, mark.len);
    while (str_split(&text, '\n', &line)) {
        reading.line++;
        if (!read_line(&reading, line)) return false;
    }
    return true;
}

struct redial_str ini_get(const struct ini_section *section, const char *name)
{
    if (!section) return (struct redial_str){0};
    for (const struct ini_value *value = section->values; value; value = value->next)
        if (str_eq_nocase(value->name, str_of(name))) return value->value;
    return (struct redial_str){0};
}
