/* One decision, hot: an event already read goes into redial_call_step; classification, rule,
 * guards, delay and the filled decision record come out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/load.h"
#include "core/engine.h"
#include "model/policy.h"
#include "redial/redial.h"
#include "tests/bench/bench.h"

enum { ROUNDS = 2000, PASSES = 41 };

struct sample {
    struct redial_call call; /* SENDING, as it stands when the event arrives */
    struct redial_event event;
};

struct samples {
    struct redial_policy *policy;
    struct redial_engine *engine;
    struct sample *list;
    size_t count, rounds;
};

static int64_t now = INT64_C(1767225600000000000);
static volatile uint8_t sink;

static void fail(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(2);
}

static struct redial_policy *load(const char *path)
{
    struct diag_list *diags = diag_list_new();
    struct redial_policy *policy =
        policy_load(path, (const struct redial_env[]){{NULL, NULL}}, diags);
    struct text text = TEXT_INIT;
    if (!policy) {
        diag_render(diags, false, &text);
        fail(text.ptr);
    }
    diag_list_destroy(diags);
    return policy;
}

static void prepare(struct samples *samples, struct sample *sample, const char *provider,
                    const char *model, enum redial_query query, const struct redial_event *event)
{
    struct redial_str why;
    struct redial_decision decision;
    struct redial_call_options options = {.provider = str_of(provider),
                                          .model = str_of(model),
                                          .query = (uint8_t)query,
                                          .query_given = true,
                                          .max_tokens = 4096,
                                          .seed = 7};
    if (!redial_call_init(&sample->call, samples->engine, &options, now, &why)) fail(why.ptr);
    redial_call_step(&sample->call, &(struct redial_event){.kind = REDIAL_EVENT_START}, now,
                     &decision);
    sample->event = *event;
    redial_event_prepare(samples->policy, &sample->event);
}

static void decide_all(void *context)
{
    const struct samples *samples = context;
    struct redial_decision decision;
    for (size_t round = 0; round < samples->rounds; round++)
        for (size_t i = 0; i < samples->count; i++) {
            struct redial_call call = samples->list[i].call;
            ++call.shared->stripes[call.stripe]
                  .held; /* a decision that ends the call gives its hold back */
            redial_call_step(&call, &samples->list[i].event, now, &decision);
            if (decision.kind != REDIAL_DECISION_FINISH) engine_let_go(call.shared, call.stripe);
            sink = decision.kind;
        }
}

#define REPLY(code, type, text_)                                                                   \
    {                                                                                              \
        .kind = REDIAL_EVENT_REPLY, .complete = true, .status = (code),                            \
        .text[REDIAL_TEXT_ERROR] = REDIAL_STR(type), .message = REDIAL_STR(text_)                  \
    }

static void the_ten_rows(struct samples *samples)
{
    static const struct redial_header retry_after[] = {{{"retry-after", 11}, {"2", 1}}};
    const struct redial_event rate_limited = {.kind = REDIAL_EVENT_REPLY,
                                              .complete = true,
                                              .status = 429,
                                              .text[REDIAL_TEXT_ERROR] =
                                                  REDIAL_STR("rate_limit_error"),
                                              .headers = retry_after,
                                              .header_count = 1};
    const struct redial_event reset = {
        .kind = REDIAL_EVENT_BROKEN, .cause = REDIAL_CAUSE_ECONNRESET, .phase = REDIAL_PHASE_WAIT};
    const struct redial_event limit = {.kind = REDIAL_EVENT_REPLY,
                                       .complete = true,
                                       .status = 200,
                                       .text[REDIAL_TEXT_STOP_REASON] = REDIAL_STR("max_tokens"),
                                       .input_tokens = 1000};
    const struct {
        const char *provider;
        enum redial_query query;
        struct redial_event event;
    } rows[] = {
        {"anthropic", REDIAL_QUERY_FOREGROUND,
         REPLY(401, "authentication_error", "OAuth token has expired. Please obtain a new token")},
        {"anthropic", REDIAL_QUERY_FOREGROUND,
         REPLY(403, "permission_error", "OAuth token has been revoked")},
        {"anthropic", REDIAL_QUERY_FOREGROUND, rate_limited},
        {"anthropic", REDIAL_QUERY_FOREGROUND, REPLY(529, "overloaded_error", "Overloaded")},
        {"anthropic", REDIAL_QUERY_BACKGROUND, REPLY(529, "overloaded_error", "Overloaded")},
        {"anthropic", REDIAL_QUERY_FOREGROUND, reset},
        {"anthropic", REDIAL_QUERY_FOREGROUND,
         REPLY(400, "invalid_request_error", "prompt is too long: 200251 tokens > 200000 maximum")},
        {"anthropic", REDIAL_QUERY_FOREGROUND, limit},
        {"bedrock", REDIAL_QUERY_FOREGROUND,
         REPLY(403, "ExpiredTokenException",
               "The security token included in the request is expired")},
        {"vertex", REDIAL_QUERY_FOREGROUND,
         REPLY(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")},
    };
    samples->list = calloc(REDIAL_COUNT_OF(rows), sizeof *samples->list);
    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++)
        prepare(samples, &samples->list[samples->count++], rows[i].provider, "claude-opus-4-6",
                rows[i].query, &rows[i].event);
}

static double median_of(struct samples *samples)
{
    return bench_median(false, decide_all, samples, samples->rounds * samples->count, PASSES);
}

/* ---- Many rules */

/* Rules on exact class, status, platform and model, no two alike: rule i is for model i. */
static void write_rules(const char *path, size_t count)
{
    FILE *file = fopen(path, "w");
    char folder[4096];
    if (!file || !getcwd(folder, sizeof folder)) fail("cannot write the generated policy");
    fprintf(
        file,
        "redial: 1\nname: generated\nuses: [%s/policies/platforms.yaml]\nlimits: {retries: 10, "
        "attempts: 33}\n"
        "backoff:\n  standard: {base: 500ms, factor: 2, cap: 32s, jitter: {add: 25%%}}\nrules:\n",
        folder);
    for (size_t i = 0; i < count; i++)
        fprintf(file,
                "  - {name: r%zu, when: {class: rate_limited, status: 429, platform: anthropic, "
                "model: m%zu}, "
                "do: [backoff, retry]}\n",
                i, i);
    fclose(file);
}

/* `calls` of the rules, spread evenly over all of them. */
static void rules_sample(struct samples *samples, const char *path, size_t rules, size_t calls)
{
    write_rules(path, rules);
    samples->policy = load(path);
    samples->engine = redial_engine_new(samples->policy);
    samples->count = calls;
    samples->rounds = 20000 / calls;
    samples->list = calloc(calls, sizeof *samples->list);
    const struct redial_event event = REPLY(429, "rate_limit_error", "");
    for (size_t i = 0; i < calls; i++) {
        char model[32];
        snprintf(model, sizeof model, "m%zu", i * rules / calls);
        prepare(samples, &samples->list[i], "anthropic", model, REDIAL_QUERY_FOREGROUND, &event);
    }
}

static void samples_free(struct samples *samples)
{
    for (size_t i = 0; i < samples->count && samples->engine; i++)
        engine_let_go(samples->list[i].call.shared, samples->list[i].call.stripe);
    free(samples->list);
}

static void bench_many_rules(void)
{
    char path[] = "/tmp/redial-bench-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0) fail("no temporary file");
    close(fd);
    struct samples few = {0}, many = {0}, cold = {0};
    rules_sample(&few, path, 10, 10);
    rules_sample(&many, path, 10000, 10);
    rules_sample(&cold, path, 10000, 4000);
    double ten = median_of(&few), thousands = median_of(&many), walk = median_of(&cold);
    bench_report("a decision with 10,000 rules against 10", thousands / ten, "x", 1.25, false,
                 "rules on exact class, status, platform, model; ten calls in turn, spread over "
                 "all rules; medians of 41");
    printf("    10 rules %.1f ns, 10,000 rules %.1f ns; 4,000 different calls in turn, out of "
           "cache: %.1f ns\n",
           ten, thousands, walk);
    samples_free(&few);
    samples_free(&many);
    samples_free(&cold);
    unlink(path);
}

void bench_decision(void)
{
    struct samples samples = {.policy = load("policies/claude-code.yaml"), .rounds = ROUNDS};
    samples.engine = redial_engine_new(samples.policy);
    the_ten_rows(&samples);
    decide_all(&samples);
    size_t before = bench_allocations();
    decide_all(&samples);
    bench_report("allocations in 20,000 decisions", (double)(bench_allocations() - before), "", 0,
                 false, "malloc, calloc and realloc counted in the whole process");
    bench_report("one decision, default policy", median_of(&samples), "ns", 100, false,
                 "the ten rows of the error table in turn, events already read; copy of the call "
                 "included; median of 41");
    bench_many_rules();
    samples_free(&samples);
}
