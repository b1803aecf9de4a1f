/* Streams of events: the same events, whole or byte by byte. The two runs are compared as one text
 * that names and lengths make unambiguous. */
#include <assert.h>
#include <stdlib.h>

#include "platforms/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct text read_in_pieces(struct redial_str input, size_t piece_len)
{
    struct text events = TEXT_INIT;
    struct sse_event event;
    struct sse sse;

    sse_init(&sse);
    for (; input.len > 0; input = str_skip(input, piece_len)) {
        struct redial_str piece = str_take(input, piece_len);
        while (sse_next(&sse, &piece, &event) == SSE_EVENT) {
            text_printf(&events, "%zu %zu ", event.name.len, event.data.len);
            text_append(&events, event.name);
            text_append(&events, event.data);
        }
        assert(piece.len == 0);
    }
    sse_clean_up(&sse);
    return events;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redial_str input = {(const char *)data, size};
    struct text whole = read_in_pieces(input, size), bytes = read_in_pieces(input, 1),
                threes = read_in_pieces(input, 3);

    assert(str_eq(text_str(&whole), text_str(&bytes)));
    assert(str_eq(text_str(&whole), text_str(&threes)));
    text_clean_up(&whole);
    text_clean_up(&bytes);
    text_clean_up(&threes);
    return 0;
}
