/* The replies that each platform is known to give, as a table: what `status: 429` and
 * `error: overloaded` mean in a scenario. A row says which bytes are sent, never which class they
 * have: `class` is how a scenario asks for the row, and whether the reply earns that class is up to
 * the policy's own tables. */
#ifndef REDIAL_SIMULATOR_TYPICAL_H
#define REDIAL_SIMULATOR_TYPICAL_H

#include "model/policy.h"

enum body_shape {
    SHAPE_ANTHROPIC, /* {"type":"error","error":{…},"request_id":…} */
    SHAPE_AWS,       /* {"message":…} and the header x-amzn-errortype */
    SHAPE_GOOGLE,    /* google.rpc.Status */
    SHAPE_AZURE,     /* {"error":{"code":…,"message":…}} of the gateway */
    SHAPE_EDGE,      /* plain text from something in front of the platform */
    SHAPE_STOP,      /* no error: a whole message that stopped for the reason in `type` */
};

enum typical_use {
    TYPICAL_BY_CLASS,   /* only by `error: CLASS` */
    TYPICAL_GENERIC,    /* also by `status: N` */
    TYPICAL_STATIC_KEY, /* GENERIC for a call with a static key, before the plain generic row */
};

struct typical_reply {
    enum platform_kind platform;
    uint16_t status;
    enum redial_class class;
    enum typical_use use;
    enum body_shape shape;
    const char *type;    /* the error's type, name or status word */
    const char *code;    /* a finer code, where the platform has one, or NULL */
    const char *message; /* {input} {max_tokens} {context} {model} stand for the request's own */
};

/* NULL when the platform has none. */
const struct typical_reply *typical_by_class(enum platform_kind platform, enum redial_class class);
const struct typical_reply *typical_by_status(enum platform_kind platform, uint16_t status,
                                              bool static_key);
/* "auth, rate_limited …": what scenarios may ask of this platform. */
void typical_list_classes(enum platform_kind platform, struct text *out);
void typical_list_statuses(enum platform_kind platform, struct text *out);

#endif
