/* The call as a state machine: every cell of the grid, and the counting of retries. What the
 * shipped policy decides is pinned by scenarios; here stand the corners that no scenario reaches.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "redial/redial.h"
#include "tests/support/policy_from.h"

#define SECOND NS_PER_SECOND
static const int64_t began = INT64_C(1767225600) * NS_PER_SECOND;

static const char plain_policy[] =
    "limits: {retries: 4, attempts: 6}\n"
    "backoff: {standard: {base: 1s, factor: 2, cap: 8s}}\n"
    "rules:\n"
    "  - {name: auth, when: {class: auth_expired}, do: [refresh, retry], max: 1}\n"
    "  - {name: limited, when: {class: rate_limited}, do: [backoff, retry], max: 2}\n"
    "  - {name: busy, when: {class: overloaded}, do: [backoff, retry], max: 1, then: "
    "[fallback_model, retry]}\n"
    "  - {name: dropped, when: {class: connection_dropped}, do: [fresh_connection, retry]}\n"
    "  - {name: trouble, when: {class: server_error}, do: [{wait: 3s}, retry]}\n"
    "  - {name: cut, when: {class: stream_cut}, do: [retry], after_output: restart}\n"
    "  - {name: long, when: {class: prompt_too_long}, do: [compact, retry], max: 1}\n"
    "fallback: {models: {m1: [m2], m2: [m3]}}\n";

struct stage {
    struct redial_policy *policy;
    struct redial_engine *engine;
    struct redial_call call;
    struct redial_decision decision;
    int64_t now;
};

static void begin(struct stage *stage, const char *text, struct redial_call_options options)
{
    struct redial_str why;
    *stage = (struct stage){.policy = policy_from(text), .now = began};
    stage->engine = redial_engine_new(stage->policy);
    if (!options.model.len) options.model = REDIAL_STR("m1");
    cr_assert(redial_call_init(&stage->call, stage->engine, &options, stage->now, &why));
}

static void step(struct stage *stage, struct redial_event event)
{
    redial_call_step(&stage->call, &event, stage->now, &stage->decision);
}

static void start(struct stage *stage)
{
    step(stage, (struct redial_event){.kind = REDIAL_EVENT_START});
}

static void reply(struct stage *stage, uint16_t status, const char *error)
{
    step(stage, (struct redial_event){.kind = REDIAL_EVENT_REPLY,
                                      .complete = true,
                                      .status = status,
                                      .text[REDIAL_TEXT_ERROR] = str_of(error)});
}

static void reset(struct stage *stage)
{
    step(stage, (struct redial_event){.kind = REDIAL_EVENT_BROKEN,
                                      .cause = REDIAL_CAUSE_ECONNRESET,
                                      .phase = REDIAL_PHASE_WAIT});
}

static void wait_out(struct stage *stage)
{
    cr_assert_eq(stage->decision.kind, REDIAL_DECISION_WAIT);
    stage->now = stage->decision.wake_at;
    step(stage, (struct redial_event){.kind = REDIAL_EVENT_TIMER});
}

static void expect_finish(const struct stage *stage, enum redial_reason reason)
{
    cr_assert_eq(stage->decision.kind, REDIAL_DECISION_FINISH, "kind %d", stage->decision.kind);
    cr_expect_eq(stage->decision.reason, reason, "%s", redial_reason_name(stage->decision.reason));
    cr_expect_eq(stage->call.state, REDIAL_STATE_FINISHED);
}

static void end(struct stage *stage)
{
    if (stage->call.state != REDIAL_STATE_FINISHED)
        step(stage, (struct redial_event){.kind = REDIAL_EVENT_CANCEL});
    redial_engine_destroy(stage->engine);
    redial_policy_release(stage->policy);
}

/* ---- The grid */

/* Brings a call into `state`. */
static void bring(struct stage *stage, enum redial_state state)
{
    begin(stage, plain_policy, (struct redial_call_options){0});
    if (state == REDIAL_STATE_READY) return;
    start(stage);
    if (state == REDIAL_STATE_STREAMING)
        step(stage, (struct redial_event){.kind = REDIAL_EVENT_OUTPUT});
    if (state == REDIAL_STATE_WAITING) reply(stage, 429, "rate_limit_error");
    if (state == REDIAL_STATE_REPAIRING)
        step(stage,
             (struct redial_event){.kind = REDIAL_EVENT_REPLY,
                                   .complete = true,
                                   .status = 401,
                                   .text[REDIAL_TEXT_ERROR] = REDIAL_STR("authentication_error"),
                                   .message = REDIAL_STR("OAuth token has expired.")});
    if (state == REDIAL_STATE_FINISHED)
        step(stage, (struct redial_event){.kind = REDIAL_EVENT_CANCEL});
    cr_assert_eq(stage->call.state, state, "%s", redial_state_name(stage->call.state));
}

Test(call, every_event_in_every_state_has_the_answer_of_the_grid)
{
    enum {
        N = REDIAL_DECISION_NOTHING,
        S = REDIAL_DECISION_SEND,
        F = REDIAL_DECISION_FINISH,
        M = REDIAL_DECISION_MISUSE,
        W = REDIAL_DECISION_WAIT
    };
    static const uint8_t want[REDIAL_STATE_COUNT][REDIAL_EVENT_COUNT] = {
        /* START REPLY OUTPUT BROKEN STREAM_ERROR REPAIRED REPAIR_FAILED TIMER CANCEL; a whole 200,
           a reset */
        [REDIAL_STATE_READY] = {S, M, M, M, M, M, M, M, F},
        [REDIAL_STATE_SENDING] = {M, F, N, S, F, N, N, N, F},
        [REDIAL_STATE_STREAMING] = {M, F, N, F, F, N, N, N, F},
        [REDIAL_STATE_REPAIRING] = {M, N, N, N, N, S, F, N, F},
        [REDIAL_STATE_WAITING] = {M, N, N, N, N, N, N, W, F}, /* the timer rings early here */
        [REDIAL_STATE_FINISHED] = {M, N, N, N, N, N, N, N, N},
    };
    for (int state = 0; state < REDIAL_STATE_COUNT; state++)
        for (int kind = 0; kind < REDIAL_EVENT_COUNT; kind++) {
            struct stage stage;
            bring(&stage, (enum redial_state)state);
            struct redial_event event = {.kind = (uint8_t)kind};
            if (kind == REDIAL_EVENT_REPLY) event.status = 200, event.complete = true;
            if (kind == REDIAL_EVENT_BROKEN) event.cause = REDIAL_CAUSE_ECONNRESET;
            step(&stage, event);
            cr_expect_eq(stage.decision.kind, want[state][kind], "%s in %s: decision %d",
                         redial_event_name((enum redial_event_kind)kind),
                         redial_state_name((enum redial_state)state), stage.decision.kind);
            end(&stage);
        }
}

Test(call, an_event_kind_outside_the_list_changes_nothing)
{
    struct stage stage;
    bring(&stage, REDIAL_STATE_SENDING);
    struct redial_call before = stage.call;
    step(&stage, (struct redial_event){.kind = 200});
    cr_expect_eq(stage.decision.kind, REDIAL_DECISION_MISUSE);
    cr_expect_eq(memcmp(&before, &stage.call, sizeof before), 0);
    end(&stage);
}

Test(call, the_same_call_and_event_always_give_the_same_decision)
{
    struct stage stage;
    bring(&stage, REDIAL_STATE_SENDING);
    struct redial_call copy = stage.call;
    reply(&stage, 429, "rate_limit_error");
    struct redial_decision first = stage.decision;
    stage.call = copy;
    reply(&stage, 429, "rate_limit_error");
    cr_expect_eq(memcmp(&first, &stage.decision, sizeof first), 0);
    end(&stage);
}

/* ---- Counting */

Test(call, max_counts_retries_of_the_rule_whatever_happens_in_between)
{
    struct stage stage;
    begin(&stage, plain_policy, (struct redial_call_options){0});
    start(&stage);
    reply(&stage, 429, "rate_limit_error");
    wait_out(&stage);
    reply(&stage, 500, "api_error");
    wait_out(&stage);
    reply(&stage, 429, "rate_limit_error");
    wait_out(&stage);
    reply(&stage, 429, "rate_limit_error");
    expect_finish(&stage, REDIAL_REASON_RULE_LIMIT);
    cr_expect_eq(stage.call.attempts, 4);
    end(&stage);
}

Test(call, the_wait_grows_with_the_waits_of_the_leg_fixed_ones_included)
{
    struct stage stage;
    begin(&stage, plain_policy, (struct redial_call_options){0});
    start(&stage);
    reply(&stage, 429, "rate_limit_error");
    cr_expect_eq(stage.decision.delay, 1 * SECOND);
    wait_out(&stage);
    reply(&stage, 500, "api_error");
    cr_expect_eq(stage.decision.delay, 3 * SECOND);
    wait_out(&stage);
    reply(&stage, 429, "rate_limit_error");
    cr_expect_eq(stage.decision.delay, 4 * SECOND);
    end(&stage);
}

Test(call, repairs_without_a_wait_do_not_raise_the_backoff)
{
    struct stage stage;
    begin(&stage, plain_policy, (struct redial_call_options){0});
    start(&stage);
    reset(&stage);
    cr_expect_eq(stage.decision.kind, REDIAL_DECISION_SEND);
    cr_expect(stage.decision.fresh_connection);
    reply(&stage, 429, "rate_limit_error");
    cr_expect_eq(stage.decision.delay, 1 * SECOND);
    wait_out(&stage);
    cr_expect_not(stage.decision.fresh_connection,
                  "only the retry after the reset needs a new connection");
    end(&stage);
}

Test(call, a_leg_has_its_own_retries_and_the_call_bounds_all_attempts)
{
    struct stage stage;
    begin(&stage, plain_policy, (struct redial_call_options){0});
    start(&stage);
    for (int i = 0; i < 4; i++) reset(&stage);
    cr_expect_eq(stage.decision.kind, REDIAL_DECISION_SEND);
    reset(&stage);
    expect_finish(&stage, REDIAL_REASON_RETRY_LIMIT);
    end(&stage);

    begin(&stage, plain_policy, (struct redial_call_options){0});
    start(&stage);
    for (int leg = 0; leg < 2; leg++) {
        reply(&stage, 529, "overloaded_error");
        wait_out(&stage);
        reply(&stage, 529, "overloaded_error");
        cr_assert_eq(stage.decision.kind, REDIAL_DECISION_SEND,
                     "the fallback model is sent at once");
        cr_expect_eq(stage.call.leg_retries, 0);
    }
    cr_expect_eq(stage.call.attempts, 5);
    cr_expect(str_is(stage.call.model, "m3"));
    reset(&stage);
    reset(&stage);
    expect_finish(&stage, REDIAL_REASON_ATTEMPT_LIMIT);
    end(&stage);
}

Test(call, the_last_model_of_the_chain_has_no_fallback)
{
    struct stage stage;
    begin(&stage, plain_policy, (struct redial_call_options){.model = REDIAL_STR("m3")});
    start(&stage);
    reply(&stage, 529, "overloaded_error");
    wait_out(&stage);
    reply(&stage, 529, "overloaded_error");
    expect_finish(&stage, REDIAL_REASON_NO_FALLBACK);
    cr_expect_eq(stage.decision.class, REDIAL_CLASS_OVERLOADED);
    end(&stage);
}

Test(call, a_model_that_no_file_names_works_and_has_no_fallback)
{
    struct stage stage;
    begin(&stage, plain_policy, (struct redial_call_options){.model = REDIAL_STR("tomorrow")});
    start(&stage);
    cr_expect_eq(stage.decision.kind, REDIAL_DECISION_SEND);
    reply(&stage, 529, "overloaded_error");
    wait_out(&stage);
    reply(&stage, 529, "overloaded_error");
    expect_finish(&stage, REDIAL_REASON_NO_FALLBACK);
    end(&stage);
}

static void expired(struct stage *stage)
{
    step(stage, (struct redial_event){.kind = REDIAL_EVENT_REPLY,
                                      .complete = true,
                                      .status = 401,
                                      .text[REDIAL_TEXT_ERROR] = REDIAL_STR("authentication_error"),
                                      .message = REDIAL_STR("OAuth token has expired.")});
}

Test(call, the_second_401_in_a_row_ends_the_call_but_not_one_after_another_reply)
{
    struct stage stage;
    begin(&stage, plain_policy, (struct redial_call_options){0});
    start(&stage);
    expired(&stage);
    step(&stage, (struct redial_event){.kind = REDIAL_EVENT_REPAIRED});
    cr_expect_eq(stage.call.credential, 1);
    reply(&stage, 429, "rate_limit_error");
    wait_out(&stage);
    expired(&stage);
    cr_expect_eq(stage.decision.kind, REDIAL_DECISION_REPAIR,
                 "a 429 in between shows that the refresh had worked");
    step(&stage, (struct redial_event){.kind = REDIAL_EVENT_REPAIRED});
    expired(&stage);
    expect_finish(&stage, REDIAL_REASON_RULE_LIMIT);
    end(&stage);
}

Test(call, a_failed_repair_ends_the_call_with_the_original_class)
{
    struct stage stage;
    begin(&stage, plain_policy, (struct redial_call_options){0});
    start(&stage);
    expired(&stage);
    step(&stage, (struct redial_event){.kind = REDIAL_EVENT_REPAIR_FAILED});
    expect_finish(&stage, REDIAL_REASON_REPAIR_FAILED);
    cr_expect_eq(stage.decision.class, REDIAL_CLASS_AUTH_EXPIRED);
    end(&stage);
}

/* ---- Guards */

Test(call, a_veto_forbids_the_same_request_but_not_a_changed_one)
{
    struct stage stage;
    begin(&stage, plain_policy, (struct redial_call_options){0});
    start(&stage);
    struct redial_event vetoed = {.kind = REDIAL_EVENT_REPLY,
                                  .complete = true,
                                  .status = 429,
                                  .should_retry = -1,
                                  .text[REDIAL_TEXT_ERROR] = REDIAL_STR("rate_limit_error")};
    step(&stage, vetoed);
    expect_finish(&stage, REDIAL_REASON_VETOED);
    end(&stage);

    begin(&stage, plain_policy, (struct redial_call_options){0});
    start(&stage);
    step(&stage,
         (struct redial_event){.kind = REDIAL_EVENT_REPLY,
                               .complete = true,
                               .status = 401,
                               .should_retry = -1,
                               .text[REDIAL_TEXT_ERROR] = REDIAL_STR("authentication_error"),
                               .message = REDIAL_STR("OAuth token has expired.")});
    cr_expect_eq(stage.decision.kind, REDIAL_DECISION_REPAIR, "a refreshed request is another one");
    end(&stage);
}

Test(call, the_veto_is_read_from_the_header_too)
{
    struct stage stage;
    const struct redial_header headers[] = {{REDIAL_STR("X-Should-Retry"), REDIAL_STR("false")}};
    begin(&stage, plain_policy, (struct redial_call_options){0});
    start(&stage);
    step(&stage, (struct redial_event){.kind = REDIAL_EVENT_REPLY,
                                       .complete = true,
                                       .status = 429,
                                       .headers = headers,
                                       .header_count = 1,
                                       .text[REDIAL_TEXT_ERROR] = REDIAL_STR("rate_limit_error")});
    expect_finish(&stage, REDIAL_REASON_VETOED);
    end(&stage);
}

Test(call, nothing_is_retried_after_output_unless_the_rule_restarts)
{
    struct stage stage;
    bring(&stage, REDIAL_STATE_STREAMING);
    reset(&stage);
    expect_finish(&stage, REDIAL_REASON_DELIVERED);
    end(&stage);

    bring(&stage, REDIAL_STATE_STREAMING);
    step(&stage, (struct redial_event){.kind = REDIAL_EVENT_BROKEN,
                                       .cause = REDIAL_CAUSE_CUT,
                                       .phase = REDIAL_PHASE_STREAM});
    cr_expect_eq(stage.decision.kind, REDIAL_DECISION_SEND);
    cr_expect(stage.decision.restart, "the caller is told to discard what it has");
    end(&stage);
}

Test(call, a_wait_that_would_pass_the_deadline_is_not_begun)
{
    struct stage stage;
    begin(&stage, plain_policy, (struct redial_call_options){.deadline = 1500 * NS_PER_MS});
    start(&stage);
    cr_expect_eq(stage.decision.abort_at, began + 1500 * NS_PER_MS,
                 "the attempt is cut at the deadline");
    reply(&stage, 429, "rate_limit_error");
    cr_expect_eq(stage.decision.kind, REDIAL_DECISION_WAIT);
    wait_out(&stage);
    reply(&stage, 429, "rate_limit_error");
    expect_finish(&stage, REDIAL_REASON_DEADLINE);
    cr_expect_eq(stage.now, began + 1 * SECOND, "at once, not after the wait");
    end(&stage);
}

Test(call, an_early_timer_waits_for_the_rest_and_counts_no_second_wait)
{
    struct stage stage;
    bring(&stage, REDIAL_STATE_WAITING);
    stage.now += 400 * NS_PER_MS;
    step(&stage, (struct redial_event){.kind = REDIAL_EVENT_TIMER});
    cr_expect_eq(stage.decision.kind, REDIAL_DECISION_WAIT);
    cr_expect_eq(stage.decision.delay, 600 * NS_PER_MS);
    cr_expect_eq(stage.call.leg_waits, 1);
    wait_out(&stage);
    cr_expect_eq(stage.decision.kind, REDIAL_DECISION_SEND);
    end(&stage);
}

Test(call, what_no_rule_names_ends_the_call_unmatched)
{
    struct stage stage;
    begin(&stage, plain_policy, (struct redial_call_options){0});
    start(&stage);
    reply(&stage, 418, "teapot_error");
    expect_finish(&stage, REDIAL_REASON_UNMATCHED);
    end(&stage);
}

Test(call, wrong_options_are_refused_with_a_sentence)
{
    struct redial_policy *policy = policy_from(plain_policy);
    struct redial_engine *engine = redial_engine_new(policy);
    const struct redial_call_options wrong[] = {
        {.model = REDIAL_STR("m1"), .provider = REDIAL_STR("nowhere")},
        {.provider = REDIAL_STR("anthropic")},
        {.model = REDIAL_STR("m1"), .max_tokens = -1},
        {.model = REDIAL_STR("m1"), .query = 9, .query_given = true},
    };
    for (size_t i = 0; i < REDIAL_COUNT_OF(wrong); i++) {
        struct redial_call call;
        struct redial_str why = {0};
        cr_expect_not(redial_call_init(&call, engine, &wrong[i], began, &why), "case %zu", i);
        cr_expect_gt(why.len, 10);
    }
    redial_engine_destroy(engine);
    redial_policy_release(policy);
}
