/* Probes: what they ask, how their replies are judged, and that the tables of probes, detectors,
 * fakes and the shipped matrix say the same. */
#include "audit/probe.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "api/load.h"
#include "audit/ask.h"
#include "base/base64.h"
#include "redial/redial.h"
#include "simulator/serve/effects.h"
#include "tests/support/failing_memory.h"

#define TODAY 20780 /* 2026-11-23 */

struct shipped {
    struct arena *arena;
    struct redial_policy *policy;
    struct matrix matrix;
};

static struct shipped read_shipped(void)
{
    static const struct redial_env none[] = {{NULL, NULL}};
    struct shipped shipped = {.arena = arena_new()};
    struct diag_list *diags = diag_list_new();
    shipped.policy = policy_load("policies/claude-code.yaml", none, diags);
    cr_assert(shipped.policy);
    cr_assert(matrix_read(shipped.arena, "policies/matrix.yaml", shipped.policy, TODAY, diags,
                          &shipped.matrix));
    cr_assert(matrix_join(shipped.arena, shipped.policy, &shipped.matrix));
    diag_list_destroy(diags);
    return shipped;
}

static void shipped_end(struct shipped *shipped)
{
    redial_policy_release(shipped->policy);
    arena_destroy(shipped->arena);
}

static const struct matrix_row *row_of(const struct shipped *shipped, const char *name,
                                       const struct matrix_table **table)
{
    const struct matrix_row *row = NULL;
    struct text why = TEXT_INIT;
    cr_expect(matrix_find(&shipped->matrix, str_of(name), table, &row, &why), "%s", name);
    text_clean_up(&why);
    return row;
}

/* ---- The tables ---- */

Test(probe, whoever_looks_at_a_probe_sees_its_feature)
{
    struct shipped shipped = read_shipped();
    for (int i = 0; i < PROBED_COUNT; i++) {
        const char *name = probed_names.rows[i].word;
        struct wishes wishes = {0};
        struct text body = TEXT_INIT, why = TEXT_INIT;
        bool seen = false;
        probe_write(probe_of((enum probed)i), 7, &body);
        struct json *root = json_parse(text_str(&body));
        cr_assert(json_is_object(root), "%s", name);
        cr_expect_gt(json_int(json_at(root, "max_tokens"), 0), 0, "%s", name);
        cr_expect(effects_find(root) & PROBED_BIT(i), "the fakes do not see %s", name);
        cr_assert(
            wishes_of_request(shipped.arena, &shipped.matrix, text_str(&body), &wishes, &why));
        for (size_t w = 0; w < wishes.count; w++)
            seen = seen || str_is(wishes.list[w].row->name, name);
        cr_expect(seen, "the detectors do not see %s", name);
        json_free(root);
        text_clean_up(&body);
        text_clean_up(&why);
    }
    shipped_end(&shipped);
}

Test(probe, every_row_of_the_matrix_is_probed_or_says_why_not)
{
    struct shipped shipped = read_shipped();
    struct matrix_walk walk = {.matrix = &shipped.matrix};
    while (matrix_next(&walk)) {
        const char *why = probe_impossible(walk.row->name);
        if (walk.section == MATRIX_WIRE || !why) continue;
        cr_expect(!str_is(str_of(why), "no probe is known that shows it"), "%.*s",
                  REDIAL_STR_ARG(walk.row->name));
    }
    shipped_end(&shipped);
}

/* Without a word of a scenario a fake refuses what the documents deny its platform, and only that.
 */
Test(probe, fakes_do_what_the_shipped_matrix_says)
{
    struct shipped shipped = read_shipped();
    for (int f = 0; f < PROBED_COUNT; f++)
        for (int kind = 0; kind < PLATFORM_KIND_COUNT; kind++) {
            const struct matrix_table *table = NULL;
            const struct matrix_row *row = row_of(&shipped, probed_names.rows[f].word, &table);
            bool denied = true;
            for (size_t c = 0; c < table->column_count; c++)
                if (table->columns[c].platform == kind && row->cells[c].present)
                    denied = denied && row->cells[c].support == SUPPORT_NONE;
            enum feature_play play = effects_play((enum platform_kind)kind, (enum probed)f, NULL);
            cr_expect_eq(play == PLAY_REFUSED, denied, "%s on %d", probed_names.rows[f].word, kind);
        }
    shipped_end(&shipped);
}

Test(probe, on_every_platform_a_model_is_found_where_the_feature_is_documented)
{
    struct shipped shipped = read_shipped();
    const struct redial_policy *policy = shipped.policy;
    for (uint16_t p = 0; p < policy->provider_count; p++)
        for (int f = 0; f < PROBED_COUNT; f++) {
            const struct matrix_table *table = NULL;
            const struct matrix_row *row = row_of(&shipped, probed_names.rows[f].word, &table);
            struct redial_str model = probe_model(policy, p, probe_of((enum probed)f));
            int kind = (int)policy->platforms[policy->providers[p].platform].kind;
            for (size_t c = 0; c < table->column_count; c++)
                if (table->columns[c].platform == kind && row->cells[c].present &&
                    row->cells[c].support == SUPPORT_FULL)
                    cr_expect_gt(model.len, 0, "%s", probed_names.rows[f].word);
        }
    shipped_end(&shipped);
}

Test(probe, the_estimate_is_above_what_the_fakes_count)
{
    struct text body = TEXT_INIT;
    const struct probe *probe = probe_of(PROBED_PROMPT_CACHE);
    probe_write(probe, 1, &body);
    cr_expect_gt(probe_input_tokens(probe), 4600);
    cr_expect_lt(probe_input_tokens(probe), 10000);
    text_clean_up(&body);
}

Test(probe, long_prompts_are_new_to_a_cache_with_each_nonce)
{
    struct text one = TEXT_INIT, two = TEXT_INIT;
    probe_write(probe_of(PROBED_PROMPT_CACHE), 1, &one);
    probe_write(probe_of(PROBED_PROMPT_CACHE), 2, &two);
    cr_expect_not(str_eq(text_str(&one), text_str(&two)));
    text_clean_up(&one);
    text_clean_up(&two);
}

/* Readers of PDF find objects by the bytes that its table names. */
Test(probe, its_pdf_is_one)
{
    struct text body = TEXT_INIT, pdf = TEXT_INIT;
    probe_write(probe_of(PROBED_PDF_INPUT), 1, &body);
    struct json *root = json_parse(text_str(&body));
    cr_assert(base64_decode(json_text(json_at(root, "messages.0.content.0.source.data")), &pdf));
    struct redial_str rest = text_str(&pdf), word = REDIAL_STR("startxref\n");
    cr_expect(str_starts_with(rest, REDIAL_STR("%PDF-1.")));
    struct redial_str at = str_skip(rest, str_find(rest, word) + word.len);
    int64_t table;
    cr_assert(str_to_int64(str_take(at, str_find(at, REDIAL_STR("\n"))), &table));
    cr_expect(str_starts_with(str_skip(rest, (size_t)table), REDIAL_STR("xref\n0 6\n")));
    for (int i = 1; i < 6; i++) {
        int64_t begin;
        char head[24];
        struct redial_str row = str_skip(rest, (size_t)table + 9 + 20 * (size_t)i);
        cr_assert(str_to_int64(str_take(row, 10), &begin));
        snprintf(head, sizeof head, "%d 0 obj", i);
        cr_expect(str_starts_with(str_skip(rest, (size_t)begin), str_of(head)), "%d", i);
    }
    size_t stream = str_find(rest, REDIAL_STR("stream\n")) + 7;
    cr_expect_eq(str_find(str_skip(rest, stream), REDIAL_STR("\nendstream")), 38);
    json_free(root);
    text_clean_up(&body);
    text_clean_up(&pdf);
}

/* ---- Judging ---- */

struct reply_case {
    char name[64];
    enum probed feature;
    bool succeeded;
    enum redial_class class;
    char body[200];
    enum probe_verdict verdict;
    char shown[120];
};

ParameterizedTestParameters(probe, judges_by_the_effect)
{
    static struct reply_case cases[] = {
        {"a thinking block", PROBED_THINKING, true, REDIAL_CLASS_NONE,
         "{\"content\":[{\"type\":\"thinking\",\"thinking\":\"\"},{\"type\":\"text\"}]}",
         PROBE_WORKS, "content.0.type is thinking"},
        {"a thinking block that is kept secret", PROBED_THINKING, true, REDIAL_CLASS_NONE,
         "{\"content\":[{\"type\":\"redacted_thinking\"}]}", PROBE_WORKS,
         "content.0.type is redacted_thinking"},
        {"200 without one", PROBED_THINKING, true, REDIAL_CLASS_NONE,
         "{\"content\":[{\"type\":\"text\",\"text\":\"thinking\"}]}", PROBE_IGNORED,
         "no content.*.type says *thinking"},
        {"a read cache", PROBED_PROMPT_CACHE, true, REDIAL_CLASS_NONE,
         "{\"usage\":{\"cache_read_input_tokens\":4096}}", PROBE_WORKS,
         "usage.cache_read_input_tokens is 4096"},
        {"a cache that is only written", PROBED_PROMPT_CACHE, true, REDIAL_CLASS_NONE,
         "{\"usage\":{\"cache_read_input_tokens\":0,\"cache_creation_input_tokens\":4096}}",
         PROBE_IGNORED, "no usage.cache_read_input_tokens above 0"},
        {"a number as a text is none", PROBED_PROMPT_CACHE, true, REDIAL_CLASS_NONE,
         "{\"usage\":{\"cache_read_input_tokens\":\"4096\"}}", PROBE_IGNORED,
         "no usage.cache_read_input_tokens above 0"},
        {"an hour that became five minutes", PROBED_CACHING_1H, true, REDIAL_CLASS_NONE,
         "{\"usage\":{\"cache_creation\":{\"ephemeral_5m_input_tokens\":4096,"
         "\"ephemeral_1h_input_tokens\":0}}}",
         PROBE_IGNORED, "no usage.cache_creation.ephemeral_1h_input_tokens above 0"},
        {"JSON by the schema", PROBED_STRUCTURED_OUTPUTS, true, REDIAL_CLASS_NONE,
         "{\"content\":[{\"type\":\"text\",\"text\":\"{\\\"colour\\\": \\\"blue\\\"}\"}]}",
         PROBE_WORKS, "content.0.text is {\"colour\": \"blue\"}"},
        {"prose instead", PROBED_STRUCTURED_OUTPUTS, true, REDIAL_CLASS_NONE,
         "{\"content\":[{\"type\":\"text\",\"text\":\"My colour is blue.\"}]}", PROBE_IGNORED,
         "no content.*.text says {*\"colour\"*:*}"},
        {"no edits, but edited", PROBED_CONTEXT_MANAGEMENT, true, REDIAL_CLASS_NONE,
         "{\"context_management\":{\"applied_edits\":[]}}", PROBE_WORKS,
         "context_management.applied_edits is there"},
        {"null is nothing", PROBED_CONTEXT_MANAGEMENT, true, REDIAL_CLASS_NONE,
         "{\"context_management\":null}", PROBE_IGNORED, "no context_management.applied_edits"},
        {"the standard tier", PROBED_PRIORITY_TIER, true, REDIAL_CLASS_NONE,
         "{\"usage\":{\"service_tier\":\"standard\"}}", PROBE_ACCEPTED,
         "no usage.service_tier says priority; an account without it has none"},
        {"standard speed", PROBED_FAST_MODE, true, REDIAL_CLASS_NONE,
         "{\"usage\":{\"speed\":\"standard\"}}", PROBE_IGNORED, "no usage.speed says fast"},
        {"nothing to be seen", PROBED_URL_SOURCES, true, REDIAL_CLASS_NONE, "{\"content\":[]}",
         PROBE_ACCEPTED, "no reply shows its effect"},
        {"a stream has no body", PROBED_FINE_GRAINED_STREAMING, true, REDIAL_CLASS_NONE, "",
         PROBE_ACCEPTED, "no reply shows its effect"},
        {"no message at all", PROBED_THINKING, true, REDIAL_CLASS_NONE, "<html>", PROBE_UNCLEAR,
         "the reply is no message in JSON"},
        {"a request that is wrong", PROBED_THINKING, false, REDIAL_CLASS_INVALID_REQUEST, "",
         PROBE_REFUSED, ""},
        {"no fast mode for this account", PROBED_FAST_MODE, false, REDIAL_CLASS_FAST_UNAVAILABLE,
         "", PROBE_REFUSED, ""},
        {"a wrong key", PROBED_THINKING, false, REDIAL_CLASS_AUTH, "", PROBE_UNCLEAR, ""},
        {"too much at once", PROBED_THINKING, false, REDIAL_CLASS_RATE_LIMITED, "", PROBE_UNCLEAR,
         ""},
        {"no such model", PROBED_THINKING, false, REDIAL_CLASS_NOT_FOUND, "", PROBE_UNCLEAR, ""},
    };
    return cr_make_param_array(struct reply_case, cases, REDIAL_COUNT_OF(cases));
}
ParameterizedTest(struct reply_case *c, probe, judges_by_the_effect)
{
    const struct probe_reply reply = {c->succeeded, (uint8_t)c->class, str_of(c->body)};
    struct text shown = TEXT_INIT;
    cr_expect_eq(probe_judge(probe_of(c->feature), &reply, &shown), c->verdict, "%s", c->name);
    cr_expect(str_is(text_str(&shown), c->shown), "%s: %.*s", c->name,
              REDIAL_STR_ARG(text_str(&shown)));
    text_clean_up(&shown);
}

struct accord_case {
    enum support documented;
    enum probe_verdict verdict;
    enum probe_accord accord;
};

ParameterizedTestParameters(probe, holds_what_it_saw_against_the_cell)
{
    static struct accord_case cases[] = {
        {SUPPORT_FULL, PROBE_WORKS, ACCORD_AGREES},
        {SUPPORT_FULL, PROBE_ACCEPTED, ACCORD_AGREES},
        {SUPPORT_FULL, PROBE_IGNORED, ACCORD_CONTRADICTS},
        {SUPPORT_BETA, PROBE_REFUSED, ACCORD_CONTRADICTS},
        {SUPPORT_LIMITED, PROBE_REFUSED, ACCORD_NEW},
        {SUPPORT_NONE, PROBE_WORKS, ACCORD_CONTRADICTS},
        {SUPPORT_NONE, PROBE_REFUSED, ACCORD_AGREES},
        {SUPPORT_NONE, PROBE_IGNORED, ACCORD_AGREES},
        {SUPPORT_IGNORED, PROBE_WORKS, ACCORD_CONTRADICTS},
        {SUPPORT_IGNORED, PROBE_REFUSED, ACCORD_CONTRADICTS},
        {SUPPORT_UNKNOWN, PROBE_WORKS, ACCORD_NEW},
        {SUPPORT_DISPUTED, PROBE_REFUSED, ACCORD_NEW},
        {SUPPORT_FULL, PROBE_UNCLEAR, ACCORD_OPEN},
        {SUPPORT_UNKNOWN, PROBE_UNCLEAR, ACCORD_OPEN},
    };
    return cr_make_param_array(struct accord_case, cases, REDIAL_COUNT_OF(cases));
}
ParameterizedTest(struct accord_case *c, probe, holds_what_it_saw_against_the_cell)
{
    cr_expect_eq(probe_compare(c->verdict, c->documented), c->accord, "%d documented, %d seen",
                 c->documented, c->verdict);
}

/* On Foundry nobody knows which of two surfaces answered. */
Test(probe, one_of_two_surfaces_that_agrees_is_enough)
{
    struct shipped shipped = read_shipped();
    uint16_t foundry = policy_find_provider(shipped.policy, REDIAL_STR("foundry"));
    struct probe_result result = {.feature = PROBED_CODE_EXECUTION, .verdict = PROBE_WORKS};
    cr_assert(probe_document(shipped.arena, &shipped.matrix, shipped.policy, foundry, &result));
    cr_expect_eq(result.accord, ACCORD_AGREES);
    cr_expect(str_is(result.documented, "FA yes, FZ no"));
    result.verdict = PROBE_REFUSED;
    cr_assert(probe_document(shipped.arena, &shipped.matrix, shipped.policy, foundry, &result));
    cr_expect_eq(result.accord, ACCORD_AGREES);
    result = (struct probe_result){.feature = PROBED_WEB_SEARCH, .verdict = PROBE_IGNORED};
    cr_assert(probe_document(shipped.arena, &shipped.matrix, shipped.policy, foundry, &result));
    cr_expect_eq(result.accord, ACCORD_NEW, "full on one and limited on the other");
    shipped_end(&shipped);
}

Test(probe, survives_every_failed_allocation)
{
    struct shipped shipped = read_shipped();
    bool failed = true;
    for (size_t nth = 1; failed; nth++) {
        struct probe_result result = {.feature = PROBED_WEB_SEARCH, .verdict = PROBE_WORKS};
        const struct probe_reply reply = {true, 0, REDIAL_STR("{\"usage\":{\"a\":1}}")};
        struct text out = TEXT_INIT, shown = TEXT_INIT;
        failing_memory_begin(nth);
        struct arena *arena = arena_new();
        struct findings findings = {.arena = arena};
        probe_write(probe_of(PROBED_PDF_INPUT), 1, &out);
        (void)probe_judge(probe_of(PROBED_WEB_SEARCH), &reply, &shown);
        if (arena && probe_document(arena, &shipped.matrix, shipped.policy, 1, &result)) {
            probe_report(&result, 1, &findings);
            probe_print_text(&result, 1, &shipped.matrix, true, 80, &out);
            probe_print_markdown(&result, 1, &shipped.matrix, true, 80, &out);
            probe_print_json(&result, 1, &shipped.matrix, true, 80, &out);
        }
        findings_clean_up(&findings);
        text_clean_up(&out);
        text_clean_up(&shown);
        arena_destroy(arena);
        long live = failing_memory_live();
        failed = failing_memory_end();
        cr_assert_eq(live, 0, "allocation %zu leaks %ld blocks", nth, live);
    }
    shipped_end(&shipped);
}
