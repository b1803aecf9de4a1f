/* Every reply that a run has rendered, found again by what it depends on: a replayed attempt costs
 * a look, not a rendering. */
#ifndef REDIAL_SIMULATOR_EXCHANGES_H
#define REDIAL_SIMULATOR_EXCHANGES_H

#include "simulator/world/render.h"

struct exchanges {
    struct arena *arena;
    struct exchange_entry **slots; /* a power of two, open addressing; on the heap, as it grows */
    size_t slot_count, count;
    uint64_t seed; /* of the ids in replies */
};

void exchanges_clean_up(struct exchanges *exchanges);
/* The exchange of `reply` for a request with these facts (`id` aside, which is made here); valid
 * as long as the arena. NULL as render_reply fails. */
const struct exchange *exchanges_get(struct exchanges *exchanges, const struct reply_script *reply,
                                     const struct render_facts *facts, struct redial_str *why,
                                     struct redial_str *cure);

#endif
