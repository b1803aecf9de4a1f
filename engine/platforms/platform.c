#include "platforms/platform.h"

#include <assert.h>
#include <string.h>

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

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~", c));
}

void path_append(struct text *url, struct redial_str segment, const char *allowed)
{
    for (size_t i = 0; i < segment.len; i++) {
        char c = segment.ptr[i];
        if (is_unreserved(c) || (c != '\0' && strchr(allowed, c))) {
            text_append_char(url, c);
        } else {
            text_printf(url, "%%%02X", (unsigned)(unsigned char)c);
        }
    }
}
