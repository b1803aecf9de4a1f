/* Between the files that render: what is being made of one reply. */
#ifndef REDIAL_SIMULATOR_RENDER_PARTS_H
#define REDIAL_SIMULATOR_RENDER_PARTS_H

#include "simulator/world/render.h"
#include "simulator/world/typical.h"

/* Bytes of the body, sent in one go. */
struct piece {
    struct redial_str bytes;
    int64_t wait; /* ns since the piece before it */
};

#define RENDER_HEADERS_MAX 64

struct rendering {
    struct arena *arena;
    const struct reply_script *reply;
    const struct render_facts *facts;
    const struct typical_reply *typical; /* NULL: success, or written by hand */
    uint16_t status;
    bool streamed;
    struct redial_header headers[RENDER_HEADERS_MAX];
    size_t header_count;
    struct piece *pieces;
    size_t piece_count, piece_capacity;
    struct redial_str *why, *cure;
};

/* Each of these returns false with `why` set. */
bool render_fail(struct rendering *rendering, struct redial_str why, const char *cure, ...)
    REDIAL_PRINTF(3, 4);
bool render_out_of_memory(struct rendering *rendering);
/* Takes a finished text into the arena and cleans it up. */
bool render_keep(struct rendering *rendering, struct text *text, struct redial_str *kept);
bool render_add_header(struct rendering *rendering, struct redial_str name,
                       struct redial_str value);
bool render_add_piece(struct rendering *rendering, struct redial_str bytes, int64_t wait);

struct redial_str render_stop_reason(const struct rendering *rendering);
/* An error's words: what the scenario wrote, else the typical ones, filled with the request's
 * numbers. */
bool render_message(struct rendering *rendering, struct redial_str written, const char *typical,
                    struct text *out);

bool render_error_body(struct rendering *rendering);
bool render_success_body(struct rendering *rendering);
bool render_stream_body(struct rendering *rendering);
/* Headers, pieces and fault to acts. */
bool render_acts(struct rendering *rendering, struct exchange *exchange);

#endif
