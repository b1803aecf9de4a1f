/* The word tables. Each comes from the X-macro of its closed list, so a word cannot be forgotten;
 * lists that only the model knows are written out beside their enum's names. Indexed by the enum,
 * without holes. */
#include "model/policy.h"
#include "redial/redial.h"

#define TABLE(list, what_it_is, ...)                                                               \
    static const struct name list##_rows[] = {__VA_ARGS__};                                        \
    const struct names list##_names = {(what_it_is), list##_rows, REDIAL_COUNT_OF(list##_rows)};

#define X(name, word, doc) [REDIAL_CLASS_##name] = {word, doc},
TABLE(class, "class", REDIAL_CLASS_MAP(X))
#undef X
#define X(name, word, doc) [REDIAL_REASON_##name] = {word, doc},
TABLE(reason, "reason", REDIAL_REASON_MAP(X))
#undef X
#define X(name, word, doc) [REDIAL_CAUSE_##name] = {word, doc},
TABLE(cause, "cause", REDIAL_CAUSE_MAP(X))
#undef X
#define X(name, word, doc) [REDIAL_PHASE_##name] = {word, doc},
TABLE(phase, "phase", REDIAL_PHASE_MAP(X))
#undef X
#define X(name, word, doc) [REDIAL_QUERY_##name] = {word, doc},
TABLE(query, "query", REDIAL_QUERY_MAP(X))
#undef X
#define X(name, word, doc) [REDIAL_STEP_##name] = {word, doc},
TABLE(step, "step", REDIAL_STEP_MAP(X))
#undef X
#define X(name, word, doc) [REDIAL_FEATURE_##name] = {word, doc},
TABLE(feature, "feature", REDIAL_FEATURE_MAP(X))
#undef X
#define X(name, word, doc) [REDIAL_CREDENTIAL_##name] = {word, doc},
TABLE(credential, "credential", REDIAL_CREDENTIAL_MAP(X))
#undef X
#define X(name, word, doc) [REDIAL_EVENT_##name] = {word, doc},
TABLE(event, "event", REDIAL_EVENT_MAP(X))
#undef X
#define X(name, word, doc) [REDIAL_STATE_##name] = {word, doc},
TABLE(state, "state", REDIAL_STATE_MAP(X))
#undef X
#define X(name, word, doc) [REDIAL_WAIT_##name] = {word, doc},
TABLE(wait, "wait", REDIAL_WAIT_MAP(X))
#undef X

#define X(name, word, doc) [REDIAL_GUARD_##name] = {word, doc},
TABLE(guard_kind, "guard", REDIAL_GUARD_MAP(X))
#undef X
#define X(name, word, doc) [REDIAL_SPEED_##name] = {word, doc},
TABLE(speed, "change of speed", REDIAL_SPEED_MAP(X))
#undef X

#define X(name, word, doc) [REDIAL_MODE_##name] = {word, doc},
TABLE(mode_state, "state of a mode", REDIAL_MODE_MAP(X))
#undef X

TABLE(guard_key,
      "key of a guard", [GUARD_BY_PROVIDER] = {"provider", "each provider has a state of its own"},
      [GUARD_BY_MODEL] = {"model", "each model has a state of its own"},
      [GUARD_BY_CREDENTIAL] = {"credential", "each caller's credential has a state of its own"},
      [GUARD_BY_QUERY] = {"query", "foreground and background have states of their own"})

TABLE(guard_answer,
      "answer of a guard", [GUARD_WAIT] = {"wait", "wait until it lets the call pass"},
      [GUARD_FALLBACK] = {"fallback", "go on with the next fallback, else end the call"},
      [GUARD_FAIL] = {"fail", "end the call"})

TABLE(budget_of, "kind of budget",
      [BUDGET_TOKENS] = {"tokens", "a bucket that retries empty and successes fill"},
      [BUDGET_CALLS] = {"calls", "retries are a share of the calls of a window"},
      [BUDGET_RUNNING] = {"running", "retries under way are a share of the calls under way"})

TABLE(budget_charge,
      "charge of a budget", [BUDGET_CHARGES_RETRIES] = {"retries", "a retry takes its cost"},
      [BUDGET_CHARGES_FAILURES] = {"failures", "a failure that a rule would retry takes its cost"})

TABLE(budget_empty, "answer (when_empty)", [BUDGET_FAIL] = {"fail", "end the call at once"},
      [BUDGET_WAIT_THEN_FAIL] = {"wait_then_fail", "wait as before a retry, then end the call"})

TABLE(backoff_kind, "kind of backoff", [BACKOFF_CONSTANT] = {"constant", "every wait is the base"},
      [BACKOFF_LINEAR] = {"linear", "every wait is `step` longer than the one before"},
      [BACKOFF_EXPONENTIAL] = {"exponential", "every wait is `factor` times the one before"},
      [BACKOFF_DECORRELATED] = {"decorrelated",
                                "a random wait between the base and three times the last wait"},
      [BACKOFF_DECORRELATED_V2] = {"decorrelated_v2",
                                   "Polly's smooth curve through random points, about doubling"})

TABLE(jitter, "jitter", [JITTER_NONE] = {"none", "the wait is the base, exactly"},
      [JITTER_FULL] = {"full", "random between 0 and the base"},
      [JITTER_EQUAL] = {"equal", "half the base, plus random up to the other half"},
      [JITTER_ADD] = {"add", "the base, plus random up to a share of it"},
      [JITTER_SUBTRACT] = {"subtract", "the base, minus random up to a share of it"},
      [JITTER_SPREAD] = {"spread", "the base, plus or minus random up to a share of it"},
      [JITTER_SCALE] = {"scale", "the base, times random between two factors"})

TABLE(hint_unit, "hint unit",
      [HINT_SECONDS_OR_DATE] = {"seconds_or_date", "seconds, or an HTTP date (RFC 9110)"},
      [HINT_SECONDS] = {"seconds", "seconds, a fraction allowed; a date is unreadable"},
      [HINT_MILLISECONDS] = {"milliseconds", "milliseconds, a fraction allowed"},
      [HINT_UNIX_SECONDS] = {"unix_seconds", "an instant in seconds since 1970, UTC"},
      [HINT_RFC3339] = {"rfc3339", "an instant such as 2025-08-21T12:40:59Z"})

TABLE(hint_above, "answer (above)", [HINT_CLAMP] = {"clamp", "wait as long as `max` allows"},
      [HINT_IGNORE] = {"ignore", "wait as the backoff says"},
      [HINT_GIVE_UP] = {"give_up", "end the call with the reason hint_too_long"},
      [HINT_FALLBACK] = {"fallback", "go on with the next fallback model at once"},
      [HINT_AT_ONCE] = {"now", "do not wait at all"})

TABLE(hint_odd, "answer (hint)",
      [HINT_ODD_IGNORE] = {"ignore", "as if it were not there: the next header, else the backoff"},
      [HINT_ODD_NOW] = {"now", "do not wait at all"},
      [HINT_ODD_VETO] = {"veto", "the server forbids the retry: end the call"})

TABLE(variant, "mode", [VARIANT_PLAIN] = {"plain", "no mode is switched on"},
      [VARIANT_UNATTENDED] = {"unattended", "nobody watches: the mode `unattended`"})

TABLE(below_floor,
      "answer (below_floor)", [BELOW_FLOOR_FAIL] = {"fail", "end the call with the reason no_room"},
      [BELOW_FLOOR_COMPACT] = {"compact", "make the prompt shorter instead"})

TABLE(after_output, "answer (after_output)",
      [AFTER_OUTPUT_STOP] = {"stop", "end the call: the caller already has output"},
      [AFTER_OUTPUT_RESTART] = {"restart",
                                "tell the caller to discard its output, then begin anew"})

TABLE(platform, "platform", [PLATFORM_ANTHROPIC] = {"anthropic", "the Anthropic API itself"},
      [PLATFORM_BEDROCK] = {"bedrock", "Claude on AWS Bedrock"},
      [PLATFORM_VERTEX] = {"vertex", "Claude on Google Cloud Vertex AI"},
      [PLATFORM_FOUNDRY] = {"foundry", "Claude on Azure AI Foundry"})

TABLE(support, "kind of support", [SUPPORT_FULL] = {"full", "supported"},
      [SUPPORT_BETA] = {"beta", "supported behind a beta flag"},
      [SUPPORT_LIMITED] = {"limited", "supported in part; the note says how"},
      [SUPPORT_NONE] = {"none", "not supported"},
      [SUPPORT_IGNORED] = {"ignored", "accepted, without effect"},
      [SUPPORT_DISABLED] = {"disabled", "switched off on this platform"},
      [SUPPORT_UNKNOWN] = {"unknown", "no public word on it"},
      [SUPPORT_DISPUTED] = {"disputed", "sources disagree; the note says which"})

TABLE(feature_answer,
      "answer", [FEATURE_TRY] = {"try", "send it all the same: no public word says that it fails"},
      [FEATURE_DROP] = {"drop", "go without it"},
      [FEATURE_REFUSE] = {"refuse", "end the call with the reason refused_feature"},
      [FEATURE_REROUTE] = {"reroute", "go on with the next fallback provider that has it"},
      [FEATURE_SILENCE] = {"silence", "telemetry: emit no record"})
const struct names missing_answer_names = {"answer to what is missing",
                                           feature_answer_rows + FEATURE_DROP,
                                           FEATURE_ANSWER_COUNT - FEATURE_DROP};
const struct names unknown_answer_names = {"answer to what is unknown", feature_answer_rows,
                                           FEATURE_SILENCE};

TABLE(fact, "fact", [FACT_CLASS] = {"class", "what the event means"},
      [FACT_STATUS] = {"status", "the HTTP status"},
      [FACT_ERROR] = {"error", "the platform's error type or name, exactly"},
      [FACT_ERROR_CODE] = {"error_code", "the code in the error's details, exactly"},
      [FACT_STREAM_ERROR] = {"stream_error", "the error type inside a streamed reply, exactly"},
      [FACT_STOP_REASON] = {"stop_reason", "why the model stopped, exactly"},
      [FACT_CAUSE] = {"cause", "what broke the attempt"},
      [FACT_PHASE] = {"phase", "how far the attempt had come"},
      [FACT_PLATFORM] = {"platform", "the platform of the leg"},
      [FACT_PROVIDER] = {"provider", "the provider of the leg"},
      [FACT_MODEL] = {"model", "the model of the leg; `*` stands for any text"},
      [FACT_QUERY] = {"query", "whether a person waits for the answer"},
      [FACT_SHOULD_RETRY] = {"should_retry", "x-should-retry: true, false or absent"},
      [FACT_MESSAGE] = {"message", "the error's sentence; `*` stands for any text"},
      [FACT_HEADER] = {"header", "a header of the reply; `*` stands for any text"},
      [FACT_MODE] = {"mode", "a mode that is switched on"},
      [FACT_FEATURE] = {"feature", "a feature that the call wants"},
      [FACT_ATTEMPT] = {"attempt", "attempts of the call so far"},
      [FACT_RETRIES] = {"retries", "retries of the leg so far"},
      [FACT_ELAPSED] = {"elapsed", "time since the call began"},
      [FACT_WAITED] = {"waited", "time the call has spent waiting"},
      [FACT_OUTPUT_DELIVERED] = {"output_delivered", "whether the caller already has output"},
      [FACT_HINT] = {"hint", "the server's word on waiting"},
      [FACT_LUA] = {"lua", "a function of the policy's hooks answers true"})

TABLE(surface,
      "surface", [BEDROCK_INVOKE] = {"invoke", "the platform's own: on Bedrock InvokeModel"},
      [BEDROCK_MANTLE] = {"mantle", "Bedrock's newer one, which speaks Anthropic's own words"})

TABLE(hook_point, "hook", [HOOK_CLASSIFY] = {"classify", "names the class of an event"},
      [HOOK_DELAY] = {"delay", "says how long the step `backoff` waits"},
      [HOOK_CHOOSE] = {"choose", "picks the provider of a leg among the candidates"},
      [HOOK_ADAPT] = {"adapt", "changes the request when a leg begins"},
      [HOOK_COMPACT] = {"compact", "makes the prompt shorter for the step `compact`"})

TABLE(
    hook_on_error,
    "answer (on_error)", [HOOK_ERROR_FAILS] = {"fail", "end the call with the reason hook_failed"},
    [HOOK_ERROR_IGNORED] = {"ignore", "go on as if there were no hook"})

#define COVERS(list, total)                                                                        \
    _Static_assert(REDIAL_COUNT_OF(list##_rows) == (total), "one row per " #list)
COVERS(backoff_kind, BACKOFF_KIND_COUNT);
COVERS(jitter, JITTER_KIND_COUNT);
COVERS(hint_unit, HINT_UNIT_COUNT);
COVERS(hint_above, HINT_ABOVE_COUNT);
COVERS(hint_odd, HINT_ODD_COUNT);
COVERS(variant, VARIANT_COUNT);
COVERS(below_floor, BELOW_FLOOR_COUNT);
COVERS(after_output, AFTER_OUTPUT_COUNT);
COVERS(platform, PLATFORM_KIND_COUNT);
COVERS(surface, BEDROCK_SURFACE_COUNT);
COVERS(support, SUPPORT_COUNT);
COVERS(feature_answer, FEATURE_ANSWER_COUNT);
COVERS(fact, FACT_COUNT);
COVERS(hook_point, HOOK_POINT_COUNT);
COVERS(hook_on_error, HOOK_ON_ERROR_COUNT);
COVERS(guard_key, GUARD_KEY_COUNT);
COVERS(guard_answer, GUARD_ANSWER_COUNT);
COVERS(budget_of, BUDGET_KIND_COUNT);
COVERS(budget_charge, BUDGET_CHARGE_COUNT);
COVERS(budget_empty, BUDGET_EMPTY_COUNT);
