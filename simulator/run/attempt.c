/* One attempt of a call, from its request to its last byte: which connection it takes, what the
 * world answers, and which of its next act, its timeout and its idle timeout comes first. */
#include "base/random.h"
#include "platforms/request.h"
#include "simulator/run/run_parts.h"

static const struct exchange unanswered; /* on a connection that has died */

/* ---- Sending ---- */

static bool takes_prefill(const struct run_call *call)
{
    const struct redial_call *leg = &call->call;
    const struct platform_model *model =
        policy_platform_model(leg->policy, leg->platform, leg->model_index);
    return !model || !model->refuses_prefill;
}

static struct request_seen wanted_request(struct run_call *call, bool reused)
{
    return (struct request_seen){
        .provider = call->call.provider,
        .model = call->call.model,
        .max_tokens = call->call.max_tokens,
        .messages = call->messages,
        .input_tokens = call->prompt_tokens,
        .credential = call->presented,
        .static_key = call->static_key,
        .stream = call->script->stream,
        .fast = call->call.fast,
        .prefill = call->script->prefill.len > 0 && takes_prefill(call),
        .background = call->call.query == REDIAL_QUERY_BACKGROUND,
        .connection = reused ? REQUEST_ON_REUSED_CONNECTION : REQUEST_ON_NEW_CONNECTION,
    };
}

/* A client's own id of the attempt, as a UUID (version 4, RFC 9562): the same in every run. */
static bool make_request_id(struct running *running, const struct run_call *call,
                            struct redial_str *id)
{
    uint64_t which = (uint64_t)call->number << 32 | (uint32_t)call->call.attempts;
    uint64_t high = random_fork(running->options->seed, which), low = random_fork(high, which);
    return arena_printf(running->run->arena, id, "%08x-%04x-4%03x-8%03x-%012llx",
                        (unsigned)(high >> 32), (unsigned)(high >> 16 & 0xffff),
                        (unsigned)(high & 0xfff), (unsigned)(low >> 52),
                        (unsigned long long)(low & 0xffffffffffff));
}

static struct request_facts facts_of(const struct running *running, const struct run_call *call,
                                     const struct request_seen *request)
{
    return (struct request_facts){
        .policy = running->policy,
        .provider = request->provider,
        .model = request->model,
        .max_tokens = request->max_tokens,
        .stream = request->stream,
        .fast = request->fast,
        .messages = REDIAL_STR("[]"),
        .credential = REDIAL_STR("[redacted]"),
        .credential_is_key = call->static_key,
        .base_url = REDIAL_STR("http://127.0.0.1"),
        .project = REDIAL_STR("simulated-project"),
        .betas = call->script->betas.list,
        .beta_count = call->script->betas.count,
        .custom_headers = call->script->headers,
        .custom_header_count = call->script->header_count,
    };
}

/* Headers are built only where somebody looks at them. */
static bool build_headers(struct running *running, struct run_call *call,
                          struct request_seen *request)
{
    struct request_facts facts = facts_of(running, call, request);
    struct http_request built;
    struct redial_str why = REDIAL_STR("out of memory");
    if (!running->run->scenario->looks_at_headers) return true;
    if (!make_request_id(running, call, &facts.client_request_id) ||
        !request_build(running->run->arena, &facts, &built, &why)) {
        run_trouble(running, (struct world_trouble){.span = call->script->span, .why = why});
        return false;
    }
    request->headers = built.headers;
    request->header_count = built.header_count;
    return true;
}

/* Once for each provider that does not take all of them as they are. */
static void tell_betas(struct running *running, struct run_call *call, struct redial_str note)
{
    uint64_t provider = UINT64_C(1) << call->call.provider;
    if (note.len == 0 || call->betas_told & provider) return;
    call->betas_told |= provider;
    story_note(running->run->story, running->now, call->number, note);
}

/* Few calls have any. */
static bool build_betas(struct running *running, struct run_call *call)
{
    struct request_seen *request = &call->attempt.request;
    const struct request_facts facts = facts_of(running, call, request);
    struct request_betas betas;
    if (facts.beta_count == 0 && facts.custom_header_count == 0 && !facts.fast) return true;
    if (!request_betas(running->run->arena, &facts, &betas)) {
        run_out_of_memory(running);
        return false;
    }
    request->betas = betas.sent;
    call->attempt.betas_note = betas.note;
    return true;
}

static const struct exchange *ask_world(struct running *running, struct run_call *call,
                                        const struct request_seen *request)
{
    const struct world_request asked = {
        .provider = request->provider,
        .call_number = call->number,
        .attempt = call->call.attempts,
        .model = request->model,
        .model_index = call->call.model_index,
        .max_tokens = request->max_tokens,
        .input_tokens = request->input_tokens,
        .credential = request->credential,
        .static_key = call->static_key,
        .stream = request->stream,
        .headers = request->headers,
        .header_count = request->header_count,
    };
    struct world_trouble trouble;
    const struct exchange *exchange = world_answer(running->world, &asked, running->now, &trouble);
    if (!exchange) run_trouble(running, trouble);
    return exchange;
}

/* Chooses connection and exchange; false when the run cannot go on. */
static bool prepare(struct running *running, struct run_call *call, bool fresh)
{
    struct attempt *attempt = &call->attempt;
    struct provider_client *client = &running->clients[call->call.provider];
    int64_t since = 0;
    bool reused;
    call->presented = client->credential;
    call->connection = connections_take(&client->connections, fresh, &reused, &since);
    *attempt = (struct attempt){
        .call_number = call->number,
        .number = call->call.attempts,
        .provider = call->call.provider,
        .platform = running->policy->platforms[call->call.platform].kind,
        .exchange = &unanswered,
        .request = wanted_request(call, reused),
        .prefill = call->script->prefill,
        .betas = call->script->betas,
        .own_headers = call->script->headers,
        .own_header_count = call->script->header_count,
        .fresh_connection = fresh,
        .began_at = running->now,
    };
    if (!build_headers(running, call, &attempt->request) || !build_betas(running, call))
        return false;
    attempt->idle_died =
        reused && running->now - since > world_idle_close(running->world, call->call.provider);
    if (attempt->idle_died) return true;
    attempt->exchange = ask_world(running, call, &attempt->request);
    attempt->late = world_lateness(running->world, call->call.provider);
    if (!attempt->exchange || attempt->exchange->fault == REQUEST_READ || !reused)
        return attempt->exchange != NULL;
    /* A fault before the request was read strikes a connection of its own: the idle one stays. */
    if (!connections_give(&client->connections, call->connection, since)) {
        run_out_of_memory(running);
        return false;
    }
    call->connection = connections_take(&client->connections, true, &reused, &since);
    attempt->fresh_connection = true;
    attempt->request.connection = REQUEST_ON_NEW_CONNECTION;
    return true;
}

/* What arrived lasts no longer than the attempt, what is compared with expectations does; a
 * credential has no part in either. */
static bool keep_texts(struct running *running, struct request_seen *seen)
{
    struct arena *arena = running->run->arena;
    struct redial_header *kept = NULL;
    if (!arena_copy(arena, seen->betas, &seen->betas)) return false;
    if (!running->run->scenario->looks_at_headers) seen->header_count = 0;
    if (seen->header_count > 0) kept = ARENA_ARRAY(arena, struct redial_header, seen->header_count);
    if (!kept && seen->header_count > 0) return false;
    for (size_t i = 0; i < seen->header_count; i++) {
        const struct redial_header *header = &seen->headers[i];
        bool secret = str_eq_nocase(header->name, REDIAL_STR("authorization")) ||
                      str_eq_nocase(header->name, REDIAL_STR("x-api-key"));
        if (!arena_copy(arena, header->name, &kept[i].name) ||
            !arena_copy(arena, secret ? REDIAL_STR("[redacted]") : header->value, &kept[i].value))
            return false;
    }
    seen->headers = kept;
    return true;
}

static void observe(struct running *running, struct run_call *call, const struct request_seen *seen)
{
    struct observation *observation = &running->run->observation;
    const struct watched_request watched = {seen->provider,     seen->model,      seen->max_tokens,
                                            seen->input_tokens, seen->credential, seen->fast};
    invariants_send(&observation->violations, &call->watch, call->number, &watched, running->now);
    observation_request(observation, &(struct observed_request){
                                         .call_number = call->number,
                                         .provider = seen->provider,
                                         .model = seen->model,
                                         .max_tokens = seen->max_tokens,
                                         .input_tokens = seen->input_tokens,
                                         .credential = seen->credential,
                                         .fast = seen->fast,
                                         .prefill = seen->prefill,
                                         .betas = seen->betas,
                                         .reused = seen->connection == REQUEST_ON_REUSED_CONNECTION,
                                         .headers = seen->headers,
                                         .header_count = seen->header_count,
                                     });
}

/* A caller who wants its attempts tracked reads their ids in the story. */
static void tell_request_id(struct running *running, const struct run_call *call)
{
    const struct request_seen *sent = &call->attempt.request;
    if (!(call->call.wants & REDIAL_FEATURE_BIT(REDIAL_FEATURE_CLIENT_REQUEST_ID))) return;
    for (size_t i = 0; i < sent->header_count; i++)
        if (str_eq_nocase(sent->headers[i].name, REDIAL_STR("x-client-request-id")))
            story_set_request_id(running->run->story, call->number, sent->headers[i].value);
}

/* Once for each leg whose model takes none. */
static void tell_prefill(struct running *running, struct run_call *call)
{
    const struct redial_call *leg = &call->call;
    if (call->script->prefill.len == 0 || takes_prefill(call) || call->prefill_told == leg->leg)
        return;
    struct text text = TEXT_INIT;
    call->prefill_told = leg->leg;
    text_printf(&text, "the prefill is left out: %.*s takes none", REDIAL_STR_ARG(leg->model));
    story_note(running->run->story, running->now, call->number, text_str(&text));
    if (text.failed) run_out_of_memory(running);
    text_clean_up(&text);
}

/* Real sockets can disagree with the model of them. */
static void compare_arrival(struct running *running, struct run_call *call,
                            const struct request_seen *seen)
{
    const struct request_seen *wanted = &call->attempt.request;
    const char *differs = seen->provider != wanted->provider           ? "provider"
                          : !str_eq(seen->model, wanted->model)        ? "model"
                          : seen->max_tokens != wanted->max_tokens     ? "max_tokens"
                          : seen->input_tokens != wanted->input_tokens ? "prompt"
                          : seen->credential != wanted->credential     ? "credential"
                          : seen->stream != wanted->stream             ? "stream"
                          : seen->fast != wanted->fast                 ? "speed"
                          : seen->prefill != wanted->prefill           ? "prefill"
                          : !str_eq(seen->betas, wanted->betas)        ? "list of beta flags"
                          : seen->connection != wanted->connection     ? "connection"
                                                                       : NULL;
    if (differs)
        invariant_broken(&running->run->observation.violations, INVARIANT_ARRIVED, call->number,
                         running->now, "attempt %d arrived with another %s", call->call.attempts,
                         differs);
}

static void plan_next(struct running *running, struct run_call *call);

void run_send(struct running *running, struct run_call *call,
              const struct redial_decision *decision)
{
    if (!run_has_credential(running, call, decision)) return;
    struct attempt *attempt = &call->attempt;
    struct transport *transport = running->options->transport;
    struct request_seen seen;
    struct redial_str why = {0};
    size_t count = 0;
    if (!prepare(running, call, decision->fresh_connection)) return;
    if (!transport->begin(transport, attempt, &seen, &call->pending, &count, &why)) {
        run_trouble(running, (struct world_trouble){.span = call->script->span, .why = why});
        return;
    }
    enum request_fault fault = attempt->exchange->fault;
    bool read = fault == REQUEST_READ && !attempt->idle_died;
    running->reached += fault == REQUEST_READ; /* if only to be reset once it was read */
    if (read) compare_arrival(running, call, &seen);
    story_set_connection(running->run->story, call->number,
                         attempt->request.connection == REQUEST_ON_NEW_CONNECTION
                             ? CONNECTION_NEW
                             : CONNECTION_REUSED);
    tell_request_id(running, call);
    run_tell_credential(running, call);
    tell_prefill(running, call);
    tell_betas(running, call, attempt->betas_note);
    if (!read) seen = attempt->request;
    if (!keep_texts(running, &seen)) {
        run_out_of_memory(running);
        return;
    }
    observe(running, call, &seen);
    call->under_way = true;
    call->head_seen = false;
    call->faulted = count > 0;
    call->fault_at = duration_add(running->now, attempt->exchange->fault_at);
    call->abort_at = decision->abort_at;
    call->idle_timeout = decision->idle_timeout;
    plan_next(running, call);
}

/* ---- What comes next ---- */

/* When the exchange goes on; INT64_MAX: it says nothing more. */
static int64_t next_act_at(const struct run_call *call)
{
    const struct attempt *attempt = &call->attempt;
    if (call->faulted) return call->fault_at;
    if (attempt->act_next >= attempt->exchange->act_count) return INT64_MAX;
    return duration_add(attempt->began_at + attempt->late,
                        attempt->exchange->acts[attempt->act_next].at);
}

static int64_t timeout_at(const struct run_call *call)
{
    bool streams = call->head_seen && call->attempt.request.stream && call->idle_timeout > 0;
    int64_t idle_at = streams ? duration_add(call->heard_at, call->idle_timeout) : INT64_MAX;
    return idle_at < call->abort_at ? idle_at : call->abort_at;
}

static void plan_next(struct running *running, struct run_call *call)
{
    int64_t act = next_act_at(call), timeout = timeout_at(call);
    int64_t at = act <= timeout ? act : timeout;
    if (at != INT64_MAX) run_plan(running, call, HAPPENS_ATTEMPT, at);
}

/* ---- Going on ---- */

/* A body that HTTP ended in order leaves its connection open for the next request, whatever the
 * body says. */
static void keep_connection(struct running *running, struct run_call *call)
{
    struct connections *connections = &running->clients[call->attempt.provider].connections;
    if (!connections_give(connections, call->connection, running->now)) run_out_of_memory(running);
}

/* Performs what is due now; true when the attempt has ended. */
static bool perform_due(struct running *running, struct run_call *call)
{
    struct attempt *attempt = &call->attempt;
    struct transport *transport = running->options->transport;
    while (!running->stopped && next_act_at(call) <= running->now) {
        const struct act *act = &attempt->exchange->acts[attempt->act_next];
        struct redial_event events[2];
        size_t count = 0;
        struct redial_str why = {0};
        if (!transport->perform(transport, attempt, act, events, &count, &why)) {
            run_trouble(running, (struct world_trouble){.span = call->script->span, .why = why});
            return true;
        }
        attempt->act_next++;
        call->head_seen = true;
        call->heard_at = running->now;
        for (size_t i = 0; i < count; i++) {
            bool ends = events[i].kind != REDIAL_EVENT_OUTPUT;
            if (ends) call->under_way = false;
            if (ends && act->kind == ACT_END) keep_connection(running, call);
            run_step(running, call, &events[i]);
            if (ends) return true;
        }
    }
    return running->stopped;
}

static void time_out(struct running *running, struct run_call *call)
{
    struct transport *transport = running->options->transport;
    struct redial_event event = {.kind = REDIAL_EVENT_BROKEN};
    transport->abandon(transport, &call->attempt, &event);
    call->under_way = false;
    run_step(running, call, &event);
}

void run_attempt_due(struct running *running, struct run_call *call)
{
    if (next_act_at(call) > timeout_at(call)) {
        time_out(running, call);
    } else if (call->faulted) {
        call->under_way = false;
        call->faulted = false;
        run_step(running, call, &call->pending);
    } else if (!perform_due(running, call)) {
        plan_next(running, call);
    }
}

void run_give_up_attempt(struct running *running, struct run_call *call)
{
    struct transport *transport = running->options->transport;
    if (!call->under_way) return;
    call->under_way = false;
    if (!call->faulted) transport->abandon(transport, &call->attempt, NULL);
}
