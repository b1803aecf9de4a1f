/* The reference: one table of keys per part of the language, and the closed lists of words with
 * their sentences. */
#include "config/schema.h"

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

static void write_words(const struct schema_words *lists, struct text *out)
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
    struct schema_words words;
    schema_tables(schema, &tables);
    schema_words(schema, &words);
    text_printf(out,
                "# %s: reference\n\n%s.\n\nPrinted from the program's own tables by `make "
                "reference`; change it there. A star marks a key that must be there.\n",
                schema->title, schema->about);
    for (size_t i = 0; i < tables.count; i++) write_table(schema, &tables, tables.list[i], out);
    write_words(&words, out);
}
