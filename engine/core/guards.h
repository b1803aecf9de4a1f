/* Where a call meets the state that calls share. Private to core. */
#ifndef REDIAL_CORE_GUARDS_H
#define REDIAL_CORE_GUARDS_H

#include "core/turn.h"

/* The leg begins, and ends: budgets count what is under way. */
void guards_enter(struct turn *turn);
void guards_leave(struct turn *turn);
/* An attempt had this result. */
void guards_saw(struct turn *turn, enum redial_class class);
/* A failure that a retrying rule matches: budgets that charge failures take their cost. */
void guards_failed(struct turn *turn);
/* Whether the retry that `steps` describe may be taken: NONE, or why not. The call may go on
 * nevertheless when `call.refused` is set: it waits, then ends with BUDGET_EMPTY. */
enum redial_reason guards_retry(struct turn *turn, const struct steps *steps);
/* Before a send: true when it may go; else the call waits or has ended. It may be on another leg.
 */
bool guards_gate(struct turn *turn);
void guards_cool_down(struct turn *turn, const struct step *step);
/* Everything that the call still holds of it. */
void guards_end(struct turn *turn);

/* ---- The mode `fast` */

/* Before a send: fast or standard. */
void speed_choose(struct turn *turn);
/* The mode's own answer to a failure, before any rule; true when it decided. `rule_fails`: the rule
 * that matches would end the call. */
bool speed_judge(struct turn *turn, const struct facts *facts, bool rule_fails);
void speed_disable(struct turn *turn);

#endif
