/* The fake's own answers: what a platform says to a request that no script decides, with ids,
 * usage and headers as the real one has them. The words are simulated and always the same.
 *
 * Whether the answer calls a tool: when `tool_choice` demands one, or when tools are given, the
 * last message holds no tool's result, and its text names one of them or says "tool". Required
 * properties of the tool's schema are filled with values of their type. */
#ifndef REDIAL_SIMULATOR_ANSWER_H
#define REDIAL_SIMULATOR_ANSWER_H

#include "simulator/serve/demand.h"
#include "simulator/serve/effects.h"
#include "simulator/world/exchange.h"

struct answer_options {
    const struct route *route;
    const struct demand *demand;
    const struct effects *effects; /* NULL: none are shown */
    struct redial_str model;       /* as the reply names it */
    uint64_t id;                   /* ids in the reply are made from it */
    int64_t after;                 /* ns until its first byte */
    int64_t pace;                  /* ns between the deltas of a stream */
};

/* A whole message, or a stream. NULL when memory is out; all is made in `arena`. */
const struct exchange *answer_message(struct arena *arena, const struct answer_options *options);
/* How long the prompt is. */
const struct exchange *answer_count(struct arena *arena, const struct answer_options *options);
/* Any JSON, with the platform's headers. */
const struct exchange *answer_with_json(struct arena *arena, enum platform_kind platform,
                                        uint16_t status, struct redial_str body, uint64_t id);
/* A platform's refusal. */
const struct exchange *answer_objection(struct arena *arena, enum platform_kind platform,
                                        const struct objection *objection, uint64_t id);

/* How many tokens it says. */
int64_t answer_tokens(const struct demand *demand);
/* Appends the message itself. */
void answer_write_message(const struct answer_options *options, struct text *out);
#define ANSWER_PING_AFTER NS_PER_SECOND /* a stream that says nothing for so long, pings */

#endif
