/* The languages as schemas: nothing of a table is left out, and what is printed is JSON. That the
 * shipped files fit is asked of another program's validator: tests/clients/schema.sh. */
#include "config/schema.h"

#include <criterion/criterion.h>

#include "document/json.h"
#include "simulator/run/scenario.h"
#include "tests/support/failing_memory.h"

static const struct schema *const languages[] = {&policy_schema, &scenario_schema};

Test(schema, every_key_says_what_it_accepts)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(languages); i++) {
        struct text missing = TEXT_INIT;
        schema_without_shape(languages[i], &missing);
        cr_expect_eq(missing.len, 0, "give the readers of these keys a shape_row:\n%s",
                     missing.ptr ? missing.ptr : "");
        text_clean_up(&missing);
    }
}

Test(schema, every_table_has_a_name_of_its_own)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(languages); i++) {
        struct schema_tables tables;
        schema_tables(languages[i], &tables);
        cr_assert_lt(tables.count, SCHEMA_TABLES_MAX);
        for (size_t a = 0; a < tables.count; a++)
            for (size_t b = 0; b < a; b++) {
                struct text first = TEXT_INIT, second = TEXT_INIT;
                schema_table_name(&tables, tables.list[a], &first);
                schema_table_name(&tables, tables.list[b], &second);
                cr_expect_not(str_eq(text_str(&first), text_str(&second)), "%s", first.ptr);
                text_clean_up(&first);
                text_clean_up(&second);
            }
    }
}

Test(schema, every_key_of_every_table_is_printed)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(languages); i++) {
        struct schema_tables tables;
        struct text text = TEXT_INIT;
        schema_tables(languages[i], &tables);
        schema_json(languages[i], &text);
        struct json *json = json_parse(str_trim(text_str(&text)));
        cr_assert(json_is_object(json));
        const struct json *definitions = json_at(json, "$defs");
        for (size_t t = 0; t < tables.count; t++)
            for (size_t k = 0; k < tables.list[t]->count; k++) {
                struct text path = TEXT_INIT;
                schema_table_name(&tables, tables.list[t], &path);
                text_printf(&path, ".properties.%s.description", tables.list[t]->rows[k].name);
                cr_expect_gt(json_text(json_at(definitions, path.ptr)).len, 0, "%s", path.ptr);
                text_clean_up(&path);
            }
        json_free(json);
        text_clean_up(&text);
    }
}

typedef void print_fn(const struct schema *schema, struct text *out);

static void expect_survival(print_fn *print, const struct schema *schema)
{
    bool failed = true;
    for (size_t nth = 1; failed; nth += 1 + nth / 16) {
        struct text text = TEXT_INIT;
        failing_memory_begin(nth);
        print(schema, &text);
        failed = failing_memory_end();
        cr_expect_eq(text.failed, failed, "allocation %zu", nth);
        text_clean_up(&text);
        cr_assert_eq(failing_memory_live(), 0, "allocation %zu leaks", nth);
    }
}

Test(schema, every_failed_allocation_is_survived_and_told)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(languages); i++) {
        expect_survival(schema_json, languages[i]);
        expect_survival(schema_markdown, languages[i]);
    }
}
