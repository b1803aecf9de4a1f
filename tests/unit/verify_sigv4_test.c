/* The verifier of Signature Version 4 against what others signed: the public test suite, and
 * requests captured from the SDKs. What was signed is accepted; changed in one place, it is not. */
#include "simulator/authority/verify_sigv4.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "simulator/authority/parts.h"
#include "tests/support/failing_memory.h"
#include "tests/support/signed_request.h"

/* ---- The public suite */

static struct redial_str vector_file(struct arena *arena, const char *folder, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return str_trim(file_read(arena, path));
}

static void verify_vector(const char *folder)
{
    struct arena *arena = arena_new();
    struct signed_request vector;
    struct sigv4_rules rules = {0};
    struct sigv4_claim claim;
    struct sigv4_verdict verdict;

    signed_vector_read(arena, folder, &vector, &rules.normalise_path);
    rules.secret = vector.secret;
    rules.service = vector.service;
    rules.now = vector.date;
    cr_assert_eq(sigv4_read(&vector.request, arena, &claim, &verdict), SIGV4_GOOD);
    cr_expect_eq(sigv4_verify(&vector.request, &claim, &rules, arena, &verdict), SIGV4_GOOD,
                 "%s: %.*s", folder, REDIAL_STR_ARG(verdict.why));
    cr_expect(str_eq(str_trim(verdict.canonical_request),
                     vector_file(arena, folder, "header-canonical-request.txt")),
              "%s: got %.*s", folder, REDIAL_STR_ARG(verdict.canonical_request));
    cr_expect(
        str_eq(verdict.string_to_sign, vector_file(arena, folder, "header-string-to-sign.txt")),
        "%s: got %.*s", folder, REDIAL_STR_ARG(verdict.string_to_sign));
    rules.secret.len--;
    cr_expect_eq(sigv4_verify(&vector.request, &claim, &rules, arena, &verdict), SIGV4_MISMATCH,
                 "%s: with another secret", folder);
    arena_destroy(arena);
}

static void for_each(const char *pattern, size_t count, void (*verify)(const char *path))
{
    glob_t found;

    cr_assert_eq(glob(pattern, 0, NULL, &found), 0, "run it from the root of the project");
    cr_expect_eq(found.gl_pathc, count, "%zu of %s", (size_t)found.gl_pathc, pattern);
    for (size_t i = 0; i < found.gl_pathc; i++) verify(found.gl_pathv[i]);
    globfree(&found);
}

Test(verify_sigv4, the_public_suite_is_verified_to_the_letter)
{
    for_each("tests/vectors/sigv4/*/", 19, verify_vector);
}

/* ---- What SDKs signed, at the authority */

struct trial {
    struct arena *arena;
    struct authority *authority;
    struct signed_request captured;
    int64_t now;
    struct redial_str why;
    uint16_t status;
};

/* An authority that has given out the keys of the captured request. */
static void trial_init(struct trial *trial, const char *path)
{
    struct authority_options options = {.seed = 1};
    struct grant grant = {.kind = GRANT_SIGNER,
                          .platform = PLATFORM_BEDROCK,
                          .expires_at = INT64_MAX,
                          .requests_left = -1};

    *trial = (struct trial){.arena = arena_new(), .authority = authority_new(&options)};
    signed_request_read(trial->arena, path, &trial->captured);
    trial->now = trial->captured.date;
    grant.text = trial->captured.access_key_id;
    grant.secret = trial->captured.secret;
    grant.session = trial->captured.session;
    cr_assert_not_null(grant_begin_with(trial->authority, &grant));
}

static void trial_clean_up(struct trial *trial)
{
    authority_destroy(trial->authority);
    arena_destroy(trial->arena);
}

static bool is_accepted(struct trial *trial)
{
    const struct authority_request *request = &trial->captured.request;
    struct arena *arena = arena_new();
    struct authority_reply reply;
    struct authority_identity identity;
    bool good;

    if (str_is(trial->captured.service, "sts")) {
        cr_assert(authority_answer(trial->authority, ISSUER_AWS_STS, request, REDIAL_STR(""),
                                   trial->now, arena, &reply));
        good = reply.status == 200;
    } else {
        good = authority_check(trial->authority, PLATFORM_BEDROCK, request, trial->now, arena,
                               &identity, &reply, &trial->why);
        cr_expect(good || (trial->why.len > 0 && reply.body.len > 0), "a refusal says why");
        cr_expect(!good || str_is(identity.how, "sigv4"));
        if (!good) cr_assert(arena_copy(trial->arena, trial->why, &trial->why));
    }
    trial->status = reply.status;
    arena_destroy(arena);
    return good;
}

static void verify_captured(const char *path)
{
    struct trial trial;

    trial_init(&trial, path);
    cr_expect(is_accepted(&trial), "%s: %.*s", path, REDIAL_STR_ARG(trial.why));
    trial_clean_up(&trial);
}

#define CAPTURED       "tests/vectors/signed/*.json"
#define CAPTURED_COUNT 13

Test(verify_sigv4, what_an_sdk_signed_is_accepted)
{
    for_each(CAPTURED, CAPTURED_COUNT, verify_captured);
}

/* ---- One change */

/* Every byte of `text` becomes another one, one at a time: nothing of it may be accepted. */
static void change_every_byte(struct trial *trial, struct redial_str *text, const char *what)
{
    struct redial_str was = *text;
    char *changed = ARENA_ARRAY(trial->arena, char, was.len + 1);

    for (size_t i = 0; i < was.len; i++) {
        memcpy(changed, was.ptr, was.len);
        changed[i] = (char)(changed[i] == ' ' ? '!' : changed[i] + 1);
        *text = (struct redial_str){changed, was.len};
        cr_expect_not(is_accepted(trial), "%s, byte %zu: accepted %.*s", what, i,
                      REDIAL_STR_ARG(*text));
    }
    *text = was;
}

/* Shorter, longer. No request has an empty target: "/" stays. */
static void change_length(struct trial *trial, struct redial_str *text, const char *what)
{
    struct redial_str was = *text;

    cr_assert(arena_printf(trial->arena, text, "%.*sx", REDIAL_STR_ARG(was)));
    cr_expect_not(is_accepted(trial), "%s: accepted with more behind it", what);
    cr_assert(arena_printf(trial->arena, text, "x%.*s", REDIAL_STR_ARG(was)));
    cr_expect_not(is_accepted(trial), "%s: accepted with more before it", what);
    *text = was;
    if (was.len < 2) return;
    *text = str_take(was, was.len - 1);
    cr_expect_not(is_accepted(trial), "%s: accepted without its end", what);
    *text = str_skip(was, 1);
    cr_expect_not(is_accepted(trial), "%s: accepted without its beginning", what);
    *text = was;
}

static bool is_signed(const struct trial *trial, struct redial_str name)
{
    const struct signed_request *captured = &trial->captured;
    struct redial_str rest, one;

    for (size_t i = 0; i < captured->request.header_count; i++) {
        if (!str_eq_nocase(captured->headers[i].name, REDIAL_STR("authorization"))) continue;
        rest = captured->headers[i].value;
        rest = str_skip(rest, str_find(rest, REDIAL_STR("SignedHeaders=")) + 14);
        cr_assert(str_split(&rest, ',', &rest) || rest.len > 0);
        while (str_split(&rest, ';', &one))
            if (str_eq_nocase(one, name)) return true;
    }
    return str_eq_nocase(name, REDIAL_STR("authorization"));
}

static void change_header(struct trial *trial, size_t index)
{
    struct redial_header *header = &trial->captured.headers[index], was = *header;
    size_t count = trial->captured.request.header_count;
    char what[64];

    snprintf(what, sizeof what, "%.*s", REDIAL_STR_ARG(was.name));
    header->value = str_trim(header->value);
    change_every_byte(trial, &header->name, what);
    change_every_byte(trial, &header->value, what);
    change_length(trial, &header->name, what);
    change_length(trial, &header->value, what);
    header->value = REDIAL_STR("");
    cr_expect_not(is_accepted(trial), "%s: accepted empty", what);
    *header = was;
    trial->captured.headers[count] = was;
    trial->captured.request.header_count = count + 1;
    cr_expect(str_eq_nocase(was.name, REDIAL_STR("authorization")) || !is_accepted(trial),
              "%s: accepted twice", what);
    trial->captured.request.header_count = count;
    *header = trial->captured.headers[count - 1];
    trial->captured.request.header_count = count - 1;
    cr_expect_not(is_accepted(trial), "%s: accepted without it", what);
    trial->captured.request.header_count = count;
    *header = was;
}

static void change_headers(struct trial *trial)
{
    for (size_t i = 0; i < trial->captured.request.header_count; i++)
        if (is_signed(trial, trial->captured.headers[i].name)) change_header(trial, i);
}

static void change_everything(const char *path)
{
    struct trial trial;
    struct authority_request *request;

    trial_init(&trial, path);
    request = &trial.captured.request;
    change_every_byte(&trial, &request->target, "target");
    change_length(&trial, &request->target, "target");
    change_every_byte(&trial, &request->body, "body");
    change_length(&trial, &request->body, "body");
    change_headers(&trial);
    cr_expect(is_accepted(&trial), "%s: all is put back", path);
    trial_clean_up(&trial);
}

Test(verify_sigv4, whatever_is_changed_in_one_place_is_refused)
{
    for_each(CAPTURED, CAPTURED_COUNT, change_everything);
}

/* ---- Changes with a name */

struct change_case {
    char name[72];
    char file[24]; /* of tests/vectors/signed */
    char target[80], method[8];
    char header[24], value[80]; /* a header more, or its new value */
    char from[48], to[48];      /* a piece of Authorization */
    int64_t later;              /* seconds between its date and now */
    bool accepted;
    char why[64];
};

/* clang-format off */
#define COLON "/model/us.anthropic.claude-haiku-4-5-20251001-v1"
ParameterizedTestParameters(verify_sigv4, change)
{
    static struct change_case cases[] = {
        {"nothing is changed", "sdk-1x-colon", .accepted = true},
        {"the same path with its colon encoded", "sdk-1x-colon", .target = COLON "%3A0/invoke", .why = "its path was not"},
        {"another case of the escape", "aws-sdk-invoke", .target = COLON "%3a0/invoke", .why = "none of the usual slips"},
        {"an escape decoded", "aws-sdk-invoke", .target = COLON ":0/invoke"},
        {"a double slash", "sdk-1x-colon", .target = "/" COLON ":0/invoke", .why = "dot segments resolved"},
        {"a dot segment", "sdk-1x-colon", .target = "/." COLON ":0/invoke", .why = "dot segments resolved"},
        {"a way up and down again", "sdk-1x-colon", .target = "/x/.." COLON ":0/invoke", .why = "dot segments resolved"},
        {"a slash at the end", "sdk-1x-colon", .target = COLON ":0/invoke/"},
        {"another operation", "sdk-1x-colon", .target = COLON ":0/invoke-with-response-stream"},
        {"a query where there was none", "sdk-1x-colon", .target = COLON ":0/invoke?beta=true"},
        {"a name of a query alone", "sdk-1x-colon", .target = COLON ":0/invoke?beta"},
        {"an empty query is none", "sdk-1x-colon", .target = COLON ":0/invoke?", .accepted = true},
        {"another method", "sdk-1x-colon", .method = "PUT"},
        {"a method in small letters", "sdk-1x-colon", .method = "post"},
        {"a header of AWS's that is not signed", "sdk-1x-colon", .header = "x-amz-target", .value = "other", .why = "x-amz-target is sent and not signed"},
        {"an empty header of AWS's that is not signed", "sdk-1x-colon", .header = "X-Amz-Meta", .value = "", .why = "X-Amz-Meta is sent and not signed"},
        {"a header that nobody signs", "sdk-1x-colon", .header = "x-request-id", .value = "7", .accepted = true},
        {"blanks around a value mean nothing", "sdk-1x-colon", .header = "accept", .value = " application/json  ", .accepted = true},
        {"a token with keys that have none", "sdk-1x-colon", .header = "x-amz-security-token", .value = "x", .why = "sent with keys that have none"},
        {"an empty token with keys that have one", "sdk-1x-beta", .header = "x-amz-security-token", .value = "", .why = "not the one that belongs"},
        {"a host without its port", "sdk-1x-colon", .header = "host", .value = "127.0.0.1"},
        {"a hash that is not the body's", "sdk-1x-colon", .header = "x-amz-content-sha256", .value = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", .why = "the body's hash is"},
        {"UNSIGNED-PAYLOAD", "sdk-1x-colon", .header = "x-amz-content-sha256", .value = "UNSIGNED-PAYLOAD", .why = "the body's hash is"},
        {"a second later on the header", "sdk-1x-colon", .header = "x-amz-date", .value = "+1"},
        {"no date at all", "sdk-1x-colon", .header = "x-amz-date", .value = "today", .why = "not of the form"},
        {"five minutes old", "sdk-1x-colon", .later = 300, .accepted = true},
        {"older than five minutes", "sdk-1x-colon", .later = 301, .why = "more than 5 minutes before"},
        {"five minutes ahead", "sdk-1x-colon", .later = -300, .accepted = true},
        {"further ahead than five minutes", "sdk-1x-colon", .later = -301, .why = "more than 5 minutes after"},
        {"another region", "sdk-1x-colon", .from = "/us-east-1/", .to = "/us-east-2/"},
        {"another service", "sdk-1x-colon", .from = "/bedrock/", .to = "/s3/", .why = "names service 's3', expected 'bedrock'"},
        {"Mantle's service for the runtime", "sdk-1x-colon", .from = "/bedrock/", .to = "/bedrock-mantle/", .why = "expected 'bedrock'"},
        {"the runtime's service for Mantle", "sdk-1x-mantle", .from = "/bedrock-mantle/", .to = "/bedrock/", .why = "expected 'bedrock-mantle'"},
        {"another terminator", "sdk-1x-colon", .from = "aws4_request", .to = "aws5_request", .why = "expected aws4_request"},
        {"another day", "sdk-1x-colon", .from = "/2026", .to = "/2025", .why = "the scope says 2025"},
        {"an unknown key id", "sdk-1x-colon", .from = "AKIACANARYCAPTURED00", .to = "AKIACANARYCAPTURED01", .why = "none that was given out"},
        {"a scope with too few parts", "sdk-1x-colon", .from = "/us-east-1", .to = "", .why = "no well-formed Credential"},
        {"a scope with too many parts", "sdk-1x-colon", .from = "/us-east-1", .to = "/us/east", .why = "no well-formed Credential"},
        {"host is not signed", "sdk-1x-colon", .from = ";host", .to = "", .why = "does not name host"},
        {"one signed header less", "sdk-1x-colon", .from = ";content-type", .to = "", .why = "none of the usual slips"},
        {"a signed header more", "sdk-1x-colon", .from = ";host", .to = ";dnt;host"},
        {"a date that is not signed", "sdk-1x-colon", .from = ";x-amz-date", .to = "", .why = "x-amz-date is sent and not signed"},
        {"a token that is not signed", "sdk-1x-beta", .from = ";x-amz-security-token", .to = "", .why = "x-amz-security-token is sent and not signed"},
        {"signed headers in another order", "sdk-1x-colon", .from = "accept;content-type", .to = "content-type;accept"},
        {"signed headers in capitals", "sdk-1x-colon", .from = "=accept;", .to = "=Accept;"},
        {"no signature", "sdk-1x-colon", .from = "Signature=", .to = "Sign=", .why = "no well-formed Signature"},
        {"no signed headers", "sdk-1x-colon", .from = "SignedHeaders=", .to = "Headers=", .why = "no well-formed SignedHeaders"},
        {"a signature in capitals", "sdk-1x-colon", .from = "Signature=", .to = "Signature=A"},
        {"another algorithm", "sdk-1x-colon", .from = "AWS4-HMAC-SHA256", .to = "AWS4-HMAC-SHA512", .why = "begins with AWS4-HMAC-SHA256"},
        {"commas without blanks are the same", "sdk-1x-colon", .from = ", SignedHeaders", .to = ",SignedHeaders", .accepted = true},
    };
    return cr_make_param_array(struct change_case, cases, REDIAL_COUNT_OF(cases));
}
/* clang-format on */

static struct redial_str date_after(struct trial *trial, int64_t seconds)
{
    struct redial_str date = signed_header(&trial->captured, "x-amz-date")->value, changed;
    int64_t clock = 0;

    date = str_trim(date);
    cr_assert(str_to_int64(str_take(str_skip(date, 9), 6), &clock));
    cr_assert(arena_printf(trial->arena, &changed, "%.*s%06lldZ", 9, date.ptr,
                           (long long)(clock + seconds)));
    return changed;
}

static void apply_header(struct trial *trial, const struct change_case *c)
{
    struct signed_request *captured = &trial->captured;
    struct redial_header *header = signed_header(captured, c->header);

    if (!header) header = &captured->headers[captured->request.header_count++];
    header->name = str_of(c->header);
    if (str_is(str_of(c->value), "+1"))
        header->value = date_after(trial, 1);
    else
        header->value = str_of(c->value);
}

static void apply_authorization(struct trial *trial, const struct change_case *c)
{
    struct redial_header *header = signed_header(&trial->captured, "authorization");
    struct redial_str was = header->value;
    size_t at = str_find(was, str_of(c->from));

    cr_assert_neq(at, SIZE_MAX, "%s: '%s' is not there", c->name, c->from);
    cr_assert(arena_printf(trial->arena, &header->value, "%.*s%s%.*s", (int)at, was.ptr, c->to,
                           REDIAL_STR_ARG(str_skip(was, at + strlen(c->from)))));
}

ParameterizedTest(struct change_case *c, verify_sigv4, change)
{
    struct trial trial;
    char path[128];

    snprintf(path, sizeof path, "tests/vectors/signed/%s.json", c->file);
    trial_init(&trial, path);
    if (c->target[0]) trial.captured.request.target = str_of(c->target);
    if (c->method[0]) trial.captured.request.method = c->method;
    if (c->header[0]) apply_header(&trial, c);
    if (c->from[0]) apply_authorization(&trial, c);
    trial.now += c->later * NS_PER_SECOND;
    cr_expect_eq(is_accepted(&trial), c->accepted, "%s: %.*s", c->name, REDIAL_STR_ARG(trial.why));
    cr_expect(str_find(trial.why, str_of(c->why)) != SIZE_MAX, "%s: exp '%s', got '%.*s'", c->name,
              c->why, REDIAL_STR_ARG(trial.why));
    cr_expect_eq(str_find(trial.why, trial.captured.secret), SIZE_MAX, "no secret in it");
    trial_clean_up(&trial);
}

/* ---- Queries: their order means nothing, everything else does */

struct query_case {
    char name[64];
    char target[64];
    bool accepted;
};

ParameterizedTestParameters(verify_sigv4, query)
{
    /* clang-format off */
    static struct query_case cases[] = { /* signed was /?Param2=value2&Param1=value1 */
        {"as signed", "/?Param2=value2&Param1=value1", true},
        {"in another order", "/?Param1=value1&Param2=value2", true},
        {"with a letter encoded that need not be", "/?Param2=v%61lue2&Param1=value1", true},
        {"with another value", "/?Param2=value3&Param1=value1", false},
        {"with another name", "/?Param3=value2&Param1=value1", false},
        {"with a name in other letters", "/?param2=value2&Param1=value1", false},
        {"with values exchanged", "/?Param2=value1&Param1=value2", false},
        {"with one less", "/?Param2=value2", false},
        {"with one more", "/?Param2=value2&Param1=value1&Param3=", false},
        {"with one twice", "/?Param2=value2&Param1=value1&Param1=value1", false},
        {"with an encoded separator", "/?Param2=value2%26Param1=value1", false},
        {"with an encoded equals sign", "/?Param2%3Dvalue2&Param1=value1", false},
        {"with a blank at an end", "/?Param2=value2%20&Param1=value1", false},
    };
    /* clang-format on */
    return cr_make_param_array(struct query_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct query_case *c, verify_sigv4, query)
{
    struct arena *arena = arena_new();
    struct signed_request vector;
    struct sigv4_rules rules = {0};
    struct sigv4_claim claim;
    struct sigv4_verdict verdict;
    enum sigv4_fault fault;

    signed_vector_read(arena, "tests/vectors/sigv4/get-vanilla-query-order-key-case", &vector,
                       &rules.normalise_path);
    rules.secret = vector.secret;
    rules.service = vector.service;
    rules.now = vector.date;
    vector.request.target = str_of(c->target);
    cr_assert_eq(sigv4_read(&vector.request, arena, &claim, &verdict), SIGV4_GOOD);
    fault = sigv4_verify(&vector.request, &claim, &rules, arena, &verdict);
    cr_expect_eq(fault == SIGV4_GOOD, c->accepted, "%s", c->name);
    arena_destroy(arena);
}

/* ---- Memory */

Test(verify_sigv4, without_memory_nothing_is_accepted)
{
    struct trial trial;
    struct authority_reply reply;
    struct authority_identity identity;
    bool failed = true;

    trial_init(&trial, "tests/vectors/signed/sdk-1x-beta.json");
    for (size_t nth = 1; failed; nth++) {
        struct arena *arena = arena_new();
        failing_memory_begin(nth);
        bool good = authority_check(trial.authority, PLATFORM_BEDROCK, &trial.captured.request,
                                    trial.now, arena, &identity, &reply, &trial.why);
        failed = failing_memory_end();
        cr_expect_neq(good, failed, "allocation %zu", nth);
        if (failed) cr_expect_eq(reply.status, 500);
        arena_destroy(arena);
    }
    trial_clean_up(&trial);
}
