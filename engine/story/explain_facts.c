/* "status=529", "header.retry-after=2": an event as a person types it. */
#include <string.h>

#include "story/explain_parts.h"

struct reading {
    const struct redial_policy *policy;
    struct explain_facts *facts;
    struct text *why;
};

struct fact_key {
    const char *name;
    bool (*read)(struct reading *reading, struct redial_str value, size_t target);
    size_t target; /* offset in struct explain_facts, where the reader needs one */
    const char *value, *doc;
};

static void *at(struct reading *reading, size_t target)
{
    return (char *)reading->facts + target;
}

/* ---- Readers of values ---- */

static bool refuse(struct reading *reading, struct redial_str value, const char *expected)
{
    text_printf(reading->why, "'%.*s' is not %s", REDIAL_STR_ARG(value), expected);
    return false;
}

static bool read_text(struct reading *reading, struct redial_str value, size_t target)
{
    *(struct redial_str *)at(reading, target) = value;
    return true;
}

static bool read_status(struct reading *reading, struct redial_str value, size_t target)
{
    int64_t number = 0;
    if (!str_to_int64(value, &number) || number < 100 || number > 599)
        return refuse(reading, value, "an HTTP status, 100 to 599");
    *(uint16_t *)at(reading, target) = (uint16_t)number;
    return true;
}

static bool read_tokens(struct reading *reading, struct redial_str value, size_t target)
{
    int64_t number = 0;
    if (!str_to_int64(value, &number) || number < 0)
        return refuse(reading, value, "a number of tokens");
    *(int64_t *)at(reading, target) = number;
    return true;
}

#define EXPLAIN_ATTEMPT_MAX 1000 /* each is stepped through */

static bool read_attempt(struct reading *reading, struct redial_str value, size_t target)
{
    int64_t number = 0;
    if (!str_to_int64(value, &number) || number < 1 || number > EXPLAIN_ATTEMPT_MAX)
        return refuse(reading, value, "an attempt, 1 to 1000");
    *(int32_t *)at(reading, target) = (int32_t)number;
    return true;
}

static bool read_word(struct reading *reading, struct redial_str value, const struct names *names,
                      uint8_t *row)
{
    int found = names_find(names, value);
    if (found >= 0) {
        *row = (uint8_t)found;
        return true;
    }
    int closest = names_closest(names, value);
    text_printf(reading->why, "'%.*s' is no %s", REDIAL_STR_ARG(value), names->what);
    if (closest >= 0)
        text_printf(reading->why, "; did you mean '%s'?", names->rows[closest].word);
    else {
        text_append(reading->why, REDIAL_STR("; expected "));
        names_list(names, reading->why);
    }
    return false;
}

static bool read_class(struct reading *reading, struct redial_str value, size_t target)
{
    return read_word(reading, value, &class_names, at(reading, target));
}

static bool read_cause(struct reading *reading, struct redial_str value, size_t target)
{
    reading->facts->event.kind = REDIAL_EVENT_BROKEN;
    return read_word(reading, value, &cause_names, at(reading, target));
}

static bool read_phase(struct reading *reading, struct redial_str value, size_t target)
{
    return read_word(reading, value, &phase_names, at(reading, target));
}

static bool read_query(struct reading *reading, struct redial_str value, size_t target)
{
    return read_word(reading, value, &query_names, at(reading, target));
}

static bool read_stream_error(struct reading *reading, struct redial_str value, size_t target)
{
    reading->facts->event.kind = REDIAL_EVENT_STREAM_ERROR;
    return read_text(reading, value, target);
}

static bool read_should_retry(struct reading *reading, struct redial_str value, size_t target)
{
    if (!str_is(value, "true") && !str_is(value, "false"))
        return refuse(reading, value, "true or false");
    *(int8_t *)at(reading, target) = str_is(value, "true") ? 1 : -1;
    return true;
}

static bool read_yes(struct reading *reading, struct redial_str value, size_t target)
{
    if (!str_is(value, "true") && !str_is(value, "false"))
        return refuse(reading, value, "true or false");
    *(bool *)at(reading, target) = str_is(value, "true");
    return true;
}

static bool read_mode(struct reading *reading, struct redial_str value, size_t target)
{
    (void)target;
    if (!str_is(value, "unattended")) return refuse(reading, value, "a mode; 'unattended' is one");
    if (!reading->policy->variants[VARIANT_UNATTENDED].present)
        return refuse(reading, value, "a mode of this policy");
    reading->facts->options.unattended = true;
    return true;
}

static bool unknown_name(struct reading *reading, const char *what, struct redial_str value,
                         const struct redial_str *names, size_t count)
{
    text_printf(reading->why, "the policy has no %s '%.*s'", what, REDIAL_STR_ARG(value));
    str_suggest(names, count, value, reading->why);
    return false;
}

#define NAMES_COMPARED_MAX 64

static bool read_provider(struct reading *reading, struct redial_str value, size_t target)
{
    const struct redial_policy *policy = reading->policy;
    struct redial_str names[NAMES_COMPARED_MAX];
    size_t count = 0;
    if (policy_find_provider(policy, value) != NO_INDEX) return read_text(reading, value, target);
    for (; count < policy->provider_count && count < NAMES_COMPARED_MAX; count++)
        names[count] = policy->providers[count].name;
    return unknown_name(reading, "provider", value, names, count);
}

/* The first provider of a platform. */
static bool read_platform(struct reading *reading, struct redial_str value, size_t target)
{
    const struct redial_policy *policy = reading->policy;
    struct redial_str names[NAMES_COMPARED_MAX];
    size_t count = 0;
    for (size_t i = 0; i < policy->provider_count; i++)
        if (str_eq(policy->platforms[policy->providers[i].platform].name, value))
            return read_text(reading, policy->providers[i].name, target);
    for (; count < policy->platform_count && count < NAMES_COMPARED_MAX; count++)
        names[count] = policy->platforms[count].name;
    return unknown_name(reading, "provider on the platform", value, names, count);
}

#define FIELD(field) offsetof(struct explain_facts, field)
static const struct fact_key keys[] = {
    {"status", read_status, FIELD(event.status), "529", "the reply's HTTP status"},
    {"error", read_text, FIELD(event.text[REDIAL_TEXT_ERROR]), "TYPE",
     "the error's type or name, as the platform calls it"},
    {"error_code", read_text, FIELD(event.text[REDIAL_TEXT_ERROR_CODE]), "CODE",
     "a finer code inside it"},
    {"message", read_text, FIELD(event.message), "TEXT", "the error's sentence"},
    {"stop_reason", read_text, FIELD(event.text[REDIAL_TEXT_STOP_REASON]), "WORD",
     "why a successful reply stopped: max_tokens, refusal"},
    {"stream_error", read_stream_error, FIELD(event.text[REDIAL_TEXT_STREAM_ERROR]), "TYPE",
     "an error event inside a stream"},
    {"cause", read_cause, FIELD(event.cause), "ECONNRESET", "what broke the attempt"},
    {"phase", read_phase, FIELD(event.phase), "wait", "how far the attempt had come"},
    {"should_retry", read_should_retry, FIELD(event.should_retry), "false",
     "the x-should-retry header"},
    {"class", read_class, FIELD(class), "CLASS",
     "what it means, instead of asking the classify tables"},
    {"platform", read_platform, FIELD(options.provider), "bedrock", "the first provider on it"},
    {"provider", read_provider, FIELD(options.provider), "NAME", "a provider of the policy"},
    {"model", read_text, FIELD(options.model), "NAME", "the call's model"},
    {"query", read_query, FIELD(options.query), "background", "who waits for the answer"},
    {"mode", read_mode, 0, "unattended", "a mode of the policy"},
    {"attempt", read_attempt, FIELD(attempt), "2",
     "the attempt that ends so; those before it ended alike"},
    {"max_tokens", read_tokens, FIELD(options.max_tokens), "4096", "of the request"},
    {"input_tokens", read_tokens, FIELD(options.input_tokens), "150000", "size of the prompt"},
    {"output_delivered", read_yes, FIELD(delivered), "true", "output had reached the caller"},
};

#define HEADER_KEY "header."

static bool read_header(struct reading *reading, struct redial_str name, struct redial_str value)
{
    struct redial_event *event = &reading->facts->event;
    if (event->header_count == EXPLAIN_HEADERS_MAX) {
        text_append(reading->why, REDIAL_STR("more than 16 headers"));
        return false;
    }
    reading->facts->headers[event->header_count++] = (struct redial_header){name, value};
    event->headers = reading->facts->headers;
    return true;
}

static bool unknown_key(struct reading *reading, struct redial_str name)
{
    struct redial_str names[REDIAL_COUNT_OF(keys)];
    for (size_t i = 0; i < REDIAL_COUNT_OF(keys); i++) names[i] = str_of(keys[i].name);
    size_t closest = str_closest(names, REDIAL_COUNT_OF(keys), name);
    text_printf(reading->why, "unknown fact '%.*s'", REDIAL_STR_ARG(name));
    if (closest != SIZE_MAX)
        text_printf(reading->why, "; did you mean '%.*s'?", REDIAL_STR_ARG(names[closest]));
    return false;
}

static bool read_fact(struct reading *reading, struct redial_str word)
{
    size_t equals = str_find(word, REDIAL_STR("="));
    if (equals == SIZE_MAX) {
        text_printf(reading->why, "'%.*s' is no fact; write KEY=VALUE, such as status=529",
                    REDIAL_STR_ARG(word));
        return false;
    }
    struct redial_str name = str_take(word, equals), value = str_skip(word, equals + 1);
    if (str_starts_with(name, REDIAL_STR(HEADER_KEY)) && name.len > sizeof HEADER_KEY - 1)
        return read_header(reading, str_skip(name, sizeof HEADER_KEY - 1), value);
    for (size_t i = 0; i < REDIAL_COUNT_OF(keys); i++)
        if (str_is(name, keys[i].name)) return keys[i].read(reading, value, keys[i].target);
    return unknown_key(reading, name);
}

bool explain_facts_read(const struct redial_policy *policy, const char *const words[], size_t count,
                        struct explain_facts *facts, struct text *why)
{
    struct reading reading = {policy, facts, why};
    facts->event.kind = REDIAL_EVENT_REPLY;
    facts->options.query = (uint8_t)policy->call.query;
    facts->options.query_given = true;
    facts->attempt = 1;
    for (size_t i = 0; i < count; i++)
        if (!read_fact(&reading, str_of(words[i]))) return false;
    return true;
}

void explain_facts_help(struct text *out)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(keys); i++)
        text_printf(out, "  %s=%-*s %s\n", keys[i].name, (int)(23 - strlen(keys[i].name)),
                    keys[i].value, keys[i].doc);
    text_append(out, REDIAL_STR("  header.NAME=VALUE        a header of the reply\n"));
}
