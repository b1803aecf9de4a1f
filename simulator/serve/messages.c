/* A request for a message: what the world makes of it, and where the world only says "a success",
 * the fakes' own answer. */
#include "simulator/endpoints/unconst.h"
#include "simulator/serve/request.h"

/* ---- The fakes' own answer */

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

static bool make_effects(struct request *request, const struct demand *demand,
                         struct effects *effects)
{
    uint64_t salt = demand_mix(request->provider, str_hash(demand->model));

    *effects = (struct effects){0};
    if (!demand->body) return true; /* the memo's: it showed nothing */
    return effects_make(
        demand, request->route.platform, script_features(request->fakes->script, request->provider),
        request->session->cache, salt, request_world_now(request), request->arena, effects);
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
        own = memo_answer(request, memo, &options);
    else
        own = unconst(answer_message(request->arena, &options));
    if (!own) return NULL;
    if (memo && memo->answer.len == 0 && !demand->stream) memo_keep_answer(request, &options, own);
    own->script = scripted->script;
    return own;
}

/* ---- The world's */

static void explain_trouble(struct request *request, const struct world_trouble *trouble)
{
    struct objection objection = {.status = 500};

    if (!arena_printf(request->arena, &objection.message, "redial fake: %.*s%s%.*s",
                      REDIAL_STR_ARG(trouble->why), trouble->cure.len > 0 ? "; " : "",
                      REDIAL_STR_ARG(trouble->cure)))
        objection.message = REDIAL_STR("redial fake: memory is out");
    request_reject_with(request, &objection);
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
    if (entry) entry->script = script_written(request->fakes->script, exchange->script);
    if (is_plain_success(exchange)) {
        exchange = own_answer(request, demand, exchange);
        output = answer_tokens(demand);
    } else {
        output = exchange->script ? exchange->script->stream.tokens : 0;
    }
    request_reply(request, exchange ? request_dress(request, demand, output, exchange) : NULL);
}

void messages_answer(struct request *request, const struct demand *demand,
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
