#include "base/names.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

static const struct name jitter_rows[] = {
    {"none", "No jitter."},
    {"full", "All of the wait."},
    {"equal", "Half of the wait."},
    {"retries", "A longer word."},
};
static const struct names jitters = {"jitter", jitter_rows, REDIAL_COUNT_OF(jitter_rows)};

Test(names, a_word_is_found_exactly)
{
    cr_expect_eq(names_find(&jitters, REDIAL_STR("full")), 1);
    cr_expect_eq(names_find(&jitters, REDIAL_STR("Full")), -1);
    cr_expect_eq(names_find(&jitters, REDIAL_STR("ful")), -1);
    cr_expect_eq(names_find(&jitters, REDIAL_STR("")), -1);
}

struct closest_case {
    char name[64], word[80];
    int want;
};

ParameterizedTestParameters(names, the_closest)
{
    static struct closest_case cases[] = {
        {"the word itself", "none", 0},
        {"a letter too many", "fulll", 1},
        {"a letter missing", "equa", 2},
        {"another letter", "nane", 0},
        {"two letters exchanged", "eqaul", 2},
        {"two changes in six letters", "retrys", 3},
        {"three changes in six letters are too many", "ratrys", -1},
        {"capitals do not count", "RETRIES", 3},
        {"one change in two letters is too much", "nn", -1},
        {"nothing like it", "exponential", -1},
        {"nothing at all", "", -1},
        {"a word too long to be one",
         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", -1},
    };
    return cr_make_param_array(struct closest_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct closest_case *c, names, the_closest)
{
    cr_expect_eq(names_closest(&jitters, str_of(c->word)), c->want, "%s", c->name);
}

Test(names, the_closest_of_two_wins)
{
    struct redial_str words[] = {REDIAL_STR("primary-eu"), REDIAL_STR("primary-us"),
                                 REDIAL_STR("backup")};
    cr_expect_eq(str_closest(words, 3, REDIAL_STR("primry-us")), 1);
    cr_expect_eq(str_closest(words, 3, REDIAL_STR("third")), SIZE_MAX);
    cr_expect_eq(str_closest(NULL, 0, REDIAL_STR("third")), SIZE_MAX);
}

struct list_case {
    size_t count;
    char want[64];
};

ParameterizedTestParameters(names, a_list_reads_as_a_sentence)
{
    static struct list_case cases[] = {
        {0, ""},
        {1, "none"},
        {2, "none or full"},
        {3, "none, full or equal"},
        {4, "none, full, equal or retries"},
    };
    return cr_make_param_array(struct list_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct list_case *c, names, a_list_reads_as_a_sentence)
{
    struct names names = {"jitter", jitter_rows, c->count};
    struct text text = TEXT_INIT;
    names_list(&names, &text);
    cr_expect(str_is(text_str(&text), c->want), "%s", c->want);
    text_clean_up(&text);
}
