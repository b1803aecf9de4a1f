/* Headers that say how long to wait: whatever the bytes, a delay is never negative. */
#include <assert.h>

#include "core/hint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    struct redial_str value = {(const char *)data + 1, size - 1};
    struct redial_hint hint = hint_read(value, (enum hint_unit)(data[0] % HINT_UNIT_COUNT));
    assert(hint.kind != REDIAL_HINT_DELAY || hint.value >= 0);
    assert(hint.kind != REDIAL_HINT_ABSENT);
    return 0;
}
