/* Brings its own HTTP and asks Redial what to do: one call, from its start to its end.
 *
 *     cc decide.c $(pkg-config --cflags --libs redial) -o decide
 *     ./decide policies/claude-code.yaml 529 529 ECONNRESET 200
 *
 * Instead of a network it has the outcomes of its arguments: an HTTP status, or the name of an
 * error. What a program puts in their place is `attempt`; the rest is what it looks like. */
#include <redial/redial.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS 1000000

struct outcomes {
    char **next; /* ends with NULL */
};

/* An HTTP status to what is known of the reply. A real one also has message, headers, stop reason.
 */
static void fill_reply(struct redial_event *event, int status)
{
    event->kind = REDIAL_EVENT_REPLY;
    event->status = (uint16_t)status;
    event->complete = true;
    if (status == 529) event->text[REDIAL_TEXT_ERROR] = REDIAL_STR("overloaded_error");
    if (status == 429) event->text[REDIAL_TEXT_ERROR] = REDIAL_STR("rate_limit_error");
}

/* Sends one request, and says what came of it. */
static bool attempt(struct outcomes *outcomes, struct redial_event *event)
{
    const char *outcome = *outcomes->next;
    *event = (struct redial_event){0};
    if (!outcome) return false;
    outcomes->next++;
    if (atoi(outcome) > 0) {
        fill_reply(event, atoi(outcome));
        return true;
    }
    event->kind = REDIAL_EVENT_BROKEN;
    event->phase = REDIAL_PHASE_WAIT;
    event->cause = REDIAL_CAUSE_OTHER;
    for (int cause = 0; cause < REDIAL_CAUSE_COUNT; cause++)
        if (strcmp(outcome, redial_cause_name(cause)) == 0) event->cause = (uint8_t)cause;
    return true;
}

static void tell(const struct redial_policy *policy, const struct redial_decision *decision)
{
    struct redial_str rule = redial_policy_rule(policy, decision->rule);
    struct redial_str provider = redial_policy_provider(policy, decision->provider);
    if (decision->judged && decision->class != REDIAL_CLASS_NONE)
        printf("  %s by rule '%.*s'\n", redial_class_name(decision->class), REDIAL_STR_ARG(rule));
    if (decision->kind == REDIAL_DECISION_SEND)
        printf("send attempt %d to %.*s%s\n", decision->attempt, REDIAL_STR_ARG(provider),
               decision->fresh_connection ? ", on a new connection" : "");
    if (decision->kind == REDIAL_DECISION_WAIT)
        printf("wait %lld ms (%s)\n", (long long)(decision->delay + MS / 2) / MS,
               redial_wait_name(decision->wait));
    if (decision->kind == REDIAL_DECISION_FINISH)
        printf("finish: %s\n", redial_reason_name(decision->reason));
}

/* The loop of every driver: do what was decided, report what came of it. */
static bool run(struct redial_call *call, const struct redial_policy *policy,
                struct outcomes *outcomes, int64_t now)
{
    struct redial_event event = {.kind = REDIAL_EVENT_START};
    struct redial_decision decision;
    for (;;) {
        redial_call_step(call, &event, now, &decision);
        tell(policy, &decision);
        now += 40 * MS; /* what an attempt takes */
        event = (struct redial_event){.kind = REDIAL_EVENT_TIMER};
        switch (decision.kind) {
        case REDIAL_DECISION_SEND:
            if (!attempt(outcomes, &event)) event.kind = REDIAL_EVENT_CANCEL;
            break;
        case REDIAL_DECISION_WAIT: now = decision.wake_at; break; /* a real program sleeps */
        case REDIAL_DECISION_REPAIR: event.kind = REDIAL_EVENT_REPAIR_FAILED; break;
        default: return decision.reason == REDIAL_REASON_SUCCESS;
        }
    }
}

int main(int argc, char **argv)
{
    if (argc < 2) return 2;
    struct redial_diags *diags = redial_diags_new();
    struct redial_policy *policy = redial_policy_load(argv[1], NULL, diags);
    struct redial_engine *engine = policy ? redial_engine_new(policy) : NULL;
    struct redial_call_options options = {
        .model = REDIAL_STR("claude-opus-4-6"), .max_tokens = 1024, .seed = 7};
    struct redial_str why = {0};
    struct redial_call call;
    struct outcomes outcomes = {argv + 2};
    bool good = false;
    if (!engine)
        fputs(redial_diags_text(diags, false), stderr);
    else if (!redial_call_init(&call, engine, &options, 0, &why))
        fprintf(stderr, "%.*s\n", REDIAL_STR_ARG(why));
    else
        good = run(&call, policy, &outcomes, 0);
    redial_engine_destroy(engine);
    redial_policy_release(policy);
    redial_diags_destroy(diags);
    return good ? 0 : 1;
}
