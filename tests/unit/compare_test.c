/* Differences between a run and what its scenario expects, one expectation at a time. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "tests/support/scenario_from.h"

#define RUN                                                                                        \
    "random: 0\ncall: {model: claude-opus-4-6}\n"                                                  \
    "world: {anthropic: [{status: 529, after: 40ms}, {status: 401}, {status: 200, after: "         \
    "10ms}]}\n"                                                                                    \
    "expect: {%s}\n"

struct row {
    char expect[96];
    char what[32], expected[64], got[64]; /* what empty: no difference */
};

ParameterizedTestParameters(compare, one_expectation)
{
    static struct row rows[] = {
        {"outcome: success", "", "", ""},
        {"outcome: failed", "outcome", "failed", "success"},
        {"outcome: [success, failed]", "outcome", "2 outcomes", "1 calls"},
        {"model: claude-opus-4-6", "", "", ""},
        {"model: claude-sonnet-4-6", "model", "claude-sonnet-4-6", "claude-opus-4-6"},
        {"provider: bedrock", "provider", "bedrock", "anthropic"},
        {"attempts: 3", "", "", ""},
        {"attempts: 1..5", "", "", ""},
        {"attempts: 4..5", "attempts", "4..5", "3"},
        {"retries: 2", "", "", ""},
        {"retries: 3", "retries", "3", "2"},
        {"amplification: 3", "", "", ""},
        {"amplification: 1.5..2.25", "amplification", "1.5..2.25", "3"},
        {"rules: [overloaded, token expired]", "", "", ""},
        {"rules: [overloaded]", "rules[1]", "overloaded", "overloaded, token expired"},
        {"rules: []", "rules[0]", "(none)", "overloaded, token expired"},
        {"repairs: [refresh]", "", "", ""},
        {"repairs: [compact]", "repairs[0]", "compact", "refresh"},
        {"waits: [500ms]", "", "", ""},
        {"waits: [1s..2s]", "waits[0]", "1s..2s", "500ms"},
        {"waits: [500ms, 1s]", "waits", "2 waits", "1 waits"},
        {"total_wait: 500ms", "", "", ""},
        {"total_wait: 1s", "total_wait", "1s", "500ms"},
        {"elapsed: 550ms", "", "", ""},
        {"elapsed: 1s", "elapsed", "1s", "550ms"},
        {"request: {credential: 1, max_tokens: 4096}", "", "", ""},
        {"request: {credential: 0}", "request", "0", "1"},
        {"requests: [{}, {credential: 0}, {}]", "", "", ""},
        {"requests: [{}, {max_tokens: 5}, {}]", "requests[1]", "5", "4096"},
        {"requests: [{}]", "requests", "1 requests", "3 requests"},
        {"request: {connection: new}", "request", "new", "reused"},
        {"request: {headers: {content-type: absent}}", "request", "absent", "application/json"},
        {"request: {headers: {x-nothing: present}}", "request", "present", "absent"},
        {"request: {headers: {authorization: nothing}}", "request", "nothing", "[redacted]"},
        {"never: {rule: rate limited, class: forbidden, status: 403}", "", "", ""},
        {"never: {rule: overloaded}", "never.rule", "never", "it happened"},
        {"never: {class: overloaded}", "never.class", "never", "it happened"},
        {"never: {status: 500..529}", "never.status", "never", "it happened"},
        {"never: {text: canary}", "", "", ""},
        {"never: {text: Overloaded}", "never.text", "never", "it happened"},
        {"story: ''", "story, line 1", "(nothing is written here yet)",
         "0ms      send     anthropic claude-opus-4-6 attempt=1"},
    };
    return cr_make_param_array(struct row, rows, REDIAL_COUNT_OF(rows));
}

ParameterizedTest(struct row *row, compare, one_expectation)
{
    char body[512];
    snprintf(body, sizeof body, RUN, row->expect);
    struct scenario_from from = scenario_played(body);
    const struct difference *difference = &from.differences.list[0];
    cr_expect_eq(from.run.end, RUN_ENDED, "%.*s", REDIAL_STR_ARG(from.run.trouble.why));
    cr_expect_eq(from.differences.count, row->what[0] ? 1 : 0, "%s: %zu differences", row->expect,
                 from.differences.count);
    if (row->what[0] && from.differences.count) {
        cr_expect(str_is(difference->what, row->what), "%s: %.*s", row->expect,
                  REDIAL_STR_ARG(difference->what));
        cr_expect(str_is(difference->expected, row->expected), "%s: %.*s", row->expect,
                  REDIAL_STR_ARG(difference->expected));
        cr_expect(str_starts_with(difference->got, str_of(row->got)), "%s: %.*s", row->expect,
                  REDIAL_STR_ARG(difference->got));
        cr_expect_eq(difference->span.line, 7, "it points at its line");
    }
    scenario_from_clean_up(&from);
}

Test(compare, a_story_differs_at_its_first_line_that_does)
{
    struct arena *arena = arena_new();
    struct differences differences = {.arena = arena};
    compare_stories("story", (struct span){0}, REDIAL_STR("a\nb \nc\n"), REDIAL_STR("a\nb\nd"),
                    &differences);
    cr_assert_eq(differences.count, 1);
    cr_expect(str_is(differences.list[0].what, "story, line 3"));
    cr_expect(str_is(differences.list[0].expected, "c"));
    cr_expect(str_is(differences.list[0].got, "d"));
    compare_stories("story", (struct span){0}, REDIAL_STR("a\nb"), REDIAL_STR("a"), &differences);
    cr_expect(str_is(differences.list[1].got, "(the story has ended)"));
    arena_destroy(arena);
}
