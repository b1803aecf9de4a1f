#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "simulator/observe/update.h"

struct row {
    char name[64];
    char before[160], after[200];
};

ParameterizedTestParameters(update, the_story_alone_changes)
{
    static struct row rows[] = {
        {"a block is replaced, comments stay", "# c\nstory: |   # d\n  old\n  older\nb: 1 # e\n",
         "# c\nstory: |   # d\n  1 new\n  2 new\nb: 1 # e\n"},
        {"its own indent is kept", "story: |\n      old\n", "story: |\n      1 new\n      2 new\n"},
        {"it may end with the file", "story: |\n  old", "story: |\n  1 new\n  2 new\n"},
        {"an empty block is filled", "story: |\nb: 1\n", "story: |\n  1 new\n  2 new\nb: 1\n"},
        {"nothing becomes a block", "story:\nb: 1\n", "story: |\n  1 new\n  2 new\nb: 1\n"},
        {"an empty block at the end", "story: |", "story: |\n  1 new\n  2 new\n"},
        {"a flow mapping is left alone", "{story: , b: 1}\n", ""},
    };
    return cr_make_param_array(struct row, rows, REDIAL_COUNT_OF(rows));
}

ParameterizedTest(struct row *row, update, the_story_alone_changes)
{
    struct arena *arena = arena_new();
    struct diag_list *diags = diag_list_new();
    struct text updated = TEXT_INIT;
    const struct source *source =
        source_of(arena, REDIAL_STR("x.yaml"), str_of(row->before), diags);
    struct node *root = document_parse(arena, source, diags);
    cr_assert_not_null(root, "%s", row->name);
    bool done = update_story(node_get(root, "story"), REDIAL_STR("1 new\n2 new\n"), &updated);
    cr_expect_eq(done, row->after[0] != '\0', "%s", row->name);
    cr_expect(str_is(text_str(&updated), row->after), "%s: %.*s", row->name,
              REDIAL_STR_ARG(text_str(&updated)));
    text_clean_up(&updated);
    diag_list_destroy(diags);
    arena_destroy(arena);
}

Test(update, a_file_is_replaced_whole_and_keeps_its_mode)
{
    char path[] = "/tmp/redial-update-XXXXXX", read[16] = "";
    int fd = mkstemp(path);
    struct stat now;
    cr_assert(fd >= 0 && fchmod(fd, 0640) == 0 && close(fd) == 0);
    cr_assert(update_file(path, REDIAL_STR("new text")));
    FILE *file = fopen(path, "r");
    cr_expect_eq(fread(read, 1, sizeof read, file), 8);
    cr_expect_str_eq(read, "new text");
    fclose(file);
    cr_assert_eq(stat(path, &now), 0);
    cr_expect_eq(now.st_mode & 0777, 0640);
    unlink(path);
    cr_expect_not(update_file(path, REDIAL_STR("x")), "a file that is gone is not made anew");
}
