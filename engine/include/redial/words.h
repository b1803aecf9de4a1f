/* The closed lists of the field's words. Each row is X(ENUM, "word", "what it means"); enum, name,
 * sentence, JSON Schema and reference are made from the same rows. New rows go at the end: the
 * numbers are ABI. */
#ifndef REDIAL_WORDS_H
#define REDIAL_WORDS_H

#include "redial/str.h"

#pragma GCC visibility push(default)

/* What an event means, whatever platform it came from. The policy's classify tables give it. */
#define REDIAL_CLASS_MAP(X)                                                                        \
    X(NONE, "none", "nothing is wrong")                                                            \
    X(UNKNOWN, "unknown", "no row of the classify tables names what happened")                     \
    X(AUTH_EXPIRED, "auth_expired", "the credential was good and has expired")                     \
    X(AUTH_REVOKED, "auth_revoked", "the credential was withdrawn")                                \
    X(AUTH, "auth", "the platform does not accept the credential, for whatever reason")            \
    X(FORBIDDEN, "forbidden", "the credential is good but may not do this")                        \
    X(BILLING, "billing", "the account cannot be charged")                                         \
    X(SPEND_LIMIT, "spend_limit", "a spending limit is reached; waiting seconds will not help")    \
    X(RATE_LIMITED, "rate_limited", "too many requests or tokens for now")                         \
    X(OVERLOADED, "overloaded", "the platform has no capacity for now")                            \
    X(SERVER_ERROR, "server_error", "the platform failed while working on the request")            \
    X(TIMEOUT, "timeout",                                                                          \
      "an attempt, its first byte or the next byte of its stream came too late")                   \
    X(CONNECTION_FAILED, "connection_failed", "no connection could be made")                       \
    X(CONNECTION_DROPPED, "connection_dropped",                                                    \
      "an established connection was reset or closed under the request")                           \
    X(TLS_FAILED, "tls_failed", "the TLS handshake or the certificate check failed")               \
    X(STREAM_CUT, "stream_cut", "the reply ended before it was complete")                          \
    X(MALFORMED_REPLY, "malformed_reply", "the reply is not what its platform speaks")             \
    X(PROMPT_TOO_LONG, "prompt_too_long", "the input alone exceeds the context window")            \
    X(CONTEXT_OVERFLOW, "context_overflow", "input plus output limit exceed the context window")   \
    X(OUTPUT_LIMIT, "output_limit", "the reply stopped at max_tokens")                             \
    X(TOO_LARGE, "too_large", "the request body has too many bytes")                               \
    X(INVALID_REQUEST, "invalid_request", "the request is wrong and would be wrong again")         \
    X(NOT_FOUND, "not_found", "no such model, deployment or resource")                             \
    X(CONFLICT, "conflict", "the request collided with another; a retry may pass")                 \
    X(REFUSAL, "refusal", "the model declined to answer")                                          \
    X(OUT_OF_CREDITS, "out_of_credits", "the credits that fast mode needs are used up")            \
    X(FAST_UNAVAILABLE, "fast_unavailable",                                                        \
      "fast mode is not offered to this organisation, plan or model")                              \
    X(NO_CREDENTIAL, "no_credential", "no credential was found, so that nothing was sent")

/* Why a call ended. */
#define REDIAL_REASON_MAP(X)                                                                       \
    X(NONE, "none", "the call has not ended")                                                      \
    X(SUCCESS, "success", "a complete reply arrived")                                              \
    X(FAILED, "failed", "the matching rule says to fail")                                          \
    X(UNMATCHED, "unmatched", "no rule of the policy matches what happened")                       \
    X(RULE_LIMIT, "rule_limit", "the rule's retries are used up")                                  \
    X(RETRY_LIMIT, "retry_limit", "the retries of the leg (limits.retries) are used up")           \
    X(ATTEMPT_LIMIT, "attempt_limit", "the attempts of the call (limits.attempts) are used up")    \
    X(DEADLINE, "deadline", "the call's deadline has passed, or the next wait would pass it")      \
    X(NO_FALLBACK, "no_fallback", "no fallback is left that the call has not tried")               \
    X(REFUSED_FEATURE, "refused_feature", "the platform lacks a feature that the call requires")   \
    X(VETOED, "vetoed", "the server said not to send this request again (x-should-retry: false)")  \
    X(HINT_TOO_LONG, "hint_too_long", "the server asked for a longer wait than the policy allows") \
    X(BUDGET_EMPTY, "budget_empty", "the retry budget is empty")                                   \
    X(BREAKER_OPEN, "breaker_open", "the circuit breaker is open")                                 \
    X(COOLING_DOWN, "cooling_down", "a cooldown is running")                                       \
    X(DELIVERED, "delivered", "output was already delivered, and the rule does not restart")       \
    X(REPAIR_FAILED, "repair_failed", "a repair failed, so the original error stands")             \
    X(NO_ROOM, "no_room", "the output limit cannot grow, or what fits is below the floor")         \
    X(TOO_MANY_RULES, "too_many_rules", "more than 16 different rules fired in one leg")           \
    X(CANCELLED, "cancelled", "the caller cancelled the call")                                     \
    X(HOOK_FAILED, "hook_failed", "a Lua hook went wrong, and the policy says on_error: fail")

/* The error of a broken attempt, by structure (an errno, a resolver's or TLS library's answer) or
 * by message. */
#define REDIAL_CAUSE_MAP(X)                                                                        \
    X(NONE, "none", "the attempt was not broken")                                                  \
    X(OTHER, "OTHER", "an error that none of the other words names")                               \
    X(ECONNREFUSED, "ECONNREFUSED", "nobody listens at the address")                               \
    X(ECONNRESET, "ECONNRESET", "the peer reset the connection")                                   \
    X(EPIPE, "EPIPE", "the peer had closed the connection while the request was being sent")       \
    X(ETIMEDOUT, "ETIMEDOUT", "the connection, the first byte or the next byte timed out")         \
    X(ENOTFOUND, "ENOTFOUND", "the host name does not resolve")                                    \
    X(EHOSTUNREACH, "EHOSTUNREACH", "no route to the host or network")                             \
    X(TLS, "TLS", "the TLS handshake or certificate check failed")                                 \
    X(EMPTY_REPLY, "EMPTY_REPLY", "the peer closed without a byte of reply")                       \
    X(CUT, "CUT", "the peer closed before the reply was complete")                                 \
    X(MALFORMED, "MALFORMED", "the bytes are not HTTP, JSON, SSE or event stream as announced")    \
    X(PROXY, "PROXY", "the proxy did not lead to the host: it refused, or asks for a password")    \
    X(NO_CREDENTIAL, "NO_CREDENTIAL", "no credential was found, so that nothing was sent")         \
    X(UNSENDABLE, "UNSENDABLE", "the request cannot be made, or may not go where it would lead")

/* How far the attempt had come. */
#define REDIAL_PHASE_MAP(X)                                                                        \
    X(NONE, "none", "no attempt was under way")                                                    \
    X(RESOLVE, "resolve", "looking up the host name")                                              \
    X(CONNECT, "connect", "connecting")                                                            \
    X(TLS, "tls", "in the TLS handshake")                                                          \
    X(SEND, "send", "sending the request")                                                         \
    X(WAIT, "wait", "request sent, no byte of reply yet")                                          \
    X(HEADERS, "headers", "the reply's headers had begun")                                         \
    X(BODY, "body", "the headers were complete, the body was not")                                 \
    X(STREAM, "stream", "in the body of a streamed reply")

#define REDIAL_QUERY_MAP(X)                                                                        \
    X(FOREGROUND, "foreground", "a person waits for the answer")                                   \
    X(BACKGROUND, "background", "nobody waits; first to be given up")

/* What `do` and `then` may hold. */
#define REDIAL_STEP_MAP(X)                                                                         \
    X(RETRY, "retry", "send again")                                                                \
    X(FAIL, "fail", "end the call with the original error")                                        \
    X(BACKOFF, "backoff", "wait as the hint or the backoff says")                                  \
    X(WAIT, "wait", "wait a fixed time")                                                           \
    X(REFRESH, "refresh", "get a new credential")                                                  \
    X(FRESH_CONNECTION, "fresh_connection", "keep-alive off: the retry opens a new connection")    \
    X(COMPACT, "compact", "make the prompt shorter")                                               \
    X(RAISE_OUTPUT_LIMIT, "raise_output_limit", "raise max_tokens")                                \
    X(FIT_OUTPUT_LIMIT, "fit_output_limit", "lower max_tokens to what fits in the context window") \
    X(FALLBACK_MODEL, "fallback_model", "go on with the next fallback model")                      \
    X(FALLBACK_PROVIDER, "fallback_provider", "go on with the next fallback provider")             \
    X(STANDARD_SPEED, "standard_speed", "go on without fast mode")                                 \
    X(COOLDOWN, "cooldown", "let no call come here for a while")                                   \
    X(DISABLE, "disable", "switch a mode off until somebody switches it on again")                 \
    X(LUA, "lua", "do as a function of the policy's hooks says")

/* What a platform may have or lack: the rows of the feature matrix. A call wants or requires them.
 */
#define REDIAL_FEATURE_MAP(X)                                                                      \
    X(TEAM_MEMORY_SYNC, "team_memory_sync", "memory shared by a team's clients")                   \
    X(PROMPT_CACHE, "prompt_cache", "a repeated prompt prefix is cached")                          \
    X(CUSTOM_HEADERS, "custom_headers", "headers of the caller's own")                             \
    X(CLIENT_REQUEST_ID, "client_request_id", "an id per attempt that the platform keeps")         \
    X(TELEMETRY, "telemetry", "a record of the call is sent to Datadog")                           \
    X(DATA_RESIDENCY, "data_residency", "where the data is processed")

/* The kind of credential that a call has. */
#define REDIAL_CREDENTIAL_MAP(X)                                                                   \
    X(PLATFORM, "platform", "the kind that the platform can refresh")                              \
    X(OAUTH, "oauth", "Anthropic's OAuth token")                                                   \
    X(API_KEY, "api_key", "a static key: nothing to refresh")                                      \
    X(AWS, "aws", "AWS credentials with a session token")                                          \
    X(GOOGLE, "google", "a Google access token")                                                   \
    X(AZURE, "azure", "a Microsoft Entra access token")

enum redial_class {
#define X(name, word, doc) REDIAL_CLASS_##name,
    REDIAL_CLASS_MAP(X)
#undef X
        REDIAL_CLASS_COUNT
};
enum redial_reason {
#define X(name, word, doc) REDIAL_REASON_##name,
    REDIAL_REASON_MAP(X)
#undef X
        REDIAL_REASON_COUNT
};
enum redial_cause {
#define X(name, word, doc) REDIAL_CAUSE_##name,
    REDIAL_CAUSE_MAP(X)
#undef X
        REDIAL_CAUSE_COUNT
};
enum redial_phase {
#define X(name, word, doc) REDIAL_PHASE_##name,
    REDIAL_PHASE_MAP(X)
#undef X
        REDIAL_PHASE_COUNT
};
enum redial_query {
#define X(name, word, doc) REDIAL_QUERY_##name,
    REDIAL_QUERY_MAP(X)
#undef X
        REDIAL_QUERY_COUNT
};
enum redial_step_kind {
#define X(name, word, doc) REDIAL_STEP_##name,
    REDIAL_STEP_MAP(X)
#undef X
        REDIAL_STEP_COUNT
};

enum redial_feature {
#define X(name, word, doc) REDIAL_FEATURE_##name,
    REDIAL_FEATURE_MAP(X)
#undef X
        REDIAL_FEATURE_COUNT
};
#define REDIAL_FEATURE_BIT(feature) ((uint16_t)(1u << (feature)))
_Static_assert(REDIAL_FEATURE_COUNT <= 16, "sets of features are 16 bits");
enum redial_credential {
#define X(name, word, doc) REDIAL_CREDENTIAL_##name,
    REDIAL_CREDENTIAL_MAP(X)
#undef X
        REDIAL_CREDENTIAL_COUNT
};

/* The word and the sentence of a row; "?" for a number outside the list. Static storage. */
const char *redial_class_name(enum redial_class value);
const char *redial_class_doc(enum redial_class value);
const char *redial_reason_name(enum redial_reason value);
const char *redial_reason_doc(enum redial_reason value);
const char *redial_cause_name(enum redial_cause value);
const char *redial_phase_name(enum redial_phase value);
const char *redial_query_name(enum redial_query value);
const char *redial_step_name(enum redial_step_kind value);
const char *redial_feature_name(enum redial_feature value);
const char *redial_credential_name(enum redial_credential value);

#pragma GCC visibility pop

#endif
