/* Regular expressions: what they match, what is said of a wrong one, and that no text of a server
 * makes one run away. */
#include "patterns/pattern.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

struct match_case {
    char name[56], pattern[48], subject[64];
    unsigned flags;
    bool want;
};

ParameterizedTestParameters(pattern, matches)
{
    static struct match_case cases[] = {
        {"anywhere in the text", "too (long|large)", "the prompt is too long: 3 > 2", 0, true},
        {"anchors hold", "^too", "the prompt is too long", 0, false},
        {"case counts", "Too Long", "too long", 0, false},
        {"unless it does not", "Too Long", "too long", PATTERN_NOCASE, true},
        {"classes and counts", "limit of [0-9]{4,6} tokens", "a limit of 30000 tokens", 0, true},
        {"an empty text", "^$", "", 0, true},
        {"bytes above 127 are bytes", "caf.?.? ", "caf\xc3\xa9 closed", 0, true},
    };
    return cr_make_param_array(struct match_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct match_case *c, pattern, matches)
{
    struct arena *arena = arena_new();
    struct pattern_error error;
    const struct pattern *pattern = pattern_compile(arena, str_of(c->pattern), c->flags, &error);
    cr_assert_not_null(pattern, "%s: %s", c->name, error.message);
    cr_expect_eq(pattern_matches(pattern, str_of(c->subject)), c->want, "%s", c->name);
    arena_destroy(arena);
}

Test(pattern, a_wrong_one_says_what_and_where)
{
    struct arena *arena = arena_new();
    struct pattern_error error;
    cr_assert_null(pattern_compile(arena, REDIAL_STR("too (long"), 0, &error));
    cr_expect_not(error.out_of_memory);
    cr_expect_eq(error.at, 9);
    cr_expect_str_eq(error.message, "missing closing parenthesis");
    arena_destroy(arena);
}

Test(pattern, a_text_that_would_take_ages_is_given_up, .timeout = 5)
{
    struct arena *arena = arena_new();
    struct pattern_error error;
    const struct pattern *nested = pattern_compile(arena, REDIAL_STR("^(a+)+$"), 0, &error);
    const struct pattern *deep = pattern_compile(arena, REDIAL_STR("^(?:a|b)*c$"), 0, &error);
    cr_assert(nested && deep);
    size_t length = 1 << 20;
    char *text = malloc(length);
    cr_assert_not_null(text);
    memset(text, 'a', length);
    cr_expect_not(pattern_matches(deep, (struct redial_str){text, length}));
    text[40] = '!';
    cr_expect_not(pattern_matches(nested, (struct redial_str){text, 41}));
    free(text);
    arena_destroy(arena);
}
