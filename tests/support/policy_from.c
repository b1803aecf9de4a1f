#include "tests/support/policy_from.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/load.h"
#include "redial/redial.h"

struct redial_policy *policy_from(const char *text)
{
    static const struct redial_env none[] = {{NULL, NULL}};
    return policy_from_in(text, none);
}

struct redial_policy *policy_from_in(const char *text, const struct redial_env *environment)
{
    char path[] = "/tmp/redial-test-XXXXXX", folder[4096];
    int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    cr_assert(file && getcwd(folder, sizeof folder), "a temporary file");
    fprintf(file, "redial: 1\nname: test\nuses: [%s/policies/platforms.yaml]\n%s", folder, text);
    fclose(file);

    struct diag_list *diags = diag_list_new();
    struct redial_policy *policy = policy_load(path, environment, diags);
    struct text shown = TEXT_INIT;
    diag_render(diags, false, &shown);
    unlink(path);
    cr_assert(policy, "%s", shown.ptr ? shown.ptr : "no policy and not a word why");
    text_clean_up(&shown);
    diag_list_destroy(diags);
    return policy;
}
