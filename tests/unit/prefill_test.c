#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "platforms/prefill.h"
#include "platforms/request.h"
#include "redial/redial.h"
#include "tests/support/policy_from.h"

struct prefill_case {
    char name[56], messages[128], kept[96]; /* kept empty: no prefill */
};

#define USER      "{\"role\":\"user\",\"content\":\"hi\"}"
#define ASSISTANT "{\"role\":\"assistant\",\"content\":\"{\"}"

ParameterizedTestParameters(prefill, is_the_assistants_last_message)
{
    static struct prefill_case cases[] = {
        {"a prefill", "[" USER "," ASSISTANT "]", "[" USER},
        {"blanks around it", " [ " USER " ,\n " ASSISTANT " ] ", " [ " USER " "},
        {"nothing before it", "[" ASSISTANT "]", "["},
        {"the user has the last word", "[" ASSISTANT "," USER "]", ""},
        {"the last message is cut", "[" USER "," ASSISTANT, ""},
        {"no message", "[]", ""},
        {"no array", ASSISTANT, ""},
        {"nothing", "", ""},
        {"only brackets", "]}", ""},
        {"brackets, commas and quotes in texts",
         "[{\"role\":\"user\",\"content\":\"],{\\\"\"}," ASSISTANT "]",
         "[{\"role\":\"user\",\"content\":\"],{\\\"\"}"},
        {"a string that never ends", "[\"a\\", ""},
        {"not JSON behind the comma", "[" USER ",assistant]", ""},
    };
    return cr_make_param_array(struct prefill_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct prefill_case *row, prefill, is_the_assistants_last_message)
{
    struct redial_str messages = str_of(row->messages);
    size_t found = prefill_find(messages);
    if (row->kept[0] == '\0')
        cr_expect_eq(found, SIZE_MAX, "%s: %zu", row->name, found);
    else
        cr_expect(str_is(str_take(messages, found), row->kept), "%s: %zu", row->name, found);
}

static void expect_body_has(struct redial_policy *policy, const char *model, const char *messages)
{
    struct arena *arena = arena_new();
    struct http_request request;
    struct redial_str why = {"", 0};
    const struct request_facts facts = {
        .policy = policy,
        .provider = policy_find_provider(policy, REDIAL_STR("anthropic")),
        .model = str_of(model),
        .messages = REDIAL_STR("[" USER "," ASSISTANT "]"),
    };
    cr_assert(request_build(arena, &facts, &request, &why), "%.*s", REDIAL_STR_ARG(why));
    struct text body = TEXT_INIT;
    for (size_t i = 0; i < request.piece_count; i++) text_append(&body, request.pieces[i]);
    cr_expect(str_ends_with(text_str(&body), str_of(messages)), "%s", body.ptr);
    text_clean_up(&body);
    arena_destroy(arena);
}

Test(prefill, is_sent_to_the_models_that_take_one)
{
    struct redial_policy *policy = policy_from("rules: [{name: rest, when: always, do: [fail]}]\n");
    expect_body_has(policy, "claude-opus-4-6", "\"messages\":[" USER "]}");
    expect_body_has(policy, "claude-haiku-4-5", "\"messages\":[" USER "," ASSISTANT "]}");
    expect_body_has(policy, "of-tomorrow", "\"messages\":[" USER "," ASSISTANT "]}");
    redial_policy_release(policy);
}
