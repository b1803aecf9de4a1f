/* What an answer shows, in the words of the API. */
#include "simulator/serve/answer_parts.h"
#include "simulator/serve/effects.h"

#define RUNS(name, input)                                                                          \
    "{\"type\":\"server_tool_use\",\"id\":\"#\",\"name\":\"" name "\",\"input\":" input "}"
#define RAN(name, content)                                                                         \
    "{\"type\":\"" name "_tool_result\",\"tool_use_id\":\"#\",\"content\":" content "}"
#define GIVES(json) "{\"type\":\"input_json_delta\",\"partial_json\":\"" json "\"}"

#define SEARCHED                                                                                   \
    RAN("web_search", "[{\"type\":\"web_search_result\",\"url\":\"https://example.com/\","         \
                      "\"title\":\"Example Domain\",\"encrypted_content\":\"c2ltdWxhdGVk\","       \
                      "\"page_age\":null}]")
#define FETCHED                                                                                    \
    RAN("web_fetch", "{\"type\":\"web_fetch_result\",\"url\":\"https://example.com/\","            \
                     "\"content\":{\"type\":\"document\",\"source\":{\"type\":\"text\","           \
                     "\"media_type\":\"text/plain\",\"data\":\"Simulated.\"},\"title\":"           \
                     "\"Example Domain\"},\"retrieved_at\":\"2026-01-01T00:00:00Z\"}")
#define EXECUTED                                                                                   \
    RAN("bash_code_execution",                                                                     \
        "{\"type\":\"bash_code_execution_result\",\"stdout\":"                                     \
        "\"simulated\\n\",\"stderr\":\"\",\"return_code\":0,\"content\":[]}")
#define FOUND                                                                                      \
    RAN("tool_search", "{\"type\":\"tool_search_tool_search_result\","                             \
                       "\"tool_references\":[]}")

static const struct effect_block blocks[] = {
    {PROBED_THINKING,
     "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}",
     "{\"type\":\"thinking\",\"thinking\":\"Simulated.\",\"signature\":\"c2ltdWxhdGVk\"}",
     {"{\"type\":\"thinking_delta\",\"thinking\":\"Simulated.\"}",
      "{\"type\":\"signature_delta\",\"signature\":\"c2ltdWxhdGVk\"}"}},
    {PROBED_WEB_SEARCH,
     RUNS("web_search", "{}"),
     RUNS("web_search", "{\"query\":\"simulated\"}"),
     {GIVES("{\\\"query\\\":\\\"simulated\\\"}"), NULL}},
    {PROBED_WEB_SEARCH, SEARCHED, SEARCHED, {NULL, NULL}},
    {PROBED_WEB_FETCH,
     RUNS("web_fetch", "{}"),
     RUNS("web_fetch", "{\"url\":\"https://example.com/\"}"),
     {GIVES("{\\\"url\\\":\\\"https://example.com/\\\"}"), NULL}},
    {PROBED_WEB_FETCH, FETCHED, FETCHED, {NULL, NULL}},
    {PROBED_CODE_EXECUTION,
     RUNS("bash_code_execution", "{}"),
     RUNS("bash_code_execution", "{\"command\":\"echo simulated\"}"),
     {GIVES("{\\\"command\\\":\\\"echo simulated\\\"}"), NULL}},
    {PROBED_CODE_EXECUTION, EXECUTED, EXECUTED, {NULL, NULL}},
    {PROBED_TOOL_SEARCH,
     RUNS("tool_search_tool_regex", "{}"),
     RUNS("tool_search_tool_regex", "{\"query\":\"simulated\"}"),
     {GIVES("{\\\"query\\\":\\\"simulated\\\"}"), NULL}},
    {PROBED_TOOL_SEARCH, FOUND, FOUND, {NULL, NULL}},
};

const struct effect_block *effects_block(const struct effects *effects, size_t *at)
{
    while (*at < REDIAL_COUNT_OF(blocks)) {
        const struct effect_block *block = &blocks[(*at)++];
        if (effects_show(effects, block->feature)) return block;
    }
    return NULL;
}

void effects_write(const char *pattern, uint64_t id, struct text *out)
{
    for (const char *c = pattern; *c; c++) {
        if (*c == '#')
            answer_write_id("srvtoolu_01", id, out);
        else
            text_append_char(out, *c);
    }
}

const char effects_citation[] = "{\"type\":\"char_location\",\"cited_text\":\"Simulated.\","
                                "\"document_index\":0,\"document_title\":null,"
                                "\"start_char_index\":0,\"end_char_index\":10}";

static void write_tools(const struct effects *effects, struct text *out)
{
    bool search = effects_show(effects, PROBED_WEB_SEARCH);
    bool fetch = effects_show(effects, PROBED_WEB_FETCH);

    if (search || fetch)
        text_printf(out,
                    ",\"server_tool_use\":{\"web_search_requests\":%d,\"web_fetch_requests\":%d}",
                    search, fetch);
}

void effects_write_usage(const struct effects *effects, struct text *out)
{
    if (effects && effects->cache_written > 0)
        text_printf(out,
                    ",\"cache_creation\":{\"ephemeral_5m_input_tokens\":%lld,"
                    "\"ephemeral_1h_input_tokens\":%lld}",
                    (long long)(effects->hour ? 0 : effects->cache_written),
                    (long long)(effects->hour ? effects->cache_written : 0));
    write_tools(effects, out);
    if (effects_show(effects, PROBED_INFERENCE_GEO))
        text_append(out, REDIAL_STR(",\"inference_geo\":\"us\""));
}

void effects_write_edits(const struct effects *effects, struct text *out)
{
    if (effects_show(effects, PROBED_CONTEXT_MANAGEMENT))
        text_append(out, REDIAL_STR(",\"context_management\":{\"applied_edits\":[]}"));
}
