/* What an answer shows of the features that its request uses: cached prompts, thinking, searches
 * and the like. A scenario may have a platform ignore or refuse a feature, or show one that the
 * documents deny it; without a word of a scenario it does what the shipped matrix says. */
#ifndef REDIAL_SIMULATOR_EFFECTS_H
#define REDIAL_SIMULATOR_EFFECTS_H

#include "model/probed.h"
#include "simulator/serve/demand.h"
#include "simulator/world/script.h"

#define PROBED_BIT(feature) (UINT32_C(1) << (feature))

/* The features that a request uses, bit per enum probed. */
uint32_t effects_find(const struct json *body);

/* What a platform does about a feature, `plays` being a scenario's word (NULL: none). */
enum feature_play effects_play(enum platform_kind platform, enum probed feature,
                               const uint8_t *plays);
/* False when the platform refuses one of `features`, as its model would. */
bool effects_allow(uint32_t features, enum platform_kind platform, const uint8_t *plays,
                   struct arena *arena, struct objection *objection) REDIAL_MUST_USE;

/* The prompts that were cached in a session, by a hash of all that stands before a place. */
struct effects_cache {
    uint64_t prefix;
    int64_t until; /* ns */
};
#define EFFECTS_CACHED_MAX 1024u /* a power of two: when it is full, the shortest-lived go */

struct effects {
    uint32_t shown, ignored; /* bit per enum probed */
    const char *own;         /* said instead of the usual words; NULL: those */
    int64_t cache_read, cache_written, cached_words; /* tokens; and those of them in messages */
    bool hour;
};
/* `cache` has EFFECTS_CACHED_MAX rows, `salt` tells providers and models apart, `now` is in ns.
 * False when memory is out. */
bool effects_make(const struct demand *demand, enum platform_kind platform, const uint8_t *plays,
                  struct effects_cache *cache, uint64_t salt, int64_t now, struct arena *arena,
                  struct effects *effects) REDIAL_MUST_USE;
/* NULL shows nothing. */
bool effects_show(const struct effects *effects, enum probed feature);
/* Whether the platform calls this tool itself. */
bool effects_is_server_tool(const struct json *tool);

/* Blocks that stand before the text. `start` is how a stream begins one, `whole` how a message has
 * it, `deltas` what comes between. '#' stands for an id. */
struct effect_block {
    enum probed feature;
    const char *start, *whole, *deltas[2];
};
/* The next of them that is shown, from row `*at` on; NULL after the last. */
const struct effect_block *effects_block(const struct effects *effects, size_t *at);
void effects_write(const char *pattern, uint64_t id, struct text *out);
/* A citation, as a text's list has it. */
extern const char effects_citation[];
/* Members of the usage, and of the message, each behind a comma. */
void effects_write_usage(const struct effects *effects, struct text *out);
void effects_write_edits(const struct effects *effects, struct text *out);

#endif
