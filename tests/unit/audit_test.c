/* The matrix: days, joining with the policy, and what is printed of it. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "api/load.h"
#include "audit/ask.h"
#include "audit/findings.h"
#include "audit/print.h"
#include "redial/redial.h"
#include "tests/support/failing_memory.h"

#define TODAY 20780 /* 2026-11-23 */

struct day_case {
    char text[24];
    bool right;
    int32_t day;
};

ParameterizedTestParameters(audit, a_day_is_a_date_of_the_calendar)
{
    static struct day_case cases[] = {
        {"1970-01-01", true, 0},  {"2026-11-23", true, TODAY}, {"2024-02-29", true, 19782},
        {"2026-02-29", false, 0}, {"2026-9-1", false, 0},      {"yesterday", false, 0},
        {"", false, 0},           {"2026-11-23T", false, 0},   {"2026-13-01", false, 0},
    };
    return cr_make_param_array(struct day_case, cases, REDIAL_COUNT_OF(cases));
}
ParameterizedTest(struct day_case *c, audit, a_day_is_a_date_of_the_calendar)
{
    int32_t day = 0;
    struct text back = TEXT_INIT;
    cr_assert_eq(matrix_day(str_of(c->text), &day), c->right, "%s", c->text);
    if (!c->right) return;
    cr_expect_eq(day, c->day, "%s is day %d", c->text, day);
    matrix_day_format(day, &back);
    cr_expect(str_is(text_str(&back), c->text));
    text_clean_up(&back);
}

struct audited {
    struct arena *arena;
    struct redial_policy *policy;
    struct matrix matrix;
};

static struct audited audit_shipped(void)
{
    static const struct redial_env none[] = {{NULL, NULL}};
    struct audited audited = {.arena = arena_new()};
    struct diag_list *diags = diag_list_new();
    audited.policy = policy_load("policies/claude-code.yaml", none, diags);
    cr_assert_not_null(audited.policy);
    const char *path = matrix_beside(audited.arena, audited.policy);
    cr_assert_not_null(path);
    cr_assert(matrix_read(audited.arena, path, audited.policy, TODAY, diags, &audited.matrix));
    cr_assert(matrix_join(audited.arena, audited.policy, &audited.matrix));
    diag_list_destroy(diags);
    return audited;
}

static void audit_end(struct audited *audited)
{
    redial_policy_release(audited->policy);
    arena_destroy(audited->arena);
}

Test(audit, the_baseline_is_the_policys_own_cells)
{
    struct audited audited = audit_shipped();
    const struct matrix_table *table = &audited.matrix.tables[MATRIX_BASELINE];
    cr_assert_eq(table->column_count, audited.policy->platform_count);
    for (size_t r = 0; r < table->row_count; r++)
        for (size_t c = 0; c < table->column_count; c++) {
            const struct feature_cell *cell = &audited.policy->platforms[c].features[r];
            cr_expect_eq(table->rows[r].cells[c].support, cell->support);
            cr_expect_eq(table->rows[r].cells[c].span.line, cell->span.line);
        }
    audit_end(&audited);
}

Test(audit, every_shipped_cell_has_a_source_and_a_day)
{
    struct audited audited = audit_shipped();
    struct matrix_walk walk = {.matrix = &audited.matrix};
    size_t cells = 0;
    for (; matrix_next(&walk); cells++) {
        cr_expect_gt(walk.cell->source.len, 0);
        cr_expect_neq(walk.cell->day, DAY_NONE);
        cr_expect_leq(walk.cell->day, TODAY);
    }
    cr_expect_eq(cells, 6 * 4 + (35 + 8) * 7, "%zu", cells);
    audit_end(&audited);
}

Test(audit, no_line_of_the_printed_matrix_is_wider_than_the_terminal)
{
    struct audited audited = audit_shipped();
    for (uint32_t width = 60; width <= 140; width += 20) {
        struct matrix_style style = {.width = width};
        struct text out = TEXT_INIT;
        matrix_print_text(&audited.matrix, &style, &out);
        struct redial_str rest = text_str(&out), line;
        while (str_split(&rest, '\n', &line))
            cr_expect(line.len <= width || width < 80, "%u: %.*s", width, REDIAL_STR_ARG(line));
        text_clean_up(&out);
    }
    audit_end(&audited);
}

Test(audit, a_feature_is_found_by_its_name_and_suggested_by_one_like_it)
{
    struct audited audited = audit_shipped();
    const struct matrix_table *table;
    const struct matrix_row *row;
    struct text why = TEXT_INIT;
    cr_assert(matrix_find(&audited.matrix, REDIAL_STR("web_search"), &table, &row, &why));
    cr_expect(str_is(row->title, "Web search"));
    cr_assert(matrix_find(&audited.matrix, REDIAL_STR("telemetry"), &table, &row, &why));
    cr_expect_eq(table, &audited.matrix.tables[MATRIX_BASELINE]);
    cr_expect_not(matrix_find(&audited.matrix, REDIAL_STR("web_serch"), &table, &row, &why));
    cr_expect(str_is(text_str(&why), "unknown feature 'web_serch'; did you mean 'web_search'?"));
    text_clean_up(&why);
    audit_end(&audited);
}

Test(audit, a_dispute_is_printed_with_all_its_sides)
{
    struct audited audited = audit_shipped();
    const struct matrix_table *table;
    const struct matrix_row *row;
    struct text text = TEXT_INIT;
    cr_assert(matrix_find(&audited.matrix, REDIAL_STR("structured_outputs"), &table, &row, &text));
    matrix_remark(&audited.matrix, &row->cells[2], &text);
    cr_expect(
        str_is(text_str(&text), "overview: full; bedrock: none; litellm: full (mapped for mantle)"),
        "%s", text.ptr);
    text_clean_up(&text);
    audit_end(&audited);
}

Test(audit, survives_every_failed_allocation)
{
    bool failed = true, is_read = false;
    for (size_t nth = 1; failed; nth++) {
        struct matrix matrix;
        failing_memory_begin(nth);
        struct arena *arena = arena_new();
        struct diag_list *diags = diag_list_new();
        struct text out = TEXT_INIT;
        struct matrix_style style = {.wide = true};
        is_read =
            arena && diags &&
            matrix_read(arena, "tests/cli/files/small-matrix.yaml", NULL, TODAY, diags, &matrix);
        if (is_read) {
            matrix_print_text(&matrix, &style, &out);
            matrix_print_json(&matrix, &style, &out);
            matrix_print_csv(&matrix, &style, &out);
            matrix_print_markdown(&matrix, &style, &out);
            matrix_print_html(&matrix, &style, &out);
        }
        text_clean_up(&out);
        diag_list_destroy(diags);
        arena_destroy(arena);
        long live = failing_memory_live();
        failed = failing_memory_end();
        cr_assert_eq(live, 0, "allocation %zu leaks %ld blocks", nth, live);
    }
    cr_expect(is_read, "where none fails");
}

/* ---- Questions ---- */

struct used_case {
    char body[160];
    char features[96];
};

ParameterizedTestParameters(audit, a_request_tells_what_it_uses_by_its_shape)
{
    static struct used_case cases[] = {
        {"{\"messages\": []}", "messages"},
        {"{\"cache_control\": {\"type\": \"ephemeral\"}}",
         "messages,automatic_caching,prompt_cache"},
        {"{\"system\": [{\"cache_control\": {\"ttl\": \"1h\"}}]}",
         "messages,prompt_cache,prompt_caching_1h"},
        {"{\"thinking\": null, \"speed\": \"standard\"}", "messages"},
        {"{\"speed\": \"fast\", \"inference_geo\": \"us\"}", "messages,fast_mode,inference_geo"},
        {"{\"tools\": [{\"type\": \"custom\", \"input_schema\": {\"thinking\": {}}}]}", "messages"},
        {"{\"tools\": [{\"type\": \"computer_20250124\"}, {\"type\": \"bash_20250124\"}]}",
         "messages,computer_use,client_tools"},
        {"{\"messages\": [{\"role\": \"system\"}]}", "messages,mid_conversation_system"},
        {"{\"messages\": [{\"content\": [{\"type\": \"tool_use\", \"input\": {\"type\": "
         "\"search_result\"}}]}]}",
         "messages"},
        {"{\"anthropic_beta\": [\"context-1m-2025-08-07\"]}", "messages,context_1m"},
        {"{\"requests\": [{\"params\": {\"thinking\": {}}}]}", "messages,batches,thinking"},
    };
    return cr_make_param_array(struct used_case, cases, REDIAL_COUNT_OF(cases));
}
ParameterizedTest(struct used_case *c, audit, a_request_tells_what_it_uses_by_its_shape)
{
    struct audited audited = audit_shipped();
    struct wishes wishes = {0};
    struct text why = TEXT_INIT, got = TEXT_INIT;
    cr_assert(wishes_of_request(audited.arena, &audited.matrix, str_of(c->body), &wishes, &why));
    for (size_t i = 0; i < wishes.count; i++)
        text_printf(&got, "%s%.*s", i ? "," : "", REDIAL_STR_ARG(wishes.list[i].row->name));
    cr_expect(str_is(text_str(&got), c->features), "%s\nexp: %s\ngot: %s", c->body, c->features,
              got.ptr);
    text_clean_up(&got);
    audit_end(&audited);
}

struct standing_case {
    char feature[32];
    char standings[64]; /* of anthropic, bedrock, vertex, foundry */
};

ParameterizedTestParameters(audit,
                            a_provider_stands_to_a_feature_as_its_surfaces_and_the_policy_say)
{
    static struct standing_case cases[] = {
        {"messages", "serves,serves,serves,serves"},
        {"fast_mode", "in part,refuses,unsure,refuses"},
        {"files_api", "serves,refuses,refuses,unsure"}, /* Foundry's two hosts differ */
        {"web_search", "serves,refuses,in part,in part"},
        {"custom_headers", "serves,drops,drops,drops"},
        {"client_request_id", "serves,drops,drops,drops"}, /* none, but the policy drops */
        {"team_memory_sync", "serves,refuses,refuses,refuses"},
        {"prompt_cache", "serves,serves,serves,unsure"},
    };
    return cr_make_param_array(struct standing_case, cases, REDIAL_COUNT_OF(cases));
}
ParameterizedTest(struct standing_case *c, audit,
                  a_provider_stands_to_a_feature_as_its_surfaces_and_the_policy_say)
{
    struct audited audited = audit_shipped();
    struct wishes wishes = {0};
    struct text text = TEXT_INIT, says = TEXT_INIT;
    cr_assert(wishes_read(&audited.matrix, str_of(c->feature), &wishes, &text));
    for (uint16_t p = 0; p < audited.policy->provider_count; p++)
        text_printf(&text, "%s%s", p ? "," : "",
                    standing_names.rows[ask(audited.policy, p, &wishes.list[0], &says)].word);
    cr_expect(str_is(text_str(&text), c->standings), "%s: %s", c->feature, text.ptr);
    text_clean_up(&text);
    text_clean_up(&says);
    audit_end(&audited);
}

/* ---- Findings ---- */

struct change_case {
    char before[16], after[16];
    char kind[16]; /* empty: nothing is found */
};

ParameterizedTestParameters(audit, a_change_is_a_loss_only_where_something_was_served)
{
    static struct change_case cases[] = {
        {"full", "full", ""},
        {"full", "none", "lost"},
        {"beta", "ignored", "lost"},
        {"full", "beta", "narrowed"},
        {"full", "unknown", "narrowed"},
        {"unknown", "none", "narrowed"},
        {"none", "beta", "gained"},
        {"unknown", "full", "gained"},
        {"none", "ignored", "restated"},
        {"beta", "limited", "restated"},
    };
    return cr_make_param_array(struct change_case, cases, REDIAL_COUNT_OF(cases));
}
ParameterizedTest(struct change_case *c, audit, a_change_is_a_loss_only_where_something_was_served)
{
    struct matrix_cell cells[] = {{.present = true}, {.present = true}};
    cells[0].support = (enum support)names_find(&support_names, str_of(c->before));
    cells[1].support = (enum support)names_find(&support_names, str_of(c->after));
    struct matrix_row rows[] = {{.name = REDIAL_STR("row"), .cells = &cells[0]},
                                {.name = REDIAL_STR("row"), .cells = &cells[1]}};
    struct matrix_column column = {.name = REDIAL_STR("here"), .heading = REDIAL_STR("HE")};
    struct matrix matrices[2] = {0};
    for (int i = 0; i < 2; i++)
        matrices[i].tables[MATRIX_FEATURES] = (struct matrix_table){
            .columns = &column, .column_count = 1, .rows = &rows[i], .row_count = 1};
    struct findings findings = {.arena = arena_new()};
    audit_diff(&matrices[0], &matrices[1], &findings);
    cr_assert_eq(findings.count, c->kind[0] ? 1 : 0, "%s to %s", c->before, c->after);
    if (findings.count > 0)
        cr_expect_str_eq(finding_names.rows[findings.list[0].kind].word, c->kind);
    cr_expect_eq(findings_fail(&findings), str_is(str_of(c->kind), "lost"));
    arena_destroy(findings.arena);
    findings_clean_up(&findings);
}

Test(audit, reports_escape_what_their_format_would_take_for_its_own)
{
    struct findings findings = {.arena = arena_new()};
    struct text out = TEXT_INIT;
    struct source source = {.path = REDIAL_STR("a,b:c.yaml")};
    struct span span = {.source = &source, .line = 3, .column = 5};
    findings_add(&findings, FINDING_LOST, span, "a <b> & \"c\" | 100%%\nnext");
    findings_print_github(&findings, &out);
    cr_expect(str_is(text_str(&out), "::error title=audit lost,file=a%2Cb%3Ac.yaml,line=3,col=5::a "
                                     "<b> & \"c\" | 100%25%0Anext\n"),
              "%s", out.ptr);
    text_clear(&out);
    findings_print_junit(&findings, &out);
    cr_expect_neq(
        str_find(text_str(&out), REDIAL_STR("a &lt;b&gt; &amp; &quot;c&quot; | 100%&#10;next")),
        SIZE_MAX, "%s", out.ptr);
    text_clear(&out);
    findings_print_markdown(&findings, &out);
    cr_expect_neq(str_find(text_str(&out), REDIAL_STR("\"c\" \\| 100%")), SIZE_MAX, "%s", out.ptr);
    text_clean_up(&out);
    arena_destroy(findings.arena);
    findings_clean_up(&findings);
}
