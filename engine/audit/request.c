/* What a Messages request uses, told by its shape: paths of its members and what stands there. */
#include "audit/ask.h"
#include "document/json.h"

/* `*` stands for anything; a NULL value is anything but null and false. */
static const struct detector {
    const char *path, *value, *feature;
} detectors[] = {
    {"cache_control", NULL, "automatic_caching"},
    {"*cache_control", NULL, "prompt_cache"},
    {"*cache_control.ttl", "5m", "prompt_caching_5m"},
    {"*cache_control.ttl", "1h", "prompt_caching_1h"},
    {"thinking", NULL, "thinking"},
    {"output_config.effort", NULL, "thinking"},
    {"output_config.format", NULL, "structured_outputs"},
    {"output_format", NULL, "structured_outputs"},
    {"tools.*.strict", NULL, "structured_outputs"},
    {"tools.*.eager_input_streaming", NULL, "fine_grained_streaming"},
    {"tools.*.allowed_callers", NULL, "programmatic_tools"},
    {"tools.*.defer_loading", NULL, "tool_search"},
    {"tools.*.type", "web_search_*", "web_search"},
    {"tools.*.type", "web_fetch_*", "web_fetch"},
    {"tools.*.type", "code_execution_*", "code_execution"},
    {"tools.*.type", "tool_search_tool_*", "tool_search"},
    {"tools.*.type", "advisor_*", "advisor"},
    {"tools.*.type", "computer_*", "computer_use"},
    {"tools.*.type", "browser_*", "browser_use"},
    {"tools.*.type", "bash_*", "client_tools"},
    {"tools.*.type", "text_editor_*", "client_tools"},
    {"tools.*.type", "memory_*", "client_tools"},
    {"tools.*.type", "mcp_toolset", "mcp_connector"},
    {"mcp_servers", NULL, "mcp_connector"},
    {"container.skills", NULL, "agent_skills"},
    {"context_management", NULL, "context_management"},
    {"fallbacks", NULL, "server_fallbacks"},
    {"inference_geo", NULL, "inference_geo"},
    {"speed", "fast", "fast_mode"},
    {"service_tier", "auto", "priority_tier"},
    {"messages.*.role", "system", "mid_conversation_system"},
    {"messages.*.type", "search_result", "citations"},
    {"messages.*.citations.enabled", NULL, "citations"},
    {"messages.*.source.type", "url", "url_sources"},
    {"messages.*.source.type", "file", "files_api"},
    {"messages.*.type", "container_upload", "files_api"},
    {"messages.*.source.media_type", "application/pdf", "pdf_input"},
    {"extra_headers.x-client-request-id", NULL, "client_request_id"},
    {"extra_headers.*", NULL, "custom_headers"},
};

struct search {
    struct arena *arena;
    const struct matrix *matrix;
    struct wishes *wishes;
    bool out_of_memory;
};

static void found(struct search *search, struct redial_str feature, struct redial_str path)
{
    struct redial_str at;
    if (arena_copy(search->arena, path, &at))
        wishes_add(search->matrix, feature, at, search->wishes);
    else
        search->out_of_memory = true;
}

/* Each once: the requests of a batch say the same. */
static void note_flag(struct search *search, struct redial_str flag)
{
    struct wishes *wishes = search->wishes;
    for (size_t i = 0; i < wishes->flag_count; i++)
        if (str_eq(wishes->flags[i], flag)) return;
    if (flag.len == 0 || wishes->flag_count == WISHES_MAX) return;
    if (arena_copy(search->arena, flag, &wishes->flags[wishes->flag_count]))
        wishes->flag_count++;
    else
        search->out_of_memory = true;
}

static void look_at_flag(struct search *search, struct redial_str flag, struct redial_str path)
{
    const struct matrix_table *table = &search->matrix->tables[MATRIX_FEATURES];
    note_flag(search, flag);
    for (size_t r = 0; r < table->row_count; r++)
        for (size_t i = 0; i < table->rows[r].betas.count; i++)
            if (glob_match(table->rows[r].betas.list[i], flag))
                found(search, table->rows[r].name, path);
}

/* Beta flags, as the SDKs (`betas`), the clouds (`anthropic_beta`) and a header take them. */
static void look_at_flags(struct search *search, struct redial_str text, struct redial_str path)
{
    struct redial_str flag;
    if (!glob_match(REDIAL_STR("betas.*"), path) &&
        !glob_match(REDIAL_STR("anthropic_beta.*"), path) &&
        !glob_match(REDIAL_STR("extra_headers.anthropic-beta"), path))
        return;
    while (str_split(&text, ',', &flag)) look_at_flag(search, str_trim(flag), path);
}

static void look_at(struct search *search, const struct json *value, struct redial_str path)
{
    enum json_kind kind = json_kind(value);
    struct redial_str text = json_text(value);
    if (kind == JSON_NULL || kind == JSON_FALSE) return;
    for (size_t i = 0; i < REDIAL_COUNT_OF(detectors); i++) {
        const struct detector *row = &detectors[i];
        if (glob_match(str_of(row->path), path) &&
            (!row->value || glob_match(str_of(row->value), text)))
            found(search, str_of(row->feature), path);
    }
    look_at_flags(search, text, path);
}

/* What a caller's own schema or a model's own words hold is no feature of the request. */
static bool is_foreign(struct redial_str name)
{
    return str_is(name, "input_schema") || str_is(name, "input") || str_is(name, "schema") ||
           str_is(name, "metadata");
}

/* Depth is bounded by the parser. */
// NOLINTNEXTLINE(misc-no-recursion)
static void walk(struct search *search, const struct json *value, struct text *path)
{
    size_t number = 0;
    bool is_object = json_kind(value) == JSON_OBJECT;
    for (const struct json *child = json_first(value); child; child = json_next(child), number++) {
        size_t before = path->len;
        struct redial_str name = is_object ? json_name(child) : (struct redial_str){"", 0};
        if (is_object && is_foreign(name)) continue;
        if (before > 0) text_append_char(path, '.');
        if (is_object)
            text_append(path, name);
        else
            text_printf(path, "%zu", number);
        look_at(search, child, text_str(path));
        walk(search, child, path);
        path->len = before;
    }
}

static void search_batch(struct search *search, const struct json *requests, struct text *path)
{
    found(search, REDIAL_STR("batches"), REDIAL_STR("requests"));
    for (const struct json *one = json_first(requests); one; one = json_next(one))
        walk(search, json_at(one, "params"), path);
}

bool wishes_of_request(struct arena *arena, const struct matrix *matrix, struct redial_str body,
                       struct wishes *wishes, struct text *why)
{
    struct search search = {.arena = arena, .matrix = matrix, .wishes = wishes};
    struct text path = TEXT_INIT;
    if (body.len > JSON_BYTES_MAX) {
        text_printf(why, "larger than %u MB", JSON_BYTES_MAX >> 20);
        return false;
    }
    struct json *root = json_parse(body);
    if (!root || !json_is_object(root)) {
        text_printf(why, root ? "no request: expected a JSON object {\"messages\": […]}"
                              : "not JSON: expected the body of one request");
        json_free(root);
        return false;
    }
    const struct json *batch = json_at(root, "requests");
    found(&search, REDIAL_STR("messages"), REDIAL_STR("the request itself"));
    if (json_is_array(batch))
        search_batch(&search, batch, &path);
    else
        walk(&search, root, &path);
    json_free(root);
    if (path.failed || search.out_of_memory) text_append(why, REDIAL_STR("out of memory"));
    bool good = !path.failed && !search.out_of_memory;
    text_clean_up(&path);
    return good;
}
