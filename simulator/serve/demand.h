/* What a request's body asks for, and whether its platform would take it: the fields that every
 * message needs, and what each generation of the API refuses. */
#ifndef REDIAL_SIMULATOR_DEMAND_H
#define REDIAL_SIMULATOR_DEMAND_H

#include "document/json.h"
#include "simulator/serve/route.h"

struct demand {
    struct json *body;       /* to be freed with demand_clean_up; NULL: none was read */
    struct redial_str model; /* as the platform calls it; borrowed of body or route */
    int64_t max_tokens;
    int64_t input_tokens; /* one for each word of the messages' texts */
    bool stream, fast;
    uint32_t features;  /* that it uses, bit per enum probed */
    uint64_t prompt;    /* hash of the messages without a prefill: requests of one call share it */
    uint64_t body_hash; /* of everything but metadata */
};

/* What a platform says to a request that it does not take. */
struct objection {
    uint16_t status;
    bool by_model;             /* said by the model behind the platform, in Anthropic's shape */
    const char *type;          /* NULL: the platform's usual one for the status */
    struct redial_str message; /* static, or in the arena */
};

struct demand_request {
    const struct route *route;
    const struct redial_header *headers;
    size_t header_count;
    struct redial_str body;
};

/* True: `demand` is filled, and the platform takes it. False: `objection` says why not; what could
 * be read is in `demand` all the same. */
bool demand_read(const struct demand_request *request, struct arena *arena, struct demand *demand,
                 struct objection *objection) REDIAL_MUST_USE;
/* The same for one request within a batch. */
bool demand_check_params(const struct json *params, struct redial_str version, struct arena *arena,
                         struct objection *objection) REDIAL_MUST_USE;
/* Patterns over the beta flags that Bedrock's runtime refuses a request for; NULL ends them. */
extern const char *const demand_refused_betas[];
/* A model's own 400. Always false. */
bool objection_make(struct arena *arena, struct objection *objection, const char *format, ...)
    REDIAL_PRINTF(3, 4);
/* The same value, the same hash, in whatever way its JSON is written. */
uint64_t demand_hash(const struct json *value);
uint64_t demand_mix(uint64_t hash, uint64_t value);
void demand_clean_up(struct demand *demand);
const struct json *demand_first(const struct json *list); /* NULL for NULL */

struct redial_str header_value(const struct redial_header *headers, size_t count, const char *name);

#endif
