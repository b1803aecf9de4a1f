#include "model/probed.h"

static const struct name rows[] = {
    [PROBED_MESSAGES] = {"messages", "a message that calls a tool of the caller's"},
    [PROBED_PROMPT_CACHE] = {"prompt_cache", "a prompt that is read from the cache"},
    [PROBED_CACHING_5M] = {"prompt_caching_5m", "a prompt that is cached for five minutes"},
    [PROBED_CACHING_1H] = {"prompt_caching_1h", "a prompt that is cached for an hour"},
    [PROBED_AUTOMATIC_CACHING] = {"automatic_caching", "a request that marks no place to cache"},
    [PROBED_THINKING] = {"thinking", "thinking before the answer"},
    [PROBED_STRUCTURED_OUTPUTS] = {"structured_outputs", "an answer by a schema"},
    [PROBED_CITATIONS] = {"citations", "an answer that cites a document"},
    [PROBED_PDF_INPUT] = {"pdf_input", "a PDF that is read"},
    [PROBED_URL_SOURCES] = {"url_sources", "an image that is named by its URL"},
    [PROBED_WEB_SEARCH] = {"web_search", "a search of the web by the platform"},
    [PROBED_WEB_FETCH] = {"web_fetch", "a page that the platform fetches"},
    [PROBED_CODE_EXECUTION] = {"code_execution", "code that the platform runs"},
    [PROBED_TOOL_SEARCH] = {"tool_search", "tools that are loaded when they are searched for"},
    [PROBED_CLIENT_TOOLS] = {"client_tools", "Anthropic's own tools that the caller runs"},
    [PROBED_COMPUTER_USE] = {"computer_use", "a call of the computer tool"},
    [PROBED_CONTEXT_MANAGEMENT] = {"context_management", "a context that is edited on the way"},
    [PROBED_FINE_GRAINED_STREAMING] = {"fine_grained_streaming",
                                       "a tool's input that is streamed as it comes"},
    [PROBED_MID_CONVERSATION_SYSTEM] = {"mid_conversation_system",
                                        "a system message within the conversation"},
    [PROBED_INFERENCE_GEO] = {"inference_geo", "where the model runs"},
    [PROBED_FAST_MODE] = {"fast_mode", "a faster answer"},
    [PROBED_PRIORITY_TIER] = {"priority_tier", "capacity that was bought beforehand"},
};
const struct names probed_names = {"feature that a request can show", rows, PROBED_COUNT};
