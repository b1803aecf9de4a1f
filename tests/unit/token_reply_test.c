#include "credentials/token_reply.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "base/duration.h"

#define NOW    (INT64_C(1790000000) * NS_PER_SECOND)
#define CANARY "sk-ant-oat01-CANARYCANARY"

struct reply_case {
    char name[80];
    uint16_t status;
    char body[420];
    enum token_verdict want;
    int64_t seconds; /* GIVEN: how long it is good */
    char why[200];   /* otherwise: a glob */
};

ParameterizedTestParameters(token_reply, replies)
{
    static struct reply_case cases[] = {
        {"OAuth says a span", 200,
         "{\"access_token\":\"abc\",\"expires_in\":3599,\"token_type\":\"Bearer\"}", TOKEN_GIVEN,
         3599, ""},
        {"a span may be a text, a type in small letters", 200,
         "{\"access_token\":\"abc\",\"expires_in\":\"3599\",\"token_type\":\"bearer\"}",
         TOKEN_GIVEN, 3599, ""},
        {"an instant is trusted before a span", 200,
         "{\"access_token\":\"abc\",\"expires_in\":\"86399\",\"expires_on\":\"1790000100\"}",
         TOKEN_GIVEN, 100, ""},
        {"Azure's CLI", 200,
         "{\"accessToken\":\"abc\",\"expiresOn\":\"2026-09-21 16:53:20.000000\",\"expires_on\":"
         "1790000200,\"tokenType\":\"Bearer\"}",
         TOKEN_GIVEN, 200, ""},
        {"Google's impersonation says RFC 3339", 200,
         "{\"accessToken\":\"abc\",\"expireTime\":\"2026-09-21T14:14:20Z\"}", TOKEN_GIVEN, 60, ""},
        {"a JWT says it by itself", 200, "{\"access_token\":\"e30.eyJleHAiOjE4MDAwMDAwMDB9.c2ln\"}",
         TOKEN_GIVEN, 10000000, ""},
        {"a span without end saturates", 200, "{\"access_token\":\"abc\",\"expires_in\":1e300}",
         TOKEN_GIVEN, -1, ""},
        {"nobody says when", 200, "{\"access_token\":\"abc\"}", TOKEN_REFUSED, 0,
         "*does not say when it expires*"},
        {"it expired already", 200, "{\"access_token\":\"abc\",\"expires_on\":1780000000}",
         TOKEN_REFUSED, 0, "*expired already: is the clock of this machine right?"},
        {"it expires at once", 200, "{\"access_token\":\"abc\",\"expires_in\":0}", TOKEN_REFUSED, 0,
         "*expired already*"},
        {"another type", 200, "{\"access_token\":\"abc\",\"expires_in\":9,\"token_type\":\"mac\"}",
         TOKEN_REFUSED, 0, "*token_type that is not Bearer"},
        {"no token", 200, "{\"expires_in\":9}", TOKEN_REFUSED, 0, "gave no access_token"},
        {"a token of another kind", 200, "{\"access_token\":7,\"expires_in\":9}", TOKEN_REFUSED, 0,
         "gave no access_token"},
        {"a token that would end the header", 200,
         "{\"access_token\":\"a\\r\\nb: c\",\"expires_in\":9}", TOKEN_REFUSED, 0,
         "*no header can carry"},
        {"JSON that is no object", 200, "[1]", TOKEN_REFUSED, 0, "*JSON that is no object"},
        {"JSON that is none", 200, "{\"access_token\":", TOKEN_REFUSED, 0,
         "answered 200 with something that is no JSON: \"*\""},
        {"HTML", 200, "\n<html>\n<b>Sign in</b>", TOKEN_REFUSED, 0,
         "answered 200 with HTML, not JSON: \"<html> <b>Sign in</b>\""},
        {"nothing", 200, "", TOKEN_REFUSED, 0, "answered 200 with an empty body"},
        {"HTML from a tired server", 502, "<html>Bad gateway", TOKEN_LATER, 0,
         "answered 502 with HTML*"},
        {"a bare status", 500, "", TOKEN_LATER, 0, "answered 500"},
        {"too many", 429, "{\"error\":\"slow_down\"}", TOKEN_LATER, 0, "answered 429 slow_down"},
        {"RFC 6749's error", 400,
         "{\"error\":\"invalid_grant\",\"error_description\":\"Token has been revoked.\"}",
         TOKEN_REFUSED, 0, "answered 400 invalid_grant: Token has been revoked."},
        {"Azure's error with its code", 401,
         "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid client "
         "secret "
         "provided.\",\"error_codes\":[7000215]}",
         TOKEN_REFUSED, 0, "answered 401 invalid_client: AADSTS7000215: Invalid client secret*"},
        {"Google's status", 403,
         "{\"error\":{\"code\":403,\"status\":\"PERMISSION_DENIED\",\"message\":\"No "
         "access\"}}",
         TOKEN_REFUSED, 0, "answered 403 PERMISSION_DENIED: No access"},
        {"a redirect is not followed", 302, "", TOKEN_REFUSED, 0, "answered 302"},
        {"what looks like a secret is cut out", 400,
         "{\"error\":\"invalid_grant\",\"error_description\":\"unknown " CANARY "\"}",
         TOKEN_REFUSED, 0, "answered 400 invalid_grant: unknown [redacted]"},
        {"also where it is no JSON", 400, "refused: " CANARY, TOKEN_REFUSED, 0,
         "*\"refused: [redacted]\""},
    };
    return cr_make_param_array(struct reply_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct reply_case *c, token_reply, replies)
{
    struct arena *arena = arena_new();
    struct token_reply reply;
    struct errand_answer answer = {.status = c->status, .body = str_of(c->body)};

    cr_expect_eq(token_reply_read(&answer, NOW, arena, &reply), c->want, "%s", c->name);
    cr_expect_eq(reply.why.len == 0, c->want == TOKEN_GIVEN, "%s", c->name);
    if (c->want == TOKEN_GIVEN) {
        int64_t want = c->seconds < 0 ? INT64_MAX : NOW + c->seconds * NS_PER_SECOND;
        cr_expect_eq(reply.expires_at, want, "%s: %lld", c->name,
                     (long long)(reply.expires_at - NOW) / NS_PER_SECOND);
    } else {
        cr_expect(glob_match(str_of(c->why), reply.why), "%s: %.*s", c->name,
                  REDIAL_STR_ARG(reply.why));
        cr_expect_eq(str_find(reply.why, REDIAL_STR("CANARY")), SIZE_MAX, "%s", c->name);
    }
    arena_destroy(arena);
}

Test(token_reply, no_answer_is_not_waited_for_again)
{
    struct arena *arena = arena_new();
    struct token_reply reply;
    struct errand_answer answer = {.failed = REDIAL_STR("timed out after 3 s")};
    cr_expect_eq(token_reply_read(&answer, NOW, arena, &reply), TOKEN_REFUSED);
    cr_expect(str_is(reply.why, "did not answer: timed out after 3 s"));
    arena_destroy(arena);
}

Test(token_reply, a_long_answer_is_cut)
{
    static char page[8000];
    struct arena *arena = arena_new();
    struct token_reply reply;
    for (size_t i = 0; i < sizeof page; i++) page[i] = 'x';
    struct errand_answer answer = {.status = 500, .body = {page, sizeof page}};
    cr_expect_eq(token_reply_read(&answer, NOW, arena, &reply), TOKEN_LATER);
    cr_expect_lt(reply.why.len, 160);
    arena_destroy(arena);
}

Test(token_reply, a_rotated_refresh_token_is_kept)
{
    struct arena *arena = arena_new();
    struct token_reply reply;
    struct errand_answer answer = {
        .status = 200,
        .body = REDIAL_STR("{\"access_token\":\"a\",\"expires_in\":60,\"refresh_token\":\"r\"}")};
    cr_expect_eq(token_reply_read(&answer, NOW, arena, &reply), TOKEN_GIVEN);
    cr_expect(str_is(reply.token, "a"));
    cr_expect(str_is(reply.refresh_token, "r"));
    arena_destroy(arena);
}
