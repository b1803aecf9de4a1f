/* What a scenario expects of its run. */
#include "simulator/run/scenario_parts.h"

/* ---- Numbers and ranges ---- */

typedef bool parse_fn(struct redial_str text, int64_t *number);

static bool parse_whole(struct redial_str text, int64_t *number)
{
    return str_to_int64(text, number) && *number >= 0;
}

static bool parse_time(struct redial_str text, int64_t *number)
{
    return duration_parse(text, number) == DURATION_OK;
}

/* "5", "1.25": in thousandths. */
static bool parse_ratio(struct redial_str text, int64_t *number)
{
    struct redial_str rest = text, whole;
    int64_t part = 0;
    if (!str_split(&rest, '.', &whole) || !parse_whole(whole, number)) return false;
    if (*number > 1000000000 || rest.len > 3) return false;
    if (rest.len && !parse_whole(rest, &part)) return false;
    for (size_t i = rest.len; i < 3; i++) part *= 10;
    *number = *number * 1000 + part;
    return true;
}

static bool read_range(struct reading *reading, const struct node *value, parse_fn *parse,
                       const char *expected, struct expected_range *range)
{
    if (value->kind != NODE_SCALAR || node_is_null(value))
        return reading_unexpected(reading, value, expected);
    size_t dots = str_find(value->text, REDIAL_STR(".."));
    struct redial_str low = value->text, high = value->text;
    if (dots != SIZE_MAX) {
        low = str_trim(str_take(value->text, dots));
        high = str_trim(str_skip(value->text, dots + 2));
    }
    *range = (struct expected_range){.given = true, .span = value->span};
    if (!parse(low, &range->low) || !parse(high, &range->high))
        return reading_unexpected(reading, value, expected);
    if (range->low <= range->high) return true;
    return scenario_conflict(reading, value->span, "the range ends before it begins",
                             "write the smaller end first");
}

static bool read_number(struct reading *reading, const struct node *value, void *target)
{
    return read_range(reading, value, parse_whole, "a number such as 5, or a range 3..5", target);
}

static bool read_time(struct reading *reading, const struct node *value, void *target)
{
    return read_range(reading, value, parse_time, "a duration such as 2s, or a range 500ms..625ms",
                      target);
}

static bool read_ratio(struct reading *reading, const struct node *value, void *target)
{
    return read_range(reading, value, parse_ratio, "a ratio such as 5 or 1.25, or a range", target);
}

static bool read_ranges(struct reading *reading, const struct node *value, read_fn *read,
                        struct expected_range **list, size_t *count)
{
    *list = scenario_array(reading, items_count(value), sizeof **list);
    if (!*list) return false;
    *count = items_count(value);
    bool right = true;
    for (size_t i = 0; i < *count; i++)
        right = read(reading, items_at(value, i), &(*list)[i]) && right;
    return right;
}

static bool read_waits(struct reading *reading, const struct node *value, void *target)
{
    struct expect *expect = target;
    expect->waits_given = true;
    expect->waits_span = value->span;
    if (value->kind != NODE_SEQUENCE)
        return reading_unexpected(reading, value, "the waits as a list ([500ms..625ms, 2s])");
    return read_ranges(reading, value, read_time, &expect->waits, &expect->wait_count);
}

/* ---- Words ---- */

static bool read_one_word(struct reading *reading, const struct node *value,
                          const struct names *names, struct expected_word *word)
{
    *word = (struct expected_word){.span = value->span};
    if (!read_text(reading, value, &word->text)) return false;
    return !names || read_word(reading, value, names, &word->row);
}

/* NULL names: free text. */
static bool read_words(struct reading *reading, const struct node *value, const struct names *names,
                       struct expected_words *words)
{
    size_t count = items_count(value);
    words->given = true;
    words->span = value->span;
    words->list = scenario_array(reading, count, sizeof *words->list);
    if (!words->list) return false;
    words->count = count;
    bool right = true;
    for (size_t i = 0; i < count; i++)
        right = read_one_word(reading, items_at(value, i), names, &words->list[i]) && right;
    return right;
}

static bool read_free_words(struct reading *reading, const struct node *value, void *target)
{
    return read_words(reading, value, NULL, target);
}

static bool read_outcome(struct reading *reading, const struct node *value, void *target)
{
    return read_words(reading, value, &reason_names, target);
}

static bool read_repairs(struct reading *reading, const struct node *value, void *target)
{
    return read_words(reading, value, &step_names, target);
}

static bool read_dropped(struct reading *reading, const struct node *value, void *target)
{
    return read_words(reading, value, &feature_names, target);
}

/* `none` reads better than 0. */
static bool read_telemetry(struct reading *reading, const struct node *value, void *target)
{
    struct expected_range *range = target;
    if (value->kind != NODE_SCALAR || !str_is(value->text, "none"))
        return read_range(reading, value, parse_whole, "a number of records, or none", target);
    *range = (struct expected_range){.given = true, .span = value->span};
    return true;
}

static bool read_classes(struct reading *reading, const struct node *value, void *target)
{
    return read_words(reading, value, &class_names, target);
}

static bool read_free_word(struct reading *reading, const struct node *value, void *target)
{
    return read_one_word(reading, value, NULL, target);
}

/* ---- Requests ---- */

static const struct name connection_rows[] = {
    [CONNECTION_ANY] = {"any", "whichever"},
    [CONNECTION_IS_NEW] = {"new", "opened for this request"},
    [CONNECTION_IS_REUSED] = {"reused", "kept alive from an earlier one"},
};
static const struct names connection_names = {"connection", connection_rows,
                                              REDIAL_COUNT_OF(connection_rows)};

static const struct name prefill_rows[] = {{"absent", "ends in the prompt"},
                                           {"present", "ends in a message of the assistant"}};
static const struct names prefill_names = {"prefill", prefill_rows, REDIAL_COUNT_OF(prefill_rows)};

static bool read_prefill(struct reading *reading, const struct node *value, void *target)
{
    return read_one_word(reading, value, &prefill_names, target);
}

static const struct name speed_rows[] = {{"standard", "without fast mode"},
                                         {"fast", "with speed: fast and its beta header"}};
static const struct names speed_words = {"speed", speed_rows, REDIAL_COUNT_OF(speed_rows)};

static bool read_speed(struct reading *reading, const struct node *value, void *target)
{
    return read_one_word(reading, value, &speed_words, target);
}

static bool read_connection(struct reading *reading, const struct node *value, void *target)
{
    return read_one_word(reading, value, &connection_names, target);
}

/* `present`, `absent`, or a glob over the value. */
static bool read_headers(struct reading *reading, const struct node *value, void *target)
{
    struct expected_request *request = target;
    struct scenario *scenario = reading->context;
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "headers as a mapping (name: present)");
    request->headers = scenario_array(reading, value->count, sizeof *request->headers);
    if (!request->headers) return false;
    scenario->looks_at_headers = true;
    request->header_count = value->count;
    bool right = true;
    for (size_t i = 0; i < value->count; i++) {
        struct expected_header *header = &request->headers[i];
        header->name = value->keys[i]->text;
        header->span = value->keys[i]->span;
        right = read_text(reading, value->values[i], &header->pattern) && right;
        header->kind = str_is(header->pattern, "present")  ? HEADER_PRESENT
                       : str_is(header->pattern, "absent") ? HEADER_ABSENT
                                                           : HEADER_MATCHES;
    }
    return right;
}

#define AT(field) offsetof(struct expected_request, field)
static const struct key request_keys[] = {
    {"provider", read_free_word, AT(provider), "who got it", "name", false},
    {"model", read_free_word, AT(model), "as the policy names it", "name", false},
    {"max_tokens", read_number, AT(max_tokens), "its output limit", "number", false},
    {"input_tokens", read_number, AT(input_tokens), "the size of its prompt", "number", false},
    {"credential", read_number, AT(credential), "0 for the first, 1 after one refresh", "number",
     false},
    {"connection", read_connection, AT(connection), "new or reused", "word", false},
    {"prefill", read_prefill, AT(prefill), "present or absent", "word", false},
    {"speed", read_speed, AT(speed), "fast or standard", "word", false},
    {"betas", read_free_word, AT(betas),
     "its flags of anthropic-beta, joined by commas without blanks; or absent", "text", false},
    {"headers", read_headers, 0, "present, absent, or a pattern", "mapping", false},
};
#undef AT
static const struct keys request_key_table = {"a request", request_keys,
                                              REDIAL_COUNT_OF(request_keys)};

static bool read_one_request(struct reading *reading, const struct node *value,
                             struct expected_request *request)
{
    request->span = value->span;
    return keys_read(reading, &request_key_table, value, request);
}

static bool read_last_request(struct reading *reading, const struct node *value, void *target)
{
    struct expected_request **request = target;
    *request = scenario_array(reading, 1, sizeof **request);
    return *request && read_one_request(reading, value, *request);
}

static bool read_requests(struct reading *reading, const struct node *value, void *target)
{
    struct expect *expect = target;
    if (value->kind != NODE_SEQUENCE)
        return reading_unexpected(reading, value, "the requests as a list, one per attempt");
    expect->requests = scenario_array(reading, value->count, sizeof *expect->requests);
    if (!expect->requests) return false;
    expect->requests_given = true;
    expect->requests_span = value->span;
    expect->request_count = value->count;
    bool right = true;
    for (size_t i = 0; i < value->count; i++)
        right = read_one_request(reading, value->items[i], &expect->requests[i]) && right;
    return right;
}

/* ---- Never ---- */

static bool read_statuses(struct reading *reading, const struct node *value, void *target)
{
    struct expect *expect = target;
    return read_ranges(reading, value, read_number, &expect->never.statuses,
                       &expect->never.status_count);
}

#define AT(field) offsetof(struct expect, never.field)
static const struct key never_keys[] = {
    {"rule", read_free_words, AT(rules), "a rule that must not decide", "names", false},
    {"class", read_classes, AT(classes), "a class that must not be met", "classes", false},
    {"status", read_statuses, 0, "a status that must not be met", "numbers", false},
    {"text", read_free_words, AT(texts), "a text that must not stand in the story", "texts", false},
    {"secret", read_free_words, AT(secrets),
     "a text that must not stand in the story, as text or JSON", "texts", false},
};
#undef AT
static const struct keys never_key_table = {"`never`", never_keys, REDIAL_COUNT_OF(never_keys)};

static bool read_never(struct reading *reading, const struct node *value, void *target)
{
    return keys_read(reading, &never_key_table, value, target);
}

/* ---- All of it ---- */

static bool read_function(struct reading *reading, const struct node *value, void *target)
{
    struct expect *expect = target;
    expect->function_span = value->span;
    return scenario_read_function(reading, value, &expect->function);
}

static bool read_story(struct reading *reading, const struct node *value, void *target)
{
    const struct node **story = target;
    *story = value;
    if (value->kind == NODE_SCALAR && value->block_indent > 0) return true;
    if (node_is_null(value) || (value->kind == NODE_SCALAR && value->text.len == 0)) return true;
    return reading_unexpected(reading, value, "the story as a block, `story: |` and its lines");
}

#define AT(field) offsetof(struct expect, field)
static const struct key expect_keys[] = {
    {"outcome", read_outcome, AT(outcome), "how each call ends", "reason, or one per call", false},
    {"model", read_free_word, AT(model), "that the calls end with", "name", false},
    {"provider", read_free_word, AT(provider), "that the calls end with", "name", false},
    {"attempts", read_number, AT(attempts), "of all calls", "number", false},
    {"retries", read_number, AT(retries), "of all calls", "number", false},
    {"amplification", read_ratio, AT(amplification), "attempts per call", "ratio", false},
    {"rules", read_free_words, AT(rules), "the rule that decided each failure", "names", false},
    {"repairs", read_repairs, AT(repairs), "in order", "steps", false},
    {"dropped_features", read_dropped, AT(dropped), "what some leg went without, in any order",
     "features", false},
    {"telemetry", read_telemetry, AT(telemetry), "records of attempts that were sent",
     "number or none", false},
    {"waits", read_waits, 0, "in order", "durations", false},
    {"total_wait", read_time, AT(total_wait), "of all calls", "duration", false},
    {"elapsed", read_time, AT(elapsed), "until the last call ended", "duration", false},
    {"request", read_last_request, AT(last_request), "what the last attempt carried", "request",
     false},
    {"requests", read_requests, 0, "what each attempt carried", "list of requests", false},
    {"state", scenario_read_state, 0, "how guards and modes stand after the run",
     "{budget NAME: 480, breaker NAME: open, mode fast: on}", false},
    {"never", read_never, 0, "what must not happen", "mapping", false},
    {"lua", read_function, 0, "a function that looks at all of it: true, or what is wrong",
     "function", false},
    {"story", read_story, AT(story), "the whole story, line by line", "block", false},
};
#undef AT
static const struct keys keys = {"`expect`", expect_keys, REDIAL_COUNT_OF(expect_keys)};

bool scenario_read_expect(struct reading *reading, const struct node *value, void *target)
{
    struct expect *expect = target;
    expect->given = true;
    expect->span = value->span;
    return keys_read(reading, &keys, value, expect);
}

/* ---- Shapes ---- */

#define A_RANGE AS_WHOLE_OR(0, 0, AS_MATCHES("^[ \t]*[0-9]+[ \t]*\\.\\.[ \t]*[0-9]+[ \t]*$"))
#define A_TIME  AS_MATCHES("^[ \t]*" ONE_DURATION "(\\.\\.[ \t]*" ONE_DURATION ")?$")

const struct shape_row scenario_expect_shapes[] = {
    {read_number, A_RANGE},
    {read_time, A_TIME},
    {read_ratio, AS_NUMBER_OR(0, 0, AS_MATCHES("^[0-9.]+(\\.\\.[0-9.]+)?$"))},
    {read_waits, AS_LIST(A_TIME)},
    {read_free_words, AS_ITEMS(AS_TEXT)},
    {read_outcome, AS_ITEMS(AS_WORD(reason_names))},
    {read_repairs, AS_ITEMS(AS_WORD(step_names))},
    {read_classes, AS_ITEMS(AS_WORD(class_names))},
    {read_free_word, AS_TEXT},
    {read_connection, AS_WORD(connection_names)},
    {read_speed, AS_WORD(speed_words)},
    {read_headers, AS_NAMED(AS_TEXT)},
    {read_last_request, AS_KEYS(request_key_table)},
    {read_requests, AS_LIST(AS_KEYS(request_key_table))},
    {read_never, AS_KEYS(never_key_table)},
    {read_statuses, AS_ITEMS(A_RANGE)},
    {read_function, AS_TEXT},
    {read_story, AS_TEXT},
    {scenario_read_expect, AS_KEYS(keys)},
    {read_dropped, AS_ITEMS(AS_WORD(feature_names))},
    {read_telemetry,
     AS_WHOLE_OR(0, 0, AS_MATCHES_OR("^[0-9]+[ \t]*\\.\\.[ \t]*[0-9]+$", AS_EXACTLY("none")))},
    {read_prefill, AS_WORD(prefill_names)},
    {0},
};
