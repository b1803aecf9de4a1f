/* The stimulus: which calls are made, when, and with what. */
#include "config/betas.h"
#include "config/features.h"
#include "simulator/run/scenario_parts.h"
#include "simulator/world/conversation.h"

static bool read_credential(struct reading *reading, const struct node *value, void *target)
{
    struct call_script *call = target;
    int row = 0;
    call->chain = value->kind == NODE_SCALAR && str_is(value->text, "chain");
    if (call->chain) return true;
    if (!read_word(reading, value, &credential_names, &row)) return false;
    call->credential = row; /* an unknown word leaves what is an index */
    return true;
}

static bool read_query(struct reading *reading, const struct node *value, void *target)
{
    return read_word(reading, value, &query_names, target);
}

static bool read_call_count(struct reading *reading, const struct node *value, void *target)
{
    int64_t number;
    if (!read_whole(reading, value, 1, SCENARIO_CALLS_MAX, &number)) return false;
    *(int32_t *)target = (int32_t)number;
    return true;
}

static bool read_provider(struct reading *reading, const struct node *value, void *target)
{
    struct call_script *call = target;
    call->provider_span = value->span;
    return read_text(reading, value, &call->provider);
}

static bool read_model(struct reading *reading, const struct node *value, void *target)
{
    struct call_script *call = target;
    call->model_span = value->span;
    return read_text(reading, value, &call->model);
}

static bool is_sendable(struct redial_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f) return false;
    return text.len > 0;
}

/* Who brings headers wants them sent. */
static bool read_own_headers(struct reading *reading, const struct node *value, void *target)
{
    struct call_script *call = target;
    bool right = true;
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "headers as a mapping (x-team: blue)");
    call->headers = scenario_array(reading, value->count, sizeof *call->headers);
    if (!call->headers) return false;
    call->header_count = value->count;
    call->wants.bits |= REDIAL_FEATURE_BIT(REDIAL_FEATURE_CUSTOM_HEADERS);
    for (size_t i = 0; i < value->count; i++) {
        struct redial_header *header = &call->headers[i];
        header->name = value->keys[i]->text;
        right = read_text(reading, value->values[i], &header->value) && right;
        if (!is_sendable(header->name) || !is_sendable(header->value))
            right = reading_unexpected(reading, value->values[i], "one line of a header");
    }
    return right;
}

static bool read_speed(struct reading *reading, const struct node *value, void *target)
{
    static const struct name rows[] = {{"standard", "without fast mode"},
                                       {"fast", "in fast mode, where there is one"}};
    static const struct names words = {"speed", rows, REDIAL_COUNT_OF(rows)};
    int row;
    if (!read_word(reading, value, &words, &row)) return false;
    *(bool *)target = row == 1;
    return true;
}

#define AT(field) offsetof(struct call_script, field)
static const struct key call_keys[] = {
    {"at", read_duration, AT(at), "when it begins, from the run's start", "duration", false},
    {"count", read_call_count, AT(count), "so many equal calls at once", "number", false},
    {"provider", read_provider, 0, "a provider of the policy", "name", false},
    {"model", read_model, 0, "as the policy names it", "name", true},
    {"query", read_query, AT(query), "foreground or background", "word", false},
    {"credential", read_credential, 0, "which kind it has; chain: what its provider's chain finds",
     "word", false},
    {"max_tokens", read_tokens, AT(max_tokens), "the output limit it asks for", "tokens", false},
    {"input_tokens", read_tokens, AT(input_tokens), "size of its prompt", "tokens", false},
    {"messages", scenario_read_messages, AT(messages), "its conversation, which hooks can compact",
     "list of {role, words, tool_use, tool_result}", false},
    {"compacts_to", read_tokens, AT(compacts_to), "size after compaction", "tokens", false},
    {"stream", read_bool, AT(stream), "whether it wants a stream", "true or false", false},
    {"unattended", read_bool, AT(unattended), "in unattended mode", "true or false", false},
    {"wants", read_feature_set, AT(wants), "what it would like", "list of features", false},
    {"requires", read_feature_set, AT(requires), "what it does not go without", "list of features",
     false},
    {"residency", read_residency, AT(residency), "where its data may be", "list of patterns",
     false},
    {"headers", read_own_headers, 0, "its own", "mapping", false},
    {"betas", read_beta_flags, AT(betas),
     "its flags of anthropic-beta, sent as the platform's `betas` say", "flag or list of flags",
     false},
    {"prefill", read_text, AT(prefill), "how the reply is to begin", "text", false},
    {"speed", read_speed, AT(fast), "whether it wants fast mode", "fast or standard", false},
    {"deadline", read_duration, AT(deadline), "from the call's start", "duration", false},
    {"cancel_at", read_duration, AT(cancel_at), "when its caller gives up, from the run's start",
     "duration", false},
};
#undef AT
static const struct keys keys = {"a call", call_keys, REDIAL_COUNT_OF(call_keys)};

static int64_t words_of(struct redial_str messages)
{
    struct json *json = json_parse(messages);
    int64_t words = conversation_words(json);
    json_free(json);
    return words;
}

static bool check_call(struct reading *reading, const struct call_script *call)
{
    if (call->messages.len > 0 && (call->input_tokens > 0 || call->compacts_to >= 0))
        return scenario_conflict(reading, call->span,
                                 "messages, and a size that is not counted from them",
                                 "remove input_tokens and compacts_to");
    if (call->compacts_to >= 0 && call->input_tokens == 0)
        return scenario_conflict(reading, call->span, "compacts_to without input_tokens",
                                 "say how long the prompt is before: input_tokens: 200251");
    if (call->cancel_at >= 0 && call->cancel_at < call->at)
        return scenario_conflict(reading, call->span, "the call is cancelled before it begins",
                                 "cancel_at counts from the run's start, like `at`");
    return true;
}

static bool read_one(struct reading *reading, const struct node *value, struct call_script *call)
{
    *call = (struct call_script){
        .span = value->span, .count = 1, .query = -1, .compacts_to = -1, .cancel_at = -1};
    bool right = keys_read(reading, &keys, value, call);
    right = check_call(reading, call) && right;
    if (call->messages.len > 0) call->input_tokens = words_of(call->messages);
    return right;
}

bool scenario_read_call(struct reading *reading, const struct node *value, void *target)
{
    struct scenario *scenario = target;
    scenario->calls = scenario_array(reading, 1, sizeof *scenario->calls);
    if (!scenario->calls) return false;
    scenario->call_count = 1;
    return read_one(reading, value, &scenario->calls[0]);
}

bool scenario_read_calls(struct reading *reading, const struct node *value, void *target)
{
    struct scenario *scenario = target;
    if (value->kind != NODE_SEQUENCE || value->count == 0)
        return reading_unexpected(reading, value, "a list of calls, one at least");
    scenario->calls = scenario_array(reading, value->count, sizeof *scenario->calls);
    if (!scenario->calls) return false;
    int64_t total = 0;
    bool right = true;
    for (size_t i = 0; i < value->count; i++) {
        right = read_one(reading, value->items[i], &scenario->calls[i]) && right;
        total += scenario->calls[i].count;
    }
    scenario->call_count = value->count;
    if (total <= SCENARIO_CALLS_MAX) return right;
    diag_error(reading->diags, "out-of-range", value->span, "%lld calls are more than %d",
               (long long)total, SCENARIO_CALLS_MAX);
    return false;
}

/* ---- Shapes ---- */

const struct shape_row scenario_call_shapes[] = {
    {read_credential, AS_MATCHES_OR("^chain$", AS_WORD(credential_names))},
    {read_query, AS_WORD(query_names)},
    {read_call_count, AS_WHOLE(1, SCENARIO_CALLS_MAX)},
    {read_provider, AS_TEXT},
    {read_model, AS_TEXT},
    {read_speed, AS_MATCHES("^(fast|standard)$")},
    {scenario_read_call, AS_KEYS(keys)},
    {scenario_read_calls, AS_LIST(AS_KEYS(keys))},
    {read_own_headers, AS_NAMED(AS_TEXT)},
    {0},
};
