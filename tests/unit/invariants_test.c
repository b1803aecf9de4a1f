/* Each invariant breaks when it should: steps made up by hand, and a transport that lies. */
#include <criterion/criterion.h>

#include "tests/support/scenario_from.h"

#define PLAIN "call: {model: claude-opus-4-6}\nworld: {anthropic: [{status: 200}]}\n"

struct made_up {
    struct scenario_from from;
    struct redial_call call;
    struct redial_event event;
    struct redial_decision decision;
    struct watch watch;
    struct violations violations;
    bool background_ends;
};

/* A step in which nothing is wrong: a retry under the rule for overloads. */
static struct made_up made_up(void)
{
    struct made_up made = {.from = scenario_from(PLAIN)};
    made.violations.arena = made.from.arena;
    made.call = (struct redial_call){.policy = made.from.scenario.policy,
                                     .rule = 2, /* overloaded */
                                     .attempts = 2,
                                     .leg_retries = 1,
                                     .deadline_at = 1000 * NS_PER_SECOND};
    made.event = (struct redial_event){.kind = REDIAL_EVENT_REPLY, .status = 529};
    made.decision = (struct redial_decision){.kind = REDIAL_DECISION_WAIT,
                                             .class = REDIAL_CLASS_OVERLOADED,
                                             .judged = true,
                                             .rule = 2,
                                             .rule_used = 1,
                                             .rule_max = 3,
                                             .wait = REDIAL_WAIT_BACKOFF,
                                             .delay = 500 * NS_PER_MS,
                                             .wake_at = 1 * NS_PER_SECOND};
    return made;
}

static void look(struct made_up *made)
{
    invariants_step(&made->violations, &made->watch, made->background_ends, 1, &made->call,
                    &made->event, &made->decision, 0);
}

static void expect_broken(struct made_up *made, enum invariant invariant)
{
    look(made);
    cr_assert_eq(made->violations.count, 1, "%zu broken", made->violations.count);
    cr_expect_eq(made->violations.list[0].invariant, invariant, "%s",
                 invariant_names.rows[made->violations.list[0].invariant].word);
    scenario_from_clean_up(&made->from);
}

Test(invariants, a_step_as_it_should_be_breaks_none)
{
    struct made_up made = made_up();
    look(&made);
    cr_expect_eq(made.violations.count, 0);
    scenario_from_clean_up(&made.from);
}

Test(invariants, a_wait_above_cap_and_jitter)
{
    struct made_up made = made_up();
    made.decision.delay = 40 * NS_PER_SECOND;
    look(&made);
    cr_expect_eq(made.violations.count, 0, "32 s and a quarter is the most");
    made.decision.delay++;
    expect_broken(&made, INVARIANT_WAITS);
}

Test(invariants, a_hint_that_is_not_waited_exactly)
{
    struct made_up made = made_up();
    made.decision.wait = REDIAL_WAIT_HINT;
    made.decision.delay_hint = 499 * NS_PER_MS;
    expect_broken(&made, INVARIANT_WAITS);
}

Test(invariants, a_wait_that_ends_after_the_deadline)
{
    struct made_up made = made_up();
    made.decision.wake_at = made.call.deadline_at + 1;
    expect_broken(&made, INVARIANT_DEADLINE);
}

Test(invariants, more_retries_than_the_rule_has)
{
    struct made_up made = made_up();
    made.decision.rule_used = 4;
    expect_broken(&made, INVARIANT_RULE_MAX);
}

Test(invariants, more_attempts_than_the_call_has)
{
    struct made_up made = made_up();
    made.decision.kind = REDIAL_DECISION_SEND;
    made.call.attempts = 34;
    expect_broken(&made, INVARIANT_LIMITS);
}

Test(invariants, an_attempt_after_delivered_output)
{
    struct made_up made = made_up();
    made.decision.kind = REDIAL_DECISION_SEND;
    made.watch.delivered = true;
    expect_broken(&made, INVARIANT_OUTPUT);
}

Test(invariants, a_background_call_that_goes_on)
{
    struct made_up made = made_up();
    made.background_ends = true;
    made.call.query = REDIAL_QUERY_BACKGROUND;
    expect_broken(&made, INVARIANT_BACKGROUND);
}

Test(invariants, an_event_that_cannot_happen)
{
    struct made_up made = made_up();
    made.decision = (struct redial_decision){.kind = REDIAL_DECISION_MISUSE};
    expect_broken(&made, INVARIANT_AGREED);
}

Test(invariants, the_same_request_after_a_veto_and_not_another_one)
{
    struct made_up made = made_up();
    struct watched_request request = {.model = REDIAL_STR("m"), .max_tokens = 5};
    made.event.should_retry = -1;
    invariants_send(&made.violations, &made.watch, 1, &request, 0);
    look(&made);
    request.max_tokens = 6;
    invariants_send(&made.violations, &made.watch, 1, &request, 0);
    cr_expect_eq(made.violations.count, 0, "another request may be sent");
    look(&made);
    invariants_send(&made.violations, &made.watch, 1, &request, 0);
    cr_assert_eq(made.violations.count, 1);
    cr_expect_eq(made.violations.list[0].invariant, INVARIANT_VETO);
    scenario_from_clean_up(&made.from);
}

/* ---- The shipped policy ---- */

struct shipped {
    struct arena *arena;
    struct diag_list *diags;
    struct scenario scenario;
};

static struct shipped load_shipped(const char *body)
{
    struct shipped shipped = {arena_new(), diag_list_new(), {0}};
    struct text text = TEXT_INIT;
    text_printf(&text, "scenario: 1\nname: x\npolicy: policies/claude-code.yaml\n%s", body);
    cr_assert(scenario_load_text(shipped.arena, REDIAL_STR("x.yaml"), text_str(&text),
                                 shipped.diags, &shipped.scenario));
    text_clean_up(&text);
    return shipped;
}

static void shipped_clean_up(struct shipped *shipped)
{
    scenario_clean_up(&shipped->scenario);
    diag_list_destroy(shipped->diags);
    arena_destroy(shipped->arena);
}

Test(invariants, the_shipped_policy_ends_background_calls_and_the_small_one_does_not)
{
    struct scenario_from small = scenario_from(PLAIN);
    struct shipped shipped = load_shipped(PLAIN);
    cr_expect_not(invariants_background_ends(small.scenario.policy));
    cr_expect(invariants_background_ends(shipped.scenario.policy));
    scenario_from_clean_up(&small);
    shipped_clean_up(&shipped);
}

/* ---- A transport that lies ---- */

struct liar {
    struct transport transport, *honest;
    bool miscounts, garbles;
};

static bool liar_begin(struct transport *self, struct attempt *attempt, struct request_seen *seen,
                       struct redial_event *event, size_t *count, struct redial_str *why)
{
    struct liar *liar = (struct liar *)self;
    bool begun = liar->honest->begin(liar->honest, attempt, seen, event, count, why);
    if (liar->garbles) seen->max_tokens++;
    return begun;
}

static bool liar_perform(struct transport *self, struct attempt *attempt, const struct act *act,
                         struct redial_event events[2], size_t *count, struct redial_str *why)
{
    struct transport *honest = ((struct liar *)self)->honest;
    return honest->perform(honest, attempt, act, events, count, why);
}

static size_t liar_counts(const struct transport *self)
{
    const struct liar *liar = (const struct liar *)self;
    return liar->honest->requests_counted(liar->honest) + liar->miscounts;
}

static void expect_found_out(struct liar liar, enum invariant invariant)
{
    struct scenario_from from = scenario_from(PLAIN);
    liar.honest = transport_virtual_new(from.scenario.policy);
    liar.transport = *liar.honest;
    liar.transport.begin = liar_begin;
    liar.transport.perform = liar_perform;
    liar.transport.requests_counted = liar_counts;
    const struct run_options options = {.transport = &liar.transport};
    cr_assert(run_scenario(&from.run, &from.scenario, &options));
    cr_assert_eq(from.run.observation.violations.count, 1);
    cr_expect_eq(from.run.observation.violations.list[0].invariant, invariant);
    liar.honest->destroy(liar.honest);
    scenario_from_clean_up(&from);
}

Test(invariants, a_request_that_is_no_attempt_of_the_story)
{
    expect_found_out((struct liar){.miscounts = true}, INVARIANT_COUNTED);
}

Test(invariants, a_request_that_arrives_otherwise_than_decided)
{
    expect_found_out((struct liar){.garbles = true}, INVARIANT_ARRIVED);
}

/* ---- Ends and secrets ---- */

Test(invariants, a_run_without_end_is_stopped_and_said)
{
    struct shipped shipped = load_shipped("call: {model: claude-opus-4-6, unattended: true}\n"
                                          "world: {anthropic: [{status: 529, forever: true}]}\n");
    struct transport *transport = transport_virtual_new(shipped.scenario.policy);
    struct run run;
    cr_assert(run_scenario(&run, &shipped.scenario, &(struct run_options){.transport = transport}));
    cr_assert_eq(run.observation.violations.count, 1);
    cr_expect_eq(run.observation.violations.list[0].invariant, INVARIANT_ENDS);
    run_clean_up(&run);
    transport->destroy(transport);
    shipped_clean_up(&shipped);
}

Test(invariants, a_server_that_echoes_the_credential_does_not_get_it_into_the_story)
{
    struct scenario_from from = scenario_played(
        "call: {model: claude-opus-4-6}\n"
        "world: {anthropic: [{status: 400, message: 'bad token canary-anthropic-token-0'}]}\n"
        "expect: {never: {text: canary}}\n");
    struct text json = TEXT_INIT;
    story_write_json(from.run.story, from.scenario.policy, &json);
    cr_expect_eq(from.differences.count, 0, "%s", from.story.ptr);
    cr_expect_neq(str_find(text_str(&from.story), REDIAL_STR("[redacted]")), SIZE_MAX);
    cr_expect_eq(str_find(text_str(&json), REDIAL_STR("canary")), SIZE_MAX, "%s", json.ptr);
    text_clean_up(&json);
    scenario_from_clean_up(&from);
}
