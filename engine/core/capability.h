/* What becomes of the features of a call on a leg: had, dropped, refused, or looked for elsewhere.
 * Private to core. */
#ifndef REDIAL_CORE_CAPABILITY_H
#define REDIAL_CORE_CAPABILITY_H

#include "core/turn.h"

/* START: settles the leg that the call begins with, or moves the call to the first provider of its
 * fallbacks that has what it cannot do without. False: there is none, and the call has ended. */
bool capability_begin(struct turn *turn);
/* Whether the call may go on with another provider, or with another model where it is: nothing is
 * lost that it requires, and its data stays where it may be. What is passed over is noted in the
 * decision. */
bool capability_allows_provider(struct turn *turn, uint16_t provider);
bool capability_allows_model(struct turn *turn, uint16_t model);
/* A leg begins: notes what it goes without. */
void capability_settle(struct turn *turn);

#endif
