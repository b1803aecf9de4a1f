/* The features that a Messages request can show: by the names of the matrix's rows. The audit
 * probes them, and the fakes show them or lie about them. */
#ifndef REDIAL_MODEL_PROBED_H
#define REDIAL_MODEL_PROBED_H

#include "base/names.h"

enum probed {
    PROBED_MESSAGES,
    PROBED_PROMPT_CACHE,
    PROBED_CACHING_5M,
    PROBED_CACHING_1H,
    PROBED_AUTOMATIC_CACHING,
    PROBED_THINKING,
    PROBED_STRUCTURED_OUTPUTS,
    PROBED_CITATIONS,
    PROBED_PDF_INPUT,
    PROBED_URL_SOURCES,
    PROBED_WEB_SEARCH,
    PROBED_WEB_FETCH,
    PROBED_CODE_EXECUTION,
    PROBED_TOOL_SEARCH,
    PROBED_CLIENT_TOOLS,
    PROBED_COMPUTER_USE,
    PROBED_CONTEXT_MANAGEMENT,
    PROBED_FINE_GRAINED_STREAMING,
    PROBED_MID_CONVERSATION_SYSTEM,
    PROBED_INFERENCE_GEO,
    PROBED_FAST_MODE,
    PROBED_PRIORITY_TIER,
    PROBED_COUNT
};
extern const struct names probed_names;

#endif
