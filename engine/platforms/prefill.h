/* A prefill: a last message of the assistant, which the model goes on with. Not every model takes
 * one. */
#ifndef REDIAL_PLATFORMS_PREFILL_H
#define REDIAL_PLATFORMS_PREFILL_H

#include "base/str.h"

/* Whether that message, as JSON, is one of the assistant. */
bool prefill_is(struct redial_str message);
/* How many bytes of a JSON array of messages stand before its prefill and the comma in front of it;
 * SIZE_MAX when it ends otherwise, or is no such array. */
size_t prefill_find(struct redial_str messages);

#endif
