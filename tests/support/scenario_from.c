#include "tests/support/scenario_from.h"

#include <criterion/criterion.h>

#define HEAD   "scenario: 1\nname: a claim\n"
#define POLICY "policy: used/policy.yaml\n"

struct scenario_from scenario_from(const char *body)
{
    struct scenario_from from = {.arena = arena_new(), .diags = diag_list_new()};
    struct text text = TEXT_INIT, said = TEXT_INIT;
    bool names_policy = str_starts_with(str_of(body), REDIAL_STR("policy:"));
    text_printf(&text, "%s%s%s", HEAD, names_policy ? "" : POLICY, body);
    bool loaded = scenario_load_text(from.arena, REDIAL_STR("tests/golden/scenario/text.yaml"),
                                     text_str(&text), from.diags, &from.scenario);
    diag_render(from.diags, false, &said);
    cr_assert(loaded, "%s", said.ptr ? said.ptr : "not loaded");
    text_clean_up(&text);
    text_clean_up(&said);
    return from;
}

struct scenario_from scenario_played(const char *body)
{
    struct scenario_from from = scenario_from(body);
    struct transport *transport = transport_virtual_new(from.scenario.policy);
    const struct run_options options = {.transport = transport, .seed = from.scenario.seed};
    cr_assert(run_scenario(&from.run, &from.scenario, &options));
    from.requests = transport->requests_counted(transport);
    transport->destroy(transport);
    struct story_style style = {.many_calls = from.run.observation.call_count > 1};
    story_write_text(from.run.story, from.scenario.policy, &style, &from.story);
    from.differences.arena = from.arena;
    const struct compare_input input = {
        .policy = from.scenario.policy,
        .expect = &from.scenario.expect,
        .observation = &from.run.observation,
        .began_at = RUN_BEGAN_AT,
        .story = text_str(&from.story),
    };
    compare_run(&input, &from.differences);
    return from;
}

void scenario_from_clean_up(struct scenario_from *from)
{
    text_clean_up(&from->story);
    run_clean_up(&from->run);
    scenario_clean_up(&from->scenario);
    diag_list_destroy(from->diags);
    arena_destroy(from->arena);
}
