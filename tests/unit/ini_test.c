#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "credentials/ini.h"
#include "tests/support/failing_memory.h"

static struct ini read_ini(struct arena *arena, const char *text)
{
    struct ini ini;
    struct ini_error error = {0};
    cr_assert(ini_read(arena, str_of(text), &ini, &error), "line %u: %s", error.line, error.what);
    return ini;
}

struct value_case {
    char name[48], line[64], value[48];
};

ParameterizedTestParameters(ini, value_is_read)
{
    static struct value_case cases[] = {
        {"plain", "key = value", "value"},
        {"without blanks", "key=value", "value"},
        {"the name in other case", "KEY = value", "value"},
        {"a value with '='", "key = a=b==", "a=b=="},
        {"a comment behind a blank", "key = value # said", "value"},
        {"another comment", "key = value\t; said", "value"},
        {"a mark without a blank belongs to the value", "key = a#b;c", "a#b;c"},
        {"a carriage return", "key = value\r", "value"},
        {"an empty value", "key =", ""},
        {"the last one of two", "key = a\nkey = b", "b"},
        {"lines that belong to another value", "s3 =\n  key = nested\nkey = mine", "mine"},
        {"an indented line is no value of its own", "s3 =\n\tkey = nested", ""},
        {"comments between", "# one\n; two\n\nkey = value", "value"},
        {"a section that comes again", "a = b\n[other]\nkey = no\n[t]\nkey = yes", "yes"},
    };
    return cr_make_param_array(struct value_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct value_case *c, ini, value_is_read)
{
    struct arena *arena = arena_new();
    struct redial_str text;
    cr_assert(arena_printf(arena, &text, "\xef\xbb\xbf[t]\n%s\n", c->line));
    struct ini ini = read_ini(arena, text.ptr);
    cr_expect(str_is(ini.sections->title, "t"));
    cr_expect(str_is(ini_get(ini.sections, "key"), c->value), "%s: '%.*s'", c->name,
              REDIAL_STR_ARG(ini_get(ini.sections, "key")));
    arena_destroy(arena);
}

struct fault_case {
    char text[64], what[64];
    uint32_t line;
};

ParameterizedTestParameters(ini, fault_is_named_with_its_line)
{
    static struct fault_case cases[] = {
        {"[a\nkey = value", "the section's '[' has no ']'", 1},
        {"[a]\n[ ]", "the section has no name", 2},
        {"[a] b", "expected nothing behind the section's ']'", 1},
        {"[a]\n\nsecret-canary", "expected 'name = value' or '[section]'", 3},
        {"[a]\n= canary", "expected a name before '='", 2},
        {"# x\nkey = canary", "expected a '[section]' before the first value", 2},
    };
    return cr_make_param_array(struct fault_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct fault_case *c, ini, fault_is_named_with_its_line)
{
    struct arena *arena = arena_new();
    struct ini ini;
    struct ini_error error = {0};
    cr_assert_not(ini_read(arena, str_of(c->text), &ini, &error));
    cr_expect_str_eq(error.what, c->what);
    cr_expect_eq(error.line, c->line);
    arena_destroy(arena);
}

Test(ini, nothing_is_no_fault)
{
    struct arena *arena = arena_new();
    cr_expect_null(read_ini(arena, "").sections);
    cr_expect_null(read_ini(arena, "\n# only a comment").sections);
    cr_expect_eq(ini_get(NULL, "key").len, 0);
    arena_destroy(arena);
}

static void expect_too_many(const char *format, const char *what)
{
    struct arena *arena = arena_new();
    struct text text = TEXT_INIT;
    struct ini ini;
    struct ini_error error = {0};
    text_append(&text, REDIAL_STR("[a]\n"));
    for (int i = 0; i < 5000; i++) {
        char line[32];
        snprintf(line, sizeof line, "%d", i);
        text_printf(&text, "%c%s%s\n", format[0], line, format + 1);
    }
    cr_assert_not(ini_read(arena, text_str(&text), &ini, &error));
    cr_expect_str_eq(error.what, what);
    text_clean_up(&text);
    arena_destroy(arena);
}

Test(ini, is_bounded)
{
    expect_too_many("[]", "more than 4096 sections");
    expect_too_many("k=v", "more than 1024 values in a row");
}

Test(ini, survives_every_failed_allocation)
{
    static char text[20000];
    bool failed = true;
    size_t len = 0;
    for (int i = 0; i < 200; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "[section %d]\na = b\n", i);
    for (size_t nth = 1; failed; nth++) {
        struct ini ini;
        struct ini_error error = {1, NULL};
        failing_memory_begin(nth);
        struct arena *arena = arena_new();
        bool good = arena && ini_read(arena, (struct redial_str){text, len}, &ini, &error);
        arena_destroy(arena);
        failed = failing_memory_end();
        cr_assert_eq(good, !failed);
        if (!good && nth > 1) cr_expect_eq(error.line, 0);
    }
}
