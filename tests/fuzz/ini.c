/* AWS's shared files: whatever the bytes, a fault has its line, and texts lie within them. */
#include <assert.h>

#include "credentials/ini.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_inside(struct redial_str part, struct redial_str whole)
{
    assert(part.len == 0 ||
           (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redial_str text = {(const char *)data, size};
    struct arena *arena = arena_new();
    struct ini ini;
    struct ini_error error = {0};
    if (!arena) return 0;
    if (!ini_read(arena, text, &ini, &error)) assert(error.line > 0 && error.what);
    for (const struct ini_section *section = ini.sections; section; section = section->next) {
        assert(section->title.len > 0);
        expect_inside(section->title, text);
        for (const struct ini_value *value = section->values; value; value = value->next) {
            assert(value->name.len > 0 && value->line > 0);
            expect_inside(value->name, text);
            expect_inside(value->value, text);
        }
    }
    arena_destroy(arena);
    return 0;
}
