/* The world of one run: which reply a fake platform gives to which request. Scripted replies come
 * in order; conditions that hold over time (outages, credentials, rate limits, sizes) come before
 * them and use none up. Deterministic: chance comes from the seed, time from the arguments. */
#ifndef REDIAL_SIMULATOR_WORLD_H
#define REDIAL_SIMULATOR_WORLD_H

#include "base/arena.h"
#include "model/policy.h"
#include "simulator/world/exchange.h"
#include "simulator/world/script.h"

#define WORLD_BEGAN_AT                                                                             \
    INT64_C(1767225600000000000) /* 2026-01-01T00:00:00Z: when scenarios begin                     \
                                  */

struct world;

struct world_request {
    uint16_t provider;
    uint32_t call_number; /* from 1 */
    int32_t attempt;      /* of the call, from 1 */
    struct redial_str model;
    uint16_t model_index;
    int64_t max_tokens, input_tokens;
    uint32_t credential; /* generation of the presented credential */
    bool static_key;     /* a credential that cannot be refreshed */
    bool stream;
    bool plain; /* over Anthropic's own protocol, whatever the platform: its streams are SSE */
    const struct redial_header *headers; /* may be NULL when no reply matches by header */
    size_t header_count;
};

/* Why a run cannot go on: the scenario and what happens in it do not fit. Texts in the arena. */
struct world_trouble {
    struct span span;
    struct redial_str why, cure;
};

/* What a function that makes replies gets to know besides the request. */
struct world_moment {
    int64_t since;   /* ns from the run's start */
    int32_t use;     /* how often this reply is used now, from 1 */
    uint64_t chance; /* a draw of the seed's, below RANDOM_ONE */
};
/* Makes the reply that `function` (its number) says. It lives as long as the world. NULL when the
 * function went wrong, with why and the likely cure. */
struct world_maker {
    const struct reply_script *(*make)(void *context, uint16_t function,
                                       const struct world_request *request,
                                       struct world_moment moment, struct redial_str *why,
                                       struct redial_str *cure);
    void *context;
};

/* `world_span` is where a provider that nobody scripted is missing; `began_at` is the instant that
 * the script's times count from. All is made in `arena`, but for what world_clean_up frees. NULL
 * when memory is out. */
struct world *world_new(struct arena *arena, const struct redial_policy *policy,
                        const struct provider_script *scripts, size_t script_count,
                        struct span world_span, size_t call_count, uint64_t seed, int64_t began_at);
void world_clean_up(struct world *world); /* NULL is fine */
/* From now on answers are made in `arena`, and those made before may go with their own: a world
 * that lives long does not grow with every answer. */
void world_renew(struct world *world, struct arena *arena);
/* Who makes the replies of functions; to be set when the scripts have some. */
void world_set_maker(struct world *world, struct world_maker maker);

/* For clients that no scenario knows. Where the script has no reply left its last one goes on, a
 * provider that nobody scripted answers as a platform that is well, and a prompt is as long as the
 * scenario's call says, whatever was really sent: a platform cannot refuse five words as too long.
 */
struct world_stranger {
    int64_t input_tokens; /* that the scenario states; 0: none */
    int64_t compacts_to;  /* -1: it does not say */
};
void world_open(struct world *world, struct world_stranger stranger);
/* The size that a prompt of `own` tokens stands for. The first one is as long as was stated, and so
 * is each that is no shorter; a shorter one was compacted. In a world that is not open: `own`. */
int64_t world_prompt_tokens(struct world *world, int64_t own);

/* What the fake does to this request. NULL when it has no answer, explained in `trouble`. */
const struct exchange *world_answer(struct world *world, const struct world_request *request,
                                    int64_t now, struct world_trouble *trouble);

/* The scripted reply that the next request to this provider gets, whoever sends it; it is not used
 * up by the question. NULL when that depends on the request, or on what holds over time: outages,
 * limits, capacity. */
const struct reply_script *world_next(const struct world *world, uint16_t provider, int64_t now);
/* What world_next gave was done, without a request. */
void world_use(struct world *world, uint16_t provider, const struct reply_script *reply);

/* Forgets that a prompt of this call was ever refused: the number is another call's from now on. */
void world_forget_call(struct world *world, uint32_t call_number);

/* How full the buckets of a provider's rate limits are: as a reply's headers would say it. */
struct world_rate {
    int64_t limit; /* 0: not limited */
    int64_t left;
    int64_t full_at; /* ns: when nothing more is missing */
};
void world_rates(const struct world *world, uint16_t provider, int64_t now,
                 struct world_rate rates[RATE_KIND_COUNT]);

/* How long an idle connection to this provider is kept; DURATION_MAX forever. */
int64_t world_idle_close(const struct world *world, uint16_t provider);

/* By how many ns the exchange that this provider gave last comes later than its acts say: load. */
int64_t world_lateness(const struct world *world, uint16_t provider);

/* A client asks the provider's token server for a new credential. Gives the ns until it has its
 * answer, or has waited long enough (TOKEN_TIMEOUT), and in `failed` why that is no credential;
 * empty when it is one. */
int64_t world_ask_token(struct world *world, uint16_t provider, struct redial_str *failed);
/* The same for a token server that is a server: what it shall do, NULL as it should. */
const struct token_reply *world_next_token(struct world *world, uint16_t provider);
/* It answered: the generation of the new credential. Older ones are refused from now on. */
uint32_t world_give_token(struct world *world, uint16_t provider, int64_t now);

#endif
