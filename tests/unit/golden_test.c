/* Every file of tests/golden is read, and what is said of it is compared with the text beside it,
 * to the letter. REDIAL_UPDATE=1 writes the texts anew, for a person to review. */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/load.h"
#include "audit/matrix.h"
#include "redial/redial.h"
#include "simulator/run/play.h"

typedef void describe_fn(const char *path, struct text *out);

static void describe_policy(const char *path, struct text *out)
{
    static const struct redial_env environment[] = {{"REGION", "eu-west-1"}, {NULL, NULL}};
    struct diag_list *diags = diag_list_new();
    struct redial_policy *policy = policy_load(path, environment, diags);
    diag_render(diags, false, out);
    text_printf(out, "%s\n", policy ? "loaded" : "refused");
    cr_expect_eq(policy == NULL, diag_errors(diags) > 0, "%s: errors and no policy go together",
                 path);
    redial_policy_release(policy);
    diag_list_destroy(diags);
}

static void describe_scenario(const char *path, struct text *out)
{
    const struct replay_options options = {.out = stdout, .err = stderr};
    struct result result = {.arena = arena_new()};
    cr_assert(play_scenario(path, &options, &result));
    text_append(out, result.diagnostics);
    text_printf(out, "%s\n", result_status_name(result.status));
    arena_destroy(result.arena);
}

static void describe_matrix(const char *path, struct text *out)
{
    struct diag_list *diags = diag_list_new();
    struct arena *arena = arena_new();
    struct matrix matrix;
    int32_t today = 0;
    cr_assert(matrix_day(REDIAL_STR("2026-11-23"), &today));
    struct redial_policy *policy = policy_load("policies/claude-code.yaml", NULL, diags);
    bool good = matrix_read(arena, path, policy, today, diags, &matrix);
    diag_render(diags, false, out);
    text_printf(out, "%s\n", good ? "read" : "refused");
    cr_expect_eq(!good, diag_errors(diags) > 0, "%s: errors and no matrix go together", path);
    redial_policy_release(policy);
    diag_list_destroy(diags);
    arena_destroy(arena);
}

static void read_file(const char *path, struct text *out)
{
    FILE *file = fopen(path, "r");
    char piece[4096];
    size_t count;
    if (!file) return;
    while ((count = fread(piece, 1, sizeof piece, file)) > 0)
        text_append(out, (struct redial_str){piece, count});
    fclose(file);
}

static void write_file(const char *path, const struct text *text)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file, "cannot write %s", path);
    fwrite(text->ptr, 1, text->len, file);
    fclose(file);
}

static void compare(const char *path, describe_fn *describe)
{
    char golden[512];
    struct text got = TEXT_INIT, wanted = TEXT_INIT;
    snprintf(golden, sizeof golden, "%.*s.txt", (int)(strlen(path) - strlen(".yaml")), path);
    describe(path, &got);
    if (getenv("REDIAL_UPDATE")) write_file(golden, &got);
    read_file(golden, &wanted);
    cr_expect(str_eq(text_str(&got), text_str(&wanted)), "%s\nexp:\n%.*s\ngot:\n%.*s", path,
              REDIAL_STR_ARG(text_str(&wanted)), REDIAL_STR_ARG(text_str(&got)));
    text_clean_up(&got);
    text_clean_up(&wanted);
}

static void compare_all(const char *pattern, describe_fn *describe)
{
    glob_t found;
    cr_assert_eq(glob(pattern, 0, NULL, &found), 0, "run it from the root of the project");
    for (size_t i = 0; i < found.gl_pathc; i++) compare(found.gl_pathv[i], describe);
    globfree(&found);
}

Test(golden, what_is_said_of_a_wrong_policy_is_fixed_to_the_letter)
{
    compare_all("tests/golden/policy/*.yaml", describe_policy);
}

Test(golden, what_is_said_of_a_wrong_scenario_is_fixed_to_the_letter)
{
    compare_all("tests/golden/scenario/*.yaml", describe_scenario);
}

Test(golden, what_is_said_of_a_wrong_matrix_is_fixed_to_the_letter)
{
    compare_all("tests/golden/matrix/*.yaml", describe_matrix);
}
