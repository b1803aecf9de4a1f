/* What the servers that give credentials answer, and what the platforms say of a credential, as
 * conversations that a person can read: tests/golden/authority/NAME.txt. Lines of a conversation:
 *
 *     # a comment
 *     > POST aws-sts /                 a request: method, server or platform, target
 *     > content-type: text/plain       its headers; ${NAME} is something given or kept
 *     >                                 an empty line, then its body
 *     < 200 …                          what came back, written by this test
 *     = token access_token             keeps a member of the last body: JSON path, <Tag>, or . all
 *     = token refresh_token of FILE    the same of a file that the environment names
 *     + 1h                             time passes
 *     ! expire vertex 1                generation 1 and older are refused from now on; or revoke
 *     ! life 10s, ! requests 2         what tokens live from here on: a new authority
 *
 * REDIAL_UPDATE=1 writes the replies anew, for a person to review. */
#include "simulator/authority/authority.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/names.h"
#include "document/json.h"
#include "tests/support/failing_memory.h"
#include "tests/support/signed_request.h"

#define BEGINS       (INT64_C(1767225600) * NS_PER_SECOND) /* 2026-01-01 */
#define KEPT_MAX     64
#define HEADERS_MAX  16
#define BASE_URL     "http://127.0.0.1:9000"
#define PLATFORM_ALL "anthropic, bedrock, vertex or foundry"

static const char *const platforms[PLATFORM_KIND_COUNT] = {"anthropic", "bedrock", "vertex",
                                                           "foundry"};

struct conversation {
    struct arena *arena;
    struct authority *authority;
    struct authority_options options;
    int64_t now;
    struct {
        struct redial_str name, value;
    } kept[KEPT_MAX];
    size_t kept_count;
    struct text asked; /* the request under way, without its '>' */
    struct redial_str body;
    struct text out;
};

/* ---- Names and what they stand for */

static int platform_of(struct redial_str name)
{
    for (int i = 0; i < PLATFORM_KIND_COUNT; i++)
        if (str_is(name, platforms[i])) return i;
    return -1;
}

static struct redial_str look_up(const struct conversation *talk, struct redial_str name)
{
    const struct authority_secret *list;

    for (size_t i = talk->kept_count; i-- > 0;)
        if (str_eq(talk->kept[i].name, name)) return talk->kept[i].value;
    for (int p = 0; p < PLATFORM_KIND_COUNT; p++) {
        size_t count = authority_environment(talk->authority, (enum platform_kind)p, &list);
        for (size_t i = 0; i < count; i++) {
            struct redial_str value = list[i].value;
            if (!str_eq(list[i].name, name) && !str_eq(list[i].file, name)) continue;
            if (list[i].made)
                cr_assert(authority_file(talk->authority, list[i].made, REDIAL_STR(BASE_URL),
                                         talk->now, talk->arena, &value));
            return value;
        }
    }
    cr_assert_fail("nothing is called %.*s", REDIAL_STR_ARG(name));
    return name;
}

static void substitute(const struct conversation *talk, struct redial_str line, struct text *out)
{
    for (size_t at; (at = str_find(line, REDIAL_STR("${"))) != SIZE_MAX;) {
        struct redial_str rest = str_skip(line, at + 2), name;
        text_append(out, str_take(line, at));
        cr_assert(str_split(&rest, '}', &name));
        text_append(out, look_up(talk, name));
        line = rest;
    }
    text_append(out, line);
}

static void keep(struct conversation *talk, struct redial_str line)
{
    struct redial_str name, path, value = talk->body, tag = REDIAL_STR("");
    size_t of = str_find(line, REDIAL_STR(" of "));

    if (of != SIZE_MAX) value = look_up(talk, str_skip(line, of + 4));
    line = str_take(line, of);
    cr_assert(str_split(&line, ' ', &name) && talk->kept_count < KEPT_MAX);
    path = line;
    if (str_is(path, ".")) {
        tag = value;
    } else if (str_starts_with(path, REDIAL_STR("<"))) {
        value = str_skip(value, str_find(value, path) + path.len);
        cr_assert(str_split(&value, '<', &tag));
    } else {
        struct json *root = json_parse(value);
        char where[64];
        snprintf(where, sizeof where, "%.*s", REDIAL_STR_ARG(path));
        cr_assert(arena_copy(talk->arena, json_text(json_at(root, where)), &tag));
        json_free(root);
    }
    cr_assert_gt(tag.len, 0, "there is no %.*s to keep", REDIAL_STR_ARG(path));
    cr_assert(arena_copy(talk->arena, name, &talk->kept[talk->kept_count].name));
    cr_assert(arena_copy(talk->arena, tag, &talk->kept[talk->kept_count++].value));
}

/* ---- Asking */

struct asked {
    struct redial_str method, server;
    struct redial_header headers[HEADERS_MAX];
    struct authority_request request;
};

static void read_asked(struct conversation *talk, struct asked *asked)
{
    struct redial_str rest, line;
    struct redial_header *header;

    *asked = (struct asked){0};
    cr_assert(arena_copy(talk->arena, text_str(&talk->asked), &rest));
    cr_assert(str_split(&rest, '\n', &line));
    cr_assert(str_split(&line, ' ', &asked->method) && str_split(&line, ' ', &asked->server));
    cr_assert(arena_copy(talk->arena, asked->method, &asked->method));
    asked->request.method = asked->method.ptr;
    asked->request.target = line;
    while (str_split(&rest, '\n', &line) && line.len > 0) {
        header = &asked->headers[asked->request.header_count++];
        cr_assert(str_split(&line, ':', &header->name), "a header");
        header->value = str_trim(line);
    }
    asked->request.headers = asked->headers;
    asked->request.body = str_trim(rest);
}

static void tell(struct conversation *talk, const struct authority_reply *reply)
{
    struct redial_str rest = reply->body, line;

    text_printf(&talk->out, "< %d\n", reply->status);
    for (size_t i = 0; i < reply->header_count; i++)
        text_printf(&talk->out, "< %.*s: %.*s\n", REDIAL_STR_ARG(reply->headers[i].name),
                    REDIAL_STR_ARG(reply->headers[i].value));
    while (str_split(&rest, '\n', &line)) text_printf(&talk->out, "< %.*s\n", REDIAL_STR_ARG(line));
    cr_assert(arena_copy(talk->arena, reply->body, &talk->body));
}

static void check(struct conversation *talk, enum platform_kind platform, const struct asked *asked)
{
    struct authority_identity identity;
    struct authority_reply refusal;
    struct redial_str why;

    if (authority_check(talk->authority, platform, &asked->request, talk->now, talk->arena,
                        &identity, &refusal, &why)) {
        text_printf(&talk->out, "< good: %.*s of generation %u%s\n", REDIAL_STR_ARG(identity.how),
                    identity.generation, identity.is_static ? ", static" : "");
        return;
    }
    tell(talk, &refusal);
    text_printf(&talk->out, "< why: %.*s\n", REDIAL_STR_ARG(why));
}

static void ask(struct conversation *talk)
{
    struct asked asked;
    struct authority_reply reply;
    int platform, issuer;

    if (talk->asked.len == 0) return;
    read_asked(talk, &asked);
    platform = platform_of(asked.server);
    issuer = names_find(&issuer_names, asked.server);
    cr_assert(platform >= 0 || issuer >= 0, "%.*s is neither an issuer nor " PLATFORM_ALL,
              REDIAL_STR_ARG(asked.server));
    if (platform >= 0) {
        check(talk, (enum platform_kind)platform, &asked);
    } else {
        cr_expect(authority_serves((enum issuer)issuer, asked.request.target), "%.*s serves %.*s",
                  REDIAL_STR_ARG(asked.server), REDIAL_STR_ARG(asked.request.target));
        cr_assert(authority_answer(talk->authority, (enum issuer)issuer, &asked.request,
                                   REDIAL_STR(BASE_URL), talk->now, talk->arena, &reply));
        tell(talk, &reply);
    }
    text_clear(&talk->asked);
}

/* ---- The other lines */

static int64_t duration(struct redial_str text)
{
    int64_t ns = 0;
    cr_assert_eq(duration_parse(text, &ns), DURATION_OK, "%.*s", REDIAL_STR_ARG(text));
    return ns;
}

static void begin_anew(struct conversation *talk)
{
    authority_destroy(talk->authority);
    talk->authority = authority_new(&talk->options);
    cr_assert_not_null(talk->authority);
}

static void command(struct conversation *talk, struct redial_str line)
{
    struct redial_str verb, platform;
    int64_t generation = 0;

    cr_assert(str_split(&line, ' ', &verb));
    if (str_is(verb, "life") || str_is(verb, "requests")) {
        talk->options = (struct authority_options){.seed = 1};
        if (str_is(verb, "life"))
            talk->options.token_life = duration(line);
        else
            cr_assert(str_to_int64(line, &talk->options.token_requests));
        begin_anew(talk);
        return;
    }
    cr_assert(str_split(&line, ' ', &platform) && str_to_int64(line, &generation));
    cr_assert(platform_of(platform) >= 0 && (str_is(verb, "expire") || str_is(verb, "revoke")));
    authority_expire(talk->authority, (enum platform_kind)platform_of(platform),
                     (uint32_t)generation, str_is(verb, "revoke"));
}

static bool begins_request(struct redial_str line)
{
    static const char *const methods[] = {"> GET ", "> POST ", "> PUT "};

    for (size_t i = 0; i < REDIAL_COUNT_OF(methods); i++)
        if (str_starts_with(line, str_of(methods[i]))) return true;
    return false;
}

static void read_line(struct conversation *talk, struct redial_str line)
{
    char mark = line.len > 0 ? line.ptr[0] : '#';

    if (mark == '<') return;
    if (mark != '>' || begins_request(line)) ask(talk);
    text_printf(&talk->out, "%.*s\n", REDIAL_STR_ARG(line));
    if (mark == '>') {
        substitute(talk, str_skip(line, 2), &talk->asked);
        text_append_char(&talk->asked, '\n');
    }
    if (mark == '=') keep(talk, str_skip(line, 2));
    if (mark == '+') talk->now += duration(str_skip(line, 2));
    if (mark == '!') command(talk, str_skip(line, 2));
}

static void converse(const char *path)
{
    struct conversation talk = {.arena = arena_new(), .options.seed = 1, .now = BEGINS};
    struct redial_str golden = file_read(talk.arena, path), rest = golden, line;

    begin_anew(&talk);
    while (str_split(&rest, '\n', &line)) read_line(&talk, line);
    ask(&talk);
    if (getenv("REDIAL_UPDATE")) {
        FILE *file = fopen(path, "w");
        cr_assert_not_null(file);
        fwrite(talk.out.ptr, 1, talk.out.len, file);
        fclose(file);
        golden = text_str(&talk.out);
    }
    cr_expect(str_eq(golden, text_str(&talk.out)), "%s\nexp:\n%.*s\ngot:\n%.*s", path,
              REDIAL_STR_ARG(golden), REDIAL_STR_ARG(text_str(&talk.out)));
    text_clean_up(&talk.asked);
    text_clean_up(&talk.out);
    authority_destroy(talk.authority);
    arena_destroy(talk.arena);
}

Test(authority, conversations_go_as_they_are_written)
{
    glob_t found;

    cr_assert_eq(glob("tests/golden/authority/*.txt", 0, NULL, &found), 0,
                 "run it from the root of the project");
    for (size_t i = 0; i < found.gl_pathc; i++) converse(found.gl_pathv[i]);
    globfree(&found);
}

/* ---- Secrets */

Test(authority, every_secret_is_a_canary_and_known)
{
    struct authority_options options = {.seed = 7};
    struct authority *authority = authority_new(&options);
    const struct redial_str canary = REDIAL_STR("canary"), jwt = REDIAL_STR("eyJ");

    for (size_t i = 0; i < authority_secret_count(authority); i++) {
        struct redial_str secret = authority_secret_at(authority, i);
        cr_expect(str_find(secret, canary) != SIZE_MAX || str_starts_with(secret, jwt), "%.*s",
                  REDIAL_STR_ARG(secret));
    }
    authority_destroy(authority);
}

/* A token of Google's metadata server, copied. */
static struct redial_str fetch_token(struct authority *authority, struct arena *arena, int64_t now)
{
    static const struct redial_header google = {REDIAL_STR_INIT("Metadata-Flavor"),
                                                REDIAL_STR_INIT("Google")};
    const struct authority_request request = {
        "GET",
        REDIAL_STR("/computeMetadata/v1/instance/service-accounts/default/token"),
        &google,
        1,
        {"", 0}};
    struct authority_reply reply;
    struct arena *own = arena_new();
    struct redial_str token;

    cr_assert(authority_answer(authority, ISSUER_GOOGLE_METADATA, &request, REDIAL_STR(BASE_URL),
                               now, own, &reply));
    struct json *body = json_parse(reply.body);
    cr_assert(arena_copy(arena, json_text(json_at(body, "access_token")), &token));
    json_free(body);
    arena_destroy(own);
    return token;
}

static bool vertex_takes(struct authority *authority, struct arena *arena, struct redial_str token,
                         int64_t now)
{
    struct redial_header bearer = {REDIAL_STR("authorization"), {0}};
    const struct authority_request request = {
        "POST",
        REDIAL_STR("/v1/projects/p/locations/l/publishers/anthropic/models/m:rawPredict"),
        &bearer,
        1,
        {"", 0}};
    struct authority_identity identity;
    struct authority_reply refusal;
    struct redial_str why;

    cr_assert(arena_printf(arena, &bearer.value, "Bearer %.*s", REDIAL_STR_ARG(token)));
    return authority_check(authority, PLATFORM_VERTEX, &request, now, arena, &identity, &refusal,
                           &why);
}

#define MANY 25000

Test(authority, forgets_the_oldest_of_very_many_tokens)
{
    struct authority_options options = {.seed = 7};
    struct authority *authority = authority_new(&options);
    struct arena *arena = arena_new();
    struct redial_str *tokens = ARENA_ARRAY(arena, struct redial_str, MANY), found[4];
    size_t begun = authority_secret_count(authority);
    struct redial_str key = authority_secret_at(authority, 1);

    for (size_t i = 0; i < MANY; i++) {
        tokens[i] = fetch_token(authority, arena, BEGINS);
        cr_assert_leq(authority_secret_count(authority), begun + 10000);
        cr_assert(authority_gave(authority, tokens[i]), "token %zu", i);
    }
    cr_expect(vertex_takes(authority, arena, tokens[MANY - 1], BEGINS));
    cr_expect(vertex_takes(authority, arena, tokens[MANY - 8000], BEGINS), "the newest are known");
    cr_expect_not(vertex_takes(authority, arena, tokens[0], BEGINS));
    cr_expect_not(authority_gave(authority, tokens[MANY - 10001]), "beyond the limit none is");
    cr_expect(authority_gave(authority, key), "what it began with stays");
    cr_expect_eq(authority_secrets_in(authority, tokens[MANY - 1], found, 4), 1);
    arena_destroy(arena);
    authority_destroy(authority);
}

Test(authority, forgets_what_is_over_before_what_is_good)
{
    struct authority_options options = {.seed = 7};
    struct authority *authority = authority_new(&options);
    struct arena *arena = arena_new();
    int64_t later = BEGINS + 2 * 3600 * NS_PER_SECOND;
    struct redial_str over = fetch_token(authority, arena, BEGINS), good;

    for (int i = 0; i < 9000; i++) (void)fetch_token(authority, arena, BEGINS);
    good = fetch_token(authority, arena, later);
    cr_expect(authority_gave(authority, over), "there is room for what is over");
    for (int i = 0; i < 9000; i++) (void)fetch_token(authority, arena, later);
    cr_expect_not(authority_gave(authority, over));
    cr_expect(vertex_takes(authority, arena, good, later));
    arena_destroy(arena);
    authority_destroy(authority);
}

static struct redial_str first_key(const struct authority *authority)
{
    const struct authority_secret *list;
    cr_assert_gt(authority_environment(authority, PLATFORM_ANTHROPIC, &list), 0);
    return list[0].value;
}

Test(authority, the_same_seed_gives_the_same_secrets_and_another_one_others)
{
    struct authority_options seven = {.seed = 7}, eight = {.seed = 8};
    struct authority *a = authority_new(&seven), *b = authority_new(&seven);
    struct authority *c = authority_new(&eight);

    cr_expect(str_eq(first_key(a), first_key(b)));
    cr_expect_not(str_eq(first_key(a), first_key(c)));
    authority_destroy(a);
    authority_destroy(b);
    authority_destroy(c);
}

Test(authority, whose_paths_are_whose)
{
    static const struct {
        enum issuer issuer;
        const char *target;
        bool served;
    } rows[] = {
        {ISSUER_ANTHROPIC, "/v1/oauth/token", true},
        {ISSUER_ANTHROPIC, "/v1/oauth/token/x", false},
        {ISSUER_ANTHROPIC, "/v1/messages", false},
        {ISSUER_AWS_STS, "/", true},
        {ISSUER_AWS_STS, "/?Action=GetCallerIdentity", true},
        {ISSUER_AWS_STS, "/x", false},
        {ISSUER_AWS_SSO, "/federation/credentials?role_name=r", true},
        {ISSUER_AWS_IMDS, "/latest/api/token", true},
        {ISSUER_AWS_CONTAINER, "/v2/credentials/redial", true},
        {ISSUER_GOOGLE_TOKEN, "/token", true},
        {ISSUER_GOOGLE_METADATA, "/computeMetadata/v1/instance", true},
        {ISSUER_AZURE_AUTHORITY, "/t/v2.0/.well-known/openid-configuration", true},
        {ISSUER_AZURE_AUTHORITY, "/t/oauth2/v2.0/token", true},
        {ISSUER_AZURE_AUTHORITY, "/t/oauth2/token", false},
        {ISSUER_AZURE_IMDS, "/metadata/identity/oauth2/token/?resource=r", true},
        {ISSUER_AZURE_APP_SERVICE, "/msi/token?resource=r", true},
    };
    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++)
        cr_expect_eq(authority_serves(rows[i].issuer, str_of(rows[i].target)), rows[i].served, "%s",
                     rows[i].target);
}

/* ---- Memory */

Test(authority, without_memory_there_is_no_authority)
{
    struct authority_options options = {.seed = 7};
    bool failed = true;

    for (size_t nth = 1; failed; nth++) {
        failing_memory_begin(nth);
        struct authority *authority = authority_new(&options);
        failed = failing_memory_end();
        cr_expect_eq(authority == NULL, failed, "allocation %zu", nth);
        authority_destroy(authority);
        cr_expect_eq(failing_memory_live(), 0);
    }
}

static const struct {
    enum issuer issuer;
    const char *method, *target;
} errands[] = {
    {ISSUER_GOOGLE_METADATA, "GET", "/computeMetadata/v1/instance/service-accounts/default/token"},
    {ISSUER_AZURE_IMDS, "GET",
     "/metadata/identity/oauth2/token?api-version=1&resource=https%3A%2F%2Fai.azure.com"},
    {ISSUER_AWS_STS, "GET",
     "/?Action=AssumeRoleWithWebIdentity&RoleArn=arn:aws:iam::123456789012:role/"
     "redial-canary&RoleSessionName=r&WebIdentityToken=x"},
    {ISSUER_AWS_STS, "GET", "/?Action=Nothing"},
    {ISSUER_AZURE_AUTHORITY, "GET",
     "/11111111-2222-4333-8444-555555555555/v2.0/.well-known/openid-configuration"},
    {ISSUER_AZURE_AUTHORITY, "GET", "/nobody/oauth2/v2.0/token"},
};

Test(authority, without_memory_there_is_no_answer)
{
    static const struct redial_header headers[] = {
        {REDIAL_STR_INIT("Metadata-Flavor"), REDIAL_STR_INIT("Google")},
        {REDIAL_STR_INIT("Metadata"), REDIAL_STR_INIT("true")}};

    for (size_t i = 0; i < REDIAL_COUNT_OF(errands); i++) {
        struct authority_options options = {.seed = 7};
        struct authority_request request = {
            errands[i].method, str_of(errands[i].target), headers, 2, {"", 0}};
        bool failed = true;
        for (size_t nth = 1; failed; nth++) {
            struct authority *authority = authority_new(&options);
            struct arena *arena = arena_new();
            struct authority_reply reply;
            failing_memory_begin(nth);
            bool good = authority_answer(authority, errands[i].issuer, &request,
                                         REDIAL_STR(BASE_URL), BEGINS, arena, &reply);
            failed = failing_memory_end();
            cr_expect_neq(good, failed, "%s: allocation %zu", errands[i].target, nth);
            arena_destroy(arena);
            authority_destroy(authority);
        }
    }
}
