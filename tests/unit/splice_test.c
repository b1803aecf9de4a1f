/* What becomes of the caller's body on its way to each platform, and that the large part of it is
 * sent from where it lies. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "base/base64.h"
#include "document/json.h"
#include "platforms/request.h"
#include "redial/redial.h"
#include "tests/support/policy_from.h"

#define RULES "rules: [{name: rest, when: always, do: [fail]}]\n"
#define FAST                                                                                       \
    RULES "modes: {fast: {request: {speed: fast, beta: fast-mode-2026-02-01}, "                    \
          "cooldown: {when: {class: rate_limited}, for: 10m}}}\n"

static struct arena *arena;
static struct http_request request;

static void start(void)
{
    arena = arena_new();
}

static void stop(void)
{
    arena_destroy(arena);
}

TestSuite(splice, .init = start, .fini = stop);

static struct text joined(void)
{
    struct text whole = TEXT_INIT;

    for (size_t i = 0; i < request.piece_count; i++) text_append(&whole, request.pieces[i]);
    return whole;
}

static struct redial_str header(const char *name)
{
    for (size_t i = 0; i < request.header_count; i++)
        if (str_eq_nocase(request.headers[i].name, str_of(name))) return request.headers[i].value;
    return REDIAL_STR("(none)");
}

static void scan(const char *text, struct body *body)
{
    struct body_error error;

    if (!body_scan(str_of(text), body, &error))
        cr_assert_fail("%s: %s at %zu", text, error.what, error.at);
}

static void build(const struct request_facts *facts)
{
    struct redial_str why = {0};

    cr_assert(request_build(arena, facts, &request, &why), "%.*s", REDIAL_STR_ARG(why));
}

#define USER      "{\"role\":\"user\",\"content\":\"hi\"}"
#define ASSISTANT "{\"role\":\"assistant\",\"content\":\"{\"}"

struct splice_case {
    char name[64];
    char provider[12], model[20];
    char facts[16]; /* letters: s(tream), t(okens 5), f(ast), m(essages of a compaction), b(etas) */
    char body[224];
    char want[224];
    char beta[56];
};

ParameterizedTestParameters(splice, sends_the_body_with_small_edits)
{
    static struct splice_case cases[] = {
        {"members stay in their order", "anthropic", "claude-haiku-4-5", "s",
         "{ \"system\" : \"s\" , \"messages\": [" USER "], \"max_tokens\": 7, \"tools\":[ ] }",
         "{\"model\":\"claude-haiku-4-5-20251001\",\"stream\":true,\"system\" : \"s\" , "
         "\"messages\": [" USER "], \"max_tokens\": 7, \"tools\":[ ]}",
         "(none)"},
        {"the attempt's own words take their places", "anthropic", "claude-haiku-4-5", "t",
         "{\"model\":\"m\",\"a\":1,\"stream\":true,\"b\":2,\"max_tokens\":7,\"c\":3}",
         "{\"model\":\"claude-haiku-4-5-20251001\",\"max_tokens\":5,\"a\":1,\"b\":2,\"c\":3}",
         "(none)"},
        {"an empty body", "anthropic", "x", "", "{}", "{\"model\":\"x\"}", "(none)"},
        {"a stream of Vertex is said in the body", "vertex", "claude-haiku-4-5", "s",
         "{\"model\":\"m\",\"messages\":[]}",
         "{\"anthropic_version\":\"vertex-2023-10-16\",\"stream\":true,\"messages\":[]}", "(none)"},
        {"a stream of Bedrock is not", "bedrock", "claude-haiku-4-5", "s",
         "{\"stream\":true,\"model\":\"m\",\"messages\":[]}",
         "{\"anthropic_version\":\"bedrock-2023-05-31\",\"messages\":[]}", "(none)"},
        {"a version of the caller's is the platform's to say", "bedrock", "claude-haiku-4-5", "",
         "{\"anthropic_version\":\"mine\",\"a\":1}",
         "{\"anthropic_version\":\"bedrock-2023-05-31\",\"a\":1}", "(none)"},
        {"and leaves the body where a header says it", "foundry", "d", "",
         "{\"anthropic_version\":\"mine\",\"a\":1}", "{\"model\":\"d\",\"a\":1}", "(none)"},
        {"flags of the body become a header", "vertex", "claude-haiku-4-5", "",
         "{\"anthropic_beta\":[\"one\",\"two\"],\"a\":1}",
         "{\"anthropic_version\":\"vertex-2023-10-16\",\"a\":1}", "one,two"},
        {"all flags together, each once", "anthropic", "x", "fb",
         "{\"anthropic_beta\":[\"two\",\"one\"],\"speed\":\"slow\"}",
         "{\"model\":\"x\",\"speed\":\"fast\"}", "fast-mode-2026-02-01,oauth,two,one,three"},
        {"they stay in Bedrock's body", "bedrock", "claude-haiku-4-5", "b",
         "{\"anthropic_beta\":[\"two\"],\"a\":1}",
         "{\"anthropic_version\":\"bedrock-2023-05-31\",\"anthropic_beta\":[\"oauth\",\"two\","
         "\"one\",\"three\"],\"a\":1}",
         "(none)"},
        {"not those that a platform does not take", "bedrock", "claude-haiku-4-5", "",
         "{\"anthropic_beta\":[\"files-api-2025-04-14\",\"advanced-tool-use-2025-11-20\",\"two\"]}",
         "{\"anthropic_version\":\"bedrock-2023-05-31\","
         "\"anthropic_beta\":[\"tool-search-tool-2025-10-19\",\"two\"]}",
         "(none)"},
        {"a body without flags, where none is taken", "bedrock", "claude-haiku-4-5", "",
         "{\"anthropic_beta\":[\"files-api-2025-04-14\"],\"a\":1}",
         "{\"anthropic_version\":\"bedrock-2023-05-31\",\"a\":1}", "(none)"},
        {"nor in a header", "vertex", "claude-haiku-4-5", "",
         "{\"anthropic_beta\":[\"files-api-2025-04-14\",\"two\"],\"a\":1}",
         "{\"anthropic_version\":\"vertex-2023-10-16\",\"a\":1}", "two"},
        {"the policy alone says who is fast", "anthropic", "x", "", "{\"speed\":\"fast\",\"a\":1}",
         "{\"model\":\"x\",\"a\":1}", "(none)"},
        {"nobody else has a speed", "bedrock", "claude-haiku-4-5", "f",
         "{\"speed\":\"fast\",\"a\":1}", "{\"anthropic_version\":\"bedrock-2023-05-31\",\"a\":1}",
         "(none)"},
        {"shorter messages in place of the body's", "anthropic", "claude-haiku-4-5", "m",
         "{\"a\":1,\"messages\":[" USER "," USER "],\"b\":2}",
         "{\"model\":\"claude-haiku-4-5-20251001\",\"a\":1,\"b\":2,\"messages\":[" USER
         "," ASSISTANT "]}",
         "(none)"},
        {"a prefill is left out where the model takes none", "anthropic", "claude-opus-4-6", "",
         "{\"messages\":[" USER "," ASSISTANT "],\"a\":1}",
         "{\"model\":\"claude-opus-4-6\",\"a\":1,\"messages\":[" USER "]}", "(none)"},
        {"and stays where it takes one", "anthropic", "claude-haiku-4-5", "",
         "{\"messages\":[" USER "," ASSISTANT "],\"a\":1}",
         "{\"model\":\"claude-haiku-4-5-20251001\",\"messages\":[" USER "," ASSISTANT "],\"a\":1}",
         "(none)"},
        {"of shorter messages too", "anthropic", "claude-opus-4-6", "m", "{\"a\":1}",
         "{\"model\":\"claude-opus-4-6\",\"a\":1,\"messages\":[" USER "]}", "(none)"},
    };
    return cr_make_param_array(struct splice_case, cases, REDIAL_COUNT_OF(cases));
}

static bool says(const struct splice_case *c, char letter)
{
    return strchr(c->facts, letter) != NULL;
}

ParameterizedTest(struct splice_case *c, splice, sends_the_body_with_small_edits)
{
    static const struct redial_str flags[] = {REDIAL_STR_INIT("one"),
                                              REDIAL_STR_INIT("three, two")};
    struct redial_policy *policy = policy_from(FAST);
    struct body body;
    struct request_facts facts = {
        .policy = policy,
        .provider = policy_find_provider(policy, str_of(c->provider)),
        .body = &body,
        .model = str_of(c->model),
        .stream = says(c, 's'),
        .fast = says(c, 'f'),
        .max_tokens = says(c, 't') ? 5 : 0,
        .messages = says(c, 'm') ? REDIAL_STR("[" USER "," ASSISTANT "]") : (struct redial_str){0},
        .betas = flags,
        .beta_count = says(c, 'b') ? 2 : 0,
        .credential_beta = says(c, 'b') ? REDIAL_STR("oauth") : (struct redial_str){0},
        .base_url = REDIAL_STR("http://127.0.0.1"),
        .project = REDIAL_STR("p"),
    };

    scan(c->body, &body);
    build(&facts);
    struct text sent = joined();
    cr_expect_str_eq(sent.ptr, c->want, "%s", c->name);
    cr_expect_str_eq(header("anthropic-beta").ptr, c->beta, "%s", c->name);
    text_clean_up(&sent);
    redial_policy_release(policy);
}

Test(splice, without_a_fast_mode_in_the_policy_a_speed_is_the_callers)
{
    struct redial_policy *policy = policy_from(RULES);
    struct body body;

    scan("{\"speed\":\"fast\"}", &body);
    build(&(struct request_facts){.policy = policy, .model = REDIAL_STR("x"), .body = &body});
    struct text sent = joined();
    cr_expect_str_eq(sent.ptr, "{\"model\":\"x\",\"speed\":\"fast\"}");
    text_clean_up(&sent);
    redial_policy_release(policy);
}

Test(splice, a_header_of_flags_is_merged_where_headers_go)
{
    static const struct redial_header own = {REDIAL_STR_INIT("Anthropic-Beta"),
                                             REDIAL_STR_INIT("mine, yours")};
    struct redial_policy *policy = policy_from(RULES);
    struct request_facts facts = {.policy = policy,
                                  .model = REDIAL_STR("x"),
                                  .credential_beta = REDIAL_STR("yours"),
                                  .base_url = REDIAL_STR("http://127.0.0.1"),
                                  .project = REDIAL_STR("p"),
                                  .custom_headers = &own,
                                  .custom_header_count = 1};

    build(&facts);
    cr_expect_str_eq(header("anthropic-beta").ptr, "yours,mine");
    facts.provider = policy_find_provider(policy, REDIAL_STR("vertex"));
    build(&facts);
    cr_expect_str_eq(header("anthropic-beta").ptr, "yours", "Vertex takes no custom headers");
    redial_policy_release(policy);
}

/* ---- No second copy */

static size_t bytes_outside(struct redial_str text)
{
    size_t outside = 0;

    for (size_t i = 0; i < request.piece_count; i++) {
        const struct redial_str *piece = &request.pieces[i];
        bool within = piece->ptr >= text.ptr && piece->ptr + piece->len <= text.ptr + text.len;
        if (!within) outside += piece->len;
    }
    return outside;
}

Test(splice, what_is_large_is_sent_from_where_it_lies)
{
    static const char *const providers[] = {"anthropic", "bedrock", "vertex", "foundry"};
    struct redial_policy *policy = policy_from(RULES);
    struct text text = TEXT_INIT;
    struct body body;

    text_append(
        &text,
        REDIAL_STR(
            "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\""));
    while (text.len < 33u << 20) text_append(&text, REDIAL_STR("0123456789abcdef"));
    text_append(&text, REDIAL_STR("\"}," ASSISTANT "],\"max_tokens\":7,\"system\":\"s\"}"));
    scan(text.ptr, &body);
    for (size_t i = 0; i < REDIAL_COUNT_OF(providers); i++) {
        size_t before = arena_size(arena);
        build(&(struct request_facts){
            .policy = policy,
            .provider = policy_find_provider(policy, str_of(providers[i])),
            .model = REDIAL_STR("claude-opus-4-6"), /* which takes no prefill */
            .body = &body,
            .max_tokens = 9,
            .base_url = REDIAL_STR("http://127.0.0.1"),
            .project = REDIAL_STR("p")});
        cr_expect_gt(http_body_len(&request), 33u << 20, "%s", providers[i]);
        cr_expect_lt(bytes_outside(text_str(&text)), 128, "%s", providers[i]);
        cr_expect_lt(arena_size(arena) - before, 1u << 16, "%s", providers[i]);
    }
    text_clean_up(&text);
    redial_policy_release(policy);
}

/* ---- Counting tokens */

struct count_case {
    char provider[12];
    char url[176], body[96];
};

ParameterizedTestParameters(splice, counts_tokens_as_each_platform_does)
{
    static struct count_case cases[] = {
        {"anthropic", "http://127.0.0.1/v1/messages/count_tokens",
         "{\"model\":\"claude-haiku-4-5-20251001\",\"messages\":[]}"},
        {"vertex",
         "http://127.0.0.1/projects/p/locations/us-east5/publishers/anthropic/models/"
         "count-tokens:rawPredict",
         "{\"model\":\"claude-haiku-4-5@20251001\",\"anthropic_version\":\"vertex-2023-10-16\","
         "\"messages\":[]}"},
        {"foundry", "http://127.0.0.1/v1/messages/count_tokens",
         "{\"model\":\"claude-haiku-4-5\",\"messages\":[]}"},
        {"bedrock",
         "http://127.0.0.1/model/anthropic.claude-haiku-4-5-20251001-v1%3A0/count-tokens",
         "{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":7,\"messages\":[]}"},
    };
    return cr_make_param_array(struct count_case, cases, REDIAL_COUNT_OF(cases));
}

/* Bedrock's is a request within a request. */
static void unwrap(struct text *sent)
{
    struct json *outer = json_parse(text_str(sent));
    struct redial_str inner = json_text(json_at(outer, "input.invokeModel.body"));

    text_clear(sent);
    cr_assert(base64_decode(inner, sent));
    json_free(outer);
}

ParameterizedTest(struct count_case *c, splice, counts_tokens_as_each_platform_does)
{
    struct redial_policy *policy = policy_from(RULES);
    struct body body;

    scan("{\"model\":\"m\",\"max_tokens\":7,\"stream\":true,\"messages\":[]}", &body);
    build(&(struct request_facts){.policy = policy,
                                  .provider = policy_find_provider(policy, str_of(c->provider)),
                                  .operation = REQUEST_COUNT_TOKENS,
                                  .model = REDIAL_STR("claude-haiku-4-5"),
                                  .body = &body,
                                  .stream = true,
                                  .base_url = REDIAL_STR("http://127.0.0.1"),
                                  .project = REDIAL_STR("p")});
    cr_expect_str_eq(request.url.ptr, c->url);
    struct text sent = joined();
    if (str_is(str_of(c->provider), "bedrock")) unwrap(&sent);
    cr_expect_str_eq(sent.ptr, c->body);
    text_clean_up(&sent);
    redial_policy_release(policy);
}
