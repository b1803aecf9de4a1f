/* Telemetry: which attempts give a record, what it says, and what goes to the agent. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "redial/redial.h"
#include "tests/support/policy_from.h"

static const char rules[] =
    "backoff: {standard: {base: 1s}}\n"
    "rules:\n"
    "  - {name: \"too, much|of it\", when: {class: rate_limited}, do: [backoff, retry]}\n"
    "  - {name: away, when: {class: overloaded}, do: [fallback_provider, retry]}\n"
    "fallback: {providers: {anthropic: [bedrock]}}\n";

struct seen {
    int count;
    struct redial_telemetry last;
};

static void look(void *context, const struct redial_telemetry *record)
{
    struct seen *seen = context;
    seen->count++;
    seen->last = *record;
}

struct stage {
    struct redial_policy *policy;
    struct redial_engine *engine;
    struct redial_call call;
    struct redial_decision decision;
    int64_t now;
};

static void begin(struct stage *stage, const char *text, const char *provider,
                  redial_telemetry_fn *sink, void *context)
{
    struct redial_str why;
    *stage = (struct stage){.policy = policy_from(text), .now = 5 * NS_PER_SECOND};
    stage->engine = redial_engine_new(stage->policy);
    redial_engine_set_telemetry(stage->engine, sink, context);
    const struct redial_call_options options = {.provider = str_of(provider),
                                                .model = REDIAL_STR("claude-opus-4-6")};
    cr_assert(redial_call_init(&stage->call, stage->engine, &options, stage->now, &why));
    redial_call_step(&stage->call, &(struct redial_event){.kind = REDIAL_EVENT_START}, stage->now,
                     &stage->decision);
}

static void reply(struct stage *stage, uint16_t status, int64_t after)
{
    const struct redial_event event = {
        .kind = REDIAL_EVENT_REPLY, .complete = true, .status = status};
    stage->now += after;
    redial_call_step(&stage->call, &event, stage->now, &stage->decision);
}

static void end(struct stage *stage)
{
    redial_call_step(&stage->call, &(struct redial_event){.kind = REDIAL_EVENT_CANCEL}, stage->now,
                     &stage->decision);
    redial_engine_destroy(stage->engine);
    redial_policy_release(stage->policy);
}

Test(telemetry, a_record_says_how_an_attempt_ended_and_what_follows)
{
    struct stage stage;
    struct seen seen = {0};
    begin(&stage, rules, "anthropic", look, &seen);
    cr_expect_eq(seen.count, 0, "nothing has ended yet");
    reply(&stage, 429, 40 * NS_PER_MS);
    cr_assert_eq(seen.count, 1);
    cr_expect(str_is(seen.last.provider, "anthropic"));
    cr_expect(str_is(seen.last.model, "claude-opus-4-6"));
    cr_expect(str_is(seen.last.rule, "too, much|of it"));
    cr_expect_eq(seen.last.class, REDIAL_CLASS_RATE_LIMITED);
    cr_expect_eq(seen.last.status, 429);
    cr_expect_eq(seen.last.attempt, 1);
    cr_expect_eq(seen.last.duration, 40 * NS_PER_MS);
    cr_expect_eq(seen.last.delay, NS_PER_SECOND);
    stage.now = stage.decision.wake_at;
    redial_call_step(&stage.call, &(struct redial_event){.kind = REDIAL_EVENT_TIMER}, stage.now,
                     &stage.decision);
    cr_expect_eq(seen.count, 1, "a wait is no attempt");
    reply(&stage, 200, 3 * NS_PER_SECOND);
    cr_expect_eq(seen.count, 2);
    cr_expect_eq(seen.last.class, REDIAL_CLASS_NONE);
    cr_expect_eq(seen.last.attempt, 2);
    cr_expect_eq(seen.last.duration, 3 * NS_PER_SECOND);
    cr_expect_eq(seen.last.rule.len, 0);
    end(&stage);
}

Test(telemetry, a_record_belongs_to_the_provider_of_the_attempt_not_of_what_follows)
{
    struct stage stage;
    struct seen seen = {0};
    begin(&stage, rules, "anthropic", look, &seen);
    reply(&stage, 529, 0);
    cr_expect_eq(stage.decision.provider,
                 policy_find_provider(stage.policy, REDIAL_STR("bedrock")));
    cr_expect_eq(seen.count, 1);
    cr_expect(str_is(seen.last.provider, "anthropic"));
    reply(&stage, 200, 0);
    cr_expect_eq(seen.count, 1, "telemetry is disabled on Bedrock");
    end(&stage);
}

Test(telemetry, a_cell_that_says_nothing_is_sent_only_where_the_policy_tries)
{
    static const char *const answers[] = {"drop", "try"};
    for (int tries = 0; tries < 2; tries++) {
        char text[700];
        struct stage stage;
        struct seen seen = {0};
        snprintf(text, sizeof text, "features: {telemetry: {unknown: %s}}\n%s", answers[tries],
                 rules);
        begin(&stage, text, "foundry", look, &seen);
        struct platform *foundry = &stage.policy->platforms[stage.call.platform];
        foundry->features[REDIAL_FEATURE_TELEMETRY].support = SUPPORT_UNKNOWN;
        reply(&stage, 200, 0);
        cr_expect_eq(seen.count, tries, "%s", answers[tries]);
        end(&stage);
    }
}

/* ---- DogStatsD ---- */

static int agent_socket(char port[8])
{
    struct sockaddr_in place = {.sin_family = AF_INET,
                                .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof place;
    struct timeval patience = {.tv_sec = 5};
    int agent = socket(AF_INET, SOCK_DGRAM, 0);
    cr_assert(agent >= 0 && bind(agent, (struct sockaddr *)&place, size) == 0);
    cr_assert_eq(getsockname(agent, (struct sockaddr *)&place, &size), 0);
    setsockopt(agent, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    snprintf(port, 8, "%u", (unsigned)ntohs(place.sin_port));
    return agent;
}

Test(dogstatsd, an_attempt_is_one_datagram_to_the_agent)
{
    char port[8], got[2048];
    int agent = agent_socket(port);
    const struct redial_env environment[] = {
        {"DD_AGENT_HOST", "127.0.0.1"}, {"DD_DOGSTATSD_PORT", port}, {NULL, NULL}};
    struct redial_str why;
    struct redial_dogstatsd *sink = redial_dogstatsd_new(environment, &why);
    struct stage stage;
    cr_assert_not_null(sink, "%.*s", REDIAL_STR_ARG(why));
    begin(&stage, rules, "anthropic", redial_dogstatsd_send, sink);
    reply(&stage, 429, 40 * NS_PER_MS);
    end(&stage);
    ssize_t len = recv(agent, got, sizeof got - 1, 0);
    cr_assert_gt(len, 0, "nothing came");
    got[len] = '\0';
#define TAGS                                                                                       \
    "#provider:anthropic,model:claude-opus-4-6,class:rate_limited,status:429,attempt:1,"           \
    "rule:too__much_of_it"
    cr_expect_str_eq(got, "redial.attempts:1|c|" TAGS "\n"
                          "redial.attempt.duration:40.000|ms|" TAGS "\n"
                          "redial.attempt.delay:1000.000|ms|" TAGS);
    cr_expect_lt(recv(agent, got, sizeof got, MSG_DONTWAIT), 0, "a second one came");
    redial_dogstatsd_destroy(sink);
    close(agent);
}

Test(dogstatsd, an_agent_that_is_not_there_costs_a_call_nothing)
{
    char port[8];
    close(agent_socket(port));
    const struct redial_env environment[] = {
        {"DD_AGENT_HOST", "127.0.0.1"}, {"DD_DOGSTATSD_PORT", port}, {NULL, NULL}};
    struct redial_str why;
    struct redial_dogstatsd *sink = redial_dogstatsd_new(environment, &why);
    const struct redial_telemetry record = {.provider = REDIAL_STR("anthropic")};
    cr_assert_not_null(sink);
    for (int i = 0; i < 3; i++) redial_dogstatsd_send(sink, &record);
    redial_dogstatsd_destroy(sink);
}

Test(dogstatsd, texts_of_any_length_make_one_datagram)
{
    char port[8], got[4096], text[3000];
    int agent = agent_socket(port);
    const struct redial_env environment[] = {
        {"DD_AGENT_HOST", "127.0.0.1"}, {"DD_DOGSTATSD_PORT", port}, {NULL, NULL}};
    struct redial_str why, name = {text, sizeof text};
    struct redial_dogstatsd *sink = redial_dogstatsd_new(environment, &why);
    for (size_t i = 0; i < sizeof text; i++) text[i] = i % 2 ? '\n' : '|';
    const struct redial_telemetry record = {
        .provider = name, .model = name, .rule = name, .delay = INT64_MAX, .duration = INT64_MAX};
    cr_assert_not_null(sink);
    redial_dogstatsd_send(sink, &record);
    ssize_t len = recv(agent, got, sizeof got, 0);
    cr_expect(len > 0 && len <= 1432, "%zd bytes", len);
    redial_dogstatsd_destroy(sink);
    close(agent);
}

Test(dogstatsd, without_a_host_there_is_no_sink_and_a_sentence_why)
{
    struct redial_str why = {"", 0};
    const struct redial_env none[] = {{"DD_AGENT_HOST", ""}, {NULL, NULL}};
    const struct redial_env wrong[] = {
        {"DD_AGENT_HOST", "127.0.0.1"}, {"DD_DOGSTATSD_PORT", "81255555"}, {NULL, NULL}};
    cr_expect_null(redial_dogstatsd_new(none, &why));
    cr_expect(str_find(why, REDIAL_STR("DD_AGENT_HOST")) != SIZE_MAX);
    cr_expect_null(redial_dogstatsd_new(wrong, &why));
    cr_expect(str_find(why, REDIAL_STR("DD_DOGSTATSD_PORT")) != SIZE_MAX);
    redial_dogstatsd_destroy(NULL);
}
