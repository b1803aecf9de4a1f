/* Explaining a policy: what is said about one event is what the engine does, and every failed
 * allocation is survived. How it reads is pinned by tests/cli/explain*.test. */
#include "story/explain.h"

#include <criterion/criterion.h>

#include "api/load.h"
#include "document/json.h"
#include "story/outlook.h"
#include "tests/support/failing_memory.h"

#define MINI      "tests/cli/files/mini.yaml"
#define TWO_RULES "tests/cli/files/two-rules.yaml"

static struct redial_policy *policy;
static struct explain_facts facts;
static struct text out;

static void load(const char *path)
{
    static const struct redial_env nothing[] = {{NULL, NULL}};
    struct diag_list *diags = diag_list_new();
    policy = policy_load(path, nothing, diags);
    diag_list_destroy(diags);
    cr_assert(policy);
}

static void begin(void)
{
    load(MINI);
}

static void end(void)
{
    redial_policy_release(policy);
    text_clean_up(&out);
}

TestSuite(explain, .init = begin, .fini = end);

static bool read_facts(const char *a, const char *b)
{
    const char *words[] = {a, b};
    facts = (struct explain_facts){0};
    text_clear(&out);
    return explain_facts_read(policy, words, b ? 2 : 1, &facts, &out);
}

Test(explain, a_broken_attempt_is_told_by_its_cause)
{
    cr_assert(read_facts("cause=EPIPE", "phase=send"));
    cr_expect_eq(facts.event.kind, REDIAL_EVENT_BROKEN);
    cr_expect_eq(facts.event.cause, REDIAL_CAUSE_EPIPE);
    cr_expect_eq(facts.event.phase, REDIAL_PHASE_SEND);
}

Test(explain, headers_are_read_by_name)
{
    cr_assert(read_facts("header.retry-after=2=3", NULL));
    cr_assert_eq(facts.event.header_count, 1);
    cr_expect(str_is(facts.event.headers[0].name, "retry-after"));
    cr_expect(str_is(facts.event.headers[0].value, "2=3"));
}

Test(explain, more_headers_than_fit_are_refused)
{
    const char *words[EXPLAIN_HEADERS_MAX + 1];
    for (size_t i = 0; i < REDIAL_COUNT_OF(words); i++) words[i] = "header.x=1";
    facts = (struct explain_facts){0};
    cr_expect(explain_facts_read(policy, words, EXPLAIN_HEADERS_MAX, &facts, &out));
    facts = (struct explain_facts){0};
    cr_expect_not(explain_facts_read(policy, words, EXPLAIN_HEADERS_MAX + 1, &facts, &out));
}

Test(explain, the_range_of_a_wait_is_the_backoff_and_all_of_its_jitter)
{
    struct outlook outlook;
    struct outlook_turn turn;
    struct redial_str reason;
    cr_assert(read_facts("status=429", NULL));
    cr_assert(outlook_begin(&outlook, policy, &facts, &reason));
    int64_t low = 0, high = 0;
    for (int i = 0; i < 10; i++) {
        cr_assert(outlook_next(&outlook, &facts, &turn));
        low += turn.wait_low;
        high += turn.wait_high;
    }
    /* the specification's sums for ten retries */
    cr_expect_eq(low, 159500 * NS_PER_MS);
    cr_expect_eq(high, 199375 * NS_PER_MS);
    cr_assert(outlook_next(&outlook, &facts, &turn));
    cr_expect(turn.ended);
    cr_expect_eq(turn.reason, REDIAL_REASON_RULE_LIMIT);
    cr_expect_not(outlook_next(&outlook, &facts, &turn));
    outlook_end(&outlook);
}

Test(explain, an_explanation_gives_back_its_hold_on_the_policy)
{
    struct redial_str reason;
    struct explain_style style = {.width = 80};
    cr_assert(read_facts("status=529", NULL));
    cr_assert(explain_event(policy, &facts, &style, &out, &reason));
    cr_expect_eq(policy->references, 1);
}

typedef void explain_fn(struct text *text);

static void whole_as_text(struct text *text)
{
    explain_policy(policy, &(struct explain_style){.width = 80, .full = true}, text);
}

static void whole_as_json(struct text *text)
{
    explain_policy_json(policy, &(struct explain_style){0}, text);
}

static void event_as_text(struct text *text)
{
    struct redial_str reason;
    if (!explain_event(policy, &facts, &(struct explain_style){.width = 80}, text, &reason))
        text->failed = true;
}

static void event_as_json(struct text *text)
{
    struct redial_str reason;
    if (!explain_event_json(policy, &facts, text, &reason)) text->failed = true;
}

Test(explain, the_json_forms_are_one_json_object_each)
{
    explain_fn *const forms[] = {whole_as_json, event_as_json};
    cr_assert(read_facts("status=529", NULL));
    for (size_t i = 0; i < REDIAL_COUNT_OF(forms); i++) {
        struct text text = TEXT_INIT;
        forms[i](&text);
        struct json *json = json_parse(str_trim(text_str(&text)));
        cr_expect(json_is_object(json), "form %zu", i);
        json_free(json);
        text_clean_up(&text);
    }
}

static void expect_survival(explain_fn *explain)
{
    bool failed = true;
    for (size_t nth = 1; failed; nth++) {
        struct text text = TEXT_INIT;
        failing_memory_begin(nth);
        explain(&text);
        failed = failing_memory_end();
        cr_expect_eq(text.failed, failed, "allocation %zu", nth);
        text_clean_up(&text);
        cr_assert_eq(failing_memory_live(), 0, "allocation %zu leaks", nth);
    }
}

Test(explain, every_failed_allocation_is_survived_and_told)
{
    redial_policy_release(policy);
    load(TWO_RULES);
    cr_assert(read_facts("class=overloaded", NULL));
    expect_survival(whole_as_text);
    expect_survival(whole_as_json);
    expect_survival(event_as_text);
    expect_survival(event_as_json);
}
