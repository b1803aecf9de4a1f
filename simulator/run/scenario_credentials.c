/* What the world says of credentials: how long they are good, when they are withdrawn, and what the
 * server that gives new ones answers. */
#include "simulator/run/scenario_parts.h"

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

#define AT(field) offsetof(struct revoke_script, field)
static const struct key revoke_keys[] = {
    {"at", read_duration, AT(at), "from the run's start", "duration", true},
};
#undef AT
static const struct keys revoke_key_table = {"a revocation", revoke_keys,
                                             REDIAL_COUNT_OF(revoke_keys)};

static bool read_revoke(struct reading *reading, const struct node *value, void *target)
{
    struct provider_script *provider = target;
    size_t count = items_count(value);
    bool right = true;
    provider->revokes = scenario_array(reading, count, sizeof *provider->revokes);
    if (!provider->revokes) return false;
    provider->revoke_count = count;
    for (size_t i = 0; i < count; i++) {
        struct revoke_script *revoke = &provider->revokes[i];
        *revoke = (struct revoke_script){.span = items_at(value, i)->span};
        right = keys_read(reading, &revoke_key_table, items_at(value, i), revoke) && right;
        if (right && i > 0 && revoke->at < revoke[-1].at)
            right = scenario_conflict(reading, revoke->span, "this comes before the one above it",
                                      "write revocations in the order of their times");
    }
    return right;
}

static bool read_remembered(struct reading *reading, const struct node *value, void *target)
{
    struct provider_script *provider = target;
    bool remembered;
    if (!read_bool(reading, value, &remembered)) return false;
    provider->forgets_refused = !remembered;
    return true;
}

static const struct key credential_keys[] = {
    {"expire_after", read_expire_after, 0, "how long one is good", "duration or requests", false},
    {"revoke", read_revoke, 0, "when all that were issued are withdrawn", "{at}, or a list", false},
    {"remembered", read_remembered, 0, "whether one that a reply refused is refused from then on",
     "true or false", false},
};
static const struct keys credential_key_table = {"credentials", credential_keys,
                                                 REDIAL_COUNT_OF(credential_keys)};

bool scenario_read_credentials(struct reading *reading, const struct node *value, void *target)
{
    if (!keys_read(reading, &credential_key_table, value, target)) return false;
    if (value->count > 0) return true;
    return scenario_conflict(reading, value->span, "nothing is said of the credentials",
                             "write {expire_after: 1h} or {revoke: {at: 5s}}");
}

static bool read_token_body(struct reading *reading, const struct node *value, void *target)
{
    struct token_reply *reply = target;
    reply->body_given = true;
    return scenario_read_body(reading, value, &reply->body);
}

#define AT(field) offsetof(struct token_reply, field)
static const struct key token_keys[] = {
    {"after", read_duration, AT(after), "time until it answers", "duration", false},
    {"fail", read_text, AT(fail), "its error; without it, it gives a token", "text", false},
    {"status", scenario_read_status, AT(status), "its status, when that is no 200", "number",
     false},
    {"body", read_token_body, 0, "this instead of a token", "text", false},
    {"hang", scenario_read_forever, AT(hang), "no answer, then a close", "duration or forever",
     false},
    {"slow", scenario_read_speed, AT(slow), "its answer comes slowly", "bytes per second", false},
};
#undef AT
static const struct keys token_key_table = {"a token server's answer", token_keys,
                                            REDIAL_COUNT_OF(token_keys)};

static bool read_token_reply(struct reading *reading, const struct node *value,
                             struct token_reply *reply)
{
    *reply = (struct token_reply){.span = value->span, .hang = -1};
    if (!keys_read(reading, &token_key_table, value, reply)) return false;
    int ways =
        (reply->fail.len > 0) + (reply->status > 0 || reply->body_given) + (reply->hang >= 0);
    if (ways <= 1) return true;
    return scenario_conflict(reading, value->span, "an answer goes wrong in one way only",
                             "keep one of fail, hang, and status with body");
}

bool scenario_read_token_server(struct reading *reading, const struct node *value, void *target)
{
    struct provider_script *provider = target;
    size_t count = items_count(value);
    if (count == 0) return reading_unexpected(reading, value, "its answers in order, one at least");
    provider->token_replies = scenario_array(reading, count, sizeof *provider->token_replies);
    if (!provider->token_replies) return false;
    provider->token_reply_count = count;
    bool right = true;
    for (size_t i = 0; i < count; i++) {
        right = read_token_reply(reading, items_at(value, i), &provider->token_replies[i]) && right;
    }
    return right;
}

/* ---- Shapes ---- */

const struct shape_row scenario_credential_shapes[] = {
    {read_expire_after, AS_MATCHES_OR("^" ONE_DURATION "$", AS_MATCHES("^[0-9]+[ \t]+requests?$"))},
    {read_remembered, AS_BOOL},
    {read_revoke, AS_ITEMS(AS_KEYS(revoke_key_table))},
    {read_token_body, AS_TEXT},
    {scenario_read_body, AS_TEXT},
    {scenario_read_credentials, AS_KEYS(credential_key_table)},
    {scenario_read_token_server, AS_ITEMS(AS_KEYS(token_key_table))},
    {0},
};
