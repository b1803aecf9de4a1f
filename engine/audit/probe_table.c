/* The probes themselves: what is asked, and what a reply shows when the feature works. */
#include "audit/probe.h"

#define TELL       "{\"type\":\"text\",\"text\":\"Say ok.\"}"
#define ASKS(text) "\"messages\":[{\"role\":\"user\",\"content\":\"" text "\"}]"
/* @TEXT@: some thousand words; platforms cache no short prompts. */
#define CACHES(control)                                                                            \
    "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"@TEXT@\","        \
    "\"cache_control\":" control "}," TELL "]}]"
#define GET_TIME                                                                                   \
    "{\"name\":\"get_time\",\"description\":\"The time in a city.\",\"input_schema\":"             \
    "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}},"                        \
    "\"required\":[\"city\"]}"
#define CALLED(id)                                                                                 \
    "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"" id                     \
    "\",\"name\":\"get_time\",\"input\":{\"city\":\"Oslo\"}}]},"                                   \
    "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"" id              \
    "\",\"content\":\"noon\"}]}"

#define ANY_MODEL                                                                                  \
    {                                                                                              \
        "claude-haiku-4-5", "*haiku*", "*sonnet*", "*"                                             \
    }
#define FROM_4_5                                                                                   \
    {                                                                                              \
        "claude-haiku-4-5", "claude-sonnet-4-*", "claude-opus-4-*", "claude-*-5*"                  \
    }

static const struct probe probes[PROBED_COUNT] = {
    [PROBED_MESSAGES] =
        {.members =
             ASKS("What time is it in Oslo? Use the tool.") ",\"tools\":[" GET_TIME "}],"
                                                            "\"tool_choice\":{\"type\":\"tool\","
                                                            "\"name\":\"get_time\"}",
         .path = "content.*.type",
         .value = "tool_use",
         .effect = EFFECT_SAYS,
         .max_tokens = 64,
         .found_tokens = 400,
         .models = ANY_MODEL},
    [PROBED_PROMPT_CACHE] = {.members = CACHES("{\"type\":\"ephemeral\"}"),
                             .path = "usage.cache_read_input_tokens",
                             .effect = EFFECT_COUNTS,
                             .max_tokens = 16,
                             .requests = 2,
                             .models = ANY_MODEL},
    [PROBED_CACHING_5M] = {.members = CACHES("{\"type\":\"ephemeral\",\"ttl\":\"5m\"}"),
                           .path = "usage.cache_creation_input_tokens",
                           .effect = EFFECT_COUNTS,
                           .max_tokens = 16,
                           .models = ANY_MODEL},
    [PROBED_CACHING_1H] = {.members = CACHES("{\"type\":\"ephemeral\",\"ttl\":\"1h\"}"),
                           .path = "usage.cache_creation.ephemeral_1h_input_tokens",
                           .effect = EFFECT_COUNTS,
                           .max_tokens = 16,
                           .models = ANY_MODEL},
    [PROBED_AUTOMATIC_CACHING] = {.members = "\"cache_control\":{\"type\":\"ephemeral\"},"
                                             "\"messages\":[{\"role\":\"user\",\"content\":"
                                             "\"@TEXT@ Say ok.\"}]",
                                  .path = "usage.cache_creation_input_tokens",
                                  .effect = EFFECT_COUNTS,
                                  .max_tokens = 16,
                                  .models = ANY_MODEL},
    [PROBED_THINKING] = {.members = ASKS(
                             "Which is larger, 9.11 or 9.9?") ",\"thinking\":{\"type\":\"enabled\","
                                                              "\"budget_tokens\":1024}",
                         .path = "content.*.type",
                         .value = "*thinking",
                         .effect = EFFECT_SAYS,
                         .max_tokens = 1280,
                         .models = {"claude-haiku-4-5", "claude-sonnet-4-*", "claude-opus-4-*",
                                    "claude-3-7-*"}},
    [PROBED_STRUCTURED_OUTPUTS] =
        {.members =
             ASKS("Name a colour.") ",\"output_config\":{\"format\":{\"type\":\"json_schema\","
                                    "\"schema\":{\"type\":\"object\",\"properties\":{\"colour\":"
                                    "{\"type\":\"string\"}},\"required\":[\"colour\"],"
                                    "\"additionalProperties\":false}}}",
         .path = "content.*.text",
         .value = "{*\"colour\"*:*}",
         .effect = EFFECT_SAYS,
         .max_tokens = 64,
         .found_tokens = 400,
         .models = FROM_4_5},
    [PROBED_CITATIONS] = {.members = "\"messages\":[{\"role\":\"user\",\"content\":["
                                     "{\"type\":\"document\",\"source\":{\"type\":\"text\","
                                     "\"media_type\":\"text/plain\",\"data\":"
                                     "\"The lighthouse of Alda is 41 metres tall.\"},"
                                     "\"citations\":{\"enabled\":true}},"
                                     "{\"type\":\"text\",\"text\":\"How tall is the lighthouse of "
                                     "Alda? Cite the document.\"}]}]",
                          .path = "content.*.citations.*.type",
                          .value = "*",
                          .effect = EFFECT_SAYS,
                          .proof = PROOF_CHOSEN,
                          .max_tokens = 128,
                          .found_tokens = 600,
                          .models = ANY_MODEL},
    [PROBED_PDF_INPUT] = {.members = "\"messages\":[{\"role\":\"user\",\"content\":["
                                     "{\"type\":\"document\",\"source\":{\"type\":\"base64\","
                                     "\"media_type\":\"application/pdf\",\"data\":\"@PDF@\"}},"
                                     "{\"type\":\"text\",\"text\":\"Which word does the document "
                                     "hold? Say it alone.\"}]}]",
                          .path = "content.*.text",
                          .value = "*arigold*",
                          .effect = EFFECT_SAYS,
                          .proof = PROOF_CHOSEN,
                          .max_tokens = 64,
                          .found_tokens = 4000,
                          .models = ANY_MODEL},
    [PROBED_URL_SOURCES] = {.members = "\"messages\":[{\"role\":\"user\",\"content\":["
                                       "{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":"
                                       "\"https://upload.wikimedia.org/wikipedia/commons/a/a7/"
                                       "Camponotus_flavomarginatus_ant.jpg\"}},"
                                       "{\"type\":\"text\",\"text\":\"One word: what is it?\"}]}]",
                            .max_tokens = 32,
                            .found_tokens = 2000,
                            .models = ANY_MODEL},
    [PROBED_WEB_SEARCH] = {.members = ASKS("Search the web for the tallest lighthouse, and name it "
                                           "in five words.") ",\"tools\":[{\"type\":\"web_search_"
                                                             "20250305\",\"name\":\"web_search\","
                                                             "\"max_uses\":1}]",
                           .path = "usage.server_tool_use.web_search_requests",
                           .effect = EFFECT_COUNTS,
                           .proof = PROOF_CHOSEN,
                           .max_tokens = 256,
                           .found_tokens = 25000,
                           .charged = "a web search",
                           .models = FROM_4_5},
    [PROBED_WEB_FETCH] =
        {.members = ASKS(
             "Fetch https://example.com/ and say its title.") ",\"tools\":[{\"type\":\"web_fetch_"
                                                              "20250910\",\"name\":\"web_fetch\","
                                                              "\"max_uses\":1,\"max_content_"
                                                              "tokens\":1000}],"
                                                              "\"anthropic_beta\":[\"web-fetch-"
                                                              "2025-09-10\"]",
         .path = "usage.server_tool_use.web_fetch_requests",
         .effect = EFFECT_COUNTS,
         .proof = PROOF_CHOSEN,
         .max_tokens = 256,
         .found_tokens = 5000,
         .models = FROM_4_5},
    [PROBED_CODE_EXECUTION] =
        {.members = ASKS("Run `echo marigold` with the tool.") ",\"tools\":[{\"type\":\"code_"
                                                               "execution_20250825\","
                                                               "\"name\":\"code_execution\"}],"
                                                               "\"anthropic_beta\":[\"code-"
                                                               "execution-2025-08-25\"]",
         .path = "content.*.type",
         .value = "*code_execution_tool_result",
         .effect = EFFECT_SAYS,
         .proof = PROOF_CHOSEN,
         .max_tokens = 256,
         .found_tokens = 6000,
         .charged = "a container for five minutes",
         .models = FROM_4_5},
    [PROBED_TOOL_SEARCH] =
        {.members =
             ASKS("Search for a tool that knows the time in Oslo.") ",\"tools\":[{\"type\":\"tool_"
                                                                    "search_tool_regex_20251119\","
                                                                    "\"name\":\"tool_search_tool_"
                                                                    "regex\"}," GET_TIME
                                                                    ",\"defer_loading\":true}]",
         .path = "content.*.type",
         .value = "tool_search_tool_result",
         .effect = EFFECT_SAYS,
         .proof = PROOF_CHOSEN,
         .max_tokens = 256,
         .found_tokens = 4000,
         .models = {"claude-sonnet-4-6", "claude-sonnet-4-5", "claude-opus-4-6",
                    "claude-opus-*5*"}},
    [PROBED_CLIENT_TOOLS] = {.members = ASKS(
                                 "Say hello with the shell.") ",\"tools\":[{\"type\":\"bash_"
                                                              "20250124\",\"name\":\"bash\"}],"
                                                              "\"tool_choice\":{\"type\":\"any\"}",
                             .path = "content.*.type",
                             .value = "tool_use",
                             .effect = EFFECT_SAYS,
                             .max_tokens = 64,
                             .found_tokens = 500,
                             .models = FROM_4_5},
    [PROBED_COMPUTER_USE] =
        {.members =
             ASKS("Take a screenshot.") ",\"tools\":[{\"type\":\"computer_20250124\",\"name\":"
                                        "\"computer\","
                                        "\"display_width_px\":1024,\"display_height_px\":768}],"
                                        "\"tool_choice\":{\"type\":\"any\"},"
                                        "\"anthropic_beta\":[\"computer-use-2025-01-24\"]",
         .path = "content.*.type",
         .value = "tool_use",
         .effect = EFFECT_SAYS,
         .max_tokens = 64,
         .found_tokens = 1500,
         .models = {"claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-1",
                    "claude-sonnet-4-0"}},
    [PROBED_CONTEXT_MANAGEMENT] =
        {.members = "\"messages\":[{\"role\":\"user\",\"content\":\"When is "
                    "noon?\"}," CALLED("toolu_01probeA") "," CALLED(
                        "toolu_01probeB") "],\"tools\":[" GET_TIME "}],"
                                          "\"context_management\":{\"edits\":[{\"type\":"
                                          "\"clear_tool_uses_20250919\",\"trigger\":{\"type\":"
                                          "\"tool_uses\",\"value\":1},\"keep\":{\"type\":"
                                          "\"tool_uses\",\"value\":0}}]},\"anthropic_beta\":"
                                          "[\"context-management-2025-06-27\"]",
         .path = "context_management.applied_edits",
         .effect = EFFECT_IS_THERE,
         .max_tokens = 64,
         .found_tokens = 500,
         .models = FROM_4_5},
    [PROBED_FINE_GRAINED_STREAMING] =
        {.members =
             ASKS("What time is it in Oslo? Use the tool.") ",\"tools\":[" GET_TIME
                                                            ",\"eager_input_streaming\":true}]",
         .stream = true,
         .max_tokens = 64,
         .found_tokens = 400,
         .models = FROM_4_5},
    [PROBED_MID_CONVERSATION_SYSTEM] = {.members =
                                            "\"messages\":[{\"role\":\"user\",\"content\":\"What "
                                            "is your favourite colour?\"},{\"role\":\"system\","
                                            "\"content\":\"Answer with one word: marigold\"}]",
                                        .path = "content.*.text",
                                        .value = "*arigold*",
                                        .effect = EFFECT_SAYS,
                                        .proof = PROOF_CHOSEN,
                                        .max_tokens = 32,
                                        .models = {"claude-opus-5*", "claude-opus-4-8*",
                                                   "claude-fable-5*"}},
    [PROBED_INFERENCE_GEO] = {.members = ASKS("Say ok.") ",\"inference_geo\":\"us\"",
                              .path = "usage.inference_geo",
                              .value = "us",
                              .effect = EFFECT_SAYS,
                              .max_tokens = 16,
                              .models = {"claude-sonnet-4-6", "claude-opus-4-6", "claude-*-5"}},
    [PROBED_FAST_MODE] = {.members = ASKS("Say ok.") ",\"speed\":\"fast\",\"anthropic_beta\":"
                                                     "[\"fast-mode-2026-02-01\"]",
                          .path = "usage.speed",
                          .value = "fast",
                          .effect = EFFECT_SAYS,
                          .max_tokens = 16,
                          .fast = true,
                          .charged = "tokens at fast mode's price",
                          .models = {"claude-opus-4-6", "claude-opus-4-8", "claude-opus-5*"}},
    [PROBED_PRIORITY_TIER] = {.members = ASKS("Say ok.") ",\"service_tier\":\"auto\"",
                              .path = "usage.service_tier",
                              .value = "priority",
                              .effect = EFFECT_SAYS,
                              .proof = PROOF_WEAK,
                              .max_tokens = 16,
                              .models = ANY_MODEL},
};

const struct probe *probe_of(enum probed feature)
{
    return &probes[feature];
}

static const struct {
    const char *feature, *why;
} impossible[] = {
    {"team_memory_sync", "it is between a client and its own service"},
    {"custom_headers", "no reply shows which headers arrived"},
    {"client_request_id", "no reply repeats it"},
    {"telemetry", "it is between a client and its own service"},
    {"data_residency", "no reply proves where data stayed"},
    {"batches", "it has an endpoint of its own, and answers within a day"},
    {"token_counting", "it has an endpoint of its own"},
    {"files_api", "it has an endpoint of its own, and leaves a file there"},
    {"programmatic_tools", "it takes several turns and a container"},
    {"advisor", "it takes a second model, at its price"},
    {"browser_use", "it takes a browser that answers"},
    {"mcp_connector", "it takes an MCP server that the platform can reach"},
    {"agent_skills", "it takes a container and a skill"},
    {"context_1m", "it takes a prompt of more than 200k tokens, at its price"},
    {"server_fallbacks", "it takes a model that fails"},
    {"fallback_credit", "it takes a model that fails"},
    {"models_api", "it has an endpoint of its own"},
    {"admin_apis", "they have endpoints and keys of their own"},
    {"managed_agents", "they have endpoints of their own"},
};

const char *probe_impossible(struct redial_str feature)
{
    if (names_find(&probed_names, feature) >= 0) return NULL;
    for (size_t i = 0; i < REDIAL_COUNT_OF(impossible); i++)
        if (str_is(feature, impossible[i].feature)) return impossible[i].why;
    return "no probe is known that shows it";
}
