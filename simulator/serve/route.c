#include "simulator/serve/route.h"

#include "base/names.h"

static const struct name operation_rows[OPERATION_COUNT] = {
    [OPERATION_NONE] = {"unknown", "no path that a platform serves"},
    [OPERATION_MESSAGES] = {"messages", "a message"},
    [OPERATION_COUNT_TOKENS] = {"count_tokens", "how long a prompt is"},
    [OPERATION_MODELS] = {"models", "the list of models"},
    [OPERATION_MODEL] = {"model", "one model"},
    [OPERATION_BATCH_CREATE] = {"batch_create", "a new batch"},
    [OPERATION_BATCH_LIST] = {"batch_list", "the list of batches"},
    [OPERATION_BATCH] = {"batch", "one batch"},
    [OPERATION_BATCH_CANCEL] = {"batch_cancel", "ends a batch early"},
    [OPERATION_BATCH_DELETE] = {"batch_delete", "forgets a batch"},
    [OPERATION_BATCH_RESULTS] = {"batch_results", "what came of a batch"},
    [OPERATION_PROFILES] = {"inference_profiles", "Bedrock's inference profiles"},
    [OPERATION_HELLO] = {"hello", "a connection that is opened beforehand"},
};
const struct names operation_names = {"operation", operation_rows, OPERATION_COUNT};

/* '*' stands for one segment, or for its part before what follows it, and is captured; '+' stands
 * for one segment that nobody asks for. */
struct row {
    const char *method, *pattern;
    enum platform_kind platform;
    enum manner manner;
    enum operation operation;
    bool streams;
};

#define BATCHES "/v1/messages/batches"
#define MODELS  "/projects/+/locations/+/publishers/anthropic/models/"

/* clang-format off */
static const struct row rows[] = {
    {"POST",   "/v1/messages",              PLATFORM_ANTHROPIC, MANNER_PLAIN, OPERATION_MESSAGES, false},
    {"POST",   "/v1/messages/count_tokens", PLATFORM_ANTHROPIC, MANNER_PLAIN, OPERATION_COUNT_TOKENS, false},
    {"GET",    "/v1/models",                PLATFORM_ANTHROPIC, MANNER_PLAIN, OPERATION_MODELS, false},
    {"GET",    "/v1/models/*",              PLATFORM_ANTHROPIC, MANNER_PLAIN, OPERATION_MODEL, false},
    {"POST",   BATCHES,                     PLATFORM_ANTHROPIC, MANNER_PLAIN, OPERATION_BATCH_CREATE, false},
    {"GET",    BATCHES,                     PLATFORM_ANTHROPIC, MANNER_PLAIN, OPERATION_BATCH_LIST, false},
    {"GET",    BATCHES "/*",                PLATFORM_ANTHROPIC, MANNER_PLAIN, OPERATION_BATCH, false},
    {"DELETE", BATCHES "/*",                PLATFORM_ANTHROPIC, MANNER_PLAIN, OPERATION_BATCH_DELETE, false},
    {"POST",   BATCHES "/*/cancel",         PLATFORM_ANTHROPIC, MANNER_PLAIN, OPERATION_BATCH_CANCEL, false},
    {"GET",    BATCHES "/*/results",        PLATFORM_ANTHROPIC, MANNER_PLAIN, OPERATION_BATCH_RESULTS, false},
    {"HEAD",   "/api/hello",                PLATFORM_ANTHROPIC, MANNER_PLAIN, OPERATION_HELLO, false},
    {"GET",    "/api/hello",                PLATFORM_ANTHROPIC, MANNER_PLAIN, OPERATION_HELLO, false},

    {"POST",   "/model/*/invoke",                      PLATFORM_BEDROCK, MANNER_INVOKE, OPERATION_MESSAGES, false},
    {"POST",   "/model/*/invoke-with-response-stream", PLATFORM_BEDROCK, MANNER_INVOKE, OPERATION_MESSAGES, true},
    {"POST",   "/model/*/count-tokens",                PLATFORM_BEDROCK, MANNER_INVOKE, OPERATION_COUNT_TOKENS, false},
    {"GET",    "/inference-profiles",                  PLATFORM_BEDROCK, MANNER_INVOKE, OPERATION_PROFILES, false},
    {"GET",    "/inference-profiles/*",                PLATFORM_BEDROCK, MANNER_INVOKE, OPERATION_PROFILES, false},

    {"POST",   "/v1" MODELS "count-tokens:rawPredict", PLATFORM_VERTEX, MANNER_VERTEX, OPERATION_COUNT_TOKENS, false},
    {"POST",   "/v1" MODELS "*:rawPredict",            PLATFORM_VERTEX, MANNER_VERTEX, OPERATION_MESSAGES, false},
    {"POST",   "/v1" MODELS "*:streamRawPredict",      PLATFORM_VERTEX, MANNER_VERTEX, OPERATION_MESSAGES, true},

    {"POST",   "/anthropic/v1/messages",              PLATFORM_FOUNDRY, MANNER_PLAIN, OPERATION_MESSAGES, false},
    {"POST",   "/anthropic/v1/messages/count_tokens", PLATFORM_FOUNDRY, MANNER_PLAIN, OPERATION_COUNT_TOKENS, false},
    /* Mantle, and clients whose base URL was given without /anthropic. */
    {"POST",   "/anthropic/v1/messages",              PLATFORM_BEDROCK, MANNER_PLAIN, OPERATION_MESSAGES, false},
    {"POST",   "/anthropic/v1/messages/count_tokens", PLATFORM_BEDROCK, MANNER_PLAIN, OPERATION_COUNT_TOKENS, false},
    {"POST",   "/v1/messages",                        PLATFORM_FOUNDRY, MANNER_PLAIN, OPERATION_MESSAGES, false},
    {"POST",   "/v1/messages/count_tokens",           PLATFORM_FOUNDRY, MANNER_PLAIN, OPERATION_COUNT_TOKENS, false},
};
/* clang-format on */

/* ---- Percent-encoding */

static int hex_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode(struct arena *arena, struct redial_str encoded, struct redial_str *decoded)
{
    unsigned char *bytes = arena_alloc(arena, encoded.len + 1, 1);
    size_t len = 0;

    if (!bytes) return false;
    for (size_t i = 0; i < encoded.len; i++) {
        int high = i + 2 < encoded.len ? hex_of(encoded.ptr[i + 1]) : -1;
        int low = high >= 0 ? hex_of(encoded.ptr[i + 2]) : -1;
        bool coded = encoded.ptr[i] == '%' && low >= 0;
        bytes[len++] = coded ? (unsigned char)(high * 16 + low) : (unsigned char)encoded.ptr[i];
        if (coded) i += 2;
    }
    *decoded = (struct redial_str){(const char *)bytes, len};
    return true;
}

/* ---- Matching */

static bool segment_fits(struct redial_str pattern, struct redial_str segment,
                         struct redial_str *captured)
{
    struct redial_str suffix;

    if (str_is(pattern, "+")) return segment.len > 0;
    if (pattern.len == 0 || pattern.ptr[0] != '*') return str_eq(pattern, segment);
    suffix = str_skip(pattern, 1);
    if (segment.len <= suffix.len || !str_ends_with(segment, suffix)) return false;
    *captured = str_take(segment, segment.len - suffix.len);
    return true;
}

static bool path_fits(struct redial_str pattern, struct redial_str path,
                      struct redial_str *captured)
{
    struct redial_str wanted, segment;

    while (str_split(&pattern, '/', &wanted))
        if (!str_split(&path, '/', &segment) || !segment_fits(wanted, segment, captured))
            return false;
    return !str_split(&path, '/', &segment);
}

bool route_find(const char *method, struct redial_str path, unsigned platforms, struct arena *arena,
                struct route *route)
{
    struct redial_str encoded = {"", 0};

    *route = (struct route){.operation = OPERATION_NONE, .captured = {"", 0}};
    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++) {
        const struct row *row = &rows[i];
        struct redial_str captured = {"", 0};
        bool fits = str_is(str_of(method), row->method);
        if (!(platforms & 1u << row->platform)) continue;
        if (!path_fits(str_of(row->pattern), path, &captured)) continue;
        if (!fits && route->operation != OPERATION_NONE) continue;
        encoded = captured;
        *route = (struct route){.operation = row->operation,
                                .platform = row->platform,
                                .manner = row->manner,
                                .streams = row->streams,
                                .wrong_method = !fits,
                                .captured = {"", 0}};
        if (fits) break;
    }
    return encoded.len == 0 || decode(arena, encoded, &route->captured);
}

struct redial_str route_path(struct redial_str target)
{
    size_t end = str_find(target, REDIAL_STR("?"));

    return str_take(target, end == SIZE_MAX ? target.len : end);
}

/* In a query a '+' is a blank; one that is meant comes as %2B. */
static bool decode_value(struct arena *arena, struct redial_str encoded, struct redial_str *decoded)
{
    char *bytes = arena_alloc(arena, encoded.len + 1, 1);

    if (!bytes) return false;
    for (size_t i = 0; i < encoded.len; i++)
        bytes[i] = (char)(encoded.ptr[i] == '+' ? ' ' : encoded.ptr[i]);
    return decode(arena, (struct redial_str){bytes, encoded.len}, decoded);
}

struct redial_str route_parameter(struct redial_str target, const char *name, struct arena *arena)
{
    struct redial_str query = str_skip(target, route_path(target).len), pair, key, value = {"", 0};

    query = str_skip(query, query.len > 0);
    while (str_split(&query, '&', &pair)) {
        if (!str_split(&pair, '=', &key) || !str_is(key, name)) continue;
        return decode_value(arena, pair, &value) ? value : (struct redial_str){"", 0};
    }
    return (struct redial_str){"", 0};
}
