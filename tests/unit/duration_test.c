#include "base/duration.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

struct parse_case {
    char name[64], text[48];
    enum duration_error error;
    int64_t want;
};

ParameterizedTestParameters(duration, is_read)
{
    static struct parse_case cases[] = {
        {"milliseconds", "500ms", DURATION_OK, 500 * NS_PER_MS},
        {"a fraction", "1.5s", DURATION_OK, 1500 * NS_PER_MS},
        {"hours", "2h", DURATION_OK, 2 * NS_PER_HOUR},
        {"two units", "1m30s", DURATION_OK, 90 * NS_PER_SECOND},
        {"two units with a blank", "1m 30s", DURATION_OK, 90 * NS_PER_SECOND},
        {"all units", "1d1h1m1s1ms1us1ns", DURATION_OK, INT64_C(90061001001001)},
        {"zero", "0s", DURATION_OK, 0},
        {"a blank before the unit", " 5 s ", DURATION_OK, 5 * NS_PER_SECOND},
        {"a nanosecond as a fraction", "0.000000001s", DURATION_OK, 1},
        {"less than a nanosecond", "0.0000000001s", DURATION_MALFORMED, 0},
        {"zeros behind a fraction", "1.50000000000000000000000s", DURATION_OK, 1500 * NS_PER_MS},
        {"a day's fraction of twelve digits", "0.000000000125d", DURATION_OK, 10800},
        {"half a nanosecond", "0.5ns", DURATION_MALFORMED, 0},
        {"the largest", "9223372036854775807ns", DURATION_OK, INT64_MAX},
        {"one above the largest", "9223372036854775808ns", DURATION_OVERFLOW, 0},
        {"more days than fit", "106752d", DURATION_OVERFLOW, 0},
        {"a sum that does not fit", "106751d24h", DURATION_OVERFLOW, 0},
        {"no unit", "500", DURATION_NO_UNIT, 0},
        {"no unit at the end", "1m30", DURATION_NO_UNIT, 0},
        {"an unknown unit", "5 parsecs", DURATION_UNKNOWN_UNIT, 0},
        {"a unit in capitals", "5S", DURATION_UNKNOWN_UNIT, 0},
        {"an exponent", "1e3s", DURATION_UNKNOWN_UNIT, 0},
        {"a negative", "-5s", DURATION_NEGATIVE, 0},
        {"a plus", "+5s", DURATION_MALFORMED, 0},
        {"nothing", "", DURATION_MALFORMED, 0},
        {"a sign alone", "-", DURATION_MALFORMED, 0},
        {"a unit alone", "s", DURATION_MALFORMED, 0},
        {"no digit before the point", ".5s", DURATION_MALFORMED, 0},
        {"no digit behind the point", "5.s", DURATION_MALFORMED, 0},
        {"two points", "1.2.3s", DURATION_MALFORMED, 0},
        {"the smaller unit first", "30s1m", DURATION_MALFORMED, 0},
        {"one unit twice", "1s1s", DURATION_MALFORMED, 0},
        {"two numbers", "1 500ms", DURATION_MALFORMED, 0},
    };
    return cr_make_param_array(struct parse_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct parse_case *c, duration, is_read)
{
    int64_t ns = 0;
    cr_expect_eq(duration_parse(str_of(c->text), &ns), c->error, "%s", c->name);
    cr_expect_eq(ns, c->want, "%s", c->name);
}

struct format_case {
    int64_t ns;
    char want[32];
};

ParameterizedTestParameters(duration, is_written_and_read_back)
{
    static struct format_case cases[] = {
        {0, "0s"},
        {500 * NS_PER_MS, "500ms"},
        {1250 * NS_PER_MS, "1250ms"},
        {2 * NS_PER_SECOND, "2s"},
        {9999 * NS_PER_MS, "9999ms"},
        {10 * NS_PER_SECOND, "10s"},
        {12500 * NS_PER_MS, "12.5s"},
        {32 * NS_PER_SECOND, "32s"},
        {60 * NS_PER_SECOND, "1m"},
        {90 * NS_PER_SECOND, "1m30s"},
        {90500 * NS_PER_MS, "1m30.5s"},
        {5 * NS_PER_MINUTE, "5m"},
        {NS_PER_HOUR, "1h"},
        {90 * NS_PER_MINUTE, "1h30m"},
        {3661 * NS_PER_SECOND, "61m1s"},
        {36 * NS_PER_HOUR, "1d12h"},
        {7 * NS_PER_DAY, "7d"},
        {1, "0.000001ms"},
        {1500 * NS_PER_US, "1.5ms"},
        {10 * NS_PER_SECOND + 1, "10.000000001s"},
    };
    return cr_make_param_array(struct format_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct format_case *c, duration, is_written_and_read_back)
{
    struct text text = TEXT_INIT;
    int64_t again = -1;
    duration_format(c->ns, &text);
    cr_expect_str_eq(text.ptr, c->want);
    cr_expect_eq(duration_parse(text_str(&text), &again), DURATION_OK, "%s", c->want);
    cr_expect_eq(again, c->ns, "%s", c->want);
    text_clean_up(&text);
}

Test(duration, the_ends_of_the_range_are_written)
{
    struct text text = TEXT_INIT;
    duration_format(DURATION_MAX, &text);
    cr_expect_str_eq(text.ptr, "unlimited");
    text_clear(&text);
    duration_format(-1500 * NS_PER_MS, &text);
    cr_expect_str_eq(text.ptr, "-1500ms");
    text_clear(&text);
    duration_format(INT64_MIN, &text);
    cr_expect_str_eq(text.ptr, "-153722867m16.854775808s");
    text_clean_up(&text);
}

Test(duration, sums_saturate_at_both_ends)
{
    cr_expect_eq(duration_add(1, 2), 3);
    cr_expect_eq(duration_add(DURATION_MAX, 1), DURATION_MAX);
    cr_expect_eq(duration_add(DURATION_MAX, -1), DURATION_MAX - 1);
    cr_expect_eq(duration_add(INT64_MIN, -1), INT64_MIN);
}

struct date_case {
    char name[64], text[48];
    bool valid;
    int64_t want; /* seconds */
};

ParameterizedTestParameters(http_date, is_read)
{
    static struct date_case cases[] = {
        {"the preferred form", "Sun, 06 Nov 1994 08:49:37 GMT", true, 784111777},
        {"the form of RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", true, 784111777},
        {"the form of asctime", "Sun Nov  6 08:49:37 1994", true, 784111777},
        {"asctime with a day of two digits", "Wed Nov 16 08:49:37 1994", true, 784975777},
        {"blanks around", " Sun, 06 Nov 1994 08:49:37 GMT\r\n", true, 784111777},
        {"the epoch", "Thu, 01 Jan 1970 00:00:00 GMT", true, 0},
        {"before the epoch", "Wed, 31 Dec 1969 23:59:59 GMT", true, -1},
        {"a leap day", "Thu, 29 Feb 2024 00:00:00 GMT", true, 1709164800},
        {"a leap second", "Sat, 31 Dec 2016 23:59:60 GMT", true, 1483228800},
        {"two digits below 70 are of this century", "Thursday, 01-Jan-26 00:00:00 GMT", true,
         1767225600},
        {"no leap day", "Wed, 29 Feb 2023 00:00:00 GMT", false, 0},
        {"no leap day in 1900", "Thu, 29 Feb 1900 00:00:00 GMT", false, 0},
        {"no such day", "Sun, 31 Nov 1994 08:49:37 GMT", false, 0},
        {"day zero", "Sun, 00 Nov 1994 08:49:37 GMT", false, 0},
        {"no such hour", "Sun, 06 Nov 1994 24:00:00 GMT", false, 0},
        {"another zone", "Sun, 06 Nov 1994 08:49:37 CET", false, 0},
        {"a year 64 bits cannot hold", "Fri, 31 Dec 9999 23:59:59 GMT", false, 0},
        {"something behind", "Sun, 06 Nov 1994 08:49:37 GMT+1", false, 0},
        {"no date", "120", false, 0},
        {"nothing", "", false, 0},
        {"cut short", "Sun, 06 Nov 1994 08:4", false, 0},
    };
    return cr_make_param_array(struct date_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct date_case *c, http_date, is_read)
{
    int64_t ns = 0;
    cr_expect_eq(http_date_parse(str_of(c->text), &ns), c->valid, "%s", c->name);
    cr_expect_eq(ns, c->want * NS_PER_SECOND, "%s", c->name);
}

ParameterizedTestParameters(rfc3339, is_read)
{
    static struct date_case cases[] = {
        {"in UTC", "2025-08-21T12:40:59Z", true, 1755780059},
        {"small letters", "2025-08-21t12:40:59z", true, 1755780059},
        {"an offset ahead", "2025-08-21T14:40:59+02:00", true, 1755780059},
        {"an offset behind", "2025-08-21T07:10:59-05:30", true, 1755780059},
        {"no zone", "2025-08-21T12:40:59", false, 0},
        {"no such month", "2025-13-21T12:40:59Z", false, 0},
        {"a point without digits", "2025-08-21T12:40:59.Z", false, 0},
        {"no such offset", "2025-08-21T12:40:59+24:00", false, 0},
        {"something behind", "2025-08-21T12:40:59Z!", false, 0},
        {"a date alone", "2025-08-21", false, 0},
    };
    return cr_make_param_array(struct date_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct date_case *c, rfc3339, is_read)
{
    int64_t ns = 0;
    cr_expect_eq(rfc3339_parse(str_of(c->text), &ns), c->valid, "%s", c->name);
    cr_expect_eq(ns, c->want * NS_PER_SECOND, "%s", c->name);
}

Test(rfc3339, a_fraction_is_kept_to_the_nanosecond)
{
    int64_t ns = 0;
    cr_assert(rfc3339_parse(REDIAL_STR("1970-01-01T00:00:01.25Z"), &ns));
    cr_expect_eq(ns, 1250 * NS_PER_MS);
    cr_assert(rfc3339_parse(REDIAL_STR("1970-01-01T00:00:00.0000000019Z"), &ns));
    cr_expect_eq(ns, 1);
}

Test(dates, what_is_written_is_read_back_over_the_whole_range)
{
    struct text text = TEXT_INIT;
    for (int64_t seconds = -9200000000; seconds < 9200000000; seconds += 12345679) {
        int64_t ns = 0;
        text_clear(&text);
        http_date_format(seconds * NS_PER_SECOND, &text);
        cr_assert(http_date_parse(text_str(&text), &ns), "%s", text.ptr);
        cr_assert_eq(ns, seconds * NS_PER_SECOND, "%s", text.ptr);
        text_clear(&text);
        rfc3339_format(seconds * NS_PER_SECOND, &text);
        cr_assert(rfc3339_parse(text_str(&text), &ns), "%s", text.ptr);
        cr_assert_eq(ns, seconds * NS_PER_SECOND, "%s", text.ptr);
    }
    text_clean_up(&text);
}

Test(dates, are_written_with_their_weekday)
{
    struct text text = TEXT_INIT;
    http_date_format(784111777 * NS_PER_SECOND + 999, &text);
    cr_expect_str_eq(text.ptr, "Sun, 06 Nov 1994 08:49:37 GMT");
    text_clear(&text);
    http_date_format(-1, &text);
    cr_expect_str_eq(text.ptr, "Wed, 31 Dec 1969 23:59:59 GMT");
    text_clear(&text);
    rfc3339_format(1755780059 * NS_PER_SECOND, &text);
    cr_expect_str_eq(text.ptr, "2025-08-21T12:40:59Z");
    text_clean_up(&text);
}
