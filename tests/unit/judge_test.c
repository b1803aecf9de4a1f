/* Verdicts from journals written by hand: requests one after the other, "AT STATUS [word…]". */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "redial/call.h"
#include "simulator/judge/judge.h"
#include "tests/support/scenario_from.h"

struct verdict_case {
    char name[72];
    char expects[160];
    char requests[260];
    int exit_status;
    bool exact;
    char grade[8];
    char broken[64]; /* words of the checks, in order */
};

/* ---- A journal by hand ---- */

static int64_t value_of(const char *word, const char *name)
{
    size_t len = strlen(name);

    return strncmp(word, name, len) == 0 && word[len] == '=' ? atoll(word + len + 1) : -1;
}

static void read_word(struct journal_entry *entry, const char *word)
{
    for (int class = 0; class < REDIAL_CLASS_COUNT; class ++)
        if (strcmp(word, redial_class_name((enum redial_class) class)) == 0)
            entry->class = (uint8_t) class;
    if (strcmp(word, "reset") == 0) entry->fault = FAULT_RESET;
    if (strcmp(word, "reused") == 0) entry->reused = true;
    if (strcmp(word, "veto") == 0) entry->should_retry = -1;
    if (strcmp(word, "cut") == 0) entry->terminated = false;
    if (strcmp(word, "haiku") == 0) entry->model = REDIAL_STR("claude-haiku-4-5-20251001");
    if (value_of(word, "hint") >= 0) entry->hint = value_of(word, "hint") * NS_PER_MS;
    if (value_of(word, "body") >= 0) entry->body_hash = (uint64_t)value_of(word, "body");
    if (value_of(word, "credential") >= 0)
        entry->credential = (uint32_t)value_of(word, "credential");
    if (value_of(word, "deltas") >= 0) {
        entry->deltas = (int32_t)value_of(word, "deltas");
        entry->stream = true;
    }
}

static void read_entry(struct journal *journal, char *line)
{
    struct journal_entry *entry = journal_add(journal);
    char *rest = NULL, *word = strtok_r(line, " ", &rest);

    cr_assert(entry && word);
    entry->arrived_at = entry->read_at = atoll(word) * NS_PER_MS;
    entry->replied_at = entry->ended_at = entry->arrived_at + 10 * NS_PER_MS;
    entry->provider = 0;
    entry->operation = REDIAL_STR("messages");
    entry->model = REDIAL_STR("claude-opus-4-6");
    entry->hint = -1;
    entry->conversation = 1;
    entry->end = JOURNAL_ANSWERED;
    word = strtok_r(NULL, " ", &rest);
    entry->status = word ? (uint16_t)atoi(word) : 0;
    entry->terminated = entry->status > 0;
    while ((word = strtok_r(NULL, " ", &rest))) read_word(entry, word);
    if (entry->fault != FAULT_NONE || !entry->terminated) {
        entry->end = JOURNAL_FAULT;
        entry->terminated = false;
    }
}

static struct journal *journal_from(const char *requests)
{
    struct journal *journal = journal_new();
    char text[300], *rest = NULL;

    cr_assert(journal);
    snprintf(text, sizeof text, "%s", requests);
    for (char *line = strtok_r(text, ";", &rest); line; line = strtok_r(NULL, ";", &rest))
        read_entry(journal, line);
    return journal;
}

/* ---- The verdicts ---- */

#define SUCCEEDS "outcome: success"
#define FAILS    "outcome: rule_limit"

ParameterizedTestParameters(judge, verdicts)
{
    static struct verdict_case cases[] = {
        {"an answer at once", SUCCEEDS, "0 200", 0, false, "pass", ""},
        {"an answer after a wait", SUCCEEDS, "0 529 overloaded;600 200", 0, false, "pass", ""},
        {"no answer, and said so", SUCCEEDS, "0 529 overloaded;600 529 overloaded", 1, false,
         "safe", ""},
        {"no answer, and success told", SUCCEEDS, "0 529 overloaded", 0, false, "fail",
         "false_success"},
        {"a cut stream passed off as whole", SUCCEEDS, "0 200 deltas=3 cut", 0, false, "fail",
         "false_success"},
        {"gave up where it should", FAILS, "0 529 overloaded;600 529 overloaded", 1, false, "pass",
         ""},
        {"a hint waited for", SUCCEEDS, "0 429 rate_limited hint=2000;2015 200", 0, false, "pass",
         ""},
        {"a hint ignored", SUCCEEDS, "0 429 rate_limited hint=2000;700 200", 0, false, "partial",
         "hint"},
        {"a hint ignored on the way elsewhere", SUCCEEDS,
         "0 429 rate_limited hint=2000;100 200 haiku", 0, false, "pass", ""},
        {"a hint ignored, for nothing", SUCCEEDS,
         "0 429 rate_limited hint=2000;700 429 rate_limited", 1, false, "fail", "hint"},
        {"a hint that the policy bounds", "outcome: success\n  waits: [1s]",
         "0 429 rate_limited hint=90000;1010 200", 0, false, "pass", ""},
        {"retries as soon as the server says", SUCCEEDS,
         "0 429 rate_limited hint=20;42 429 rate_limited hint=20;84 429 rate_limited hint=20;126 "
         "200",
         0, false, "pass", ""},
        {"a retry after output", SUCCEEDS, "0 200 deltas=3 reset;500 200", 0, false, "fail",
         "after_output"},
        {"a longer answer asked for", SUCCEEDS, "0 200 deltas=3 output_limit;500 200 body=2", 0,
         false, "pass", ""},
        {"a request after the answer", SUCCEEDS, "0 200;500 200", 0, false, "fail", "after_end"},
        {"three retries at once", SUCCEEDS,
         "0 500 server_error;12 500 server_error;24 500 server_error;36 200", 0, false, "fail",
         "hot_loop"},
        {"one retry at once after a reset", SUCCEEDS, "0 0 reset;12 200", 0, false, "pass", ""},
        {"a kept connection after a reset", SUCCEEDS, "0 0 reset;12 200 reused", 0, false,
         "partial", "connection"},
        {"a new token after a 401", SUCCEEDS, "0 401 auth_expired;50 200 credential=1", 0, false,
         "pass", ""},
        {"the refused token again", SUCCEEDS, "0 401 auth_expired;500 200", 0, false, "partial",
         "credential"},
        {"the refused token again and again", FAILS,
         "0 401 auth_expired;500 401 auth_expired;1500 401 auth_expired", 1, false, "fail",
         "credential credential"},
        {"a wrong request again", FAILS, "0 400 invalid_request;500 400 invalid_request", 1, false,
         "partial", "hopeless"},
        {"a shorter prompt", SUCCEEDS, "0 400 prompt_too_long;500 200 body=2", 0, false, "pass",
         ""},
        {"a veto ignored", SUCCEEDS, "0 500 server_error veto;500 200", 0, false, "partial",
         "veto"},
        {"more attempts than the policy takes", "outcome: success\n  attempts: 2",
         "0 500 server_error;500 500 server_error;1500 200", 0, false, "partial", "amplification"},
        {"a storm", "outcome: success\n  attempts: 1",
         "0 500 server_error;500 500 server_error;1500 200", 0, false, "fail", "storm"},
        {"another model than expected", "outcome: success\n  model: claude-haiku-4-5",
         "0 529 overloaded;600 200", 0, false, "partial", "ended_with"},
        {"the model expected", "outcome: success\n  model: claude-haiku-4-5",
         "0 529 overloaded;600 200 haiku", 0, false, "pass", ""},
        {"no request at all", SUCCEEDS, "", 0, false, "fail", "sent_nothing"},
        {"exactly the waits", "outcome: success\n  waits: [500ms..625ms]",
         "0 529 overloaded;570 200", 0, true, "pass", ""},
        {"not exactly the waits", "outcome: success\n  waits: [500ms..625ms]",
         "0 529 overloaded;1570 200", 0, true, "partial", "waits"},
    };
    return cr_make_param_array(struct verdict_case, cases, REDIAL_COUNT_OF(cases));
}

static void write_broken(const struct verdict *verdict, char *out, size_t size)
{
    *out = '\0';
    for (size_t i = 0; i < verdict->differences.count; i++) {
        size_t len = strlen(out);
        snprintf(out + len, size - len, "%s%.*s", i ? " " : "",
                 REDIAL_STR_ARG(verdict->differences.list[i].what));
    }
}

ParameterizedTest(struct verdict_case *c, judge, verdicts)
{
    struct journal *journal = journal_from(c->requests);
    struct client_end end = {.exit_status = c->exit_status, .ended_at = 5 * NS_PER_SECOND};
    struct verdict verdict;
    char body[400], broken[128];

    snprintf(body, sizeof body,
             "call: {model: claude-opus-4-6}\nworld: {anthropic: [{status: 200}]}\nexpect:\n  %s\n",
             c->expects);
    struct scenario_from from = scenario_from(body);
    struct judge_input input = {
        .scenario = &from.scenario, .journal = journal, .end = &end, .exact = c->exact};
    cr_assert(judge(&input, from.arena, &verdict));
    write_broken(&verdict, broken, sizeof broken);
    cr_expect_str_eq(grade_names.rows[verdict.grade].word, c->grade, "%s: %s (%s)", c->name,
                     grade_names.rows[verdict.grade].word, broken);
    cr_expect_str_eq(broken, c->broken, "%s: %s", c->name, broken);
    journal_destroy(journal);
    scenario_from_clean_up(&from);
}

Test(judge, a_background_call_that_retries_an_overload_fails)
{
    struct journal *journal = journal_from("0 529 overloaded;600 200");
    struct client_end end = {.ended_at = NS_PER_SECOND};
    struct scenario_from from =
        scenario_from("call: {model: claude-opus-4-6, query: background}\n"
                      "world: {anthropic: [{status: 529}]}\nexpect:\n  outcome: failed\n");
    struct judge_input input = {.scenario = &from.scenario, .journal = journal, .end = &end};
    struct verdict verdict;

    cr_assert(judge(&input, from.arena, &verdict));
    cr_expect_eq(verdict.grade, GRADE_FAIL);
    cr_expect(str_is(verdict.differences.list[0].what, "background"));
    journal_destroy(journal);
    scenario_from_clean_up(&from);
}

Test(judge, a_client_that_hangs_or_dies_fails)
{
    struct journal *journal = journal_from("0 200");
    struct scenario_from from =
        scenario_from("call: {model: claude-opus-4-6}\nworld: {anthropic: [{status: 200}]}\n");
    struct client_end hung = {.exit_status = -1, .signal = 9, .timed_out = true};
    struct client_end died = {.exit_status = -1, .signal = 11};
    struct judge_input input = {.scenario = &from.scenario, .journal = journal, .end = &hung};
    struct verdict verdict;

    cr_assert(judge(&input, from.arena, &verdict));
    cr_expect(str_is(verdict.differences.list[0].what, "hung"));
    input.end = &died;
    cr_assert(judge(&input, from.arena, &verdict));
    cr_expect(str_is(verdict.differences.list[0].what, "died"));
    cr_expect_eq(verdict.grade, GRADE_FAIL);
    journal_destroy(journal);
    scenario_from_clean_up(&from);
}

/* ---- Verdicts that hang on the scenario, or on how it was run */

#define FAILOVER "policy: ../../../policies/tests/failover.yaml\n"
#define STREAMS  "call: {model: claude-sonnet-4-6, stream: true}\nworld: {anthropic: [{hang: 2m}]}\n"

static void expect_verdict(const char *body, const char *requests, struct client_end end,
                           double speed, enum grade grade)
{
    struct journal *journal = journal_from(requests);
    struct scenario_from from = scenario_from(body);
    struct judge_input input = {
        .scenario = &from.scenario, .journal = journal, .end = &end, .speed = speed};
    struct verdict verdict;

    end.ended_at = 9 * NS_PER_SECOND;
    cr_assert(judge(&input, from.arena, &verdict));
    cr_expect_eq(verdict.grade, grade, "%s: %s: %.*s", requests,
                 grade_names.rows[verdict.grade].word, REDIAL_STR_ARG(verdict.reason));
    journal_destroy(journal);
    scenario_from_clean_up(&from);
}

Test(judge, an_answer_may_begin_anew_where_the_policy_says_so)
{
    struct client_end end = {.exit_status = 0};

    expect_verdict(FAILOVER STREAMS "expect: {outcome: success, rules: [connection dropped]}\n",
                   "0 200 deltas=3 reset;500 200", end, 1, GRADE_PASS);
    expect_verdict(FAILOVER STREAMS "expect: {outcome: success, rules: [server trouble]}\n",
                   "0 200 deltas=3 reset;500 200", end, 1, GRADE_FAIL);
}

Test(judge, a_pause_that_was_shortened_is_no_test_of_timeouts)
{
    struct client_end end = {.exit_status = 0};
    const char *body = FAILOVER STREAMS "expect: {outcome: success, attempts: 2}\n";

    expect_verdict(body, "0 0 reset;500 0 reset;1000 200", end, 20, GRADE_PASS);
    expect_verdict(body, "0 0 reset;500 0 reset;1000 200", end, 1, GRADE_PARTIAL);
}

Test(judge, who_was_interrupted_did_not_die)
{
    struct client_end end = {.exit_status = -1, .signal = 15, .interrupted = true};

    expect_verdict("call: {model: claude-opus-4-6}\nworld: {anthropic: [{status: 200}]}\n"
                   "expect: {outcome: success}\n",
                   "0 529 overloaded", end, 1, GRADE_SAFE);
}

Test(judge, without_a_credential_there_is_nothing_to_send)
{
    struct journal *journal = journal_new();
    struct journal_entry *entry = journal ? journal_add(journal) : NULL;
    struct client_end end = {.exit_status = 1};
    struct scenario_from from =
        scenario_from("call: {model: claude-opus-4-6}\nworld: {anthropic: [{status: 200}]}\n"
                      "expect: {outcome: failed}\n");
    struct judge_input input = {.scenario = &from.scenario, .journal = journal, .end = &end};
    struct verdict verdict;

    cr_assert(entry);
    entry->operation = REDIAL_STR("token");
    entry->status = 400;
    cr_assert(judge(&input, from.arena, &verdict));
    cr_expect_eq(verdict.grade, GRADE_PASS);
    entry->status = 200;
    cr_assert(judge(&input, from.arena, &verdict));
    cr_expect_eq(verdict.grade, GRADE_FAIL, "it had one");
    journal_destroy(journal);
    scenario_from_clean_up(&from);
}
