/* One step of a call, as the parts of the decision see it. Private to core. */
#ifndef REDIAL_CORE_TURN_H
#define REDIAL_CORE_TURN_H

#include "core/hooks.h"
#include "core/match.h"

struct turn {
    struct redial_call *call;
    const struct redial_event *event; /* prepared for the call's policy */
    int64_t now;
    struct redial_decision *decision;
    const struct redial_policy *policy;
    const struct variant *variant;
    /* The key among a guard's slots that was asked for last, since guards of a policy are often
     * `per` the same. */
    uint32_t key_per;
    uint64_t key;
    struct hook_moment moment; /* of the last question to a hook */
};

static inline const struct rule *turn_rule(const struct turn *turn)
{
    return turn->call->rule == NO_INDEX ? NULL : &turn->variant->rules[turn->call->rule];
}

/* The one door for every change of state. */
void turn_enter(struct turn *turn, enum redial_state state);
void turn_finish(struct turn *turn, enum redial_reason reason);
void turn_send(struct turn *turn);
/* START: lets a hook choose the provider. */
void turn_choose(struct turn *turn);
/* Begins a wait of `delay` ns; ends the call instead when the wait would pass the deadline. */
void turn_wait(struct turn *turn, enum redial_wait_kind kind, int64_t delay);
/* When the driver has to report TIMER: the end of the wait under way, or its next sign of life. */
int64_t turn_next_sign(const struct turn *turn);
/* Goes on with the next fallback model, else provider; false when there is none left. */
bool turn_fall_back(struct turn *turn);
/* The server's word on waiting for the failure at hand: ns within the bound of the variant's
 * backoff, 0 none. */
int64_t turn_hint(const struct turn *turn);

/* REPLY, BROKEN, STREAM_ERROR: the order of a decision, design §3. */
void turn_judge(struct turn *turn);
/* The rule's steps from call.step_next on, until one needs the driver or the call is sent or
 * finished. */
void turn_run_steps(struct turn *turn);

#endif
