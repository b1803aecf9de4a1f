/* The world: per provider a list of replies, or replies and conditions that hold over time. */
#include "simulator/run/scenario_parts.h"

/* ---- Rates: "50/min" ---- */

static bool read_rate(struct reading *reading, const struct node *value, void *target)
{
    static const struct {
        const char *unit;
        int64_t period;
    } units[] = {{"s", NS_PER_SECOND}, {"min", NS_PER_MINUTE}, {"h", NS_PER_HOUR}};
    struct rate_script *rate = target;
    struct redial_str rest = value->kind == NODE_SCALAR ? value->text : (struct redial_str){0};
    struct redial_str number;
    if (str_split(&rest, '/', &number))
        for (size_t i = 0; i < REDIAL_COUNT_OF(units); i++) {
            if (!str_is(rest, units[i].unit) || !str_to_int64(number, &rate->limit)) continue;
            /* limit × period has to stay within 64 bits */
            int64_t most = RATE_LIMIT_MAX / (units[i].period / NS_PER_MINUTE ? 60 : 1);
            rate->period = units[i].period;
            if (rate->limit > 0 && rate->limit <= most) return true;
            diag_error(reading->diags, "out-of-range", value->span,
                       "'%.*s' is outside its range, 1 to %lld", REDIAL_STR_ARG(number),
                       (long long)most);
            return false;
        }
    return reading_unexpected(reading, value, "a rate such as 50/min, 5/s or 1000/h");
}

#define AT(kind) (RATE_##kind * sizeof(struct rate_script))
static const struct key rate_keys[] = {
    {"requests", read_rate, AT(REQUESTS), "requests", "rate", false},
    {"input_tokens", read_rate, AT(INPUT_TOKENS), "tokens of prompts", "rate", false},
    {"output_tokens", read_rate, AT(OUTPUT_TOKENS), "tokens of answers", "rate", false},
};
#undef AT
static const struct keys rate_key_table = {"a rate limit", rate_keys, REDIAL_COUNT_OF(rate_keys)};

static bool read_rate_limit(struct reading *reading, const struct node *value, void *target)
{
    return keys_read(reading, &rate_key_table, value, target);
}

/* ---- Outages ---- */

#define AT(field) offsetof(struct outage_script, field)
static const struct key outage_keys[] = {
    {"from", read_duration, AT(from), "its begin, from the run's start", "duration", true},
    {"to", read_duration, AT(to), "its end", "duration", true},
    {"reply", scenario_read_reply, AT(reply), "what requests get meanwhile", "reply", true},
    {"share", read_share, AT(share_ppm), "of the requests it hits", "share", false},
};
#undef AT
static const struct keys outage_key_table = {"an outage", outage_keys,
                                             REDIAL_COUNT_OF(outage_keys)};

static bool read_outage(struct reading *reading, const struct node *value,
                        struct outage_script *outage)
{
    *outage = (struct outage_script){.span = value->span, .share_ppm = 1000000};
    if (!keys_read(reading, &outage_key_table, value, outage)) return false;
    if (outage->from < outage->to) return true;
    return scenario_conflict(reading, value->span, "the outage ends before it begins",
                             "`to` counts from the run's start, as `from` does");
}

static bool read_outages(struct reading *reading, const struct node *value, void *target)
{
    struct provider_script *provider = target;
    size_t count = items_count(value);
    provider->outages = scenario_array(reading, count, sizeof *provider->outages);
    if (!provider->outages) return false;
    provider->outage_count = count;
    bool right = true;
    for (size_t i = 0; i < count; i++)
        right = read_outage(reading, items_at(value, i), &provider->outages[i]) && right;
    return right;
}

/* ---- Credentials ---- */

/* "2 requests", or a duration. */
static bool read_expire_after(struct reading *reading, const struct node *value, void *target)
{
    struct provider_script *provider = target;
    struct redial_str text = value->text;
    struct redial_str unit = REDIAL_STR("requests");
    if (value->kind == NODE_SCALAR && str_ends_with(text, REDIAL_STR("request")))
        unit = REDIAL_STR("request");
    if (value->kind != NODE_SCALAR || !str_ends_with(text, unit))
        return read_duration(reading, value, &provider->expire_after);
    int64_t number;
    if (str_to_int64(str_trim(str_take(text, text.len - unit.len)), &number) && number > 0 &&
        number <= 1000000000) {
        provider->expire_after_requests = number;
        return true;
    }
    return reading_unexpected(reading, value, "a number of requests, such as `2 requests`");
}

static const struct key credential_keys[] = {
    {"expire_after", read_expire_after, 0, "how long one is good", "duration or requests", true},
};
static const struct keys credential_key_table = {"credentials", credential_keys,
                                                 REDIAL_COUNT_OF(credential_keys)};

static bool read_credentials(struct reading *reading, const struct node *value, void *target)
{
    return keys_read(reading, &credential_key_table, value, target);
}

#define AT(field) offsetof(struct token_reply, field)
static const struct key token_keys[] = {
    {"after", read_duration, AT(after), "time until it answers", "duration", false},
    {"fail", read_text, AT(fail), "its error; without it, it gives a token", "text", false},
};
#undef AT
static const struct keys token_key_table = {"a token server's answer", token_keys,
                                            REDIAL_COUNT_OF(token_keys)};

static bool read_token_server(struct reading *reading, const struct node *value, void *target)
{
    struct provider_script *provider = target;
    size_t count = items_count(value);
    if (count == 0) return reading_unexpected(reading, value, "its answers in order, one at least");
    provider->token_replies = scenario_array(reading, count, sizeof *provider->token_replies);
    if (!provider->token_replies) return false;
    provider->token_reply_count = count;
    bool right = true;
    for (size_t i = 0; i < count; i++) {
        const struct node *item = items_at(value, i);
        provider->token_replies[i].span = item->span;
        right = keys_read(reading, &token_key_table, item, &provider->token_replies[i]) && right;
    }
    return right;
}

/* ---- Providers ---- */

static bool read_replies(struct reading *reading, const struct node *value, void *target)
{
    struct provider_script *provider = target;
    if (value->kind != NODE_SEQUENCE)
        return reading_unexpected(reading, value, "replies as a list (- {status: 200})");
    if (value->count > SCENARIO_LIST_MAX) {
        struct diag *diag =
            diag_error(reading->diags, "out-of-range", value->span, "%zu replies are more than %d",
                       value->count, SCENARIO_LIST_MAX);
        diag_cure(reading->diags, diag, "`repeat: N` says the same reply N times");
        return false;
    }
    provider->replies = scenario_array(reading, value->count, sizeof *provider->replies);
    if (!provider->replies) return false;
    provider->reply_count = value->count;
    provider->replies_span = value->span;
    bool right = true;
    for (size_t i = 0; i < value->count; i++)
        right = scenario_read_reply(reading, value->items[i], &provider->replies[i]) && right;
    return right;
}

#define AT(field) offsetof(struct provider_script, field)
static const struct key provider_keys[] = {
    {"replies", read_replies, 0, "in order", "list of replies", false},
    {"rate_limit", read_rate_limit, AT(rates), "a token bucket that answers 429", "mapping", false},
    {"outage", read_outages, 0, "a time in which requests fail", "outage, or a list", false},
    {"idle_close", read_duration, AT(idle_close), "how long an idle connection lives", "duration",
     false},
    {"credentials", read_credentials, 0, "how long credentials are good", "mapping", false},
    {"token_server", read_token_server, 0, "what a refresh gets", "answer, or a list", false},
};
#undef AT
static const struct keys keys = {"a provider's world", provider_keys,
                                 REDIAL_COUNT_OF(provider_keys)};

static bool read_provider(struct reading *reading, const struct node *name,
                          const struct node *value, struct provider_script *provider)
{
    *provider = (struct provider_script){.provider = name->text,
                                         .span = name->span,
                                         .replies_span = name->span,
                                         .idle_close = DURATION_MAX,
                                         .expire_after = DURATION_MAX};
    if (value->kind == NODE_SEQUENCE) return read_replies(reading, value, provider);
    return keys_read(reading, &keys, value, provider);
}

bool scenario_read_world(struct reading *reading, const struct node *value, void *target)
{
    struct scenario *scenario = target;
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "providers as a mapping (anthropic: [replies])");
    scenario->providers = scenario_array(reading, value->count, sizeof *scenario->providers);
    if (!scenario->providers) return false;
    scenario->provider_count = value->count;
    scenario->world_span = value->span;
    bool right = true;
    for (size_t i = 0; i < value->count; i++)
        right = read_provider(reading, value->keys[i], value->values[i], &scenario->providers[i]) &&
                right;
    return right;
}

/* ---- Shapes ---- */

const struct shape_row scenario_world_shapes[] = {
    {read_rate, AS_MATCHES("^[0-9]+/(s|min|h)$")},
    {read_rate_limit, AS_KEYS(rate_key_table)},
    {read_outages, AS_ITEMS(AS_KEYS(outage_key_table))},
    {read_expire_after, AS_MATCHES_OR("^" ONE_DURATION "$", AS_MATCHES("^[0-9]+[ \t]+requests?$"))},
    {read_credentials, AS_KEYS(credential_key_table)},
    {read_token_server, AS_ITEMS(AS_KEYS(token_key_table))},
    {read_replies, {.kind = SHAPE_LIST, .of = &scenario_reply_shape}},
    {scenario_read_world,
     AS_NAMED(AS_KEYS_OR(keys, {.kind = SHAPE_LIST, .of = &scenario_reply_shape}))},
    {0},
};
