#include "simulator/world/credential.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const stems[PLATFORM_KIND_COUNT] = {
    [PLATFORM_ANTHROPIC] = "canary-anthropic-token-",
    [PLATFORM_BEDROCK] = "canary-bedrock-token-",
    [PLATFORM_VERTEX] = "canary-vertex-token-",
    [PLATFORM_FOUNDRY] = "canary-foundry-token-",
};

void simulated_credential(enum platform_kind platform, uint32_t generation,
                          char out[SIMULATED_CREDENTIAL_SIZE])
{
    snprintf(out, SIMULATED_CREDENTIAL_SIZE, "%s%" PRIu32, stems[platform], generation);
}

bool simulated_credential_generation(enum platform_kind platform, struct redial_str presented,
                                     uint32_t *generation)
{
    struct redial_str stem = str_of(stems[platform]);
    int64_t number = 0;

    if (!str_starts_with(presented, stem)) return false;
    if (!str_to_int64(str_skip(presented, stem.len), &number)) return false;
    if (number < 0 || number > UINT32_MAX) return false;
    *generation = (uint32_t)number;
    return true;
}
