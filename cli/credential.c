/* The driver of a credential chain that answers files and nothing else. */
#include "cli/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duration.h"
#include "credentials/chain.h"

struct search {
    struct arena *arena;
    struct chain *chain;
    struct setup_credential *out;
};

/* ---- Files */

static void read_open(int file, struct text *body, struct errand_answer *answer)
{
    struct stat state;
    char piece[4096];
    ssize_t count = 0;
    if (fstat(file, &state) == 0) answer->mode = state.st_mode & 07777u;
    while (body->len <= ERRAND_BYTES_MAX && (count = read(file, piece, sizeof piece)) > 0)
        text_append(body, (struct redial_str){piece, (size_t)count});
    if (count < 0) answer->failed = str_of(strerror(errno));
    if (body->len > ERRAND_BYTES_MAX) answer->failed = REDIAL_STR("larger than 1 MB");
    if (body->failed) answer->failed = REDIAL_STR("out of memory");
    answer->body = text_str(body);
}

/* A pipe or a device that says nothing would be waited for: only regular files are read. */
static void read_path(const char *path, struct text *body, struct errand_answer *answer)
{
    struct stat state;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    answer->missing = file < 0 && (errno == ENOENT || errno == ENOTDIR);
    if (file < 0)
        answer->failed = answer->missing ? REDIAL_STR("no such file") : str_of(strerror(errno));
    else if (fstat(file, &state) != 0 || !S_ISREG(state.st_mode))
        answer->failed = REDIAL_STR("not a regular file");
    else
        read_open(file, body, answer);
    if (file >= 0) close(file);
}

/* ---- What is not asked */

static void put_argv(const struct errand *errand, struct text *out)
{
    if (errand->command.len > 0) text_append(out, errand->command);
    for (size_t i = 0; errand->argv && errand->argv[i]; i++)
        text_printf(out, "%s%s", i > 0 ? " " : "", errand->argv[i]);
}

/* The program alone: what follows it may be somebody's secret. */
static void put_program(const struct errand *errand, struct text *out)
{
    struct text command = TEXT_INIT;
    put_argv(errand, &command);
    struct redial_str rest = str_trim(text_str(&command)), program = rest;
    (void)str_split(&rest, ' ', &program);
    text_printf(out, "would run %.*s", REDIAL_STR_ARG(program));
    text_clean_up(&command);
}

/* Without what follows the path. */
static void put_request(const struct errand *errand, struct text *out)
{
    struct redial_str url = errand->request.url;
    url = str_take(url, str_find(url, REDIAL_STR("?")));
    text_printf(out, "would ask %.*s", REDIAL_STR_ARG(url));
}

static bool say_unasked(const struct search *search, const struct errand *errand)
{
    struct text text = TEXT_INIT;
    if (errand->kind == ERRAND_COMMAND)
        put_program(errand, &text);
    else if (errand->kind == ERRAND_HTTP)
        put_request(errand, &text);
    else
        text_append(&text, REDIAL_STR("would write a file"));
    search->out->standing = CREDENTIAL_TO_ASK;
    bool good = !text.failed && arena_copy(search->arena, text_str(&text), &search->out->detail);
    text_clean_up(&text);
    return good;
}

/* ---- What was found */

static const char *what(const struct credential *credential)
{
    static const char *const words[] = {
        [CREDENTIAL_NONE] = "nothing is sent: a gateway authenticates",
        [CREDENTIAL_KEY] = "key",
        [CREDENTIAL_BEARER] = "bearer token",
        [CREDENTIAL_AWS] = "keys that sign",
    };
    return words[credential->form];
}

/* Of AWS's pair the id is no secret, yet names an account: it is treated like one. */
static bool say_found(const struct search *search, const struct credential *credential)
{
    struct text text = TEXT_INIT;
    struct redial_str shown =
        credential->form == CREDENTIAL_AWS ? credential->access_key_id : credential->secret;
    if (credential->form == CREDENTIAL_NONE)
        text_append(&text, str_of(what(credential)));
    else
        setup_secret(credential->form == CREDENTIAL_AWS ? "keys that sign, with an id"
                                                        : what(credential),
                     shown, &text);
    if (credential->expires_at != CREDENTIAL_NEVER) {
        text_append(&text, REDIAL_STR(", good until "));
        rfc3339_format(credential->expires_at, &text);
    }
    search->out->standing = CREDENTIAL_THERE;
    bool good = !text.failed && arena_copy(search->arena, text_str(&text), &search->out->detail) &&
                arena_copy(search->arena, credential->project, &search->out->project);
    text_clean_up(&text);
    return good;
}

/* ---- The search */

static enum chain_state answer_file(struct search *search, const struct errand *errand)
{
    struct errand_answer answer = {0};
    struct text body = TEXT_INIT;
    struct redial_str path;
    if (arena_copy(search->arena, errand->path, &path))
        read_path(path.ptr, &body, &answer);
    else
        answer.failed = REDIAL_STR("out of memory");
    enum chain_state state = chain_answer(search->chain, &answer, clock_wall());
    text_clean_up(&body);
    return state;
}

static bool run(struct search *search)
{
    enum chain_state state = chain_begin(search->chain, clock_wall(), CHAIN_FROM_CACHE);
    while (state == CHAIN_ASKS && chain_errand(search->chain)->kind == ERRAND_FILE)
        state = answer_file(search, chain_errand(search->chain));
    struct redial_str source = chain_source(search->chain);
    if (!arena_copy(search->arena, source, &search->out->source) ||
        !arena_copy(search->arena, chain_warnings(search->chain), &search->out->warnings))
        return false;
    if (state == CHAIN_ASKS) return say_unasked(search, chain_errand(search->chain));
    if (state == CHAIN_READY) return say_found(search, chain_credential(search->chain));
    search->out->standing = CREDENTIAL_ABSENT;
    search->out->source = REDIAL_STR("");
    return arena_copy(search->arena, chain_why(search->chain), &search->out->detail);
}

bool credential_look(struct arena *arena, const struct redial_policy *policy, uint16_t provider,
                     const struct redial_env *environment, struct setup_credential *credential)
{
    const struct provider *of = &policy->providers[provider];
    const struct platform *platform = &policy->platforms[of->platform];
    struct redial_str project = of->project.len > 0 ? of->project : platform->project, why = {0};
    struct chain_options options = {
        .links = platform->credentials,
        .link_count = platform->credential_count,
        .environment = environment,
        .region = of->region.len > 0 ? of->region : platform->region,
        .base_url =
            platform->kind == PLATFORM_ANTHROPIC ? platform->base_url : (struct redial_str){0},
        .wants_project = platform->kind == PLATFORM_VERTEX && project.len == 0,
    };
    struct search search = {.arena = arena, .chain = chain_new(&options, &why), .out = credential};
    *credential = (struct setup_credential){.standing = CREDENTIAL_ABSENT};
    bool good = search.chain ? run(&search) : arena_copy(arena, why, &credential->detail);
    chain_destroy(search.chain);
    return good;
}
