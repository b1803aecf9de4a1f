/* The checks. Each looks at one thing that a client may do wrong while its provider fails; what it
 * finds is told with what was expected, what was seen, and the request where it was seen. */
#include "simulator/judge/checks.h"

#include <inttypes.h>

#include "base/duration.h"
#include "redial/call.h"

/* A client on this machine may be late for many reasons, and early by its timer's grain. */
#define SLACK_MIN (20 * NS_PER_MS)
#define HOT_WAIT                                                                                   \
    (100 * NS_PER_MS) /* a wait below this is none, unless the server asks for no more */
#define PAUSE_MIN   (5 * NS_PER_SECOND) /* of a reply, for a client's timeout to notice */
#define HOT_RETRIES 3                   /* so many in a row without a wait are a loop */

enum check {
    CHECK_SENT_NOTHING,
    CHECK_FALSE_SUCCESS,
    CHECK_DIED,
    CHECK_HUNG,
    CHECK_AFTER_OUTPUT,
    CHECK_AFTER_END,
    CHECK_HOT_LOOP,
    CHECK_BACKGROUND,
    CHECK_HINT,
    CHECK_VETO,
    CHECK_CREDENTIAL,
    CHECK_HOPELESS,
    CHECK_CONNECTION,
    CHECK_AMPLIFICATION,
    CHECK_STORM,
    CHECK_ENDED_WITH,
    CHECK_ATTEMPTS,
    CHECK_WAITS,
    CHECK_REQUESTS,
    CHECK_COUNT
};

static const struct name check_rows[CHECK_COUNT] = {
    [CHECK_SENT_NOTHING] = {"sent_nothing", "the client sends its requests to the fakes"},
    [CHECK_FALSE_SUCCESS] = {"false_success", "success is told of a whole reply alone"},
    [CHECK_DIED] = {"died", "the client ends by itself, not by a signal"},
    [CHECK_HUNG] = {"hung", "the client ends in time"},
    [CHECK_AFTER_OUTPUT] = {"after_output", "nothing is retried once output was delivered"},
    [CHECK_AFTER_END] = {"after_end", "nothing is sent once the call has its answer"},
    [CHECK_HOT_LOOP] = {"hot_loop", "retries wait"},
    [CHECK_BACKGROUND] = {"background", "a background call bails on an overload"},
    [CHECK_HINT] = {"hint", "the server's word on waiting is honoured"},
    [CHECK_VETO] = {"veto", "x-should-retry: false forbids the same request again"},
    [CHECK_CREDENTIAL] = {"credential", "a refused credential is not sent again"},
    [CHECK_HOPELESS] = {"hopeless", "a wrong request is not sent again unchanged"},
    [CHECK_CONNECTION] = {"connection", "after a broken connection comes a new one"},
    [CHECK_AMPLIFICATION] = {"amplification", "no more attempts than the policy takes"},
    [CHECK_STORM] = {"storm", "not more than twice the attempts that the policy takes"},
    [CHECK_ENDED_WITH] = {"ended_with", "the answer comes from the model and provider expected"},
    [CHECK_ATTEMPTS] = {"attempts", "as many attempts as the policy takes (--exact)"},
    [CHECK_WAITS] = {"waits",
                     "the waits of the policy, unless the scenario fixes chance (--exact)"},
    [CHECK_REQUESTS] = {"requests", "what each request carries (--exact)"},
};
const struct names check_names = {"check", check_rows, CHECK_COUNT};

/* ---- Telling ---- */

static REDIAL_PRINTF(2, 3) struct redial_str say(struct judging *judging, const char *format, ...)
{
    struct redial_str text = REDIAL_STR("(out of memory)");
    va_list arguments;

    va_start(arguments, format);
    if (!arena_vprintf(judging->arena, &text, format, arguments)) judging->failed = true;
    va_end(arguments);
    return text;
}

static struct redial_str say_time(struct judging *judging, int64_t ns)
{
    struct text text = TEXT_INIT;
    struct redial_str said;

    duration_format((ns + NS_PER_MS / 2) / NS_PER_MS * NS_PER_MS, &text);
    said = say(judging, "%s", text.failed || !text.ptr ? "?" : text.ptr);
    text_clean_up(&text);
    return said;
}

static void find(struct judging *judging, enum check check, enum weight weight, uint32_t entry,
                 struct span span, struct redial_str expected, struct redial_str got)
{
    struct verdict *verdict = judging->verdict;
    size_t at = verdict->differences.count;

    if (at < DIFFERENCES_KEPT)
        verdict->broken[at] = (struct broken_check){(int)check, weight, entry};
    difference_add(&verdict->differences, check_rows[check].word, span, expected, got);
}

static struct span place_of(const struct judging *judging, const struct journal_entry *entry)
{
    if (entry && entry->script) return entry->script->span;
    return judging->input->scenario->world_span;
}

/* ---- Attempt by attempt ---- */

/* The scenario's own policy waits less than the hint says: it ignores or bounds it. */
static bool may_ignore(const struct judging *judging, const struct course_attempt *attempt)
{
    const struct expect *expect = &judging->input->scenario->expect;
    size_t wait = attempt->number - 2; /* before the second attempt is the first */

    return judging->course.calls == 1 && expect->waits_given && wait < expect->wait_count &&
           expect->waits[wait].high < attempt->before->hint;
}

/* A hint of hours is no reason to stay: another place may be asked, or nobody. But the same place
 * is not asked again before its time. */
static void check_hint(struct judging *judging, const struct course_attempt *attempt)
{
    const struct journal_entry *entry = attempt->entry, *before = attempt->before;
    int64_t slack = before->hint / 50 > SLACK_MIN ? before->hint / 50 : SLACK_MIN;

    if (before->hint <= 0 || before->replied_at < 0 || entry->provider != before->provider ||
        !str_eq(entry->model, before->model))
        return;
    if (entry->arrived_at >= duration_add(before->replied_at, before->hint - slack) ||
        may_ignore(judging, attempt))
        return;
    struct redial_str asked = say_time(judging, before->hint);
    struct redial_str waited = say_time(judging, entry->arrived_at - before->replied_at);
    find(judging, CHECK_HINT, WEIGHT_SOFT, entry->number, place_of(judging, before),
         say(judging, "request %" PRIu32 " no sooner than %.*s after the reply that asked for it",
             entry->number, REDIAL_STR_ARG(asked)),
         say(judging, "it came after %.*s", REDIAL_STR_ARG(waited)));
}

static void check_veto(struct judging *judging, const struct course_attempt *attempt)
{
    if (attempt->before->should_retry >= 0 || !attempt_is_again(attempt)) return;
    find(judging, CHECK_VETO, WEIGHT_SOFT, attempt->entry->number,
         place_of(judging, attempt->before), REDIAL_STR("no such request again"),
         say(judging, "request %" PRIu32 " is request %" PRIu32 " again", attempt->entry->number,
             attempt->before->number));
}

/* What a scenario wrote by hand may mean something else than its status: only a policy's own table
 * knows. */
static bool is_by_hand(const struct journal_entry *entry)
{
    const struct reply_script *script = entry->script;

    return script && script->class == REDIAL_CLASS_NONE &&
           (script->body_given || script->message.len > 0 || script->error_type.len > 0 ||
            script->error_code.len > 0);
}

static bool is_about_credentials(uint8_t class)
{
    return class == REDIAL_CLASS_AUTH || class == REDIAL_CLASS_AUTH_EXPIRED ||
           class == REDIAL_CLASS_AUTH_REVOKED;
}

static void check_credential(struct judging *judging, const struct course_attempt *attempt)
{
    const struct journal_entry *entry = attempt->entry, *before = attempt->before;

    if (!is_about_credentials(before->class) || is_by_hand(before) ||
        entry->provider != before->provider || entry->credential > before->credential)
        return;
    find(
        judging, CHECK_CREDENTIAL, attempt->number > 2 ? WEIGHT_HARD : WEIGHT_SOFT, entry->number,
        place_of(judging, before), REDIAL_STR("a new credential, or no further request"),
        say(judging, "request %" PRIu32 " carries the credential that was refused", entry->number));
}

static const enum redial_class hopeless[] = {
    REDIAL_CLASS_FORBIDDEN, REDIAL_CLASS_BILLING,          REDIAL_CLASS_SPEND_LIMIT,
    REDIAL_CLASS_TOO_LARGE, REDIAL_CLASS_INVALID_REQUEST,  REDIAL_CLASS_PROMPT_TOO_LONG,
    REDIAL_CLASS_NOT_FOUND, REDIAL_CLASS_CONTEXT_OVERFLOW, REDIAL_CLASS_REFUSAL,
};

static void check_hopeless(struct judging *judging, const struct course_attempt *attempt)
{
    bool is = false;

    for (size_t i = 0; i < REDIAL_COUNT_OF(hopeless); i++)
        is |= attempt->before->class == hopeless[i];
    if (!is || is_by_hand(attempt->before) || !attempt_is_again(attempt)) return;
    find(judging, CHECK_HOPELESS, attempt->number > 2 ? WEIGHT_HARD : WEIGHT_SOFT,
         attempt->entry->number, place_of(judging, attempt->before),
         say(judging, "no such request again after %s",
             redial_class_name((enum redial_class)attempt->before->class)),
         say(judging, "request %" PRIu32 " is request %" PRIu32 " again", attempt->entry->number,
             attempt->before->number));
}

static void check_connection(struct judging *judging, const struct course_attempt *attempt)
{
    if (!attempt_was_broken(attempt->before) || !attempt->entry->reused) return;
    find(judging, CHECK_CONNECTION, WEIGHT_SOFT, attempt->entry->number,
         place_of(judging, attempt->before), REDIAL_STR("a new connection"),
         say(judging, "request %" PRIu32 " came over one kept alive", attempt->entry->number));
}

/* Asking anew for a longer answer replaces the one delivered: the client knows. */
static bool is_replaced(const struct journal_entry *entry)
{
    return entry->class == REDIAL_CLASS_OUTPUT_LIMIT ||
           entry->class == REDIAL_CLASS_CONTEXT_OVERFLOW;
}

static const struct rule *find_rule(const struct redial_policy *policy, struct redial_str name)
{
    const struct variant *plain = &policy->variants[VARIANT_PLAIN];

    for (size_t i = 0; i < policy->rule_count; i++)
        if (str_eq(plain->rules[i].name, name)) return &plain->rules[i];
    return NULL;
}

/* The scenario means a policy that tells its caller that what came so far is void. Whether the
 * client did, the wire does not show. */
static bool begins_anew(const struct scenario *scenario)
{
    const struct expected_words *rules = &scenario->expect.rules;

    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = find_rule(scenario->policy, rules->list[i].text);
        if (rule && rule->after_output == AFTER_OUTPUT_RESTART) return true;
    }
    return false;
}

static void check_after_output(struct judging *judging, const struct course_attempt *attempt)
{
    const struct journal_entry *before = attempt->before;

    if (!before->stream || before->deltas == 0 || attempt_succeeded(before) ||
        is_replaced(before) || begins_anew(judging->input->scenario))
        return;
    find(judging, CHECK_AFTER_OUTPUT, WEIGHT_HARD, attempt->entry->number,
         place_of(judging, before),
         say(judging, "no further request: %" PRId32 " deltas had been delivered", before->deltas),
         say(judging, "request %" PRIu32 " begins the answer anew", attempt->entry->number));
}

static void check_after_end(struct judging *judging, const struct course_attempt *attempt)
{
    if (!attempt_succeeded(attempt->before)) return;
    find(judging, CHECK_AFTER_END, WEIGHT_HARD, attempt->entry->number,
         place_of(judging, attempt->before),
         say(judging, "no further request: %" PRIu32 " was answered", attempt->before->number),
         say(judging, "request %" PRIu32 " asks the same", attempt->entry->number));
}

static void check_background(struct judging *judging, const struct course_attempt *attempt)
{
    const struct scenario *scenario = judging->input->scenario;

    if (scenario->call_count == 0 || scenario->calls[0].query != REDIAL_QUERY_BACKGROUND ||
        attempt->before->class != REDIAL_CLASS_OVERLOADED)
        return;
    find(judging, CHECK_BACKGROUND, WEIGHT_HARD, attempt->entry->number,
         place_of(judging, attempt->before), REDIAL_STR("no retry of a background call"),
         say(judging, "request %" PRIu32, attempt->entry->number));
}

typedef void check_fn(struct judging *judging, const struct course_attempt *attempt);
static check_fn *const attempt_checks[] = {
    check_hint,       check_veto,         check_credential, check_hopeless,
    check_connection, check_after_output, check_after_end,  check_background,
};

/* ---- Over a whole call ---- */

/* One retry at once is how a dead connection or a spent credential is left. A row of them is no
 * recovery. */
static void check_hot_loop(struct judging *judging)
{
    const struct course *course = &judging->course;
    int in_a_row = 0;

    for (size_t i = 0; i < course->count; i++) {
        const struct course_attempt *attempt = &course->attempts[i];
        const struct journal_entry *before = attempt->before;
        bool hot = before && before->hint <= 0 && attempt_is_again(attempt) &&
                   attempt_wait(attempt) < HOT_WAIT;
        in_a_row = hot ? in_a_row + 1 : 0;
        if (in_a_row != HOT_RETRIES) continue;
        find(judging, CHECK_HOT_LOOP, WEIGHT_HARD, attempt->entry->number,
             place_of(judging, attempt->before), REDIAL_STR("a wait between retries"),
             say(judging, "%d retries in a row within 100ms of the failure before", HOT_RETRIES));
        return;
    }
}

static int64_t calls_expected(const struct scenario *scenario)
{
    int64_t calls = 0;

    for (size_t i = 0; i < scenario->call_count; i++) calls += scenario->calls[i].count;
    return calls > 0 ? calls : 1;
}

/* The most attempts per call that the scenario lets its own policy take, in thousandths; -1 it does
 * not say. Of a client that makes fewer calls than the scenario, one may take all of them. */
static int64_t most_attempts(const struct scenario *scenario, size_t calls)
{
    const struct expect *expect = &scenario->expect;
    int64_t all = calls_expected(scenario);

    /* Such a call is ended by its caller, whom the client does not have. */
    if (scenario->call_count > 0 &&
        (scenario->calls[0].cancel_at >= 0 || scenario->calls[0].deadline > 0))
        return -1;
    if (expect->attempts.given)
        return expect->attempts.high * 1000 / ((int64_t)calls < all ? 1 : all);
    return expect->amplification.given && (int64_t)calls >= all ? expect->amplification.high : -1;
}

/* A pause or a hint that was shortened says nothing of a client's timeouts and bounds, which were
 * not. */
static bool has_pauses(const struct reply_script *reply)
{
    bool paused = reply->fault == FAULT_HANG || reply->fault == FAULT_STALL || reply->slow > 0 ||
                  reply->after >= PAUSE_MIN || reply->retry_after >= NS_PER_MINUTE;

    for (size_t i = 0; i < reply->stream.event_count; i++)
        paused = paused || reply->stream.events[i].after >= PAUSE_MIN;
    return paused;
}

static bool is_out_of_scale(const struct judging *judging)
{
    const struct scenario *scenario = judging->input->scenario;
    double speed = judging->input->speed;
    bool paused = false;

    if (speed <= 0 || speed == 1) return false;
    for (size_t i = 0; i < scenario->provider_count; i++)
        for (size_t k = 0; k < scenario->providers[i].reply_count; k++)
            paused = paused || has_pauses(&scenario->providers[i].replies[k]);
    return paused;
}

static void check_amplification(struct judging *judging)
{
    const struct expect *expect = &judging->input->scenario->expect;
    const struct verdict *verdict = judging->verdict;
    int64_t most = most_attempts(judging->input->scenario, verdict->calls);
    bool storm = verdict->amplification > 2 * most;

    if (most < 0 || verdict->amplification <= most) return;
    if (!storm && is_out_of_scale(judging)) return;
    find(
        judging, storm ? CHECK_STORM : CHECK_AMPLIFICATION, storm ? WEIGHT_HARD : WEIGHT_SOFT, 0,
        expect->attempts.given ? expect->attempts.span : expect->amplification.span,
        say(judging, "at most %" PRId64 ".%03" PRId64 " attempts a call", most / 1000, most % 1000),
        say(judging, "%zu attempts of %zu call%s", verdict->attempts, verdict->calls,
            verdict->calls == 1 ? "" : "s"));
}

/* ---- How it ended ---- */

static void check_end(struct judging *judging)
{
    const struct client_end *end = judging->input->end;
    struct span nowhere = {0};

    if (end->timed_out)
        find(judging, CHECK_HUNG, WEIGHT_HARD, 0, nowhere, REDIAL_STR("an end by itself"),
             REDIAL_STR("it was still running at the limit, and was ended"));
    else if (end->signal && !end->interrupted)
        find(judging, CHECK_DIED, WEIGHT_HARD, 0, nowhere, REDIAL_STR("an exit status"),
             say(judging, "it died by signal %d", end->signal));
    if (judging->course.count == 0 && judging->course.refused_tokens == 0 && !end->interrupted)
        find(judging, CHECK_SENT_NOTHING, WEIGHT_HARD, 0, nowhere,
             REDIAL_STR("a request for messages at one of the fakes"),
             say(judging, "none, and %" PRIu32 " other request%s: does it read the environment?",
                 judging->course.others, judging->course.others == 1 ? "" : "s"));
}

static const struct journal_entry *last_answer(const struct judging *judging)
{
    for (size_t i = judging->course.count; i-- > 0;)
        if (attempt_succeeded(judging->course.attempts[i].entry))
            return judging->course.attempts[i].entry;
    return NULL;
}

static void check_false_success(struct judging *judging)
{
    const struct course *course = &judging->course;

    if (judging->input->end->exit_status != 0 || course->count == 0 || last_answer(judging)) return;
    const struct journal_entry *last = course->attempts[course->count - 1].entry;
    find(judging, CHECK_FALSE_SUCCESS, WEIGHT_HARD, last->number, place_of(judging, last),
         REDIAL_STR("an exit status other than 0, since no whole reply went out"),
         REDIAL_STR("exit status 0"));
}

static bool is_model(const struct judging *judging, const struct journal_entry *entry,
                     struct redial_str name)
{
    const struct redial_policy *policy = judging->input->scenario->policy;
    uint16_t platform = policy->providers[entry->provider].platform;
    const struct platform_model *model =
        policy_platform_model(policy, platform, policy_find_model(policy, name));

    return str_eq(entry->model, name) || (model && policy_model_has_id(model, entry->model));
}

static void check_ended_with(struct judging *judging)
{
    const struct scenario *scenario = judging->input->scenario;
    const struct expect *expect = &scenario->expect;
    const struct journal_entry *answer = last_answer(judging);

    if (!answer || is_out_of_scale(judging)) return;
    if (expect->model.text.len > 0 && !is_model(judging, answer, expect->model.text))
        find(judging, CHECK_ENDED_WITH, WEIGHT_SOFT, answer->number, expect->model.span,
             expect->model.text, answer->model);
    struct redial_str provider = scenario->policy->providers[answer->provider].name;
    if (expect->provider.text.len > 0 && !str_eq(provider, expect->provider.text))
        find(judging, CHECK_ENDED_WITH, WEIGHT_SOFT, answer->number, expect->provider.span,
             expect->provider.text, provider);
}

/* ---- Exactly as the policy does ---- */

static bool within(const struct expected_range *range, int64_t got)
{
    return !range->given || (got >= range->low && got <= range->high);
}

static void exact_attempts(struct judging *judging)
{
    const struct expected_range *range = &judging->input->scenario->expect.attempts;

    if (within(range, (int64_t)judging->verdict->attempts)) return;
    find(judging, CHECK_ATTEMPTS, WEIGHT_SOFT, 0, range->span,
         say(judging, "%" PRId64 "..%" PRId64, range->low, range->high),
         say(judging, "%zu", judging->verdict->attempts));
}

/* Where the scenario fixes every draw, its waits are those of no other dice. */
static bool has_own_chance(const struct scenario *scenario)
{
    return scenario->fixed_random == 0;
}

/* A client's timer is late by what its runtime takes, never early by more than its grain. */
static void exact_waits(struct judging *judging)
{
    const struct expect *expect = &judging->input->scenario->expect;
    const struct verdict *verdict = judging->verdict;
    size_t count =
        expect->wait_count < verdict->wait_count ? expect->wait_count : verdict->wait_count;

    if (!has_own_chance(judging->input->scenario)) return;
    for (size_t i = 0; expect->waits_given && i < count; i++) {
        const struct expected_range *range = &expect->waits[i];
        int64_t wait = verdict->waits[i];
        if (wait >= range->low - SLACK_MIN && wait <= range->high + range->high / 20 + SLACK_MIN)
            continue;
        struct redial_str low = say_time(judging, range->low);
        struct redial_str high = say_time(judging, range->high);
        find(judging, CHECK_WAITS, WEIGHT_SOFT, 0, range->span,
             say(judging, "wait %zu of %.*s..%.*s", i + 1, REDIAL_STR_ARG(low),
                 REDIAL_STR_ARG(high)),
             say_time(judging, wait));
    }
}

static void exact_request(struct judging *judging, const struct expected_request *expected,
                          const struct journal_entry *entry)
{
    bool right = within(&expected->max_tokens, entry->max_tokens) &&
                 within(&expected->credential, entry->credential) &&
                 (expected->connection.row == CONNECTION_ANY ||
                  (expected->connection.row == CONNECTION_IS_REUSED) == entry->reused) &&
                 (expected->model.text.len == 0 || is_model(judging, entry, expected->model.text));

    if (right) return;
    find(judging, CHECK_REQUESTS, WEIGHT_SOFT, entry->number, expected->span,
         say(judging, "request %" PRIu32 " as it is written there", entry->number),
         say(judging, "model %.*s, max_tokens %" PRId64 ", credential %" PRIu32 ", %s connection",
             REDIAL_STR_ARG(entry->model), entry->max_tokens, entry->credential,
             entry->reused ? "reused" : "new"));
}

static void exact_requests(struct judging *judging)
{
    const struct expect *expect = &judging->input->scenario->expect;
    const struct course *course = &judging->course;
    size_t count = expect->request_count < course->count ? expect->request_count : course->count;

    for (size_t i = 0; expect->requests_given && i < count; i++)
        exact_request(judging, &expect->requests[i], course->attempts[i].entry);
    if (expect->last_request && course->count > 0)
        exact_request(judging, expect->last_request, course->attempts[course->count - 1].entry);
}

/* ---- All of them ---- */

void checks_run(struct judging *judging)
{
    const struct course *course = &judging->course;

    check_end(judging);
    check_false_success(judging);
    for (size_t i = 0; i < course->count; i++)
        for (size_t k = 0; course->attempts[i].before && k < REDIAL_COUNT_OF(attempt_checks); k++)
            attempt_checks[k](judging, &course->attempts[i]);
    check_hot_loop(judging);
    check_amplification(judging);
    check_ended_with(judging);
    if (!judging->input->exact) return;
    exact_attempts(judging);
    exact_waits(judging);
    exact_requests(judging);
}
