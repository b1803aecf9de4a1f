#include "document/json.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

static const char reply[] = "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
                            "\"details\":[{\"reason\":\"X\"},2]},"
                            "\"yes\":true,\"no\":false,\"null\":null,\"s\":\"42\"} \r\n";

Test(json, a_path_leads_through_members_and_elements)
{
    struct json *root = json_parse(str_of(reply));
    cr_assert_not_null(root);
    cr_expect(str_is(json_text(json_at(root, "error.type")), "overloaded_error"));
    cr_expect(str_is(json_text(json_at(root, "error.details.0.reason")), "X"));
    cr_expect_eq(json_int(json_at(root, "error.details.1"), -1), 2);
    cr_expect_eq(json_at(root, ""), root);
    cr_expect_null(json_at(root, "error.details.2"));
    cr_expect_null(json_at(root, "error.details.-1"));
    cr_expect_null(json_at(root, "error.details.x"));
    cr_expect_null(json_at(root, "error.typ"));
    cr_expect_null(json_at(root, "type.more"));
    json_free(root);
}

Test(json, a_missing_value_is_quietly_nothing)
{
    cr_expect_null(json_at(NULL, "a.b"));
    cr_expect_eq(json_text(NULL).len, 0);
    cr_expect_eq(json_int(NULL, 7), 7);
    cr_expect_not(json_true(NULL));
    cr_expect_not(json_is_array(NULL));
    cr_expect_not(json_is_object(NULL));
    cr_expect_eq(json_count(NULL), 0);
    json_free(NULL);
}

Test(json, values_know_their_kind)
{
    struct json *root = json_parse(str_of(reply));
    cr_assert_not_null(root);
    cr_expect(json_is_object(root));
    cr_expect(json_is_array(json_at(root, "error.details")));
    cr_expect_not(json_is_array(root));
    cr_expect_eq(json_count(root), 6);
    cr_expect_eq(json_count(json_at(root, "error.details")), 2);
    cr_expect_eq(json_count(json_at(root, "type")), 0);
    cr_expect(json_true(json_at(root, "yes")));
    cr_expect_not(json_true(json_at(root, "no")));
    cr_expect_not(json_true(json_at(root, "s")));
    cr_expect_eq(json_text(json_at(root, "null")).len, 0);
    cr_expect_eq(json_int(json_at(root, "s"), 0), 42);
    json_free(root);
}

struct int_case {
    char name[64], text[40];
    int64_t want;
};

ParameterizedTestParameters(json, a_whole_number)
{
    static struct int_case cases[] = {
        {"is itself", "[429]", 429},
        {"loses its fraction", "[1.9]", 1},
        {"loses its fraction towards zero", "[-1.9]", -1},
        {"saturates above", "[1e300]", INT64_MAX},
        {"saturates below", "[-1e300]", INT64_MIN},
        {"saturates at infinity", "[1e999]", INT64_MAX},
        {"saturates just above", "[9223372036854775808]", INT64_MAX},
        {"may be digits in a string", "[\"17\"]", 17},
        {"is no other string", "[\"17s\"]", -7},
        {"is no empty string", "[\"\"]", -7},
        {"is no truth", "[true]", -7},
        {"is no null", "[null]", -7},
        {"is no object", "[{}]", -7},
    };
    return cr_make_param_array(struct int_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct int_case *c, json, a_whole_number)
{
    struct json *root = json_parse(str_of(c->text));
    cr_assert_not_null(root, "%s", c->name);
    cr_expect_eq(json_int(json_at(root, "0"), -7), c->want, "%s", c->name);
    json_free(root);
}

struct bad_case {
    char name[64], text[40];
};

ParameterizedTestParameters(json, is_not_read_from)
{
    static struct bad_case cases[] = {
        {"nothing", ""},
        {"blanks", "  "},
        {"a page of HTML", "<html>"},
        {"an object cut short", "{\"a\":1"},
        {"a string cut short", "\"abc"},
        {"something behind the value", "{} x"},
        {"two values", "{}{}"},
        {"a comma too many", "[1,]"},
        {"single quotes", "{'a':1}"},
        {"a bare word", "nul"},
    };
    return cr_make_param_array(struct bad_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct bad_case *c, json, is_not_read_from)
{
    struct json *root = json_parse(str_of(c->text));
    cr_expect_null(root, "%s", c->name);
    json_free(root);
}

static struct json *nested(size_t depth)
{
    char text[1024];
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return json_parse((struct redial_str){text, 2 * depth});
}

Test(json, depth_is_bounded)
{
    struct json *root = nested(JSON_DEPTH_MAX);
    cr_expect_not_null(root);
    json_free(root);
    cr_expect_null(nested(JSON_DEPTH_MAX + 1));
}

Test(json, brackets_in_strings_are_not_depth)
{
    struct text text = TEXT_INIT;
    text_append(&text, REDIAL_STR("\"\\\""));
    for (unsigned i = 0; i < 2 * JSON_DEPTH_MAX; i++) text_append_char(&text, '[');
    text_append_char(&text, '"');
    struct json *root = json_parse(text_str(&text));
    cr_expect_eq(json_text(root).len, 2 * JSON_DEPTH_MAX + 1);
    json_free(root);
    text_clean_up(&text);
}

Test(json, size_is_bounded)
{
    char *text = malloc(JSON_BYTES_MAX + 1);
    cr_assert_not_null(text);
    memset(text, ' ', JSON_BYTES_MAX + 1);
    text[0] = '1';
    struct json *root = json_parse((struct redial_str){text, JSON_BYTES_MAX});
    cr_expect_not_null(root);
    json_free(root);
    cr_expect_null(json_parse((struct redial_str){text, JSON_BYTES_MAX + 1}));
    free(text);
}

Test(json, text_need_not_end_in_nul)
{
    struct json *root = json_parse(str_take(REDIAL_STR("[12]34"), 4));
    cr_assert_not_null(root);
    cr_expect_eq(json_int(json_at(root, "0"), 0), 12);
    json_free(root);
}
