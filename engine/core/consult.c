#include "core/consult.h"

/* A moment is made anew for every question: the call may have changed since the last one. */
static void look(struct turn *turn)
{
    struct redial_call *call = turn->call;
    turn->moment = (struct hook_moment){
        .call = call,
        .event = turn->event,
        .now = turn->now,
        .class = call->class,
        .random = &call->random,
        .rule = call->rule,
    };
}

/* The first error of a step is the one that is told. */
static void note_error(struct turn *turn)
{
    struct redial_decision *decision = turn->decision;
    if (turn->moment.error.len == 0 || decision->hook_error.len > 0) return;
    decision->hook_error = turn->moment.error;
    decision->hook_rule = turn->moment.rule;
}

bool consult_failed(const struct turn *turn)
{
    return turn->decision->hook_error.len > 0 && turn->policy->hooks.on_error == HOOK_ERROR_FAILS;
}

enum redial_class consult_class(struct turn *turn, enum redial_class class)
{
    const struct hook_port *port = turn->policy->hooks.port;
    enum redial_class named = class;
    look(turn);
    turn->moment.class = (uint8_t) class;
    turn->moment.rule = NO_INDEX;
    enum hook_answer answer = port->classify(port->hooks, &turn->moment, &named);
    note_error(turn);
    return answer == HOOK_ANSWERED ? named : class;
}

uint32_t consult_rules(struct turn *turn, struct facts *facts)
{
    if (!turn->policy->hooks.port) return matcher_find(&turn->policy->rules_matcher, facts);
    look(turn);
    facts->moment = &turn->moment;
    uint32_t rule = matcher_find(&turn->policy->rules_matcher, facts);
    note_error(turn);
    return rule;
}

bool consult_delay(struct turn *turn, int64_t *delay)
{
    const struct hook_port *port = turn->policy->hooks.port;
    look(turn);
    enum hook_answer answer = port->delay(port->hooks, &turn->moment, delay);
    note_error(turn);
    return answer == HOOK_ANSWERED;
}

struct hook_step consult_step(struct turn *turn, uint16_t function)
{
    const struct hook_port *port = turn->policy->hooks.port;
    struct hook_step step = {0};
    look(turn);
    if (port->step(port->hooks, &turn->moment, function, &step) == HOOK_SILENT)
        step = (struct hook_step){0};
    note_error(turn);
    return step;
}

size_t consult_choice(struct turn *turn, const uint16_t *candidates, size_t count)
{
    const struct hook_port *port = turn->policy->hooks.port;
    size_t chosen = 0;
    if (!hooks_have(turn->policy, HOOK_CHOOSE)) return 0;
    look(turn);
    if (port->choose(port->hooks, &turn->moment, candidates, count, &chosen) == HOOK_SILENT)
        chosen = 0;
    note_error(turn);
    return chosen;
}

void consult_request(struct turn *turn)
{
    const struct hook_port *port = turn->policy->hooks.port;
    int64_t max_tokens;
    if (!hooks_have(turn->policy, HOOK_ADAPT)) return;
    look(turn);
    if (port->adapt(port->hooks, &turn->moment, &max_tokens) == HOOK_ANSWERED)
        turn->call->max_tokens = max_tokens;
    note_error(turn);
}

int64_t hooks_excess(const struct redial_call *call)
{
    const struct platform_model *model =
        policy_platform_model(call->policy, call->platform, call->model_index);
    int64_t context = call->failed_context_tokens ? call->failed_context_tokens
                      : model                     ? model->context
                                                  : 0;
    int64_t input = call->failed_input_tokens ? call->failed_input_tokens : call->input_tokens;
    if (context <= 0 || input <= 0) return 0;
    /* What overflows only together with the answer must leave room for that. */
    if (call->class != REDIAL_CLASS_PROMPT_TOO_LONG) input = duration_add(input, call->max_tokens);
    return input > context ? input - context : 0;
}
