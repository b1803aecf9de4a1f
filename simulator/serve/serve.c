/* A request's way through the server: whether it may, who answers it, and what becomes of it at its
 * endpoint. */
#include "simulator/serve/relay.h"
#include "simulator/serve/request.h"

uint64_t serve_next_id(struct fakes *fakes)
{
    uint64_t seed = fakes->options.seed_given ? fakes->options.seed : fakes->script->seed;

    fakes->replies += 4; /* a reply makes several ids of its own */
    return (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) + fakes->replies;
}

/* ---- Whether it may */

/* A token that is newer than all before it: where the script lets credentials grow old, they are
 * young again. */
static void note_credential(struct request *request, uint32_t generation)
{
    uint32_t *newest = &request->session->newest_credential[request->provider];

    for (; *newest < generation; (*newest)++)
        (void)world_give_token(request->session->world, request->provider,
                               request_world_now(request));
}

static bool grows_old(const struct request *request)
{
    const struct script *script = request->session->script;

    for (size_t i = 0; i < script->provider_count; i++)
        if (script->providers[i].index == request->provider)
            return script->providers[i].expire_after != DURATION_MAX ||
                   script->providers[i].expire_after_requests > 0;
    return false;
}

/* A kept connection that the scenario lets die after so long has died. */
static bool has_died(const struct request *request)
{
    const struct arrival *arrival = request->arrival;

    return arrival->reused && arrival->quiet_since >= 0 &&
           request->fakes->now - arrival->quiet_since >
               world_idle_close(request->session->world, request->provider);
}

static void let_die(struct request *request)
{
    struct journal_entry *entry = request_entry(request);

    if (entry) {
        entry->fault = FAULT_RESET;
        entry->why = REDIAL_STR("its connection had been idle for longer than idle_close");
        note_told(request->fakes, entry->number);
    }
    arrival_reset(request->arrival);
}

static bool is_authorised(struct request *request, struct authority_identity *identity)
{
    const struct authority_request asked = {.method = request->arrival->method.ptr,
                                            .target = request->arrival->target,
                                            .headers = request->headers,
                                            .header_count = request->arrival->header_count,
                                            .body = request->arrival->body};
    struct authority_reply refusal = {0};
    struct redial_str why = {0};
    struct journal_entry *entry = request_entry(request);

    if (request->route.operation == OPERATION_HELLO) return true; /* nobody is asked who they are */
    if (!authority_check(request->fakes->authority, request->route.platform, &asked,
                         request->fakes->now, request->arena, identity, &refusal, &why)) {
        request_reject(request, refusal.status ? request_say(request, &refusal, 0) : NULL, why);
        return false;
    }
    if (entry) {
        entry->credential = identity->generation;
        entry->static_key = identity->is_static;
    }
    if (grows_old(request)) note_credential(request, identity->generation);
    return true;
}

/* ---- What asks for no message */

static bool is_list_of_models(enum operation operation)
{
    return operation == OPERATION_MODELS || operation == OPERATION_MODEL ||
           operation == OPERATION_PROFILES;
}

/* A count is of the prompt that the scenario means. */
static const struct exchange *count_tokens(struct request *request,
                                           const struct answer_options *options)
{
    struct demand demand = *options->demand;
    struct answer_options meant = *options;

    demand.input_tokens = stranger_tokens(request->session, &demand);
    meant.demand = &demand;
    return answer_count(request->arena, &meant);
}

static void answer_simple(struct request *request, const struct demand *demand)
{
    struct fakes *fakes = request->fakes;
    const struct answer_options options = {.route = &request->route,
                                           .demand = demand,
                                           .model = demand->model,
                                           .id = serve_next_id(fakes)};

    if (request->route.operation == OPERATION_COUNT_TOKENS)
        request_reply(request, count_tokens(request, &options));
    else if (request->route.operation == OPERATION_HELLO)
        request_reply(request, answer_with_json(request->arena, request->route.platform, 200,
                                                REDIAL_STR("{\"message\":\"hello\"}"), options.id));
    else if (is_list_of_models(request->route.operation))
        request_reply(request,
                      models_answer(fakes, &request->route, request->target, request->arena));
    else
        request_reply(request,
                      batches_answer(fakes, request->session, &request->route, demand,
                                     request->target, request->place->url, request->arena));
}

/* ---- A platform's operations */

static bool takes_body(enum operation operation)
{
    return operation == OPERATION_MESSAGES || operation == OPERATION_COUNT_TOKENS ||
           operation == OPERATION_BATCH_CREATE;
}

/* The same bytes again: all is known but whether the credential is still good. */
static void serve_memo(struct request *request, struct memo *memo)
{
    struct authority_identity identity = {0};

    request->memo = memo;
    request->session = memo->session;
    request->route = memo->route;
    request->provider = memo->provider;
    request->headers = request->arrival->headers;
    if (has_died(request)) {
        let_die(request);
        return;
    }
    if (!is_authorised(request, &identity)) return;
    request_note(request, &memo->demand);
    messages_answer(request, &memo->demand, &identity);
}

static void serve_platform(struct request *request)
{
    const struct demand_request asked = {&request->route, request->headers,
                                         request->arrival->header_count, request->arrival->body};
    struct authority_identity identity = {0};
    struct objection objection;
    struct demand demand = {.model = {"", 0}};
    bool taken;

    if (has_died(request)) {
        let_die(request);
        return;
    }
    if (!is_authorised(request, &identity)) return;
    taken = !takes_body(request->route.operation) ||
            (demand_read(&asked, request->arena, &demand, &objection) &&
             effects_allow(demand.features, request->route.platform,
                           script_features(request->fakes->script, request->provider),
                           request->arena, &objection));
    request_note(request, &demand);
    if (taken && request->route.operation == OPERATION_MESSAGES) memo_keep(request, &demand);
    if (!taken)
        request_reject_with(request, &objection);
    else if (request->route.operation == OPERATION_MESSAGES)
        messages_answer(request, &demand, &identity);
    else
        answer_simple(request, &demand);
    demand_clean_up(&demand);
}

/* ---- From the endpoint */

static void name_server(struct request *request, struct journal_entry *entry)
{
    const struct redial_policy *policy = request->fakes->script->policy;

    entry->provider = request->provider;
    entry->operation = str_of(operation_names.rows[request->route.operation].word);
    if (request->provider != REDIAL_NO_INDEX)
        entry->server =
            platform_names.rows[policy->platforms[request_provider(request)->platform].kind].word;
}

static void refuse_path(struct request *request)
{
    struct objection objection = {.status = 404, .message = REDIAL_STR("Not found")};

    if (request->route.wrong_method)
        objection = (struct objection){.status = 405, .message = REDIAL_STR("Method Not Allowed")};
    if (request->provider != REDIAL_NO_INDEX)
        request->route.platform = request_platform(request, request->provider);
    request_reject_with(request, &objection);
}

static void refuse_session(struct request *request)
{
    static const struct objection too_many = {
        .status = 500,
        .message = REDIAL_STR_INIT("redial fake: more sessions than it keeps apart; "
                                   "POST /_redial/reset forgets them")};

    request_reject_with(request, &too_many);
}

static void serve(struct request *request)
{
    struct journal_entry *entry = request_entry(request);
    struct memo *memo = memo_find(request->fakes, request->place, request->arrival);

    if (memo && !request->arrival->body_unread && !request->fakes->recorder) {
        request->route = memo->route;
        request->provider = memo->provider;
        if (entry) {
            if (memo->session->name.len > 0)
                entry->session = note_text(request->fakes, memo->session->name);
            name_server(request, entry);
        }
        serve_memo(request, memo);
        return;
    }

    if (!request_read_head(request)) {
        arrival_close(request->arrival);
        return;
    }
    if (entry && request->session_name.len > 0)
        entry->session = note_text(request->fakes, request->session_name);
    if (entry) name_server(request, entry);
    request->session = session_find(request->fakes, request->session_name);
    if (!request->session)
        refuse_session(request);
    else if (request->arrival->body_unread)
        strike_pipe(request);
    else if (request->fakes->recorder)
        relay_begin(request);
    else if (request->route.operation != OPERATION_NONE && !request->route.wrong_method)
        serve_platform(request);
    else if (!request_ask_issuer(request))
        refuse_path(request);
}

static void note_refused(struct fakes *fakes, struct journal_entry *entry,
                         const struct arrival *arrival)
{
    entry->end = JOURNAL_REFUSED;
    entry->status = arrival->refused_status;
    entry->why = str_of(arrival->refused);
    note_told(fakes, entry->number);
}

static void see_arrived(void *context, struct arrival *arrival)
{
    struct place *place = context;
    struct fakes *fakes = place->fakes;
    struct journal_entry *entry;
    struct request request = {.fakes = fakes,
                              .place = place,
                              .arrival = arrival,
                              .target = arrival->target,
                              .session_name = {"", 0},
                              .provider = place->provider};

    if (control_serves(arrival->target) && !arrival->refused) {
        control_answer(fakes, arrival);
        return;
    }
    request.play = play_new(fakes, arrival);
    request.arena = arrival_arena(arrival);
    if (!request.play || !request.arena || !(entry = note_arrival(fakes, arrival))) {
        arrival_close(arrival);
        return;
    }
    request.play->entry = entry->number;
    if (arrival->refused)
        note_refused(fakes, entry, arrival);
    else
        serve(&request);
}

static void see_drained(void *context, struct arrival *arrival)
{
    struct play *play = arrival->owner;

    (void)context;
    if (!play || !play->exchange) return;
    play->busy = false;
    play_go_on(play);
}

static void see_over(void *context, struct arrival *arrival, enum arrival_end end)
{
    (void)context;
    if (arrival->owner)
        play_end(arrival->owner, end);
    else
        arrival_release(arrival);
}

/* A flood of bytes that are no HTTP is told once a second, and counted. */
static void see_complained(void *context, const struct complaint *complaint)
{
    struct place *place = context;
    struct fakes *fakes = place->fakes;
    struct journal_entry *entry;

    if (fakes->now >= fakes->complaints_until) {
        fakes->complaints_until = fakes->now + NS_PER_SECOND;
        fakes->complaints = 0;
    }
    if (++fakes->complaints > 1000 || !(entry = journal_add(fakes->journal))) return;
    entry->arrived_at = entry->read_at = entry->ended_at = fakes->now - fakes->began_at;
    entry->connection = complaint->connection;
    entry->status = complaint->status;
    entry->end = JOURNAL_UNREADABLE;
    entry->why = str_of(complaint->why);
    note_told(fakes, entry->number);
}

const struct endpoint_watcher serve_watcher = {
    .connected = strike_connection,
    .stops_at_head = strike_head,
    .arrived = see_arrived,
    .drained = see_drained,
    .over = see_over,
    .complained = see_complained,
};
