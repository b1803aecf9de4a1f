#include "simulator/serve/demand.h"

#include <string.h>

#include "simulator/serve/effects.h"
#include "simulator/world/conversation.h"

#define VERSION_NEW    "2026-10-21"
#define FAST_BETA      "fast-mode-2026-02-01"
#define BODY_BYTES_MAX (32u << 20) /* Messages and count_tokens; JSON_BYTES_MAX is what is read */
#define OBJECTS(...)   objection_make(arena, objection, __VA_ARGS__)

struct redial_str header_value(const struct redial_header *headers, size_t count, const char *name)
{
    struct redial_str wanted = str_of(name);

    for (size_t i = 0; i < count; i++)
        if (headers[i].name.len == wanted.len && str_eq_nocase(headers[i].name, wanted))
            return headers[i].value;
    return (struct redial_str){"", 0};
}

const struct json *demand_first(const struct json *list)
{
    return list ? json_first(list) : NULL;
}

/* ---- Objections */

bool objection_make(struct arena *arena, struct objection *objection, const char *format, ...)
{
    va_list arguments;

    *objection = (struct objection){.status = 400, .by_model = true, .type = NULL};
    va_start(arguments, format);
    if (!arena_vprintf(arena, &objection->message, format, arguments))
        objection->message = REDIAL_STR("invalid request");
    va_end(arguments);
    return false;
}

/* What the platform itself says, before any model sees the request. */
static bool platform_objects(struct objection *objection, uint16_t status, const char *type,
                             const char *message)
{
    *objection = (struct objection){status, false, type, str_of(message)};
    return false;
}

/* ---- Hashes: the same request, the same hash, in whatever way its JSON is written */

uint64_t demand_mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

static uint64_t hash_members(const struct json *value, uint64_t hash)
{
    for (const struct json *child = json_first(value); child; child = json_next(child)) {
        if (str_is(json_name(child), "metadata")) continue;
        hash = demand_mix(hash, str_hash(json_name(child)));
        hash = demand_mix(hash, demand_hash(child));
    }
    return hash;
}

/* The depth is bounded by that of the JSON. */
uint64_t demand_hash(const struct json *value)
{
    enum json_kind kind = json_kind(value);
    uint64_t hash = demand_mix(0, (uint64_t)kind + 1), bits = 0;
    double number;

    if (kind == JSON_STRING) return demand_mix(hash, str_hash(json_text(value)));
    if (kind == JSON_NUMBER) {
        number = json_number(value);
        memcpy(&bits, &number, sizeof bits);
        return demand_mix(hash, bits);
    }
    return hash_members(value, hash);
}

static uint64_t hash_prompt(const struct json *messages)
{
    bool prefilled = conversation_has_prefill(messages);
    uint64_t hash = 1;

    if (!json_is_array(messages)) return 0;
    for (const struct json *message = json_first(messages); message; message = json_next(message))
        if (!prefilled || json_next(message)) hash = demand_mix(hash, demand_hash(message));
    return hash;
}

/* ---- Versions */

static const char *const known_versions[] = {"2023-06-01", "2023-01-01", VERSION_NEW};

static bool is_known_version(struct redial_str version)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(known_versions); i++)
        if (str_is(version, known_versions[i])) return true;
    return false;
}

/* Bedrock takes the new version from Claude 4.7 on: "…claude-opus-4-7", "…claude-opus-5". The
 * first number behind the family is the major one; older names begin with it. */
static bool takes_new_version(struct redial_str model)
{
    size_t at = str_find(model, REDIAL_STR("claude-"));
    struct redial_str rest = str_skip(model, at == SIZE_MAX ? model.len : at + 7), word;
    int64_t major = -1, minor = 0, number;

    while (str_split(&rest, '-', &word)) {
        size_t digits = 0;
        while (digits < word.len && word.ptr[digits] >= '0' && word.ptr[digits] <= '9') digits++;
        if (digits == 0 || digits > 2 || !str_to_int64(str_take(word, digits), &number)) continue;
        if (major < 0)
            major = number;
        else {
            minor = number;
            break;
        }
    }
    return major < 0 || major > 4 || (major == 4 && minor >= 7);
}

static bool check_header_version(const struct demand_request *request, struct redial_str *version,
                                 struct arena *arena, struct objection *objection)
{
    *version = header_value(request->headers, request->header_count, "anthropic-version");
    if (version->len == 0) return OBJECTS("anthropic-version: header is required");
    if (is_known_version(*version)) return true;
    return OBJECTS("anthropic-version: \"%.*s\" is not a valid version", REDIAL_STR_ARG(*version));
}

static bool check_body_version(const struct demand_request *request, const struct json *body,
                               struct redial_str *version, struct arena *arena,
                               struct objection *objection)
{
    bool bedrock = request->route->platform == PLATFORM_BEDROCK;
    const char *old = bedrock ? "bedrock-2023-05-31" : "vertex-2023-10-16";

    *version = json_text(json_at(body, "anthropic_version"));
    if (version->len == 0) return OBJECTS("anthropic_version: Field required");
    if (str_is(*version, old)) return true;
    if (str_is(*version, VERSION_NEW) && (!bedrock || takes_new_version(request->route->captured)))
        return true;
    return OBJECTS("anthropic_version: \"%.*s\" is not a valid version for this model",
                   REDIAL_STR_ARG(*version));
}

/* ---- Parameters of a message */

static bool check_block(const struct json *block, bool of_assistant, size_t message, size_t number,
                        struct arena *arena, struct objection *objection)
{
    struct redial_str type = json_text(json_at(block, "type"));

    if (of_assistant && str_is(type, "document"))
        return OBJECTS("messages.%zu.content.%zu: document blocks are not allowed in assistant "
                       "messages",
                       message, number);
    if (!of_assistant && str_is(type, "text") && json_count(json_at(block, "citations")) > 0)
        return OBJECTS("messages.%zu.content.%zu.citations: citations are not allowed in user "
                       "messages",
                       message, number);
    return true;
}

static bool check_content(const struct json *message, bool newer, size_t number,
                          struct arena *arena, struct objection *objection)
{
    const struct json *content = json_at(message, "content");
    bool of_assistant = str_is(json_text(json_at(message, "role")), "assistant");
    size_t block_number = 0;

    if (!content) return OBJECTS("messages.%zu.content: Field required", number);
    if (!newer || !json_is_array(content)) return true;
    for (const struct json *block = json_first(content); block; block = json_next(block))
        if (!check_block(block, of_assistant, number, block_number++, arena, objection))
            return false;
    return true;
}

static bool check_messages(const struct json *messages, bool newer, struct arena *arena,
                           struct objection *objection)
{
    size_t number = 0;

    if (!messages) return OBJECTS("messages: Field required");
    if (!json_is_array(messages)) return OBJECTS("messages: Input should be a valid list");
    if (json_count(messages) == 0) return OBJECTS("messages: at least one message is required");
    for (const struct json *message = json_first(messages); message; message = json_next(message)) {
        struct redial_str role = json_text(json_at(message, "role"));
        bool system = str_is(role, "system") && number > 0; /* a feature: see effects.h */
        if (!str_is(role, "user") && !str_is(role, "assistant") && !system)
            return OBJECTS("messages.%zu.role: Input should be 'user' or 'assistant'", number);
        if (!check_content(message, newer, number++, arena, objection)) return false;
    }
    return true;
}

static bool check_sampling(const struct json *body, bool newer, struct arena *arena,
                           struct objection *objection)
{
    static const char *const names[] = {"temperature", "top_p", "top_k"};

    for (size_t i = 0; i < REDIAL_COUNT_OF(names); i++) {
        const struct json *value = json_at(body, names[i]);
        bool share = i < 2 && value;
        if (value && newer)
            return OBJECTS("%s: not supported in API version " VERSION_NEW, names[i]);
        if (share && (json_kind(value) != JSON_NUMBER || !(json_number(value) >= 0) ||
                      json_number(value) > 1))
            return OBJECTS("%s: range: 0..1", names[i]);
    }
    return true;
}

static bool check_max_tokens(const struct json *body, struct arena *arena,
                             struct objection *objection)
{
    const struct json *value = json_at(body, "max_tokens");

    if (!value) return OBJECTS("max_tokens: Field required");
    if (json_kind(value) != JSON_NUMBER)
        return OBJECTS("max_tokens: Input should be a valid integer");
    if (json_int(value, 0) < 1)
        return OBJECTS("max_tokens: Input should be greater than or equal to 1");
    return true;
}

static bool check_tools(const struct json *body, struct arena *arena, struct objection *objection)
{
    const struct json *tools = json_at(body, "tools");
    size_t number = 0;

    if (tools && !json_is_array(tools)) return OBJECTS("tools: Input should be a valid list");
    for (const struct json *tool = demand_first(tools); tool; tool = json_next(tool), number++)
        if (json_text(json_at(tool, "name")).len == 0)
            return OBJECTS("tools.%zu.name: Field required", number);
    return true;
}

bool demand_check_params(const struct json *params, struct redial_str version, struct arena *arena,
                         struct objection *objection)
{
    bool newer = str_is(version, VERSION_NEW);

    return check_max_tokens(params, arena, objection) &&
           check_messages(json_at(params, "messages"), newer, arena, objection) &&
           check_sampling(params, newer, arena, objection) && check_tools(params, arena, objection);
}

/* ---- The body as a whole */

static const struct {
    const char *type, *message; /* of a body that is no JSON object */
} no_json[PLATFORM_KIND_COUNT] = {
    [PLATFORM_ANTHROPIC] = {NULL, "The request body is not valid JSON"},
    [PLATFORM_BEDROCK] = {"ValidationException",
                          "Malformed input request, please reformat your input and try again."},
    [PLATFORM_VERTEX] = {NULL, "Invalid JSON payload received."},
    [PLATFORM_FOUNDRY] = {NULL, "The request body is not valid JSON"},
};

static bool check_placed(const struct demand_request *request, const struct json *body,
                         struct redial_str *version, struct arena *arena,
                         struct objection *objection)
{
    static const char *const misplaced[] = {"model", "stream"};
    bool bedrock = request->route->manner == MANNER_INVOKE;

    if (request->route->manner == MANNER_PLAIN) {
        if (!check_header_version(request, version, arena, objection)) return false;
        return json_text(json_at(body, "model")).len > 0 || OBJECTS("model: Field required");
    }
    for (size_t i = 0; i < (bedrock ? 2u : 1u); i++)
        if (json_at(body, misplaced[i]) && request->route->captured.len > 0)
            return bedrock ? OBJECTS("Malformed input request: #: extraneous key [%s] is not "
                                     "permitted, please reformat your input and try again.",
                                     misplaced[i])
                           : OBJECTS("%s: Extra inputs are not permitted", misplaced[i]);
    return check_body_version(request, body, version, arena, objection);
}

static bool check_speed(const struct demand_request *request, const struct json *body,
                        struct arena *arena, struct objection *objection)
{
    struct redial_str betas =
        header_value(request->headers, request->header_count, "anthropic-beta");

    if (!json_at(body, "speed") || str_find(betas, REDIAL_STR(FAST_BETA)) != SIZE_MAX) return true;
    return OBJECTS("speed: Extra inputs are not permitted");
}

/* As platforms.yaml has them. What a client's own policy says changes nothing about it. */
const char *const demand_refused_betas[] = {
    "advanced-tool-use-*",
    "advisor-*",
    "code-execution-*",
    "fast-mode-*",
    "files-api-*",
    "mcp-client-*",
    "mcp-servers-*",
    "message-batches-*",
    "output-128k-*",
    "prompt-caching-scope-*",
    "skills-*",
    "token-efficient-tools-*",
    "web-fetch-*",
    "web-search-*",
    NULL,
};

static bool refuses_beta(struct redial_str flag)
{
    for (const char *const *glob = demand_refused_betas; *glob; glob++)
        if (glob_match(str_of(*glob), flag)) return true;
    return false;
}

/* Bedrock's runtime reads them in the body alone: an SDK leaves its header there as well. */
static bool check_betas(const struct demand_request *request, const struct json *body,
                        struct objection *objection)
{
    const struct json *betas = json_at(body, "anthropic_beta");

    if (request->route->manner != MANNER_INVOKE) return true;
    for (const struct json *flag = demand_first(betas); flag; flag = json_next(flag))
        if (refuses_beta(json_text(flag)))
            return platform_objects(objection, 400, "ValidationException", "invalid beta flag");
    return true;
}

/* A count asks for less: model and messages. */
static bool check_count(const struct demand_request *request, const struct json *body,
                        struct arena *arena, struct objection *objection)
{
    struct redial_str version;

    if (request->route->manner == MANNER_INVOKE)
        return json_at(body, "input") ||
               platform_objects(objection, 400, "ValidationException",
                                "1 validation error detected: Value at 'input' failed to satisfy "
                                "constraint: Member must not be null");
    if (request->route->manner == MANNER_VERTEX)
        version = REDIAL_STR("vertex-2023-10-16");
    else if (!check_header_version(request, &version, arena, objection))
        return false;
    if (json_text(json_at(body, "model")).len == 0) return OBJECTS("model: Field required");
    return check_messages(json_at(body, "messages"), str_is(version, VERSION_NEW), arena,
                          objection);
}

static bool check_message(const struct demand_request *request, const struct json *body,
                          struct arena *arena, struct objection *objection)
{
    struct redial_str version;

    return check_placed(request, body, &version, arena, objection) &&
           check_betas(request, body, objection) && check_speed(request, body, arena, objection) &&
           demand_check_params(body, version, arena, objection);
}

static void fill(const struct demand_request *request, struct demand *demand)
{
    const struct json *body = demand->body, *messages = json_at(body, "messages");
    const struct route *route = request->route;

    demand->model = json_text(json_at(body, "model"));
    if (route->manner != MANNER_PLAIN && route->captured.len > 0) demand->model = route->captured;
    demand->max_tokens = json_int(json_at(body, "max_tokens"), 0);
    demand->input_tokens = conversation_words(messages);
    demand->stream =
        route->streams || (route->manner == MANNER_PLAIN && json_true(json_at(body, "stream")));
    demand->fast = str_is(json_text(json_at(body, "speed")), "fast");
    demand->features = effects_find(body);
    demand->prompt = hash_prompt(messages);
    demand->body_hash = demand_hash(body);
}

bool demand_read(const struct demand_request *request, struct arena *arena, struct demand *demand,
                 struct objection *objection)
{
    enum platform_kind platform = request->route->platform;

    *demand = (struct demand){.model = {"", 0}};
    if (request->body.len > BODY_BYTES_MAX)
        return platform_objects(objection, 413, NULL, "Request exceeds the maximum size");
    demand->body = json_parse(request->body);
    if (!json_is_object(demand->body))
        return platform_objects(objection, 400, no_json[platform].type, no_json[platform].message);
    fill(request, demand);
    if (request->route->operation == OPERATION_COUNT_TOKENS)
        return check_count(request, demand->body, arena, objection);
    if (request->route->operation == OPERATION_BATCH_CREATE) {
        struct redial_str version;
        return check_header_version(request, &version, arena, objection);
    }
    return check_message(request, demand->body, arena, objection);
}

void demand_clean_up(struct demand *demand)
{
    json_free(demand->body);
    demand->body = NULL;
}
