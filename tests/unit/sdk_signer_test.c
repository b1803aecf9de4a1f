/* The SDKs as a second opinion on our signatures: what they signed, signed again by us with the
 * same keys at the same moment, has the same Authorization, letter for letter. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "credentials/sigv4.h"
#include "tests/support/signed_request.h"

struct captured_case {
    char file[32];
};

ParameterizedTestParameters(sdk_signer, agrees_with_what_an_sdk_signed)
{
    static struct captured_case cases[] = {
        {"aws-sdk-arn"},         {"aws-sdk-assume-role"}, {"aws-sdk-count-tokens"},
        {"aws-sdk-invoke"},      {"sdk-0x-arn"},          {"sdk-0x-beta"},
        {"sdk-0x-colon"},        {"sdk-0x-plain-stream"}, {"sdk-1x-arn"},
        {"sdk-1x-beta"},         {"sdk-1x-colon"},        {"sdk-1x-mantle"},
        {"sdk-1x-plain-stream"},
    };
    return cr_make_param_array(struct captured_case, cases, REDIAL_COUNT_OF(cases));
}

/* The part of `text` between two marks. */
static struct redial_str between(struct redial_str text, const char *begin, const char *end)
{
    size_t from = str_find(text, str_of(begin));
    cr_assert_neq(from, SIZE_MAX);
    struct redial_str rest = str_skip(text, from + str_of(begin).len);
    size_t to = str_find(rest, str_of(end));

    return to == SIZE_MAX ? rest : str_take(rest, to);
}

/* What the signer adds by itself. */
static bool is_added(struct redial_str name)
{
    static const char *const added[] = {"x-amz-date", "x-amz-content-sha256",
                                        "x-amz-security-token", "host"};

    for (size_t i = 0; i < REDIAL_COUNT_OF(added); i++)
        if (str_eq_nocase(name, str_of(added[i]))) return true;
    return false;
}

static bool is_signed(struct redial_str list, struct redial_str name)
{
    struct redial_str one;

    while (str_split(&list, ';', &one))
        if (str_eq_nocase(one, name)) return true;
    return false;
}

static size_t keep_signed(const struct signed_request *captured, struct redial_str list,
                          struct redial_header headers[SIGNED_HEADERS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < captured->request.header_count; i++) {
        const struct redial_header *header = &captured->headers[i];
        if (is_signed(list, header->name) && !is_added(header->name)) headers[count++] = *header;
    }
    return count;
}

ParameterizedTest(struct captured_case *c, sdk_signer, agrees_with_what_an_sdk_signed)
{
    struct arena *arena = arena_new();
    struct signed_request captured;
    struct redial_header headers[SIGNED_HEADERS_MAX];
    struct redial_str url, why;
    char path[80];

    snprintf(path, sizeof path, "tests/vectors/signed/%s.json", c->file);
    signed_request_read(arena, path, &captured);
    struct redial_str theirs = str_trim(signed_header(&captured, "authorization")->value);
    struct redial_str scope = between(theirs, "Credential=", ",");
    struct redial_str region = scope, list = between(theirs, "SignedHeaders=", ",");
    struct redial_str body = captured.request.body, part;
    for (int i = 0; i < 3; i++) cr_assert(str_split(&region, '/', &part));
    const struct redial_str pieces[] = {str_take(body, body.len / 2), str_skip(body, body.len / 2)};
    cr_assert(arena_printf(arena, &url, "http://%.*s%.*s",
                           REDIAL_STR_ARG(str_trim(signed_header(&captured, "host")->value)),
                           REDIAL_STR_ARG(captured.request.target)));
    struct http_request request = {.method = captured.request.method,
                                   .url = url,
                                   .headers = headers,
                                   .header_count = keep_signed(&captured, list, headers),
                                   .pieces = pieces,
                                   .piece_count = 2};
    const struct sigv4 keys = {
        .access_key_id = captured.access_key_id,
        .secret_access_key = captured.secret,
        .session_token = captured.session,
        .region = part,
        .service = captured.service,
        .now = captured.date,
        .content_sha256 = is_signed(list, REDIAL_STR("x-amz-content-sha256")),
    };
    cr_assert(sigv4_sign(arena, &keys, &request, NULL, &why), "%.*s", REDIAL_STR_ARG(why));
    const struct redial_header *header =
        http_find_header(request.headers, request.header_count, REDIAL_STR("authorization"));
    cr_assert(header);
    struct redial_str ours = header->value;
    cr_expect(str_eq(ours, theirs), "%s:\nexp: %.*s\ngot: %.*s", c->file, REDIAL_STR_ARG(theirs),
              REDIAL_STR_ARG(ours));
    arena_destroy(arena);
}
