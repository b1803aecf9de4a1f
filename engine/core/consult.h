/* Asking the policy's hooks in the course of a decision. Private to core. Each of these notes in
 * the decision what went wrong; `consult_failed` tells whether the call must end for it. */
#ifndef REDIAL_CORE_CONSULT_H
#define REDIAL_CORE_CONSULT_H

#include "core/turn.h"

/* Something went wrong in this step, and the policy says on_error: fail. */
bool consult_failed(const struct turn *turn);
/* The class that the hook names, else `class`. */
enum redial_class consult_class(struct turn *turn, enum redial_class class);
/* The first matching rule, or MATCH_NONE; conditions may ask hooks. */
uint32_t consult_rules(struct turn *turn, struct facts *facts);
/* True when the hook asked for a wait. */
bool consult_delay(struct turn *turn, int64_t *delay);
struct hook_step consult_step(struct turn *turn, uint16_t function);
/* The place in `candidates` of the one to take; 0 when the hook has no say. */
size_t consult_choice(struct turn *turn, const uint16_t *candidates, size_t count);
/* Lets the hook change the request at the beginning of a leg. */
void consult_request(struct turn *turn);

#endif
