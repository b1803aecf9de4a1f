/* The body of a request: small edits in the arena, and runs of the caller's text between them. */
#include "base/base64.h"
#include "platforms/prefill.h"
#include "platforms/request_parts.h"

/* ---- What is written anew */

static void write_name(struct text *out, const char *name)
{
    if (out->len > 1) text_append_char(out, ',');
    text_printf(out, "\"%s\":", name);
}

static void write_text(struct text *out, const char *name, struct redial_str value)
{
    write_name(out, name);
    text_append_json(out, value);
}

static bool counts(const struct build *build)
{
    return build->target.operation == REQUEST_COUNT_TOKENS;
}

/* A count is of a prompt; what may be written does not belong to it, except where it wraps a whole
 * request. */
static bool has_max_tokens(const struct build *build)
{
    return !counts(build) || build->wire->count_in_base64;
}

static void write_betas(const struct build *build, struct text *out)
{
    struct redial_str rest = build->betas, flag;

    write_name(out, "anthropic_beta");
    for (char before = '['; str_split(&rest, ',', &flag); before = ',') {
        text_append_char(out, before);
        text_append_json(out, flag);
    }
    text_append_char(out, ']');
}

static void write_edits(const struct build *build, struct text *out)
{
    const struct platform_wire *wire = build->wire;
    const struct target *target = &build->target;

    text_append_char(out, '{');
    if (wire->model_in_body || (counts(build) && !wire->count_in_base64))
        write_text(out, "model", target->model_id);
    if (wire->version_in_body) write_text(out, "anthropic_version", target->api_version);
    if (build->facts->max_tokens > 0 && has_max_tokens(build)) {
        write_name(out, "max_tokens");
        text_printf(out, "%lld", (long long)build->facts->max_tokens);
    }
    if (target->stream && wire->stream_in_body) {
        write_name(out, "stream");
        text_append(out, REDIAL_STR("true"));
    }
    if (request_is_fast(build)) write_text(out, "speed", build->facts->policy->fast.speed);
    if (wire->beta_in_body && build->betas.len > 0) write_betas(build, out);
}

/* ---- What is kept */

static bool keeps_max_tokens(const struct build *build)
{
    return build->facts->max_tokens <= 0 && has_max_tokens(build);
}

/* Where the policy has a fast mode, it alone says who is fast. */
static bool keeps_speed(const struct build *build)
{
    return build->platform->kind == PLATFORM_ANTHROPIC && !build->facts->policy->fast.present &&
           !counts(build);
}

/* The messages to send, and how much of them: all, or what stands before a prefill that the model
 * would refuse the whole request for. */
static struct redial_str choose_messages(const struct build *build, size_t *kept)
{
    const struct body_member *own = body_find(build->body, BODY_MESSAGES);
    struct redial_str messages = build->facts->messages;

    *kept = SIZE_MAX;
    if (messages.len == 0 && !own) return messages;
    if (messages.len == 0) {
        if (build->refuses_prefill && prefill_is(own->last)) *kept = own->before_last;
        return own->value;
    }
    if (build->refuses_prefill) *kept = prefill_find(messages);
    return messages;
}

static bool keeps(const struct build *build, const struct body_member *member, bool messages)
{
    switch (member->word) {
    case BODY_MESSAGES: return messages;
    case BODY_MAX_TOKENS: return keeps_max_tokens(build);
    case BODY_SPEED: return keeps_speed(build);
    case BODY_MODEL:
    case BODY_STREAM:
    case BODY_ANTHROPIC_VERSION:
    case BODY_ANTHROPIC_BETA: return false;
    case BODY_SYSTEM:
    case BODY_OTHER:
    case BODY_WORD_COUNT: break;
    }
    return true;
}

/* ---- Pieces */

struct pieces {
    struct redial_str *list;
    size_t count;
    bool comma; /* something stands before, so the next member is parted from it */
};

static void add(struct pieces *pieces, struct redial_str piece)
{
    if (piece.len > 0) pieces->list[pieces->count++] = piece;
}

static void add_member(struct pieces *pieces, struct redial_str text)
{
    if (pieces->comma) add(pieces, REDIAL_STR(","));
    pieces->comma = true;
    add(pieces, text);
}

/* The caller's text from the name of member `from` to the end of the value of member `to`. */
static struct redial_str run_of(const struct body *body, size_t from, size_t to)
{
    const char *begin = body->members[from].name.ptr - 1; /* its quote */
    const struct redial_str *value = &body->members[to].value;

    return (struct redial_str){begin, (size_t)(value->ptr + value->len - begin)};
}

/* Members side by side that stay go out as one piece. */
static void add_runs(const struct build *build, bool messages, struct pieces *pieces)
{
    const struct body *body = build->body;

    for (size_t from = 0; from < body->member_count; from++) {
        size_t to = from;
        if (!keeps(build, &body->members[from], messages)) continue;
        while (to + 1 < body->member_count && keeps(build, &body->members[to + 1], messages)) to++;
        add_member(pieces, run_of(body, from, to));
        from = to;
    }
}

static void add_messages(struct pieces *pieces, struct redial_str messages, size_t kept)
{
    add_member(pieces, REDIAL_STR("\"messages\":"));
    add(pieces, str_take(messages, kept));
    if (kept != SIZE_MAX) add(pieces, REDIAL_STR("]"));
}

#define PIECES_OWN_MAX 6 /* the edits, what replaces messages, the end */

static bool splice(const struct build *build, struct pieces *pieces)
{
    struct text edits = TEXT_INIT;
    struct redial_str settled;
    size_t kept;
    struct redial_str messages = choose_messages(build, &kept);
    bool own = build->facts->messages.len == 0 && kept == SIZE_MAX;

    write_edits(build, &edits);
    if (!request_settle(build, &edits, &settled)) return false;
    pieces->list = ARENA_ARRAY(build->arena, struct redial_str,
                               2 * build->body->member_count + PIECES_OWN_MAX);
    if (!pieces->list) return request_out_of_memory(build);
    add(pieces, settled);
    pieces->comma = settled.len > 1;
    add_runs(build, own, pieces);
    if (!own) add_messages(pieces, messages, kept);
    add(pieces, REDIAL_STR("}"));
    return true;
}

/* {"input":{"invokeModel":{"body":"…"}}}, the one request that goes out as a copy. */
static bool wrap(const struct build *build, struct pieces *pieces)
{
    struct base64 base64 = {.rest_len = 0};
    struct text wrapped = TEXT_INIT;

    text_append(&wrapped, REDIAL_STR("{\"input\":{\"invokeModel\":{\"body\":\""));
    for (size_t i = 0; i < pieces->count; i++) base64_append(&base64, pieces->list[i], &wrapped);
    base64_end(&base64, &wrapped);
    text_append(&wrapped, REDIAL_STR("\"}}}"));
    pieces->count = 1;
    return request_settle(build, &wrapped, &pieces->list[0]);
}

bool request_splice_body(const struct build *build, struct http_request *request)
{
    struct pieces pieces = {.list = NULL};

    if (!splice(build, &pieces)) return false;
    if (counts(build) && build->wire->count_in_base64 && !wrap(build, &pieces)) return false;
    request->pieces = pieces.list;
    request->piece_count = pieces.count;
    return true;
}
