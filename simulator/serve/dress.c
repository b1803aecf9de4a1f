/* What a reply carries besides what the script says: rate limits that are true, and hints that keep
 * up with the speed of the world. */
#include <string.h>

#include "simulator/serve/request.h"
#include "simulator/world/bucket.h"

/* ---- The world's time */

int64_t request_at_speed(const struct request *request, int64_t time)
{
    double speed = request->fakes->options.speed;

    return speed > 0 && speed != 1 ? (int64_t)((double)time / speed) : time;
}

int64_t fakes_world_now(const struct fakes *fakes)
{
    double speed = fakes->options.speed;
    int64_t passed = fakes->now - fakes->began_at;

    if (speed <= 0 || speed == 1) return fakes->now;
    return fakes->began_at + (int64_t)((double)passed * speed);
}

int64_t request_world_now(const struct request *request)
{
    return fakes_world_now(request->fakes);
}

/* A moment of the world as it comes here. */
static int64_t real_moment(const struct request *request, int64_t world_moment)
{
    return duration_add(request->fakes->now,
                        request_at_speed(request, world_moment - request_world_now(request)));
}

/* ---- Rate limits */

/* Where the scenario limits nothing: nobody is refused by these, but what is asked for is taken out
 * of them all the same. */
#define PER_MINUTE(limit)                                                                          \
    {                                                                                              \
        limit, NS_PER_MINUTE                                                                       \
    }
static const struct rate_script quotas[RATE_KIND_COUNT] = {
    [RATE_REQUESTS] = PER_MINUTE(10000000),
    [RATE_INPUT_TOKENS] = PER_MINUTE(RATE_LIMIT_MAX),
    [RATE_OUTPUT_TOKENS] = PER_MINUTE(RATE_LIMIT_MAX),
};

struct bucket *session_quotas(struct arena *arena, size_t providers, int64_t now)
{
    struct bucket *buckets = ARENA_ARRAY(arena, struct bucket, providers * RATE_KIND_COUNT);

    for (size_t i = 0; buckets && i < providers * RATE_KIND_COUNT; i++)
        buckets[i] = bucket_init(quotas[i % RATE_KIND_COUNT], now);
    return buckets;
}

static void take_from_quotas(const struct request *request, const struct demand *demand,
                             int64_t output, struct world_rate rates[RATE_KIND_COUNT])
{
    struct bucket *buckets = &request->session->quotas[(size_t)request->provider * RATE_KIND_COUNT];
    const int64_t taken[RATE_KIND_COUNT] = {1, demand->input_tokens, output};
    int64_t now = request_world_now(request);

    for (int i = 0; i < RATE_KIND_COUNT; i++) {
        (void)bucket_wait(&buckets[i], 0, now); /* fills it up to now */
        bucket_take(&buckets[i], taken[i]);
        rates[i] = (struct world_rate){.limit = buckets[i].rate.limit,
                                       .left = bucket_left(&buckets[i]),
                                       .full_at = duration_add(now, bucket_full_in(&buckets[i]))};
    }
}

/* The limits as a success tells them: the scenario's own, or those of nobody's. False: none. */
static bool read_limits(const struct request *request, const struct demand *demand, int64_t output,
                        struct world_rate rates[RATE_KIND_COUNT])
{
    if (request->route.platform != PLATFORM_ANTHROPIC) return false;
    world_rates(request->session->world, request->provider, request_world_now(request), rates);
    for (int i = 0; i < RATE_KIND_COUNT; i++)
        if (rates[i].limit > 0) return true;
    take_from_quotas(request, demand, output, rates);
    return true;
}

/* ---- Headers. They stand on every reply: no format strings here. */

#define NUMBER_MAX 20

static struct redial_str write_number(struct arena *arena, int64_t number)
{
    char digits[NUMBER_MAX];
    size_t at = sizeof digits;
    struct redial_str text;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    if (!arena_copy(arena, (struct redial_str){digits + at, sizeof digits - at}, &text))
        text = (struct redial_str){0};
    return text;
}

/* Limits are full again within the second, most of the time: it is written once. */
static struct redial_str write_moment(struct request *request, int64_t moment)
{
    struct fakes *fakes = request->fakes;
    int64_t second = duration_add(moment, NS_PER_SECOND - 1) / NS_PER_SECOND;
    struct redial_str text;

    if (second != fakes->moment_second || fakes->moment.failed) {
        text_clear(&fakes->moment);
        rfc3339_format(second * NS_PER_SECOND, &fakes->moment);
        fakes->moment_second = second;
    }
    if (fakes->moment.failed || !arena_copy(request->arena, text_str(&fakes->moment), &text))
        text = (struct redial_str){0};
    return text;
}

static bool add_rates(struct request *request, const struct world_rate rates[RATE_KIND_COUNT],
                      struct redial_header *headers, size_t *count)
{
#define NAMES(kind)                                                                                \
    {                                                                                              \
        REDIAL_STR_INIT("anthropic-ratelimit-" kind "-limit"),                                     \
            REDIAL_STR_INIT("anthropic-ratelimit-" kind "-remaining"),                             \
            REDIAL_STR_INIT("anthropic-ratelimit-" kind "-reset")                                  \
    }
    static const struct redial_str names[RATE_KIND_COUNT][3] = {
        NAMES("requests"), NAMES("input-tokens"), NAMES("output-tokens")};

    for (int i = 0; i < RATE_KIND_COUNT; i++) {
        struct redial_header *header = &headers[*count];
        if (rates[i].limit == 0) continue;
        for (size_t k = 0; k < 3; k++) header[k].name = names[i][k];
        header[0].value = write_number(request->arena, rates[i].limit);
        header[1].value = write_number(request->arena, rates[i].left);
        header[2].value = write_moment(request, real_moment(request, rates[i].full_at));
        if (!header[0].value.ptr || !header[1].value.ptr || !header[2].value.ptr) return false;
        *count += 3;
    }
    return true;
}

/* The moment at which a limit is full again, as the world's own refusal tells it. */
static bool hurry_moments(struct request *request, struct redial_header *headers, size_t count)
{
    double speed = request->fakes->options.speed;
    int64_t moment;

    for (size_t i = 0; speed > 0 && speed != 1 && i < count; i++) {
        struct redial_str name = headers[i].name;
        if (!str_starts_with(name, REDIAL_STR("anthropic-ratelimit-")) ||
            !str_ends_with(name, REDIAL_STR("-reset")) || !rfc3339_parse(headers[i].value, &moment))
            continue;
        headers[i].value = write_moment(request, real_moment(request, moment));
        if (!headers[i].value.ptr) return false;
    }
    return true;
}

/* At another speed a hint is as much shorter as the world's own times; what is no whole second is
 * said in milliseconds too. */
static bool hurry_hint(struct request *request, struct redial_header *headers, size_t *count)
{
    double speed = request->fakes->options.speed;
    int64_t seconds;

    for (size_t i = 0; speed > 0 && speed != 1 && i < *count; i++) {
        int64_t ms;
        if (!str_eq_nocase(headers[i].name, REDIAL_STR("retry-after"))) continue;
        if (!str_to_int64(headers[i].value, &seconds) || seconds <= 0 || seconds > 1000000000)
            return true;
        ms = (int64_t)((double)seconds * 1000 / speed);
        headers[*count].name = REDIAL_STR("retry-after-ms");
        return arena_printf(request->arena, &headers[i].value, "%lld",
                            (long long)((ms + 999) / 1000)) &&
               arena_printf(request->arena, &headers[(*count)++].value, "%lld", (long long)ms);
    }
    return true;
}

#define HEADERS_BESIDE (3 * RATE_KIND_COUNT + 1)

const struct exchange *request_dress(struct request *request, const struct demand *demand,
                                     int64_t output, const struct exchange *exchange)
{
    struct world_rate rates[RATE_KIND_COUNT];
    bool limits = exchange->status >= 200 && exchange->status < 300 &&
                  read_limits(request, demand, output, rates);
    double speed = request->fakes->options.speed;
    struct redial_header *headers;
    struct exchange *dressed;
    size_t count = exchange->header_count;

    if (!limits && (speed <= 0 || speed == 1) && !stranger_has_dates(request->fakes, exchange))
        return exchange;
    dressed = ARENA_NEW(request->arena, struct exchange);
    headers = ARENA_ARRAY(request->arena, struct redial_header, count + HEADERS_BESIDE);
    if (!dressed || !headers) return NULL;
    if (count > 0) memcpy(headers, exchange->headers, count * sizeof *headers);
    if (!stranger_move_dates(request->fakes, request->arena, exchange, headers)) return NULL;
    if (!hurry_moments(request, headers, count)) return NULL;
    if (limits && !add_rates(request, rates, headers, &count)) return NULL;
    if (!hurry_hint(request, headers, &count)) return NULL;
    *dressed = *exchange;
    dressed->headers = headers;
    dressed->header_count = count;
    return dressed;
}
