/* Every allocation made to fail, one after the other: a load either succeeds or says that memory is
 * out, never crashes, never leaks. The C library's allocator is stood in front of, so libyaml and
 * cJSON are in it too. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/load.h"
#include "credentials/chain.h"
#include "document/node.h"
#include "redial/redial.h"
#include "simulator/run/replay.h"

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

static size_t countdown; /* the allocation that fails, counted from here; 0: none */
static bool has_failed;
static long blocks_live;

static bool fails(void)
{
    if (countdown == 0 || --countdown > 0) return false;
    has_failed = true;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    if (fails()) return NULL;
    blocks_live++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    if (fails()) return NULL;
    blocks_live++;
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    if (fails()) return NULL;
    if (!block) blocks_live++;
    return __libc_realloc(block, size);
}

void free(void *block)
{
    if (block) blocks_live--;
    __libc_free(block);
}

/* Does the work once; true when it came to a good end. */
typedef bool work_fn(const char *path);

static bool load_policy(const char *path)
{
    struct diag_list *diags = diag_list_new();
    struct redial_policy *policy =
        policy_load(path, (const struct redial_env[]){{NULL, NULL}}, diags);
    bool good = policy != NULL;
    if (!good && diags && diag_errors(diags) == 0) {
        fprintf(stderr, "torture: %s: no policy and not a word why\n", path);
        exit(1);
    }
    redial_policy_release(policy);
    diag_list_destroy(diags);
    return good;
}

static bool render_diagnostics(const char *path)
{
    struct diag_list *diags = diag_list_new();
    struct text text = TEXT_INIT;
    redial_policy_release(policy_load(path, NULL, diags));
    diag_render(diags, true, &text);
    bool good = !text.failed;
    text_clean_up(&text);
    diag_list_destroy(diags);
    return good;
}

/* Loads, runs, compares and reports one scenario on the virtual clock. */
static bool replay(const char *path)
{
    FILE *nowhere = fopen("/dev/null", "w");
    if (!nowhere) return false;
    const struct replay_options options = {.paths = &path,
                                           .path_count = 1,
                                           .json = true,
                                           .junit_path = "/dev/null",
                                           .verbosity = REPLAY_STORIES,
                                           .out = nowhere,
                                           .err = nowhere};
    int status = replay_run(&options);
    fclose(nowhere);
    if (status > 1 && !has_failed) {
        fprintf(stderr, "torture: %s: status %d\n", path, status);
        exit(1);
    }
    return status == 0;
}

static bool refuse(const char *path)
{
    FILE *nowhere = fopen("/dev/null", "w");
    if (!nowhere) return false;
    const struct replay_options options = {
        .paths = &path, .path_count = 1, .out = nowhere, .err = nowhere};
    int status = replay_run(&options);
    fclose(nowhere);
    if (status == 2) return true;
    fprintf(stderr, "torture: %s: status %d\n", path, status);
    exit(1);
}

/* Keys for a chain whose name is `link`, from a container that answers every time. */
static bool find_credential(const char *link)
{
    static const struct redial_env environment[] = {
        {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/keys"}, {NULL, NULL}};
    const struct errand_answer none = {.missing = true};
    const struct errand_answer keys = {
        .status = 200,
        .body = REDIAL_STR("{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\",\"Token\":\"T\","
                           "\"Expiration\":\"2030-01-01T00:00:00Z\"}")};
    struct redial_str name = str_of(link), why = {0};
    const struct chain_options options = {
        .links = &name, .link_count = 1, .environment = environment};
    struct chain *chain = chain_new(&options, &why);
    if (!chain) return false;
    enum chain_state state = chain_begin(chain, 0, CHAIN_FROM_CACHE);
    while (state == CHAIN_ASKS) {
        bool file = chain_errand(chain)->kind == ERRAND_FILE;
        state = chain_answer(chain, file ? &none : &keys, 0);
    }
    if (state == CHAIN_FAILED && chain_why(chain).len == 0) {
        fprintf(stderr, "torture: %s: no credential and not a word why\n", link);
        exit(1);
    }
    chain_destroy(chain);
    return state == CHAIN_READY;
}

static const struct {
    const char *name;
    work_fn *work;
    const char *path;
} works[] = {
    {"the default policy", load_policy, "policies/claude-code.yaml"},
    {"a policy that builds on another", load_policy, "policies/tests/extends.yaml"},
    {"a policy with patterns", load_policy, "policies/tests/patterns.yaml"},
    {"a preset with lists and a budget", load_policy,
     "policies/presets/aws-standard-2.1-long-polling.yaml"},
    {"a policy with every guard", load_policy, "policies/tests/guards-all.yaml"},
    {"diagnostics of a wrong policy", render_diagnostics, "tests/golden/policy/unknown-key.yaml"},
    {"a policy with hooks", load_policy, "policies/hooks/cheapest.yaml"},
    {"a scenario whose hooks compact", replay, "tests/torture/compact.yaml"},
    {"a scenario", replay, "tests/torture/all.yaml"},
    {"a scenario with a reload", replay,
     "scenarios/guards/calls-under-way-finish-on-their-policy-after-a-reload.yaml"},
    {"a credential of a container", find_credential, "aws_chain"},
    {"a scenario with mistakes", refuse, "tests/golden/scenario/unknown-keys.yaml"},
    {"a world that runs out", refuse, "tests/golden/scenario/runs-out.yaml"},
};

static bool torture(const char *name, work_fn *work, const char *path)
{
    work(path); /* once in peace, for what libraries keep for ever */
    size_t nth = 0;
    do {
        long before = blocks_live;
        has_failed = false;
        countdown = ++nth;
        work(path);
        countdown = 0;
        if (blocks_live != before) {
            fprintf(stderr, "torture: %s: %ld blocks leak when allocation %zu fails\n", name,
                    blocks_live - before, nth);
            return false;
        }
    } while (has_failed);
    printf("torture: %s survives each of its %zu allocations failing\n", name, nth - 1);
    return true;
}

int main(void)
{
    bool good = true;
    for (size_t i = 0; i < REDIAL_COUNT_OF(works); i++)
        good &= torture(works[i].name, works[i].work, works[i].path);
    return good ? 0 : 1;
}
