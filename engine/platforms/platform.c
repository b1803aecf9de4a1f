#include "platforms/platform.h"

#include <assert.h>

static const struct platform_wire *const wires[PLATFORM_KIND_COUNT] = {
    [PLATFORM_ANTHROPIC] = &anthropic_wire,
    [PLATFORM_BEDROCK] = &bedrock_wire,
    [PLATFORM_VERTEX] = &vertex_wire,
    [PLATFORM_FOUNDRY] = &foundry_wire,
};

const struct platform_wire *platform_wire(enum platform_kind kind)
{
    assert(kind < PLATFORM_KIND_COUNT);
    return wires[kind];
}
