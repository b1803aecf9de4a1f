/* `when`: a word or a mapping of facts becomes a tree of conditions. Each fact is a row of
 * when_keys; several keys in one mapping all have to hold, a list means one of. */
#include "config/condition.h"

/* A mapping while it is read: one part per key, in the order in which they are cheapest to check.
 */
struct when {
    const struct condition *fact[FACT_COUNT];
    const struct condition *any, *all, *not ;
};
#define WHEN_PARTS (sizeof(struct when) / sizeof(const struct condition *))

struct condition *condition_new(struct reading *reading, enum condition_kind kind, enum fact fact,
                                const struct node *value, size_t count)
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

const struct condition **condition_children(struct reading *reading, size_t count)
{
    const struct condition **children =
        ARENA_ARRAY(reading->arena, const struct condition *, count);
    if (!children) reading_out_of_memory(reading);
    return children;
}

bool condition_join(struct reading *reading, enum condition_kind kind, const struct node *value,
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

bool condition_has_items(struct reading *reading, const struct node *value)
{
    if (items_count(value) > 0) return true;
    diag_error(reading->diags, "empty-list", value->span, "this list is empty: it matches nothing");
    return false;
}

/* ---- The table */

/* Facts that exist only once there is a class and a rule to look for. */
enum {
    ONLY_IN_RULES = 1u << FACT_CLASS | 1u << FACT_PROVIDER | 1u << FACT_MODEL | 1u << FACT_QUERY |
                    1u << FACT_ATTEMPT | 1u << FACT_RETRIES | 1u << FACT_ELAPSED |
                    1u << FACT_WAITED | 1u << FACT_MODE | 1u << FACT_OUTPUT_DELIVERED |
                    1u << FACT_HINT | 1u << FACT_LUA | 1u << FACT_FEATURE
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

FACT_READER(class, FACT_CLASS, fact_read_words(reading, value, fact, target))
FACT_READER(status, FACT_STATUS, fact_read_status(reading, value, fact, target))
FACT_READER(error, FACT_ERROR, fact_read_symbols(reading, value, fact, target))
FACT_READER(error_code, FACT_ERROR_CODE, fact_read_symbols(reading, value, fact, target))
FACT_READER(stream_error, FACT_STREAM_ERROR, fact_read_symbols(reading, value, fact, target))
FACT_READER(stop_reason, FACT_STOP_REASON, fact_read_symbols(reading, value, fact, target))
FACT_READER(cause, FACT_CAUSE, fact_read_words(reading, value, fact, target))
FACT_READER(phase, FACT_PHASE, fact_read_words(reading, value, fact, target))
FACT_READER(platform, FACT_PLATFORM, fact_read_names(reading, value, fact, target))
FACT_READER(provider, FACT_PROVIDER, fact_read_names(reading, value, fact, target))
FACT_READER(model, FACT_MODEL, fact_read_models(reading, value, fact, target))
FACT_READER(query, FACT_QUERY, fact_read_words(reading, value, fact, target))
FACT_READER(should_retry, FACT_SHOULD_RETRY, fact_read_should_retry(reading, value, fact, target))
FACT_READER(message, FACT_MESSAGE, fact_read_globs(reading, value, fact, target))
FACT_READER(header, FACT_HEADER, fact_read_header(reading, value, fact, target))
FACT_READER(mode, FACT_MODE, fact_read_words(reading, value, fact, target))
FACT_READER(feature, FACT_FEATURE, fact_read_words(reading, value, fact, target))
FACT_READER(attempt, FACT_ATTEMPT, fact_read_numbers(reading, value, fact, target))
FACT_READER(retries, FACT_RETRIES, fact_read_numbers(reading, value, fact, target))
FACT_READER(elapsed, FACT_ELAPSED, fact_read_span(reading, value, fact, target))
FACT_READER(waited, FACT_WAITED, fact_read_span(reading, value, fact, target))
FACT_READER(output_delivered, FACT_OUTPUT_DELIVERED,
            fact_read_delivered(reading, value, fact, target))
FACT_READER(hint, FACT_HINT, fact_read_hint(reading, value, fact, target))
FACT_READER(lua, FACT_LUA, fact_read_lua(reading, value, fact, target))

static bool read_several(struct reading *reading, const struct node *value,
                         enum condition_kind kind, void *target)
{
    if (value->kind != NODE_SEQUENCE)
        return reading_unexpected(reading, value, "a list of conditions");
    if (!condition_has_items(reading, value)) return false;
    const struct condition **parts = condition_children(reading, value->count);
    if (!parts) return false;
    bool right = true;
    for (size_t i = 0; i < value->count; i++)
        right = read_condition(reading, value->items[i], &parts[i]) && right;
    return right && condition_join(reading, kind, value, parts, value->count, target);
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
    const struct condition **out = target, **child = condition_children(reading, 1);
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
    {"message",          when_message,          AT(FACT_MESSAGE),          "the error's sentence",                                  "glob, /regular expression/ or list", false},
    {"header",           when_header,           AT(FACT_HEADER),           "headers of the reply, each by a pattern, without case", "mapping of names to patterns", false},
    {"mode",             when_mode,             AT(FACT_MODE),             "the variation of the policy that the call is in",       "plain or unattended", false},
    {"feature",          when_feature,          AT(FACT_FEATURE),          "a feature that the call wants or requires",              "feature or list of features", false},
    {"attempt",          when_attempt,          AT(FACT_ATTEMPT),          "attempts of the call so far",                           "3, 2..5, {over: 4} or a list", false},
    {"retries",          when_retries,          AT(FACT_RETRIES),          "retries of the leg so far",                             "3, 2..5, {over: 4} or a list", false},
    {"elapsed",          when_elapsed,          AT(FACT_ELAPSED),          "time since the call began",                             "{over: duration, under: duration}", false},
    {"waited",           when_waited,           AT(FACT_WAITED),           "time the call has spent waiting",                       "{over: duration, under: duration}", false},
    {"output_delivered", when_output_delivered, AT(FACT_OUTPUT_DELIVERED), "whether the caller already has output",                 "true or false", false},
    {"hint",             when_hint,             AT(FACT_HINT),             "the server's word on waiting",                          "present, absent or {over: duration}", false},
    {"lua",              when_lua,              AT(FACT_LUA),              "a function of the policy's hooks answers true",         "function", false},
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
    const struct condition **parts = condition_children(reading, value->count);
    if (!parts) return false;
    size_t count = 0;
    for (size_t i = 0; i < WHEN_PARTS; i++)
        if (read.parts[i]) parts[count++] = read.parts[i];
    return condition_join(reading, CONDITION_ALL, value, parts, count, out);
}

/* ---- Shapes */

#define A_RANGE "^[ \t]*-?[0-9]+[ \t]*\\.\\.[ \t]*[0-9]+[ \t]*$"
/* {over, under}: the table stands beside its reader. */
#define AS_LONG                                                                                    \
    {                                                                                              \
        .kind = SHAPE_SAME, .of = &duration_bounds_shape                                           \
    }
#define AS_CONDITION AS_KEYS_OR(when_table, AS_EXACTLY("always"))

const struct shape_row condition_shapes[] = {
    {read_condition, AS_CONDITION},
    {when_class, AS_ITEMS(AS_WORD_FROM(class_names, 1))},
    {when_status,
     AS_ITEMS(AS_WHOLE_OR(100, 599, AS_MATCHES_OR(A_RANGE, AS_MATCHES("^[1-5][xX][xX]$"))))},
    {when_error, AS_ITEMS(AS_TEXT)},
    {when_error_code, AS_ITEMS(AS_TEXT)},
    {when_stream_error, AS_ITEMS(AS_TEXT)},
    {when_stop_reason, AS_ITEMS(AS_TEXT)},
    {when_cause, AS_ITEMS(AS_WORD_FROM(cause_names, 1))},
    {when_phase, AS_ITEMS(AS_WORD_FROM(phase_names, 1))},
    {when_platform, AS_ITEMS(AS_WORD(platform_names))},
    {when_feature, AS_ITEMS(AS_WORD(feature_names))},
    {when_provider, AS_ITEMS(AS_TEXT)},
    {when_model, AS_ITEMS(AS_TEXT)},
    {when_query, AS_ITEMS(AS_WORD(query_names))},
    {when_should_retry, AS_ITEMS(AS_MATCHES_OR("^(true|false|absent)$", AS_BOOL))},
    {when_message, AS_ITEMS(AS_TEXT)},
    {when_header, AS_NAMED(AS_ITEMS(AS_TEXT))},
    {when_mode, AS_ITEMS(AS_WORD(variant_names))},
    {when_attempt,
     AS_ITEMS(AS_WHOLE_OR(
         0, 0, {.kind = SHAPE_MATCHES, .pattern = A_RANGE, .or = &number_bounds_shape}))},
    {when_retries,
     AS_ITEMS(AS_WHOLE_OR(
         0, 0, {.kind = SHAPE_MATCHES, .pattern = A_RANGE, .or = &number_bounds_shape}))},
    {when_elapsed, AS_LONG},
    {when_waited, AS_LONG},
    {when_output_delivered, AS_BOOL},
    {when_hint,
     {.kind = SHAPE_MATCHES, .pattern = "^(present|absent)$", .or = &duration_bounds_shape}},
    {when_any, AS_LIST(AS_CONDITION)},
    {when_all, AS_LIST(AS_CONDITION)},
    {when_not, AS_CONDITION},
    {when_lua, AS_TEXT},
    {0},
};
