#include "base/diag.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/failing_memory.h"

static const struct source chat = {
    REDIAL_STR_INIT("policies/chat.yaml"),
    REDIAL_STR_INIT(
        "rules:\n  - when: rate_limited\n    retrys: 3\n\tafter: 1\r\n# größer: é\nlast"),
};

/* The span of the first `word` in `source`. */
static struct span at_word(const struct source *source, const char *word)
{
    size_t at = str_find(source->text, str_of(word));
    cr_assert_neq(at, SIZE_MAX, "%s", word);
    return span_of(source, at, at + strlen(word));
}

static void expect_rendered(const struct diag_list *list, const char *want)
{
    struct text text = TEXT_INIT;
    diag_render(list, false, &text);
    cr_expect(str_is(text_str(&text), want), "exp:\n%s\ngot:\n%s", want, text_str(&text).ptr);
    text_clean_up(&text);
}

Test(diag, shows_place_line_caret_cure_and_note)
{
    struct diag_list *list = diag_list_new();
    struct diag *diag =
        diag_error(list, "unknown-key", at_word(&chat, "retrys"), "unknown key '%s'", "retrys");
    diag_cure(list, diag, "did you mean '%s'?", "retries");
    diag_note(list, diag, at_word(&chat, "when: rate_limited"), "the rule begins here");
    expect_rendered(list, "policies/chat.yaml:3:5: error: unknown key 'retrys' [unknown-key]\n"
                          "    3 |     retrys: 3\n"
                          "      |     ^~~~~~\n"
                          "      = did you mean 'retries'?\n"
                          "policies/chat.yaml:2:5: note: the rule begins here\n"
                          "    2 |   - when: rate_limited\n"
                          "      |     ^~~~~~~~~~~~~~~~~~\n");
    cr_expect_eq(diag_errors(list), 1);
    cr_expect_eq(diag_warnings(list), 0);
    diag_list_destroy(list);
}

Test(diag, a_tab_is_one_column_wide_and_a_carriage_return_not_shown)
{
    struct diag_list *list = diag_list_new();
    diag_warning(list, "odd", at_word(&chat, "after"), "odd");
    expect_rendered(list, "policies/chat.yaml:4:2: warning: odd [odd]\n"
                          "    4 |  after: 1\n"
                          "      |  ^~~~~\n");
    cr_expect_eq(diag_errors(list), 0);
    cr_expect_eq(diag_warnings(list), 1);
    diag_list_destroy(list);
}

Test(diag, columns_count_characters_not_bytes)
{
    struct diag_list *list = diag_list_new();
    diag_error(list, "x", at_word(&chat, "é"), "here");
    expect_rendered(list, "policies/chat.yaml:5:11: error: here [x]\n"
                          "    5 | # größer: é\n"
                          "      |           ^\n");
    diag_list_destroy(list);
}

Test(diag, a_span_over_several_lines_is_marked_on_its_first)
{
    struct diag_list *list = diag_list_new();
    diag_error(list, "x", at_word(&chat, "when: rate_limited\n    retrys: 3"), "here");
    expect_rendered(list, "policies/chat.yaml:2:5: error: here [x]\n"
                          "    2 |   - when: rate_limited\n"
                          "      |     ^~~~~~~~~~~~~~~~~~\n");
    diag_list_destroy(list);
}

Test(diag, a_span_of_whole_lines_is_marked_from_its_text_on)
{
    struct diag_list *list = diag_list_new();
    diag_error(list, "x", at_word(&chat, "    retrys: 3"), "here");
    expect_rendered(list, "policies/chat.yaml:3:1: error: here [x]\n"
                          "    3 |     retrys: 3\n"
                          "      |     ^~~~~~~~~\n");
    diag_list_destroy(list);
}

Test(diag, the_end_of_the_file_can_be_pointed_at)
{
    struct diag_list *list = diag_list_new();
    diag_error(list, "x", span_of(&chat, chat.text.len, chat.text.len), "here");
    expect_rendered(list, "policies/chat.yaml:6:5: error: here [x]\n"
                          "    6 | last\n"
                          "      |     ^\n");
    diag_list_destroy(list);
}

Test(diag, an_empty_line_has_no_blank_at_its_end)
{
    static const struct source source = {REDIAL_STR_INIT("f"), REDIAL_STR_INIT("a\n\n")};
    struct diag_list *list = diag_list_new();
    diag_error(list, "x", span_of(&source, 2, 2), "here");
    expect_rendered(list, "f:2:1: error: here [x]\n    2 |\n      | ^\n");
    diag_list_destroy(list);
}

Test(diag, a_place_may_be_a_file_or_nothing)
{
    struct diag_list *list = diag_list_new();
    diag_error(list, "file", span_whole(&chat), "cannot be read");
    diag_error(list, "usage", (struct span){0}, "too many arguments");
    expect_rendered(list, "policies/chat.yaml: error: cannot be read [file]\n"
                          "error: too many arguments [usage]\n");
    diag_list_destroy(list);
}

Test(diag, a_cure_may_have_several_lines)
{
    struct diag_list *list = diag_list_new();
    diag_cure(list, diag_error(list, "x", (struct span){0}, "no"), "either\nor");
    expect_rendered(list, "error: no [x]\n      = either\n        or\n");
    diag_list_destroy(list);
}

Test(diag, colour_is_only_added)
{
    struct diag_list *list = diag_list_new();
    diag_error(list, "x", at_word(&chat, "last"), "here");
    struct text plain = TEXT_INIT, coloured = TEXT_INIT;
    diag_render(list, false, &plain);
    diag_render(list, true, &coloured);
    cr_expect_null(strchr(plain.ptr, 0x1b));
    cr_expect_not_null(strstr(coloured.ptr, "\x1b[1;31merror:\x1b[0m here"));
    text_clean_up(&plain);
    text_clean_up(&coloured);
    diag_list_destroy(list);
}

Test(diag, a_file_cannot_drive_the_terminal)
{
    static const struct source source = {REDIAL_STR_INIT("f\x1b[2J"),
                                         REDIAL_STR_INIT("a\x1b[31m\x7f\xc2\x9b\xff z")};
    struct diag_list *list = diag_list_new();
    diag_cure(list, diag_error(list, "x", at_word(&source, "z"), "not '\x1b'\n"), "\x07");
    expect_rendered(list, "f?[2J:1:11: error: not '?'? [x]\n"
                          "    1 | a?[31m??? z\n"
                          "      |           ^\n"
                          "      = ?\n");
    diag_list_destroy(list);
}

/* 300 characters "é", with X at `at` (from 0). */
static struct source long_line(char *text, size_t at)
{
    size_t len = 0;
    for (size_t i = 0; i < 300; i++) {
        const char *piece = i == at ? "X" : "é";
        memcpy(text + len, piece, strlen(piece));
        len += strlen(piece);
    }
    return (struct source){REDIAL_STR("f"), {text, len}};
}

struct window_case {
    char name[64];
    size_t at, caret; /* of X in the line; of the caret behind the gutter, in characters */
    bool before, behind;
};

ParameterizedTestParameters(diag, a_long_line_is_cut_around_the_caret)
{
    static struct window_case cases[] = {
        {"at the beginning", 0, 0, false, true},
        {"near the beginning", 70, 70, false, true},
        {"in the middle", 150, 31, true, true},
        {"where the end comes into view", 230, 31, true, false},
        {"at the end", 299, 100, true, false},
    };
    return cr_make_param_array(struct window_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct window_case *c, diag, a_long_line_is_cut_around_the_caret)
{
    char buffer[1024], want[1024];
    struct source source = long_line(buffer, c->at);
    struct diag_list *list = diag_list_new();
    diag_error(list, "x", at_word(&source, "X"), "here");
    size_t left = c->caret - c->before, right = 99 - left;
    int len = snprintf(want, sizeof want, "f:1:%zu: error: here [x]\n    1 | %s", c->at + 1,
                       c->before ? "…" : "");
    for (size_t i = 0; i < left; i++) len += snprintf(want + len, sizeof want - (size_t)len, "é");
    len += snprintf(want + len, sizeof want - (size_t)len, "X");
    for (size_t i = 0; i < right; i++) len += snprintf(want + len, sizeof want - (size_t)len, "é");
    snprintf(want + len, sizeof want - (size_t)len, "%s\n      | %*s^\n", c->behind ? "…" : "",
             (int)c->caret, "");
    expect_rendered(list, want);
    diag_list_destroy(list);
}

Test(diag, those_of_one_source_are_sorted_and_sources_stay_together)
{
    static const struct source other = {REDIAL_STR_INIT("other"), REDIAL_STR_INIT("x\ny\n")};
    struct diag_list *list = diag_list_new();
    diag_error(list, NULL, at_word(&chat, "last"), "4");
    diag_error(list, NULL, at_word(&other, "y"), "7");
    diag_warning(list, NULL, at_word(&chat, "retrys"), "2");
    diag_error(list, NULL, at_word(&chat, "retrys"), "3");
    diag_error(list, NULL, at_word(&chat, "rules"), "1");
    diag_error(list, NULL, at_word(&chat, "last"), "5");
    diag_error(list, NULL, at_word(&other, "x"), "6");
    diag_error(list, NULL, (struct span){0}, "8");
    char order[16] = "";
    for (const struct diag *diag = diag_first(list); diag; diag = diag->next)
        strcat(order, diag->message.ptr);
    cr_expect_str_eq(order, "12345678");
    diag_list_destroy(list);
}

Test(diag, the_list_outlives_the_sources_it_points_into)
{
    struct diag_list *list = diag_list_new();
    struct arena *arena = arena_new();
    struct source *source = ARENA_NEW(arena, struct source);
    cr_assert_not_null(source);
    cr_assert(arena_copy(arena, REDIAL_STR("gone"), &source->path));
    cr_assert(arena_copy(arena, REDIAL_STR("some text"), &source->text));
    diag_error(list, "x", at_word(source, "text"), "here");
    arena_destroy(arena);
    expect_rendered(list, "gone:1:6: error: here [x]\n    1 | some text\n      |      ^~~~\n");
    diag_list_destroy(list);
}

Test(diag, more_than_anybody_reads_is_counted_not_shown)
{
    struct diag_list *list = diag_list_new();
    for (int i = 0; i < 2000; i++) diag_error(list, "x", (struct span){0}, "number %d", i);
    struct text text = TEXT_INIT;
    diag_render(list, false, &text);
    cr_expect_not_null(strstr(text.ptr, "number 49 [x]\n… and 1950 more\n"));
    cr_expect_null(strstr(text.ptr, "number 50"));
    cr_expect_eq(diag_errors(list), 2000);
    cr_expect_null(diag_error(list, "x", (struct span){0}, "not kept"));
    text_clean_up(&text);
    diag_list_destroy(list);
}

Test(diag, no_list_and_no_diagnostic_are_fine)
{
    cr_expect_null(diag_error(NULL, "x", (struct span){0}, "lost"));
    cr_expect_null(diag_warning(NULL, "x", (struct span){0}, "lost"));
    diag_cure(NULL, NULL, "lost");
    diag_note(NULL, NULL, (struct span){0}, "lost");
    diag_out_of_memory(NULL);
    diag_list_destroy(NULL);
    cr_expect_eq(diag_errors(NULL), 0);
    cr_expect_eq(diag_warnings(NULL), 0);
    cr_expect_not(diag_out_of_memory_seen(NULL));
    cr_expect_null(diag_first(NULL));
    expect_rendered(NULL, "");
    struct diag_list *list = diag_list_new();
    diag_cure(list, NULL, "lost");
    diag_note(list, NULL, (struct span){0}, "lost");
    expect_rendered(list, "");
    diag_list_destroy(list);
}

Test(diag, memory_that_is_out_is_an_error_of_its_own)
{
    struct diag_list *list = diag_list_new();
    diag_out_of_memory(list);
    diag_out_of_memory(list);
    cr_expect(diag_out_of_memory_seen(list));
    cr_expect_eq(diag_errors(list), 1);
    expect_rendered(list, "error: out of memory\n");
    diag_list_destroy(list);
}

/* Large texts, so that each needs a block of its own. */
static void fill(struct diag_list *list, const struct source *source)
{
    struct diag *diag = diag_error(list, "x", span_of(source, 0, 1), "%05000d", 1);
    diag_cure(list, diag, "%05000d", 2);
    diag_note(list, diag, span_of(source, 1, 2), "%05000d", 3);
}

Test(diag, survives_every_failed_allocation)
{
    static char many[9000];
    memset(many, 'x', sizeof many);
    struct source source = {REDIAL_STR("f"), {many, sizeof many}};
    bool failed = true;
    size_t nth = 0;
    while (failed) {
        failing_memory_begin(++nth);
        struct diag_list *list = diag_list_new();
        fill(list, &source);
        if (list) {
            cr_expect_geq(diag_errors(list), 1, "allocation %zu", nth);
            bool whole =
                diag_first(list) && diag_first(list)->cure.len > 0 && diag_first(list)->notes;
            cr_expect_neq(whole, diag_out_of_memory_seen(list), "allocation %zu", nth);
        }
        diag_list_destroy(list);
        failed = failing_memory_end();
        cr_expect_eq(failing_memory_live(), 0, "allocation %zu leaks", nth);
    }
    cr_expect_gt(nth, 5);
}
