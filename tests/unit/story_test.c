/* The record of calls as text and JSON lines: what a person reads at night, and that no secret is
 * in it. */
#include "story/story.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "document/json.h"
#include "tests/support/failing_memory.h"

#define START (INT64_C(1767225600) * NS_PER_SECOND)
#define MS    NS_PER_MS

/* A policy of names only: the story asks it for nothing else but a hint's bound. */
struct names_only {
    struct redial_policy policy;
    struct rule rules[3];
    struct backoff backoff;
    struct model models[2];
    struct platform platforms[1];
    struct provider providers[2];
};

static const struct step back_off[] = {
    {.kind = REDIAL_STEP_BACKOFF, .backoff = BACKOFF_DEFAULT},
};

static struct redial_policy *names_only(struct names_only *made)
{
    *made = (struct names_only){
        .rules =
            {
                {.name = REDIAL_STR("rate limited"),
                 .max = 10,
                 .steps = {.count = 1, .list = back_off}},
                {.name = REDIAL_STR("overloaded"), .max = 3},
                {.name = REDIAL_STR("connection dropped"), .max = 1},
            },
        .backoff = {.hint = {.max = NS_PER_HOUR}},
        .models = {{.name = REDIAL_STR("claude-opus-4-6")},
                   {.name = REDIAL_STR("claude-sonnet-4-6")}},
        .providers = {{.name = REDIAL_STR("anthropic")}, {.name = REDIAL_STR("bedrock-eu")}},
    };
    made->policy = (struct redial_policy){
        .rule_count = 3,
        .backoffs = &made->backoff,
        .backoff_count = 1,
        .models = made->models,
        .model_count = 2,
        .providers = made->providers,
        .provider_count = 2,
        .hint_headers = {{REDIAL_STR("retry-after-ms"), HINT_MILLISECONDS},
                         {REDIAL_STR("retry-after"), HINT_SECONDS_OR_DATE}},
        .hint_header_count = 2,
    };
    for (int i = 0; i < VARIANT_COUNT; i++) made->policy.variants[i].rules = made->rules;
    return &made->policy;
}

static struct names_only made;
static struct story *story;
static struct redial_call call;
static struct text out;

static void begin(void)
{
    call = (struct redial_call){.policy = names_only(&made), .model = made.models[0].name};
    story = story_new(START, NULL);
    cr_assert(story);
}

static void end(void)
{
    story_destroy(story);
    text_clean_up(&out);
}

TestSuite(story, .init = begin, .fini = end);

static struct redial_decision decision_of(enum redial_decision_kind kind, uint16_t rule,
                                          int32_t used)
{
    return (struct redial_decision){
        .kind = (uint8_t)kind,
        .rule = rule,
        .rule_used = used,
        .rule_max = rule == REDIAL_NO_INDEX ? 0 : made.rules[rule].max,
        .hint = REDIAL_HINTS_MAX,
        .leg = 1,
        .leg_retries_max = 10,
    };
}

static void record(int64_t ms, struct redial_event event, struct redial_decision decision)
{
    story_record(story, START + ms * MS, 1, &call, &event, &decision);
}

static void record_send(int64_t ms, enum redial_event_kind why, int32_t attempt)
{
    struct redial_decision decision = decision_of(REDIAL_DECISION_SEND, REDIAL_NO_INDEX, 0);
    decision.attempt = attempt;
    decision.max_tokens = 4096;
    call.attempts = attempt;
    record(ms, (struct redial_event){.kind = (uint8_t)why}, decision);
}

static struct redial_event overloaded(void)
{
    return (struct redial_event){
        .kind = REDIAL_EVENT_REPLY,
        .status = 529,
        .text = {[REDIAL_TEXT_ERROR] = REDIAL_STR("overloaded_error")},
        .message = REDIAL_STR("Overloaded"),
        .request_id = REDIAL_STR("req_011"),
    };
}

static struct redial_event limited(const struct redial_header *headers, uint32_t count)
{
    return (struct redial_event){
        .kind = REDIAL_EVENT_REPLY,
        .status = 429,
        .text = {[REDIAL_TEXT_ERROR] = REDIAL_STR("rate_limit_error")},
        .headers = headers,
        .header_count = count,
    };
}

static const char *text_of_story(struct story_style style)
{
    text_clear(&out);
    story_write_text(story, &made.policy, &style, &out);
    cr_assert_not(out.failed);
    return out.ptr ? out.ptr : "";
}

static const char *json_of_story(void)
{
    text_clear(&out);
    story_write_json(story, &made.policy, &out);
    cr_assert_not(out.failed);
    return out.ptr ? out.ptr : "";
}

static struct redial_decision wait_of(uint16_t rule, int32_t used, enum redial_class class,
                                      enum redial_wait_kind kind, int64_t delay)
{
    struct redial_decision decision = decision_of(REDIAL_DECISION_WAIT, rule, used);
    decision.judged = true;
    decision.class = (uint8_t) class;
    decision.wait = (uint8_t)kind;
    decision.delay = delay;
    return decision;
}

Test(story, a_backoff_shows_its_arithmetic_and_its_rule)
{
    record_send(0, REDIAL_EVENT_START, 1);
    story_set_connection(story, 1, CONNECTION_NEW);
    struct redial_decision wait =
        wait_of(1, 1, REDIAL_CLASS_OVERLOADED, REDIAL_WAIT_BACKOFF, 562418273);
    wait.delay_base = 500 * MS;
    wait.delay_jitter = 62418273;
    record(40, overloaded(), wait);
    cr_expect_str_eq(
        text_of_story((struct story_style){0}),
        "0ms      send     anthropic claude-opus-4-6 attempt=1 connection=new\n"
        "40ms     reply    529 overloaded_error -> overloaded  \"Overloaded\"\n"
        "40ms     wait     562ms  rule=\"overloaded\" 1/3  backoff 500ms + jitter 62ms\n");
}

struct hint_row {
    char name[64];
    char value[48];
    struct redial_hint hint;
    enum redial_wait_kind wait;
    int64_t delay;
    char want[128];
};

ParameterizedTestParameters(story, a_wait_says_what_became_of_the_hint)
{
    static struct hint_row rows[] = {
        {"obeyed",
         "2",
         {2 * NS_PER_SECOND, REDIAL_HINT_DELAY},
         REDIAL_WAIT_HINT,
         2 * NS_PER_SECOND,
         "2000ms  rule=\"rate limited\" 1/10  retry-after: 2\n"},
        {"cut to the bound",
         "8549",
         {8549 * NS_PER_SECOND, REDIAL_HINT_DELAY},
         REDIAL_WAIT_HINT_CLAMPED,
         NS_PER_HOUR,
         "1h  rule=\"rate limited\" 1/10  retry-after: 8549 cut to the bound 1h\n"},
        {"above the bound",
         "8549",
         {8549 * NS_PER_SECOND, REDIAL_HINT_DELAY},
         REDIAL_WAIT_HINT_IGNORED,
         500 * MS,
         "500ms  rule=\"rate limited\" 1/10  backoff 500ms; retry-after: 8549 is above the bound "
         "1h\n"},
        {"unreadable",
         "NaN",
         {0, REDIAL_HINT_UNREADABLE},
         REDIAL_WAIT_BACKOFF,
         500 * MS,
         "500ms  rule=\"rate limited\" 1/10  backoff 500ms; retry-after: NaN is unreadable\n"},
        {"zero",
         "0",
         {0, REDIAL_HINT_DELAY},
         REDIAL_WAIT_BACKOFF,
         500 * MS,
         "500ms  rule=\"rate limited\" 1/10  backoff 500ms; retry-after: 0 is no wait\n"},
        {"a date in the past",
         "Thu, 01 Jan 1970 00:00:01 GMT",
         {NS_PER_SECOND, REDIAL_HINT_INSTANT},
         REDIAL_WAIT_BACKOFF,
         500 * MS,
         "500ms  rule=\"rate limited\" 1/10  backoff 500ms; retry-after: Thu, 01 Jan 1970 00:00:01 "
         "GMT is past\n"},
    };
    return cr_make_param_array(struct hint_row, rows, REDIAL_COUNT_OF(rows));
}

ParameterizedTest(struct hint_row *row, story, a_wait_says_what_became_of_the_hint)
{
    struct redial_header header = {REDIAL_STR("Retry-After"), str_of(row->value)};
    call.hint[1] = row->hint;
    struct redial_decision wait = wait_of(0, 1, REDIAL_CLASS_RATE_LIMITED, row->wait, row->delay);
    wait.hint = row->wait == REDIAL_WAIT_BACKOFF ? REDIAL_HINTS_MAX : 1;
    wait.delay_base = 500 * MS;
    record(40, limited(&header, 1), wait);
    const char *last = strstr(text_of_story((struct story_style){0}), "wait");
    cr_assert(last);
    cr_expect_str_eq(last + 9, row->want, "%s: %s", row->name, last);
}

Test(story, a_reset_is_retried_without_keep_alive)
{
    record_send(0, REDIAL_EVENT_START, 1);
    struct redial_decision retry = decision_of(REDIAL_DECISION_SEND, 2, 1);
    retry.judged = true;
    retry.class = REDIAL_CLASS_CONNECTION_DROPPED;
    retry.fresh_connection = true;
    retry.attempt = 2;
    retry.max_tokens = 4096;
    record(40,
           (struct redial_event){.kind = REDIAL_EVENT_BROKEN,
                                 .cause = REDIAL_CAUSE_ECONNRESET,
                                 .phase = REDIAL_PHASE_WAIT,
                                 .os_errno = 104,
                                 .message = REDIAL_STR("Recv failure on port 45123")},
           retry);
    cr_expect_str_eq(text_of_story((struct story_style){0}),
                     "0ms      send     anthropic claude-opus-4-6 attempt=1\n"
                     "40ms     broken   ECONNRESET phase=wait -> connection_dropped\n"
                     "40ms     retry    keep-alive off  rule=\"connection dropped\" 1/1\n"
                     "40ms     send     anthropic claude-opus-4-6 attempt=2\n");
    cr_expect(strstr(json_of_story(), "\"errno\":104"));
}

Test(story, a_fallback_names_both_models_and_the_rule_that_was_used_up)
{
    record_send(0, REDIAL_EVENT_START, 1);
    struct redial_decision next = decision_of(REDIAL_DECISION_SEND, 1, 4);
    next.judged = true;
    next.class = REDIAL_CLASS_OVERLOADED;
    next.in_then = true;
    next.attempt = 2;
    next.max_tokens = 4096;
    next.model_index = 1;
    call.model = made.models[1].name;
    record(40, overloaded(), next);
    cr_expect_str_eq(
        text_of_story((struct story_style){0}),
        "0ms      send     anthropic claude-opus-4-6 attempt=1\n"
        "40ms     reply    529 overloaded_error -> overloaded  \"Overloaded\"\n"
        "40ms     fallback claude-opus-4-6 -> claude-sonnet-4-6  rule=\"overloaded\" 3/3 used\n"
        "40ms     send     anthropic claude-sonnet-4-6 attempt=2\n");
}

Test(story, a_raised_output_limit_is_shown_with_both_values)
{
    record_send(0, REDIAL_EVENT_START, 1);
    struct redial_decision next = decision_of(REDIAL_DECISION_SEND, 2, 1);
    next.judged = true;
    next.class = REDIAL_CLASS_OUTPUT_LIMIT;
    next.restart = true;
    next.attempt = 2;
    next.max_tokens = 8192;
    record(40,
           (struct redial_event){.kind = REDIAL_EVENT_REPLY,
                                 .status = 200,
                                 .text = {[REDIAL_TEXT_STOP_REASON] = REDIAL_STR("max_tokens")}},
           next);
    cr_expect_str_eq(text_of_story((struct story_style){0}),
                     "0ms      send     anthropic claude-opus-4-6 attempt=1\n"
                     "40ms     reply    200 max_tokens -> output_limit\n"
                     "40ms     restart  the output so far is void, the reply begins anew\n"
                     "40ms     retry    max_tokens 4096 -> 8192  rule=\"connection dropped\" 1/1\n"
                     "40ms     send     anthropic claude-opus-4-6 attempt=2\n");
}

Test(story, deltas_in_a_row_are_one_line)
{
    record_send(0, REDIAL_EVENT_START, 1);
    for (int i = 0; i < 40; i++)
        record(10 + i, (struct redial_event){.kind = REDIAL_EVENT_OUTPUT},
               decision_of(REDIAL_DECISION_NOTHING, REDIAL_NO_INDEX, 0));
    cr_expect_eq(story_count(story), 2);
    cr_expect(strstr(json_of_story(), "\"outputs\":40"));
}

Test(story, the_end_gives_reason_class_rule_and_totals)
{
    struct redial_decision finish = decision_of(REDIAL_DECISION_FINISH, 2, 1);
    finish.judged = true;
    finish.class = REDIAL_CLASS_CONNECTION_DROPPED;
    finish.reason = REDIAL_REASON_RULE_LIMIT;
    call.attempts = 2;
    call.waited = 3938 * MS;
    record(59999,
           (struct redial_event){.kind = REDIAL_EVENT_BROKEN,
                                 .cause = REDIAL_CAUSE_EPIPE,
                                 .phase = REDIAL_PHASE_SEND},
           finish);
    cr_expect_str_eq(text_of_story((struct story_style){0}),
                     "59.999s  broken   EPIPE phase=send -> connection_dropped\n"
                     "59.999s  finish   rule_limit connection_dropped  rule=\"connection "
                     "dropped\" 1/1 used  attempts=2 waited=3938ms\n");
}

Test(story, long_lines_wrap_under_their_text)
{
    record(40, overloaded(), wait_of(1, 1, REDIAL_CLASS_OVERLOADED, REDIAL_WAIT_FIXED, 500 * MS));
    const char *text = text_of_story((struct story_style){.width = 50});
    cr_expect_str_eq(text, "40ms     reply    529 overloaded_error ->\n"
                           "                  overloaded  \"Overloaded\"\n"
                           "40ms     wait     500ms  rule=\"overloaded\" 1/3\n"
                           "                  fixed\n");
}

Test(story, a_story_of_many_calls_names_each)
{
    struct redial_decision send = decision_of(REDIAL_DECISION_SEND, REDIAL_NO_INDEX, 0);
    struct redial_event start = {.kind = REDIAL_EVENT_START};
    send.attempt = 1;
    story_note(story, START, 0, REDIAL_STR("outage begins"));
    story_record(story, START, 1, &call, &start, &send);
    story_record(story, START, 12, &call, &start, &send);
    cr_expect_str_eq(text_of_story((struct story_style){.many_calls = true}),
                     "0ms           note     outage begins\n"
                     "0ms      #1   send     anthropic claude-opus-4-6 attempt=1\n"
                     "0ms      #12  send     anthropic claude-opus-4-6 attempt=1\n");
}

Test(story, colour_comes_on_request_only)
{
    record_send(0, REDIAL_EVENT_START, 1);
    cr_expect_not(strchr(text_of_story((struct story_style){0}), '\033'));
    cr_expect(strchr(text_of_story((struct story_style){.colour = true}), '\033'));
}

Test(story, a_cleared_story_is_told_anew)
{
    record_send(0, REDIAL_EVENT_START, 1);
    story_clear(story);
    cr_expect_eq(story_count(story), 0);
    record_send(5, REDIAL_EVENT_START, 1);
    cr_expect_str_eq(text_of_story((struct story_style){0}),
                     "5ms      send     anthropic claude-opus-4-6 attempt=1\n");
}

Test(story, what_a_server_says_cannot_drive_a_terminal)
{
    struct redial_event event = overloaded();
    event.message = REDIAL_STR("\033[2Jgone\nsecond \"line\" \xc2\x9b\xff");
    record(40, event, wait_of(1, 1, REDIAL_CLASS_OVERLOADED, REDIAL_WAIT_FIXED, 500 * MS));
    cr_expect(strstr(text_of_story((struct story_style){0}), "\"?[2Jgone second 'line' ??\"\n"));
}

struct canary {
    char name[40];
    char text[192];
    char secret[96];
};

ParameterizedTestParameters(story, no_format_shows_a_secret)
{
    static struct canary rows[] = {
        {"an Anthropic key", "invalid x-api-key sk-ant-api03-AbC_1-2", "api03-AbC_1-2"},
        {"a bearer token", "bad Authorization: Bearer canary.token-1", "canary.token-1"},
        {"a bearer token alone", "Bearer canarytoken0001 is not known", "canarytoken0001"},
        {"an AWS key id", "The key AKIAIOSFODNN7EXAMPLE is unknown", "AKIAIOSFODNN7EXAMPLE"},
        {"a session's key id", "key=ASIAIOSFODNN7EXAMPLE,", "ASIAIOSFODNN7EXAMPLE"},
        {"a session token", "X-Amz-Security-Token=FwoGZXIvYXdz//canary&x=1", "FwoGZXIvYXdz"},
        {"a signature", "Signature=fe5f80f77d5fa3beca038a248ff027", "fe5f80f77d5fa3b"},
        {"a JWT", "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.s5_-x is old", "eyJzdWIi"},
        {"a Google token", "ya29.a0AfH6SMBxcanary-_1", "a0AfH6SMBx"},
        {"a JSON member", "{\"refresh_token\": \"canary-refresh\"}", "canary-refresh"},
        {"a secret key", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "wJalrXUtnFEMI"},
        {"a cookie", "set-cookie: session=canary; path=/", "canary"},
        {"a URL's password", "proxy http://me:canary-pw@proxy.example:8080/x", "canary-pw"},
        {"one that is known", "no such password hunter2-canary here", "hunter2-canary"},
    };
    return cr_make_param_array(struct canary, rows, REDIAL_COUNT_OF(rows));
}

ParameterizedTest(struct canary *row, story, no_format_shows_a_secret)
{
    struct redial_str known[] = {REDIAL_STR("hunter2-canary")};
    story_destroy(story);
    story = story_new(START, &(struct secrets){known, 1});
    struct redial_str said = str_of(row->text);
    struct redial_header header = {REDIAL_STR("retry-after"), said};
    call.hint[1] = (struct redial_hint){.kind = REDIAL_HINT_UNREADABLE};
    call.model = said;
    struct redial_event event = limited(&header, 1);
    event.message = event.request_id = said;
    for (int i = 0; i < REDIAL_TEXT_COUNT; i++) event.text[i] = said;
    record(0, event, wait_of(0, 1, REDIAL_CLASS_RATE_LIMITED, REDIAL_WAIT_BACKOFF, MS));
    record(1, (struct redial_event){.kind = REDIAL_EVENT_REPAIR_FAILED, .message = said},
           decision_of(REDIAL_DECISION_FINISH, 0, 1));
    record_send(2, REDIAL_EVENT_START, 1);
    story_note(story, START, 1, said);
    const char *text = text_of_story((struct story_style){.colour = true});
    cr_expect_not(strstr(text, row->secret), "%s: %s", row->name, text);
    cr_expect(strstr(text, "[redacted]"), "%s: %s", row->name, text);
    const char *json = json_of_story();
    cr_expect_not(strstr(json, row->secret), "%s: %s", row->name, json);
}

Test(story, plain_words_are_left_alone)
{
    struct redial_event event = overloaded();
    event.message = REDIAL_STR("prompt is too long: 200251 tokens > 200000 maximum; Bearer token "
                               "expired, task-force");
    record(0, event, wait_of(1, 1, REDIAL_CLASS_OVERLOADED, REDIAL_WAIT_FIXED, MS));
    const char *text = text_of_story((struct story_style){0});
    cr_expect_not(strstr(text, "[redacted]"), "%s", text);
}

Test(story, every_json_line_is_one_json_object)
{
    struct redial_header header = {REDIAL_STR("retry-after"), REDIAL_STR("\"\\\t\xff\x01")};
    struct redial_event event = limited(&header, 1);
    call.hint[1] = (struct redial_hint){.kind = REDIAL_HINT_UNREADABLE};
    event.message = header.value;
    record_send(0, REDIAL_EVENT_START, 1);
    record(1, event, wait_of(0, 1, REDIAL_CLASS_RATE_LIMITED, REDIAL_WAIT_BACKOFF, MS));
    record(2, overloaded(), decision_of(REDIAL_DECISION_FINISH, 1, 1));
    story_note(story, START, 0, header.value);
    json_of_story();
    struct redial_str rest = text_str(&out), line;
    size_t lines = 0;
    for (; str_split(&rest, '\n', &line); lines++) {
        struct json *json = json_parse(line);
        cr_expect(json_is_object(json), "%.*s", REDIAL_STR_ARG(line));
        json_free(json);
    }
    cr_expect_eq(lines, 4);
}

static bool tell_all(void)
{
    struct redial_str secrets[] = {REDIAL_STR("hunter2-canary")};
    struct text text = TEXT_INIT;
    story = story_new(START, &(struct secrets){secrets, 1});
    if (!story) return false;
    record_send(0, REDIAL_EVENT_START, 1);
    record(40, overloaded(), wait_of(1, 1, REDIAL_CLASS_OVERLOADED, REDIAL_WAIT_FIXED, MS));
    story_note(story, START, 1, REDIAL_STR("outage begins"));
    bool whole = !story_failed(story);
    story_write_text(story, &made.policy, &(struct story_style){.width = 80}, &text);
    story_write_json(story, &made.policy, &text);
    whole = whole && !text.failed;
    text_clean_up(&text);
    story_destroy(story);
    story = NULL;
    return whole;
}

Test(story, every_failed_allocation_is_survived_and_told)
{
    bool failed = true;
    end();
    for (size_t nth = 1; failed; nth++) {
        failing_memory_begin(nth);
        bool whole = tell_all();
        failed = failing_memory_end();
        cr_expect_eq(whole, !failed, "allocation %zu", nth);
        cr_assert_eq(failing_memory_live(), 0, "allocation %zu leaks", nth);
    }
    begin();
}
