/* Calls for languages that cannot see C's structs: options, events and decisions are JSON texts, so
 * that a binding needs no layout, only five functions. It is the same call and the same step
 * (call.h); each step costs some microseconds more.
 *
 *     call = redial_json_new(engine, "{\"model\": \"claude-opus-4-6\", \"max_tokens\": 1024}",
 * now); if (redial_json_why(call)) …                      the options make no sense
 *     redial_json_step(call, "{\"event\": \"start\"}", now)
 *         {"event":"start","decision":"send","provider":"anthropic","attempt":1, …}
 *     redial_json_step(call, "{\"event\": \"reply\", \"status\": 529, \"error\":
 * \"overloaded_error\"}", now)
 *         {"event":"reply","class":"overloaded","rule":"overloaded","decision":"wait","delay_ns":530000000,
 * …}
 *
 * Options: provider, model, query, unattended, credential, wants, requires, residency, max_tokens,
 * input_tokens, deadline ("10m"), seed, fast; as in struct redial_call_options.
 * An event: event (a word of REDIAL_EVENT_MAP), status, error, error_code, stream_error,
 * stop_reason, message, request_id, cause, phase, should_retry, complete (a reply is, unless told
 * otherwise), headers {name: value}, errno, input_tokens, output_tokens, context_tokens,
 * compacted_tokens; as in struct redial_event.
 * A decision: one line of the story as JSON, secrets cut out. What says nothing is left out. What
 * cannot be read gives {"decision":"misuse","why":"…"}, and the call has not changed.
 *
 * A call belongs to one thread at a time. Times are ns; instants since the Unix epoch. */
#ifndef REDIAL_JSON_H
#define REDIAL_JSON_H

#include "redial/redial.h"

#pragma GCC visibility push(default)

struct redial_json;

/* NULL when memory is out. The engine must outlive it. */
struct redial_json *redial_json_new(struct redial_engine *engine, const char *options, int64_t now);
/* Why there is no call; NULL: there is one. */
const char *redial_json_why(const struct redial_json *json);
/* The answer is valid until the call's next step. */
const char *redial_json_step(struct redial_json *json, const char *event, int64_t now);
/* The step's line of the story for people: `wait     530ms  rule="overloaded" 1/3  …`. Likewise. */
const char *redial_json_told(const struct redial_json *json);
/* Cancels a call that is under way. NULL is fine. */
void redial_json_destroy(struct redial_json *json);

#pragma GCC visibility pop

#endif
