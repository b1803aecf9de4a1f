/* What the simulated client does when a decision asks it to repair something. */
#include "core/hooks.h"
#include "simulator/run/run_parts.h"
#include "simulator/world/conversation.h"

static void plan_answer(struct running *running, struct run_call *call, enum redial_event_kind kind,
                        struct redial_str message, int64_t after)
{
    call->pending = (struct redial_event){.kind = (uint8_t)kind, .message = message};
    run_plan(running, call, HAPPENS_REPAIR, duration_add(running->now, after));
}

/* Asks the token server; its answer is every caller's who asks before it is there. */
static void begin_refresh(struct running *running, struct run_call *call)
{
    struct provider_client *client = &running->clients[call->call.provider];
    struct redial_str failed;
    int64_t after = world_ask_token(running->world, call->call.provider, &failed);
    call->token_coming = failed.len == 0;
    client->refresh_event = (struct redial_event){
        .kind = call->token_coming ? REDIAL_EVENT_REPAIRED : REDIAL_EVENT_REPAIR_FAILED,
        .message = failed};
    client->refresh_ends_at = duration_add(running->now, after);
}

static void refresh(struct running *running, struct run_call *call)
{
    struct provider_client *client = &running->clients[call->call.provider];
    if (call->static_key) {
        plan_answer(running, call, REDIAL_EVENT_REPAIR_FAILED,
                    REDIAL_STR("nothing to refresh: the API key is static"), 0);
        return;
    }
    /* Another call has refreshed it since this one sent its request. */
    if (client->credential > call->presented) {
        plan_answer(running, call, REDIAL_EVENT_REPAIRED, (struct redial_str){0}, 0);
        return;
    }
    bool under_way = client->refresh_ends_at > running->now;
    if (!under_way) begin_refresh(running, call);
    call->pending = client->refresh_event;
    run_plan(running, call, HAPPENS_REPAIR, client->refresh_ends_at);
}

static void plan_compacted(struct running *running, struct run_call *call, int64_t tokens)
{
    call->prompt_tokens = tokens;
    plan_answer(running, call, REDIAL_EVENT_REPAIRED, (struct redial_str){0}, 0);
    call->pending.compacted_tokens = tokens;
}

/* The shorter conversation takes the place of the old one: the next request carries it. */
static void keep_messages(struct running *running, struct run_call *call,
                          const struct text *shorter)
{
    struct json *messages = json_parse(text_str(shorter));
    int64_t words = conversation_words(messages);
    json_free(messages);
    if (arena_copy(running->run->arena, text_str(shorter), &call->messages))
        plan_compacted(running, call, words);
    else
        run_out_of_memory(running);
}

/* By the policy's hook, as a live driver does it. */
static void compact_messages(struct running *running, struct run_call *call)
{
    static const struct redial_event nothing = {.kind = REDIAL_EVENT_REPAIRED};
    const struct hook_port *port = running->policy->hooks.port;
    struct hook_moment moment = {.call = &call->call,
                                 .event = &nothing,
                                 .now = running->now,
                                 .class = call->call.class,
                                 .random = &call->call.random,
                                 .rule = call->call.rule};
    const struct hook_prompt prompt = {.messages = call->messages,
                                       .input_tokens = call->prompt_tokens,
                                       .excess = hooks_excess(&call->call)};
    struct text shorter = TEXT_INIT;
    if (port->compact(port->hooks, &moment, &prompt, &shorter)) {
        keep_messages(running, call, &shorter);
    } else {
        bool told = moment.error.len > 0 && running->policy->hooks.on_error == HOOK_ERROR_FAILS;
        plan_answer(running, call, REDIAL_EVENT_REPAIR_FAILED,
                    told ? moment.error : REDIAL_STR("nothing more of the prompt can be dropped"),
                    0);
    }
    text_clean_up(&shorter);
}

static void compact(struct running *running, struct run_call *call)
{
    if (call->messages.len > 0 && hooks_have(running->policy, HOOK_COMPACT))
        compact_messages(running, call);
    else if (call->script->compacts_to >= 0)
        plan_compacted(running, call, call->script->compacts_to);
    else
        plan_answer(running, call, REDIAL_EVENT_REPAIR_FAILED,
                    REDIAL_STR("nothing here can compact the prompt"), 0);
}

void run_repair(struct running *running, struct run_call *call, enum redial_step_kind repair)
{
    if (repair == REDIAL_STEP_REFRESH)
        refresh(running, call);
    else
        compact(running, call);
}

void run_repair_due(struct running *running, struct run_call *call)
{
    uint16_t provider = call->call.provider;
    if (call->token_coming) {
        call->token_coming = false;
        running->clients[provider].credential =
            world_give_token(running->world, provider, running->now);
    }
    if (run_is_open(call) && call->call.state == REDIAL_STATE_REPAIRING)
        run_step(running, call, &call->pending);
}
