/* Sizes in tokens that platforms tell in the sentence of an error and nowhere else. */
#ifndef REDIAL_PLATFORMS_SIZES_H
#define REDIAL_PLATFORMS_SIZES_H

#include "redial/event.h"

/* Fills input_tokens and context_tokens of `event` from its message, where it tells them. */
void sizes_read(struct redial_event *event);

#endif
