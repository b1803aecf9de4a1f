/* Requests that were read not long ago. A client that retries sends the same bytes again, and so
 * does a test: then nothing is parsed a second time. */
#include <string.h>

#include "simulator/serve/serve_parts.h"

static bool same(const struct memo *memo, const struct place *place, const struct arrival *arrival)
{
    return memo->session && memo->place == place && memo->head_len == arrival->head.len &&
           memo->bytes.len == arrival->head.len + arrival->body.len &&
           memcmp(memo->bytes.ptr, arrival->head.ptr, arrival->head.len) == 0 &&
           memcmp(memo->bytes.ptr + memo->head_len, arrival->body.ptr, arrival->body.len) == 0;
}

struct memo *memo_find(struct fakes *fakes, const struct place *place,
                       const struct arrival *arrival)
{
    if (arrival->body.len == 0) return NULL;
    for (size_t i = 0; i < MEMOS_MAX; i++)
        if (same(&fakes->memos[i], place, arrival)) return &fakes->memos[i];
    return NULL;
}

struct memo *memo_make(struct fakes *fakes, const struct place *place,
                       const struct arrival *arrival)
{
    struct memo *memo = &fakes->memos[fakes->memo_next++ % MEMOS_MAX];

    if (arrival->body.len == 0 || arrival->head.len + arrival->body.len > MEMO_BYTES_MAX)
        return NULL;
    memo->session = NULL;
    text_clear(&memo->bytes);
    text_clear(&memo->answer);
    text_clear(&memo->packed.bytes);
    text_append(&memo->bytes, arrival->head);
    text_append(&memo->bytes, arrival->body);
    memo->head_len = arrival->head.len;
    memo->place = place;
    return memo->bytes.failed ? NULL : memo;
}

void memos_forget(struct fakes *fakes)
{
    for (size_t i = 0; i < MEMOS_MAX; i++) {
        text_clean_up(&fakes->memos[i].bytes);
        text_clean_up(&fakes->memos[i].answer);
        packed_clean_up(&fakes->memos[i].packed);
        fakes->memos[i] = (struct memo){0};
    }
}
