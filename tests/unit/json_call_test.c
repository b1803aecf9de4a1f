/* Calls in JSON: the same decisions, told as one line each. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "base/str.h"
#include "document/json.h"
#include "redial/json.h"
#include "tests/support/failing_memory.h"

static const struct redial_env nothing[] = {{NULL, NULL}};
static struct redial_engine *engine;

static void begin(void)
{
    struct redial_policy *policy = redial_policy_load("policies/claude-code.yaml", nothing, NULL);
    cr_assert_not_null(policy);
    engine = redial_engine_new(policy);
    redial_policy_release(policy);
}
static void end(void)
{
    redial_engine_destroy(engine);
}

static bool says(const char *answer, const char *glob)
{
    struct json *json = json_parse(str_of(answer));
    bool right = json && glob_match(str_of(glob), str_of(answer));
    if (!right) fprintf(stderr, "  got: %s\n", answer);
    json_free(json);
    return right;
}

#define OPTIONS "{\"model\": \"claude-opus-4-6\", \"max_tokens\": 1024, \"seed\": 7}"

Test(json_call, goes_its_way_from_start_to_success, .init = begin, .fini = end)
{
    struct redial_json *call = redial_json_new(engine, OPTIONS, 0);
    cr_assert_not_null(call);
    cr_assert_null(redial_json_why(call));
    cr_expect(says(redial_json_step(call, "{\"event\": \"start\"}", 0),
                   "*\"decision\":\"send\"*\"provider\":\"anthropic\"*\"attempt\":1*"));
    cr_expect(
        says(redial_json_step(call,
                              "{\"event\": \"reply\", \"status\": 529, \"error\": "
                              "\"overloaded_error\", \"message\": \"Overloaded\"}",
                              40000000),
             "*\"class\":\"overloaded\",\"rule\":\"overloaded\"*\"rule_used\":1,\"rule_max\":3*"
             "\"decision\":\"wait\"*\"delay_ns\":*"));
    cr_expect(
        glob_match(REDIAL_STR("*wait * rule=\"overloaded\" 1/3*"), str_of(redial_json_told(call))));
    cr_expect(says(redial_json_step(call, "{\"event\": \"timer\"}", 1000000000),
                   "*\"decision\":\"send\"*\"attempt\":2*"));
    cr_expect(says(redial_json_step(call, "{\"event\": \"reply\", \"status\": 200}", 1100000000),
                   "*\"decision\":\"finish\"*\"reason\":\"success\"*\"state\":\"finished\"*"));
    cr_expect(says(redial_json_step(call, "{\"event\": \"timer\"}", 1200000000), "*"));
    redial_json_destroy(call);
}

struct event_case {
    char event[160], glob[128];
};

ParameterizedTestParameters(json_call, an_event_after_the_first_send)
{
    static struct event_case cases[] = {
        {"{\"event\": \"reply\", \"status\": 429, \"headers\": {\"Retry-After\": \"2\"}}",
         "*\"decision\":\"wait\"*\"wait\":\"hint\",\"delay_ns\":2000000000*"},
        {"{\"event\": \"reply\", \"status\": 529, \"headers\": {\"x-should-retry\": \"false\"}}",
         "*\"reason\":\"vetoed\"*"},
        {"{\"event\": \"reply\", \"status\": 529, \"should_retry\": false}",
         "*\"reason\":\"vetoed\"*"},
        {"{\"event\": \"reply\", \"status\": 200, \"complete\": false}", "*\"class\":\"*"},
        {"{\"event\": \"broken\", \"cause\": \"ECONNRESET\", \"phase\": \"wait\", \"errno\": 104}",
         "*\"class\":\"connection_dropped\"*\"fresh_connection\":true*"},
        {"{\"event\": \"cancel\"}", "*\"reason\":\"cancelled\"*"},
        {"{\"event\": \"timer\"}", "*\"decision\":\"*"},
        {"{\"event\": \"replay\"}",
         "{\"decision\":\"misuse\",\"why\":\"'replay' is no event of 'event'; did you mean "
         "'reply'?\"}"},
        {"{\"event\": \"reply\", \"stauts\": 429}",
         "*\"why\":\"unknown key 'stauts'; did you mean 'status'?\"}"},
        {"{\"event\": \"reply\", \"status\": \"429x\"}", "*'status' takes an HTTP status*"},
        {"{\"event\": \"broken\", \"cause\": \"ECONNREST\"}", "*did you mean 'ECONNRESET'*"},
        {"{\"event\": \"reply\", \"headers\": []}", "*'headers' takes an object*"},
        {"{\"status\": 429}", "*an event has a key 'event'*"},
        {"[]", "*expected a JSON object*"},
        {"no JSON", "*expected a JSON object*"},
    };
    return cr_make_param_array(struct event_case, cases, REDIAL_COUNT_OF(cases));
}
ParameterizedTest(struct event_case *c, json_call, an_event_after_the_first_send, .init = begin,
                  .fini = end)
{
    struct redial_json *call = redial_json_new(engine, OPTIONS, 0);
    cr_assert_not_null(call);
    redial_json_step(call, "{\"event\": \"start\"}", 0);
    cr_expect(says(redial_json_step(call, c->event, 40000000), c->glob), "%s", c->event);
    redial_json_destroy(call);
}

struct options_case {
    char options[128], glob[112];
};

ParameterizedTestParameters(json_call, options_that_make_no_sense)
{
    static struct options_case cases[] = {
        {"{\"model\": \"claude-opus-4-6\", \"provider\": \"bedrok\"}", "*no provider of this name"},
        {"{\"max_token\": 1}", "unknown key 'max_token'; did you mean 'max_tokens'?"},
        {"{\"model\": 4}", "'model' takes a text"},
        {"{\"model\": \"m\", \"wants\": [\"prompt_cash\"]}", "*did you mean 'prompt_cache'?"},
        {"{\"model\": \"m\", \"residency\": [1]}", "*takes a text"},
        {"{\"model\": \"m\", \"deadline\": 600}", "'deadline' takes a time with its unit*"},
        {"{\"model\": \"m\", \"fast\": \"yes\"}", "'fast' takes true or false"},
        {"{}", "?*"},
        {"", "expected a JSON object"},
    };
    return cr_make_param_array(struct options_case, cases, REDIAL_COUNT_OF(cases));
}
ParameterizedTest(struct options_case *c, json_call, options_that_make_no_sense, .init = begin,
                  .fini = end)
{
    struct redial_json *call = redial_json_new(engine, c->options, 0);
    cr_assert_not_null(call);
    cr_assert_not_null(redial_json_why(call), "%s", c->options);
    cr_expect(glob_match(str_of(c->glob), str_of(redial_json_why(call))), "%s: %s", c->options,
              redial_json_why(call));
    cr_expect(says(redial_json_step(call, "{\"event\": \"start\"}", 0),
                   "{\"decision\":\"misuse\",\"why\":\"?*\"}"));
    redial_json_destroy(call);
}

Test(json_call, ends_under_the_policy_that_it_began_with, .init = begin, .fini = end)
{
    struct redial_json *call = redial_json_new(engine, OPTIONS, 0);
    struct redial_policy *next = redial_policy_load("policies/presets/envoy.yaml", nothing, NULL);
    redial_json_step(call, "{\"event\": \"start\"}", 0);
    cr_assert(redial_engine_reload(engine, next));
    redial_policy_release(next);
    redial_json_step(call, "{\"event\": \"cancel\"}", 1);
    cr_expect(says(redial_json_step(call, "{\"event\": \"timer\"}", 2), "*anthropic*"));
    redial_json_destroy(call);
}

Test(json_call, survives_every_failed_allocation, .init = begin, .fini = end)
{
    bool failed = true;
    for (size_t nth = 1; failed; nth++) {
        failing_memory_begin(nth);
        struct redial_json *call = redial_json_new(engine, OPTIONS, 0);
        if (call) {
            redial_json_step(call, "{\"event\": \"start\"}", 0);
            redial_json_step(call,
                             "{\"event\": \"reply\", \"status\": 529, \"message\": \"m\", "
                             "\"headers\": {\"retry-after\": \"1\"}}",
                             1);
        }
        redial_json_destroy(call);
        failed = failing_memory_end();
        cr_assert_lt(nth, 10000);
    }
}
