/* Waits as the field's own retry engines compute them, each written in the policy language. The
 * expected numbers are typed from the engines' formulas. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "base/random.h"
#include "core/backoff.h"
#include "redial/redial.h"
#include "tests/support/policy_from.h"

#define US NS_PER_US
#define MS NS_PER_MS
#define S  NS_PER_SECOND

static struct redial_policy *policy_with(const char *backoff)
{
    char text[1024];
    snprintf(text, sizeof text,
             "backoff:\n  x: %s\nrules: [{name: a, when: always, do: [backoff, retry]}]\n",
             backoff);
    return policy_from(text);
}

struct wait_case {
    char name[72];
    char backoff[160];
    double draw; /* of 0..1, the same for every wait */
    int64_t want[4];
};

/* clang-format off */
ParameterizedTestParameters(field_waits, formulas)
{
    static struct wait_case cases[] = {
        {"Azure Go: (2^n - 1) x 0.8 s, x 0.8 at the lowest", "{base: 1600ms, offset: -800ms, cap: 60s, cap_after_jitter: true, jitter: {scale: [0.8, 1.3]}}", 0, {640 * MS, 1920 * MS, 4480 * MS, 9600 * MS}},
        {"Azure Go: x 1.3 at the highest",                   "{base: 1600ms, offset: -800ms, cap: 60s, cap_after_jitter: true, jitter: {scale: [0.8, 1.3]}}", 1, {1040 * MS, 3120 * MS, 7280 * MS, 15600 * MS}},
        {"Azure Python: 0, 1.6, 3.2, 6.4",                   "{base: 800ms, first: 0s, cap: 120s}",                                        0,   {0, 1600 * MS, 3200 * MS, 6400 * MS}},
        {"Envoy: half of (2^N - 1) x 25 ms, at most 250 ms",  "{base: 50ms, offset: -25ms, cap: 250ms, jitter: full}",                      0.5, {12500 * US, 37500 * US, 87500 * US, 125 * MS}},
        {"gax for Go: 1 ns + U(0, cap)",                     "{base: 1s, cap: 30s, jitter: full, plus: 1ns}",                              0.5, {500 * MS + 1, 1 * S + 1, 2 * S + 1, 4 * S + 1}},
        {"gax for Go: 1 ns at the lowest",                   "{base: 1s, cap: 30s, jitter: full, plus: 1ns}",                              0,   {1, 1, 1, 1}},
        {"google-genai: 2^(n-1) s + U(0, 1 s)",              "{base: 1s, cap: 60s, cap_after_jitter: true, jitter: {add: 1s}}",            0.5, {1500 * MS, 2500 * MS, 4500 * MS, 8500 * MS}},
        {"an absolute spread goes both ways",                "{base: 1s, cap: 60s, jitter: {spread: 100ms}}",                              0,   {900 * MS, 1900 * MS, 3900 * MS, 7900 * MS}},
        {"what is taken away never makes a wait negative",   "{base: 1s, cap: 60s, jitter: {subtract: 3s}}",                               1,   {0, 0, 1 * S, 5 * S}},
        {"tower: + U(0, 0.99 x base)",                       "{base: 50ms, cap: 1h, jitter: {add: 99%}}",                                  1,   {99500 * US, 199 * MS, 398 * MS, 796 * MS}},
        {"gRPC: x U(0.8, 1.2) after the cap",                "{base: 100ms, cap: 200ms, jitter: {spread: 20%}}",                           1,   {120 * MS, 240 * MS, 240 * MS, 240 * MS}},
        {"gax for Node: x 1.3",                              "{base: 100ms, factor: 1.3, cap: 60s}",                                       0,   {100 * MS, 130 * MS, 169 * MS, 219700 * US}},
        {"Polly: linear is n x 2 s",                         "{kind: linear, base: 2s, cap: 1h}",                                          0,   {2 * S, 4 * S, 6 * S, 8 * S}},
        {"a linear step of its own",                         "{kind: linear, base: 2s, step: 500ms, cap: 3s}",                             0,   {2 * S, 2500 * MS, 3 * S, 3 * S}},
        {"a floor holds after the jitter",                   "{base: 1s, cap: 8s, jitter: full, floor: 300ms}",                            0.125, {300 * MS, 300 * MS, 500 * MS, 1 * S}},
        {"a first wait before a constant one",               "{kind: constant, base: 2s, first: 10ms}",                                    0,   {10 * MS, 2 * S, 2 * S, 2 * S}},
        {"Finagle: 5 ms, then from the last wait to 3 x it",  "{kind: decorrelated, rising: true, base: 5ms, first: 5ms, cap: 200ms}",       0.5, {5 * MS, 10 * MS, 20 * MS, 40 * MS}},
        {"Finagle: never above 200 ms",                      "{kind: decorrelated, rising: true, base: 50ms, first: 50ms, cap: 200ms}",     1,   {50 * MS, 150 * MS, 200 * MS, 200 * MS}},
        {"Polly V2: nothing at a first draw of 0",           "{kind: decorrelated_v2, base: 2s, cap: 1h}",                                 0,   {0, 2754364514, 2920134602, 5731699724}},
        {"Polly V2: in the middle",                          "{kind: decorrelated_v2, base: 2s, cap: 1h}",                                 0.5, {1794809871, 2186007094, 4071495925, 8091958845}},
        {"Polly V2: its cap",                                "{kind: decorrelated_v2, base: 2s, cap: 3s}",                                 0.5, {1794809871, 2186007094, 3 * S, 3 * S}},
    };
    return cr_make_param_array(struct wait_case, cases, REDIAL_COUNT_OF(cases));
}
/* clang-format on */

ParameterizedTest(struct wait_case *c, field_waits, formulas)
{
    struct redial_policy *policy = policy_with(c->backoff);
    struct redial_hint none[REDIAL_HINTS_MAX] = {0};
    struct backoff_input input = {.hints = none,
                                  .fixed_random = 1 + (uint64_t)(c->draw * (double)RANDOM_ONE)};
    for (size_t i = 0; i < REDIAL_COUNT_OF(c->want); i++) {
        input.number = (int32_t)i + 1;
        struct backoff_wait wait = backoff_wait(&policy->backoffs[0], &input);
        int64_t off = wait.delay - c->want[i];
        cr_expect(off >= -1 && off <= 1, "%s: wait %zu is %lld ns, not %lld", c->name, i + 1,
                  (long long)wait.delay, (long long)c->want[i]);
        cr_expect_eq(wait.base + wait.jitter, wait.delay, "%s: the record adds up", c->name);
        cr_expect_leq(wait.delay, backoff_longest(&policy->backoffs[0]), "%s: bounded", c->name);
        input.last_wait = wait.delay;
        input.last_draw = wait.drawn;
    }
    redial_policy_release(policy);
}

struct hinted_case {
    char name[72];
    char hint[120];
    char header[24]; /* of x-hint, in ms */
    enum redial_wait_kind kind;
    int64_t want;
};

/* Every own wait is 1 s x U(0, 1), drawn at 0.5. */
/* clang-format off */
ParameterizedTestParameters(field_waits, hints)
{
    static struct hinted_case cases[] = {
        {"AWS: a hint below the own wait is raised to it", "within: 5s",                  "100",   REDIAL_WAIT_HINT_FITTED,  500 * MS},
        {"AWS: a hint in reach is obeyed",                 "within: 5s",                  "3000",  REDIAL_WAIT_HINT,         3 * S},
        {"AWS: a hint out of reach is cut to it",          "within: 5s",                  "60000", REDIAL_WAIT_HINT_FITTED,  5500 * MS},
        {"AWS: garbage is ignored",                        "within: 5s",                  "soon",  REDIAL_WAIT_BACKOFF,      500 * MS},
        {"AWS: a negative hint is ignored",                "within: 5s",                  "-5",    REDIAL_WAIT_BACKOFF,      500 * MS},
        {"Envoy: x U(1, 1.5)",                             "max: 300s, jitter: {add: 50%}", "2000",  REDIAL_WAIT_HINT_FITTED,  2500 * MS},
        {"a minimum lifts a short hint",                   "max: 60s, min: 1s",           "20",    REDIAL_WAIT_HINT_FITTED,  1 * S},
        {"a minimum leaves a long hint alone",             "max: 60s, min: 1s",           "2000",  REDIAL_WAIT_HINT,         2 * S},
        {"0 is at once where the policy says now",         "max: 60s, zero: now",         "0",     REDIAL_WAIT_HINT,         0},
        {"0 is no hint elsewhere",                         "max: 60s",                    "0",     REDIAL_WAIT_BACKOFF,      500 * MS},
        {"garbage is at once where the policy says now",   "max: 60s, unreadable: now",   "soon",  REDIAL_WAIT_HINT,         0},
        {"above its bound: at once",                       "max: 60s, above: now",        "60001", REDIAL_WAIT_HINT_FITTED,  0},
        {"a hint without bound is obeyed",                 "max: unlimited",              "86400000", REDIAL_WAIT_HINT,      86400 * S},
    };
    return cr_make_param_array(struct hinted_case, cases, REDIAL_COUNT_OF(cases));
}
/* clang-format on */

static struct backoff_wait wait_hinted(const struct redial_policy *policy, const char *header)
{
    struct redial_header headers[] = {{REDIAL_STR("X-Hint"), str_of(header)}};
    struct redial_event event = {.kind = REDIAL_EVENT_REPLY, .headers = headers, .header_count = 1};
    redial_event_prepare(policy, &event);
    return backoff_wait(&policy->backoffs[0],
                        &(struct backoff_input){
                            .hints = event.hint, .number = 1, .fixed_random = 1 + RANDOM_ONE / 2});
}

ParameterizedTest(struct hinted_case *c, field_waits, hints)
{
    char backoff[400];
    snprintf(
        backoff, sizeof backoff,
        "{base: 1s, cap: 20s, jitter: full, hint: {from: [{header: x-hint, as: milliseconds}], "
        "%s}}",
        c->hint);
    struct redial_policy *policy = policy_with(backoff);
    struct backoff_wait wait = wait_hinted(policy, c->header);
    cr_expect_eq(wait.kind, c->kind, "%s: %s", c->name, redial_wait_name(wait.kind));
    cr_expect_eq(wait.delay, c->want, "%s: %lld", c->name, (long long)wait.delay);
    if (wait.kind != REDIAL_WAIT_BACKOFF)
        cr_expect_leq(wait.delay, hint_longest(&policy->backoffs[0]), "%s: bounded", c->name);
    redial_policy_release(policy);
}

Test(field_waits, a_garbage_pushback_of_grpc_forbids_the_retry)
{
    struct redial_policy *policy = policy_with(
        "{base: 1s, cap: 20s, hint: {from: [{header: x-hint, as: milliseconds}], max: 1h, "
        "unreadable: veto}}");
    cr_expect(wait_hinted(policy, "-1").vetoed);
    cr_expect(wait_hinted(policy, "soon").vetoed);
    cr_expect_not(wait_hinted(policy, "5").vetoed);
    redial_policy_release(policy);
}

Test(field_waits, what_another_backoff_brings_along_counts_only_where_it_means_something)
{
    struct redial_policy *policy =
        policy_from("backoff:\n"
                    "  model: {base: 1s, cap: 8s, jitter: full, offset: 5s, first: 1ms}\n"
                    "  wild: {like: model, kind: decorrelated}\n"
                    "  smooth: {like: model, kind: decorrelated_v2}\n"
                    "  steady: {like: model, kind: constant}\n"
                    "rules: [{name: a, when: always, do: [backoff, retry]}]\n");
    cr_expect_eq(policy->backoffs[1].jitter.kind, JITTER_NONE);
    cr_expect(policy->backoffs[1].first_given, "a first wait means something to it");
    cr_expect_not(policy->backoffs[2].first_given);
    cr_expect_eq(policy->backoffs[3].offset, 0);
    cr_expect_eq(policy->backoffs[3].jitter.kind, JITTER_FULL);
    redial_policy_release(policy);
}
