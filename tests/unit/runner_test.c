/* Whole runs on the virtual clock, from scenario text to what they showed. */
#include <criterion/criterion.h>

#include "tests/support/scenario_from.h"

static void expect_quiet(struct scenario_from *from)
{
    for (size_t i = 0; i < from->differences.count && i < DIFFERENCES_KEPT; i++)
        cr_expect_fail("%.*s: expected %.*s, got %.*s\n%s",
                       REDIAL_STR_ARG(from->differences.list[i].what),
                       REDIAL_STR_ARG(from->differences.list[i].expected),
                       REDIAL_STR_ARG(from->differences.list[i].got), from->story.ptr);
    scenario_from_clean_up(from);
}

static void play_quietly(const char *body)
{
    struct scenario_from from = scenario_played(body);
    cr_expect_eq(from.run.end, RUN_ENDED, "%.*s", REDIAL_STR_ARG(from.run.trouble.why));
    expect_quiet(&from);
}

/* ---- The world ---- */

Test(runner, replies_come_in_order_and_so_often_as_they_repeat)
{
    play_quietly("call: {model: claude-opus-4-6}\n"
                 "world: {anthropic: [{status: 429, repeat: 2}, {status: 529}, {status: 200}]}\n"
                 "expect: {outcome: success, rules: [rate limited, rate limited, overloaded]}\n");
}

Test(runner, a_reply_with_a_moment_ends_what_came_before_it)
{
    play_quietly("call: {model: claude-opus-4-6}\n"
                 "world: {anthropic: [{status: 429, forever: true}, {at: 5s, status: 200}]}\n"
                 "expect: {outcome: success, elapsed: 5s..10s}\n");
}

Test(runner, a_reply_for_certain_requests_waits_for_one)
{
    play_quietly("call: {model: claude-opus-4-6}\n"
                 "world: {anthropic: [{status: 200, match: {model: '*sonnet*'}},"
                 " {status: 529, forever: true}]}\n"
                 "expect: {outcome: success, model: claude-sonnet-4-6, attempts: 5}\n");
}

Test(runner, a_credential_that_was_refused_stays_refused_until_it_is_refreshed)
{
    play_quietly("call: {provider: foundry, model: claude-opus-4-6, credential: api_key}\n"
                 "world: {foundry: [{status: 401}, {status: 200}]}\n"
                 "expect: {outcome: failed, attempts: 1}\n");
    play_quietly("call: {model: claude-opus-4-6}\n"
                 "world: {anthropic: {replies: [{status: 429, repeat: 5}, {status: 200}],"
                 " credentials: {expire_after: 2 requests}}}\n"
                 "expect: {outcome: success, repairs: [refresh, refresh],"
                 " request: {credential: 2}}\n");
}

Test(runner, calls_share_a_credential_and_one_refresh_serves_both)
{
    play_quietly("calls: [{model: claude-opus-4-6, count: 2}]\n"
                 "world: {anthropic: {replies: [{status: 200, repeat: 2}],"
                 " credentials: {expire_after: 1h}, token_server: {after: 100ms}}}\n"
                 "expect: {outcome: success, attempts: 2}\n");
    play_quietly(
        "calls: [{at: 0s, model: claude-opus-4-6}, {at: 50ms, model: claude-opus-4-6}]\n"
        "world: {anthropic: {replies: [{status: 401, after: 60ms}, {status: 200, repeat: 2}],"
        " token_server: [{after: 100ms}, {fail: only one}]}}\n"
        "expect: {outcome: success, repairs: [refresh, refresh],"
        " request: {credential: 1}}\n");
}

Test(runner, a_token_server_that_fails_ends_the_call)
{
    play_quietly("call: {model: claude-opus-4-6}\n"
                 "world: {anthropic: {replies: [{status: 401}, {status: 200}],"
                 " token_server: {after: 1s, fail: invalid_grant}}}\n"
                 "expect: {outcome: repair_failed, attempts: 1, elapsed: 1s}\n");
}

Test(runner, a_rate_limit_tells_the_wait_that_is_true)
{
    play_quietly("calls: [{model: claude-opus-4-6, count: 2}]\n"
                 "world: {anthropic: {replies: [{status: 200, forever: true}],"
                 " rate_limit: {requests: 1/min}}}\n"
                 "expect: {outcome: success, attempts: 3, waits: [60s]}\n");
}

Test(runner, an_outage_strikes_its_share_of_requests_in_its_time)
{
    play_quietly("call: {model: claude-opus-4-6}\n"
                 "world: {anthropic: {replies: [{status: 200}],"
                 " outage: {from: 0s, to: 3s, reply: {status: 429}}}}\n"
                 "expect: {outcome: success, elapsed: 3s..10s}\n");
    struct scenario_from from =
        scenario_played("seed: 3\ncalls: [{model: claude-opus-4-6, count: 1000}]\n"
                        "world: {anthropic: {replies: [{status: 200, forever: true}],"
                        " outage: {from: 0s, to: 1ms, share: 30%, reply: {status: 400}}}}\n");
    size_t failed = 0;
    for (size_t i = 0; i < 1000; i++)
        failed += from.run.observation.calls[i].reason == REDIAL_REASON_FAILED;
    cr_expect(failed > 250 && failed < 350, "%zu of 1000", failed);
    scenario_from_clean_up(&from);
}

/* ---- The client ---- */

Test(runner, a_whole_reply_leaves_its_connection_for_the_next_request)
{
    play_quietly("call: {model: claude-opus-4-6}\n"
                 "world: {anthropic: [{status: 429}, {reset: request}, {status: 200}]}\n"
                 "expect: {requests: [{connection: new}, {connection: reused},"
                 " {connection: new}]}\n");
}

Test(runner, an_idle_connection_that_died_is_reset_by_the_next_request)
{
    play_quietly(
        "call: {model: claude-opus-4-6}\n"
        "world: {anthropic: {replies: [{status: 429, retry_after: 10s}, {status: 200}],"
        " idle_close: 9s}}\n"
        "expect: {outcome: success, attempts: 3, rules: [rate limited, connection dropped],"
        " requests: [{connection: new}, {connection: reused}, {connection: new}]}\n");
}

Test(runner, a_reply_that_never_comes_is_given_up)
{
    play_quietly("call: {model: claude-opus-4-6, deadline: 20s}\n"
                 "world: {anthropic: [{hang: forever}]}\n"
                 "expect: {elapsed: 20s, attempts: 1}\n");
}

Test(runner, a_call_ends_when_its_caller_gives_up)
{
    play_quietly("call: {model: claude-opus-4-6, cancel_at: 100ms}\n"
                 "world: {anthropic: [{status: 200, after: 5s}]}\n"
                 "expect: {outcome: cancelled, elapsed: 100ms}\n");
    play_quietly("call: {model: claude-opus-4-6, cancel_at: 100ms}\n"
                 "world: {anthropic: [{status: 429}]}\n"
                 "expect: {outcome: cancelled, elapsed: 100ms}\n");
    play_quietly("call: {model: claude-opus-4-6, cancel_at: 0s}\n"
                 "world: {anthropic: [{refuse: connect, after: 1s}]}\n"
                 "expect: {outcome: cancelled, elapsed: 0s}\n");
}

Test(runner, a_stream_that_stalls_longer_than_the_policy_allows_is_given_up)
{
    struct scenario_from from =
        scenario_played("call: {model: claude-opus-4-6, stream: true}\n"
                        "world: {anthropic: [{stream: {tokens: 3}, stall: {after_events: 1}}]}\n");
    cr_expect_eq(from.run.observation.calls[0].class, REDIAL_CLASS_TIMEOUT, "%s", from.story.ptr);
    cr_expect_eq(from.run.observation.latest - RUN_BEGAN_AT, 5 * NS_PER_MINUTE);
    scenario_from_clean_up(&from);
}

/* ---- Ends ---- */

Test(runner, a_world_that_runs_out_stops_the_run_and_names_the_attempt)
{
    struct scenario_from from = scenario_played("call: {model: claude-opus-4-6}\n"
                                                "world: {anthropic: [{status: 529}]}\n");
    cr_expect_eq(from.run.end, RUN_TROUBLE);
    cr_expect(str_is(from.run.trouble.why,
                     "the world of 'anthropic' has no reply left for attempt 2 of call 1"),
              "%.*s", REDIAL_STR_ARG(from.run.trouble.why));
    cr_expect_eq(from.run.trouble.span.line, 5);
    scenario_from_clean_up(&from);
}

Test(runner, an_interrupted_run_ends_at_once)
{
    struct scenario_from from = scenario_from("call: {model: claude-opus-4-6}\n"
                                              "world: {anthropic: [{status: 200}]}\n");
    volatile sig_atomic_t interrupted = 1;
    struct transport *transport = transport_virtual_new(from.scenario.policy);
    const struct run_options options = {.transport = transport, .interrupted = &interrupted};
    cr_assert(run_scenario(&from.run, &from.scenario, &options));
    cr_expect_eq(from.run.end, RUN_INTERRUPTED);
    transport->destroy(transport);
    scenario_from_clean_up(&from);
}

Test(runner, with_the_real_clock_a_wait_really_passes)
{
    struct scenario_from from = scenario_from("call: {model: claude-opus-4-6}\n"
                                              "world: {anthropic: [{status: 200, after: 30ms}]}\n");
    struct transport *transport = transport_virtual_new(from.scenario.policy);
    const struct run_options options = {.transport = transport, .realtime = true};
    cr_assert(run_scenario(&from.run, &from.scenario, &options));
    cr_expect_geq(from.run.observation.latest - RUN_BEGAN_AT, 30 * NS_PER_MS);
    transport->destroy(transport);
    scenario_from_clean_up(&from);
}

Test(runner, the_same_seed_tells_the_same_story_and_another_seed_another)
{
#define SEEDED(seed)                                                                               \
    "seed: " seed "\ncall: {model: claude-opus-4-6}\n"                                             \
    "world: {anthropic: [{status: 529, repeat: 3}, {status: 200}]}\n"
    struct scenario_from one = scenario_played(SEEDED("1")), again = scenario_played(SEEDED("1"));
    struct scenario_from other = scenario_played(SEEDED("2"));
    cr_expect(str_eq(text_str(&one.story), text_str(&again.story)));
    cr_expect_not(str_eq(text_str(&one.story), text_str(&other.story)));
    scenario_from_clean_up(&one);
    scenario_from_clean_up(&again);
    scenario_from_clean_up(&other);
}

Test(runner, every_request_that_the_server_counts_is_an_attempt)
{
    struct scenario_from from = scenario_played(
        "call: {model: claude-opus-4-6}\n"
        "world: {anthropic: [{status: 429, repeat: 4}, {reset: request}, {status: 200}]}\n");
    cr_expect_eq(from.requests, 6);
    cr_expect_eq(from.run.observation.attempts, 6);
    expect_quiet(&from);
}
