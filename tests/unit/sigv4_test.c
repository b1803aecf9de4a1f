/* Signatures against the public vectors (tests/vectors/sigv4), and paths, headers and bodies that
 * those do not have. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "credentials/sigv4.h"
#include "credentials/sigv4_hash.h"
#include "document/json.h"
#include "tests/support/failing_memory.h"

#define VECTORS      "tests/vectors/sigv4"
#define VECTOR_COUNT 19
#define HEADERS_MAX  16

static struct redial_str why;

/* ---- The vectors ---- */

static struct redial_str read_file(struct arena *arena, const char *vector, const char *name)
{
    char path[512], bytes[16384];
    struct redial_str copy;
    snprintf(path, sizeof path, "%s/%s/%s", VECTORS, vector, name);
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    cr_assert(len < sizeof bytes && arena_copy(arena, (struct redial_str){bytes, len}, &copy));
    return copy;
}

static struct redial_str member(struct arena *arena, const struct json *context, const char *path)
{
    struct redial_str copy;
    cr_assert(arena_copy(arena, json_text(json_at(context, path)), &copy));
    return copy;
}

static struct sigv4 read_context(struct arena *arena, const char *vector)
{
    struct sigv4 keys = {0};
    struct json *context = json_parse(read_file(arena, vector, "context.json"));
    cr_assert_not_null(context);
    keys.access_key_id = member(arena, context, "credentials.access_key_id");
    keys.secret_access_key = member(arena, context, "credentials.secret_access_key");
    keys.session_token = member(arena, context, "credentials.token");
    keys.region = member(arena, context, "region");
    keys.service = member(arena, context, "service");
    keys.normalise_path = json_true(json_at(context, "normalize"));
    keys.content_sha256 = json_true(json_at(context, "sign_body"));
    cr_assert(rfc3339_parse(json_text(json_at(context, "timestamp")), &keys.now));
    json_free(context);
    return keys;
}

/* "METHOD target HTTP/1.1", headers, an empty line, the body. */
static struct http_request read_request(struct arena *arena, const char *vector)
{
    struct redial_str rest = read_file(arena, vector, "request.txt"), line, name, host = {0};
    struct redial_header *headers = ARENA_ARRAY(arena, struct redial_header, HEADERS_MAX);
    struct redial_str *body = ARENA_NEW(arena, struct redial_str), method, target, url;
    size_t count = 0;
    cr_assert(str_split(&rest, '\n', &target) && str_split(&target, ' ', &name));
    cr_assert(arena_copy(arena, name, &method));
    target = str_take(str_trim(target), str_trim(target).len - strlen(" HTTP/1.1"));
    while (str_split(&rest, '\n', &line) && str_trim(line).len > 0) {
        cr_assert(count < HEADERS_MAX && str_split(&line, ':', &name));
        headers[count++] = (struct redial_header){name, line};
        if (str_eq_nocase(name, REDIAL_STR("host"))) host = str_trim(line);
    }
    *body = rest;
    cr_assert(arena_printf(arena, &url, "https://%.*s%.*s", REDIAL_STR_ARG(host),
                           REDIAL_STR_ARG(target)));
    return (struct http_request){method.ptr, url, headers, count, body, 1};
}

static void expect_file(struct arena *arena, const char *vector, const char *name,
                        struct redial_str got)
{
    struct redial_str want = read_file(arena, vector, name);
    cr_expect(str_eq(want, got), "%s: %s\n--- want\n%.*s\n--- got\n%.*s", vector, name,
              REDIAL_STR_ARG(want), REDIAL_STR_ARG(got));
}

static struct redial_str header_of(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (str_eq_nocase(request->headers[i].name, str_of(name))) return request->headers[i].value;
    return (struct redial_str){0};
}

static void expect_vector(const char *vector)
{
    struct arena *arena = arena_new();
    struct sigv4 keys = read_context(arena, vector);
    struct http_request request = read_request(arena, vector);
    struct sigv4_parts parts;
    cr_assert(sigv4_sign(arena, &keys, &request, &parts, &why), "%s: %.*s", vector,
              REDIAL_STR_ARG(why));
    expect_file(arena, vector, "header-canonical-request.txt", parts.canonical_request);
    expect_file(arena, vector, "header-string-to-sign.txt", parts.string_to_sign);
    expect_file(arena, vector, "header-signature.txt", parts.signature);
    struct redial_str sent = read_file(arena, vector, "header-signed-request.txt");
    cr_expect_neq(str_find(sent, header_of(&request, "authorization")), SIZE_MAX, "%s", vector);
    arena_destroy(arena);
}

Test(sigv4, agrees_with_the_public_vectors)
{
    size_t count = 0;
    DIR *folder = opendir(VECTORS);
    cr_assert_not_null(folder);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
        expect_vector(entry->d_name);
        count++;
    }
    closedir(folder);
    cr_expect_eq(count, VECTOR_COUNT);
}

/* ---- What the vectors do not have ---- */

static const struct sigv4 bedrock = {
    .access_key_id = REDIAL_STR_INIT("AKIDEXAMPLE"),
    .secret_access_key = REDIAL_STR_INIT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    .region = REDIAL_STR_INIT("us-east-1"),
    .service = REDIAL_STR_INIT("bedrock"),
    .now = INT64_C(1440938160) * NS_PER_SECOND,
};

struct path_case {
    char url[112], canonical[112];
    bool raw, normalise;
};

ParameterizedTestParameters(sigv4, path_is_encoded_a_second_time)
{
    static struct path_case cases[] = {
        {"https://h/model/us.anthropic.claude-haiku-4-5-20251001-v1:0/invoke",
         "/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/invoke", false, false},
        {"https://h/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/invoke",
         "/model/us.anthropic.claude-haiku-4-5-20251001-v1%253A0/invoke", false, false},
        {"https://h/model/arn:aws:bedrock:us-east-1:1:application-inference-profile%2Fid/invoke",
         "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aapplication-inference-profile%252Fid/invoke",
         false, false},
        {"https://h/a%20b", "/a%20b", true, false},
        {"https://h", "/", false, false},
        {"https://h?a=b", "/", false, true},
        {"https://h//a//b/", "//a//b/", false, false},
        {"https://h//a//b/", "/a/b/", false, true},
        {"https://h/a/../../b/./c", "/b/c", false, true},
        {"https://h/a/..", "/", false, true},
    };
    return cr_make_param_array(struct path_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct path_case *c, sigv4, path_is_encoded_a_second_time)
{
    struct arena *arena = arena_new();
    struct sigv4 keys = bedrock;
    struct http_request request = {.method = "POST", .url = str_of(c->url)};
    struct sigv4_parts parts;
    struct redial_str rest, line;
    keys.raw_path = c->raw;
    keys.normalise_path = c->normalise;
    cr_assert(sigv4_sign(arena, &keys, &request, &parts, &why));
    rest = parts.canonical_request;
    cr_assert(str_split(&rest, '\n', &line) && str_split(&rest, '\n', &line));
    cr_expect(str_is(line, c->canonical), "%.*s", REDIAL_STR_ARG(line));
    arena_destroy(arena);
}

/* Computed by Python's hashlib and hmac, step by step after AWS's description. */
struct whole_case {
    char name[56], url[112], body[32], token[24], signature[65];
};

ParameterizedTestParameters(sigv4, agrees_with_another_hand)
{
    static struct whole_case cases[] = {
        {"a colon in the path",
         "https://bedrock-runtime.us-east-1.amazonaws.com/model/"
         "us.anthropic.claude-haiku-4-5-20251001-v1:0/invoke",
         "{}", "", "66beddbcdfa35508b0dc08326027280b20363d9caec04b71c0e5b0a45e82f4dd"},
        {"an encoded colon", "https://bedrock-runtime.us-east-1.amazonaws.com/model/a%3A0/invoke",
         "{}", "token", "38341fe78177589483b2b50ff8177ec917100d166898927bbc7363717b35f6cb"},
        {"an encoded slash of an ARN",
         "https://127.0.0.1:8443/model/arn:aws:bedrock:us-east-1:1:inference-profile%2Fa/invoke",
         "{\"max_tokens\":1}", "token",
         "52d89ac307c9f53154c1948ba3ae56a797e1dd00e9965762fa2a2b298c482a94"},
        {"a query out of order, encoded anew", "https://h/?b=2&a=%7e&a=%2f&a&c=+", "", "",
         "e0edab3d54179d562f10c8c52f899c116847a075f5f447e90ad7b566f8fea649"},
    };
    return cr_make_param_array(struct whole_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct whole_case *c, sigv4, agrees_with_another_hand)
{
    struct arena *arena = arena_new();
    struct sigv4 keys = bedrock;
    struct sigv4_parts parts;
    const struct redial_header headers[] = {
        {REDIAL_STR("content-type"), REDIAL_STR("application/json")},
        {REDIAL_STR("User-Agent"), REDIAL_STR("never signed")},
        {REDIAL_STR("x-amzn-bedrock-accept"), REDIAL_STR("  a   b ")},
        {REDIAL_STR("Authorization"), REDIAL_STR("of an earlier try")},
    };
    struct redial_str body = str_of(c->body);
    /* in pieces, an empty one among them */
    const struct redial_str pieces[] = {str_take(body, 1), {NULL, 0}, str_skip(body, 1)};
    struct http_request request = {"POST", str_of(c->url), headers, 4, pieces, 3};
    keys.session_token = str_of(c->token);
    keys.content_sha256 = true;
    cr_assert(sigv4_sign(arena, &keys, &request, &parts, &why));
    cr_expect(str_is(parts.signature, c->signature), "%s: %.*s\n%.*s", c->name,
              REDIAL_STR_ARG(parts.signature), REDIAL_STR_ARG(parts.canonical_request));
    cr_expect(str_ends_with(header_of(&request, "authorization"), parts.signature));
    cr_expect(str_is(header_of(&request, "x-amz-security-token"), c->token));
    arena_destroy(arena);
}

/* RFC 4231, test cases 1, 2 and 6: keys shorter than a block, and longer. */
Test(sigv4, hmac_agrees_with_its_rfc)
{
    static const struct {
        const char *key, *data;
        unsigned char begins[4];
    } rows[] = {
        {"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b",
         "Hi There",
         {0xb0, 0x34, 0x4c, 0x61}},
        {"Jefe", "what do ya want for nothing?", {0x5b, 0xdc, 0xc1, 0x46}},
        {NULL, "Test Using Larger Than Block-Size Key - Hash Key First", {0x60, 0xe4, 0x31, 0x59}},
    };
    char long_key[131];
    struct hasher hasher = {0};
    struct hash hash;
    memset(long_key, 0xaa, sizeof long_key);
    cr_assert(hasher_init(&hasher));
    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++) {
        struct redial_str key =
            rows[i].key ? str_of(rows[i].key) : (struct redial_str){long_key, sizeof long_key};
        cr_assert(hasher_hmac(&hasher, key, str_of(rows[i].data), &hash));
        cr_expect_arr_eq(hash.bytes, rows[i].begins, sizeof rows[i].begins, "row %zu", i);
    }
    hasher_clean_up(&hasher);
}

Test(sigv4, signing_again_replaces_the_earlier_signature)
{
    struct arena *arena = arena_new();
    struct sigv4 keys = bedrock;
    struct http_request request = {.method = "POST", .url = REDIAL_STR("https://h/")};
    struct sigv4_parts first, second;
    keys.session_token = REDIAL_STR("token");
    keys.content_sha256 = true;
    cr_assert(sigv4_sign(arena, &keys, &request, &first, &why));
    size_t count = request.header_count;
    cr_assert(sigv4_sign(arena, &keys, &request, &second, &why));
    cr_expect_eq(request.header_count, count);
    cr_expect(str_eq(first.signature, second.signature));
    keys.now += NS_PER_SECOND;
    cr_assert(sigv4_sign(arena, &keys, &request, &second, &why));
    cr_expect_not(str_eq(first.signature, second.signature));
    arena_destroy(arena);
}

Test(sigv4, sends_a_token_unsigned_where_asked)
{
    struct arena *arena = arena_new();
    struct sigv4 keys = bedrock;
    struct http_request request = {.method = "POST", .url = REDIAL_STR("https://h/")};
    struct sigv4_parts parts;
    keys.session_token = REDIAL_STR("token");
    keys.leave_token_out = true;
    cr_assert(sigv4_sign(arena, &keys, &request, &parts, &why));
    cr_expect(str_is(header_of(&request, "x-amz-security-token"), "token"));
    cr_expect_eq(str_find(parts.canonical_request, REDIAL_STR("security-token")), SIZE_MAX);
    arena_destroy(arena);
}

struct host_case {
    char url[48], host[48];
};

ParameterizedTestParameters(sigv4, host_is_signed_as_it_is_sent)
{
    static struct host_case cases[] = {
        {"https://example.com/", "host:example.com\n"},
        {"https://example.com:443/", "host:example.com\n"},
        {"https://example.com:/", "host:example.com\n"},
        {"https://example.com:80/", "host:example.com:80\n"},
        {"http://127.0.0.1:80/", "host:127.0.0.1\n"},
        {"http://127.0.0.1:8080/", "host:127.0.0.1:8080\n"},
        {"http://[::1]:8080/", "host:[::1]:8080\n"},
        {"http://[::1]", "host:[::1]\n"},
    };
    return cr_make_param_array(struct host_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct host_case *c, sigv4, host_is_signed_as_it_is_sent)
{
    struct arena *arena = arena_new();
    struct http_request request = {.method = "GET", .url = str_of(c->url)};
    struct sigv4_parts parts;
    cr_assert(sigv4_sign(arena, &bedrock, &request, &parts, &why));
    cr_expect_neq(str_find(parts.canonical_request, str_of(c->host)), SIZE_MAX, "%.*s",
                  REDIAL_STR_ARG(parts.canonical_request));
    arena_destroy(arena);
}

Test(sigv4, refuses_what_cannot_be_signed_without_showing_it)
{
    static const struct {
        const char *id, *secret, *token, *region, *service, *url, *why;
    } rows[] = {
        {"", "s", "", "r", "s", "https://h/", "*access key ID*"},
        {"A", "", "", "r", "s", "https://h/", "*secret key*"},
        {"A", "canary\n1", "", "r", "s", "https://h/", "*secret key*"},
        {"A", "s", "canary\r1", "r", "s", "https://h/", "*session token*"},
        {"A", "s", "", "", "s", "https://h/", "*no AWS region*AWS_REGION*"},
        {"A", "s", "", "r", "", "https://h/", "*no AWS service*"},
        {"A", "s", "", "r", "s", "host/path", "*URL*"},
    };
    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++) {
        struct arena *arena = arena_new();
        struct http_request request = {.method = "GET", .url = str_of(rows[i].url)};
        const struct sigv4 keys = {.access_key_id = str_of(rows[i].id),
                                   .secret_access_key = str_of(rows[i].secret),
                                   .session_token = str_of(rows[i].token),
                                   .region = str_of(rows[i].region),
                                   .service = str_of(rows[i].service)};
        cr_expect_not(sigv4_sign(arena, &keys, &request, NULL, &why));
        cr_expect(glob_match(str_of(rows[i].why), why), "%zu: %.*s", i, REDIAL_STR_ARG(why));
        cr_expect_eq(str_find(why, REDIAL_STR("canary")), SIZE_MAX);
        arena_destroy(arena);
    }
}

Test(sigv4, survives_every_failed_allocation)
{
    bool failed = true;
    for (size_t nth = 1; failed; nth++) {
        struct sigv4 keys = bedrock;
        struct redial_str body = REDIAL_STR("{}");
        struct http_request request = {.method = "POST",
                                       .url = REDIAL_STR("https://h/a/../b:c?z=%31&y"),
                                       .pieces = &body,
                                       .piece_count = 1};
        keys.normalise_path = true;
        keys.session_token = REDIAL_STR("token");
        failing_memory_begin(nth);
        struct arena *arena = arena_new();
        bool good = arena && sigv4_sign(arena, &keys, &request, NULL, &why);
        arena_destroy(arena);
        failed = failing_memory_end();
        cr_assert_eq(failing_memory_live(), 0, "allocation %zu leaks", nth);
        cr_assert_eq(good, !failed, "allocation %zu", nth);
        if (!good && nth > 1) cr_expect(str_is(why, "memory is out"));
    }
}
