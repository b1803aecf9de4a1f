/* Requests that were read not long ago. A client that retries sends the same bytes again, and so
 * does a test: then nothing is parsed a second time. */
#include "simulator/serve/memo.h"

#include <string.h>

#include "simulator/endpoints/unconst.h"
#include "simulator/serve/request.h"
#include "simulator/world/render.h"

/* ---- Requests */

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

/* NULL when it is too long to be kept. */
static struct memo *make(struct fakes *fakes, const struct place *place,
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

/* Only requests that the headers themselves name the session of, whole answers to which need no
 * more than this. */
void memo_keep(struct request *request, const struct demand *demand)
{
    struct fakes *fakes = request->fakes;
    struct memo *memo;

    if (demand->stream || request->headers != request->arrival->headers) return;
    if (demand->features & ~PROBED_BIT(PROBED_MESSAGES))
        return; /* its answer has effects of its own */
    if (request->route.captured.len > 0 || json_at(demand->body, "tools")) return;
    memo = make(fakes, request->place, request->arrival);
    if (!memo) return;
    memo->session = request->session;
    memo->route = request->route;
    memo->provider = request->provider;
    memo->gzip = request->route.manner != MANNER_INVOKE &&
                 accepts_gzip(header_value(request->headers, request->arrival->header_count,
                                           "accept-encoding"));
    memo->demand = *demand;
    memo->demand.body = NULL;
    memo->demand.model = request_own_name(request, demand->model);
    memo->model = (struct redial_str){0};
    if (str_eq(memo->demand.model, demand->model))
        request->memo = memo;
    else
        memo->session = NULL;
}

/* ---- Answers */

static struct exchange *answer_packed(struct request *request, const struct memo *memo, uint64_t id,
                                      struct redial_str text)
{
    struct redial_str body;
    const struct exchange *exchange;

    if (!packed_write(&memo->packed, text_str(&memo->answer), text, memo->id_at, request->arena,
                      &body))
        return NULL;
    exchange = answer_with_json(request->arena, request->route.platform, 200, body, id);
    return exchange ? compress_announce(request->arena, exchange) : NULL;
}

struct exchange *memo_answer(struct request *request, const struct memo *memo,
                             const struct answer_options *options)
{
    struct redial_str body;
    char id[RENDER_ID_LEN];

    render_id_into(options->id + 1, id);
    if (memo->packed.bytes.len > 0)
        return answer_packed(request, memo, options->id, (struct redial_str){id, sizeof id});
    if (!arena_copy(request->arena, text_str(&memo->answer), &body)) return NULL;
    memcpy((char *)unconst(body.ptr) + memo->id_at, id, sizeof id);
    return unconst(
        answer_with_json(request->arena, request->route.platform, 200, body, options->id));
}

/* A tool's call has an id of its own, and counts of tokens go into Bedrock's headers: such answers
 * are made anew each time. */
void memo_keep_answer(struct request *request, const struct answer_options *options,
                      const struct exchange *exchange)
{
    struct redial_str body = exchange->acts[1].bytes;
    struct text id = TEXT_INIT;
    size_t at;

    if (options->after > 0 || request->route.manner == MANNER_INVOKE) return;
    if (str_find(body, REDIAL_STR("\"toolu_01")) != SIZE_MAX) return;
    render_id(options->id + 1, &id);
    at = str_find(body, text_str(&id));
    text_clean_up(&id);
    if (at == SIZE_MAX) return;
    text_append(&request->memo->answer, body);
    if (request->memo->answer.failed) text_clear(&request->memo->answer);
    request->memo->id_at = at;
    if (request->memo->gzip && request->memo->answer.len > 0)
        (void)packed_make(&request->memo->packed, text_str(&request->memo->answer), at,
                          RENDER_ID_LEN);
}

/* ---- All */

void memos_forget(struct fakes *fakes)
{
    for (size_t i = 0; i < MEMOS_MAX; i++) {
        text_clean_up(&fakes->memos[i].bytes);
        text_clean_up(&fakes->memos[i].answer);
        packed_clean_up(&fakes->memos[i].packed);
        fakes->memos[i] = (struct memo){0};
    }
}
