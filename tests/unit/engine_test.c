/* An engine as its host sees it: reload, the watch over a file, and what it tells of its state. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "redial/redial.h"
#include "tests/support/failing_memory.h"
#include "tests/support/policy_from.h"

static const int64_t began = INT64_C(1767225600) * NS_PER_SECOND;

#define BODY(wait)                                                                                 \
    "backoff: {standard: {kind: constant, base: " wait "}}\n"                                      \
    "budgets: {quota: {capacity: 20, cost: 5}, keyed: {capacity: 8, cost: 2, per: [provider]}}\n"  \
    "breakers: {upstream: {failures: 3, window: 1m, open: 30s}}\n"                                 \
    "cooldowns: {busy: {for: 1m}}\n"                                                               \
    "limiters: {adaptive: {throttled: [rate_limited]}}\n"                                          \
    "rules:\n"                                                                                     \
    "  - {name: trouble, when: {class: server_error}, do: [backoff, retry]}\n"                     \
    "  - {name: limited, when: {class: rate_limited}, do: [{cooldown: busy}, fail]}\n"             \
    "modes: {fast: {request: {speed: fast}, disable: {when: {class: fast_unavailable}}}}\n"

static struct redial_call begin(struct redial_engine *engine)
{
    struct redial_call call;
    struct redial_decision decision;
    struct redial_str why;
    const struct redial_call_options options = {.model = REDIAL_STR("m1"), .fast = true};
    cr_assert(redial_call_init(&call, engine, &options, began, &why));
    redial_call_step(&call, &(struct redial_event){.kind = REDIAL_EVENT_START}, began, &decision);
    cr_assert_eq(decision.kind, REDIAL_DECISION_SEND);
    return call;
}

static struct redial_decision reply(struct redial_call *call, uint16_t status, const char *error)
{
    struct redial_decision decision;
    const struct redial_event event = {.kind = REDIAL_EVENT_REPLY,
                                       .complete = true,
                                       .status = status,
                                       .text[REDIAL_TEXT_ERROR] = str_of(error)};
    redial_call_step(call, &event, began, &decision);
    return decision;
}

static int64_t left_of(struct redial_engine *engine, const char *name,
                       const struct redial_call *call)
{
    struct redial_guard guard;
    cr_assert(redial_engine_guard(engine, REDIAL_GUARD_BUDGET, str_of(name), call, began, &guard));
    return guard.left;
}

Test(engine, a_reload_leaves_calls_under_way_and_their_budgets_as_they_are)
{
    struct redial_policy *one = policy_from(BODY("1s")), *two = policy_from(BODY("2s"));
    struct redial_engine *engine = redial_engine_new(one);
    struct redial_call first = begin(engine);
    cr_assert(redial_engine_reload(engine, two));
    redial_policy_release(one); /* the call holds it */
    struct redial_call second = begin(engine);
    cr_expect_eq(reply(&first, 500, "api_error").delay, NS_PER_SECOND);
    cr_expect_eq(reply(&second, 500, "api_error").delay, 2 * NS_PER_SECOND);
    cr_expect_eq(left_of(engine, "quota", NULL), 10000, "both were charged to one budget");
    cr_expect_eq(left_of(engine, "keyed", &second), 4000);
    struct redial_decision decision;
    const struct redial_event cancel = {.kind = REDIAL_EVENT_CANCEL};
    redial_call_step(&first, &cancel, began, &decision);
    redial_call_step(&second, &cancel, began, &decision);
    redial_engine_destroy(engine);
    redial_policy_release(two);
}

Test(engine, its_guards_are_told_by_name)
{
    struct redial_policy *policy = policy_from(BODY("1s"));
    struct redial_engine *engine = redial_engine_new(policy);
    struct redial_call call = begin(engine);
    struct redial_guard guard;
    reply(&call, 429, "rate_limit_error");
    cr_expect_not(
        redial_engine_guard(engine, REDIAL_GUARD_BUDGET, REDIAL_STR("none"), &call, began, &guard));
    cr_expect_not(
        redial_engine_guard(engine, REDIAL_GUARD_BUDGET, REDIAL_STR("keyed"), NULL, began, &guard),
        "a keyed guard needs a call");
    cr_expect(redial_engine_guard(engine, REDIAL_GUARD_COOLDOWN, REDIAL_STR("busy"), &call, began,
                                  &guard));
    cr_expect_eq(guard.until, began + NS_PER_MINUTE);
    cr_expect(redial_engine_guard(engine, REDIAL_GUARD_BREAKER, REDIAL_STR("upstream"), &call,
                                  began, &guard));
    cr_expect_eq(guard.until, 0);
    cr_expect(redial_engine_guard(engine, REDIAL_GUARD_LIMITER, REDIAL_STR("adaptive"), &call,
                                  began, &guard));
    cr_expect_gt(guard.rate, 0);
    redial_engine_destroy(engine);
    redial_policy_release(policy);
}

Test(engine, a_person_switches_fast_mode_on_again)
{
    struct redial_policy *policy = policy_from(
        "backoff: {standard: {base: 1s, cap: 8s}}\n"
        "rules: [{name: all, when: always, do: [fail]}]\n"
        "modes: {fast: {models: [m1], request: {speed: fast},\n"
        "  disable: {when: {status: 403}}, cooldown: {when: {status: 429}, for: 1m}}}\n");
    struct redial_engine *engine = redial_engine_new(policy);
    struct redial_mode mode;
    struct redial_call call = begin(engine);
    cr_expect(call.fast);
    cr_expect_eq(reply(&call, 403, "permission_error").kind, REDIAL_DECISION_SEND);
    reply(&call, 200, "");
    cr_expect(redial_engine_mode(engine, "fast", began + NS_PER_DAY, &mode));
    cr_expect_eq(mode.state, REDIAL_MODE_DISABLED);
    cr_expect(redial_engine_mode_enable(engine, "fast"));
    redial_engine_mode(engine, "fast", began, &mode);
    cr_expect_eq(mode.state, REDIAL_MODE_ON);
    call = begin(engine);
    reply(&call, 429, "rate_limit_error");
    reply(&call, 200, "");
    redial_engine_mode(engine, "fast", began, &mode);
    cr_expect_eq(mode.state, REDIAL_MODE_COOLDOWN);
    cr_expect_eq(mode.until, began + NS_PER_MINUTE);
    cr_expect_not(redial_engine_mode(engine, "unattended", began, &mode));
    cr_expect_not(redial_engine_mode_enable(engine, "unattended"));
    redial_engine_destroy(engine);
    redial_policy_release(policy);
}

/* ---- The watch */

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

Test(engine, a_watch_takes_a_changed_file_and_keeps_the_policy_of_a_broken_one)
{
    static const struct redial_env nothing[] = {{NULL, NULL}};
    char path[] = "/tmp/redial-watch-XXXXXX", text[2000], uses[1000];
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
    cr_assert_not_null(realpath("policies/platforms.yaml", uses));
    snprintf(text, sizeof text, "redial: 1\nuses: [%s]\n%s", uses, BODY("1s"));
    write_file(path, text);
    struct redial_diags *diags = redial_diags_new();
    struct redial_watch *watch = redial_watch_new(path, nothing, diags);
    cr_assert_not_null(watch, "%s", redial_diags_text(diags, false));
    struct redial_engine *engine = redial_engine_new(redial_watch_policy(watch));
    cr_expect_eq(redial_watch_poll(watch, engine, diags), REDIAL_WATCH_UNCHANGED);
    const struct redial_policy *first = redial_watch_policy(watch);
    write_file(path, "redial: 2\n");
    cr_expect_eq(redial_watch_poll(watch, engine, diags), REDIAL_WATCH_REFUSED);
    cr_expect_gt(redial_diags_errors(diags), 0);
    cr_expect_eq(redial_watch_poll(watch, engine, diags), REDIAL_WATCH_UNCHANGED, "said once");
    cr_expect_eq(redial_watch_policy(watch), first);
    snprintf(text, sizeof text, "redial: 1\nuses: [%s]\n%s\n\n", uses, BODY("7s"));
    write_file(path, text);
    cr_expect_eq(redial_watch_poll(watch, engine, diags), REDIAL_WATCH_RELOADED);
    struct redial_call call = begin(engine);
    cr_expect_eq(reply(&call, 500, "api_error").delay, 7 * NS_PER_SECOND);
    redial_call_step(&call, &(struct redial_event){.kind = REDIAL_EVENT_CANCEL}, began,
                     &(struct redial_decision){0});
    unlink(path);
    redial_engine_destroy(engine);
    redial_watch_destroy(watch);
    redial_diags_destroy(diags);
}

/* ---- Memory that runs out */

Test(engine, every_failed_allocation_of_a_reload_leaves_the_engine_as_it_was)
{
    struct redial_policy *one = policy_from(BODY("1s")), *two = policy_from(BODY("2s"));
    bool failed = true;
    for (size_t n = 1; failed; n++) {
        failing_memory_begin(n);
        struct redial_engine *engine = redial_engine_new(one);
        bool reloaded = engine && redial_engine_reload(engine, two);
        redial_engine_destroy(engine);
        failed = failing_memory_end();
        cr_expect_neq(reloaded, failed, "allocation %zu", n);
        cr_expect_eq(failing_memory_live(), 0, "allocation %zu leaks", n);
    }
    redial_policy_release(one);
    redial_policy_release(two);
}
