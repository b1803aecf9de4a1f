#include <criterion/criterion.h>
#include <string.h>

#include "base/duration.h"
#include "document/json.h"
#include "simulator/report/report.h"

static struct result passed(void)
{
    return (struct result){.status = RESULT_PASSED,
                           .path = REDIAL_STR("scenarios/a.yaml"),
                           .name = REDIAL_STR("A claim that holds"),
                           .transport = "virtual",
                           .calls = 1,
                           .attempts = 2,
                           .elapsed = 2010 * NS_PER_MS};
}

static const struct source source = {{"scenarios/b.yaml", 16}, {"", 0}};

static struct result failed(void)
{
    struct result result = passed();
    result.status = RESULT_FAILED;
    result.name = REDIAL_STR("A \"claim\" <that> fails & \x01 breaks");
    result.replay_line = REDIAL_STR("redial replay --story --seed 7 scenarios/b.yaml");
    result.differences.count = 1;
    result.differences.list[0] =
        (struct difference){.what = REDIAL_STR("attempts"),
                            .span = {.source = &source, .line = 9, .column = 3},
                            .expected = REDIAL_STR("5"),
                            .got = REDIAL_STR("<4>")};
    return result;
}

static const struct report_style narrow = {.width = 80};

Test(report, a_scenario_that_passed_is_one_line_of_at_most_80_columns)
{
    struct result result = passed();
    struct text out = TEXT_INIT;
    report_text_result(&result, &narrow, &out);
    cr_expect_eq(out.len, 81, "%s", out.ptr);
    cr_expect(str_starts_with(text_str(&out), REDIAL_STR("ok    A claim that holds ")));
    cr_expect(str_ends_with(text_str(&out), REDIAL_STR(" 2 attempts, 2010ms\n")));
    text_clean_up(&out);
}

Test(report, a_failure_shows_its_place_what_was_expected_and_how_to_replay_it)
{
    struct result result = failed();
    struct text out = TEXT_INIT;
    report_text_result(&result, &narrow, &out);
    cr_expect_neq(str_find(text_str(&out), REDIAL_STR("  scenarios/b.yaml:9:3: attempts\n"
                                                      "    exp: 5\n    got: <4>\n"
                                                      "  replay: redial replay --story --seed 7")),
                  SIZE_MAX, "%s", out.ptr);
    text_clean_up(&out);
}

Test(report, without_colour_no_escape_sequence_is_written)
{
    struct result result = failed();
    struct text out = TEXT_INIT;
    report_text_result(&result, &narrow, &out);
    cr_expect_null(memchr(out.ptr, '\033', out.len));
    text_clear(&out);
    report_text_result(&result, &(struct report_style){.width = 80, .colour = true}, &out);
    cr_expect_not_null(memchr(out.ptr, '\033', out.len));
    text_clean_up(&out);
}

Test(report, only_what_fails_leaves_out_what_passed)
{
    struct result result = passed();
    struct text out = TEXT_INIT;
    report_text_result(&result, &(struct report_style){.width = 80, .only_what_fails = true}, &out);
    cr_expect_eq(out.len, 0);
    text_clean_up(&out);
}

Test(report, every_json_line_is_one_object)
{
    struct result list[] = {passed(), failed()};
    const struct results results = {.suite = "redial replay", .list = list, .count = 2};
    struct text out = TEXT_INIT;
    report_json_result(&list[0], false, &out);
    report_json_result(&list[1], false, &out);
    report_json_totals(&results, &out);
    struct redial_str rest = text_str(&out), line;
    size_t lines = 0;
    while (str_split(&rest, '\n', &line) && line.len) {
        struct json *json = json_parse(line);
        cr_assert_not_null(json, "%.*s", REDIAL_STR_ARG(line));
        if (lines == 1) {
            cr_expect(str_is(json_text(json_at(json, "status")), "failed"));
            cr_expect(str_is(json_text(json_at(json, "failures.0.got")), "<4>"));
            cr_expect_eq(json_int(json_at(json, "failures.0.line"), 0), 9);
        }
        json_free(json);
        lines++;
    }
    cr_expect_eq(lines, 3);
    text_clean_up(&out);
}

Test(report, junit_names_every_case_and_escapes_what_xml_cannot_hold)
{
    struct result list[] = {passed(), failed()};
    const struct results results = {.suite = "redial replay", .list = list, .count = 2};
    struct text out = TEXT_INIT;
    report_junit(&results, &out);
    const char *const held[] = {
        "tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\"",
        "<testcase name=\"A claim that holds\" classname=\"scenarios/a.yaml\"",
        "name=\"A &quot;claim&quot; &lt;that&gt; fails &amp; ? breaks\"",
        "<failure type=\"attempts\" message=\"attempts: expected 5, got &lt;4&gt;\">",
    };
    for (size_t i = 0; i < REDIAL_COUNT_OF(held); i++)
        cr_expect_neq(str_find(text_str(&out), str_of(held[i])), SIZE_MAX, "%s in\n%s", held[i],
                      out.ptr);
    text_clean_up(&out);
}
