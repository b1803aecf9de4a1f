/* Cached prompts. Private to effects. */
#ifndef REDIAL_SIMULATOR_EFFECTS_CACHE_H
#define REDIAL_SIMULATOR_EFFECTS_CACHE_H

#include "simulator/serve/effects.h"

/* Whether anything of the prompt is to be cached. */
bool effects_caches(const struct effects *effects);
/* Finds what is cached of a request's prompt, and caches it up to its marks. */
void effects_use_cache(const struct json *body, struct effects_cache *cache, uint64_t salt,
                       int64_t now, struct effects *effects);

#endif
