/* Content and fault to acts: what is sent when, and where it breaks off. */
#include "simulator/world/render_parts.h"

struct acting {
    struct rendering *rendering;
    struct act *acts;
    size_t count;
    int64_t at; /* ns after the request had arrived */
};

static void add_act(struct acting *acting, enum act_kind kind, struct redial_str bytes)
{
    acting->acts[acting->count++] = (struct act){kind, acting->at, bytes};
}

static size_t body_length(const struct rendering *rendering)
{
    size_t length = 0;
    for (size_t i = 0; i < rendering->piece_count; i++) length += rendering->pieces[i].bytes.len;
    return length;
}

/* ---- Slowness: the same bytes, so many each second ---- */

static bool slow_down(struct rendering *rendering)
{
    size_t rate = (size_t)rendering->reply->slow;
    struct piece *pieces = rendering->pieces;
    size_t count = rendering->piece_count;
    if (rate == 0) return true;
    rendering->pieces = NULL;
    rendering->piece_count = rendering->piece_capacity = 0;
    for (size_t i = 0; i < count; i++) {
        struct redial_str rest = pieces[i].bytes;
        while (rest.len) {
            if (!render_add_piece(rendering, str_take(rest, rate), NS_PER_SECOND)) return false;
            rest = str_skip(rest, rest.len < rate ? rest.len : rate);
        }
    }
    return true;
}

/* ---- Where it breaks off ---- */

/* Splits the piece that holds byte `at`, so that the break lies between two pieces; SIZE_MAX when
 * the body is shorter. */
static size_t split_at_byte(struct rendering *rendering, size_t at)
{
    for (size_t i = 0; i < rendering->piece_count; i++) {
        struct redial_str bytes = rendering->pieces[i].bytes;
        if (at == 0) return i;
        if (at >= bytes.len) {
            at -= bytes.len;
            continue;
        }
        if (!render_add_piece(rendering, (struct redial_str){0}, 0)) return SIZE_MAX;
        for (size_t k = rendering->piece_count - 1; k > i + 1; k--)
            rendering->pieces[k] = rendering->pieces[k - 1];
        rendering->pieces[i].bytes = str_take(bytes, at);
        rendering->pieces[i + 1] = (struct piece){str_skip(bytes, at), 0};
        return i + 1;
    }
    return at == 0 ? rendering->piece_count : SIZE_MAX;
}

/* How many pieces are sent before the fault; false when the reply is too short for it. */
static bool find_break(struct rendering *rendering, size_t *pieces)
{
    const struct reply_script *reply = rendering->reply;
    *pieces = rendering->piece_count;
    bool breaks =
        reply->fault == FAULT_RESET || reply->fault == FAULT_CLOSE || reply->fault == FAULT_STALL;
    if (!breaks) return true;
    size_t wanted = (size_t)reply->point_count;
    if (reply->point == POINT_EVENTS && !rendering->streamed)
        return render_fail(
            rendering, REDIAL_STR("this reply is no stream and has no events"),
            "count bytes with after_bytes, or stream with `stream: true` in the call");
    if (reply->point == POINT_EVENTS)
        *pieces = wanted <= rendering->piece_count ? wanted : SIZE_MAX;
    else if (reply->point == POINT_BYTES)
        *pieces = split_at_byte(rendering, wanted);
    else
        *pieces = 0;
    if (*pieces != SIZE_MAX) return true;
    if (rendering->why->len) return false;
    return render_fail(
        rendering, REDIAL_STR("the reply ends before its fault"),
        reply->point == POINT_EVENTS ? "it has %zu events" : "its body has %zu bytes",
        reply->point == POINT_EVENTS ? rendering->piece_count : body_length(rendering));
}

/* Half of the only piece: bytes that are no JSON, or a chunk that breaks in the middle. */
static void halve(struct rendering *rendering)
{
    if (rendering->piece_count != 1) return;
    struct redial_str *bytes = &rendering->pieces[0].bytes;
    *bytes = str_take(*bytes, bytes->len / 2);
}

/* ---- Acts ---- */

static void say_pieces(struct acting *acting, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        acting->at = duration_add(acting->at, acting->rendering->pieces[i].wait);
        add_act(acting, ACT_BODY, acting->rendering->pieces[i].bytes);
    }
}

static void say_rest(struct acting *acting, size_t from)
{
    say_pieces(acting, from, acting->rendering->piece_count);
    add_act(acting, ACT_END, (struct redial_str){0});
}

/* A stall or hang that ends; one without end leaves the rest unsaid. */
static bool pause(struct acting *acting)
{
    if (acting->rendering->reply->fault_for == DURATION_MAX) return false;
    acting->at = duration_add(acting->at, acting->rendering->reply->fault_for);
    return true;
}

static void say_reply(struct acting *acting, size_t breaks_at)
{
    const struct reply_script *reply = acting->rendering->reply;
    if (reply->fault == FAULT_HANG) {
        if (pause(acting)) add_act(acting, ACT_CLOSE, (struct redial_str){0});
        return;
    }
    if (reply->fault == FAULT_GARBAGE) {
        add_act(acting, ACT_RAW, reply->body);
        return;
    }
    bool silent = reply->point == POINT_REQUEST &&
                  (reply->fault == FAULT_RESET || reply->fault == FAULT_CLOSE);
    if (!silent) {
        add_act(acting, ACT_HEAD, (struct redial_str){0});
        say_pieces(acting, 0, breaks_at);
    }
    if (reply->fault == FAULT_RESET)
        add_act(acting, ACT_RESET, (struct redial_str){0});
    else if (reply->fault == FAULT_CLOSE)
        add_act(acting, ACT_CLOSE, (struct redial_str){0});
    else if (reply->fault == FAULT_MALFORMED && reply->malformed == MALFORMED_CHUNK)
        add_act(acting, ACT_RAW, REDIAL_STR("not-a-chunk-size\r\n"));
    else if (reply->fault != FAULT_STALL || pause(acting))
        say_rest(acting, breaks_at);
}

static bool keep_headers(struct rendering *rendering, struct exchange *exchange)
{
    const struct reply_script *reply = rendering->reply;
    size_t count = rendering->header_count + reply->header_count;
    struct redial_header *headers = ARENA_ARRAY(rendering->arena, struct redial_header, count);
    if (!headers) return render_out_of_memory(rendering);
    for (size_t i = 0; i < rendering->header_count; i++) headers[i] = rendering->headers[i];
    for (size_t i = 0; i < reply->header_count; i++)
        headers[rendering->header_count + i] = reply->headers[i];
    exchange->headers = headers;
    exchange->header_count = count;
    return true;
}

bool render_acts(struct rendering *rendering, struct exchange *exchange)
{
    const struct reply_script *reply = rendering->reply;
    size_t breaks_at;
    bool halved = reply->malformed == MALFORMED_JSON || reply->malformed == MALFORMED_CHUNK;
    if (reply->fault == FAULT_MALFORMED && halved) halve(rendering);
    if (!slow_down(rendering) || !find_break(rendering, &breaks_at) ||
        !keep_headers(rendering, exchange))
        return false;
    exchange->status = rendering->status;
    exchange->chunked = rendering->streamed ||
                        (reply->fault == FAULT_MALFORMED && reply->malformed == MALFORMED_CHUNK);
    exchange->body_length = body_length(rendering);
    struct acting acting = {.rendering = rendering, .at = reply->after};
    acting.acts = ARENA_ARRAY(rendering->arena, struct act, rendering->piece_count + 2);
    if (!acting.acts) return render_out_of_memory(rendering);
    say_reply(&acting, breaks_at);
    exchange->acts = acting.acts;
    exchange->act_count = acting.count;
    return true;
}
