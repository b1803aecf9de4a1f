#include "simulator/serve/compress.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "simulator/endpoints/unconst.h"
#include "simulator/serve/request.h"

#define BYTES_MIN   200 /* a shorter body gains nothing */
#define RAW_WINDOW  (-15)
#define GZIP_WINDOW 15
/* Of a stream: 24 kB instead of 256, a thousand of them may be under way. */
#define STREAM_WINDOW 12
#define STREAM_MEMORY 4
#define WITH_GZIP     16 /* added to a window: gzip's frame around it */

/* ---- Who wants it */

static bool refuses(struct redial_str parameters)
{
    struct redial_str q = str_trim(parameters);

    if (!str_starts_with(q, REDIAL_STR("q=")) && !str_starts_with(q, REDIAL_STR("Q=")))
        return false;
    for (q = str_skip(q, 2); q.len > 0; q = str_skip(q, 1))
        if (*q.ptr != '0' && *q.ptr != '.') return false;
    return true;
}

bool accepts_gzip(struct redial_str header)
{
    struct redial_str rest = header, coding, name;

    while (str_split(&rest, ',', &coding)) {
        if (!str_split(&coding, ';', &name)) continue;
        name = str_trim(name);
        if (str_eq_nocase(name, REDIAL_STR("gzip")) || str_eq_nocase(name, REDIAL_STR("x-gzip")))
            return !refuses(coding);
    }
    return false;
}

/* ---- deflate */

/* Appends all that comes of `plain`. */
static bool squeeze(z_stream *stream, struct redial_str plain, int flush, struct text *out)
{
    char piece[4096];
    int status;

    stream->next_in = (Bytef *)unconst(plain.ptr);
    stream->avail_in = (uInt)plain.len;
    do {
        stream->next_out = (Bytef *)piece;
        stream->avail_out = sizeof piece;
        status = deflate(stream, flush);
        if (status == Z_STREAM_ERROR) return false;
        text_append(out, (struct redial_str){piece, sizeof piece - stream->avail_out});
    } while (stream->avail_out == 0);
    return !out->failed;
}

static bool squeeze_alone(struct redial_str plain, int window, int flush, struct text *out)
{
    z_stream stream = {0};
    bool done;

    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return false;
    done = squeeze(&stream, plain, flush, out);
    deflateEnd(&stream);
    return done;
}

/* ---- Streams */

struct packing {
    z_stream stream;
    struct text bytes;
};

struct packing *packing_new(void)
{
    struct packing *packing = calloc(1, sizeof *packing);

    if (packing &&
        deflateInit2(&packing->stream, Z_BEST_SPEED, Z_DEFLATED, STREAM_WINDOW + WITH_GZIP,
                     STREAM_MEMORY, Z_DEFAULT_STRATEGY) == Z_OK)
        return packing;
    free(packing);
    return NULL;
}

void packing_destroy(struct packing *packing)
{
    if (!packing) return;
    deflateEnd(&packing->stream);
    text_clean_up(&packing->bytes);
    free(packing);
}

bool packing_add(struct packing *packing, struct redial_str plain, bool last,
                 struct redial_str *out)
{
    text_clear(&packing->bytes);
    if (!squeeze(&packing->stream, plain, last ? Z_FINISH : Z_SYNC_FLUSH, &packing->bytes))
        return false;
    *out = text_str(&packing->bytes);
    return true;
}

/* ---- A body with an id */

/* gzip (RFC 1952): no name, no time, written by a Unix. */
static const char gzip_head[] = {0x1f, (char)0x8b, 8, 0, 0, 0, 0, 0, 0, 3};

static void append_number(struct text *out, unsigned long number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) text_append_char(out, (char)(number >> 8 * i & 0xff));
}

/* A block of RFC 1951 §3.2.4, on a byte boundary: what stands in it, stands there as it is. */
static void append_stored(struct text *out, struct redial_str bytes)
{
    text_append_char(out, 0);
    append_number(out, bytes.len, 2);
    append_number(out, ~bytes.len, 2);
    text_append(out, bytes);
}

static unsigned long sum_on(unsigned long sum, struct redial_str bytes)
{
    return crc32(sum, (const Bytef *)bytes.ptr, (uInt)bytes.len);
}

bool packed_make(struct packed *packed, struct redial_str body, size_t id_at, size_t id_len)
{
    struct text *out = &packed->bytes;
    struct redial_str head = str_take(body, id_at), tail = str_skip(body, id_at + id_len);

    text_clear(out);
    if (body.len < BYTES_MIN) return false;
    text_append(out, (struct redial_str){gzip_head, sizeof gzip_head});
    packed->head_sum = sum_on(crc32(0, NULL, 0), head);
    if (squeeze_alone(head, RAW_WINDOW, Z_FULL_FLUSH, out)) {
        append_stored(out, str_take(str_skip(body, id_at), id_len));
        packed->id_at = out->len - id_len;
        if (squeeze_alone(tail, RAW_WINDOW, Z_FINISH, out)) {
            append_number(out, 0, 4);
            append_number(out, body.len, 4);
            if (!out->failed) return true;
        }
    }
    text_clear(out);
    return false;
}

bool packed_write(const struct packed *packed, struct redial_str body, struct redial_str id,
                  size_t id_at, struct arena *arena, struct redial_str *out)
{
    unsigned long sum = sum_on(sum_on(packed->head_sum, id), str_skip(body, id_at + id.len));
    char *bytes;

    if (!arena_copy(arena, text_str(&packed->bytes), out)) return false;
    bytes = unconst(out->ptr);
    memcpy(bytes + packed->id_at, id.ptr, id.len);
    for (size_t i = 0; i < 4; i++) bytes[out->len - 8 + i] = (char)(sum >> 8 * i & 0xff);
    return true;
}

void packed_clean_up(struct packed *packed)
{
    text_clean_up(&packed->bytes);
}

/* ---- An exchange */

/* Only what breaks the reply as a whole, or between two events, leaves its bytes their meaning. */
static bool may_change(const struct exchange *exchange)
{
    const struct reply_script *script = exchange->script;

    if (exchange->fault != REQUEST_READ || exchange->act_count < 2) return false;
    if (header_value(exchange->headers, exchange->header_count, "content-encoding").len > 0)
        return false;
    for (size_t i = 0; i < exchange->act_count; i++)
        if (exchange->acts[i].kind == ACT_RAW) return false;
    return !script || (script->fault != FAULT_MALFORMED && script->slow == 0 &&
                       (script->fault == FAULT_NONE || script->point != POINT_BYTES));
}

static bool is_wanted(const struct request *request)
{
    size_t count = request->arrival->header_count;

    if (request->route.manner == MANNER_INVOKE) return false;
    if (request->memo) return request->memo->gzip;
    return accepts_gzip(header_value(request->arrival->headers, count, "accept-encoding"));
}

struct exchange *compress_announce(struct arena *arena, const struct exchange *exchange)
{
    size_t count = exchange->header_count;
    struct exchange *changed = ARENA_NEW(arena, struct exchange);
    struct redial_header *headers = ARENA_ARRAY(arena, struct redial_header, count + 2);

    if (!changed || !headers) return NULL;
    if (count > 0) memcpy(headers, exchange->headers, count * sizeof *headers);
    headers[count] = (struct redial_header){REDIAL_STR("content-encoding"), REDIAL_STR("gzip")};
    headers[count + 1] = (struct redial_header){REDIAL_STR("vary"), REDIAL_STR("accept-encoding")};
    *changed = *exchange;
    changed->headers = headers;
    changed->header_count = count + 2;
    return changed;
}

static const struct exchange *compress_stream(struct request *request,
                                              const struct exchange *exchange)
{
    struct exchange *changed = compress_announce(request->arena, exchange);

    if (changed) request->play->packing = packing_new();
    return changed && request->play->packing ? changed : exchange;
}

static bool compress_body(struct arena *arena, const struct exchange *exchange,
                          struct exchange *changed)
{
    struct act *acts = ARENA_ARRAY(arena, struct act, exchange->act_count);
    struct text bytes = TEXT_INIT;
    bool done = acts &&
                squeeze_alone(exchange->acts[1].bytes, GZIP_WINDOW + WITH_GZIP, Z_FINISH, &bytes) &&
                arena_copy(arena, text_str(&bytes), &acts[1].bytes);

    text_clean_up(&bytes);
    if (!done) return false;
    struct redial_str body = acts[1].bytes;
    memcpy(acts, exchange->acts, exchange->act_count * sizeof *acts);
    acts[1].bytes = body;
    changed->acts = acts;
    changed->body_length = body.len;
    return true;
}

/* Head, the whole of its body, and whatever ends it. */
static bool is_one_piece(const struct exchange *exchange)
{
    return exchange->act_count == 3 && exchange->acts[0].kind == ACT_HEAD &&
           exchange->acts[1].kind == ACT_BODY && exchange->acts[2].kind == ACT_END &&
           exchange->acts[1].bytes.len == exchange->body_length &&
           exchange->body_length >= BYTES_MIN;
}

const struct exchange *request_compress(struct request *request, const struct exchange *exchange)
{
    struct exchange *changed;
    bool whole = is_one_piece(exchange);

    if ((!whole && !exchange->chunked) || !may_change(exchange) || !is_wanted(request))
        return exchange;
    if (exchange->chunked) return compress_stream(request, exchange);
    changed = compress_announce(request->arena, exchange);
    return changed && compress_body(request->arena, exchange, changed) ? changed : exchange;
}
