/* The two transports side by side: what a script says becomes the same events on the virtual clock
 * and on real sockets. Each row is rendered as its platform would send it and played on both. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "simulator/run/transport.h"
#include "simulator/world/render.h"
#include "tests/support/small_policy.h"

struct script_case {
    char name[48];
    bool stream;
    uint16_t status;
    enum redial_class class;
    enum reply_fault fault;
    enum reply_point point;
    int64_t point_count;
    enum malformed_kind malformed;
    enum redial_class then; /* an error event at the stream's end */
    char body[24];
    int64_t input_tokens; /* 0: few */
};

ParameterizedTestParameters(two_ways, tell_the_same)
{
    static struct script_case cases[] = {
        {.name = "success", .status = 200},
        {.name = "a stream", .stream = true, .status = 200},
        {.name = "401", .status = 401},
        {.name = "403", .status = 403},
        {.name = "429", .status = 429},
        {.name = "500", .status = 500},
        {.name = "529 to a stream", .stream = true, .status = 529},
        {.name = "prompt too long", .class = REDIAL_CLASS_PROMPT_TOO_LONG, .input_tokens = 200251},
        {.name = "output limit", .class = REDIAL_CLASS_OUTPUT_LIMIT},
        {.name = "output limit of a stream", .stream = true, .class = REDIAL_CLASS_OUTPUT_LIMIT},
        {.name = "too large, from an edge", .class = REDIAL_CLASS_TOO_LARGE},
        {.name = "an error in a stream", .stream = true, .then = REDIAL_CLASS_OVERLOADED},
        {.name = "reset at connect", .fault = FAULT_RESET, .point = POINT_CONNECT},
        {.name = "reset at the request", .fault = FAULT_RESET, .point = POINT_REQUEST},
        {.name = "reset after headers", .fault = FAULT_RESET, .point = POINT_HEADERS},
        {.name = "reset after bytes", .fault = FAULT_RESET, .point = POINT_BYTES, .point_count = 5},
        {.name = "reset after events",
         .stream = true,
         .fault = FAULT_RESET,
         .point = POINT_EVENTS,
         .point_count = 5},
        {.name = "reset after a stream's last event",
         .stream = true,
         .fault = FAULT_RESET,
         .point = POINT_EVENTS,
         .point_count = 14},
        {.name = "close at the request", .fault = FAULT_CLOSE, .point = POINT_REQUEST},
        {.name = "close after headers", .fault = FAULT_CLOSE, .point = POINT_HEADERS},
        {.name = "close after bytes", .fault = FAULT_CLOSE, .point = POINT_BYTES, .point_count = 5},
        {.name = "close after events",
         .stream = true,
         .fault = FAULT_CLOSE,
         .point = POINT_EVENTS,
         .point_count = 2},
        {.name = "broken pipe", .fault = FAULT_BROKEN_PIPE},
        {.name = "refused", .fault = FAULT_REFUSE},
        {.name = "no such name", .fault = FAULT_DNS},
        {.name = "reset in the TLS handshake", .fault = FAULT_RESET, .point = POINT_TLS},
        {.name = "a certificate nobody signed", .fault = FAULT_TLS},
        {.name = "garbage", .fault = FAULT_GARBAGE, .body = "\x16\x03\x01 hello"},
        {.name = "malformed JSON", .fault = FAULT_MALFORMED, .malformed = MALFORMED_JSON},
        {.name = "a malformed chunk", .fault = FAULT_MALFORMED, .malformed = MALFORMED_CHUNK},
        {.name = "malformed events",
         .stream = true,
         .fault = FAULT_MALFORMED,
         .malformed = MALFORMED_SSE},
        {.name = "a message with a wrong checksum",
         .stream = true,
         .fault = FAULT_MALFORMED,
         .malformed = MALFORMED_CRC},
        {.name = "a stall after events",
         .stream = true,
         .fault = FAULT_STALL,
         .point = POINT_EVENTS,
         .point_count = 4},
        {.name = "a hang", .fault = FAULT_HANG},
    };
    return cr_make_param_array(struct script_case, cases, REDIAL_COUNT_OF(cases));
}

#define EVENTS_MAX 64

struct told {
    struct redial_event events[EVENTS_MAX];
    size_t count;
};

/* Plays to the end, then gives up whatever has not ended. */
static void play(struct transport *transport, struct attempt attempt, struct told *told)
{
    struct request_seen seen;
    struct redial_str why;
    size_t count = 0;
    bool ended;

    cr_assert(transport->begin(transport, &attempt, &seen, told->events, &count, &why), "%s: %.*s",
              transport->name, REDIAL_STR_ARG(why));
    told->count = count;
    ended = count > 0;
    for (; !ended && attempt.act_next < attempt.exchange->act_count; attempt.act_next++) {
        cr_assert_lt(told->count, EVENTS_MAX - 2);
        cr_assert(transport->perform(transport, &attempt, &attempt.exchange->acts[attempt.act_next],
                                     &told->events[told->count], &count, &why),
                  "%s: %.*s", transport->name, REDIAL_STR_ARG(why));
        told->count += count;
        ended = count > 0 && told->events[told->count - 1].kind != REDIAL_EVENT_OUTPUT;
    }
    if (!ended) transport->abandon(transport, &attempt, &told->events[told->count++]);
}

static void compare(const char *name, const struct redial_event *virtual,
                    const struct redial_event *wire)
{
    cr_expect_eq(virtual->kind, wire->kind, "%s: %s, %s", name, redial_event_name(virtual->kind),
                 redial_event_name(wire->kind));
    cr_expect_eq(virtual->cause, wire->cause, "%s: %s, %s", name, redial_cause_name(virtual->cause),
                 redial_cause_name(wire->cause));
    cr_expect_eq(virtual->phase, wire->phase, "%s: %s, %s", name, redial_phase_name(virtual->phase),
                 redial_phase_name(wire->phase));
    cr_expect_eq(virtual->status, wire->status, "%s", name);
    cr_expect_eq(virtual->complete, wire->complete, "%s", name);
    cr_expect_eq(virtual->should_retry, wire->should_retry, "%s", name);
    cr_expect_eq(virtual->input_tokens, wire->input_tokens, "%s", name);
    cr_expect_eq(virtual->output_tokens, wire->output_tokens, "%s", name);
    cr_expect_eq(virtual->context_tokens, wire->context_tokens, "%s", name);
    cr_expect(str_eq(virtual->message, wire->message), "%s: '%.*s', '%.*s'", name,
              REDIAL_STR_ARG(virtual->message), REDIAL_STR_ARG(wire->message));
    cr_expect(str_eq(virtual->request_id, wire->request_id), "%s", name);
    for (int i = 0; i < REDIAL_TEXT_COUNT; i++)
        cr_expect(str_eq(virtual->text[i], wire->text[i]), "%s", name);
}

static int64_t tokens_of(const struct script_case *c)
{
    return c->input_tokens ? c->input_tokens : 12;
}

static bool render(struct arena *arena, const struct script_case *c, enum platform_kind platform,
                   struct exchange *exchange)
{
    struct reply_script then = {
        .repeat = 1, .at = -1, .retry_after = -1, .class = (uint8_t)c->then};
    struct reply_script script = {
        .repeat = 1,
        .at = -1,
        .retry_after = -1,
        .status = c->status,
        .class = (uint8_t)c->class,
        .fault = c->fault,
        .fault_for = DURATION_MAX,
        .point = c->point,
        .point_count = c->point_count,
        .malformed = c->malformed,
        .body = str_of(c->body),
        .body_given = c->fault == FAULT_GARBAGE,
        .then = c->then != REDIAL_CLASS_NONE ? &then : NULL,
    };
    struct render_facts facts = {.platform = platform,
                                 .model = REDIAL_STR("claude-opus-4-6"),
                                 .max_tokens = 4096,
                                 .input_tokens = tokens_of(c),
                                 .context_tokens = 200000,
                                 .stream = c->stream};
    struct redial_str why, cure;

    return render_reply(arena, &script, &facts, exchange, &why, &cure);
}

ParameterizedTest(struct script_case *c, two_ways, tell_the_same, .timeout = 60)
{
    struct redial_str why;
    struct arena *arena = arena_new();
    struct transport *virtual = transport_virtual_new(small_policy());
    struct transport *wire = transport_wire_new(small_policy(), &why);
    static struct told told_virtual, told_wire;
    size_t played = 0;

    cr_assert(arena && virtual && wire, "%.*s", REDIAL_STR_ARG(why));
    for (enum platform_kind platform = 0; platform < PLATFORM_KIND_COUNT; platform++) {
        struct exchange exchange = {0};
        if (!render(arena, c, platform, &exchange)) continue; /* not known of this platform */
        exchange.number = (uint32_t)played++;
        struct attempt attempt = {.call_number = 1,
                                  .number = 1,
                                  .provider = (uint16_t)platform,
                                  .platform = platform,
                                  .exchange = &exchange,
                                  .request = {.model = REDIAL_STR("claude-opus-4-6"),
                                              .max_tokens = 4096,
                                              .input_tokens = tokens_of(c),
                                              .stream = c->stream}};
        play(virtual, attempt, &told_virtual);
        play(wire, attempt, &told_wire);
        cr_assert_eq(told_virtual.count, told_wire.count, "%s: %zu events, %zu events", c->name,
                     told_virtual.count, told_wire.count);
        for (size_t i = 0; i < told_wire.count; i++)
            compare(c->name, &told_virtual.events[i], &told_wire.events[i]);
    }
    cr_expect_gt(played, 0, "%s: no platform does that", c->name);
    virtual->destroy(virtual);
    wire->destroy(wire);
    arena_destroy(arena);
}
