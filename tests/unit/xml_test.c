#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "credentials/xml.h"
#include "tests/support/failing_memory.h"

struct text_case {
    char name[56], xml[160], text[32];
};

ParameterizedTestParameters(xml, text_is_found)
{
    static struct text_case cases[] = {
        {"plain", "<a><b>text</b></a>", "text"},
        {"blanks around it", "<a>\n  <b>\n text </b>\n</a>\n", "text"},
        {"a declaration, a comment, attributes",
         "<?xml version=\"1.0\"?><!-- <b> --><a xmlns=\"u\"><b c=\"d\">text</b></a>", "text"},
        {"prefixes", "<n:a xmlns:n=\"u\"><n:b>text</n:b></n:a>", "text"},
        {"entities", "<a><b>&lt;&amp;&gt;&quot;&apos;&#65;&#x20AC;</b></a>", "<&>\"'A\xe2\x82\xac"},
        {"character data as it is", "<a><b><![CDATA[<&amp;>]]></b></a>", "<&amp;>"},
        {"the first of two", "<a><b>1</b><b>2</b></a>", "1"},
        {"not one that is deeper", "<a><c><b>1</b></c><b>2</b></a>", "2"},
        {"not one of another root", "<x><b>1</b></x>", ""},
        {"an empty element", "<a><b/></a>", ""},
    };
    return cr_make_param_array(struct text_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct text_case *c, xml, text_is_found)
{
    struct arena *arena = arena_new();
    struct xml_want wants[] = {{"a/b", {0}}, {"a/none", {0}}};
    cr_assert(xml_read(arena, str_of(c->xml), wants, 2), "%s", c->name);
    cr_expect(str_is(wants[0].text, c->text), "%s: %.*s", c->name, REDIAL_STR_ARG(wants[0].text));
    cr_expect_eq(wants[1].text.len, 0);
    arena_destroy(arena);
}

Test(xml, a_star_is_any_element)
{
    struct arena *arena = arena_new();
    struct xml_want wants[] = {{"*/*/c", {0}}, {"*/c", {0}}};
    cr_assert(xml_read(arena, REDIAL_STR("<a><b><c>deep</c></b><c>flat</c></a>"), wants, 2));
    cr_expect(str_is(wants[0].text, "deep"));
    cr_expect(str_is(wants[1].text, "flat"));
    arena_destroy(arena);
}

struct refused_case {
    char xml[96];
};

ParameterizedTestParameters(xml, what_is_not_well_formed_is_refused)
{
    static struct refused_case cases[] = {
        {""},
        {"no xml"},
        {"<a>"},
        {"<a><b></a></b>"},
        {"<a></b>"},
        {"</a>"},
        {"<a></a><a></a>"},
        {"<a></a> behind"},
        {"before <a></a>"},
        {"<a>&unknown;</a>"},
        {"<a>&#0;</a>"},
        {"<a>&#xD800;</a>"},
        {"<a>&#12345678;</a>"},
        {"<a>& </a>"},
        {"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"},
        {"<!DOCTYPE html><html></html>"},
        {"<a"},
        {"<>x</>"},
        {"<!-- <a></a>"},
        {"<a><![CDATA[ </a>"},
        {"<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>"},
    };
    return cr_make_param_array(struct refused_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct refused_case *c, xml, what_is_not_well_formed_is_refused)
{
    struct arena *arena = arena_new();
    struct xml_want want = {"a", {0}};
    cr_expect_not(xml_read(arena, str_of(c->xml), &want, 1), "%s", c->xml);
    arena_destroy(arena);
}

Test(xml, survives_every_failed_allocation)
{
    bool failed = true;
    for (size_t nth = 1; failed; nth++) {
        struct xml_want want = {"*/b", {0}};
        failing_memory_begin(nth);
        struct arena *arena = arena_new();
        bool good = arena && xml_read(arena, REDIAL_STR("<a><b>t&amp;t</b></a>"), &want, 1);
        arena_destroy(arena);
        failed = failing_memory_end();
        cr_assert_eq(failing_memory_live(), 0);
        cr_assert_eq(good, !failed, "allocation %zu", nth);
    }
}
