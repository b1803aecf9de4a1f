#include "tests/support/hook_policy.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/load.h"
#include "redial/redial.h"

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert(file, "cannot write %s", path);
    fputs(text, file);
    fclose(file);
}

struct redial_policy *hook_policy(const char *code, const char *keys)
{
    char folder[] = "/tmp/redial-hooks-XXXXXX", path[64], text[2048], root[512];
    cr_assert(mkdtemp(folder) && getcwd(root, sizeof root));
    snprintf(path, sizeof path, "%s/hooks", folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/hooks/test.lua", folder);
    write_file(path, code);
    snprintf(text, sizeof text,
             "redial: 1\nuses: [%s/policies/platforms.yaml]\n"
             "backoff: {standard: {base: 500ms, cap: 32s, jitter: none}}\n"
             "rules:\n"
             "  - {name: limited, when: {class: rate_limited}, do: [backoff, retry], max: 3}\n"
             "  - {name: rest, when: always, do: [fail]}\n"
             "hooks: {file: hooks/test.lua, %s}\n",
             root, keys);
    char policy_path[64];
    snprintf(policy_path, sizeof policy_path, "%s/test.yaml", folder);
    struct diag_list *diags = diag_list_new();
    const struct redial_env none[] = {{NULL, NULL}};
    struct redial_policy *policy = policy_load_text(str_of(policy_path), str_of(text), none, diags);
    struct text shown = TEXT_INIT;
    diag_render(diags, false, &shown);
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
    rmdir(folder);
    cr_assert(policy, "%s", shown.ptr ? shown.ptr : "no policy and not a word why");
    text_clean_up(&shown);
    diag_list_destroy(diags);
    return policy;
}

struct redial_decision hook_engine_ask(struct redial_engine *engine, struct redial_str *error)
{
    const struct redial_event start = {.kind = REDIAL_EVENT_START},
                              cancel = {.kind = REDIAL_EVENT_CANCEL};
    const struct redial_event limited = {.kind = REDIAL_EVENT_REPLY,
                                         .complete = true,
                                         .status = 429,
                                         .text[REDIAL_TEXT_ERROR] = REDIAL_STR("rate_limit_error")};
    const struct redial_call_options options = {
        .model = REDIAL_STR("claude-opus-4-6"), .max_tokens = 4096, .seed = 7};
    struct redial_call call;
    struct redial_decision decision, last;
    struct redial_str why;
    cr_assert(redial_call_init(&call, engine, &options, 1, &why), "%.*s", REDIAL_STR_ARG(why));
    redial_call_step(&call, &start, 1, &decision);
    redial_call_step(&call, &limited, 2, &decision);
    redial_call_step(&call, &cancel, 3, &last);
    *error = decision.hook_error;
    return decision;
}

struct redial_decision hook_policy_ask(struct redial_policy *policy, struct redial_str *error)
{
    struct redial_engine *engine = redial_engine_new(policy);
    struct redial_decision decision = hook_engine_ask(engine, error);
    redial_engine_destroy(engine);
    return decision;
}
