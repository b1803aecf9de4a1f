/* What servers send as a hint, readable or hostile, and which of several wins. */
#include "core/hint.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

struct hint_case {
    char name[72];
    char value[64];
    enum hint_unit unit;
    enum redial_hint_kind kind;
    int64_t want;
};

ParameterizedTestParameters(hint, reads)
{
    static struct hint_case cases[] = {
        {"whole seconds", "2", HINT_SECONDS_OR_DATE, REDIAL_HINT_DELAY, 2 * NS_PER_SECOND},
        {"blanks around it", " 2\t", HINT_SECONDS_OR_DATE, REDIAL_HINT_DELAY, 2 * NS_PER_SECOND},
        {"a fraction of seconds", "1.5", HINT_SECONDS_OR_DATE, REDIAL_HINT_DELAY, 1500 * NS_PER_MS},
        {"milliseconds", "250", HINT_MILLISECONDS, REDIAL_HINT_DELAY, 250 * NS_PER_MS},
        {"a fraction of milliseconds", "0.5", HINT_MILLISECONDS, REDIAL_HINT_DELAY,
         500 * NS_PER_US},
        {"zero is read as zero", "0", HINT_SECONDS_OR_DATE, REDIAL_HINT_DELAY, 0},
        {"nine digits behind the point", "0.123456789", HINT_SECONDS_OR_DATE, REDIAL_HINT_DELAY,
         123456789},
        {"digits beyond nanoseconds are dropped", "0.1234567899", HINT_SECONDS_OR_DATE,
         REDIAL_HINT_DELAY, 123456789},
        {"two hours and more are readable", "8549", HINT_SECONDS_OR_DATE, REDIAL_HINT_DELAY,
         8549 * NS_PER_SECOND},
        {"2^31 seconds are readable", "2147483648", HINT_SECONDS_OR_DATE, REDIAL_HINT_DELAY,
         2147483648 * NS_PER_SECOND},
        {"more than int64 saturates", "99999999999999999999", HINT_SECONDS_OR_DATE,
         REDIAL_HINT_DELAY, INT64_MAX},
        {"a date", "Thu, 01 Jan 2026 00:00:05 GMT", HINT_SECONDS_OR_DATE, REDIAL_HINT_INSTANT,
         1767225605 * NS_PER_SECOND},
        {"Unix seconds", "1767225605", HINT_UNIX_SECONDS, REDIAL_HINT_INSTANT,
         1767225605 * NS_PER_SECOND},
        {"an RFC 3339 instant", "2026-01-01T00:00:05Z", HINT_RFC3339, REDIAL_HINT_INSTANT,
         1767225605 * NS_PER_SECOND},
        {"a negative number is no wait", "-1", HINT_SECONDS_OR_DATE, REDIAL_HINT_UNREADABLE, 0},
        {"NaN is no wait", "NaN", HINT_SECONDS_OR_DATE, REDIAL_HINT_UNREADABLE, 0},
        {"infinity is no wait", "inf", HINT_MILLISECONDS, REDIAL_HINT_UNREADABLE, 0},
        {"an exponent is no wait", "2e3", HINT_SECONDS_OR_DATE, REDIAL_HINT_UNREADABLE, 0},
        {"a unit is no number", "2s", HINT_SECONDS_OR_DATE, REDIAL_HINT_UNREADABLE, 0},
        {"a point alone is no number", ".5", HINT_SECONDS_OR_DATE, REDIAL_HINT_UNREADABLE, 0},
        {"nothing behind the point", "5.", HINT_SECONDS_OR_DATE, REDIAL_HINT_UNREADABLE, 0},
        {"an empty value", "", HINT_SECONDS_OR_DATE, REDIAL_HINT_UNREADABLE, 0},
        {"a date is no milliseconds", "Thu, 01 Jan 2026 00:00:05 GMT", HINT_MILLISECONDS,
         REDIAL_HINT_UNREADABLE, 0},
        {"a month that is none", "Thu, 01 Foo 2026 00:00:05 GMT", HINT_SECONDS_OR_DATE,
         REDIAL_HINT_UNREADABLE, 0},
    };
    return cr_make_param_array(struct hint_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct hint_case *c, hint, reads)
{
    struct redial_hint hint = hint_read(str_of(c->value), c->unit);
    cr_expect_eq(hint.kind, c->kind, "%s: kind %d", c->name, hint.kind);
    cr_expect_eq(hint.value, c->want, "%s: %lld", c->name, (long long)hint.value);
}

static int64_t choose(struct redial_hint first, struct redial_hint second, uint8_t *header)
{
    struct hint_policy policy = {.from = {0, 1}, .count = 2};
    struct redial_hint hints[REDIAL_HINTS_MAX] = {first, second};
    struct hint_word word = hint_choose(&policy, hints, 1000);
    *header = word.header;
    return word.delay;
}

Test(hint, the_first_readable_header_wins)
{
    uint8_t header = 0;
    int64_t wait = choose((struct redial_hint){.kind = REDIAL_HINT_DELAY, .value = 5},
                          (struct redial_hint){.kind = REDIAL_HINT_DELAY, .value = 9}, &header);
    cr_expect_eq(wait, 5);
    cr_expect_eq(header, 0);
}

Test(hint, an_unreadable_zero_or_past_hint_leaves_the_word_to_the_next)
{
    const struct redial_hint second = {.kind = REDIAL_HINT_DELAY, .value = 9};
    const struct redial_hint useless[] = {
        {.kind = REDIAL_HINT_ABSENT},
        {.kind = REDIAL_HINT_UNREADABLE},
        {.kind = REDIAL_HINT_DELAY, .value = 0},
        {.kind = REDIAL_HINT_INSTANT, .value = 999},
        {.kind = REDIAL_HINT_INSTANT, .value = 1000},
    };
    for (size_t i = 0; i < REDIAL_COUNT_OF(useless); i++) {
        uint8_t header = 0;
        cr_expect_eq(choose(useless[i], second, &header), 9, "case %zu", i);
        cr_expect_eq(header, 1);
    }
}

Test(hint, an_instant_counts_from_now_and_none_at_all_is_zero)
{
    uint8_t header = 0;
    cr_expect_eq(choose((struct redial_hint){.kind = REDIAL_HINT_INSTANT, .value = 1007},
                        (struct redial_hint){0}, &header),
                 7);
    cr_expect_eq(choose((struct redial_hint){0}, (struct redial_hint){0}, &header), 0);
    cr_expect_eq(header, REDIAL_HINTS_MAX);
}

struct odd_case {
    char name[72];
    struct redial_hint hint;
    enum hint_odd zero, unreadable;
    enum hint_word_kind want;
};

ParameterizedTestParameters(hint, what_is_no_span)
{
    static struct odd_case cases[] = {
        {"0 means now where the policy says so",
         {.kind = REDIAL_HINT_DELAY},
         HINT_ODD_NOW,
         0,
         HINT_WORD_NOW},
        {"so does an instant in the past",
         {999, REDIAL_HINT_INSTANT},
         HINT_ODD_NOW,
         0,
         HINT_WORD_NOW},
        {"an absent header never means now",
         {.kind = REDIAL_HINT_ABSENT},
         HINT_ODD_NOW,
         HINT_ODD_NOW,
         HINT_WORD_NONE},
        {"garbage is a veto where the policy says so",
         {.kind = REDIAL_HINT_UNREADABLE},
         0,
         HINT_ODD_VETO,
         HINT_WORD_VETO},
        {"0 is no garbage", {.kind = REDIAL_HINT_DELAY}, 0, HINT_ODD_VETO, HINT_WORD_NONE},
        {"garbage may mean now", {.kind = REDIAL_HINT_UNREADABLE}, 0, HINT_ODD_NOW, HINT_WORD_NOW},
    };
    return cr_make_param_array(struct odd_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct odd_case *c, hint, what_is_no_span)
{
    struct hint_policy policy = {.count = 1, .zero = c->zero, .unreadable = c->unreadable};
    struct redial_hint hints[REDIAL_HINTS_MAX] = {c->hint};
    cr_expect_eq(hint_choose(&policy, hints, 1000).kind, c->want, "%s", c->name);
}
