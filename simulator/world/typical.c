#include "simulator/world/typical.h"

#define ANTHROPIC(status, class, use, type, code, message)                                         \
    {                                                                                              \
        PLATFORM_ANTHROPIC, status, REDIAL_CLASS_##class, TYPICAL_##use, SHAPE_ANTHROPIC, type,    \
            code, message                                                                          \
    }
#define BEDROCK(status, class, use, type, message)                                                 \
    {                                                                                              \
        PLATFORM_BEDROCK, status, REDIAL_CLASS_##class, TYPICAL_##use, SHAPE_AWS, type, NULL,      \
            message                                                                                \
    }
#define VERTEX(status, class, use, type, code, message)                                            \
    {                                                                                              \
        PLATFORM_VERTEX, status, REDIAL_CLASS_##class, TYPICAL_##use, SHAPE_GOOGLE, type, code,    \
            message                                                                                \
    }
#define FOUNDRY(status, class, use, type, message)                                                 \
    {                                                                                              \
        PLATFORM_FOUNDRY, status, REDIAL_CLASS_##class, TYPICAL_##use, SHAPE_AZURE, type, NULL,    \
            message                                                                                \
    }
/* What the model itself says passes Vertex and Foundry in Anthropic's shape. */
#define MODEL_LEVEL(platform, status, class, use, type, message)                                   \
    {                                                                                              \
        PLATFORM_##platform, status, REDIAL_CLASS_##class, TYPICAL_##use, SHAPE_ANTHROPIC, type,   \
            NULL, message                                                                          \
    }
#define STOPPED(platform, class, stop_reason)                                                      \
    {                                                                                              \
        PLATFORM_##platform, 200, REDIAL_CLASS_##class, TYPICAL_BY_CLASS, SHAPE_STOP, stop_reason, \
            NULL, ""                                                                               \
    }

#define TOO_LONG "prompt is too long: {input} tokens > {context} maximum"
#define OVERFLOW                                                                                   \
    "input length and `max_tokens` exceed context limit: {input} + {max_tokens} > {context}, "     \
    "decrease input length or `max_tokens` and try again"
#define FROM_MODEL "The model returned the following errors: "
#define TIER_CAP                                                                                   \
    "You have reached your API usage limits: your organization has crossed its monthly API usage " \
    "threshold, set based on your organization's API tier. You will regain access on 2026-02-01 "  \
    "at 00:00 UTC."
#define GOOGLE_QUOTA                                                                               \
    "Quota exceeded for aiplatform.googleapis.com/online_prediction_requests_per_base_model with " \
    "base model: anthropic-{model}. Please submit a quota increase request. "                      \
    "https://cloud.google.com/vertex-ai/docs/generative-ai/quotas-genai."
#define GOOGLE_TOKEN                                                                               \
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie " \
    "or other valid authentication credential."
#define AZURE_KEY                                                                                  \
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a " \
    "valid key for an active subscription and use a correct regional API endpoint for your "       \
    "resource."

/* clang-format off */
static const struct typical_reply rows[] = {
    ANTHROPIC(400, INVALID_REQUEST,  GENERIC,    "invalid_request_error", NULL, "messages: at least one message is required"),
    ANTHROPIC(400, PROMPT_TOO_LONG,  BY_CLASS,   "invalid_request_error", NULL, TOO_LONG),
    ANTHROPIC(400, CONTEXT_OVERFLOW, BY_CLASS,   "invalid_request_error", NULL, OVERFLOW),
    ANTHROPIC(401, AUTH,             STATIC_KEY, "authentication_error",  NULL, "invalid x-api-key"),
    ANTHROPIC(401, AUTH_EXPIRED,     GENERIC,    "authentication_error",  NULL, "OAuth token has expired. Please obtain a new token or refresh your existing token."),
    ANTHROPIC(402, BILLING,          GENERIC,    "billing_error", "linked_organization_billing_unavailable", "Billing is unavailable for the linked organization."),
    ANTHROPIC(403, FORBIDDEN,        GENERIC,    "permission_error",      NULL, "Your API key does not have permission to use the specified resource."),
    ANTHROPIC(402, OUT_OF_CREDITS,   BY_CLASS,   "billing_error",         NULL, "Fast mode needs usage credits, and yours are used up."),
    ANTHROPIC(403, FAST_UNAVAILABLE, BY_CLASS,   "permission_error",      NULL, "Fast mode is not available to your organization."),
    ANTHROPIC(403, AUTH_REVOKED,     BY_CLASS,   "permission_error",      NULL, "OAuth token has been revoked. Please obtain a new token."),
    ANTHROPIC(404, NOT_FOUND,        GENERIC,    "not_found_error",       NULL, "model: {model}"),
    ANTHROPIC(409, CONFLICT,         GENERIC,    "conflict_error",        NULL, "The request conflicts with another request."),
    ANTHROPIC(413, TOO_LARGE,        GENERIC,    "request_too_large",     NULL, "Request exceeds the maximum size"),
    ANTHROPIC(429, RATE_LIMITED,     GENERIC,    "rate_limit_error",      NULL, "This request would exceed your account's rate limit. Please try again later."),
    ANTHROPIC(429, SPEND_LIMIT,      BY_CLASS,   "rate_limit_error", "enforced_spend_limit_reached", TIER_CAP),
    ANTHROPIC(500, SERVER_ERROR,     GENERIC,    "api_error",             NULL, "Internal server error"),
    {PLATFORM_ANTHROPIC, 502, REDIAL_CLASS_SERVER_ERROR, TYPICAL_GENERIC, SHAPE_EDGE, "", NULL, "error code: 502"},
    {PLATFORM_ANTHROPIC, 503, REDIAL_CLASS_SERVER_ERROR, TYPICAL_GENERIC, SHAPE_EDGE, "", NULL, "upstream connect error or disconnect/reset before headers"},
    ANTHROPIC(504, TIMEOUT,          GENERIC,    "timeout_error",         NULL, "Request timed out"),
    ANTHROPIC(529, OVERLOADED,       GENERIC,    "overloaded_error",      NULL, "Overloaded"),
    STOPPED(ANTHROPIC, OUTPUT_LIMIT, "max_tokens"),
    STOPPED(ANTHROPIC, REFUSAL, "refusal"),

    BEDROCK(400, INVALID_REQUEST,  GENERIC,  "ValidationException",     "The provided model identifier is invalid."),
    BEDROCK(400, PROMPT_TOO_LONG,  BY_CLASS, "ValidationException",     FROM_MODEL TOO_LONG),
    BEDROCK(400, CONTEXT_OVERFLOW, BY_CLASS, "ValidationException",     FROM_MODEL OVERFLOW),
    BEDROCK(403, AUTH,             BY_CLASS, "ExpiredTokenException",   "The security token included in the request is expired"),
    BEDROCK(403, FORBIDDEN,        GENERIC,  "AccessDeniedException",   "You don't have access to the model with the specified model ID."),
    BEDROCK(404, NOT_FOUND,        GENERIC,  "ResourceNotFoundException", "Could not resolve the foundation model from the provided model identifier."),
    BEDROCK(408, TIMEOUT,          GENERIC,  "ModelTimeoutException",   "Model has timed out in processing the request. Try your request again."),
    BEDROCK(413, TOO_LARGE,        GENERIC,  "RequestEntityTooLargeException", "The request entity is too large."),
    BEDROCK(424, SERVER_ERROR,     GENERIC,  "ModelErrorException",     "The system encountered an unexpected error during processing. Try your request again."),
    BEDROCK(429, RATE_LIMITED,     GENERIC,  "ThrottlingException",     "Too many requests, please wait before trying again."),
    BEDROCK(500, SERVER_ERROR,     GENERIC,  "InternalServerException", "The system encountered an unexpected error during processing. Try your request again."),
    BEDROCK(503, OVERLOADED,       GENERIC,  "ServiceUnavailableException", "Bedrock is unable to process your request."),
    STOPPED(BEDROCK, OUTPUT_LIMIT, "max_tokens"),
    STOPPED(BEDROCK, REFUSAL, "refusal"),

    VERTEX(400, INVALID_REQUEST,  GENERIC,  "INVALID_ARGUMENT",  NULL, "Request contains an invalid argument."),
    MODEL_LEVEL(VERTEX, 400, PROMPT_TOO_LONG,  BY_CLASS, "invalid_request_error", TOO_LONG),
    MODEL_LEVEL(VERTEX, 400, CONTEXT_OVERFLOW, BY_CLASS, "invalid_request_error", OVERFLOW),
    VERTEX(401, AUTH,             GENERIC,  "UNAUTHENTICATED",   "ACCESS_TOKEN_EXPIRED", GOOGLE_TOKEN),
    VERTEX(403, FORBIDDEN,        GENERIC,  "PERMISSION_DENIED", NULL, "Permission 'aiplatform.endpoints.predict' denied on resource."),
    VERTEX(404, NOT_FOUND,        GENERIC,  "NOT_FOUND",         NULL, "Publisher Model `{model}` was not found or your project does not have access to it."),
    VERTEX(429, RATE_LIMITED,     GENERIC,  "RESOURCE_EXHAUSTED", NULL, GOOGLE_QUOTA),
    VERTEX(500, SERVER_ERROR,     GENERIC,  "INTERNAL",          NULL, "Internal error encountered."),
    VERTEX(503, SERVER_ERROR,     GENERIC,  "UNAVAILABLE",       NULL, "The service is currently unavailable."),
    VERTEX(504, TIMEOUT,          GENERIC,  "DEADLINE_EXCEEDED", NULL, "Deadline expired before operation could complete."),
    MODEL_LEVEL(VERTEX, 529, OVERLOADED, GENERIC, "overloaded_error", "Overloaded"),
    STOPPED(VERTEX, OUTPUT_LIMIT, "max_tokens"),
    STOPPED(VERTEX, REFUSAL, "refusal"),

    MODEL_LEVEL(FOUNDRY, 400, INVALID_REQUEST,  GENERIC,  "invalid_request_error", "messages: at least one message is required"),
    MODEL_LEVEL(FOUNDRY, 400, PROMPT_TOO_LONG,  BY_CLASS, "invalid_request_error", TOO_LONG),
    MODEL_LEVEL(FOUNDRY, 400, CONTEXT_OVERFLOW, BY_CLASS, "invalid_request_error", OVERFLOW),
    FOUNDRY(401, AUTH,            GENERIC,  "401",                AZURE_KEY),
    FOUNDRY(403, FORBIDDEN,       GENERIC,  "403",                "Access denied due to Virtual Network/Firewall rules."),
    FOUNDRY(404, NOT_FOUND,       GENERIC,  "DeploymentNotFound", "The API deployment for this resource does not exist."),
    FOUNDRY(429, RATE_LIMITED,    GENERIC,  "429",                "Too Many Requests"),
    FOUNDRY(500, SERVER_ERROR,    GENERIC,  "InternalServerError", "Internal server error"),
    FOUNDRY(503, SERVER_ERROR,    GENERIC,  "ServiceUnavailable", "Service unavailable"),
    MODEL_LEVEL(FOUNDRY, 529, OVERLOADED, GENERIC, "overloaded_error", "Overloaded"),
    STOPPED(FOUNDRY, OUTPUT_LIMIT, "max_tokens"),
    STOPPED(FOUNDRY, REFUSAL, "refusal"),
};
/* clang-format on */

const struct typical_reply *typical_by_class(enum platform_kind platform, enum redial_class class)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++)
        if (rows[i].platform == platform && rows[i].class == class) return &rows[i];
    return NULL;
}

const struct typical_reply *typical_by_status(enum platform_kind platform, uint16_t status,
                                              bool static_key)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++) {
        const struct typical_reply *row = &rows[i];
        if (row->platform != platform || row->status != status) continue;
        if (row->use == TYPICAL_GENERIC || (row->use == TYPICAL_STATIC_KEY && static_key))
            return row;
    }
    return NULL;
}

_Static_assert(REDIAL_CLASS_COUNT <= 32, "a bit per class");
void typical_list_classes(enum platform_kind platform, struct text *out)
{
    uint32_t listed = 0;
    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++) {
        if (rows[i].platform != platform || listed & (1u << rows[i].class)) continue;
        text_printf(out, "%s%s", listed ? ", " : "", redial_class_name(rows[i].class));
        listed |= 1u << rows[i].class;
    }
}

void typical_list_statuses(enum platform_kind platform, struct text *out)
{
    text_printf(out, "200");
    uint16_t last = 200;
    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++) {
        if (rows[i].platform != platform || rows[i].use != TYPICAL_GENERIC) continue;
        if (rows[i].status != last) text_printf(out, ", %d", rows[i].status);
        last = rows[i].status;
    }
}
