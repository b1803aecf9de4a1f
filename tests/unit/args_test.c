/* Command lines: what is read, and what is said about what cannot be. */
#include "cli/args.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

static const struct args_flag flags[] = {
    {"wire", 0, NULL, "real sockets"},
    {"seed", 0, "N", "a seed"},
    {"jobs", 'j', "N", "at a time"},
    {"quiet", 'q', NULL, "little"},
};
static const struct verb verb = {
    .name = "replay",
    .words = "PATH...",
    .about = "Replays.",
    .flags = flags,
    .flag_count = REDIAL_COUNT_OF(flags),
    .words_min = 1,
};

static struct args args;
static struct text why;

static void end(void)
{
    args_clean_up(&args);
    text_clean_up(&why);
}

TestSuite(args, .fini = end);

/* Splits at blanks, as a shell would. */
static bool read_line(const char *line)
{
    static char words[256];
    static char *argv[16];
    int argc = 0;
    strncpy(words, line, sizeof words - 1);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) argv[argc++] = word;
    return args_read(&verb, argc, argv, &args, &why);
}

Test(args, flags_and_words_may_be_mixed)
{
    cr_assert(read_line("a.yaml --seed 7 --wire b.yaml"));
    cr_expect_eq(args.word_count, 2);
    cr_expect_str_eq(args.words[0], "a.yaml");
    cr_expect_str_eq(args.words[1], "b.yaml");
    cr_expect(args_given(&args, "wire"));
    cr_expect_not(args_given(&args, "quiet"));
    cr_expect_str_eq(args_value(&args, "seed"), "7");
}

struct form {
    char name[48];
    char line[48];
    uint64_t jobs;
};

ParameterizedTestParameters(args, every_form_of_a_value_is_understood)
{
    static struct form rows[] = {
        {"a word of its own", "x --jobs 4", 4},
        {"behind an equals sign", "x --jobs=4", 4},
        {"a letter and a word", "x -j 4", 4},
        {"a letter and its value together", "x -j4", 4},
        {"the last of several", "x -j4 --jobs=8", 8},
    };
    return cr_make_param_array(struct form, rows, REDIAL_COUNT_OF(rows));
}

ParameterizedTest(struct form *row, args, every_form_of_a_value_is_understood)
{
    uint64_t jobs = 0;
    cr_assert(read_line(row->line), "%s", row->name);
    cr_assert(args_number(&args, "jobs", 1, 64, &jobs, &why), "%s", row->name);
    cr_expect_eq(jobs, row->jobs, "%s", row->name);
}

Test(args, behind_two_dashes_all_are_words)
{
    cr_assert(read_line("-- --wire -q"));
    cr_expect_eq(args.word_count, 2);
    cr_expect_str_eq(args.words[0], "--wire");
}

Test(args, one_dash_is_a_word)
{
    cr_assert(read_line("-"));
    cr_expect_eq(args.word_count, 1);
}

Test(args, help_is_understood_everywhere_and_needs_no_words)
{
    cr_assert(read_line("--wire -h"));
    cr_expect(args.help);
}

struct mistake {
    char line[48];
    char want[96];
};

ParameterizedTestParameters(args, mistakes_are_told_with_their_cure)
{
    static struct mistake rows[] = {
        {"x --wrie", "unknown flag '--wrie'; did you mean '--wire'?"},
        {"x --sed=3", "unknown flag '--sed'; did you mean '--seed'?"},
        {"x --elephant", "unknown flag '--elephant'"},
        {"x -z", "unknown flag '-z'"},
        {"x --wire=yes", "'--wire' takes no value"},
        {"x -qq", "'-q' takes no value"},
        {"x --seed", "'--seed' needs a value: --seed N"},
        {"--wire", "nothing to do: redial replay PATH..."},
    };
    return cr_make_param_array(struct mistake, rows, REDIAL_COUNT_OF(rows));
}

ParameterizedTest(struct mistake *row, args, mistakes_are_told_with_their_cure)
{
    cr_expect_not(read_line(row->line), "%s", row->line);
    cr_expect_str_eq(why.ptr, row->want);
}

struct number {
    char value[32];
    bool fine;
    uint64_t want;
};

ParameterizedTestParameters(args, numbers_are_whole_and_in_their_range)
{
    static struct number rows[] = {
        {"0", true, 0},
        {"18446744073709551615", true, UINT64_MAX},
        {"18446744073709551616", false, 0},
        {"-1", false, 0},
        {"1.5", false, 0},
        {"many", false, 0},
    };
    return cr_make_param_array(struct number, rows, REDIAL_COUNT_OF(rows));
}

ParameterizedTest(struct number *row, args, numbers_are_whole_and_in_their_range)
{
    char word[48] = "--seed=";
    char *argv[] = {word, word};
    uint64_t seed = 0;
    strncat(word, row->value, sizeof word - strlen(word) - 1);
    static char path[] = "x";
    argv[1] = path;
    cr_assert(args_read(&verb, 2, argv, &args, &why));
    cr_expect_eq(args_number(&args, "seed", 0, UINT64_MAX, &seed, &why), row->fine, "%s",
                 row->value);
    cr_expect_eq(seed, row->want);
}

Test(args, help_comes_from_the_same_table)
{
    args_help(&verb, &why);
    cr_expect_str_eq(why.ptr, "redial replay [flags] PATH...\n"
                              "\n"
                              "Replays.\n"
                              "\n"
                              "Flags:\n"
                              "  --wire              real sockets\n"
                              "  --seed N            a seed\n"
                              "  -j, --jobs N        at a time\n"
                              "  -q, --quiet         little\n");
}
