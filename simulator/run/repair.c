/* What the simulated client does when a decision asks it to repair something. */
#include "simulator/run/run_parts.h"

static void plan_answer(struct running *running, struct run_call *call, enum redial_event_kind kind,
                        struct redial_str message, int64_t after)
{
    call->pending = (struct redial_event){.kind = (uint8_t)kind, .message = message};
    run_plan(running, call, HAPPENS_REPAIR, duration_add(running->now, after));
}

/* Asks the token server; its answer is every caller's who asks before it is there. */
static bool begin_refresh(struct running *running, struct run_call *call)
{
    struct provider_client *client = &running->clients[call->call.provider];
    struct redial_str error, message = {0};
    int64_t after = world_ask_token(running->world, call->call.provider, &error);
    call->token_coming = error.len == 0;
    if (!call->token_coming &&
        !arena_printf(running->run->arena, &message, "the token server refused: %.*s",
                      REDIAL_STR_ARG(error))) {
        run_out_of_memory(running);
        return false;
    }
    client->refresh_event = (struct redial_event){
        .kind = call->token_coming ? REDIAL_EVENT_REPAIRED : REDIAL_EVENT_REPAIR_FAILED,
        .message = message};
    client->refresh_ends_at = duration_add(running->now, after);
    return true;
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
    if (!under_way && !begin_refresh(running, call)) return;
    call->pending = client->refresh_event;
    run_plan(running, call, HAPPENS_REPAIR, client->refresh_ends_at);
}

static void compact(struct running *running, struct run_call *call)
{
    if (call->script->compacts_to < 0) {
        plan_answer(running, call, REDIAL_EVENT_REPAIR_FAILED,
                    REDIAL_STR("nothing here can compact the prompt"), 0);
        return;
    }
    call->prompt_tokens = call->script->compacts_to;
    plan_answer(running, call, REDIAL_EVENT_REPAIRED, (struct redial_str){0}, 0);
    call->pending.compacted_tokens = call->prompt_tokens;
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
