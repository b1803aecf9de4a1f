/* Scripted replies as the bytes and moments of their platform. The numbers in a message are the
 * request's own: a fake does not lie about what it was sent. */
#ifndef REDIAL_SIMULATOR_RENDER_H
#define REDIAL_SIMULATOR_RENDER_H

#include "base/arena.h"
#include "model/policy.h"
#include "simulator/world/exchange.h"
#include "simulator/world/script.h"

/* What of a request a reply can depend on. */
struct render_facts {
    enum platform_kind platform;
    struct redial_str model; /* as the platform calls it */
    int64_t max_tokens, input_tokens, context_tokens;
    bool stream;     /* the request asked for a stream */
    bool plain;      /* events are server-sent ones on Bedrock, too */
    bool static_key; /* the request's credential cannot be refreshed */
    uint64_t id;     /* ids in the reply are made from it */
};

#define RENDER_CONTEXT_DEFAULT 200000 /* tokens, of a model whose size no platform file tells */
#define RENDER_OUTPUT_TOKENS   8      /* of an answer whose length nobody scripted */

/* Fills `exchange` from `arena`. False when the reply makes no sense for this request, with the
 * likely cure in `cure`, or when memory is out (`why` says it, `cure` is empty). */
bool render_reply(struct arena *arena, const struct reply_script *reply,
                  const struct render_facts *facts, struct exchange *exchange,
                  struct redial_str *why, struct redial_str *cure) REDIAL_MUST_USE;
/* Output tokens of the whole reply, 0 for an error: what an output limit is charged. */
int64_t render_output_tokens(const struct reply_script *reply, const struct render_facts *facts);
/* Appends RENDER_ID_LEN letters and digits, made from `id`. */
void render_id(uint64_t id, struct text *out);
#define RENDER_ID_LEN 22
void render_id_into(uint64_t id, char out[RENDER_ID_LEN]);
/* Whether a stream's event of this name has a usual payload. */
bool render_knows_event(struct redial_str name);

#endif
