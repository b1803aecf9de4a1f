/* Tables that fit a terminal. */
#include "story/table.h"

#include <criterion/criterion.h>

static struct arena *arena;
static struct table table;
static struct text out;

static void begin(void)
{
    arena = arena_new();
}

static void end(void)
{
    table_end(&table);
    text_clean_up(&out);
    arena_destroy(arena);
}

TestSuite(table, .init = begin, .fini = end);

static void fill(const char *const headings[], size_t columns, const char *const cells[],
                 size_t count)
{
    table_begin(&table, arena, headings, columns);
    for (size_t i = 0; i < count; i++) table_cell(&table, str_of(cells[i]));
}

Test(table, columns_are_as_wide_as_their_widest_cell)
{
    fill((const char *const[]){"rule", ">max"}, 2,
         (const char *const[]){"rate limited", "10", "spent", "0"}, 4);
    table_write(&table, 2, 0, &out);
    cr_expect_str_eq(out.ptr, "  rule          max\n"
                              "  rate limited   10\n"
                              "  spent           0\n");
}

Test(table, cells_wrap_within_their_column_at_blanks_and_bars)
{
    fill((const char *const[]){"rule", "when"}, 2,
         (const char *const[]){"server trouble", "class=server_error|timeout"}, 2);
    table_write(&table, 0, 28, &out);
    cr_expect_str_eq(out.ptr, "rule     when\n"
                              "server   class=server_error|\n"
                              "trouble  timeout\n");
}

Test(table, a_word_that_does_not_fit_is_not_cut)
{
    fill((const char *const[]){"id"}, 1, (const char *const[]){"claude-sonnet-4-6"}, 1);
    table_write(&table, 0, 5, &out);
    cr_expect_str_eq(out.ptr, "id\nclaude-sonnet-4-6\n");
}

Test(table, a_column_that_says_nothing_is_left_out)
{
    fill((const char *const[]){"a", "b", "c"}, 3, (const char *const[]){"1", "", "3"}, 3);
    table_write(&table, 0, 0, &out);
    cr_expect_str_eq(out.ptr, "a  c\n1  3\n");
}

Test(table, tables_without_headings_have_no_empty_line)
{
    fill((const char *const[]){"", ""}, 2, (const char *const[]){"mode", "plain"}, 2);
    table_write(&table, 0, 0, &out);
    cr_expect_str_eq(out.ptr, "mode  plain\n");
}
