/* How a platform frames the events of a stream: server-sent events, or messages of AWS's event
 * stream that wrap each event in base64 and say errors as exceptions. */
#ifndef REDIAL_SIMULATOR_FRAME_H
#define REDIAL_SIMULATOR_FRAME_H

#include "model/policy.h"

struct frame_error {
    struct redial_str type, code;
    struct redial_str message; /* a JSON string, its quotes included */
};

struct frame {
    const char *content_type;
    bool uncached; /* says cache-control: no-cache */
    bool pings;    /* the platform sends pings of its own */
    void (*event)(struct text *out, struct redial_str name, struct redial_str data);
    void (*error)(struct text *out, const struct frame_error *error);
    /* The platform's words for an error of this class within a stream, and its type where `type` is
     * still empty. NULL when a stream has no such error. */
    const char *(*typical)(uint8_t class, struct redial_str *type);
};

const struct frame *frame_of(enum platform_kind platform);

#endif
