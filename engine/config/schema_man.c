/* The reference as sections of a manual page: a part of the language each, then the closed lists
 * of words. */
#include "base/roff.h"
#include "config/schema.h"

static void write_key(const struct key *key, struct text *out)
{
    text_append(out, REDIAL_STR(".TP\n\\fB"));
    roff_literal(str_of(key->name), out);
    text_printf(out, "\\fP%s\n", key->required ? " (must be there)" : "");
    roff_text(str_of(key->doc), out);
    text_append(out, REDIAL_STR(":\n"));
    roff_text(str_of(key->type), out);
    text_append_char(out, '\n');
}

static void write_words(const struct names *names, size_t skip, struct text *out)
{
    text_append(out, REDIAL_STR(".SS "));
    roff_literal(str_of(names->what), out);
    text_append_char(out, '\n');
    for (size_t i = skip; i < names->count; i++) {
        text_append(out, REDIAL_STR(".TP\n\\fB"));
        roff_literal(str_of(names->rows[i].word), out);
        text_append(out, REDIAL_STR("\\fP\n"));
        roff_text(str_of(names->rows[i].doc), out);
        text_append_char(out, '\n');
    }
}

void schema_man(const struct schema *schema, struct text *out)
{
    struct schema_tables tables;
    struct schema_words words;
    schema_tables(schema, &tables);
    schema_words(schema, &words);
    text_append(out, REDIAL_STR(".SH KEYS\n"));
    for (size_t i = 0; i < tables.count; i++) {
        text_append(out, REDIAL_STR(".SS The keys of "));
        roff_literal(str_of(tables.list[i]->what), out);
        text_append_char(out, '\n');
        for (size_t k = 0; k < tables.list[i]->count; k++) write_key(&tables.list[i]->rows[k], out);
    }
    text_append(out, REDIAL_STR(".SH WORDS\n"));
    for (size_t i = 0; i < words.count; i++) write_words(words.names[i], words.skip[i], out);
}
