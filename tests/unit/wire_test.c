/* The wire transport: every act and every fault, on all four platforms, over kept connections. What
 * is compared is what stories compare: the kind of event, cause and phase, and what the server
 * counted. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "simulator/run/transport.h"
#include "tests/support/failing_memory.h"
#include "tests/support/small_policy.h"

static struct transport *wire;
static struct attempt attempt;
static struct request_seen seen;
static struct redial_event events[2];
static size_t count;
static struct redial_str why;
static struct redial_str model = REDIAL_STR_INIT("claude-opus-4-6");

static void start(void)
{
    wire = transport_wire_new(small_policy(), &why);
    cr_assert(wire, "%.*s", REDIAL_STR_ARG(why));
}

static void stop(void)
{
    wire->destroy(wire);
}

TestSuite(wire, .init = start, .fini = stop, .timeout = 60);

static const struct redial_header json_headers[] = {
    {REDIAL_STR_INIT("content-type"), REDIAL_STR_INIT("application/json")},
};
static const struct redial_header stream_headers[] = {
    {REDIAL_STR_INIT("content-type"), REDIAL_STR_INIT("text/event-stream; charset=utf-8")},
};

#define OVERLOADED                                                                                 \
    REDIAL_STR_INIT("{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":"    \
                    "\"Overloaded\"}}")
#define MESSAGE                                                                                    \
    REDIAL_STR_INIT(                                                                               \
        "{\"type\":\"message\",\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":"          \
        "3,\"output_tokens\":5}}")
#define DELTA                                                                                      \
    REDIAL_STR_INIT("event: content_block_delta\ndata: {\"type\":\"content_block_delta\"}\n\n")
#define MESSAGE_STOP REDIAL_STR_INIT("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
#define STREAM_ERROR                                                                               \
    REDIAL_STR_INIT(                                                                               \
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","        \
        "\"message\":\"Overloaded\"}}\n\n")

static struct exchange reply_of(uint16_t status, bool streamed, const struct act *acts,
                                size_t act_count)
{
    struct exchange exchange = {.status = status,
                                .chunked = streamed,
                                .headers = streamed ? stream_headers : json_headers,
                                .header_count = 1,
                                .acts = acts,
                                .act_count = act_count};

    for (size_t i = 0; i < act_count; i++)
        if (acts[i].kind == ACT_BODY) exchange.body_length += acts[i].bytes.len;
    return exchange;
}

static bool begin(enum platform_kind platform, const struct exchange *exchange, bool streamed)
{
    bool fresh = attempt.fresh_connection, idle_died = attempt.idle_died;

    attempt = (struct attempt){
        .call_number = 1,
        .number = attempt.number + 1,
        .provider = (uint16_t)platform,
        .platform = platform,
        .exchange = exchange,
        .request = {.provider = (uint16_t)platform,
                    .model = model,
                    .max_tokens = 4096,
                    .input_tokens = 7,
                    .credential = 2,
                    .stream = streamed},
        .fresh_connection = fresh,
        .idle_died = idle_died,
    };
    return wire->begin(wire, &attempt, &seen, events, &count, &why);
}

/* Plays a whole exchange; the events of the last act that gave any are left in `events`. */
static void play(enum platform_kind platform, const struct exchange *exchange, bool streamed)
{
    struct redial_event last[2];
    size_t last_count = 0;

    cr_assert(begin(platform, exchange, streamed), "begin: %.*s", REDIAL_STR_ARG(why));
    if (count > 0) return;
    for (size_t i = 0; i < exchange->act_count && attempt.carried; i++) {
        bool done = wire->perform(wire, &attempt, &exchange->acts[i], events, &count, &why);
        cr_assert(done, "act %zu: %.*s", i, REDIAL_STR_ARG(why));
        if (count == 0) continue;
        memcpy(last, events, sizeof last);
        last_count = count;
    }
    memcpy(events, last, sizeof last);
    count = last_count;
}

static const struct redial_event *end(void)
{
    cr_assert_gt(count, 0, "the attempt gave no event");
    return &events[count - 1];
}

static void expect_broken(enum redial_cause cause, enum redial_phase phase)
{
    cr_assert_eq(end()->kind, REDIAL_EVENT_BROKEN, "%s", redial_event_name(end()->kind));
    cr_expect_str_eq(redial_cause_name(end()->cause), redial_cause_name(cause));
    cr_expect_str_eq(redial_phase_name(end()->phase), redial_phase_name(phase));
}

#define EACH_PLATFORM(p) (enum platform_kind p = 0; p < PLATFORM_KIND_COUNT; p++)

static const struct act overloaded_acts[] = {
    {ACT_HEAD, 0, {0}}, {ACT_BODY, 0, OVERLOADED}, {ACT_END, 0, {0}}};
static const struct act message_acts[] = {
    {ACT_HEAD, 0, {0}}, {ACT_BODY, 0, MESSAGE}, {ACT_END, 0, {0}}};
#define ACTS(list) (list), REDIAL_COUNT_OF(list)

Test(wire, carries_an_error_reply_of_every_platform)
{
    struct exchange overloaded = reply_of(529, false, ACTS(overloaded_acts));

    for
        EACH_PLATFORM(platform)
        {
            play(platform, &overloaded, false);
            cr_assert_eq(end()->kind, REDIAL_EVENT_REPLY);
            cr_expect_eq(end()->status, 529);
            cr_expect(end()->complete);
            cr_expect(str_is(end()->text[REDIAL_TEXT_ERROR], "overloaded_error"));
            cr_expect(str_is(end()->message, "Overloaded"));
        }
    cr_expect_eq(wire->requests_counted(wire), PLATFORM_KIND_COUNT);
}

Test(wire, reads_the_request_from_the_bytes_that_arrived)
{
    struct exchange message = reply_of(200, false, ACTS(message_acts));

    for
        EACH_PLATFORM(platform)
        {
            cr_assert(begin(platform, &message, false), "%.*s", REDIAL_STR_ARG(why));
            cr_expect(str_is(seen.model, "claude-opus-4-6"), "%.*s", REDIAL_STR_ARG(seen.model));
            cr_expect_eq(seen.max_tokens, 4096);
            cr_expect_eq(seen.input_tokens, 7);
            cr_expect_eq(seen.credential, 2);
            cr_expect_not(seen.stream);
            cr_expect_eq(seen.connection, REQUEST_ON_NEW_CONNECTION);
            wire->abandon(wire, &attempt, NULL);
        }
}

Test(wire, reads_a_models_name_from_a_path_that_had_to_be_encoded)
{
    static const enum platform_kind platforms[] = {PLATFORM_BEDROCK, PLATFORM_VERTEX};
    struct exchange message = reply_of(200, false, ACTS(message_acts));

    model = REDIAL_STR("claude-haiku-4-5");
    for (size_t i = 0; i < REDIAL_COUNT_OF(platforms); i++) {
        play(platforms[i], &message, false);
        cr_expect(str_is(seen.model, "claude-haiku-4-5"), "%.*s", REDIAL_STR_ARG(seen.model));
    }
}

Test(wire, keeps_a_connection_that_ended_in_order_and_leaves_it_when_asked)
{
    struct exchange message = reply_of(200, false, ACTS(message_acts));

    for
        EACH_PLATFORM(platform)
        {
            play(platform, &message, false);
            cr_expect_eq(seen.connection, REQUEST_ON_NEW_CONNECTION);
            play(platform, &message, false);
            cr_expect_eq(seen.connection, REQUEST_ON_REUSED_CONNECTION);
            attempt.fresh_connection = true;
            play(platform, &message, false);
            cr_expect_eq(seen.connection, REQUEST_ON_NEW_CONNECTION);
            attempt.fresh_connection = false;
            play(platform, &message, false);
            cr_expect_eq(seen.connection, REQUEST_ON_REUSED_CONNECTION);
        }
}

static const struct act stream_acts[] = {{ACT_HEAD, 0, {0}},
                                         {ACT_BODY, 0, DELTA},
                                         {ACT_BODY, 0, DELTA},
                                         {ACT_BODY, 0, MESSAGE_STOP},
                                         {ACT_END, 0, {0}}};

Test(wire, tells_output_act_by_act)
{
    struct exchange stream = reply_of(200, true, ACTS(stream_acts));
    static const size_t want[] = {0, 1, 1, 0, 1};

    cr_assert(begin(PLATFORM_ANTHROPIC, &stream, true), "%.*s", REDIAL_STR_ARG(why));
    cr_expect(seen.stream);
    for (size_t i = 0; i < stream.act_count; i++) {
        cr_assert(wire->perform(wire, &attempt, &stream.acts[i], events, &count, &why), "%.*s",
                  REDIAL_STR_ARG(why));
        cr_expect_eq(count, want[i], "act %zu gave %zu events", i, count);
    }
    cr_expect_eq(end()->kind, REDIAL_EVENT_REPLY);
    cr_expect(end()->complete);
}

Test(wire, ends_an_attempt_at_a_streams_error_event)
{
    static const struct act acts[] = {
        {ACT_HEAD, 0, {0}}, {ACT_BODY, 0, DELTA}, {ACT_BODY, 0, STREAM_ERROR}, {ACT_END, 0, {0}}};
    struct exchange stream = reply_of(200, true, ACTS(acts));

    play(PLATFORM_VERTEX, &stream, true);
    cr_expect_eq(end()->kind, REDIAL_EVENT_STREAM_ERROR);
    cr_expect(str_is(end()->text[REDIAL_TEXT_STREAM_ERROR], "overloaded_error"));
    cr_expect_null(attempt.carried);
}

#define TIMES 50

static void break_often(bool streamed, const struct act *acts, size_t act_count,
                        enum redial_cause cause, enum redial_phase phase)
{
    struct exchange message = reply_of(200, false, ACTS(message_acts));
    struct exchange broken = reply_of(200, streamed, acts, act_count);
    size_t attempts = 0;

    broken.body_length += 100; /* announced, never sent */
    for (int i = 0; i < TIMES; i++) {
        enum platform_kind platform = (enum platform_kind)(i % PLATFORM_KIND_COUNT);
        if (streamed && platform == PLATFORM_BEDROCK) continue;
        if (i % 2 == 0) play(platform, &message, false), attempts++;
        play(platform, &broken, streamed), attempts++;
        expect_broken(cause, phase);
    }
    cr_expect_eq(wire->requests_counted(wire), attempts, "requests %zu, attempts %zu",
                 wire->requests_counted(wire), attempts);
}

Test(wire, resets_before_the_reply)
{
    static const struct act acts[] = {{ACT_RESET, 0, {0}}};
    break_often(false, ACTS(acts), REDIAL_CAUSE_ECONNRESET, REDIAL_PHASE_WAIT);
}

Test(wire, resets_after_the_headers)
{
    static const struct act acts[] = {{ACT_HEAD, 0, {0}}, {ACT_RESET, 0, {0}}};
    break_often(false, ACTS(acts), REDIAL_CAUSE_ECONNRESET, REDIAL_PHASE_BODY);
}

Test(wire, resets_in_mid_body)
{
    static const struct act acts[] = {
        {ACT_HEAD, 0, {0}}, {ACT_BODY, 0, OVERLOADED}, {ACT_RESET, 0, {0}}};
    break_often(false, ACTS(acts), REDIAL_CAUSE_ECONNRESET, REDIAL_PHASE_BODY);
}

Test(wire, resets_after_events_of_a_stream)
{
    static const struct act acts[] = {
        {ACT_HEAD, 0, {0}}, {ACT_BODY, 0, DELTA}, {ACT_BODY, 0, DELTA}, {ACT_RESET, 0, {0}}};
    break_often(true, ACTS(acts), REDIAL_CAUSE_ECONNRESET, REDIAL_PHASE_STREAM);
}

Test(wire, closes_before_the_reply)
{
    static const struct act acts[] = {{ACT_CLOSE, 0, {0}}};
    break_often(false, ACTS(acts), REDIAL_CAUSE_EMPTY_REPLY, REDIAL_PHASE_WAIT);
}

Test(wire, closes_in_mid_body)
{
    static const struct act acts[] = {
        {ACT_HEAD, 0, {0}}, {ACT_BODY, 0, OVERLOADED}, {ACT_CLOSE, 0, {0}}};
    break_often(false, ACTS(acts), REDIAL_CAUSE_CUT, REDIAL_PHASE_BODY);
}

Test(wire, closes_in_mid_stream)
{
    static const struct act acts[] = {
        {ACT_HEAD, 0, {0}}, {ACT_BODY, 0, DELTA}, {ACT_CLOSE, 0, {0}}};
    break_often(true, ACTS(acts), REDIAL_CAUSE_CUT, REDIAL_PHASE_STREAM);
}

Test(wire, ends_a_stream_that_never_said_it_was_complete)
{
    static const struct act acts[] = {{ACT_HEAD, 0, {0}}, {ACT_BODY, 0, DELTA}, {ACT_END, 0, {0}}};
    break_often(true, ACTS(acts), REDIAL_CAUSE_CUT, REDIAL_PHASE_STREAM);
}

Test(wire, sends_garbage_instead_of_http)
{
    static const struct act acts[] = {
        {ACT_RAW, 0, REDIAL_STR_INIT("\x16\x03\x01 what is this\r\n")}};
    break_often(false, ACTS(acts), REDIAL_CAUSE_MALFORMED, REDIAL_PHASE_HEADERS);
}

Test(wire, sends_a_malformed_chunk)
{
    static const struct act acts[] = {{ACT_HEAD, 0, {0}},
                                      {ACT_BODY, 0, DELTA},
                                      {ACT_RAW, 0, REDIAL_STR_INIT("not-a-chunk-size\r\n")}};
    break_often(true, ACTS(acts), REDIAL_CAUSE_MALFORMED, REDIAL_PHASE_STREAM);
}

struct fault_case {
    enum request_fault fault;
    enum redial_cause cause;
    enum redial_phase phase;
};

ParameterizedTestParameters(wire, shows_each_fault_before_the_reply)
{
    static struct fault_case cases[] = {
        {REQUEST_REFUSED, REDIAL_CAUSE_ECONNREFUSED, REDIAL_PHASE_CONNECT},
        {REQUEST_UNRESOLVED, REDIAL_CAUSE_ENOTFOUND, REDIAL_PHASE_RESOLVE},
        {REQUEST_RESET_CONNECT, REDIAL_CAUSE_ECONNRESET, REDIAL_PHASE_SEND},
        {REQUEST_BROKEN_PIPE, REDIAL_CAUSE_EPIPE, REDIAL_PHASE_SEND},
    };
    return cr_make_param_array(struct fault_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct fault_case *c, wire, shows_each_fault_before_the_reply)
{
    struct exchange message = reply_of(200, false, ACTS(message_acts));
    struct exchange fault = {.fault = c->fault};
    size_t whole = 0;

    for (int i = 0; i < TIMES; i++) {
        enum platform_kind platform = (enum platform_kind)(i % PLATFORM_KIND_COUNT);
        if (i % 2 == 0) play(platform, &message, false), whole++;
        play(platform, &fault, false);
        expect_broken(c->cause, c->phase);
        cr_assert_null(attempt.carried);
    }
    cr_expect_eq(wire->requests_counted(wire), whole);
}

/* libcurl would send the request again by itself, and nobody would know. */
Test(wire, counts_every_request_as_an_attempt_when_a_kept_connection_has_died)
{
    struct exchange message = reply_of(200, false, ACTS(message_acts));
    size_t attempts = 0;

    for (int i = 0; i < TIMES; i++) {
        enum platform_kind platform = (enum platform_kind)(i % PLATFORM_KIND_COUNT);
        play(platform, &message, false), attempts++;
        attempt.idle_died = true;
        play(platform, &message, false), attempts++;
        expect_broken(REDIAL_CAUSE_ECONNRESET, REDIAL_PHASE_WAIT);
        cr_expect_eq(seen.connection, REQUEST_ON_REUSED_CONNECTION);
        attempt.idle_died = false;
        attempt.fresh_connection = true;
        play(platform, &message, false), attempts++;
        cr_expect_eq(end()->kind, REDIAL_EVENT_REPLY);
        cr_expect_eq(seen.connection, REQUEST_ON_NEW_CONNECTION);
        attempt.fresh_connection = false;
    }
    cr_expect_eq(wire->requests_counted(wire), attempts);
}

Test(wire, gives_up_an_attempt_in_the_phase_it_had_reached)
{
    struct exchange stream = reply_of(200, true, ACTS(stream_acts));
    static const struct {
        size_t acts;
        enum redial_phase phase;
    } rows[] = {{0, REDIAL_PHASE_WAIT}, {1, REDIAL_PHASE_STREAM}, {2, REDIAL_PHASE_STREAM}};

    for (size_t row = 0; row < REDIAL_COUNT_OF(rows); row++) {
        cr_assert(begin(PLATFORM_FOUNDRY, &stream, true), "%.*s", REDIAL_STR_ARG(why));
        for (size_t i = 0; i < rows[row].acts; i++)
            cr_assert(wire->perform(wire, &attempt, &stream.acts[i], events, &count, &why));
        wire->abandon(wire, &attempt, events);
        count = 1;
        expect_broken(REDIAL_CAUSE_ETIMEDOUT, rows[row].phase);
        cr_expect_null(attempt.carried);
    }
}

/* True when a whole reply was carried. */
static bool carry_one(void)
{
    struct exchange overloaded = reply_of(529, false, ACTS(overloaded_acts));
    bool done = false;

    wire = transport_wire_new(small_policy(), &why);
    if (!wire) return false;
    if (begin(PLATFORM_ANTHROPIC, &overloaded, false)) done = true;
    for (size_t i = 0; done && attempt.carried && i < overloaded.act_count; i++)
        done = wire->perform(wire, &attempt, &overloaded.acts[i], events, &count, &why);
    done = done && count == 1 && events[0].kind == REDIAL_EVENT_REPLY;
    wire->destroy(wire);
    return done;
}

Test(wire_memory, survives_every_failed_allocation, .timeout = 120)
{
    bool failed = true;

    for (size_t nth = 1; failed; nth++) {
        failing_memory_begin(nth);
        bool done = carry_one();
        failed = failing_memory_end();
        cr_assert(done || failed, "nothing failed, and yet: %.*s", REDIAL_STR_ARG(why));
        cr_assert_eq(failing_memory_live(), 0, "a leak when allocation %zu fails", nth);
    }
}

Test(wire, cleans_up_attempts_that_were_under_way_when_it_is_destroyed)
{
    struct exchange message = reply_of(200, false, ACTS(message_acts));

    cr_assert(begin(PLATFORM_BEDROCK, &message, false), "%.*s", REDIAL_STR_ARG(why));
    cr_assert(wire->perform(wire, &attempt, &message.acts[0], events, &count, &why));
}
