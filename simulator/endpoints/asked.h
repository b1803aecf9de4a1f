/* What a request asks for, read from its bytes as its platform would. */
#ifndef REDIAL_SIMULATOR_ASKED_H
#define REDIAL_SIMULATOR_ASKED_H

#include "base/arena.h"
#include "model/policy.h"

struct arrival;

/* Texts belong to the arena. */
struct asked {
    struct redial_str model; /* the platform's id */
    struct redial_str credential;
    int64_t max_tokens;
    int64_t input_tokens; /* one for each word of the messages' texts */
    bool stream;
    bool fast;               /* speed: fast, with its beta header */
    bool prefill;            /* the last message is the assistant's */
    struct redial_str betas; /* of the header, or of the body's list: joined by commas */
};

enum asked_fault { ASKED_WELL, ASKED_WITHOUT_CREDENTIAL, ASKED_WITHOUT_JSON, ASKED_FAULT_COUNT };

/* Memory that runs out reads as ASKED_WITHOUT_JSON. */
enum asked_fault asked_read(enum platform_kind platform, const struct arrival *arrival,
                            struct arena *arena, struct asked *asked);

/* The platform's own answer to a request that was not asked well. Static. */
struct asked_refusal {
    const char *why; /* for people */
    uint16_t status;
    const char *header_name, *header_value; /* NULL: none */
    const char *body;
};
const struct asked_refusal *asked_refusal(enum platform_kind platform, enum asked_fault fault);

#endif
