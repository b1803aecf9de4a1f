/* Loading: a policy with 1,000 rules in the process, and `redial check` and `redial audit` of the
 * default policy as a process. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/load.h"
#include "model/policy.h"
#include "redial/redial.h"
#include "tests/bench/bench.h"

extern char **environ;

static char path[] = "/tmp/redial-bench-XXXXXX";

static void write_policy(void)
{
    int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    char folder[4096];
    if (!file || !getcwd(folder, sizeof folder)) exit(2);
    fprintf(file,
            "redial: 1\nname: generated\nuses: [%s/policies/platforms.yaml]\nlimits: {retries: 10, "
            "attempts: 33}\n"
            "backoff:\n  standard: {base: 500ms, factor: 2, cap: 32s}\nrules:\n",
            folder);
    for (int i = 0; i < 1000; i++)
        fprintf(file,
                "  - {name: r%d, when: {class: rate_limited, status: 429, model: m%d}, do: "
                "[backoff, retry]}\n",
                i, i);
    fclose(file);
}

static void load_once(void *context)
{
    (void)context;
    struct diag_list *diags = diag_list_new();
    struct redial_policy *policy =
        policy_load(path, (const struct redial_env[]){{NULL, NULL}}, diags);
    if (!policy) exit(2);
    redial_policy_release(policy);
    diag_list_destroy(diags);
}

static void run_once(void *context)
{
    char *const *arguments = context;
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status = 0;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1, 0);
    if (posix_spawn(&child, arguments[0], &actions, NULL, arguments, environ) != 0) exit(2);
    waitpid(child, &status, 0);
    posix_spawn_file_actions_destroy(&actions);
    if (status != 0) exit(2);
}

void bench_load(void)
{
    static char command[] = "build/redial", check_verb[] = "check", audit_verb[] = "audit",
                file[] = "policies/claude-code.yaml", flag[] = "--format";
    static char formats[][9] = {"text", "markdown", "csv", "json", "html"};
    char *check[] = {command, check_verb, file, NULL}, name[64];
    char *audit[] = {command, audit_verb, flag, NULL, NULL};
    write_policy();
    bench_report("load of a policy with 1,000 rules",
                 bench_median(false, load_once, NULL, 1, 31) / 1e6, "ms", 10, false,
                 "read, check, compile and free, platforms.yaml included; median of 31");
    unlink(path);
    bench_report("redial check of the default policy",
                 bench_median(true, run_once, check, 1, 31) / 1e6, "ms", 20, false,
                 "build/redial check as a process, spawn to exit; median of 31");
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        snprintf(name, sizeof name, "redial audit as %s", formats[i]);
        audit[3] = formats[i];
        bench_report(name, bench_median(true, run_once, audit, 1, 31) / 1e6, "ms", 30, false,
                     "build/redial audit of the default policy, likewise");
    }
}
