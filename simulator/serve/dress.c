/* What a reply carries besides what the script says: rate limits that are true, and hints that keep
 * up with the speed of the world. */
#include <string.h>

#include "simulator/serve/request.h"

/* ---- The world's time */

int64_t request_at_speed(const struct request *request, int64_t time)
{
    double speed = request->fakes->options.speed;

    return speed > 0 && speed != 1 ? (int64_t)((double)time / speed) : time;
}

int64_t request_world_now(const struct request *request)
{
    const struct fakes *fakes = request->fakes;
    double speed = fakes->options.speed;
    int64_t passed = fakes->now - fakes->began_at;

    if (speed <= 0 || speed == 1) return fakes->now;
    return fakes->began_at + (int64_t)((double)passed * speed);
}

/* ---- Headers */

static bool add_rates(struct request *request, struct redial_header *headers, size_t *count)
{
    static const char *const words[RATE_KIND_COUNT] = {"requests", "input-tokens", "output-tokens"};
    struct world_rate rates[RATE_KIND_COUNT];

    world_rates(request->session->world, request->provider, request_world_now(request), rates);
    for (int i = 0; i < RATE_KIND_COUNT; i++) {
        struct redial_header *header = &headers[*count];
        struct text reset = TEXT_INIT;
        bool fine;
        if (rates[i].limit == 0) continue;
        rfc3339_format(duration_add(rates[i].full_at, NS_PER_SECOND - 1), &reset);
        fine = arena_printf(request->arena, &header[0].name, "anthropic-ratelimit-%s-limit",
                            words[i]) &&
               arena_printf(request->arena, &header[0].value, "%lld", (long long)rates[i].limit) &&
               arena_printf(request->arena, &header[1].name, "anthropic-ratelimit-%s-remaining",
                            words[i]) &&
               arena_printf(request->arena, &header[1].value, "%lld", (long long)rates[i].left) &&
               arena_printf(request->arena, &header[2].name, "anthropic-ratelimit-%s-reset",
                            words[i]) &&
               !reset.failed && arena_copy(request->arena, text_str(&reset), &header[2].value);
        text_clean_up(&reset);
        if (!fine) return false;
        *count += 3;
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

static bool has_limits(const struct request *request)
{
    struct world_rate rates[RATE_KIND_COUNT];

    if (request->route.platform != PLATFORM_ANTHROPIC) return false;
    world_rates(request->session->world, request->provider, request_world_now(request), rates);
    for (int i = 0; i < RATE_KIND_COUNT; i++)
        if (rates[i].limit > 0) return true;
    return false;
}

const struct exchange *request_dress(struct request *request, const struct exchange *exchange)
{
    bool limits = exchange->status < 300 && has_limits(request);
    double speed = request->fakes->options.speed;
    struct redial_header *headers;
    struct exchange *dressed;
    size_t count = exchange->header_count;

    if (!limits && (speed <= 0 || speed == 1)) return exchange;
    dressed = ARENA_NEW(request->arena, struct exchange);
    headers = ARENA_ARRAY(request->arena, struct redial_header, count + HEADERS_BESIDE);
    if (!dressed || !headers) return NULL;
    if (count > 0) memcpy(headers, exchange->headers, count * sizeof *headers);
    if (limits && !add_rates(request, headers, &count)) return NULL;
    if (!hurry_hint(request, headers, &count)) return NULL;
    *dressed = *exchange;
    dressed->headers = headers;
    dressed->header_count = count;
    return dressed;
}
