/* What a world did, written down and done again: the same story. Every scenario of seed/ that asks
 * for nothing a record does not keep is recorded, on both transports. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/duration.h"
#include "redial/redial.h"
#include "simulator/record/record.h"
#include "simulator/run/paths.h"
#include "simulator/run/runner.h"
#include "tests/support/recording.h"

/* ---- Round trips ---- */

/* A record keeps no wishes, no conversation and no reload; half-read token servers are the chain's
 * business. */
static bool is_kept(const struct scenario *scenario)
{
    if (scenario->reload_count > 0) return false;
    /* Goes by a header that only this policy reads. */
    if (str_ends_with(scenario->policy_path, REDIAL_STR("patterns.yaml"))) return false;
    for (size_t i = 0; i < scenario->call_count; i++) {
        const struct call_script *call = &scenario->calls[i];
        if (call->wants.bits || call->requires.bits || call->residency.count || call->header_count)
            return false;
        if (call->chain) return false; /* its searches are told by the client that made them */
        if (call->prefill.len || call->messages.len || call->compacts_to >= 0) return false;
        if (call->betas.count) return false;
    }
    for (size_t i = 0; i < scenario->provider_count; i++)
        for (size_t k = 0; k < scenario->providers[i].token_reply_count; k++) {
            const struct token_reply *reply = &scenario->providers[i].token_replies[k];
            if (reply->status || reply->body_given || reply->hang >= 0 || reply->slow) return false;
        }
    return true;
}

static void play(struct scenario *scenario, struct transport *transport, struct text *story)
{
    struct run run;
    const struct run_options options = {.transport = transport, .seed = scenario->seed};
    cr_assert(run_scenario(&run, scenario, &options));
    cr_assert_eq(run.end, RUN_ENDED, "%.*s: %.*s %.*s", REDIAL_STR_ARG(scenario->name),
                 REDIAL_STR_ARG(run.trouble.why), REDIAL_STR_ARG(run.trouble.cure));
    struct story_style style = {.many_calls = run.observation.call_count > 1};
    story_write_text(run.story, scenario->policy, &style, story);
    transport->destroy(transport);
    run_clean_up(&run);
}

static void play_written(struct arena *arena, const struct text *written, struct text *story)
{
    struct scenario again;
    struct diag_list *diags = diag_list_new();
    struct text said = TEXT_INIT;
    bool loaded =
        scenario_load_text(arena, REDIAL_STR("recorded.yaml"), text_str(written), diags, &again);
    diag_render(diags, false, &said);
    cr_assert(loaded, "%s\n%s", said.ptr, written->ptr);
    play(&again, transport_virtual_new(again.policy), story);
    scenario_clean_up(&again);
    diag_list_destroy(diags);
    text_clean_up(&said);
}

static void record(struct scenario *scenario, bool wire, struct text *story, struct text *written)
{
    struct redial_str why;
    struct record *record = record_new();
    struct transport *inner =
        wire ? transport_wire_new(scenario->policy, &why) : transport_virtual_new(scenario->policy);
    scenario->fixed_random = 0; /* a record has a seed, and nothing in its sleeve */
    play(scenario, recording_new(inner, record, scenario), story);
    const struct record_scenario told = {
        .name = scenario->name,
        .policy = scenario->policy_path,
        .seed = scenario->seed,
        .environment = scenario->env,
        .story = text_str(story),
    };
    cr_assert(record_write(record, &told, written));
    record_destroy(record);
}

static bool round_trip(const char *path, bool wire)
{
    struct arena *arena = arena_new();
    struct diag_list *diags = diag_list_new();
    struct scenario scenario;
    struct text story = TEXT_INIT, written = TEXT_INIT, again = TEXT_INIT;
    cr_assert(scenario_load(arena, path, diags, &scenario), "%s", path);
    bool kept = is_kept(&scenario);
    if (kept) {
        record(&scenario, wire, &story, &written);
        play_written(arena, &written, &again);
        cr_expect_str_eq(again.ptr, story.ptr, "%s\n%s", path, written.ptr);
        cr_expect_eq(str_find(text_str(&written), REDIAL_STR("canary-")), SIZE_MAX, "%s", path);
    }
    scenario_clean_up(&scenario);
    text_clean_up(&story);
    text_clean_up(&written);
    text_clean_up(&again);
    diag_list_destroy(diags);
    arena_destroy(arena);
    return kept;
}

static size_t round_trip_all(const char *folder, bool wire)
{
    struct paths paths = {.arena = arena_new()};
    struct redial_str why;
    size_t kept = 0;
    cr_assert(paths_add(&paths, folder, &why), "%.*s", REDIAL_STR_ARG(why));
    for (size_t i = 0; i < paths.count; i++) kept += round_trip(paths.list[i], wire);
    paths_clean_up(&paths);
    arena_destroy(paths.arena);
    return kept;
}

Test(record, a_virtual_run_tells_its_story_again, .timeout = 60)
{
    cr_expect_gt(round_trip_all("scenarios/seed", false), 150);
    cr_expect_gt(round_trip_all("scenarios/field", false), 20);
}

Test(record, a_run_on_real_sockets_tells_its_story_again, .timeout = 120)
{
    cr_expect_gt(round_trip_all("scenarios/seed", true), 150);
}

/* ---- What gets in, and what does not ---- */

static struct redial_header head[] = {
    {REDIAL_STR_INIT("date"), REDIAL_STR_INIT("Thu, 21 Aug 2025 12:40:59 GMT")},
    {REDIAL_STR_INIT("retry-after"), REDIAL_STR_INIT("Thu, 21 Aug 2025 12:41:09 GMT")},
    {REDIAL_STR_INIT("anthropic-ratelimit-requests-reset"),
     REDIAL_STR_INIT("2025-08-21T12:41:59Z")},
    {REDIAL_STR_INIT("request-id"), REDIAL_STR_INIT("req_011CSHoEeqs5C35K2UUqR7Fy")},
    {REDIAL_STR_INIT("set-cookie"), REDIAL_STR_INIT("session=private")},
};

static struct text written_of(struct record *record, const struct redial_env *environment)
{
    struct text written = TEXT_INIT;
    const struct record_scenario told = {.name = REDIAL_STR("a record"),
                                         .policy = REDIAL_STR("policies/claude-code.yaml"),
                                         .environment = environment,
                                         .outcome = REDIAL_STR("failed")};
    cr_assert(record_write(record, &told, &written));
    record_destroy(record);
    return written;
}

static struct record *record_of_a_call(void)
{
    struct record *record = record_new();
    record_add_call(record, &(struct record_call){.model = REDIAL_STR("claude-opus-4-6"),
                                                  .stream = true,
                                                  .cancel_at = -1});
    return record;
}

static void add_reply(struct record *record, uint16_t status, const char *body, bool stream)
{
    const struct record_piece piece = {NS_PER_SECOND, str_of(body)};
    static const struct redial_header stream_head = {REDIAL_STR_INIT("content-type"),
                                                     REDIAL_STR_INIT("text/event-stream")};
    record_add_attempt(record,
                       &(struct record_attempt){.provider = REDIAL_STR("anthropic"),
                                                .platform = PLATFORM_ANTHROPIC,
                                                .head_at = 500 * NS_PER_MS,
                                                .ended_at = 2 * NS_PER_SECOND,
                                                .status = status,
                                                .headers = stream ? &stream_head : head,
                                                .header_count = stream ? 1 : REDIAL_COUNT_OF(head),
                                                .pieces = &piece,
                                                .piece_count = 1,
                                                .stream_asked = stream});
}

static void expect_text(const struct text *written, const char *text, bool there)
{
    cr_expect_eq(str_find(text_str(written), str_of(text)) != SIZE_MAX, there, "%s in\n%s", text,
                 written->ptr);
}

Test(record, the_words_of_an_answer_are_replaced)
{
    struct record *record = record_of_a_call();
    add_reply(record, 200,
              "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\n"
              "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":"
              "{\"type\":\"text_delta\",\"text\":\"private words\"}}\n\n"
              "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
              true);
    struct text written = written_of(record, NULL);
    expect_text(&written, "private", false);
    expect_text(&written, "content_block_delta", true);
    expect_text(&written, "{event: \"message_start\", after: 500ms}", true);
    expect_text(&written, "{event: \"message_stop\", after: 1s}", true); /* when the end was seen */
    text_clean_up(&written);
}

Test(record, an_error_keeps_its_sentence_and_loses_its_secrets)
{
    struct record *record = record_of_a_call();
    record_add_secret(record, REDIAL_STR("open sesame"));
    add_reply(record, 401,
              "{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\",\"message\":"
              "\"neither sk-ant-api03-c4n4ryc4n4ryc4n4ryc4n4ry nor open sesame is a key\"}}",
              false);
    const struct redial_env environment[] = {
        {"ANTHROPIC_API_KEY", "open sesame"}, {"REDIAL_MODE", "batch"}, {NULL, NULL}};
    struct text written = written_of(record, environment);
    expect_text(&written, "c4n4ry", false);
    expect_text(&written, "open sesame", false);
    expect_text(&written, "neither [redacted] nor [redacted] is a key", true);
    expect_text(&written, "ANTHROPIC_API_KEY", false);
    expect_text(&written, "\"REDIAL_MODE\": \"batch\"", true);
    text_clean_up(&written);
}

Test(record, hints_move_to_the_scenarios_own_time_and_ids_are_dropped)
{
    struct record *record = record_of_a_call();
    add_reply(record, 529,
              "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Busy\"}}",
              false);
    struct text written = written_of(record, NULL);
    /* Scenarios begin with the year 2026; the reply came after half a second of it. */
    expect_text(&written, "\"retry-after\": \"Thu, 01 Jan 2026 00:00:10 GMT\"", true);
    expect_text(&written, "\"2026-01-01T00:01:00Z\"", true);
    expect_text(&written, "req_", false);
    expect_text(&written, "cookie", false);
    text_clean_up(&written);
}

Test(record, a_page_of_an_edge_keeps_its_first_line)
{
    struct record *record = record_of_a_call();
    add_reply(record, 502, "<html>Bad gateway\nprivate", false);
    struct text written = written_of(record, NULL);
    expect_text(&written, "body: \"<html>Bad gateway\"", true);
    expect_text(&written, "private", false);
    text_clean_up(&written);
}

Test(record, nothing_is_made_of_no_record)
{
    struct text written = TEXT_INIT;
    record_add_call(NULL, &(struct record_call){0});
    record_add_attempt(NULL, &(struct record_attempt){0});
    record_add_refresh(NULL, &(struct record_refresh){0});
    record_add_secret(NULL, REDIAL_STR("x"));
    record_set_cancelled(NULL, 0, 0);
    record_destroy(NULL);
    cr_expect_not(record_write(NULL, &(struct record_scenario){0}, &written));
}
