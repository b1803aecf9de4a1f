/* What the shipped platforms.yaml makes of what the platforms are publicly known to say. The
 * sentences are typed from the public record, not from our own files. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "core/match.h"
#include "redial/redial.h"
#include "tests/support/policy_from.h"

static const char one_rule[] = "rules: [{name: anything, when: always, do: [fail]}]\n";

static enum redial_class class_of(const char *provider, struct redial_event event)
{
    struct redial_policy *policy = policy_from(one_rule);
    struct redial_engine *engine = redial_engine_new(policy);
    struct redial_call_options options = {.provider = str_of(provider),
                                          .model = REDIAL_STR("claude-opus-4-6")};
    struct redial_call call;
    struct redial_str why;
    struct facts facts;
    const struct classify_row *row;
    cr_assert(redial_call_init(&call, engine, &options, 0, &why));
    redial_event_prepare(policy, &event);
    facts_init(&facts, &call, &event, 0);
    enum redial_class class = classify(&facts, &row);
    redial_call_step(&call, &(struct redial_event){.kind = REDIAL_EVENT_CANCEL}, 0,
                     &(struct redial_decision){0}); /* gives back what the call holds */
    redial_engine_destroy(engine);
    redial_policy_release(policy);
    return class;
}

struct reply_case {
    char provider[12];
    uint16_t status;
    char error[40], code[40], message[120];
    enum redial_class want;
};

#define CLASS(name) REDIAL_CLASS_##name
/* clang-format off */
ParameterizedTestParameters(classify, replies)
{
    static struct reply_case cases[] = {
        {"anthropic", 401, "authentication_error", "", "OAuth token has expired. Please obtain a new token or refresh your existing token.", CLASS(AUTH_EXPIRED)},
        {"anthropic", 401, "authentication_error", "", "invalid x-api-key", CLASS(AUTH)},
        {"anthropic", 403, "permission_error", "", "OAuth token has been revoked. Please obtain a new token.", CLASS(AUTH_REVOKED)},
        {"anthropic", 403, "permission_error", "", "Your API key may not use this resource.", CLASS(FORBIDDEN)},
        {"anthropic", 400, "invalid_request_error", "", "prompt is too long: 200251 tokens > 200000 maximum", CLASS(PROMPT_TOO_LONG)},
        {"anthropic", 400, "invalid_request_error", "", "input length and `max_tokens` exceed context limit: 174167 + 64000 > 200000", CLASS(CONTEXT_OVERFLOW)},
        {"anthropic", 400, "invalid_request_error", "", "messages: at least one message is required", CLASS(INVALID_REQUEST)},
        {"anthropic", 400, "invalid_request_error", "", "You have reached your specified API usage limits. You will regain access soon.", CLASS(SPEND_LIMIT)},
        {"anthropic", 400, "invalid_request_error", "", "You have reached your specified workspace API usage limits.", CLASS(SPEND_LIMIT)},
        {"anthropic", 400, "invalid_request_error", "", "capability_rejected: prompt_too_long", CLASS(PROMPT_TOO_LONG)},
        {"anthropic", 400, "invalid_request_error", "request_body_timeout", "slow", CLASS(TIMEOUT)},
        {"anthropic", 402, "billing_error", "linked_organization_billing_unavailable", "x", CLASS(BILLING)},
        {"anthropic", 402, "billing_error", "linked_organization_spend_limit_reached", "x", CLASS(SPEND_LIMIT)},
        {"anthropic", 404, "not_found_error", "", "model: x", CLASS(NOT_FOUND)},
        {"anthropic", 409, "conflict_error", "", "x", CLASS(CONFLICT)},
        {"anthropic", 413, "request_too_large", "", "x", CLASS(TOO_LARGE)},
        {"anthropic", 413, "", "", "<html>Payload Too Large</html>", CLASS(TOO_LARGE)},
        {"anthropic", 429, "rate_limit_error", "", "This request would exceed your account's rate limit. Please try again later.", CLASS(RATE_LIMITED)},
        {"anthropic", 429, "rate_limit_error", "enforced_spend_limit_reached", "You have reached your API usage limits: your organization", CLASS(SPEND_LIMIT)},
        {"anthropic", 429, "rate_limit_error", "ramp_limit_exceeded", "x", CLASS(RATE_LIMITED)},
        {"anthropic", 500, "api_error", "", "Internal server error", CLASS(SERVER_ERROR)},
        {"anthropic", 502, "", "", "error code: 502", CLASS(SERVER_ERROR)},
        {"anthropic", 504, "timeout_error", "", "x", CLASS(TIMEOUT)},
        {"anthropic", 529, "overloaded_error", "", "Overloaded", CLASS(OVERLOADED)},
        {"anthropic", 200, "overloaded_error", "", "an error body behind a proxy's 200", CLASS(OVERLOADED)},
        {"anthropic", 418, "", "", "short and stout", CLASS(INVALID_REQUEST)},
        {"anthropic", 302, "", "", "", CLASS(UNKNOWN)},
        {"anthropic", 200, "", "", "", CLASS(NONE)},
        {"bedrock", 429, "ThrottlingException", "", "Too many tokens, please wait before trying again.", CLASS(RATE_LIMITED)},
        {"bedrock", 400, "ThrottlingException", "", "prompt is too long for now", CLASS(RATE_LIMITED)},
        {"bedrock", 400, "", "", "Too many requests, please wait before trying again.", CLASS(RATE_LIMITED)},
        {"bedrock", 400, "ValidationException", "", "The model returned the following errors: prompt is too long: 200049 tokens > 200000 maximum", CLASS(PROMPT_TOO_LONG)},
        {"bedrock", 400, "ValidationException", "", "Input is too long for requested model.", CLASS(PROMPT_TOO_LONG)},
        {"bedrock", 400, "ValidationException", "", "The provided model identifier is invalid.", CLASS(INVALID_REQUEST)},
        {"bedrock", 403, "ExpiredTokenException", "", "The security token included in the request is expired", CLASS(AUTH)},
        {"bedrock", 403, "", "", "The security token included in the request is invalid.", CLASS(AUTH)},
        {"bedrock", 403, "AccessDeniedException", "", "no access to the model", CLASS(FORBIDDEN)},
        {"bedrock", 404, "FTUFormNotFilled", "", "x", CLASS(FORBIDDEN)},
        {"bedrock", 404, "ResourceNotFoundException", "", "x", CLASS(NOT_FOUND)},
        {"bedrock", 408, "ModelTimeoutException", "", "x", CLASS(TIMEOUT)},
        {"bedrock", 424, "ModelErrorException", "", "x", CLASS(SERVER_ERROR)},
        {"bedrock", 429, "ModelNotReadyException", "", "x", CLASS(SERVER_ERROR)},
        {"bedrock", 503, "ServiceUnavailableException", "", "x", CLASS(OVERLOADED)},
        {"vertex", 401, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED", "Request had invalid authentication credentials.", CLASS(AUTH)},
        {"vertex", 403, "PERMISSION_DENIED", "", "x", CLASS(FORBIDDEN)},
        {"vertex", 400, "FAILED_PRECONDITION", "", "Project `p` is not allowed to use Publisher Model `m`", CLASS(FORBIDDEN)},
        {"vertex", 429, "RESOURCE_EXHAUSTED", "", "Quota exceeded for aiplatform.googleapis.com/online_prediction_requests", CLASS(RATE_LIMITED)},
        {"vertex", 400, "invalid_request_error", "", "prompt is too long: 200251 tokens > 200000 maximum", CLASS(PROMPT_TOO_LONG)},
        {"vertex", 503, "UNAVAILABLE", "", "x", CLASS(SERVER_ERROR)},
        {"vertex", 504, "DEADLINE_EXCEEDED", "", "x", CLASS(TIMEOUT)},
        {"vertex", 529, "overloaded_error", "", "Overloaded", CLASS(OVERLOADED)},
        {"foundry", 401, "401", "", "Access denied due to invalid subscription key or wrong API endpoint.", CLASS(AUTH)},
        {"foundry", 404, "DeploymentNotFound", "", "x", CLASS(NOT_FOUND)},
        {"foundry", 429, "429", "", "Too Many Requests", CLASS(RATE_LIMITED)},
        {"foundry", 400, "invalid_request_error", "", "prompt is too long: 1 tokens > 0 maximum", CLASS(PROMPT_TOO_LONG)},
    };
    return cr_make_param_array(struct reply_case, cases, REDIAL_COUNT_OF(cases));
}
/* clang-format on */

ParameterizedTest(struct reply_case *c, classify, replies)
{
    struct redial_event event = {
        .kind = REDIAL_EVENT_REPLY,
        .complete = true,
        .status = c->status,
        .text =
            {[REDIAL_TEXT_ERROR] = str_of(c->error), [REDIAL_TEXT_ERROR_CODE] = str_of(c->code)},
        .message = str_of(c->message)};
    enum redial_class class = class_of(c->provider, event);
    cr_expect_eq(class, c->want, "%s %d %s '%s': %s", c->provider, c->status, c->error, c->message,
                 redial_class_name(class));
}

struct text_case {
    char provider[12], word[40];
    enum redial_class want;
};

ParameterizedTestParameters(classify, stream_errors)
{
    static struct text_case cases[] = {
        {"anthropic", "overloaded_error", CLASS(OVERLOADED)},
        {"anthropic", "rate_limit_error", CLASS(RATE_LIMITED)},
        {"anthropic", "api_error", CLASS(SERVER_ERROR)},
        {"anthropic", "invalid_request_error", CLASS(INVALID_REQUEST)},
        {"anthropic", "something_new", CLASS(UNKNOWN)},
        {"bedrock", "throttlingException", CLASS(RATE_LIMITED)},
        {"bedrock", "serviceUnavailableException", CLASS(OVERLOADED)},
        {"bedrock", "modelStreamErrorException", CLASS(SERVER_ERROR)},
        {"bedrock", "modelTimeoutException", CLASS(TIMEOUT)},
        {"bedrock", "validationException", CLASS(INVALID_REQUEST)},
        {"vertex", "RESOURCE_EXHAUSTED", CLASS(RATE_LIMITED)},
        {"vertex", "overloaded_error", CLASS(OVERLOADED)},
        {"foundry", "overloaded_error", CLASS(OVERLOADED)},
    };
    return cr_make_param_array(struct text_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct text_case *c, classify, stream_errors)
{
    struct redial_event event = {.kind = REDIAL_EVENT_STREAM_ERROR,
                                 .status = 200,
                                 .text[REDIAL_TEXT_STREAM_ERROR] = str_of(c->word)};
    enum redial_class class = class_of(c->provider, event);
    cr_expect_eq(class, c->want, "%s: %s", c->word, redial_class_name(class));
}

Test(classify, a_complete_reply_may_have_stopped_for_a_reason_that_rules_answer)
{
    static const struct text_case cases[] = {
        {"anthropic", "max_tokens", CLASS(OUTPUT_LIMIT)},
        {"bedrock", "model_context_window_exceeded", CLASS(CONTEXT_OVERFLOW)},
        {"vertex", "refusal", CLASS(REFUSAL)},
        {"foundry", "end_turn", CLASS(NONE)},
    };
    for (size_t i = 0; i < REDIAL_COUNT_OF(cases); i++) {
        struct redial_event event = {.kind = REDIAL_EVENT_REPLY,
                                     .complete = true,
                                     .status = 200,
                                     .text[REDIAL_TEXT_STOP_REASON] = str_of(cases[i].word)};
        cr_expect_eq(class_of(cases[i].provider, event), cases[i].want, "%s", cases[i].word);
    }
}

struct broken_case {
    enum redial_cause cause;
    enum redial_phase phase;
    char message[48];
    enum redial_class want;
};

#define CAUSE(name) REDIAL_CAUSE_##name
#define PHASE(name) REDIAL_PHASE_##name
ParameterizedTestParameters(classify, broken_attempts)
{
    static struct broken_case cases[] = {
        {CAUSE(ECONNRESET), PHASE(SEND), "", CLASS(CONNECTION_DROPPED)},
        {CAUSE(ECONNRESET), PHASE(BODY), "", CLASS(CONNECTION_DROPPED)},
        {CAUSE(ECONNRESET), PHASE(STREAM), "", CLASS(CONNECTION_DROPPED)},
        {CAUSE(ECONNRESET), PHASE(TLS), "", CLASS(CONNECTION_FAILED)},
        {CAUSE(EPIPE), PHASE(SEND), "", CLASS(CONNECTION_DROPPED)},
        {CAUSE(EMPTY_REPLY), PHASE(WAIT), "", CLASS(CONNECTION_DROPPED)},
        {CAUSE(CUT), PHASE(WAIT), "", CLASS(CONNECTION_DROPPED)},
        {CAUSE(CUT), PHASE(BODY), "", CLASS(STREAM_CUT)},
        {CAUSE(CUT), PHASE(STREAM), "", CLASS(STREAM_CUT)},
        {CAUSE(ECONNREFUSED), PHASE(CONNECT), "", CLASS(CONNECTION_FAILED)},
        {CAUSE(ENOTFOUND), PHASE(RESOLVE), "", CLASS(CONNECTION_FAILED)},
        {CAUSE(ETIMEDOUT), PHASE(STREAM), "", CLASS(TIMEOUT)},
        {CAUSE(TLS), PHASE(TLS), "", CLASS(TLS_FAILED)},
        {CAUSE(MALFORMED), PHASE(BODY), "", CLASS(MALFORMED_REPLY)},
        {CAUSE(PROXY), PHASE(CONNECT), "the proxy answered 407 to CONNECT", CLASS(INVALID_REQUEST)},
        {CAUSE(PROXY), PHASE(CONNECT), "the proxy answered 502 to CONNECT",
         CLASS(CONNECTION_FAILED)},
        {CAUSE(NO_CREDENTIAL), PHASE(NONE), "the request was not sent", CLASS(NO_CREDENTIAL)},
        {CAUSE(UNSENDABLE), PHASE(NONE), "the request was not sent", CLASS(INVALID_REQUEST)},
        {CAUSE(OTHER), PHASE(SEND), "TypeError: read ECONNRESET", CLASS(CONNECTION_DROPPED)},
        {CAUSE(OTHER), PHASE(WAIT), "socket hang up", CLASS(CONNECTION_DROPPED)},
        {CAUSE(OTHER), PHASE(SEND), "write EPIPE", CLASS(CONNECTION_DROPPED)},
        {CAUSE(OTHER), PHASE(CONNECT), "connect ECONNREFUSED 127.0.0.1:1",
         CLASS(CONNECTION_FAILED)},
        {CAUSE(OTHER), PHASE(WAIT), "the machine is on fire", CLASS(UNKNOWN)},
    };
    return cr_make_param_array(struct broken_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct broken_case *c, classify, broken_attempts)
{
    struct redial_event event = {.kind = REDIAL_EVENT_BROKEN,
                                 .cause = (uint8_t)c->cause,
                                 .phase = (uint8_t)c->phase,
                                 .message = str_of(c->message)};
    enum redial_class class = class_of("bedrock", event);
    cr_expect_eq(class, c->want, "%s in %s '%s': %s", redial_cause_name(c->cause),
                 redial_phase_name(c->phase), c->message, redial_class_name(class));
}

Test(classify, no_row_makes_a_failure_a_success)
{
    struct redial_policy *policy =
        policy_from("classify: [{class: none, when: {stop_reason: max_tokens}}]\n"
                    "rules: [{name: all, when: always, do: [fail]}]\n");
    struct redial_engine *engine = redial_engine_new(policy);
    struct redial_call call;
    struct redial_str why;
    cr_assert(redial_call_init(
        &call, engine, &(struct redial_call_options){.model = REDIAL_STR("claude-opus-4-6")}, 0,
        &why));
    struct redial_event event = {.kind = REDIAL_EVENT_REPLY,
                                 .complete = true,
                                 .status = 418,
                                 .text[REDIAL_TEXT_STOP_REASON] = REDIAL_STR("max_tokens")};
    struct facts facts;
    const struct classify_row *row;
    redial_event_prepare(policy, &event);
    facts_init(&facts, &call, &event, 0);
    cr_expect_eq(classify(&facts, &row), REDIAL_CLASS_UNKNOWN);
    event.status = 200;
    facts_init(&facts, &call, &event, 0);
    cr_expect_eq(classify(&facts, &row), REDIAL_CLASS_NONE);
    redial_call_step(&call, &(struct redial_event){.kind = REDIAL_EVENT_CANCEL}, 0,
                     &(struct redial_decision){0});
    redial_engine_destroy(engine);
    redial_policy_release(policy);
}
