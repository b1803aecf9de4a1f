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

/* ---- Capacity ---- */

#define AT(field) offsetof(struct capacity_script, field)
static const struct key capacity_keys[] = {
    {"concurrent", scenario_read_requests, AT(concurrent), "requests that it carries at once",
     "number", true},
    {"latency", read_duration, AT(latency), "how much later a reply comes at full load", "duration",
     false},
    {"reply", scenario_read_reply, AT(reply), "what it refuses with; overloaded unless said",
     "reply", false},
};
#undef AT
static const struct keys capacity_key_table = {"a capacity", capacity_keys,
                                               REDIAL_COUNT_OF(capacity_keys)};

static bool read_capacity(struct reading *reading, const struct node *value, void *target)
{
    struct capacity_script *capacity = target;
    capacity->span = value->span;
    capacity->reply = (struct reply_script){.span = value->span,
                                            .at = -1,
                                            .repeat = 1,
                                            .class = REDIAL_CLASS_OVERLOADED,
                                            .retry_after = -1};
    return keys_read(reading, &capacity_key_table, value, capacity);
}

/* ---- Features ---- */

#define ROW(play) ((play)-PLAY_WORKS) /* what is not said has no word */
static const struct name play_rows[] = {
    [ROW(PLAY_WORKS)] = {"works", "the answer shows its effect"},
    [ROW(PLAY_IGNORED)] = {"ignored", "the request is answered as if it did not ask for it"},
    [ROW(PLAY_REFUSED)] = {"refused", "a 400 that names it"},
};
#undef ROW
static const struct names play_names = {"way to take a feature", play_rows,
                                        REDIAL_COUNT_OF(play_rows)};

static bool read_play(struct reading *reading, const struct node *value, uint8_t *play)
{
    int row;
    if (!read_word(reading, value, &play_names, &row)) return false;
    *play = (uint8_t)(PLAY_WORKS + row);
    return true;
}

static bool read_features(struct reading *reading, const struct node *value, void *target)
{
    struct provider_script *provider = target;
    bool right = true;
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "features as a mapping (web_search: ignored)");
    for (size_t i = 0; i < value->count; i++) {
        int feature;
        uint8_t unknown = 0;
        bool known = read_word(reading, value->keys[i], &probed_names, &feature);
        uint8_t *play = known ? &provider->features[feature] : &unknown;
        right = read_play(reading, value->values[i], play) && known && right;
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
    {"capacity", read_capacity, AT(capacity), "load that makes it slow, then overloaded", "mapping",
     false},
    {"idle_close", read_duration, AT(idle_close), "how long an idle connection lives", "duration",
     false},
    {"credentials", scenario_read_credentials, 0, "how long credentials are good", "mapping",
     false},
    {"token_server", scenario_read_token_server, 0, "what a refresh gets", "answer, or a list",
     false},
    {"features", read_features, 0, "which it shows, ignores or refuses; unsaid: as documented",
     "mapping", false},
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
    {read_capacity, AS_KEYS(capacity_key_table)},
    {read_replies, {.kind = SHAPE_LIST, .of = &scenario_reply_shape}},
    {read_features,
     {.kind = SHAPE_BY_WORD, .names = &probed_names, .of = SHAPE(AS_WORD(play_names))}},
    {scenario_read_world,
     AS_NAMED(AS_KEYS_OR(keys, {.kind = SHAPE_LIST, .of = &scenario_reply_shape}))},
    {0},
};
