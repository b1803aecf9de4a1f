/* Repairs of a live call: another credential, or a shorter prompt. */
#include "client/live.h"
#include "core/hooks.h"

/* The answer is stepped from the client's list: a repair may be done before its step returns. */
static void answer(struct redial_live *call, enum redial_event_kind kind, struct redial_str message)
{
    call->repaired = (struct redial_event){.kind = (uint8_t)kind, .message = message};
    call->repaired_at = live_now(call->client);
    live_do(call, LIVE_REPAIRED);
}

/* ---- Another credential */

/* `searched`: not what another call had found before. */
static void answer_refresh(struct redial_live *call, enum vault_state state, bool searched)
{
    const struct live_observer *observer = &call->client->observer;

    if (state == VAULT_READY)
        answer(call, REDIAL_EVENT_REPAIRED, (struct redial_str){0});
    else
        answer(call, REDIAL_EVENT_REPAIR_FAILED, vault_why(call->place));
    if (searched && observer->refreshed)
        observer->refreshed(observer->context, call->repaired_at,
                            redial_policy_provider(call->policy, call->call.provider),
                            call->repaired_at - call->stepped_at, call->repaired.message);
}

static void credential_came(void *context)
{
    struct redial_live *call = context;

    answer_refresh(call, vault_answer(call->place), true);
}

static void refresh(struct redial_live *call)
{
    if (!call->place) {
        answer(call, REDIAL_EVENT_REPAIR_FAILED, REDIAL_STR("there is no credential to refresh"));
        return;
    }
    call->wait.came = credential_came;
    call->wait.context = call;
    bool renewed_by_another = vault_generation(call->place) > call->presented;
    enum vault_state state = vault_ask_anew(call->place, call->presented, &call->wait);
    if (state != VAULT_COMING) answer_refresh(call, state, !renewed_by_another);
}

/* ---- A shorter prompt */

/* The shorter conversation takes the place of the old one: the next request carries it. */
static void keep_messages(struct redial_live *call, struct redial_str shorter, int64_t tokens)
{
    struct text kept = TEXT_INIT; /* `shorter` may lie in the one before */

    text_append(&kept, shorter);
    if (kept.failed || !str_starts_with(str_trim(shorter), REDIAL_STR("["))) {
        text_clean_up(&kept);
        answer(call, REDIAL_EVENT_REPAIR_FAILED,
               REDIAL_STR("the shorter prompt is no JSON array, or memory is out"));
        return;
    }
    text_clean_up(&call->compacted);
    call->compacted = kept;
    answer(call, REDIAL_EVENT_REPAIRED, (struct redial_str){0});
    call->repaired.compacted_tokens = tokens;
}

/* The conversation as it is now; empty: the body has none. */
static struct redial_str messages_of(const struct redial_live *call)
{
    const struct body_member *messages = body_find(&call->body, BODY_MESSAGES);

    if (call->compacted.len > 0) return text_str(&call->compacted);
    return messages ? messages->value : (struct redial_str){0};
}

static void compact_by_hook(struct redial_live *call, struct redial_str messages)
{
    static const struct redial_event nothing = {.kind = REDIAL_EVENT_REPAIRED};
    const struct hooks_policy *hooks = &call->policy->hooks;
    struct hook_moment moment = {.call = &call->call,
                                 .event = &nothing,
                                 .now = live_now(call->client),
                                 .class = call->call.class,
                                 .random = &call->call.random,
                                 .rule = call->call.rule};
    const struct hook_prompt prompt = {.messages = messages,
                                       .input_tokens = call->call.input_tokens,
                                       .excess = hooks_excess(&call->call)};
    struct text shorter = TEXT_INIT;

    if (hooks->port->compact(hooks->port->hooks, &moment, &prompt, &shorter)) {
        keep_messages(call, text_str(&shorter), 0);
    } else {
        bool told = moment.error.len > 0 && hooks->on_error == HOOK_ERROR_FAILS;
        answer(call, REDIAL_EVENT_REPAIR_FAILED,
               told ? moment.error : REDIAL_STR("nothing more of the prompt can be dropped"));
    }
    text_clean_up(&shorter);
}

static void compact_by_caller(struct redial_live *call, struct redial_str messages)
{
    const struct redial_handlers *handlers = &call->request.handlers;
    const struct redial_too_long prompt = {messages, call->call.input_tokens,
                                           hooks_excess(&call->call)};
    struct redial_str shorter = {0};
    int64_t tokens = 0;

    if (handlers->compact(handlers->context, &prompt, &shorter, &tokens))
        keep_messages(call, shorter, tokens);
    else
        answer(call, REDIAL_EVENT_REPAIR_FAILED,
               REDIAL_STR("nothing more of the prompt can be dropped"));
}

static void compact(struct redial_live *call)
{
    struct redial_str messages = messages_of(call);

    if (messages.len > 0 && hooks_have(call->policy, HOOK_COMPACT))
        compact_by_hook(call, messages);
    else if (messages.len > 0 && call->request.handlers.compact)
        compact_by_caller(call, messages);
    else
        answer(call, REDIAL_EVENT_REPAIR_FAILED, REDIAL_STR("nothing here can compact the prompt"));
}

void live_repair(struct redial_live *call, enum redial_step_kind repair)
{
    if (repair == REDIAL_STEP_REFRESH)
        refresh(call);
    else
        compact(call);
}
