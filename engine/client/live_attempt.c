/* One attempt of a live call: its credential, its request, its reply, its time limits. Callbacks of
 * the transfer note what happened; the call is judged afterwards, on its client's list. */
#include "base/random.h"
#include "client/live.h"
#include "client/outcome.h"
#include "credentials/sigv4.h"

/* ---- Not sent at all */

/* `cause`: what kept it back, unless that was memory. */
static void unsent(struct redial_live *call, enum redial_cause cause, struct redial_str why)
{
    bool memory = str_is(why, "memory is out");

    call->unsent = memory ? REDIAL_CAUSE_OTHER : cause;
    text_clear(&call->detail);
    text_append(&call->detail, why);
    call->ended_at = live_now(call->client);
    live_do(call, LIVE_UNSENT);
}

/* ---- The credential */

static void credential_came(void *context)
{
    live_do(context, LIVE_SEND);
}

/* Renews nothing and waits for nothing where none is needed. */
static enum vault_state ask_vault(struct redial_live *call, struct redial_str *why)
{
    const struct redial_call *leg = &call->call;

    call->wait.came = credential_came;
    call->wait.context = call;
    call->place = vault_place(call->client->vault, leg->policy, leg->provider, why);
    if (!call->place) return VAULT_FAILED;
    enum vault_state state = vault_ask(call->place, &call->wait);
    if (state == VAULT_FAILED) *why = vault_why(call->place);
    return state;
}

/* ---- The request */

/* A client's own id of the attempt, as a UUID (version 4, RFC 9562). */
static void write_request_id(const struct redial_live *call, char id[LIVE_REQUEST_ID_SIZE])
{
    uint64_t which = (uint64_t)call->number << 32 | (uint32_t)call->call.attempts;
    uint64_t high = random_fork(call->seed, which), low = random_fork(high, which);

    (void)snprintf(id, LIVE_REQUEST_ID_SIZE, "%08x-%04x-4%03x-8%03x-%012llx",
                   (unsigned)(high >> 32), (unsigned)(high >> 16 & 0xffff),
                   (unsigned)(high & 0xfff), (unsigned)(low >> 52),
                   (unsigned long long)(low & 0xffffffffffff));
}

static struct redial_str project_of(const struct redial_live *call,
                                    const struct credential *credential)
{
    const struct redial_policy *policy = call->call.policy;
    struct redial_str own = policy->providers[call->call.provider].project;
    struct redial_str shared = policy->platforms[call->call.platform].project;

    if (own.len > 0) return own;
    return shared.len > 0 ? shared : credential->project;
}

/* Once for each provider that does not take all of them as they are; memory that is out is told by
 * the request itself. */
static void tell_betas(struct redial_live *call, const struct request_facts *facts)
{
    uint64_t provider = UINT64_C(1) << facts->provider;
    struct request_betas betas;

    if (!call->story || call->betas_told & provider) return;
    call->betas_told |= provider;
    if (request_betas(call->attempt_arena, facts, &betas)) live_note(call, betas.note);
}

static bool build_request(struct redial_live *call, const struct credential *credential,
                          struct redial_str *why)
{
    const struct redial_call *leg = &call->call;
    char id[LIVE_REQUEST_ID_SIZE];
    bool carried = credential->form == CREDENTIAL_KEY || credential->form == CREDENTIAL_BEARER;
    struct request_facts facts = {
        .policy = leg->policy,
        .provider = leg->provider,
        .body = &call->body,
        .model = leg->model,
        .max_tokens = leg->max_tokens,
        .stream = call->stream,
        .fast = leg->fast,
        .messages = text_str(&call->compacted),
        .credential_beta = credential->beta,
        .credential = carried ? credential->secret : (struct redial_str){0},
        .credential_is_key = credential->form == CREDENTIAL_KEY,
        .quota_project = credential->quota_project,
        .project = project_of(call, credential),
        .custom_headers = call->request.headers,
        .custom_header_count = call->request.header_count,
    };

    write_request_id(call, id);
    facts.client_request_id = str_of(id);
    tell_betas(call, &facts);
    return request_build(call->attempt_arena, &facts, &call->http, why);
}

static bool sign(struct redial_live *call, const struct credential *credential,
                 struct redial_str *why)
{
    const struct redial_call *leg = &call->call;
    const struct sigv4 keys = {
        .access_key_id = credential->access_key_id,
        .secret_access_key = credential->secret,
        .session_token = credential->session_token,
        .region = policy_region(leg->policy, leg->provider, leg->model),
        .service = platform_signing_service(leg->policy, leg->provider),
        .now = clock_wall(),
    };

    return sigv4_sign(call->attempt_arena, &keys, &call->http, NULL, why);
}

static bool make_request(struct redial_live *call, struct redial_str *why)
{
    const struct credential *credential = vault_credential(call->place);

    if (!build_request(call, credential, why)) return false;
    return credential->form != CREDENTIAL_AWS || sign(call, credential, why);
}

/* ---- The transfer's callbacks */

static void take_event(void *context, struct redial_str name, struct redial_str data)
{
    live_on_event(context, name, data);
}

static void see_connected(void *context, int socket)
{
    struct redial_live *call = context;

    call->connected = true;
    call->heard_at = live_now(call->client);
    live_tell_connection(call, socket < 0);
}

static void see_head(void *context, uint16_t status, const struct redial_header *headers,
                     size_t count)
{
    struct redial_live *call = context;
    const struct live_observer *observer = &call->client->observer;

    call->head_seen = true;
    call->heard_at = live_now(call->client);
    if (observer->head)
        observer->head(observer->context, call->number, call->heard_at, status, headers, count);
    reply_reader_head(call->reader, status, headers, count);
    if (call->paused) transfer_pause(call->transfer, true); /* since before there was a reply */
}

/* The body says that the attempt is over: the rest of it is not read. */
static void stop_reading(struct redial_live *call)
{
    transfer_abort(call->transfer);
    call->transfer = NULL;
    call->end = (struct transfer_end){.phase = REDIAL_PHASE_BODY};
    call->ended_at = call->heard_at;
    live_do(call, LIVE_ENDED);
}

static void see_body(void *context, struct redial_str bytes)
{
    static const struct redial_event output = {.kind = REDIAL_EVENT_OUTPUT};
    struct redial_live *call = context;
    const struct live_observer *observer = &call->client->observer;

    call->heard_at = live_now(call->client);
    if (observer->body) observer->body(observer->context, call->number, call->heard_at, bytes);
    unsigned progress = reply_reader_body(call->reader, bytes);
    if (progress & REPLY_OUTPUT) live_step(call, &output, call->heard_at);
    if (progress & (REPLY_STREAM_ERROR | REPLY_UNREADABLE)) stop_reading(call);
}

static void see_end(void *context, const struct transfer_end *end)
{
    struct redial_live *call = context;

    call->transfer = NULL;
    call->end = *end;
    text_clear(&call->detail);
    if (end->cause != REDIAL_CAUSE_NONE) text_append(&call->detail, end->detail);
    call->end.detail = (struct redial_str){0};
    call->ended_at = live_now(call->client);
    live_do(call, LIVE_ENDED);
}

/* ---- Sending */

static bool start_transfer(struct redial_live *call, struct redial_str *why)
{
    const struct transfer_options options = {
        .fresh_connection = call->fresh_connection,
        .compressed = !call->client->options.uncompressed,
        .callbacks = {see_connected, see_head, see_body, see_end, call},
    };

    call->transfer = client_send(call->client->transfers, &call->http, &options, why);
    return call->transfer != NULL;
}

static void set_limit(struct redial_live *call)
{
    int64_t due = live_attempt_due(call);

    if (due != INT64_MAX)
        timer_set(&call->client->timers, &call->timer, due - call->client->clock_offset);
}

void live_send_on(struct redial_live *call)
{
    struct redial_str why = {0};

    if (!call->under_way) return; /* the attempt's time was over first */
    if (vault_answer(call->place) == VAULT_FAILED) {
        unsent(call, REDIAL_CAUSE_NO_CREDENTIAL, vault_why(call->place));
        return;
    }
    live_tell_credential(call, vault_credential(call->place));
    call->presented = vault_generation(call->place);
    call->asked_at = live_now(call->client);
    if (!make_request(call, &why) || !start_transfer(call, &why))
        unsent(call, REDIAL_CAUSE_UNSENDABLE, why);
    else
        set_limit(call);
}

static bool begin_attempt(struct redial_live *call, const struct redial_decision *decision)
{
    const struct redial_policy *policy = call->call.policy;

    arena_destroy(call->attempt_arena);
    call->attempt_arena = arena_new();
    call->under_way = true;
    call->connected = call->head_seen = false;
    call->fresh_connection = decision->fresh_connection;
    call->abort_at = decision->abort_at;
    call->idle_timeout = decision->idle_timeout;
    call->sent_at = call->stepped_at;
    call->end = (struct transfer_end){0};
    text_clear(&call->detail);
    text_clear(&call->answer);
    call->event = (struct redial_event){0}; /* its texts were the reader's */
    reply_reader_begin(call->reader, policy->platforms[call->call.platform].kind, call->stream);
    reply_reader_on_event(call->reader, take_event, call);
    return call->attempt_arena != NULL;
}

void live_send(struct redial_live *call, const struct redial_decision *decision)
{
    const struct live_observer *observer = &call->client->observer;
    struct redial_str why = REDIAL_STR("memory is out");
    const struct redial_handlers *handlers = &call->request.handlers;

    if (decision->restart && handlers->restart) handlers->restart(handlers->context);
    if (observer->sent)
        observer->sent(observer->context, call->number, call->stepped_at, &call->call);
    if (!begin_attempt(call, decision)) {
        unsent(call, REDIAL_CAUSE_OTHER, why);
        return;
    }
    enum vault_state state = ask_vault(call, &why);
    set_limit(call);
    if (state == VAULT_READY) live_send_on(call);
    if (state == VAULT_FAILED) unsent(call, REDIAL_CAUSE_NO_CREDENTIAL, why);
}

/* ---- Time limits */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t live_attempt_due(const struct redial_live *call)
{
    const struct redial_client_options *options = &call->client->options;
    int64_t due = call->abort_at;

    if (!call->transfer) return due;
    if (!call->connected)
        return earlier(due, duration_add(call->asked_at, options->connect_timeout));
    if (!call->head_seen && options->first_byte_timeout > 0)
        return earlier(due, duration_add(call->heard_at, options->first_byte_timeout));
    bool streams = call->head_seen && call->stream && call->idle_timeout > 0 && !call->paused;
    return streams ? earlier(due, duration_add(call->heard_at, call->idle_timeout)) : due;
}

void live_time_out(struct redial_live *call, int64_t at)
{
    call->end = (struct transfer_end){.cause = REDIAL_CAUSE_ETIMEDOUT};
    call->ended_at = at;
    if (call->transfer) {
        call->end.phase = transfer_phase(call->transfer);
        transfer_abort(call->transfer);
        call->transfer = NULL;
    }
    vault_stop_waiting(&call->wait);
    live_judge(call);
}

/* ---- The end */

/* No reply and no break of the network says what kept the request back. */
static void judge_unsent(struct redial_live *call, struct redial_event *event)
{
    *event = (struct redial_event){
        .kind = REDIAL_EVENT_BROKEN,
        .cause = (uint8_t)call->unsent,
        .message = REDIAL_STR("the request was not sent"),
    };
    live_note(call, text_str(&call->detail));
}

static void tell_ended(struct redial_live *call, bool given_up)
{
    const struct live_observer *observer = &call->client->observer;

    if (observer->ended)
        observer->ended(observer->context, call->number, call->ended_at, call->end.cause,
                        call->end.phase, given_up);
}

/* What the proxy said is nobody's reply: a rule can look at its words, and people should see them.
 */
static void tell_proxy(struct redial_live *call, struct redial_event *event)
{
    event->message = text_str(&call->detail);
    live_note(call, event->message);
}

/* Whether a body is a stream, only the reader knows. */
static void judge_reply(struct redial_live *call, struct redial_event *event)
{
    bool in_body = call->end.phase == REDIAL_PHASE_BODY;

    tell_ended(call, call->end.cause == REDIAL_CAUSE_ETIMEDOUT);
    if (!call->connected) live_tell_connection(call, false); /* a new one was tried */
    reply_reader_end(call->reader, call->end.cause, in_body ? REDIAL_PHASE_NONE : call->end.phase,
                     event);
    event->os_errno = call->end.os_errno;
    if (event->cause == REDIAL_CAUSE_PROXY) tell_proxy(call, event);
}

void live_judge(struct redial_live *call)
{
    bool sent = call->transfer || call->connected || call->head_seen ||
                call->end.cause != REDIAL_CAUSE_NONE;

    if (!call->under_way) return;
    call->under_way = false;
    timer_stop(&call->client->timers, &call->timer);
    if (sent)
        judge_reply(call, &call->event);
    else
        judge_unsent(call, &call->event);
    live_step(call, &call->event, call->ended_at);
}

void live_give_up(struct redial_live *call)
{
    timer_stop(&call->client->timers, &call->timer);
    if (call->transfer) transfer_abort(call->transfer);
    call->ended_at = call->stepped_at;
    if (call->under_way && call->transfer) tell_ended(call, true);
    call->transfer = NULL;
    call->under_way = false;
}
