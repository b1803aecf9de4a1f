/* Which tables a language consists of, and how they are called. */
#include "config/schema.h"

const struct shape *schema_shape_of(const struct schema *schema, const struct key *key)
{
    for (size_t t = 0; schema->shapes[t]; t++)
        for (const struct shape_row *row = schema->shapes[t]; row->read; row++)
            if (row->read == key->read)
                return row->shape.kind == SHAPE_SAME ? row->shape.of : &row->shape;
    return NULL;
}

static void add_table(const struct schema *schema, struct schema_tables *tables,
                      const struct keys *keys);

static void add_shape(const struct schema *schema, struct schema_tables *tables,
                      const struct shape *shape)
{
    for (; shape; shape = shape->or) {
        if (shape->keys) add_table(schema, tables, shape->keys);
        if (shape->of) add_shape(schema, tables, shape->of);
        for (size_t i = 0; shape->parameters && i < shape->names->count; i++)
            add_shape(schema, tables, &shape->parameters[i]);
    }
}

static void add_table(const struct schema *schema, struct schema_tables *tables,
                      const struct keys *keys)
{
    for (size_t i = 0; i < tables->count; i++)
        if (tables->list[i] == keys) return;
    if (tables->count == SCHEMA_TABLES_MAX) return;
    tables->list[tables->count++] = keys;
    for (size_t i = 0; i < keys->count; i++)
        add_shape(schema, tables, schema_shape_of(schema, &keys->rows[i]));
}

void schema_tables(const struct schema *schema, struct schema_tables *tables)
{
    tables->count = 0;
    for (size_t i = 0; i < schema->root_count; i++)
        add_table(schema, tables, schema->roots[i].keys);
}

/* ---- Names ---- */

static struct redial_str without_article(struct redial_str what)
{
    static const char *const articles[] = {"a ", "an ", "the "};
    for (size_t i = 0; i < REDIAL_COUNT_OF(articles); i++)
        if (str_starts_with(what, str_of(articles[i])))
            return str_skip(what, str_of(articles[i]).len);
    return what;
}

void schema_table_name(const struct schema_tables *tables, const struct keys *keys,
                       struct text *out)
{
    struct redial_str what = without_article(str_of(keys->what));
    size_t before = 0;
    for (size_t i = 0; i < what.len; i++) {
        char c = what.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        if (letter) text_append_char(out, c);
        if (c == ' ') text_append_char(out, '-');
    }
    for (size_t i = 0; i < tables->count && tables->list[i] != keys; i++)
        before += str_eq(without_article(str_of(tables->list[i]->what)), what);
    if (before > 0) text_printf(out, "-%zu", before + 1);
}

/* As deep as shapes are nested. */
// NOLINTNEXTLINE(misc-no-recursion)
static void collect_words(struct schema_words *words, const struct shape *shape)
{
    for (; shape; shape = shape->or) {
        if (shape->of) collect_words(words, shape->of);
        if (!shape->names || words->count == SCHEMA_WORDS_MAX) continue;
        bool known = false;
        for (size_t i = 0; i < words->count; i++) known = known || words->names[i] == shape->names;
        if (known) continue;
        words->skip[words->count] = shape->skip;
        words->names[words->count++] = shape->names;
    }
}

void schema_words(const struct schema *schema, struct schema_words *words)
{
    struct schema_tables tables;
    schema_tables(schema, &tables);
    words->count = 0;
    for (size_t t = 0; t < tables.count; t++)
        for (size_t i = 0; i < tables.list[t]->count; i++)
            collect_words(words, schema_shape_of(schema, &tables.list[t]->rows[i]));
}

void schema_without_shape(const struct schema *schema, struct text *out)
{
    struct schema_tables tables;
    schema_tables(schema, &tables);
    for (size_t t = 0; t < tables.count; t++)
        for (size_t i = 0; i < tables.list[t]->count; i++) {
            const struct key *key = &tables.list[t]->rows[i];
            const struct shape *shape = schema_shape_of(schema, key);
            if (!shape || shape->kind == SHAPE_ANYTHING)
                text_printf(out, "%s: %s\n", tables.list[t]->what, key->name);
        }
}
