/* Between the files of the world: what is kept of each provider while a run goes on. */
#ifndef REDIAL_SIMULATOR_WORLD_PARTS_H
#define REDIAL_SIMULATOR_WORLD_PARTS_H

#include "simulator/world/bucket.h"
#include "simulator/world/exchanges.h"
#include "simulator/world/world.h"

struct provider_state {
    const struct provider_script *script; /* NULL: the scenario says nothing of this provider */
    int32_t *used;                        /* per reply */
    struct reply_script *too_long;        /* per reply: what a too long prompt gets instead */
    size_t first_open;                    /* all before it are used up */
    struct bucket buckets[RATE_KIND_COUNT];
    uint64_t random;
    /* Credentials: generations below `accepted` are refused, each time as `refusal` says. */
    uint32_t accepted, issued;
    int64_t issued_at, presented; /* requests with the accepted generation */
    struct reply_script expired, revoked;
    size_t revoked_count; /* of the script's revocations: these are past */
    const struct reply_script *refusal;
    struct reply_script well; /* what it says to strangers where nothing is scripted */
    size_t tokens_asked;
    /* Capacity: when each request under way will have its reply; some of them are past. */
    int64_t *busy_until;
    size_t busy_count, busy_capacity;
    int64_t late; /* ns by which the reply given last comes later */
};

struct world {
    struct arena *arena;
    const struct redial_policy *policy;
    struct span span;
    int64_t began_at;
    struct exchanges exchanges;
    struct provider_state *providers; /* one per provider of the policy */
    struct world_maker maker;
    int64_t *refused_tokens; /* per call: the smallest prompt refused as too long */
    bool is_open;            /* see world_open */
    struct world_stranger stranger;
    int64_t first_prompt; /* its own tokens; 0: none was seen */
};

/* A reply that no scenario wrote. */
struct reply_script world_synthetic(enum redial_class class);

/* Conditions that hold over time, each NULL when the request passes. */
const struct reply_script *world_outage(struct provider_state *state, int64_t since);
const struct reply_script *world_refused_credential(struct world *world,
                                                    struct provider_state *state,
                                                    const struct world_request *request,
                                                    int64_t now);
/* Counts the request as under way with the reply that it gets, and remembers how late that comes.
 * False when memory is out. */
bool world_take_capacity(struct world *world, struct provider_state *state,
                         const struct exchange *exchange, int64_t now);
/* What a request gets instead because too many are under way; draws by the seed. */
const struct reply_script *world_overloaded(struct provider_state *state, int64_t now);
/* Withdraws what is due to be withdrawn. */
void world_revoke_due(const struct world *world, struct provider_state *state, int64_t now);

#endif
