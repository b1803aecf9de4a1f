/* The caller's request as it is looked through: what is refused, where, and what is found. */
#include "platforms/body.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

static struct body body;
static struct body_error error;

struct body_case {
    char text[96];
    char wrong[96]; /* empty: it is a request */
};

ParameterizedTestParameters(body, is_one_object_of_json)
{
    static struct body_case cases[] = {
        {"{}", ""},
        {" \t\r\n{ \"a\" : [ ] , \"b\" : { } , \"c\" : null }\n", ""},
        {"{\"a\":[1,-0,0.5,1e9,-1.25E-3,2E+1,true,false,null,\"\"]}", ""},
        {"{\"a\":{\"b\":{\"c\":[{\"d\":[[[]]]},[],{}]}}}", ""},
        {"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00 h\xc3\xa9 \xf0\x9f\x98\x80\"}",
         ""},
        {"{\"\":1,\" \":2}", ""},
        {"", "line 1, column 1 (byte 0): expected '{': a request is a JSON object"},
        {"[]", "line 1, column 1 (byte 0): expected '{': a request is a JSON object"},
        {"\"text\"", "line 1, column 1 (byte 0): expected '{': a request is a JSON object"},
        {"{", "line 1, column 2 (byte 1): expected the name of a member"},
        {"{\"a\":1,}", "line 1, column 8 (byte 7): expected the name of a member"},
        {"{a:1}", "line 1, column 2 (byte 1): expected the name of a member"},
        {"{\"a\" 1}", "line 1, column 6 (byte 5): expected ':' behind the name of a member"},
        {"{\"a\":}", "line 1, column 6 (byte 5): expected a value"},
        {"{\"a\":1 \"b\":2}", "line 1, column 8 (byte 7): expected ',' or '}' behind a member"},
        {"{\"a\":[1 2]}", "line 1, column 9 (byte 8): expected ',' or ']' behind a value"},
        {"{\"a\":[1,]}", "line 1, column 9 (byte 8): expected a value"},
        {"{\"a\":[1}}", "line 1, column 8 (byte 7): expected ',' or ']' behind a value"},
        {"{\"a\":{\"b\":1]}", "line 1, column 12 (byte 11): expected ',' or '}' behind a member"},
        {"{\"a\":{\"b\" 1}}",
         "line 1, column 11 (byte 10): expected ':' behind the name of a member"},
        {"{\"a\":{1:1}}", "line 1, column 7 (byte 6): expected the name of a member"},
        {"{\"a\":1", "line 1, column 7 (byte 6): expected ',' or '}' behind a member"},
        {"{\"a\":1}x", "line 1, column 8 (byte 7): expected nothing behind the object"},
        {"{\"a\":1}{}", "line 1, column 8 (byte 7): expected nothing behind the object"},
        {"{\"a\":tru}", "line 1, column 6 (byte 5): expected a value"},
        {"{\"a\":NaN}", "line 1, column 6 (byte 5): expected a value"},
        {"{\"a\":+1}", "line 1, column 6 (byte 5): expected a value"},
        {"{\"a\":01}", "line 1, column 7 (byte 6): expected ',' or '}' behind a member"},
        {"{\"a\":1.}", "line 1, column 8 (byte 7): expected a digit"},
        {"{\"a\":1e}", "line 1, column 8 (byte 7): expected a digit"},
        {"{\"a\":-}", "line 1, column 7 (byte 6): expected a digit"},
        {"{\"a\":'b'}", "line 1, column 6 (byte 5): expected a value"},
        {"{\n\"a\":\"b\nc\"}",
         "line 2, column 7 (byte 8): expected no control character in a string: "
         "write \\n, \\t, \\u001f"},
        {"{\"a\":\"b", "line 1, column 8 (byte 7): expected the end of a string"},
        {"{\"a\":\"b\\",
         "line 1, column 9 (byte 8): expected one of \"\\/bfnrtu behind a backslash"},
        {"{\"a\":\"\\x\"}",
         "line 1, column 8 (byte 7): expected one of \"\\/bfnrtu behind a backslash"},
        {"{\"a\":\"\\u12g4\"}", "line 1, column 11 (byte 10): expected four hexadecimal digits"},
        {"{\"a\":\"\xff\"}", "line 1, column 7 (byte 6): expected UTF-8"},
        {"{\"a\":\"\xc3\"}", "line 1, column 7 (byte 6): expected UTF-8"},
        {"{\"a\":\"\xed\xa0\x80\"}", "line 1, column 7 (byte 6): expected UTF-8"},
        {"{\"a\":1,\n \"b\":2,\n \"a\":3}",
         "line 3, column 2 (byte 17): expected each member once: this name stands twice"},
        {"{\"mod\\u0065l\":\"m\"}",
         "line 1, column 2 (byte 1): expected the name of a member without escapes"},
        {"{\"model\":1}", "line 1, column 10 (byte 9): expected `model` to be a string"},
        {"{\"messages\":{}}", "line 1, column 13 (byte 12): expected `messages` to be a list"},
        {"{\"max_tokens\":\"1\"}",
         "line 1, column 15 (byte 14): expected `max_tokens` to be a number, 0 or above"},
        {"{\"max_tokens\":-1}",
         "line 1, column 15 (byte 14): expected `max_tokens` to be a number, 0 or above"},
        {"{\"stream\":1}", "line 1, column 11 (byte 10): expected `stream` to be true or false"},
        {"{\"system\":{}}",
         "line 1, column 11 (byte 10): expected `system` to be a string or a list"},
        {"{\"anthropic_beta\":\"a\"}",
         "line 1, column 19 (byte 18): expected `anthropic_beta` to be a list"},
    };
    return cr_make_param_array(struct body_case, cases, REDIAL_COUNT_OF(cases));
}

/* The text stands at the very end of its memory, so that a byte read too many is seen. */
static bool scan(struct redial_str text, struct text *said)
{
    char *exact = malloc(text.len + 1);
    if (text.len > 0) memcpy(exact, text.ptr, text.len);
    char *shrunk = realloc(exact, text.len ? text.len : 1);
    bool right = body_scan((struct redial_str){shrunk, text.len}, &body, &error);
    if (!right) body_error_write(&error, said);
    free(shrunk);
    return right;
}

ParameterizedTest(struct body_case *c, body, is_one_object_of_json)
{
    struct text said = TEXT_INIT;

    bool right = scan(str_of(c->text), &said);
    cr_expect_eq(right, c->wrong[0] == '\0', "%s", c->text);
    cr_expect_str_eq(right ? "" : said.ptr, c->wrong, "%s", c->text);
    text_clean_up(&said);
}

Test(body, members_are_views_of_the_callers_text)
{
    struct redial_str text =
        REDIAL_STR("{ \"model\" : \"m\", \"max_tokens\":7,\"x\":[ 1 ], \"stream\":true }");

    cr_assert(body_scan(text, &body, &error));
    cr_assert_eq(body.member_count, 4);
    cr_expect(str_is(body.members[2].name, "x"));
    cr_expect(str_is(body.members[2].value, "[ 1 ]"));
    cr_expect_eq(body.members[2].word, BODY_OTHER);
    cr_expect(body.members[2].value.ptr > text.ptr &&
              body.members[2].value.ptr < text.ptr + text.len);
    cr_expect_eq(body_read_int(&body, BODY_MAX_TOKENS, 0), 7);
    cr_expect(body_is_true(&body, BODY_STREAM));
    struct text model = TEXT_INIT;
    cr_expect(body_read_text(&body, BODY_MODEL, &model));
    cr_expect_str_eq(model.ptr, "m");
    cr_expect_not(body_read_text(&body, BODY_SPEED, &model));
    cr_expect_null(body_find(&body, BODY_MESSAGES));
    text_clean_up(&model);
}

Test(body, finds_the_last_message)
{
    static const struct {
        const char *messages, *last, *before;
    } rows[] = {
        {"[]", "", "["},
        {"[ {\"a\":[1,2]} ]", "{\"a\":[1,2]}", "["},
        {"[{\"a\":\",\"}, {\"b\":[3,4]} ]", "{\"b\":[3,4]}", "[{\"a\":\",\"}"},
    };

    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++) {
        struct text text = TEXT_INIT;
        text_printf(&text, "{\"x\":[1,2],\"messages\":%s,\"y\":[1,2]}", rows[i].messages);
        cr_assert(body_scan(text_str(&text), &body, &error));
        const struct body_member *messages = body_find(&body, BODY_MESSAGES);
        cr_expect(str_is(messages->last, rows[i].last), "%.*s", REDIAL_STR_ARG(messages->last));
        cr_expect(str_is(str_take(messages->value, messages->before_last), rows[i].before));
        text_clean_up(&text);
    }
}

/* `depth` levels below the object's own, in turns an array and an object. */
static bool scan_nested(size_t depth)
{
    struct text text = TEXT_INIT;

    text_append(&text, REDIAL_STR("{\"a\":"));
    for (size_t i = 0; i < depth; i++)
        text_append(&text, i % 2 ? REDIAL_STR("{\"b\":") : REDIAL_STR("["));
    text_append(&text, REDIAL_STR("1"));
    for (size_t i = depth; i-- > 0;) text_append(&text, i % 2 ? REDIAL_STR("}") : REDIAL_STR("]"));
    text_append(&text, REDIAL_STR("}"));
    bool right = body_scan(text_str(&text), &body, &error);
    text_clean_up(&text);
    return right;
}

Test(body, is_as_deep_as_it_likes_up_to_a_bound)
{
    cr_expect(scan_nested(65));
    cr_expect(scan_nested(BODY_DEPTH_MAX));
    cr_expect_not(scan_nested(BODY_DEPTH_MAX + 1));
    cr_expect_str_eq(error.what, "expected no more than 512 levels");
    cr_expect_not(scan_nested(100000));
}

static bool scan_members(size_t count)
{
    struct text text = TEXT_INIT;

    for (size_t i = 0; i < count; i++) text_printf(&text, "%c\"m%zu\":%zu", i ? ',' : '{', i, i);
    text_append(&text, REDIAL_STR("}"));
    bool right = body_scan(text_str(&text), &body, &error);
    text_clean_up(&text);
    return right;
}

Test(body, has_a_bounded_number_of_members)
{
    cr_expect(scan_members(BODY_MEMBERS_MAX));
    cr_expect_not(scan_members(BODY_MEMBERS_MAX + 1));
    cr_expect_str_eq(error.what, "expected no more than 128 members");
}

/* Eight bytes are judged at once: whatever is not plain must be seen at each of the eight places.
 */
Test(body, sees_what_is_wrong_at_every_place_of_a_string)
{
    static const char wrong[] = {'\n', '\0', '\x1f', '\xff', '\x80'};
    static const char right[] = {' ', '!', '#', '[', ']', '\x7e', '\x7f'};
    char text[] = "{\"a\":\"........................\"}";

    for (size_t at = 6; at < 30; at++) {
        for (size_t i = 0; i < sizeof wrong; i++) {
            text[at] = wrong[i];
            cr_expect_not(body_scan((struct redial_str){text, sizeof text - 1}, &body, &error));
            cr_expect_eq(error.at, at, "byte %d at %zu", wrong[i], at);
        }
        for (size_t i = 0; i < sizeof right; i++) {
            text[at] = right[i];
            cr_expect(body_scan((struct redial_str){text, sizeof text - 1}, &body, &error));
        }
        text[at] = '"';
        cr_expect_not(body_scan((struct redial_str){text, sizeof text - 1}, &body, &error));
        text[at] = '.';
    }
}
