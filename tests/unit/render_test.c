/* Rendered replies, read back by the platforms' own reader and classified by the shipped tables. */
#include <criterion/criterion.h>

#include "api/load.h"
#include "platforms/reader.h"
#include "redial/redial.h"
#include "simulator/world/render.h"
#include "simulator/world/typical.h"

struct rendered {
    struct arena *arena;
    struct exchange exchange;
    struct redial_str why, cure;
    bool made;
    struct text body;
};

static const struct render_facts plain = {
    .platform = PLATFORM_ANTHROPIC,
    .model = {"claude-opus-4-6", 15},
    .max_tokens = 64000,
    .input_tokens = 200251,
    .context_tokens = 200000,
};

static struct rendered render(struct reply_script reply, struct render_facts facts)
{
    struct rendered rendered = {.arena = arena_new()};
    if (reply.retry_after == 0) reply.retry_after = -1;
    rendered.made = render_reply(rendered.arena, &reply, &facts, &rendered.exchange, &rendered.why,
                                 &rendered.cure);
    for (size_t i = 0; rendered.made && i < rendered.exchange.act_count; i++)
        text_append(&rendered.body, rendered.exchange.acts[i].bytes);
    return rendered;
}

static void clean_up(struct rendered *rendered)
{
    text_clean_up(&rendered->body);
    arena_destroy(rendered->arena);
}

static struct redial_str header(const struct exchange *exchange, const char *name)
{
    for (size_t i = 0; i < exchange->header_count; i++)
        if (str_eq_nocase(exchange->headers[i].name, str_of(name)))
            return exchange->headers[i].value;
    return (struct redial_str){0};
}

/* ---- A typical reply earns the class it is asked for by ---- */

static enum redial_class class_of(const struct redial_policy *policy, enum platform_kind platform,
                                  const struct exchange *exchange)
{
    struct redial_engine *engine = redial_engine_new(policy);
    struct reply_reader *reader = reply_reader_new();
    struct redial_call call;
    struct redial_decision decision;
    struct redial_event event = {.kind = REDIAL_EVENT_START};
    struct redial_str why;
    const struct redial_call_options options = {.provider =
                                                    str_of(platform_names.rows[platform].word),
                                                .model = REDIAL_STR("claude-opus-4-6")};
    cr_assert(redial_call_init(&call, engine, &options, 0, &why));
    redial_call_step(&call, &event, 0, &decision);
    reply_reader_begin(reader, platform, false);
    for (size_t i = 0; i < exchange->act_count; i++)
        if (exchange->acts[i].kind == ACT_HEAD)
            reply_reader_head(reader, exchange->status, exchange->headers, exchange->header_count);
        else if (exchange->acts[i].kind == ACT_BODY)
            reply_reader_body(reader, exchange->acts[i].bytes);
    reply_reader_end(reader, REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE, &event);
    redial_call_step(&call, &event, 0, &decision);
    cr_assert(decision.judged);
    if (call.state != REDIAL_STATE_FINISHED) {
        struct redial_decision ignored;
        event = (struct redial_event){.kind = REDIAL_EVENT_CANCEL};
        redial_call_step(&call, &event, 0, &ignored);
    }
    reply_reader_destroy(reader);
    redial_engine_destroy(engine);
    return decision.class;
}

Test(render, a_typical_reply_earns_the_class_that_asks_for_it)
{
    struct diag_list *diags = diag_list_new();
    struct redial_policy *policy =
        policy_load("policies/claude-code.yaml", (const struct redial_env[]){{NULL, NULL}}, diags);
    cr_assert_not_null(policy, "run it from the root of the project");
    for (int platform = 0; platform < PLATFORM_KIND_COUNT; platform++)
        for (int class = 1; class < REDIAL_CLASS_COUNT; class ++) {
            struct render_facts facts = plain;
            facts.platform = (enum platform_kind)platform;
            if (!typical_by_class(facts.platform, (enum redial_class) class)) continue;
            struct rendered rendered =
                render((struct reply_script){.class = (uint8_t) class}, facts);
            cr_assert(rendered.made, "%.*s", REDIAL_STR_ARG(rendered.why));
            enum redial_class got = class_of(policy, facts.platform, &rendered.exchange);
            cr_expect_eq(got, (enum redial_class) class, "%s: %s is read as %s: %s",
                         platform_names.rows[platform].word,
                         redial_class_name((enum redial_class) class), redial_class_name(got),
                         rendered.body.ptr);
            clean_up(&rendered);
        }
    redial_policy_release(policy);
    diag_list_destroy(diags);
}

Test(render, a_typical_reply_is_never_taken_for_success)
{
    for (int platform = 0; platform < PLATFORM_KIND_COUNT; platform++)
        for (uint16_t status = 300; status < 600; status++) {
            const struct typical_reply *row =
                typical_by_status((enum platform_kind)platform, status, false);
            if (row) cr_expect_neq(row->class, REDIAL_CLASS_NONE);
            if (row) cr_expect_eq(row->status, status);
        }
}

/* ---- What the bytes say ---- */

Test(render, numbers_in_a_message_are_the_requests_own)
{
    struct rendered rendered =
        render((struct reply_script){.class = REDIAL_CLASS_PROMPT_TOO_LONG}, plain);
    cr_assert(rendered.made);
    cr_expect_neq(str_find(text_str(&rendered.body),
                           REDIAL_STR("prompt is too long: 200251 tokens > 200000 maximum")),
                  SIZE_MAX, "%s", rendered.body.ptr);
    clean_up(&rendered);
}

Test(render, a_fake_does_not_call_a_prompt_too_long_that_fits)
{
    struct render_facts facts = plain;
    facts.input_tokens = 5000;
    struct rendered rendered =
        render((struct reply_script){.class = REDIAL_CLASS_PROMPT_TOO_LONG}, facts);
    cr_expect_not(rendered.made);
    cr_expect(str_is(rendered.cure, "give the call input_tokens above 200000, not 5000"), "%.*s",
              REDIAL_STR_ARG(rendered.cure));
    clean_up(&rendered);
}

Test(render, a_scripted_header_replaces_the_platforms_own_of_that_name)
{
    struct redial_header own[] = {{REDIAL_STR("Content-Type"), REDIAL_STR("text/html")},
                                  {REDIAL_STR("retry-after"), REDIAL_STR("NaN")}};
    struct rendered rendered = render(
        (struct reply_script){
            .status = 429, .retry_after = 2 * NS_PER_SECOND, .headers = own, .header_count = 2},
        plain);
    size_t types = 0;
    for (size_t i = 0; i < rendered.exchange.header_count; i++)
        types += str_eq_nocase(rendered.exchange.headers[i].name, REDIAL_STR("content-type"));
    cr_expect_eq(types, 1);
    cr_expect(str_is(header(&rendered.exchange, "content-type"), "text/html"));
    cr_expect(str_is(header(&rendered.exchange, "retry-after"), "NaN"));
    clean_up(&rendered);
}

Test(render, a_static_key_is_refused_in_other_words_than_a_token)
{
    struct render_facts facts = plain;
    facts.static_key = true;
    struct rendered key = render((struct reply_script){.status = 401}, facts);
    struct rendered token = render((struct reply_script){.status = 401}, plain);
    cr_expect_neq(str_find(text_str(&key.body), REDIAL_STR("invalid x-api-key")), SIZE_MAX);
    cr_expect_neq(str_find(text_str(&token.body), REDIAL_STR("OAuth token has expired")), SIZE_MAX);
    clean_up(&key);
    clean_up(&token);
}

/* ---- Where it breaks ---- */

Test(render, a_reset_after_so_many_bytes_cuts_the_body_there_and_announces_the_whole)
{
    struct rendered whole = render((struct reply_script){.status = 200}, plain);
    for (int64_t at = 0; at <= (int64_t)whole.body.len; at += 7) {
        struct rendered cut = render(
            (struct reply_script){
                .status = 200, .fault = FAULT_RESET, .point = POINT_BYTES, .point_count = at},
            plain);
        cr_assert(cut.made);
        cr_expect_eq((int64_t)cut.body.len, at);
        cr_expect_eq(cut.exchange.body_length, whole.body.len);
        cr_expect_eq(cut.exchange.acts[cut.exchange.act_count - 1].kind, ACT_RESET);
        clean_up(&cut);
    }
    clean_up(&whole);
}

Test(render, a_fault_after_so_many_events_lets_exactly_those_out)
{
    struct render_facts facts = plain;
    facts.stream = true;
    facts.input_tokens = 12;
    struct rendered rendered = render((struct reply_script){.stream = {.given = true, .tokens = 5},
                                                            .fault = FAULT_CLOSE,
                                                            .point = POINT_EVENTS,
                                                            .point_count = 4},
                                      facts);
    cr_assert(rendered.made);
    cr_expect_eq(rendered.exchange.act_count, 6, "head, four events, close");
    cr_expect_eq(rendered.exchange.acts[5].kind, ACT_CLOSE);
    cr_expect(rendered.exchange.chunked);
    clean_up(&rendered);
}

Test(render, a_slow_body_takes_its_length_divided_by_its_speed)
{
    struct rendered rendered = render((struct reply_script){.status = 200, .slow = 100}, plain);
    const struct exchange *exchange = &rendered.exchange;
    int64_t seconds = (int64_t)(exchange->body_length + 99) / 100;
    cr_expect_eq(exchange->acts[exchange->act_count - 1].at, seconds * NS_PER_SECOND);
    cr_expect_eq(exchange->acts[exchange->act_count - 1].kind, ACT_END);
    clean_up(&rendered);
}

Test(render, a_hang_without_end_says_nothing_and_keeps_the_connection)
{
    struct rendered rendered =
        render((struct reply_script){.fault = FAULT_HANG, .fault_for = DURATION_MAX}, plain);
    cr_expect(rendered.made);
    cr_expect_eq(rendered.exchange.act_count, 0);
    clean_up(&rendered);
}

Test(render, the_same_script_renders_the_same_bytes)
{
    struct rendered one = render((struct reply_script){.status = 200}, plain);
    struct rendered two = render((struct reply_script){.status = 200}, plain);
    cr_expect(str_eq(text_str(&one.body), text_str(&two.body)));
    clean_up(&one);
    clean_up(&two);
}
