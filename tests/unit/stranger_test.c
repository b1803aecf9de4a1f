/* The world as clients meet it that no scenario knows: `redial fake` and `redial run`. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "simulator/world/world.h"
#include "tests/support/scenario_from.h"

struct meeting {
    struct scenario_from from;
    struct world *world;
    int64_t input_tokens, max_tokens;
};

/* A scenario whose first provider of the policy is scripted with `replies`, its call being `call`.
 */
static struct meeting meet(const char *call, const char *replies)
{
    char body[400];
    struct meeting meeting = {.max_tokens = 4096};
    const struct scenario *scenario = NULL;

    snprintf(body, sizeof body, "call: {model: claude-opus-4-6%s}\nworld: {anthropic: %s}\n", call,
             replies);
    meeting.from = scenario_from(body);
    scenario = &meeting.from.scenario;
    meeting.world = world_new(meeting.from.arena, scenario->policy, scenario->providers,
                              scenario->provider_count, scenario->world_span, 8, 1, 0);
    cr_assert(meeting.world);
    world_open(meeting.world, (struct world_stranger){scenario->calls[0].input_tokens,
                                                      scenario->calls[0].compacts_to});
    return meeting;
}

static void part(struct meeting *meeting)
{
    world_clean_up(meeting->world);
    scenario_from_clean_up(&meeting->from);
}

/* The status that a prompt of so many words gets, from the provider of this name. */
static uint16_t ask(struct meeting *meeting, const char *provider, int64_t words)
{
    const struct redial_policy *policy = meeting->from.scenario.policy;
    struct redial_str model = REDIAL_STR("claude-opus-4-6");
    struct world_request request = {.provider = policy_find_provider(policy, str_of(provider)),
                                    .call_number = 1,
                                    .attempt = 1,
                                    .model = model,
                                    .model_index = policy_find_model(policy, model),
                                    .max_tokens = meeting->max_tokens};
    struct world_trouble trouble = {.why = {"", 0}};

    request.input_tokens = world_prompt_tokens(meeting->world, words);
    meeting->input_tokens = request.input_tokens;
    const struct exchange *exchange = world_answer(meeting->world, &request, 0, &trouble);
    cr_assert(exchange, "%.*s", REDIAL_STR_ARG(trouble.why));
    return exchange->status;
}

Test(stranger, the_last_reply_goes_on)
{
    struct meeting meeting = meet("", "[{status: 500}, {status: 529}]");

    cr_expect_eq(ask(&meeting, "anthropic", 5), 500);
    for (int i = 0; i < 3; i++) cr_expect_eq(ask(&meeting, "anthropic", 5), 529);
    part(&meeting);
}

Test(stranger, the_last_reply_is_the_last_for_such_a_request)
{
    struct meeting meeting =
        meet("", "[{status: 500}, {status: 529, match: {model: claude-haiku*}}]");

    for (int i = 0; i < 3; i++) cr_expect_eq(ask(&meeting, "anthropic", 5), 500);
    part(&meeting);
}

Test(stranger, a_provider_that_nobody_scripted_is_well)
{
    struct meeting meeting = meet("", "[{status: 500}]");

    for (int i = 0; i < 3; i++) cr_expect_eq(ask(&meeting, "vertex", 5), 200);
    part(&meeting);
}

Test(stranger, a_prompt_is_as_long_as_the_call_says)
{
    struct meeting meeting =
        meet(", input_tokens: 200251, compacts_to: 150000", "[{status: 200, forever: true}]");

    cr_expect_eq(ask(&meeting, "anthropic", 5), 400);
    cr_expect_eq(meeting.input_tokens, 200251);
    cr_expect_eq(ask(&meeting, "anthropic", 5), 400, "the same again is as long");
    cr_expect_eq(ask(&meeting, "anthropic", 9), 400, "a longer one is no shorter");
    cr_expect_eq(ask(&meeting, "anthropic", 4), 200, "a shorter one was compacted");
    cr_expect_eq(meeting.input_tokens, 150000);
    part(&meeting);
}

Test(stranger, a_prompt_grows_to_what_the_scripted_error_says)
{
    struct meeting meeting = meet("", "[{error: prompt_too_long}, {status: 200}]");

    cr_expect_eq(ask(&meeting, "anthropic", 5), 400);
    cr_expect_eq(ask(&meeting, "anthropic", 5), 400, "it stays so");
    cr_expect_eq(ask(&meeting, "anthropic", 4), 200);
    part(&meeting);
}

Test(stranger, a_smaller_limit_makes_room_for_the_prompt)
{
    struct meeting meeting = meet("", "[{error: context_overflow}, {status: 200}]");

    cr_expect_eq(ask(&meeting, "anthropic", 5), 400);
    meeting.max_tokens = 500;
    cr_expect_eq(ask(&meeting, "anthropic", 5), 200);
    part(&meeting);
}
