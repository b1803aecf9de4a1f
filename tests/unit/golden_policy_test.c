/* Every file of tests/golden/policy is loaded, and what is said of it is compared with the text
 * beside it, to the letter. REDIAL_UPDATE=1 writes the texts anew, for a person to review. */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/load.h"
#include "redial/redial.h"

#define FOLDER "tests/golden/policy/"

static void describe(const char *path, struct text *out)
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

static void compare(const char *path)
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

Test(golden, what_is_said_of_a_wrong_policy_is_fixed_to_the_letter)
{
    glob_t found;
    cr_assert_eq(glob(FOLDER "*.yaml", 0, NULL, &found), 0, "run it from the root of the project");
    for (size_t i = 0; i < found.gl_pathc; i++) compare(found.gl_pathv[i]);
    globfree(&found);
}
