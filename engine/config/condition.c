/* `when`: a word or a mapping of facts becomes a tree of conditions. Each fact is a row of
 * when_keys; several keys in one mapping all have to hold, a list means one of. */
#include "config/reader.h"

/* A mapping while it is read: one part per key, in the order in which they are cheapest to check.
 */
struct when {
    const struct condition *fact[FACT_COUNT];
    const struct condition *any, *all, *not ;
};
#define WHEN_PARTS (sizeof(struct when) / sizeof(const struct condition *))

static struct condition *condition_new(struct reading *reading, enum condition_kind kind,
                                       enum fact fact, const struct node *value, size_t count)
{
    struct condition *condition = ARENA_NEW(reading->arena, struct condition);
    if (!condition) {
        reading_out_of_memory(reading);
        return NULL;
    }
    condition->kind = kind;
    condition->fact = fact;
    condition->span = value->span;
    condition->count = count;
    return condition;
}

/* Room for `count` children; NULL when memory is out. */
static const struct condition **children_new(struct reading *reading, size_t count)
{
    const struct condition **children =
        ARENA_ARRAY(reading->arena, const struct condition *, count);
    if (!children) reading_out_of_memory(reading);
    return children;
}

/* One condition of several: the only one itself, or all or any of them. */
static bool join(struct reading *reading, enum condition_kind kind, const struct node *value,
                 const struct condition **parts, size_t count, const struct condition **out)
{
    if (count == 1) {
        *out = parts[0];
        return true;
    }
    struct condition *joined = condition_new(reading, kind, FACT_CLASS, value, count);
    if (!joined) return false;
    joined->children = parts;
    *out = joined;
    return true;
}

/* ---- Words and names: one of
 * --------------------------------------------------------------------------------------------- */

/* A list that holds something: an empty one would match nothing. */
static bool has_items(struct reading *reading, const struct node *value)
{
    if (items_count(value) > 0) return true;
    diag_error(reading->diags, "empty-list", value->span, "this list is empty: it matches nothing");
    return false;
}

struct one_of {
    uint32_t *values;
    struct redial_str *words;
    size_t count;
};

static bool one_of_begin(struct reading *reading, size_t room, struct one_of *list)
{
    list->values = ARENA_ARRAY(reading->arena, uint32_t, room);
    list->words = ARENA_ARRAY(reading->arena, struct redial_str, room);
    list->count = 0;
    return (list->values && list->words) || reading_out_of_memory(reading);
}

static bool one_of_add(struct reading *reading, struct one_of *list, const struct node *item,
                       uint32_t value)
{
    list->values[list->count] = value;
    return read_text(reading, item, &list->words[list->count++]);
}

static bool one_of_end(struct reading *reading, const struct one_of *list, enum fact fact,
                       const struct node *value, const struct condition **out)
{
    struct condition *condition =
        condition_new(reading, CONDITION_ONE_OF, fact, value, list->count);
    if (!condition) return false;
    condition->values = list->values;
    condition->words = list->words;
    *out = condition;
    return true;
}

/* What one item stands for, as the small number that the fact holds. */
typedef bool value_of_fn(struct reading *reading, const struct node *item, enum fact fact,
                         uint32_t *value);

static bool read_one_of(struct reading *reading, const struct node *value, enum fact fact,
                        value_of_fn *value_of, void *target)
{
    struct one_of list;
    if (!has_items(reading, value) || !one_of_begin(reading, items_count(value), &list))
        return false;
    bool right = true;
    for (size_t i = 0; i < items_count(value); i++) {
        const struct node *item = items_at(value, i);
        uint32_t number;
        right = value_of(reading, item, fact, &number) &&
                one_of_add(reading, &list, item, number) && right;
    }
    return right && one_of_end(reading, &list, fact, value, target);
}

static const struct names *const words_of_fact[FACT_KEYS] = {
    [FACT_CLASS] = &class_names,
    [FACT_CAUSE] = &cause_names,
    [FACT_PHASE] = &phase_names,
    [FACT_QUERY] = &query_names,
};

/* The lists begin with "none", which no decision is ever asked about; queries have no such word. */
static bool value_of_word(struct reading *reading, const struct node *item, enum fact fact,
                          uint32_t *value)
{
    struct names names = *words_of_fact[fact];
    int skipped = fact == FACT_QUERY ? 0 : 1, row;
    names.rows += skipped;
    names.count -= (size_t)skipped;
    if (!read_word(reading, item, &names, &row)) return false;
    *value = (uint32_t)(row + skipped);
    return true;
}

/* Texts that a condition names exactly are numbered, so that a reply's text is looked up once. */
static bool value_of_symbol(struct reading *reading, const struct node *item, enum fact fact,
                            uint32_t *value)
{
    if (item->kind != NODE_SCALAR || item->text.len == 0)
        return reading_unexpected(reading, item, "a name, written exactly as the platform does");
    if (str_find(item->text, REDIAL_STR("*")) != SIZE_MAX) {
        struct diag *diag = diag_error(reading->diags, "not-a-pattern", item->span,
                                       "%s is compared exactly: '*' stands for nothing here",
                                       fact_names.rows[fact].word);
        diag_cure(reading->diags, diag, "`message` and `header` take patterns");
        return false;
    }
    struct config *config = config_of(reading);
    struct redial_str text;
    size_t number;
    bool is_new;
    if (!read_text(reading, item, &text)) return false;
    if (!name_map_add(&config->symbols, reading->arena, text, &number, &is_new))
        return reading_out_of_memory(reading);
    *value = (uint32_t)number + 1;
    return true;
}

static bool value_of_name(struct reading *reading, const struct node *item, enum fact fact,
                          uint32_t *value)
{
    struct config *config = config_of(reading);
    uint16_t index = NO_INDEX;
    if (fact == FACT_PLATFORM)
        index = config_platform(config, item);
    else if (fact == FACT_PROVIDER)
        index = config_find(config, &config->providers, "provider", item);
    else
        index = config_model(config, item);
    *value = index;
    return index != NO_INDEX;
}

static bool value_of_should_retry(struct reading *reading, const struct node *item, enum fact fact,
                                  uint32_t *value)
{
    (void)fact;
    static const char *const words[] = {"absent", "true", "false"};
    for (uint32_t i = 0; i < REDIAL_COUNT_OF(words); i++)
        if (item->kind == NODE_SCALAR && str_is(item->text, words[i])) {
            *value = i;
            return true;
        }
    return reading_unexpected(reading, item, "true, false or absent");
}

/* ---- Patterns
 * ------------------------------------------------------------------------------------------------------
 */

static struct glob glob_of(struct redial_str pattern)
{
    struct glob glob = {pattern, pattern, GLOB_EXACT};
    bool open_begin = str_starts_with(pattern, REDIAL_STR("*"));
    bool open_end = pattern.len > 1 && str_ends_with(pattern, REDIAL_STR("*"));
    if (open_begin) glob.literal = str_skip(glob.literal, 1);
    if (open_end) glob.literal = str_take(glob.literal, glob.literal.len - 1);
    for (size_t i = 0; i < glob.literal.len; i++)
        if (glob.literal.ptr[i] == '*' || glob.literal.ptr[i] == '?' || glob.literal.ptr[i] == '\\')
            return (struct glob){pattern, {0}, GLOB_GENERAL};
    glob.form = open_begin && open_end ? GLOB_CONTAINS
                : open_begin           ? GLOB_SUFFIX
                : open_end             ? GLOB_PREFIX
                                       : GLOB_EXACT;
    return glob;
}

static bool read_globs(struct reading *reading, const struct node *value, enum fact fact,
                       void *target)
{
    const struct condition **out = target;
    size_t count = items_count(value);
    struct condition *condition = condition_new(reading, CONDITION_GLOB, fact, value, count);
    struct glob *globs = ARENA_ARRAY(reading->arena, struct glob, count);
    struct redial_str *words = ARENA_ARRAY(reading->arena, struct redial_str, count);
    if (!condition) return false;
    if (!globs || !words) return reading_out_of_memory(reading);
    bool right = has_items(reading, value);
    for (size_t i = 0; i < count; i++) {
        const struct node *item = items_at(value, i);
        if (item->kind != NODE_SCALAR || item->text.len == 0)
            right = reading_unexpected(reading, item, "a pattern, such as \"*too long*\"");
        else if (!read_text(reading, item, &words[i]))
            right = false;
        else
            globs[i] = glob_of(words[i]);
    }
    condition->globs = globs;
    condition->words = words;
    *out = condition;
    return right;
}

static bool is_pattern(const struct node *item)
{
    return item->kind == NODE_SCALAR && (str_find(item->text, REDIAL_STR("*")) != SIZE_MAX ||
                                         str_find(item->text, REDIAL_STR("?")) != SIZE_MAX);
}

/* Exact names become indices, which the matcher finds by hashing; patterns stay patterns. */
static bool read_models(struct reading *reading, const struct node *value, enum fact fact,
                        void *target)
{
    size_t patterns = 0, count = items_count(value);
    for (size_t i = 0; i < count; i++) patterns += is_pattern(items_at(value, i));
    if (patterns == 0) return read_one_of(reading, value, fact, value_of_name, target);
    if (patterns == count) return read_globs(reading, value, fact, target);
    const struct condition **parts = children_new(reading, count);
    if (!parts) return false;
    bool right = true;
    for (size_t i = 0; i < count; i++) {
        const struct node *item = value->items[i];
        right = (is_pattern(item) ? read_globs(reading, item, fact, &parts[i])
                                  : read_one_of(reading, item, fact, value_of_name, &parts[i])) &&
                right;
    }
    return join(reading, CONDITION_ANY, value, parts, count, target) && right;
}

static bool read_header(struct reading *reading, const struct node *value, enum fact fact,
                        void *target)
{
    if (value->kind != NODE_MAPPING || value->count == 0)
        return reading_unexpected(reading, value, "a header and its pattern: {name: pattern}");
    const struct condition **parts = children_new(reading, value->count);
    if (!parts) return false;
    bool right = true;
    for (size_t i = 0; i < value->count; i++) {
        struct condition *part = NULL;
        right = read_globs(reading, value->values[i], fact, &part) && right;
        parts[i] = part;
        if (!part) return false;
        right = read_text(reading, value->keys[i], &part->header) && right;
    }
    return join(reading, CONDITION_ALL, value, parts, value->count, target) && right;
}

/* ---- Numbers
 * -------------------------------------------------------------------------------------------------------
 */

struct range {
    int64_t low, high;
};

static bool range_new(struct reading *reading, enum fact fact, const struct node *item,
                      struct range range, const struct condition **out)
{
    struct condition *condition = condition_new(reading, CONDITION_RANGE, fact, item, 0);
    if (!condition) return false;
    condition->range.low = range.low;
    condition->range.high = range.high;
    *out = condition;
    return true;
}

/* "500..599"; false when the item has no "..". */
static bool parse_dots(struct redial_str text, struct range *range)
{
    size_t at = str_find(text, REDIAL_STR(".."));
    if (at == SIZE_MAX) return false;
    return str_to_int64(str_trim(str_take(text, at)), &range->low) &&
           str_to_int64(str_trim(str_skip(text, at + 2)), &range->high) &&
           range->low <= range->high;
}

/* "5xx" */
static bool parse_hundred(struct redial_str text, struct range *range)
{
    if (text.len != 3 || text.ptr[0] < '1' || text.ptr[0] > '5') return false;
    if (!str_eq_nocase(str_skip(text, 1), REDIAL_STR("xx"))) return false;
    range->low = (text.ptr[0] - '0') * 100;
    range->high = range->low + 99;
    return true;
}

#define STATUS_MIN 100
#define STATUS_MAX 599

static bool read_status_item(struct reading *reading, const struct node *item, struct range *range)
{
    struct redial_str text = item->kind == NODE_SCALAR ? item->text : (struct redial_str){0};
    if (!parse_hundred(text, range) && !parse_dots(text, range)) {
        if (!str_to_int64(text, &range->low))
            return reading_unexpected(reading, item,
                                      "an HTTP status, such as 429, 500..599 or 5xx");
        range->high = range->low;
    }
    if (range->low >= STATUS_MIN && range->high <= STATUS_MAX) return true;
    struct redial_str written = node_written(item);
    struct diag *diag = diag_error(reading->diags, "out-of-range", item->span,
                                   "'%.*s' is no HTTP status", REDIAL_STR_ARG(written));
    diag_cure(reading->diags, diag, "statuses are %d to %d", STATUS_MIN, STATUS_MAX);
    return false;
}

/* Exact statuses first, since the matcher indexes them, then the ranges. */
static bool read_status(struct reading *reading, const struct node *value, enum fact fact,
                        void *target)
{
    size_t count = items_count(value), part_count = 0;
    struct one_of exact;
    const struct condition **parts = children_new(reading, count + 1);
    if (!has_items(reading, value) || !parts || !one_of_begin(reading, count, &exact)) return false;
    bool right = true;
    for (size_t i = 0; i < count; i++) {
        const struct node *item = items_at(value, i);
        struct range range;
        if (!read_status_item(reading, item, &range))
            right = false;
        else if (range.low == range.high)
            right = one_of_add(reading, &exact, item, (uint32_t)range.low) && right;
        else
            right = range_new(reading, fact, item, range, &parts[part_count++]) && right;
    }
    if (!right) return false;
    if (exact.count > 0) {
        if (!one_of_end(reading, &exact, fact, value, &parts[part_count])) return false;
        part_count++;
    }
    return join(reading, CONDITION_ANY, value, parts, part_count, target);
}

/* {over: …, under: …}, both excluded. */
struct bounds {
    int64_t over, under;
};

static bool read_plain_number(struct reading *reading, const struct node *value, void *target)
{
    return read_whole(reading, value, 0, INT32_MAX, target);
}

static const struct key number_bound_keys[] = {
    {"over", read_plain_number, offsetof(struct bounds, over), "more than this", "number", false},
    {"under", read_plain_number, offsetof(struct bounds, under), "less than this", "number", false},
};
static const struct keys number_bounds = {"a bound", number_bound_keys,
                                          REDIAL_COUNT_OF(number_bound_keys)};
static const struct key duration_bound_keys[] = {
    {"over", read_duration, offsetof(struct bounds, over), "longer than this", "duration", false},
    {"under", read_duration, offsetof(struct bounds, under), "shorter than this", "duration",
     false},
};
static const struct keys duration_bounds = {"a bound", duration_bound_keys,
                                            REDIAL_COUNT_OF(duration_bound_keys)};

static bool read_bounds(struct reading *reading, const struct keys *keys, const struct node *value,
                        struct range *range)
{
    struct bounds bounds = {-1, INT64_MAX};
    if (!keys_read(reading, keys, value, &bounds)) return false;
    range->low = duration_add(bounds.over, 1);
    range->high = bounds.under == INT64_MAX ? INT64_MAX : bounds.under - 1;
    if (value->count > 0 && range->low <= range->high) return true;
    diag_error(reading->diags, "never-matches", value->span, "nothing lies within these bounds");
    return false;
}

static bool read_number_item(struct reading *reading, const struct node *item, struct range *range)
{
    if (item->kind == NODE_MAPPING) return read_bounds(reading, &number_bounds, item, range);
    if (item->kind == NODE_SCALAR && parse_dots(item->text, range)) return true;
    if (item->kind != NODE_SCALAR || !str_to_int64(item->text, &range->low) || range->low < 0)
        return reading_unexpected(reading, item, "a number, such as 3, 2..5 or {over: 4}");
    range->high = range->low;
    return true;
}

static bool read_numbers(struct reading *reading, const struct node *value, enum fact fact,
                         void *target)
{
    size_t count = items_count(value);
    const struct condition **parts = children_new(reading, count);
    if (!has_items(reading, value) || !parts) return false;
    bool right = true;
    for (size_t i = 0; i < count; i++) {
        struct range range;
        const struct node *item = items_at(value, i);
        right = read_number_item(reading, item, &range) &&
                range_new(reading, fact, item, range, &parts[i]) && right;
    }
    return right && join(reading, CONDITION_ANY, value, parts, count, target);
}

static bool read_span(struct reading *reading, const struct node *value, enum fact fact,
                      void *target)
{
    struct range range;
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "a bound, such as {over: 5m} or {under: 30s}");
    return read_bounds(reading, &duration_bounds, value, &range) &&
           range_new(reading, fact, value, range, target);
}

/* A hint is a number of nanoseconds, −1 when there is none. */
static bool read_hint_fact(struct reading *reading, const struct node *value, enum fact fact,
                           void *target)
{
    if (value->kind == NODE_MAPPING) return read_span(reading, value, fact, target);
    struct range range;
    if (value->kind == NODE_SCALAR && str_is(value->text, "present"))
        range = (struct range){0, INT64_MAX};
    else if (value->kind == NODE_SCALAR && str_is(value->text, "absent"))
        range = (struct range){-1, -1};
    else
        return reading_unexpected(reading, value, "present, absent or a bound such as {over: 1m}");
    return range_new(reading, fact, value, range, target);
}

static bool read_delivered(struct reading *reading, const struct node *value, enum fact fact,
                           void *target)
{
    bool delivered;
    return read_bool(reading, value, &delivered) &&
           range_new(reading, fact, value, (struct range){delivered, delivered}, target);
}

/* ---- The table
 * -----------------------------------------------------------------------------------------------------
 */

/* Facts that exist only once there is a class and a rule to look for. */
enum {
    ONLY_IN_RULES = 1u << FACT_CLASS | 1u << FACT_PROVIDER | 1u << FACT_MODEL | 1u << FACT_QUERY |
                    1u << FACT_ATTEMPT | 1u << FACT_RETRIES | 1u << FACT_ELAPSED |
                    1u << FACT_WAITED | 1u << FACT_OUTPUT_DELIVERED | 1u << FACT_HINT
};

static bool is_known_here(struct reading *reading, const struct node *value, enum fact fact)
{
    if (config_of(reading)->place == CONDITION_IN_RULE || !(ONLY_IN_RULES & 1u << fact))
        return true;
    struct diag *diag =
        diag_error(reading->diags, "not-known-here", value->span,
                   "'%s' says nothing in a classify row", fact_names.rows[fact].word);
    diag_cure(reading->diags, diag,
              "classify rows look at the reply alone; rules look at the call too");
    return false;
}

#define FACT_READER(word, FACT, call)                                                              \
    static bool when_##word(struct reading *reading, const struct node *value, void *target)       \
    {                                                                                              \
        const enum fact fact = (FACT);                                                             \
        return is_known_here(reading, value, fact) && (call);                                      \
    }

FACT_READER(class, FACT_CLASS, read_one_of(reading, value, fact, value_of_word, target))
FACT_READER(status, FACT_STATUS, read_status(reading, value, fact, target))
FACT_READER(error, FACT_ERROR, read_one_of(reading, value, fact, value_of_symbol, target))
FACT_READER(error_code, FACT_ERROR_CODE, read_one_of(reading, value, fact, value_of_symbol, target))
FACT_READER(stream_error, FACT_STREAM_ERROR,
            read_one_of(reading, value, fact, value_of_symbol, target))
FACT_READER(stop_reason, FACT_STOP_REASON,
            read_one_of(reading, value, fact, value_of_symbol, target))
FACT_READER(cause, FACT_CAUSE, read_one_of(reading, value, fact, value_of_word, target))
FACT_READER(phase, FACT_PHASE, read_one_of(reading, value, fact, value_of_word, target))
FACT_READER(platform, FACT_PLATFORM, read_one_of(reading, value, fact, value_of_name, target))
FACT_READER(provider, FACT_PROVIDER, read_one_of(reading, value, fact, value_of_name, target))
FACT_READER(model, FACT_MODEL, read_models(reading, value, fact, target))
FACT_READER(query, FACT_QUERY, read_one_of(reading, value, fact, value_of_word, target))
FACT_READER(should_retry, FACT_SHOULD_RETRY,
            read_one_of(reading, value, fact, value_of_should_retry, target))
FACT_READER(message, FACT_MESSAGE, read_globs(reading, value, fact, target))
FACT_READER(header, FACT_HEADER, read_header(reading, value, fact, target))
FACT_READER(attempt, FACT_ATTEMPT, read_numbers(reading, value, fact, target))
FACT_READER(retries, FACT_RETRIES, read_numbers(reading, value, fact, target))
FACT_READER(elapsed, FACT_ELAPSED, read_span(reading, value, fact, target))
FACT_READER(waited, FACT_WAITED, read_span(reading, value, fact, target))
FACT_READER(output_delivered, FACT_OUTPUT_DELIVERED, read_delivered(reading, value, fact, target))
FACT_READER(hint, FACT_HINT, read_hint_fact(reading, value, fact, target))

static bool read_several(struct reading *reading, const struct node *value,
                         enum condition_kind kind, void *target)
{
    if (value->kind != NODE_SEQUENCE)
        return reading_unexpected(reading, value, "a list of conditions");
    if (!has_items(reading, value)) return false;
    const struct condition **parts = children_new(reading, value->count);
    if (!parts) return false;
    bool right = true;
    for (size_t i = 0; i < value->count; i++)
        right = read_condition(reading, value->items[i], &parts[i]) && right;
    return right && join(reading, kind, value, parts, value->count, target);
}

static bool when_any(struct reading *reading, const struct node *value, void *target)
{
    return read_several(reading, value, CONDITION_ANY, target);
}

static bool when_all(struct reading *reading, const struct node *value, void *target)
{
    return read_several(reading, value, CONDITION_ALL, target);
}

static bool when_not(struct reading *reading, const struct node *value, void *target)
{
    const struct condition **out = target, **child = children_new(reading, 1);
    if (!child || !read_condition(reading, value, child)) return false;
    struct condition *condition = condition_new(reading, CONDITION_NOT, FACT_CLASS, value, 1);
    if (!condition) return false;
    condition->children = child;
    *out = condition;
    return true;
}

#define AT(FACT) offsetof(struct when, fact) + sizeof(const struct condition *) * (FACT)
/* clang-format off */
static const struct key when_keys[] = {
    {"class",            when_class,            AT(FACT_CLASS),            "what the event means",                                  "class or list of classes", false},
    {"status",           when_status,           AT(FACT_STATUS),           "the HTTP status",                                       "429, 500..599, 5xx or a list", false},
    {"error",            when_error,            AT(FACT_ERROR),            "the platform's error type or name, exactly",            "text or list", false},
    {"error_code",       when_error_code,       AT(FACT_ERROR_CODE),       "the code in the error's details, exactly",              "text or list", false},
    {"stream_error",     when_stream_error,     AT(FACT_STREAM_ERROR),     "the error type inside a streamed reply, exactly",       "text or list", false},
    {"stop_reason",      when_stop_reason,      AT(FACT_STOP_REASON),      "why the model stopped, exactly",                        "text or list", false},
    {"cause",            when_cause,            AT(FACT_CAUSE),            "what broke the attempt",                                "cause or list of causes", false},
    {"phase",            when_phase,            AT(FACT_PHASE),            "how far the attempt had come",                          "phase or list of phases", false},
    {"platform",         when_platform,         AT(FACT_PLATFORM),         "the platform of the leg",                               "platform or list", false},
    {"provider",         when_provider,         AT(FACT_PROVIDER),         "the provider of the leg",                               "provider or list", false},
    {"model",            when_model,            AT(FACT_MODEL),            "the model of the leg",                                  "name or pattern, or list", false},
    {"query",            when_query,            AT(FACT_QUERY),            "whether a person waits for the answer",                 "foreground or background", false},
    {"should_retry",     when_should_retry,     AT(FACT_SHOULD_RETRY),     "the header x-should-retry",                             "true, false or absent", false},
    {"message",          when_message,          AT(FACT_MESSAGE),          "the error's sentence",                                  "pattern or list of patterns", false},
    {"header",           when_header,           AT(FACT_HEADER),           "headers of the reply, each by a pattern, without case", "mapping of names to patterns", false},
    {"attempt",          when_attempt,          AT(FACT_ATTEMPT),          "attempts of the call so far",                           "3, 2..5, {over: 4} or a list", false},
    {"retries",          when_retries,          AT(FACT_RETRIES),          "retries of the leg so far",                             "3, 2..5, {over: 4} or a list", false},
    {"elapsed",          when_elapsed,          AT(FACT_ELAPSED),          "time since the call began",                             "{over: duration, under: duration}", false},
    {"waited",           when_waited,           AT(FACT_WAITED),           "time the call has spent waiting",                       "{over: duration, under: duration}", false},
    {"output_delivered", when_output_delivered, AT(FACT_OUTPUT_DELIVERED), "whether the caller already has output",                 "true or false", false},
    {"hint",             when_hint,             AT(FACT_HINT),             "the server's word on waiting",                          "present, absent or {over: duration}", false},
    {"any",              when_any,              offsetof(struct when, any), "one of these conditions holds",                        "list of conditions", false},
    {"all",              when_all,              offsetof(struct when, all), "all of these conditions hold",                         "list of conditions", false},
    {"not",              when_not,              offsetof(struct when, not), "this condition does not hold",                         "condition", false},
};
/* clang-format on */
static const struct keys when_table = {"a condition", when_keys, REDIAL_COUNT_OF(when_keys)};

static bool read_always(struct reading *reading, const struct node *value,
                        const struct condition **out)
{
    if (value->kind == NODE_SCALAR && str_is(value->text, "always")) {
        *out = condition_new(reading, CONDITION_ALWAYS, FACT_CLASS, value, 0);
        return *out != NULL;
    }
    if (value->kind == NODE_SCALAR && names_find(&class_names, value->text) > 0) {
        struct diag *diag = diag_error(reading->diags, "wrong-type", value->span,
                                       "a class is no condition by itself");
        diag_cure(reading->diags, diag, "write {class: %.*s}", REDIAL_STR_ARG(value->text));
        return false;
    }
    return reading_unexpected(reading, value,
                              "`always` or a condition such as {class: rate_limited}");
}

bool read_condition(struct reading *reading, const struct node *value, void *target)
{
    const struct condition **out = target;
    if (value->kind != NODE_MAPPING) return read_always(reading, value, out);
    if (value->count == 0) {
        struct diag *diag =
            diag_error(reading->diags, "empty-condition", value->span, "this condition is empty");
        diag_cure(reading->diags, diag, "write `when: always` to match everything");
        return false;
    }
    union {
        struct when when;
        const struct condition *parts[WHEN_PARTS];
    } read = {0};
    if (!keys_read(reading, &when_table, value, &read.when)) return false;
    const struct condition **parts = children_new(reading, value->count);
    if (!parts) return false;
    size_t count = 0;
    for (size_t i = 0; i < WHEN_PARTS; i++)
        if (read.parts[i]) parts[count++] = read.parts[i];
    return join(reading, CONDITION_ALL, value, parts, count, out);
}
