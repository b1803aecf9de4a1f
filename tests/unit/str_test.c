#include "base/str.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <limits.h>
#include <string.h>

#include "tests/support/failing_memory.h"

Test(str, empty_texts_are_equal_whatever_they_point_to)
{
    cr_expect(str_eq((struct redial_str){0}, REDIAL_STR("")));
    cr_expect(str_eq(str_of(NULL), (struct redial_str){0}));
    cr_expect(str_is((struct redial_str){0}, ""));
    cr_expect_not(str_eq(REDIAL_STR("a"), REDIAL_STR("")));
}

Test(str, case_is_ignored_for_ascii_letters_only)
{
    cr_expect(str_eq_nocase(REDIAL_STR("Retry-After"), REDIAL_STR("retry-AFTER")));
    cr_expect_not(str_eq_nocase(REDIAL_STR("["), REDIAL_STR("{")));
    cr_expect_not(str_eq_nocase(REDIAL_STR("\xc3\x84"), REDIAL_STR("\xc3\xa4")));
}

Test(str, beginnings_and_ends_are_compared_whole)
{
    cr_expect(str_starts_with(REDIAL_STR("anthropic-beta"), REDIAL_STR("anthropic-")));
    cr_expect_not(str_starts_with(REDIAL_STR("an"), REDIAL_STR("anthropic")));
    cr_expect(str_ends_with(REDIAL_STR("a.yaml"), REDIAL_STR(".yaml")));
    cr_expect_not(str_ends_with(REDIAL_STR("yaml"), REDIAL_STR(".yaml")));
    cr_expect(str_ends_with(REDIAL_STR(""), REDIAL_STR("")));
}

Test(str, trimming_takes_blanks_from_both_ends_only)
{
    cr_expect(str_is(str_trim(REDIAL_STR(" \t a b\r\n")), "a b"));
    cr_expect_eq(str_trim(REDIAL_STR(" \t ")).len, 0);
}

Test(str, taking_and_skipping_stop_at_the_end)
{
    cr_expect(str_is(str_skip(REDIAL_STR("abc"), 1), "bc"));
    cr_expect_eq(str_skip(REDIAL_STR("abc"), 9).len, 0);
    cr_expect(str_is(str_take(REDIAL_STR("abc"), 2), "ab"));
    cr_expect(str_is(str_take(REDIAL_STR("abc"), 9), "abc"));
    cr_expect_eq(str_skip((struct redial_str){0}, 3).len, 0);
}

Test(str, finding_tells_where_or_nowhere)
{
    cr_expect_eq(str_find(REDIAL_STR("overloaded_error"), REDIAL_STR("loaded")), 4);
    cr_expect_eq(str_find(REDIAL_STR("abc"), REDIAL_STR("")), 0);
    cr_expect_eq(str_find(REDIAL_STR("ab"), REDIAL_STR("abc")), SIZE_MAX);
    cr_expect_eq(str_find((struct redial_str){0}, REDIAL_STR("a")), SIZE_MAX);
}

Test(str, splitting_gives_each_piece_once_and_then_ends)
{
    struct redial_str rest = REDIAL_STR("a,,b"), piece;
    cr_assert(str_split(&rest, ',', &piece));
    cr_expect(str_is(piece, "a"));
    cr_assert(str_split(&rest, ',', &piece));
    cr_expect(str_is(piece, ""));
    cr_assert(str_split(&rest, ',', &piece));
    cr_expect(str_is(piece, "b"));
    cr_expect_not(str_split(&rest, ',', &piece));
}

Test(str, the_hash_is_fnv_1a)
{
    cr_expect_eq(str_hash(REDIAL_STR("")), UINT64_C(0xcbf29ce484222325));
    cr_expect_eq(str_hash(REDIAL_STR("a")), UINT64_C(0xaf63dc4c8601ec8c));
    cr_expect_eq(str_hash(REDIAL_STR("foobar")), UINT64_C(0x85944171f73967e8));
}

struct number_case {
    char name[64], text[32];
    bool valid;
    int64_t want;
};

ParameterizedTestParameters(str, a_whole_number)
{
    static struct number_case cases[] = {
        {"zero", "0", true, 0},
        {"a sign in front", "+7", true, 7},
        {"leading zeros", "007", true, 7},
        {"the largest", "9223372036854775807", true, INT64_MAX},
        {"the smallest", "-9223372036854775808", true, INT64_MIN},
        {"one above the largest", "9223372036854775808", false, 0},
        {"one below the smallest", "-9223372036854775809", false, 0},
        {"far above", "99999999999999999999999", false, 0},
        {"nothing", "", false, 0},
        {"a sign alone", "-", false, 0},
        {"two signs", "--1", false, 0},
        {"a blank", " 1", false, 0},
        {"a fraction", "1.5", false, 0},
        {"something behind", "12a", false, 0},
    };
    return cr_make_param_array(struct number_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct number_case *c, str, a_whole_number)
{
    int64_t value = 0;
    cr_expect_eq(str_to_int64(str_of(c->text), &value), c->valid, "%s", c->name);
    cr_expect_eq(value, c->want, "%s", c->name);
}

struct utf8_case {
    char name[64], text[16];
    size_t want;
};

ParameterizedTestParameters(str, utf8_is_valid_up_to_the_first_bad_byte)
{
    static struct utf8_case cases[] = {
        {"ascii", "abc", 3},
        {"two, three and four bytes", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9},
        {"a lone continuation", "a\x80", 1},
        {"a sequence cut short", "ab\xe2\x82", 2},
        {"an overlong slash", "\xc0\xaf", 0},
        {"an overlong three byte form", "\xe0\x9f\xbf", 0},
        {"an overlong four byte form", "\xf0\x8f\xbf\xbf", 0},
        {"a surrogate", "\xed\xa0\x80", 0},
        {"the last before the surrogates", "\xed\x9f\xbf", 3},
        {"the last code point", "\xf4\x8f\xbf\xbf", 4},
        {"above the last code point", "\xf4\x90\x80\x80", 0},
        {"a byte that never occurs", "x\xff", 1},
        {"a bad third byte", "\xe2\x82x", 0},
    };
    return cr_make_param_array(struct utf8_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct utf8_case *c, str, utf8_is_valid_up_to_the_first_bad_byte)
{
    cr_expect_eq(str_utf8_valid_len(str_of(c->text)), c->want, "%s", c->name);
}

struct glob_case {
    char name[64], pattern[32], text[48];
    bool want;
};

ParameterizedTestParameters(str, a_glob)
{
    static struct glob_case cases[] = {
        {"without stars is the whole text", "abc", "abc", true},
        {"without stars is no prefix", "abc", "abcd", false},
        {"is no prefix when the text is shorter", "abcd", "abc", false},
        {"an empty pattern is the empty text", "", "", true},
        {"an empty pattern is nothing else", "", "a", false},
        {"a star is anything", "*", "anything", true},
        {"a star is nothing too", "*", "", true},
        {"two stars are one", "**", "", true},
        {"the beginning is tied", "claude-*", "claude-opus", true},
        {"the beginning is tied and missing", "claude-*", "my claude-opus", false},
        {"the end is tied", "*-latest", "opus-latest", true},
        {"the end is tied and missing", "*-latest", "opus-latest-2", false},
        {"a literal inside", "*too many*", "there are too many tokens", true},
        {"a literal that is not inside", "*too many*", "there are to many", false},
        {"begin and end may not share bytes", "ab*ba", "aba", false},
        {"begin and end may touch", "ab*ba", "abba", true},
        {"a middle and the end may not share bytes", "*aa*ab", "aaab", true},
        {"a middle and the end share nothing", "*aa*aa", "aaa", false},
        {"an end that occurs earlier too", "*ab", "abxab", true},
        {"middles come in order", "*b*a*", "ab", false},
        {"a question mark is one byte", "claude-?", "claude-3", true},
        {"a question mark is not none", "claude-?", "claude-", false},
        {"a question mark behind a star", "*x?z*", "axxyzb", true},
        {"an escaped star is a star", "a\\*b", "a*b", true},
        {"an escaped star is nothing else", "a\\*b", "axb", false},
        {"an escaped star in a middle", "*\\**", "a*b", true},
        {"an escaped backslash", "a\\\\b", "a\\b", true},
        {"a backslash at the end is itself", "a\\", "a\\", true},
        {"case counts", "*Error*", "an error", false},
    };
    return cr_make_param_array(struct glob_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct glob_case *c, str, a_glob)
{
    cr_expect_eq(glob_match(str_of(c->pattern), str_of(c->text)), c->want, "%s", c->name);
}

Test(str, a_glob_may_ignore_case)
{
    cr_expect(glob_match_nocase(REDIAL_STR("*Too Many*"), REDIAL_STR("there are TOO MANY tokens")));
    cr_expect(glob_match_nocase(REDIAL_STR("RATE?limit"), REDIAL_STR("rate_LIMIT")));
    cr_expect_not(glob_match_nocase(REDIAL_STR("*Too Many*"), REDIAL_STR("TOO FEW")));
}

Test(str, a_glob_takes_texts_without_a_pointer)
{
    cr_expect(glob_match(REDIAL_STR("*"), (struct redial_str){0}));
    cr_expect(glob_match((struct redial_str){0}, (struct redial_str){0}));
    cr_expect_not(glob_match(REDIAL_STR("a*b"), (struct redial_str){0}));
}

Test(text, grows_and_stays_terminated)
{
    struct text text = TEXT_INIT;
    for (int i = 0; i < 1000; i++) text_append(&text, REDIAL_STR("0123456789"));
    cr_expect_eq(text.len, 10000);
    cr_expect_eq(strlen(text.ptr), 10000);
    cr_expect_not(text.failed);
    text_clean_up(&text);
}

Test(text, an_empty_one_is_an_empty_string)
{
    struct text text = TEXT_INIT;
    cr_expect_str_eq(text_str(&text).ptr, "");
    text_append(&text, (struct redial_str){0});
    cr_expect_str_eq(text.ptr, "");
    text_clean_up(&text);
}

Test(text, printf_writes_longer_than_its_room)
{
    struct text text = TEXT_INIT;
    text_printf(&text, "%s=%d;", "a", 1);
    text_printf(&text, "%0200d", 7);
    cr_expect_eq(text.len, 204);
    cr_expect(str_starts_with(text_str(&text), REDIAL_STR("a=1;000")));
    cr_expect(str_ends_with(text_str(&text), REDIAL_STR("0007")));
    text_clean_up(&text);
}

Test(text, clearing_keeps_the_memory)
{
    struct text text = TEXT_INIT;
    text_append(&text, REDIAL_STR("abc"));
    const char *before = text.ptr;
    text_clear(&text);
    cr_expect_eq(text.len, 0);
    cr_expect_str_eq(text.ptr, "");
    text_append_char(&text, 'x');
    cr_expect_eq(text.ptr, before);
    cr_expect_str_eq(text.ptr, "x");
    text_clean_up(&text);
}

Test(text, keeps_what_it_has_when_memory_is_out)
{
    struct text text = TEXT_INIT;
    text_append(&text, REDIAL_STR("kept"));
    failing_memory_begin(1);
    text_printf(&text, "%0200d", 7);
    cr_expect(failing_memory_end());
    text_append(&text, REDIAL_STR("!"));
    cr_expect(text.failed);
    cr_expect_str_eq(text.ptr, "kept");
    text_clean_up(&text);
}

Test(text, survives_a_first_allocation_that_fails)
{
    struct text text = TEXT_INIT;
    failing_memory_begin(1);
    text_printf(&text, "a");
    cr_expect(failing_memory_end());
    cr_expect(text.failed);
    cr_expect_eq(text_str(&text).len, 0);
    text_clean_up(&text);
}

struct quote_case {
    char name[64], text[32], want[64];
};

ParameterizedTestParameters(text, json_quotes)
{
    static struct quote_case cases[] = {
        {"plain text", "abc", "\"abc\""},
        {"nothing", "", "\"\""},
        {"quote and backslash", "a\"b\\c", "\"a\\\"b\\\\c\""},
        {"short escapes", "\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\""},
        {"other controls", "\x01\x1f", "\"\\u0001\\u001f\""},
        {"delete is no control in JSON", "\x7f", "\"\x7f\""},
        {"characters beyond ascii", "\xc3\xa9\xf0\x9f\x98\x80", "\"\xc3\xa9\xf0\x9f\x98\x80\""},
        {"a byte that is not UTF-8", "a\xff", "\"a\xef\xbf\xbd\""},
        {"a sequence cut short", "\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    return cr_make_param_array(struct quote_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct quote_case *c, text, json_quotes)
{
    struct text text = TEXT_INIT;
    text_append_json(&text, str_of(c->text));
    cr_expect_str_eq(text.ptr, c->want, "%s", c->name);
    text_clean_up(&text);
}

Test(text, json_quotes_an_embedded_zero)
{
    struct text text = TEXT_INIT;
    text_append_json(&text, REDIAL_STR("a\0b"));
    cr_expect_str_eq(text.ptr, "\"a\\u0000b\"");
    text_clean_up(&text);
}
