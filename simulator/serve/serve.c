/* A request's way through the server: whose it is, whether it may, what it asks for, and what the
 * world does about it. */
#include <string.h>

#include "simulator/endpoints/unconst.h"
#include "simulator/serve/relay.h"
#include "simulator/serve/request.h"
#include "simulator/world/render.h"

uint64_t serve_next_id(struct fakes *fakes)
{
    uint64_t seed = fakes->options.seed_given ? fakes->options.seed : fakes->script->seed;

    fakes->replies += 4; /* a reply makes several ids of its own */
    return (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) + fakes->replies;
}

struct journal_entry *request_entry(const struct request *request)
{
    return journal_find(request->fakes->journal, request->play->entry);
}

/* ---- Sessions */

/* "Bearer sk-…~NAME": what stands behind the '~'. */
static struct redial_str suffix_of(struct redial_str credential)
{
    const char *at = credential.len > 0 ? memrchr(credential.ptr, '~', credential.len) : NULL;
    size_t begin = at ? (size_t)(at - credential.ptr) : credential.len;

    return str_skip(credential, begin);
}

static bool carries_key(const struct redial_header *header)
{
    return str_eq_nocase(header->name, REDIAL_STR("x-api-key")) ||
           str_eq_nocase(header->name, REDIAL_STR("api-key")) ||
           (str_eq_nocase(header->name, REDIAL_STR("authorization")) &&
            str_starts_with(header->value, REDIAL_STR("Bearer ")));
}

/* A credential of the fakes' own may hold a '~' itself: only what is left must be one. */
static bool is_given_out(const struct fakes *fakes, struct redial_str credential)
{
    if (str_starts_with(credential, REDIAL_STR("Bearer "))) credential = str_skip(credential, 7);
    for (size_t i = 0; i < authority_secret_count(fakes->authority); i++)
        if (str_eq(authority_secret_at(fakes->authority, i), credential)) return true;
    return false;
}

static bool cut_suffix(struct request *request, size_t index, struct redial_str suffix)
{
    size_t count = request->arrival->header_count;
    struct redial_header *headers = ARENA_ARRAY(request->arena, struct redial_header, count);

    if (!headers) return false;
    memcpy(headers, request->headers, count * sizeof *headers);
    headers[index].value = str_take(headers[index].value, headers[index].value.len - suffix.len);
    request->headers = headers;
    request->session_name = str_skip(suffix, 1);
    return true;
}

static bool find_session_name(struct request *request)
{
    const struct arrival *arrival = request->arrival;

    request->headers = arrival->headers;
    for (size_t i = 0; i < arrival->header_count; i++) {
        const struct redial_header *header = &arrival->headers[i];
        struct redial_str suffix =
            carries_key(header) ? suffix_of(header->value) : (struct redial_str){"", 0};
        struct redial_str rest = str_take(header->value, header->value.len - suffix.len);
        if (suffix.len > 1 && is_given_out(request->fakes, rest) && !cut_suffix(request, i, suffix))
            return false;
    }
    struct redial_str named =
        header_value(arrival->headers, arrival->header_count, "x-redial-session");
    if (named.len > 0) request->session_name = str_take(named, 128);
    return true;
}

/* ---- Routes */

static const struct provider *provider_of(const struct request *request)
{
    return &request->fakes->script->policy->providers[request->provider];
}

static enum platform_kind platform_of(const struct request *request, uint16_t provider)
{
    const struct redial_policy *policy = request->fakes->script->policy;

    return policy->platforms[policy->providers[provider].platform].kind;
}

/* On a port for all, "/bedrock/model/…" is provider bedrock's. */
static void take_provider_off(struct request *request)
{
    const struct redial_policy *policy = request->fakes->script->policy;
    struct redial_str rest = str_skip(request->target, 1), first;

    if (!str_split(&rest, '/', &first)) return;
    for (size_t i = 0; i < policy->provider_count; i++) {
        if (!str_eq(policy->providers[i].name, first)) continue;
        if (request->provider == REDIAL_NO_INDEX || request->provider == i) {
            request->provider = (uint16_t)i;
            request->target = str_skip(request->target, 1 + first.len);
        }
        return;
    }
}

uint16_t request_first_with(const struct request *request, enum platform_kind platform)
{
    const struct redial_policy *policy = request->fakes->script->policy;

    for (size_t i = 0; i < policy->provider_count; i++)
        if (platform_of(request, (uint16_t)i) == platform) return (uint16_t)i;
    return REDIAL_NO_INDEX;
}

/* Without a provider, all platforms that the scenario knows may be meant. AWS's signatures are sent
 * to Bedrock alone. */
static unsigned platforms_meant(const struct request *request)
{
    struct redial_str authorization =
        header_value(request->headers, request->arrival->header_count, "authorization");
    unsigned platforms = 0;

    if (request->provider != REDIAL_NO_INDEX) return 1u << platform_of(request, request->provider);
    if (str_starts_with(authorization, REDIAL_STR("AWS4-"))) return 1u << PLATFORM_BEDROCK;
    for (int i = 0; i < PLATFORM_KIND_COUNT; i++)
        if (request_first_with(request, (enum platform_kind)i) != REDIAL_NO_INDEX)
            platforms |= 1u << i;
    return platforms;
}

static bool find_route(struct request *request)
{
    take_provider_off(request);
    if (!route_find(request->arrival->method.ptr, route_path(request->target),
                    platforms_meant(request), request->arena, &request->route))
        return false;
    if (request->route.operation != OPERATION_NONE && request->provider == REDIAL_NO_INDEX)
        request->provider = request_first_with(request, request->route.platform);
    return true;
}

/* ---- Replies */

void request_reply(struct request *request, const struct exchange *exchange)
{
    struct journal_entry *entry = request_entry(request);

    if (!exchange) {
        arrival_close(request->arrival);
        return;
    }
    if (entry) {
        note_reply(entry, exchange, request->route.platform, request->fakes->now);
        note_told(request->fakes, entry->number);
    }
    play_begin(request->play, request_compress(request, exchange));
}

/* The request was wrong, and gets what its platform says to that. */
static void refuse(struct request *request, const struct exchange *exchange, struct redial_str why)
{
    struct journal_entry *entry = request_entry(request);

    if (entry) {
        entry->end = JOURNAL_REFUSED;
        entry->why = note_text(request->fakes, why);
    }
    request_reply(request, exchange);
}

static void refuse_with(struct request *request, const struct objection *objection)
{
    refuse(request,
           answer_objection(request->arena, request->route.platform, objection,
                            serve_next_id(request->fakes)),
           objection->message);
}

/* What a server of this module says by itself: of credential servers, and of the authority. */
const struct exchange *request_say(struct request *request, const struct authority_reply *said,
                                   int64_t after)
{
    struct exchange *exchange = ARENA_NEW(request->arena, struct exchange);
    struct act *acts = ARENA_ARRAY(request->arena, struct act, 3);

    if (!exchange || !acts) return NULL;
    acts[0] = (struct act){ACT_HEAD, after, {0}};
    acts[1] = (struct act){ACT_BODY, after, said->body};
    acts[2] = (struct act){ACT_END, after, {0}};
    *exchange = (struct exchange){.status = said->status,
                                  .headers = said->headers,
                                  .header_count = said->header_count,
                                  .body_length = said->body.len,
                                  .acts = acts,
                                  .act_count = 3};
    return exchange;
}

/* ---- The world */

/* The policy's name for what the platform calls `id`, the prefix of a Bedrock profile aside; a name
 * that no policy knows is kept, since worlds tell names by their place. */
static struct redial_str own_name(struct fakes *fakes, struct redial_str id)
{
    size_t kept = REDIAL_COUNT_OF(fakes->models);

    for (size_t i = 0; i < fakes->model_count; i++)
        if (str_eq(fakes->models[i], id)) return fakes->models[i];
    if (fakes->model_count == kept || id.len > 512) return REDIAL_STR("a-model");
    if (!arena_copy(fakes->arena, id, &fakes->models[fakes->model_count]))
        return REDIAL_STR("a-model");
    return fakes->models[fakes->model_count++];
}

struct redial_str request_model(struct request *request, struct redial_str id, uint16_t *index)
{
    const struct redial_policy *policy = request->fakes->script->policy;
    const struct platform *platform = &policy->platforms[provider_of(request)->platform];

    *index = REDIAL_NO_INDEX;
    for (size_t i = 0; i < platform->model_count; i++) {
        if (!policy_model_has_id(&platform->models[i], id)) continue;
        *index = platform->models[i].model;
        return policy->models[*index].name;
    }
    *index = policy->model_count > 0 ? policy_find_model(policy, id) : REDIAL_NO_INDEX;
    return *index == REDIAL_NO_INDEX ? own_name(request->fakes, id) : policy->models[*index].name;
}

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

/* A success that the scenario does not describe further is the fake's own answer. */
static bool is_plain_success(const struct exchange *exchange)
{
    const struct reply_script *script = exchange->script;

    return script && script->class == REDIAL_CLASS_NONE && !script->body_given &&
           (script->status == 0 || (script->status >= 200 && script->status < 300)) &&
           script->fault == FAULT_NONE && script->slow == 0 && !script->stream.given &&
           !script->then && script->stop_reason.len == 0 && script->header_count == 0 &&
           script->retry_after < 0;
}

static struct exchange *answer_packed(struct request *request, const struct memo *memo, uint64_t id,
                                      struct redial_str text)
{
    struct redial_str body;
    const struct exchange *exchange;

    if (!packed_write(&memo->packed, text_str(&memo->answer), text, memo->id_at, request->arena,
                      &body))
        return NULL;
    exchange = answer_with_json(request->arena, request->route.platform, 200, body, id);
    return exchange ? compress_announce(request->arena, exchange) : NULL;
}

/* Only the ids differ from the answer that the same bytes got before. */
static struct exchange *answer_again(struct request *request, const struct memo *memo,
                                     const struct answer_options *options)
{
    struct redial_str body;
    char id[RENDER_ID_LEN];

    render_id_into(options->id + 1, id);
    if (memo->packed.bytes.len > 0)
        return answer_packed(request, memo, options->id, (struct redial_str){id, sizeof id});
    if (!arena_copy(request->arena, text_str(&memo->answer), &body)) return NULL;
    memcpy((char *)unconst(body.ptr) + memo->id_at, id, sizeof id);
    return unconst(
        answer_with_json(request->arena, request->route.platform, 200, body, options->id));
}

/* A tool's call has an id of its own, and counts of tokens go into Bedrock's headers: such answers
 * are made anew each time. */
static void remember_answer(struct request *request, const struct answer_options *options,
                            const struct exchange *exchange)
{
    struct redial_str body = exchange->acts[1].bytes;
    struct text id = TEXT_INIT;
    size_t at;

    if (options->after > 0 || request->route.manner == MANNER_INVOKE) return;
    if (str_find(body, REDIAL_STR("\"toolu_01")) != SIZE_MAX) return;
    render_id(options->id + 1, &id);
    at = str_find(body, text_str(&id));
    text_clean_up(&id);
    if (at == SIZE_MAX) return;
    text_append(&request->memo->answer, body);
    if (request->memo->answer.failed) text_clear(&request->memo->answer);
    request->memo->id_at = at;
    if (request->memo->gzip && request->memo->answer.len > 0)
        (void)packed_make(&request->memo->packed, text_str(&request->memo->answer), at,
                          RENDER_ID_LEN);
}

/* What the scenario says of features; NULL: nothing. */
static const uint8_t *feature_plays(const struct request *request)
{
    const struct script *script = request->fakes->script;

    for (size_t i = 0; i < script->provider_count; i++)
        if (script->providers[i].index == request->provider) return script->providers[i].features;
    return NULL;
}

static bool make_effects(struct request *request, const struct demand *demand,
                         struct effects *effects)
{
    uint64_t salt = demand_mix(request->provider, str_hash(demand->model));

    *effects = (struct effects){0};
    if (!demand->body) return true; /* the memo's: it showed nothing */
    return effects_make(demand, request->route.platform, feature_plays(request),
                        request->session->cache, salt, request_world_now(request), request->arena,
                        effects);
}

static const struct exchange *own_answer(struct request *request, const struct demand *demand,
                                         const struct exchange *scripted)
{
    struct memo *memo = request->memo;
    struct exchange *own;
    struct effects effects;
    const struct answer_options options = {.route = &request->route,
                                           .demand = demand,
                                           .effects = &effects,
                                           .model = demand->model,
                                           .id = serve_next_id(request->fakes),
                                           .after = scripted->script->after,
                                           .pace = request->fakes->options.pace};

    if (!make_effects(request, demand, &effects)) return NULL;
    if (memo && memo->answer.len > 0 && options.after == 0)
        own = answer_again(request, memo, &options);
    else
        own = unconst(answer_message(request->arena, &options));
    if (!own) return NULL;
    if (memo && memo->answer.len == 0 && !demand->stream) remember_answer(request, &options, own);
    own->script = scripted->script;
    return own;
}

/* ---- Messages */

/* Only what the scenario itself wrote outlives this reply. */
const struct reply_script *serve_written(const struct script *script,
                                         const struct reply_script *reply)
{
    for (size_t i = 0; i < script->provider_count; i++) {
        const struct provider_script *provider = &script->providers[i];
        if (reply >= provider->replies && reply < provider->replies + provider->reply_count)
            return reply;
        for (size_t k = 0; k < provider->outage_count; k++)
            if (reply == &provider->outages[k].reply) return reply;
    }
    return NULL;
}

static void explain_trouble(struct request *request, const struct world_trouble *trouble)
{
    struct objection objection = {.status = 500};

    if (!arena_printf(request->arena, &objection.message, "redial fake: %.*s%s%.*s",
                      REDIAL_STR_ARG(trouble->why), trouble->cure.len > 0 ? "; " : "",
                      REDIAL_STR_ARG(trouble->cure)))
        objection.message = REDIAL_STR("redial fake: memory is out");
    refuse_with(request, &objection);
}

static void play_world(struct request *request, const struct demand *demand,
                       const struct world_request *asked)
{
    struct world_trouble trouble;
    const struct exchange *exchange =
        world_answer(request->session->world, asked, request_world_now(request), &trouble);
    struct journal_entry *entry = request_entry(request);
    int64_t output;

    if (!exchange) {
        stranger_note_trouble(request->fakes, &trouble);
        explain_trouble(request, &trouble);
        return;
    }
    /* Under load it comes later than its acts say. */
    request->play->began_at +=
        request_at_speed(request, world_lateness(request->session->world, request->provider));
    if (entry) entry->script = serve_written(request->fakes->script, exchange->script);
    if (is_plain_success(exchange)) {
        exchange = own_answer(request, demand, exchange);
        output = answer_tokens(demand);
    } else {
        output = exchange->script ? exchange->script->stream.tokens : 0;
    }
    request_reply(request, exchange ? request_dress(request, demand, output, exchange) : NULL);
}

void request_note(struct request *request, const struct demand *demand)
{
    struct journal_entry *entry = request_entry(request);

    if (!entry) return;
    if (demand->model.len > 0) entry->model = own_name(request->fakes, demand->model);
    entry->stream = demand->stream;
    entry->max_tokens = demand->max_tokens;
    entry->input_tokens = demand->input_tokens;
    entry->body_hash = demand->body_hash;
}

static void answer_messages(struct request *request, const struct demand *demand,
                            const struct authority_identity *identity)
{
    struct journal_entry *entry = request_entry(request);
    struct world_request asked = {.provider = request->provider,
                                  .max_tokens = demand->max_tokens,
                                  .input_tokens = stranger_tokens(request->session, demand),
                                  .plain = request->route.manner == MANNER_PLAIN,
                                  .credential = identity->generation,
                                  .static_key = identity->is_static,
                                  .stream = demand->stream,
                                  .headers = request->headers,
                                  .header_count = request->arrival->header_count};
    struct conversation *conversation = session_converse(
        request->fakes, request->session, demand->prompt, entry ? entry->retry_count : -1);

    request->play->conversation = conversation;
    request->play->page = session_page(request->session);
    request->play->script = request->session->script;
    request->play->script->holders++;
    conversation->under_way++;
    if (entry) entry->conversation = conversation->number;
    if (entry) entry->input_tokens = asked.input_tokens;
    asked.call_number = 1 + (uint32_t)(conversation - request->session->conversations);
    asked.attempt = conversation->attempts;
    asked.model =
        request->memo && request->memo->model.ptr ? request->memo->model : (struct redial_str){0};
    if (asked.model.ptr)
        asked.model_index = request->memo->model_index;
    else
        asked.model = request_model(request, demand->model, &asked.model_index);
    if (request->memo && !request->memo->model.ptr) {
        request->memo->model = asked.model;
        request->memo->model_index = asked.model_index;
    }
    play_world(request, demand, &asked);
}

/* ---- Other operations */

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
        refuse(request, refusal.status ? request_say(request, &refusal, 0) : NULL, why);
        return false;
    }
    if (entry) {
        entry->credential = identity->generation;
        entry->static_key = identity->is_static;
    }
    if (grows_old(request)) note_credential(request, identity->generation);
    return true;
}

static bool takes_body(enum operation operation)
{
    return operation == OPERATION_MESSAGES || operation == OPERATION_COUNT_TOKENS ||
           operation == OPERATION_BATCH_CREATE;
}

/* Only requests that the headers themselves name the session of, whole answers to which need no
 * more than this. */
static void remember(struct request *request, const struct demand *demand)
{
    struct fakes *fakes = request->fakes;
    struct memo *memo;

    if (demand->stream || request->headers != request->arrival->headers) return;
    if (demand->features & ~PROBED_BIT(PROBED_MESSAGES))
        return; /* its answer has effects of its own */
    if (request->route.captured.len > 0 || json_at(demand->body, "tools")) return;
    memo = memo_make(fakes, request->place, request->arrival);
    if (!memo) return;
    memo->session = request->session;
    memo->route = request->route;
    memo->provider = request->provider;
    memo->gzip = request->route.manner != MANNER_INVOKE &&
                 accepts_gzip(header_value(request->headers, request->arrival->header_count,
                                           "accept-encoding"));
    memo->demand = *demand;
    memo->demand.body = NULL;
    memo->demand.model = own_name(fakes, demand->model);
    memo->model = (struct redial_str){0};
    if (str_eq(memo->demand.model, demand->model))
        request->memo = memo;
    else
        memo->session = NULL;
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
    answer_messages(request, &memo->demand, &identity);
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
             effects_allow(demand.features, request->route.platform, feature_plays(request),
                           request->arena, &objection));
    request_note(request, &demand);
    if (taken && request->route.operation == OPERATION_MESSAGES) remember(request, &demand);
    if (!taken)
        refuse_with(request, &objection);
    else if (request->route.operation == OPERATION_MESSAGES)
        answer_messages(request, &demand, &identity);
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
            platform_names.rows[policy->platforms[provider_of(request)->platform].kind].word;
}

static void refuse_path(struct request *request)
{
    struct objection objection = {.status = 404, .message = REDIAL_STR("Not found")};

    if (request->route.wrong_method)
        objection = (struct objection){.status = 405, .message = REDIAL_STR("Method Not Allowed")};
    if (request->provider != REDIAL_NO_INDEX)
        request->route.platform = platform_of(request, request->provider);
    refuse_with(request, &objection);
}

static void refuse_session(struct request *request)
{
    static const struct objection too_many = {
        .status = 500,
        .message = REDIAL_STR_INIT("redial fake: more sessions than it keeps apart; "
                                   "POST /_redial/reset forgets them")};

    refuse_with(request, &too_many);
}

bool request_find(struct request *request)
{
    if (!find_session_name(request) || !find_route(request)) return false;
    if (request->route.operation != OPERATION_MESSAGES || request->route.wrong_method) return false;
    request->session = session_find(request->fakes, request->session_name);
    return request->session != NULL;
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

    if (!find_session_name(request) || !find_route(request)) {
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
