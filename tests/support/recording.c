#include "tests/support/recording.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "simulator/run/runner.h"

#define PIECES_MAX 1024
#define CALLS_MAX  64

struct collected {
    struct record_attempt attempt;
    struct record_piece pieces[PIECES_MAX];
};

struct recording {
    struct transport transport;
    struct transport *inner;
    struct record *record;
    const struct redial_policy *policy;
    struct collected calls[CALLS_MAX]; /* the attempt under way of each */
};

static struct collected *collected_of(struct recording *self, const struct attempt *attempt)
{
    cr_assert_leq(attempt->call_number, CALLS_MAX);
    return &self->calls[attempt->call_number - 1];
}

static void end(struct recording *self, struct collected *collected, int64_t at,
                enum redial_cause cause, enum redial_phase phase)
{
    collected->attempt.pieces = collected->pieces;
    collected->attempt.ended_at = at;
    collected->attempt.cause = cause;
    collected->attempt.phase = phase;
    record_add_attempt(self->record, &collected->attempt);
}

static bool begin(struct transport *transport, struct attempt *attempt, struct request_seen *seen,
                  struct redial_event *event, size_t *count, struct redial_str *why)
{
    struct recording *self = (struct recording *)transport;
    struct collected *collected = collected_of(self, attempt);
    if (!self->inner->begin(self->inner, attempt, seen, event, count, why)) return false;
    collected->attempt =
        (struct record_attempt){.call = attempt->call_number - 1,
                                .provider = self->policy->providers[attempt->provider].name,
                                .platform = attempt->platform,
                                .sent_at = attempt->began_at - RUN_BEGAN_AT,
                                .head_at = -1,
                                .stream_asked = attempt->request.stream};
    if (*count > 0)
        end(self, collected, attempt->exchange->fault_at, (enum redial_cause)event->cause,
            (enum redial_phase)event->phase);
    return true;
}

static void collect(struct collected *collected, const struct exchange *exchange,
                    const struct act *act, int64_t at)
{
    struct record_attempt *attempt = &collected->attempt;
    if (act->kind == ACT_HEAD) {
        attempt->head_at = at;
        attempt->status = exchange->status;
        attempt->headers = exchange->headers;
        attempt->header_count = exchange->header_count;
    } else if (act->kind == ACT_BODY) {
        cr_assert_lt(attempt->piece_count, PIECES_MAX);
        collected->pieces[attempt->piece_count++] = (struct record_piece){at, act->bytes};
    }
}

/* As a client's sockets tell it, whatever the bytes mean. */
static enum redial_cause cause_of(const struct collected *collected, const struct act *act,
                                  const struct redial_event *event)
{
    if (event->kind != REDIAL_EVENT_BROKEN) return REDIAL_CAUSE_NONE;
    if (act->kind == ACT_RAW) return REDIAL_CAUSE_MALFORMED;
    if (act->kind == ACT_RESET) return REDIAL_CAUSE_ECONNRESET;
    if (act->kind != ACT_CLOSE) return REDIAL_CAUSE_NONE;
    return collected->attempt.head_at < 0 ? REDIAL_CAUSE_EMPTY_REPLY : REDIAL_CAUSE_CUT;
}

static bool perform(struct transport *transport, struct attempt *attempt, const struct act *act,
                    struct redial_event events[2], size_t *count, struct redial_str *why)
{
    struct recording *self = (struct recording *)transport;
    struct collected *collected = collected_of(self, attempt);
    int64_t at = attempt->late + act->at;
    collect(collected, attempt->exchange, act, at);
    if (!self->inner->perform(self->inner, attempt, act, events, count, why)) return false;
    const struct redial_event *last = *count ? &events[*count - 1] : NULL;
    if (last && last->kind != REDIAL_EVENT_OUTPUT)
        end(self, collected, at, cause_of(collected, act, last), (enum redial_phase)last->phase);
    return true;
}

static void give_up(struct transport *transport, struct attempt *attempt,
                    struct redial_event *event)
{
    struct recording *self = (struct recording *)transport;
    self->inner->abandon(self->inner, attempt, event);
    end(self, collected_of(self, attempt), 0, REDIAL_CAUSE_ETIMEDOUT,
        event ? (enum redial_phase)event->phase : REDIAL_PHASE_NONE);
}

static size_t counted(const struct transport *transport)
{
    const struct recording *self = (const struct recording *)transport;
    return self->inner->requests_counted(self->inner);
}

static void destroy(struct transport *transport)
{
    struct recording *self = (struct recording *)transport;
    self->inner->destroy(self->inner);
    free(self);
}

static void add_calls(struct record *record, const struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->call_count; i++) {
        const struct call_script *script = &scenario->calls[i];
        const struct record_call call = {
            .at = script->at,
            .provider = script->provider,
            .model = script->model,
            .query = script->query >= 0 ? (enum redial_query)script->query
                                        : scenario->policy->call.query,
            .credential = (enum redial_credential)script->credential,
            .stream = script->stream,
            .fast = script->fast,
            .unattended = script->unattended,
            .max_tokens = script->max_tokens,
            .input_tokens = script->input_tokens,
            .deadline = script->deadline,
            .cancel_at = -1,
        };
        for (int32_t k = 0; k < script->count; k++) {
            uint32_t number = record_add_call(record, &call);
            if (script->cancel_at >= 0) record_set_cancelled(record, number, script->cancel_at);
        }
    }
}

static void add_refreshes(struct record *record, const struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->provider_count; i++)
        for (size_t k = 0; k < scenario->providers[i].token_reply_count; k++) {
            const struct token_reply *reply = &scenario->providers[i].token_replies[k];
            record_add_refresh(record, &(struct record_refresh){scenario->providers[i].provider,
                                                                reply->after, reply->fail});
        }
}

struct transport *recording_new(struct transport *inner, struct record *record,
                                const struct scenario *scenario)
{
    struct recording *self = calloc(1, sizeof *self);
    cr_assert(self && inner);
    self->transport = (struct transport){.name = "recording",
                                         .begin = begin,
                                         .perform = perform,
                                         .abandon = give_up,
                                         .requests_counted = counted,
                                         .destroy = destroy};
    self->inner = inner;
    self->record = record;
    self->policy = scenario->policy;
    add_calls(record, scenario);
    add_refreshes(record, scenario);
    return &self->transport;
}
