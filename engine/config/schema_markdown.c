/* The reference: one table of keys per part of the language, and the closed lists of words with
 * their sentences. */
#include "config/schema.h"

#define LISTS_MAX 64u

struct lists {
    const struct names *names[LISTS_MAX];
    size_t skip[LISTS_MAX], count;
};

static void collect_words(struct lists *lists, const struct shape *shape)
{
    for (; shape; shape = shape->or) {
        if (shape->of) collect_words(lists, shape->of);
        if (!shape->names || lists->count == LISTS_MAX) continue;
        bool known = false;
        for (size_t i = 0; i < lists->count; i++) known = known || lists->names[i] == shape->names;
        if (known) continue;
        lists->skip[lists->count] = shape->skip;
        lists->names[lists->count++] = shape->names;
    }
}

/* A '|' would end the cell. */
static void cell(struct redial_str said, struct text *out)
{
    for (size_t i = 0; i < said.len; i++) {
        if (said.ptr[i] == '|') text_append_char(out, '\\');
        text_append_char(out, said.ptr[i]);
    }
}

static const struct keys *part_of(const struct shape *shape)
{
    for (; shape; shape = shape->or) {
        if (shape->keys) return shape->keys;
        if (shape->of && part_of(shape->of)) return part_of(shape->of);
    }
    return NULL;
}

static void link_to(const struct schema_tables *tables, const struct keys *keys, struct text *out)
{
    struct text name = TEXT_INIT;
    schema_table_name(tables, keys, &name);
    text_printf(out, " ([%s](#%s))", name.failed ? "" : name.ptr, name.failed ? "" : name.ptr);
    out->failed = out->failed || name.failed;
    text_clean_up(&name);
}

static void write_key(const struct schema *schema, const struct schema_tables *tables,
                      const struct key *key, struct text *out)
{
    const struct keys *part = part_of(schema_shape_of(schema, key));
    text_printf(out, "| `%s`%s | ", key->name, key->required ? " *" : "");
    cell(str_of(key->doc), out);
    text_append(out, REDIAL_STR(" | "));
    cell(str_of(key->type), out);
    if (part) link_to(tables, part, out);
    text_append(out, REDIAL_STR(" |\n"));
}

static void write_table(const struct schema *schema, const struct schema_tables *tables,
                        const struct keys *keys, struct text *out)
{
    text_append(out, REDIAL_STR("\n## "));
    schema_table_name(tables, keys, out);
    text_printf(out, "\n\nThe keys of %s:\n\n| key | what it says | value |\n|---|---|---|\n",
                keys->what);
    for (size_t i = 0; i < keys->count; i++) write_key(schema, tables, &keys->rows[i], out);
}

static void write_words(const struct lists *lists, struct text *out)
{
    text_append(out, REDIAL_STR("\n## Words\n"));
    for (size_t i = 0; i < lists->count; i++) {
        const struct names *names = lists->names[i];
        text_printf(out, "\n**%s**\n\n| word | what it means |\n|---|---|\n", names->what);
        for (size_t k = lists->skip[i]; k < names->count; k++) {
            text_printf(out, "| `%s` | ", names->rows[k].word);
            cell(str_of(names->rows[k].doc), out);
            text_append(out, REDIAL_STR(" |\n"));
        }
    }
}

void schema_markdown(const struct schema *schema, struct text *out)
{
    struct schema_tables tables;
    struct lists lists = {.count = 0};
    schema_tables(schema, &tables);
    text_printf(out,
                "# %s: reference\n\n%s.\n\nPrinted from the program's own tables by `make "
                "reference`; change it there. A star marks a key that must be there.\n",
                schema->title, schema->about);
    for (size_t i = 0; i < tables.count; i++) {
        write_table(schema, &tables, tables.list[i], out);
        for (size_t k = 0; k < tables.list[i]->count; k++)
            collect_words(&lists, schema_shape_of(schema, &tables.list[i]->rows[k]));
    }
    write_words(&lists, out);
}
