/* Hooks behind their port: what compaction may answer, memory that fails, threads that share a
 * policy. What a hook cannot do is in sandbox_test.c; what the shipped ones do, in
 * scenarios/hooks. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "api/load.h"
#include "core/hooks.h"
#include "redial/redial.h"
#include "tests/support/failing_memory.h"
#include "tests/support/hook_policy.h"

/* ---- Compaction ---- */

static const char prompt[] =
    "[{\"role\":\"user\",\"content\":\"first question, and long\"},"
    "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"look\","
    "\"input\":{\"deep\":[1,2.5,true,null,{\"empty\":[]}]}}]},"
    "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t1\","
    "\"content\":\"found\"}]},"
    "{\"role\":\"assistant\",\"content\":\"an answer\"},"
    "{\"role\":\"user\",\"content\":\"second question\"}]";

struct compact_case {
    char name[64], code[200], says[96];
};

ParameterizedTestParameters(hooks, what_compact_answers_is_read_as_a_platform_reads_it)
{
    static struct compact_case cases[] = {
        {"the last turn alone", "return {m[5]}", ""},
        {"a result that is emptied", "m[3].content[1].content = '' return m", ""},
        {"nil: nothing can go", "return nil", "nothing"},
        {"a text", "return 'shorter'", "answered with a string, not a list of messages"},
        {"an empty list", "return {}", "gives no list of messages"},
        {"an object", "return {messages = m}", "gives no list of messages"},
        {"the same again", "return m", "no shorter"},
        {"an answer first", "return {m[4], m[5]}", "not the user's"},
        {"two of the user's in a row", "return {m[1], m[5]}", "two messages of one role"},
        {"a result without its call", "return {m[3], m[4], m[5]}", "without its tool_use"},
        {"a call without its result", "return {m[1], m[2], m[5]}", "without its tool_result"},
        {"a message without content", "m[5].content = '' return {m[5]}", "without content"},
        {"a function in it", "return {{role = 'user', content = error}}", "has a function in it"},
        {"not a number", "return {{role = 'user', content = 'x', n = 0/0}}", "no such number"},
        {"a table that holds itself", "m[1].content = m return m", "nested too deep"},
        {"a tree that doubles",
         "local t = 'x' for i = 1, 60 do t = {t, t} end return {{role = 'user', content = t}}",
         "instructions is used up"},
        {"an error", "error('no idea')", "no idea"},
        {"a loop", "while true do end", "instructions is used up"},
    };
    return cr_make_param_array(struct compact_case, cases, REDIAL_COUNT_OF(cases));
}

static bool compact(struct redial_policy *policy, struct text *out, struct redial_str *error)
{
    static const struct redial_event nothing = {.kind = REDIAL_EVENT_REPAIRED};
    uint64_t random = 7;
    struct redial_call call = {.policy = policy};
    struct hook_moment moment = {.call = &call, .event = &nothing, .random = &random};
    const struct hook_prompt asked = {.messages = str_of(prompt), .input_tokens = 12, .excess = 3};
    const struct hook_port *port = policy->hooks.port;
    bool done = port->compact(port->hooks, &moment, &asked, out);
    *error = moment.error;
    return done;
}

ParameterizedTest(struct compact_case *c, hooks,
                  what_compact_answers_is_read_as_a_platform_reads_it)
{
    char code[320];
    struct text out = TEXT_INIT;
    struct redial_str error;
    snprintf(code, sizeof code, "function hook(r, excess)\n  local m = r.messages\n  %s\nend\n",
             c->code);
    struct redial_policy *policy = hook_policy(code, "compact: hook");
    bool done = compact(policy, &out, &error);
    bool nothing = strcmp(c->says, "nothing") == 0;
    cr_expect_eq(done, c->says[0] == '\0', "%s: %.*s", c->name, REDIAL_STR_ARG(error));
    cr_expect_eq(out.len > 0, done, "%s: what is refused leaves nothing behind", c->name);
    if (nothing)
        cr_expect_eq(error.len, 0, "%s: %.*s", c->name, REDIAL_STR_ARG(error));
    else
        cr_expect_neq(str_find(error, str_of(c->says)), SIZE_MAX, "%s: %.*s", c->name,
                      REDIAL_STR_ARG(error));
    text_clean_up(&out);
    redial_policy_release(policy);
}

Test(hooks, what_compact_does_not_touch_stays_as_it_was)
{
    struct text out = TEXT_INIT;
    struct redial_str error;
    struct redial_policy *policy = hook_policy(
        "function hook(r) r.messages[1].content = 'q' return r.messages end", "compact: hook");
    cr_assert(compact(policy, &out, &error), "%.*s", REDIAL_STR_ARG(error));
    cr_expect_not_null(strstr(out.ptr, "\"input\":{\"deep\":[1,2.5,true,null,{\"empty\":[]}]}"),
                       "%s", out.ptr);
    text_clean_up(&out);
    redial_policy_release(policy);
}

/* ---- Memory ---- */

static const char busy[] = "local words = {'a', 'b', 'c'}\n"
                           "function hook(c)\n"
                           "  local t = {}\n"
                           "  for i = 1, 200 do t[i] = words[i % 3 + 1] .. i end\n"
                           "  return #table.concat(t) / 1000\n"
                           "end\n";

Test(hooks, a_load_survives_every_failed_allocation)
{
    bool failed = true;
    const struct redial_env none[] = {{NULL, NULL}};
    for (size_t nth = 1; failed; nth += 7) { /* every one takes too long under a sanitizer */
        failing_memory_begin(nth);
        struct diag_list *diags = diag_list_new();
        struct redial_policy *policy = policy_load("policies/hooks/reset.yaml", none, diags);
        bool told = !diags || diag_errors(diags) > 0;
        bool loaded = policy != NULL;
        redial_policy_release(policy);
        diag_list_destroy(diags);
        failed = failing_memory_end();
        cr_assert(loaded || told, "allocation %zu: no policy and not a word why", nth);
        cr_assert_eq(failing_memory_live(), 0, "a leak when allocation %zu fails", nth);
    }
}

Test(hooks, a_decision_survives_every_failed_allocation)
{
    struct redial_policy *policy = hook_policy(busy, "delay: hook, on_error: ignore");
    struct redial_engine *engine = redial_engine_new(policy);
    bool failed = true;
    size_t nth = 1;
    for (; failed; nth++) { /* Lua collects its garbage and asks again */
        struct redial_str error;
        failing_memory_begin(nth);
        struct redial_decision decision = hook_engine_ask(engine, &error);
        failed = failing_memory_end();
        cr_assert_eq(decision.kind, REDIAL_DECISION_WAIT, "allocation %zu", nth);
        cr_assert_eq(decision.wait, error.len > 0 ? REDIAL_WAIT_BACKOFF : REDIAL_WAIT_HOOK);
    }
    cr_expect_gt(nth, 10, "the hook's own memory is among what fails");
    redial_engine_destroy(engine);
    redial_policy_release(policy);
}

/* ---- Threads ---- */

enum { THREADS = 4, ASKED = 300 };

static void *ask_often(void *argument)
{
    struct redial_policy *policy = argument;
    int64_t sum = 0;
    for (int i = 0; i < ASKED; i++) {
        struct redial_str error;
        sum += hook_policy_ask(policy, &error).delay;
    }
    return (void *)(intptr_t)sum;
}

Test(hooks, threads_that_share_a_policy_draw_the_same)
{
    struct redial_policy *policy = hook_policy(
        "function hook(c) return math.random(1, 1000) / 1000 end", "delay: hook, on_error: fail");
    pthread_t threads[THREADS];
    void *alone = ask_often(policy), *sum;
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, ask_often, policy), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &sum);
        cr_expect_eq(sum, alone);
    }
    redial_policy_release(policy);
}
