#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <stdio.h>

#include "platforms/request.h"
#include "tests/support/failing_memory.h"
#include "tests/support/small_policy.h"

static struct arena *arena;
static struct http_request request;
static struct redial_str why;

static void start(void)
{
    arena = arena_new();
}

static void stop(void)
{
    arena_destroy(arena);
}

TestSuite(request, .init = start, .fini = stop);

static struct request_facts facts_of(enum platform_kind platform, const char *model)
{
    return (struct request_facts){
        .policy = small_policy(),
        .provider = (uint16_t)platform,
        .model = str_of(model),
        .max_tokens = 1000,
        .messages = REDIAL_STR("[]"),
        .credential = REDIAL_STR("secret"),
        .project = REDIAL_STR("my-project"),
    };
}

static struct redial_str header(const char *name)
{
    for (size_t i = 0; i < request.header_count; i++)
        if (str_eq_nocase(request.headers[i].name, str_of(name))) return request.headers[i].value;
    return REDIAL_STR("(none)");
}

/* The body as it goes out. */
static const char *body(void)
{
    static char whole[1 << 12];
    size_t len = 0;

    for (size_t i = 0; i < request.piece_count; i++)
        len += (size_t)snprintf(whole + len, sizeof whole - len, "%.*s",
                                REDIAL_STR_ARG(request.pieces[i]));
    return whole;
}

static void build(const struct request_facts *facts)
{
    cr_assert(request_build(arena, facts, &request, &why), "%.*s", REDIAL_STR_ARG(why));
}

struct request_case {
    char name[80];
    enum platform_kind platform;
    char model[24];
    bool stream;
    char base_url[48], url[160], body[200], version[16];
};

ParameterizedTestParameters(request, is_made_as_the_platform_wants_it)
{
    static struct request_case cases[] = {
        {"Anthropic", PLATFORM_ANTHROPIC, "claude-opus-4-6", false, "",
         "https://api.anthropic.com/v1/messages",
         "{\"model\":\"claude-opus-4-6\",\"max_tokens\":1000,\"messages\":[]}", "2023-06-01"},
        {"Anthropic, streamed, a model that no file names", PLATFORM_ANTHROPIC, "claude-x", true,
         "http://127.0.0.1:8080/", "http://127.0.0.1:8080/v1/messages",
         "{\"model\":\"claude-x\",\"max_tokens\":1000,\"stream\":true,\"messages\":[]}",
         "2023-06-01"},
        {"Bedrock: the model in the path, its colon encoded", PLATFORM_BEDROCK, "claude-haiku-4-5",
         false, "",
         "https://bedrock-runtime.us-east-1.amazonaws.com/model/"
         "us.anthropic.claude-haiku-4-5-20251001-v1%3A0/invoke",
         "{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":1000,\"messages\":[]}",
         "(none)"},
        {"Vertex: project, region and verb", PLATFORM_VERTEX, "claude-opus-4-6", false, "",
         "https://us-east5-aiplatform.googleapis.com/v1/projects/my-project/locations/us-east5/"
         "publishers/anthropic/models/claude-opus-4-6:rawPredict",
         "{\"anthropic_version\":\"vertex-2023-10-16\",\"max_tokens\":1000,\"messages\":[]}",
         "(none)"},
        {"Vertex: a model's own region and version, its @ as it is", PLATFORM_VERTEX,
         "claude-haiku-4-5", true, "http://127.0.0.1:1/v1",
         "http://127.0.0.1:1/v1/projects/my-project/locations/europe-west1/publishers/anthropic/"
         "models/claude-haiku-4-5@20251001:streamRawPredict",
         "{\"anthropic_version\":\"2026-10-21\",\"max_tokens\":1000,\"stream\":true,\"messages\":[]"
         "}",
         "(none)"},
        {"Foundry: the deployment's name", PLATFORM_FOUNDRY, "claude-opus-4-6", false,
         "https://r.services.ai.azure.com/anthropic",
         "https://r.services.ai.azure.com/anthropic/v1/messages",
         "{\"model\":\"opus-deployment\",\"max_tokens\":1000,\"messages\":[]}", "2023-06-01"},
    };
    return cr_make_param_array(struct request_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct request_case *c, request, is_made_as_the_platform_wants_it)
{
    struct request_facts facts = facts_of(c->platform, c->model);

    facts.stream = c->stream;
    facts.base_url = str_of(c->base_url);
    build(&facts);
    cr_expect_str_eq(request.method, "POST");
    cr_expect_str_eq(request.url.ptr, c->url);
    cr_expect_str_eq(body(), c->body);
    cr_expect_str_eq(header("anthropic-version").ptr, c->version);
    cr_expect_str_eq(header("authorization").ptr, "Bearer secret");
    cr_expect_str_eq(header("content-type").ptr, "application/json");
}

Test(request, puts_a_key_where_the_platform_has_a_place_for_it)
{
    static const struct {
        enum platform_kind platform;
        const char *key, *bearer;
    } rows[] = {
        {PLATFORM_ANTHROPIC, "secret", "(none)"},
        {PLATFORM_FOUNDRY, "secret", "(none)"},
        {PLATFORM_BEDROCK, "(none)", "Bearer secret"},
    };

    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++) {
        struct request_facts facts = facts_of(rows[i].platform, "claude-opus-4-6");
        facts.credential_is_key = true;
        facts.base_url = REDIAL_STR("http://127.0.0.1:1");
        build(&facts);
        cr_expect_str_eq(header("x-api-key").ptr, rows[i].key);
        cr_expect_str_eq(header("authorization").ptr, rows[i].bearer);
    }
}

Test(request, sends_custom_headers_and_a_request_id_only_where_they_are_supported)
{
    struct redial_header custom = {REDIAL_STR("x-team"), REDIAL_STR("blue")};

    for (enum platform_kind platform = 0; platform < PLATFORM_KIND_COUNT; platform++) {
        struct request_facts facts = facts_of(platform, "claude-opus-4-6");
        bool supported = platform == PLATFORM_ANTHROPIC;
        facts.base_url = REDIAL_STR("http://127.0.0.1:1");
        facts.custom_headers = &custom;
        facts.custom_header_count = 1;
        facts.client_request_id = REDIAL_STR("call-1");
        build(&facts);
        cr_expect_str_eq(header("x-team").ptr, supported ? "blue" : "(none)");
        cr_expect_str_eq(header("x-client-request-id").ptr, supported ? "call-1" : "(none)");
    }
}

struct refusal_case {
    char name[16], value[16];
    char why[96];
};

ParameterizedTestParameters(request, refuses_headers_that_could_smuggle)
{
    static struct refusal_case cases[] = {
        {"x-team", "a\r\nb: c", "the header 'x-team': its value holds CR, LF or NUL"},
        {"x-team\r\n", "a",
         "a header's name is no HTTP token '': letters, digits and '-' are safe"},
        {"", "a", "a header's name is no HTTP token '': letters, digits and '-' are safe"},
        {"Authorization", "Bearer x", "the header 'Authorization': it is not the caller's to set"},
        {"content-length", "0", "the header 'content-length': it is not the caller's to set"},
    };
    return cr_make_param_array(struct refusal_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct refusal_case *c, request, refuses_headers_that_could_smuggle)
{
    struct request_facts facts = facts_of(PLATFORM_ANTHROPIC, "claude-opus-4-6");
    struct redial_header custom = {str_of(c->name), str_of(c->value)};

    facts.custom_headers = &custom;
    facts.custom_header_count = 1;
    cr_assert_not(request_build(arena, &facts, &request, &why));
    cr_expect_str_eq(why.ptr, c->why);
}

Test(request, refuses_a_credential_of_two_lines_without_repeating_it)
{
    struct request_facts facts = facts_of(PLATFORM_ANTHROPIC, "claude-opus-4-6");

    facts.credential = REDIAL_STR("sec\nret");
    cr_assert_not(request_build(arena, &facts, &request, &why));
    cr_expect_str_eq(why.ptr, "the header 'authorization': its value holds CR, LF or NUL");
}

Test(request, says_which_place_of_an_endpoint_nobody_filled_in)
{
    struct request_facts facts = facts_of(PLATFORM_FOUNDRY, "claude-opus-4-6");

    cr_assert_not(request_build(arena, &facts, &request, &why));
    cr_expect_str_eq(why.ptr, "no resource is known for provider 'foundry': give it a base_url");
}

/* Counting on Bedrock wraps the body: the longest way. */
Test(request, survives_every_failed_allocation)
{
    struct request_facts facts = facts_of(PLATFORM_BEDROCK, "claude-opus-4-6");
    static const struct redial_str flag = REDIAL_STR_INIT("a-flag");
    bool failed = true;

    facts.operation = REQUEST_COUNT_TOKENS;
    facts.betas = &flag;
    facts.beta_count = 1;

    for (size_t nth = 1; failed; nth++) {
        failing_memory_begin(nth);
        struct arena *own = arena_new();
        bool built = own && request_build(own, &facts, &request, &why);
        arena_destroy(own);
        failed = failing_memory_end();
        cr_assert_neq(built, failed, "allocation %zu", nth);
        cr_assert_eq(failing_memory_live(), 0, "a leak when allocation %zu fails", nth);
    }
}
